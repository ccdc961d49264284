"""Automations that hear what people write, and what became of messages."""

from textwrap import dedent
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.smspilot.const import (
    DOMAIN,
    EVENT_MESSAGE_STATUS,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
)

from .common import MAMA, PAPA, Clock, act, add_account, open_door, person, write
from .simulator.simulator import Simulator

STRANGER = "+79990001122"
MESSAGE = {
    "account_id": "5671",
    "message_id": "42",
    "phone": PAPA,
    "recipient": "Папа",
    "message": "Открой ворота",
    "service_number": "+79533984570",
    "received_at": "2026-11-23T09:34:00+00:00",
    "age": 3,
    "verified": True,
    "reply_to": None,
}
STATUS = {
    "account_id": "5671",
    "message_id": "43",
    "packet_id": "44",
    "kind": "sms",
    "phone": PAPA,
    "recipient": "Папа",
    "status": "delivered",
    "status_code": 2,
    "final": True,
    "price": 3.5,
    "error": None,
    "sent_at": "2026-11-23T09:34:00+00:00",
    "changed_at": "2026-11-23T09:34:30+00:00",
}


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Return an account that is known, and not set up."""
    hass.config.country = "RU"
    return make_entry(hass, "5671", person("Папа", PAPA), person("Мама", MAMA))


def make_entry(hass: HomeAssistant, account_id: str, *people: Any) -> MockConfigEntry:
    entry = MockConfigEntry(
        domain=DOMAIN,
        entry_id=f"entry_{account_id}",
        unique_id=account_id,
        subentries_data=[*people],
    )
    entry.add_to_hass(hass)
    return entry


async def automate(hass: HomeAssistant, trigger: str, options: str = "") -> list[ServiceCall]:
    """Set up an automation as a person writes it, and return what it does."""
    automation: Any = parse_yaml(
        dedent("""
            alias: By SMS
            mode: queued
            max: 100
            triggers:
              - trigger: smspilot.{trigger}
                id: first
                options: {{}}
            actions:
              - action: test.run
                data:
                  said: "{{{{ trigger.message | default('') }}}}"
                  trigger: "{{{{ trigger }}}}"
        """).format(trigger=trigger)
    )
    if options:
        automation["triggers"][0]["options"] = parse_yaml(dedent(options))
    else:
        del automation["triggers"][0]["options"]
    calls = async_mock_service(hass, "test", "run")
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    assert hass.states.is_state("automation.by_sms", "on")
    return calls


async def tell(hass: HomeAssistant, *messages: dict[str, Any], event: str = "") -> None:
    """Tell what people wrote."""
    for more in messages:
        kind = event or (EVENT_REPLY_RECEIVED if more.get("reply_to") else EVENT_SMS_RECEIVED)
        data = STATUS if kind == EVENT_MESSAGE_STATUS else MESSAGE
        hass.bus.async_fire(kind, {"entry_id": "entry_5671", **data, **more})
    await hass.async_block_till_done()


async def is_heard(hass: HomeAssistant, options: str, **message: Any) -> bool:
    """Return whether an automation acts on a message."""
    calls = await automate(hass, "message_received", options)
    await tell(hass, message)
    return len(calls) == 1


@pytest.mark.parametrize(
    ("sender", "message", "heard"),
    [
        # Without `from` it is the people who were added, and nobody else.
        ("", {}, True),
        ("from: []", {}, True),
        ("", {"phone": STRANGER, "recipient": None}, False),
        ("from: []", {"phone": STRANGER, "recipient": None}, False),
        ('from: "*"', {"phone": STRANGER, "recipient": None}, True),
        ('from: ["*"]', {"phone": "Sberbank", "recipient": None}, True),
        ('from: "*"', {}, True),
        # Numbers in any form, integers of YAML too; strangers' as well.
        ("from: 79087964781", {}, True),
        ("from: 89087964781", {}, True),
        ("from: [8 908 796-47-81]", {}, True),
        (f'from: "{STRANGER}"', {"phone": STRANGER, "recipient": None}, True),
        (f'from: "{STRANGER}"', {}, False),
        ("from: [+7 (916) 123-12-12, 79087964781]", {}, True),
        ("from: 900", {"phone": "900", "recipient": None}, True),
        # Names, however they are written.
        ("from: Папа", {}, True),
        ('from: " ПАПА "', {}, True),
        ("from: papa", {}, True),
        ("from: [Мама, Папа]", {}, True),
        ("from: Мама", {}, False),
        # A sender that is a word is no recipient, whatever it calls itself.
        ("from: Sberbank", {"phone": "Sberbank", "recipient": None}, False),
        ("from: Папа", {"phone": "Папа", "recipient": None}, False),
        ("from: Папа", {"phone": "Papa", "recipient": None}, False),
    ],
)
async def test_from(
    hass: HomeAssistant, entry: MockConfigEntry, sender: str, message: dict[str, Any], heard: bool
) -> None:
    assert await is_heard(hass, sender, **message) is heard


@pytest.mark.parametrize(
    ("name", "phone", "heard"),
    [
        # A person is all their numbers; a number is all its people.
        ("Папа", PAPA, True),
        ("Папа", STRANGER, True),
        ("Папе позвонить", PAPA, True),
        ("Папе позвонить", STRANGER, False),
        ("Мама", PAPA, False),
    ],
)
async def test_shared_numbers(hass: HomeAssistant, name: str, phone: str, heard: bool) -> None:
    hass.config.country = "RU"
    make_entry(
        hass,
        "5671",
        person("Папа", PAPA, STRANGER),
        person("Мама", MAMA),
        person("Папе позвонить", PAPA),
    )
    assert await is_heard(hass, f"from: {name}", phone=phone, recipient="Папа") is heard


async def test_name_is_looked_up_when_a_message_comes(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A name nobody has is said once, and is as good as any as soon as somebody has it."""
    hass.config.country = "RU"
    calls = await automate(hass, "message_received", "from: [Дядя, 12345, Мама]")
    assert "Дядя" not in caplog.text
    entry = make_entry(hass, "5671", person("Папа", PAPA), person("Мама", MAMA))
    await tell(hass, {}, {})
    assert calls == []
    said = [record.getMessage() for record in caplog.records if "of a trigger" in record.message]
    assert said == [
        '"Дядя" of a trigger is neither a number nor a recipient\'s name',
        "No. 2 of a trigger is neither a number nor a recipient's name",
    ]
    subentry = next(iter(entry.subentries.values()))
    hass.config_entries.async_update_subentry(
        entry, subentry, data={**subentry.data, "name": "Дядя"}, title="Дядя"
    )
    await tell(hass, {"recipient": "Дядя"})
    assert len(calls) == 1


