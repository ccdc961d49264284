"""Automations on inbound messages and on changed statuses."""

from datetime import timedelta
from textwrap import dedent
from typing import Any
from unittest.mock import patch

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er, issue_registry as ir, translation
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.smspilot.const import (
    DOMAIN,
    EVENT_MESSAGE_STATUS,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
)
from custom_components.smspilot.inbound import window

from .common import MAMA, PAPA, Clock, act, add_account, open_door, person, write
from .simulator.simulator import Simulator

STRANGER = "+79990001122"
MESSAGE = {
    "account_id": "5671",
    "message_id": "42",
    "phone": PAPA,
    "recipient": "Папа",
    "recipient_id": "papa",
    "pin_ok": None,
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
            id: by_sms
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
    # As they are where the integration is loaded.
    await translation.async_load_integrations(hass, {DOMAIN})
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    assert hass.states.is_state("automation.by_sms", "on")
    return calls


async def fire(hass: HomeAssistant, *messages: dict[str, Any], event: str = "") -> None:
    """Fire what people wrote."""
    for more in messages:
        kind = event or (EVENT_REPLY_RECEIVED if more.get("reply_to") else EVENT_SMS_RECEIVED)
        data = STATUS if kind == EVENT_MESSAGE_STATUS else MESSAGE
        about = {"entry_id": "entry_5671", **data, **more}
        if kind != EVENT_MESSAGE_STATUS and about["recipient"] is None:
            about["recipient_id"] = None
        hass.bus.async_fire(kind, about)
    await hass.async_block_till_done()


async def fires(hass: HomeAssistant, options: str, **message: Any) -> bool:
    """Return whether a message fires the trigger."""
    calls = await automate(hass, "message_received", options)
    await fire(hass, message)
    return len(calls) == 1


@pytest.mark.parametrize(
    ("sender", "message", "expected"),
    [
        # Without `from` it fires for recipients only.
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
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sender: str,
    message: dict[str, Any],
    expected: bool,
) -> None:
    assert await fires(hass, sender, **message) is expected


@pytest.mark.parametrize(
    ("name", "phone", "expected"),
    [
        # A person is all their numbers; a number is all its people.
        ("Папа", PAPA, True),
        ("Папа", STRANGER, True),
        ("Папе позвонить", PAPA, True),
        ("Папе позвонить", STRANGER, False),
        ("Мама", PAPA, False),
    ],
)
async def test_shared_numbers(hass: HomeAssistant, name: str, phone: str, expected: bool) -> None:
    hass.config.country = "RU"
    make_entry(
        hass,
        "5671",
        person("Папа", PAPA, STRANGER),
        person("Мама", MAMA),
        person("Папе позвонить", PAPA),
    )
    assert await fires(hass, f"from: {name}", phone=phone, recipient="Папа") is expected


def unknown(registry: ir.IssueRegistry) -> list[str]:
    """Return the names in the issues of automations."""
    return [
        str((issue.translation_placeholders or {})["names"])
        for issue in registry.issues.values()
        if issue.translation_key == "unknown_contacts"
    ]


async def test_unknown_name(hass: HomeAssistant, issue_registry: ir.IssueRegistry) -> None:
    """The issue names the automation, and is deleted when a recipient has the name."""
    hass.config.country = "RU"
    calls = await automate(
        hass, "message_received", "from: [Дядя, 12345678, Мама, 900, notify.uncle]"
    )
    assert unknown(issue_registry) == ["“Дядя”, No.\u00a02, “Мама”, “notify.uncle”"]
    entry = make_entry(hass, "5671", person("Папа", PAPA), person("Мама", MAMA))
    hass.config_entries.async_update_entry(entry, title="Дом")
    await hass.async_block_till_done()
    assert unknown(issue_registry) == ["“Дядя”, No.\u00a02, “notify.uncle”"]
    (issue,) = issue_registry.issues.values()
    assert (issue.translation_placeholders or {})["automation"] == "By SMS"
    await fire(hass, {})
    assert calls == []
    subentry = next(iter(entry.subentries.values()))
    hass.config_entries.async_update_subentry(entry, subentry, title="Дядя")
    await fire(hass, {"recipient": "Дядя"})
    assert len(calls) == 1
    await hass.services.async_call("automation", "turn_off", {"entity_id": "automation.by_sms"})
    await hass.async_block_till_done()
    assert unknown(issue_registry) == []


async def test_typo_that_is_put_right(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry
) -> None:
    """The issue lives as long as the mistake: it goes with the account's people, and comes back."""
    await automate(hass, "message_received", "from: Мамма")
    await automate_again(hass, "from: [Мама, Папа]")
    assert unknown(issue_registry) == []
    subentry = next(iter(entry.subentries.values()))
    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await hass.async_block_till_done()
    assert unknown(issue_registry) == ["“Папа”"]


async def automate_again(hass: HomeAssistant, options: str) -> None:
    """Save another form of the automation, as its editor does."""
    automation = {
        "alias": "By SMS",
        "triggers": [
            {"trigger": "smspilot.message_received", "options": parse_yaml(dedent(options))}
        ],
        "actions": [{"action": "test.run"}],
    }
    with patch(
        "homeassistant.config.load_yaml_config_file", return_value={"automation": [automation]}
    ):
        await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    "form", ["[{0}]", "{0}", "{{active_choice: recipients, recipients: [{0}]}}"]
)
async def test_renamed_recipient(
    hass: HomeAssistant,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    issue_registry: ir.IssueRegistry,
    form: str,
) -> None:
    """A renaming changes nothing for a trigger that was set up in the editor."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA), person("Мама", MAMA)])
    calls = await automate(hass, "message_received", "from: " + form.format("notify.papa"))
    about = {"entry_id": entry.entry_id}
    await fire(hass, about, {**about, "phone": MAMA, "recipient": "Мама"})
    assert len(calls) == 1
    subentry = next(iter(entry.subentries.values()))
    hass.config_entries.async_update_subentry(
        entry, subentry, title="Николай", data={**subentry.data, "phones": [STRANGER]}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    await fire(hass, {**about, "phone": STRANGER, "recipient": "Николай"}, about)
    assert len(calls) == 2
    assert unknown(issue_registry) == []
    entity_registry.async_remove("notify.papa")
    await hass.async_block_till_done()
    assert unknown(issue_registry) == ["“notify.papa”"]


@pytest.mark.parametrize(
    ("sender", "message", "expected"),
    [
        ("{active_choice: anyone, anyone: '*'}", {"phone": STRANGER, "recipient": None}, True),
        ("{active_choice: anyone}", {"phone": STRANGER, "recipient": None}, True),
        ("{active_choice: recipients}", {"phone": STRANGER, "recipient": None}, False),
        ("{active_choice: recipients}", {}, True),
        ("{active_choice: numbers, numbers: [8 908 796-47-81]}", {}, True),
        ("{active_choice: numbers, numbers: ['+79990001122'], anyone: '*'}", {}, False),
    ],
)
async def test_choice_of_the_editor(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sender: str,
    message: dict[str, Any],
    expected: bool,
) -> None:
    assert await fires(hass, f"from: {sender}", **message) is expected


async def test_gone_account(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """A trigger of an account that was removed says so, once."""
    await automate(hass, "message_received", "config_entry_id: gone")
    await fire(hass, {}, {})
    assert caplog.text.count("A trigger is for the account gone, which is gone") == 1


@pytest.mark.parametrize("country", ["DE", "AT", "LU", "KZ", "RU"])
async def test_bare_integer(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, country: str
) -> None:
    """A number without its plus may be two; it is the one that has just written."""
    hass.config.country = country
    make_entry(hass, "5671", person("Папа", PAPA))
    calls = await automate(hass, "message_received", f"from: {PAPA.removeprefix('+')}")
    await fire(hass, {}, {"phone": MAMA, "recipient": None})
    assert len(calls) == 1
    assert "of a trigger" not in caplog.text


@pytest.mark.parametrize(
    ("options", "expected"),
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
    hass: HomeAssistant, entry: MockConfigEntry, options: str, expected: list[str]
) -> None:
    make_entry(hass, "5672", person("Дача", PAPA))
    calls = await automate(hass, "message_received", options)
    second = {"entry_id": "entry_5672", "account_id": "5672", "recipient": "Дача"}
    await fire(hass, {}, second)
    assert [call.data["trigger"]["account_id"] for call in calls] == expected


@pytest.mark.parametrize(
    ("options", "said", "expected"),
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
    hass: HomeAssistant, entry: MockConfigEntry, options: str, said: str, expected: bool
) -> None:
    assert await fires(hass, options, message=said) is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", [EVENT_SMS_RECEIVED, EVENT_REPLY_RECEIVED]),
        ("kind: any", [EVENT_SMS_RECEIVED, EVENT_REPLY_RECEIVED]),
        ("kind: sms", [EVENT_SMS_RECEIVED]),
        ("kind: reply", [EVENT_REPLY_RECEIVED]),
    ],
)
async def test_kind(
    hass: HomeAssistant, entry: MockConfigEntry, options: str, expected: list[str]
) -> None:
    calls = await automate(hass, "message_received", options)
    for event in (EVENT_SMS_RECEIVED, EVENT_REPLY_RECEIVED, EVENT_MESSAGE_STATUS):
        await fire(hass, {"message": event}, event=event)
    assert [call.data["said"] for call in calls] == expected


@pytest.mark.parametrize(
    ("options", "age", "expected"),
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
    hass: HomeAssistant, entry: MockConfigEntry, options: str, age: int, expected: bool
) -> None:
    """An order that waited opens no gate."""
    assert await fires(hass, options, age=age) is expected


@pytest.mark.parametrize(
    ("options", "message", "reason"),
    [
        ("", {"age": 7200}, "too_old"),
        ("", {"phone": STRANGER, "recipient": None}, "wrong_sender"),
        ("from: Мама", {}, "wrong_sender"),
        ("text: закрой", {}, "wrong_text"),
        ("{text: закрой, match: regex}", {}, "wrong_text"),
        ("kind: reply", {}, "wrong_kind"),
        ("config_entry_id: entry_5672", {}, "wrong_account"),
        ("pin: true", {"pin_ok": None}, "no_pin"),
        ("pin: true", {"pin_ok": False}, "no_pin"),
        ("{text: ворота, match: contains}", {"message": "Понравилось «Ворота»"}, "reaction"),
        ("{text: .+, match: regex}", {"message": "Liked “Open the gate”"}, "reaction"),
    ],
)
async def test_every_message_leaves_a_trace(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    options: str,
    message: dict[str, Any],
    reason: str,
) -> None:
    """Why it did not fire is in the automation's traces."""
    assert await async_setup_component(hass, "trace", {})
    make_entry(hass, "5672")
    calls = await automate(hass, "message_received", options)
    await fire(hass, message)
    assert calls == []
    result = await traced(await hass_ws_client())
    assert result["reason"] == reason
    assert result["data"] == {"message_id": "42", "age": message.get("age", 3)}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("status: failed", "wrong_status"),
        ("kind: voice", "wrong_kind"),
        ("to: Мама", "wrong_recipient"),
        ("config_entry_id: entry_5672", "wrong_account"),
    ],
)
async def test_every_status_leaves_a_trace(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    options: str,
    reason: str,
) -> None:
    assert await async_setup_component(hass, "trace", {})
    make_entry(hass, "5672")
    calls = await automate(hass, "message_status_changed", options)
    await fire(hass, {}, event=EVENT_MESSAGE_STATUS)
    assert calls == []
    assert (await traced(await hass_ws_client()))["reason"] == reason


