"""What the logbook says of messages that were sent; event entities speak for the others."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.components.logbook.models import LazyEventPartialState
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN, EVENT_MESSAGE_STATUS
from .contacts.phones import masked

# As that of the event entity.
_ICON: Final = "mdi:message-arrow-right-outline"
# The logbook keeps no keys of translations: it wants the sentence itself.
_ENGLISH: Final = {
    "sms": "SMS to {who} {status}",
    "two_way": "SMS to {who} {status}",
    "voice": "Call to {who} {status}",
    "flash_call": "FlashCall to {who} {status}",
    "hlr": "Number of {who}: {status}",
    "hlrvip": "Number of {who}: {status}",
    "ping": "Phone of {who}: {status}",
    "failed": "failed",
    "undelivered": "not delivered",
    "accepted": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "scheduled": "scheduled",
    "in_service": "in service",
    "not_in_service": "not in service",
    "online": "on",
    "offline": "off",
}
_RUSSIAN: Final = {
    "sms": "SMS ({who}): {status}",
    "two_way": "SMS ({who}): {status}",
    "voice": "Звонок ({who}): {status}",
    "flash_call": "FlashCall ({who}): {status}",
    "hlr": "Номер ({who}): {status}",
    "hlrvip": "Номер ({who}): {status}",
    "ping": "Телефон ({who}): {status}",
    "failed": "ошибка",
    "undelivered": "не доставлено",
    "accepted": "принято",
    "sent": "отправлено",
    "delivered": "доставлено",
    "scheduled": "отложено",
    "in_service": "обслуживается",
    "not_in_service": "не обслуживается",
    "online": "в сети",
    "offline": "не в сети",
}


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [str, str, Callable[[LazyEventPartialState], dict[str, Any]]], None
    ],
) -> None:
    """Describe what becomes of messages."""

    @callback
    def describe(event: LazyEventPartialState) -> dict[str, Any]:
        data = event.data
        return {
            LOGBOOK_ENTRY_ICON: _ICON,
            LOGBOOK_ENTRY_NAME: f"SMSPILOT {data['account_id']}",
            LOGBOOK_ENTRY_MESSAGE: _sentence(data, hass.config.language),
        }

    async_describe_event(DOMAIN, EVENT_MESSAGE_STATUS, describe)


def _sentence(data: Mapping[str, Any], language: str) -> str:
    words = _RUSSIAN if language == "ru" else _ENGLISH
    targets = data["recipient"] or masked(data["phone"])
    return words[data["kind"]].format(who=targets, status=words[data["status"]])