@pytest.mark.parametrize("country", ["DE", "AT", "LU", "KZ", "RU"])
async def test_bare_integer(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, country: str
) -> None:
    """A number without its plus may be two; it is the one that has just written."""
    hass.config.country = country
    make_entry(hass, "5671", person("Папа", PAPA))
    calls = await automate(hass, "message_received", f"from: {PAPA.removeprefix('+')}")
    await tell(hass, {}, {"phone": MAMA, "recipient": None})
    assert len(calls) == 1
    assert "of a trigger" not in caplog.text


@pytest.mark.parametrize(
    ("options", "heard"),
    [
        ("", ["5671", "5672"]),
        ("config_entry_id: entry_5672", ["5672"]),
        ("config_entry_id: nobody", []),
        # Names are those of the account that was written to.
        ("from: Папа", ["5671"]),
        ("{from: Папа, config_entry_id: entry_5672}", []),
    ],
)
async def test_two_accounts(
    hass: HomeAssistant, entry: MockConfigEntry, options: str, heard: list[str]
) -> None:
    make_entry(hass, "5672", person("Дача", PAPA))
    calls = await automate(hass, "message_received", options)
    second = {"entry_id": "entry_5672", "account_id": "5672", "recipient": "Дача"}
    await tell(hass, {}, second)
    assert [call.data["trigger"]["account_id"] for call in calls] == heard


