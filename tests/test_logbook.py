"""What the logbook says of messages that were sent."""

from types import SimpleNamespace
from typing import Any

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smspilot.client import Kind
from custom_components.smspilot.const import DOMAIN, EVENT_MESSAGE_STATUS
from custom_components.smspilot.logbook import _ENGLISH, _RUSSIAN, async_describe_events
from custom_components.smspilot.outbound.result import STATUS_WORDS

from .common import PAPA

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
    told: dict[str, Any] = {}

    def describe(domain: str, event: str, tell: Any) -> None:
        assert domain == DOMAIN
        told[event] = tell

    async_describe_events(hass, describe)
    assert list(told) == [EVENT_MESSAGE_STATUS]

    event = SimpleNamespace(data={**STATUS, **more})
    result: dict[str, str] = told[EVENT_MESSAGE_STATUS](event)
    return result


@pytest.mark.parametrize(
    ("language", "more", "message"),
    [
        ("en", {}, "SMS to Papa delivered"),
        ("en", {"kind": "two_way", "status": "undelivered"}, "SMS to Papa not delivered"),
        ("en", {"kind": "voice", "status": "failed"}, "Call to Papa failed"),
        ("en", {"kind": "flash_call", "status": "sent"}, "FlashCall to Papa sent"),
        ("en", {"kind": "hlr", "status": "in_service"}, "Number of Papa: in service"),
        ("en", {"kind": "ping", "status": "offline"}, "Phone of Papa: off"),
        ("en", {"recipient": None}, "SMS to +7908•••4781 delivered"),
        # Without words of its own a language gets the English ones.
        ("de", {}, "SMS to Papa delivered"),
        ("ru", {"recipient": "Папа"}, "SMS (Папа): доставлено"),
        ("ru", {"recipient": None}, "SMS (+7908•••4781): доставлено"),
        ("ru", {"kind": "ping", "status": "offline"}, "Телефон (Papa): не в сети"),
        # A name is only a name.
        ("en", {"recipient": "{status}"}, "SMS to {status} delivered"),
    ],
)
async def test_message(
    hass: HomeAssistant, language: str, more: dict[str, Any], message: str
) -> None:
    hass.config.language = language
    assert described(hass, **more) == {
        "icon": "mdi:message-arrow-right-outline",
        "name": "SMSPILOT 5671",
        "message": message,
    }


@pytest.mark.parametrize("words", [_ENGLISH, _RUSSIAN])
def test_words_for_everything(words: dict[str, str]) -> None:
    assert sorted(words) == sorted([*Kind, *STATUS_WORDS])


async def test_in_the_logbook(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> None:
    """The real logbook shows it, and neither number nor text."""
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
        "name": "SMSPILOT 5671",
        "message": "SMS to +7908•••4781 delivered",
        "domain": DOMAIN,
    }
