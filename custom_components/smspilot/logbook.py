"""The logbook's rows of outbound messages and alarms; inbound ones have event entities."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.components.logbook.models import TIME_FIRED_TS_POS, LazyEventPartialState
from homeassistant.core import HomeAssistant, callback

from .alarm_sentences import ALARM_ICON, alarm_sentence
from .const import DOMAIN, EVENT_ALARM, EVENT_MESSAGE_STATUS
from .contacts.phones import masked
from .errors import async_words
from .text.localized import async_money

# The event entity's icon.
_ICON: Final = "mdi:message-arrow-right-outline"


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [str, str, Callable[[LazyEventPartialState], dict[str, Any]]], None
    ],
) -> None:
    """Describe the events of statuses and alarms."""

    @callback
    def describe(event: LazyEventPartialState) -> dict[str, Any]:
        data = event.data
        return {
            LOGBOOK_ENTRY_ICON: _ICON,
            LOGBOOK_ENTRY_NAME: _account(hass, data),
            LOGBOOK_ENTRY_MESSAGE: _sentence(hass, data),
        }

    @callback
    def describe_alarm(event: LazyEventPartialState) -> dict[str, Any]:
        return {
            LOGBOOK_ENTRY_ICON: ALARM_ICON,
            LOGBOOK_ENTRY_NAME: event.data["alarm"],
            LOGBOOK_ENTRY_MESSAGE: alarm_sentence(hass, event.data, _fired_at(event)),
        }

    async_describe_event(DOMAIN, EVENT_MESSAGE_STATUS, describe)
    async_describe_event(DOMAIN, EVENT_ALARM, describe_alarm)


def _account(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Return the name in a row: with the account's id only where there are several accounts."""
    several = len(hass.config_entries.async_entries(DOMAIN)) > 1
    return f"SMSPILOT {data['account_id']}" if several else "SMSPILOT"


def _sentence(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Return a sentence with the message's kind, recipient, status, error and price."""
    facts = [async_words(hass, f"logbook_{data['status'] or 'unknown'}")]
    if error := data["error"]:
        facts.append(error["description"])
    if price := data["price"]:
        facts.append(async_money(hass, price))
    name = data["recipient"] or masked(data["phone"])
    return async_words(hass, f"logbook_{data['kind']}", name=name, what=", ".join(facts))


def _fired_at(event: LazyEventPartialState) -> float:
    return float(event.row[TIME_FIRED_TS_POS] or 0)