@pytest.mark.parametrize(
    ("options", "said", "heard"),
    [
        ("", "что угодно", True),
        ("text: []", "что угодно", True),
        ("text: открой ворота", "  ОТКРОЙ   ворота!!", True),
        ("text: [Закрой, Открой ворота.]", "открой ворота", True),
        ("text: Открой", "открой ворота", False),
        ("text: Зажги ёлку", "зажги елку", True),
        ("text: зажги елку", "Зажги Ёлку", True),
        ("text: 1", "1", True),
        ('text: "да"', "Да.", True),
        ('text: "?"', "?", True),
        ('text: "?"', "!", False),
        ("{text: открой, match: equals}", "открой ворота", False),
        ("{text: ворота., match: contains}", "Открой ВОРОТА пожалуйста", True),
        ("{text: [калитку, ворота], match: contains}", "Открой окно", False),
        (r"{text: 'ворота (\d)', match: regex}", "Открой ВОРОТА 2, пожалуйста", True),
        (r"{text: '^ворота', match: regex}", "Открой ворота", False),
        (r"{text: ['(а)', 'ещё'], match: regex}", "ещё", True),
        (r"{text: 'ещё', match: regex}", "еще", False),
        ("{match: regex}", "что угодно", True),
    ],
)
async def test_text(
    hass: HomeAssistant, entry: MockConfigEntry, options: str, said: str, heard: bool
) -> None:
    assert await is_heard(hass, options, message=said) is heard


@pytest.mark.parametrize(
    ("options", "heard"),
    [
        ("", [EVENT_SMS_RECEIVED, EVENT_REPLY_RECEIVED]),
        ("kind: any", [EVENT_SMS_RECEIVED, EVENT_REPLY_RECEIVED]),
        ("kind: sms", [EVENT_SMS_RECEIVED]),
        ("kind: reply", [EVENT_REPLY_RECEIVED]),
    ],
)
async def test_kind(
    hass: HomeAssistant, entry: MockConfigEntry, options: str, heard: list[str]
) -> None:
    calls = await automate(hass, "message_received", options)
    for event in (EVENT_SMS_RECEIVED, EVENT_REPLY_RECEIVED, EVENT_MESSAGE_STATUS):
        await tell(hass, {"message": event}, event=event)
    assert [call.data["said"] for call in calls] == heard


@pytest.mark.parametrize(
    ("options", "age", "heard"),
    [
        ("", 0, True),
        ("", 600, True),
        ("", 601, False),
        ("", 7200, False),
        ("max_age: 0", 7200, True),
        ('max_age: "00:00:00"', 7200, True),
        ("max_age: 60", 61, False),
        ("max_age: {hours: 3}", 7200, True),
        ("max_age: {hours: 1, minutes: 59}", 7200, False),
        ('max_age: "02:00:00"', 7200, True),
        ("{max_age: {minutes: 1}, text: ворота, match: regex}", 7200, False),
        ("{max_age: {days: 1}, text: ворота, match: regex}", 7200, True),
    ],
)
async def test_age(
    hass: HomeAssistant, entry: MockConfigEntry, options: str, age: int, heard: bool
) -> None:
    """An order that waited opens no gate."""
    assert await is_heard(hass, options, age=age) is heard


