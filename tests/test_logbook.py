"""What the logbook says of messages that were sent."""

from types import SimpleNamespace
from typing import Any

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.smspilot.client import Kind
from custom_components.smspilot.const import DOMAIN, EVENT_ALARM, EVENT_MESSAGE_STATUS
from custom_components.smspilot.errors import async_words
from custom_components.smspilot.logbook import async_describe_events
from custom_components.smspilot.outbound.result import STATUS_WORDS

from .common import MAMA, PAPA, Clock, act, add_account, device_of, person, serve_webhook, speak
from .simulator.model import Status
from .simulator.simulator import Simulator

STATUS = {
    "entry_id": "entry",
    "account_id": "5671",
    "message_id": "43",
    "packet_id": "44",
    "kind": "sms",
    "phone": PAPA,
    "recipient": "Papa",
    "status": "delivered",
    "status_code": 2,
    "final": True,
    "price": 3.5,
    "error": None,
    "sent_at": "2026-11-23T09:34:00+00:00",
    "changed_at": "2026-11-23T09:34:30+00:00",
}


@pytest.fixture(autouse=True)
def _custom_integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let the recorder be there before Home Assistant, as it must."""


def described(hass: HomeAssistant, **more: Any) -> dict[str, str]:
    """Return what is said of an event."""
    described: dict[str, Any] = {}

    def describe(domain: str, event: str, to_row: Any) -> None:
        assert domain == DOMAIN
        described[event] = to_row

    async_describe_events(hass, describe)
    assert list(described) == [EVENT_MESSAGE_STATUS, EVENT_ALARM]

    event = SimpleNamespace(data={**STATUS, **more})
    result: dict[str, str] = described[EVENT_MESSAGE_STATUS](event)
    return result


PHONE_OFF = {"code": 602, "description": "the phone is off"}
RUSSIAN_OFF = {"code": 602, "description": "телефон выключен"}


@pytest.mark.parametrize(
    ("language", "more", "message"),
    [
        ("en", {}, "SMS to Papa: delivered, 3.50\u00a0₽"),
        ("en", {"price": None}, "SMS to Papa: delivered"),
        (
            "en",
            {"status": "undelivered", "price": 2.85, "error": PHONE_OFF},
            "SMS to Papa: not delivered, the phone is off, 2.85\u00a0₽",
        ),
        ("en", {"kind": "voice", "status": "failed", "price": 0.0}, "Call to Papa: failed"),
        ("en", {"kind": "flash_call", "status": "sent"}, "FlashCall to Papa: sent, 3.50\u00a0₽"),
        ("en", {"kind": "hlr", "status": "in_service"}, "Number of Papa: in service, 3.50\u00a0₽"),
        ("en", {"kind": "ping", "status": "offline"}, "Phone of Papa: off, 3.50\u00a0₽"),
        ("en", {"recipient": None, "price": None}, "SMS to +7908•••4781: delivered"),
        # A status that a newer API adds.
        ("en", {"status": None, "price": None}, "SMS to Papa: unknown status"),
        # Without words of its own a language gets the English ones.
        ("de", {}, "SMS to Papa: delivered, 3.50\u00a0₽"),
        (
            "ru",
            {
                "recipient": "Папа",
                "kind": "two_way",
                "status": "undelivered",
                "error": RUSSIAN_OFF,
                "price": 2.85,
            },
            "SMS (Папа): не доставлено, телефон выключен, 2,85\u00a0₽",
        ),
        ("ru", {"recipient": None, "price": None}, "SMS (+7908•••4781): доставлено"),
        (
            "ru",
            {"kind": "ping", "status": "offline", "price": 1},
            "Телефон (Papa): не в сети, 1\u00a0₽",
        ),
        # A name is only a name.
        ("en", {"recipient": "{status}", "price": None}, "SMS to {status}: delivered"),
    ],
)
async def test_message(
    hass: HomeAssistant, language: str, more: dict[str, Any], message: str
) -> None:
    await speak(hass, language)
    assert described(hass, **more) == {
        "icon": "mdi:message-arrow-right-outline",
        "name": "SMSPILOT",
        "message": message,
    }


async def test_several_accounts(hass: HomeAssistant) -> None:
    """Where there are several, the row says which it is."""
    for account in ("5671", "5672"):
        MockConfigEntry(domain=DOMAIN, unique_id=account).add_to_hass(hass)
    assert described(hass)["name"] == "SMSPILOT 5671"


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_words_for_everything(hass: HomeAssistant, language: str) -> None:
    await speak(hass, language)
    for key in (*Kind, *STATUS_WORDS, "unknown"):
        assert async_words(hass, f"logbook_{key}") != f"logbook_{key}"


async def test_in_the_logbook(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> None:
    """The real logbook shows it, and neither number nor text."""
    await speak(hass, "en")
    MockConfigEntry(domain=DOMAIN, unique_id="5671").add_to_hass(hass)
    hass.config.components.add(DOMAIN)
    assert await async_setup_component(hass, "logbook", {})
    begun = dt_util.utcnow()
    hass.bus.async_fire(EVENT_MESSAGE_STATUS, {**STATUS, "recipient": None, "message": "Secret"})
    await async_wait_recording_done(hass)
    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": begun.isoformat()})
    (line,) = (await client.receive_json())["result"]
    del line["when"]
    assert line == {
        "icon": "mdi:message-arrow-right-outline",
        "name": "SMSPILOT",
        "message": "SMS to +7908•••4781: delivered, 3.50\u00a0₽",
        "domain": DOMAIN,
    }


async def test_on_the_page_of_a_person(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hass_client_no_auth: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """The test button says there whether it arrived, in one row; notify knows of it too."""
    for component in ("logbook", DOMAIN):
        assert await async_setup_component(hass, component, {})
    await serve_webhook(hass, hass_client_no_auth)
    entry = await add_account(hass, simulator, people=[person("Papa", PAPA), person("Mama", MAMA)])
    begun = dt_util.utcnow()
    pressed = {"entity_id": "button.papa_test_message"}
    await hass.services.async_call("button", "press", pressed, blocking=True)
    await act(hass, "send_sms", phones=["Mama"], message="Hello")
    for order in simulator.orders:
        await simulator.advance(order.server_id, Status.UNDELIVERED, error=602)
    await clock.settle()
    await async_wait_recording_done(hass)
    client = await hass_ws_client()
    entities = er.async_entries_for_device(
        er.async_get(hass), device := device_of(hass, entry, "Papa")
    )
    await client.send_json_auto_id(
        {
            "type": "logbook/get_events",
            "start_time": begun.isoformat(),
            "entity_ids": [one.entity_id for one in entities],
            "device_ids": [device],
        }
    )
    rows = (await client.receive_json())["result"]
    assert [row["message"] for row in rows if "message" in row] == [
        "SMS to Papa: not delivered, Destination unreachable, 1.31\u00a0₽"
    ]
    others = {row["entity_id"] for row in rows if "entity_id" in row}
    assert others == {"button.papa_test_message", "notify.papa"}