async def traced(client: MockHAClientWebSocket) -> dict[str, Any]:
    """Return the result of the trigger's step in the automation's only trace."""
    about = {"domain": "automation", "item_id": "by_sms"}
    await client.send_json_auto_id({"type": "trace/list", **about})
    (trace,) = (await client.receive_json())["result"]
    assert trace["script_execution"] == "not_triggered"
    await client.send_json_auto_id({"type": "trace/get", **about, "run_id": trace["run_id"]})
    (step,) = (await client.receive_json())["result"]["trace"]["trigger/0"]
    result: dict[str, Any] = step["result"]
    return result


@pytest.mark.parametrize(
    ("options", "message"),
    [
        # A reaction is a message all the same.
        ("", {"message": "Понравилось «Открой ворота»"}),
        ("pin: true", {"pin_ok": True}),
    ],
)
async def test_fires(
    hass: HomeAssistant, entry: MockConfigEntry, options: str, message: dict[str, Any]
) -> None:
    assert await fires(hass, options, **message)


async def test_variables(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The trigger's variables are the event's data."""
    calls = await automate(hass, "message_received")
    reply_to = {"message_id": "7", "message": "Топить?", "sent_at": "2026-11-23T09:30:00+00:00"}
    await fire(hass, {"reply_to": reply_to})
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
    ("phone", "shown"), [(STRANGER, "+7999•••1122"), ("Sberbank", "Sberbank"), ("900", "900")]
)
async def test_description_of_strangers(
    hass: HomeAssistant, entry: MockConfigEntry, phone: str, shown: str
) -> None:
    """A trace shows no number as a whole."""
    calls = await automate(hass, "message_received", 'from: "*"')
    await fire(hass, {"phone": phone, "recipient": None})
    assert calls[0].data["trigger"]["description"] == f"message from {shown}"


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
    await fire(hass, {"message": said})
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
    await fire(hass, {})
    variables = (await client.receive_json())["event"]["variables"]["trigger"]
    assert variables["groups"] == ["Открой", "ворота"]
    assert variables["named_groups"] == {"what": "Открой"}


async def test_hostile_text(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """A text made for a clumsy pattern delays the next message, and nothing more."""
    options = r"{from: '*', text: '(a+)+$', match: regex}"
    calls = await automate(hass, "message_received", options)
    await fire(hass, {"message": "a" * 900 + "!"}, {"message": "aa"}, {"message": "aaa"})
    assert [call.data["said"] for call in calls] == ["aa", "aaa"]
    assert caplog.text.count("A regular expression of a trigger was given up") == 1


async def test_many_at_once(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Messages are acted on in the order they came in, patterns or not."""
    options = r"{text: '(\d+)', match: regex}"
    calls = await automate(hass, "message_received", options)
    await fire(hass, *({"message": f"№{number}"} for number in range(50)))
    assert [call.data["trigger"]["groups"][0] for call in calls] == [
        str(number) for number in range(50)
    ]


@pytest.mark.parametrize("options", ["", "{text: ворота, match: regex}"])
async def test_switched_off(hass: HomeAssistant, entry: MockConfigEntry, options: str) -> None:
    """An automation that is off does not fire."""
    calls = await automate(hass, "message_received", options)
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.by_sms"}, blocking=True
    )
    await fire(hass, {})
    assert calls == []
    await hass.services.async_call(
        "automation", "turn_on", {"entity_id": "automation.by_sms"}, blocking=True
    )
    await fire(hass, {})
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("options", "message", "expected"),
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
    hass: HomeAssistant,
    entry: MockConfigEntry,
    options: str,
    message: dict[str, Any],
    expected: bool,
) -> None:
    calls = await automate(hass, "message_status_changed", options)
    await fire(hass, message, event=EVENT_MESSAGE_STATUS)
    await fire(hass, {}, event=EVENT_SMS_RECEIVED)
    assert len(calls) == int(expected)


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
    await fire(hass, message, event=EVENT_MESSAGE_STATUS)
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
    """A message that arrives fires it."""
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
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came while Home Assistant started is published when automations are set up."""
    # No test waits for the two seconds after the set-up in which messages count as older.
    monkeypatch.setattr(window, "SET_UP_TIME", timedelta(0))
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