async def test_old_order_leaves_a_trace(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """Who wonders why nothing happened finds the reason in the automation's traces."""
    assert await async_setup_component(hass, "trace", {})
    calls = async_mock_service(hass, "test", "run")
    automation = {
        "id": "gate",
        "triggers": [{"trigger": "smspilot.message_received"}],
        "actions": [{"action": "test.run"}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await tell(hass, {"age": 7200}, {"phone": STRANGER, "recipient": None})
    assert calls == []
    client = await hass_ws_client()
    await client.send_json_auto_id(
        {"type": "trace/list", "domain": "automation", "item_id": "gate"}
    )
    (trace,) = (await client.receive_json())["result"]
    assert trace["script_execution"] == "not_triggered"
    await client.send_json_auto_id(
        {
            "type": "trace/get",
            "domain": "automation",
            "item_id": "gate",
            "run_id": trace["run_id"],
        }
    )
    (step,) = (await client.receive_json())["result"]["trace"]["trigger/0"]
    assert step["result"] == {"reason": "too_old", "data": {"age": 7200}}


async def test_variables(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """What happened is there to be used, as the event told it."""
    calls = await automate(hass, "message_received")
    reply_to = {"message_id": "7", "message": "Топить?", "sent_at": "2026-11-23T09:30:00+00:00"}
    await tell(hass, {"reply_to": reply_to})
    assert calls[0].data["trigger"] == {
        "id": "first",
        "idx": "0",
        "alias": None,
        "platform": "smspilot.message_received",
        "description": "message from Папа",
        "entry_id": "entry_5671",
        **MESSAGE,
        "reply_to": reply_to,
    }


@pytest.mark.parametrize(
    ("phone", "who"), [(STRANGER, "+7999•••1122"), ("Sberbank", "Sberbank"), ("900", "900")]
)
async def test_description_of_strangers(
    hass: HomeAssistant, entry: MockConfigEntry, phone: str, who: str
) -> None:
    """A trace shows no number as a whole."""
    calls = await automate(hass, "message_received", 'from: "*"')
    await tell(hass, {"phone": phone, "recipient": None})
    assert calls[0].data["trigger"]["description"] == f"message from {who}"


@pytest.mark.parametrize(
    ("pattern", "said", "template", "result"),
    [
        (r"на (\d+) минут", "Топи на 40 минут", "{{ trigger.groups[0] }}", 40),
        (r"(а)|(б)", "б", "{{ trigger.groups }}", [None, "б"]),
        (r"топи", "топи", "{{ trigger.groups | length }}", 0),
        (
            r"(?P<what>баня|печь)(?: на (?P<count>\d+))?",
            "Баня на 40",
            "{{ trigger.named_groups.what }} {{ trigger.named_groups.count }}",
            "Баня 40",
        ),
        (
            r"(?P<what>баня|печь)(?: на (?P<count>\d+))?",
            "Баня",
            "{{ trigger.named_groups }}",
            {"what": "Баня", "count": None},
        ),
    ],
)
async def test_groups(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pattern: str,
    said: str,
    template: str,
    result: Any,
) -> None:
    """What a pattern's groups found is there by place, and by name."""
    calls = async_mock_service(hass, "test", "run")
    automation = {
        "triggers": [
            {
                "trigger": "smspilot.message_received",
                "options": {"text": pattern, "match": "regex"},
            }
        ],
        "actions": [{"action": "test.run", "data": {"result": template}}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await tell(hass, {"message": said})
    assert [call.data["result"] for call in calls] == [result]


async def test_groups_can_be_sent(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """The screen that tries a trigger out gets its variables."""
    client = await hass_ws_client()
    await client.send_json_auto_id(
        {
            "type": "subscribe_trigger",
            "trigger": {
                "trigger": "smspilot.message_received",
                "options": {"text": r"(?P<what>\w+) (\w+)", "match": "regex"},
            },
        }
    )
    assert (await client.receive_json())["success"]
    await tell(hass, {})
    variables = (await client.receive_json())["event"]["variables"]["trigger"]
    assert variables["groups"] == ["Открой", "ворота"]
    assert variables["named_groups"] == {"what": "Открой"}


async def test_hostile_text(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """A text made for a clumsy pattern delays the next message, and nothing more."""
    options = r"{from: '*', text: '(a+)+$', match: regex}"
    calls = await automate(hass, "message_received", options)
    await tell(hass, {"message": "a" * 900 + "!"}, {"message": "aa"}, {"message": "aaa"})
    assert [call.data["said"] for call in calls] == ["aa", "aaa"]
    assert caplog.text.count("A regular expression of a trigger was given up") == 1


async def test_many_at_once(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Messages are acted on in the order they came in, patterns or not."""
    options = r"{text: '(\d+)', match: regex}"
    calls = await automate(hass, "message_received", options)
    await tell(hass, *({"message": f"№{number}"} for number in range(50)))
    assert [call.data["trigger"]["groups"][0] for call in calls] == [
        str(number) for number in range(50)
    ]


@pytest.mark.parametrize("options", ["", "{text: ворота, match: regex}"])
async def test_switched_off(hass: HomeAssistant, entry: MockConfigEntry, options: str) -> None:
    """An automation that is off hears nothing."""
    calls = await automate(hass, "message_received", options)
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.by_sms"}, blocking=True
    )
    await tell(hass, {})
    assert calls == []
    await hass.services.async_call(
        "automation", "turn_on", {"entity_id": "automation.by_sms"}, blocking=True
    )
    await tell(hass, {})
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("options", "message", "heard"),
    [
        ("", {}, True),
        ("status: delivered", {}, True),
        ("status: [failed, undelivered]", {}, False),
        ("status: [failed, undelivered]", {"status": "failed"}, True),
        ("kind: voice", {}, False),
        ("kind: [voice, flash_call]", {"kind": "voice"}, True),
        ("{kind: ping, status: offline}", {"kind": "ping", "status": "offline"}, True),
        ("{kind: ping, status: offline}", {"kind": "ping", "status": "online"}, False),
        ("config_entry_id: entry_5671", {}, True),
        ("config_entry_id: entry_5672", {}, False),
        # Without `to` it is every message, also one to a stranger.
        ("", {"phone": STRANGER, "recipient": None}, True),
        ("to: []", {"phone": STRANGER, "recipient": None}, True),
        ('to: "*"', {"phone": STRANGER, "recipient": None}, True),
        ("to: Папа", {}, True),
        ("to: PAPA", {}, True),
        ("to: 89087964781", {}, True),
        ("to: [Мама, +79990001122]", {}, False),
        ("to: [Мама, +79990001122]", {"phone": STRANGER, "recipient": None}, True),
        ("to: Мама", {"phone": MAMA, "recipient": "Мама"}, True),
    ],
)
async def test_status_changed(
    hass: HomeAssistant, entry: MockConfigEntry, options: str, message: dict[str, Any], heard: bool
) -> None:
    calls = await automate(hass, "message_status_changed", options)
    await tell(hass, message, event=EVENT_MESSAGE_STATUS)
    await tell(hass, {}, event=EVENT_SMS_RECEIVED)
    assert len(calls) == int(heard)


@pytest.mark.parametrize(
    ("message", "description"),
    [
        ({}, "message to Папа: delivered"),
        ({"phone": STRANGER, "recipient": None}, "message to +7999•••1122: delivered"),
    ],
)
async def test_status_variables(
    hass: HomeAssistant, entry: MockConfigEntry, message: dict[str, Any], description: str
) -> None:
    calls = await automate(hass, "message_status_changed")
    await tell(hass, message, event=EVENT_MESSAGE_STATUS)
    assert calls[0].data["trigger"] == {
        "id": "first",
        "idx": "0",
        "alias": None,
        "platform": "smspilot.message_status_changed",
        "description": description,
        "entry_id": "entry_5671",
        **STATUS,
        **message,
    }


async def test_real_message(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """An SMS opens the gate once; a stranger's does not."""
    await open_door(hass, hass_client_no_auth)
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    calls = await automate(hass, "message_received", "{from: Папа, text: открой ворота}")
    await write(simulator, STRANGER, "5671 Открой ворота")
    await write(simulator, PAPA, "5671 Открой ворота!")
    await write(simulator, PAPA, "5671 Закрой")
    await clock.advance(2)
    assert [call.data["said"] for call in calls] == ["Открой ворота!"]
    await clock.advance(900)
    assert len(calls) == 1


async def test_real_status(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A message that arrives is heard of."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    options = "{to: Папа, status: delivered, kind: sms}"
    calls = await automate(hass, "message_status_changed", options)
    await act(hass, "send_sms", phones=["Папа", MAMA], message="Проверка")
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(6):
        await clock.advance(130)
    assert [call.data["trigger"]["recipient"] for call in calls] == ["Папа"]


async def test_message_before_the_start(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What came while Home Assistant started is heard when automations listen."""
    hass.set_state(CoreState.starting)
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    calls = await automate(hass, "message_received")
    await write(simulator, PAPA, "5671 Открой ворота")
    await clock.advance(61)
    assert calls == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await clock.advance(61)
    assert [call.data["said"] for call in calls] == ["Открой ворота"]
