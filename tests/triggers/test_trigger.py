"""Triggers on inbound messages and on changed statuses: what fires them, and what they pass on."""

from datetime import timedelta
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.smspilot.const import (
    EVENT_MESSAGE_STATUS,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
)
from custom_components.smspilot.inbound import window

from ..common import MAMA, PAPA, Clock, act, add_account, person, serve_webhook, write
from ..simulator.simulator import Simulator
from .common import MESSAGE, STATUS, STRANGER, automate, fire, fires, make_entry


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
    await serve_webhook(hass, hass_client_no_auth)
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
