"""The options of the triggers, as YAML and the automation editor write them."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_OPTIONS
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .client import Kind
from .client.values import without_lone_surrogates
from .const import (
    ANYONE,
    CONF_PIN,
    DEFAULT_MAX_AGE,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
)
from .outbound.result import STATUS_WORDS
from .text.matching import Match, normalised
from .text.periods import period

CONF_FROM: Final = "from"
CONF_TO: Final = "to"
CONF_TEXT: Final = "text"
CONF_MATCH: Final = "match"
CONF_KIND: Final = "kind"
CONF_STATUS: Final = "status"
CONF_MAX_AGE: Final = "max_age"

KIND_ANY: Final = "any"
# The event types of each kind of inbound message.
INBOUND_KINDS: Final = {
    KIND_ANY: (EVENT_SMS_RECEIVED, EVENT_REPLY_RECEIVED),
    "sms": (EVENT_SMS_RECEIVED,),
    "reply": (EVENT_REPLY_RECEIVED,),
}
# The key by which the editor's choose selector names the field that is in use.
ACTIVE_CHOICE: Final = "active_choice"
CHOICES: Final = ("recipients", "numbers", "anyone")
_STRING: Final = vol.All(cv.string, without_lone_surrogates)


def _text(value: Any) -> str:
    """Validate a text; refuse a bare yes, no, on or off, which YAML reads as a bool."""
    if isinstance(value, bool):
        raise vol.Invalid("put yes, no, on and off in quotes")
    text: str = _STRING(value)
    if not normalised(text):
        raise vol.Invalid("is empty")
    return text


def _contacts(value: Any) -> list[str | int]:
    """Validate numbers and names, as a list or as the value of the editor's selector."""
    if isinstance(value, Mapping) and ACTIVE_CHOICE in value:
        choice = vol.In(CHOICES)(value[ACTIVE_CHOICE])
        # The choice "anyone" has no value of its own.
        value = ANYONE if choice == "anyone" else value.get(choice)
    return [_contact(one) for one in cv.ensure_list(value)]


def _contact(value: Any) -> str | int:
    """Validate a number or a name; a bare number in YAML is an integer."""
    text = _text(value)
    return value if isinstance(value, int) else text


_ENTRY: Final[dict[vol.Marker, Any]] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): _STRING}
MESSAGE_RECEIVED_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_OPTIONS, default=dict): {
            **_ENTRY,
            vol.Optional(CONF_FROM, default=list): _contacts,
            vol.Optional(CONF_TEXT, default=list): vol.All(cv.ensure_list, [_text]),
            vol.Optional(CONF_MATCH, default=Match.EQUALS.value): vol.Coerce(Match),
            vol.Optional(CONF_KIND, default=KIND_ANY): vol.In(list(INBOUND_KINDS)),
            vol.Optional(CONF_MAX_AGE, default=DEFAULT_MAX_AGE): period,
            vol.Optional(CONF_PIN, default=False): cv.boolean,
        }
    }
)
MESSAGE_STATUS_CHANGED_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_OPTIONS, default=dict): {
            **_ENTRY,
            vol.Optional(CONF_STATUS, default=list): vol.All(
                cv.ensure_list, [vol.In(STATUS_WORDS)]
            ),
            vol.Optional(CONF_KIND, default=list): vol.All(
                cv.ensure_list, [vol.In([kind.value for kind in Kind])]
            ),
            vol.Optional(CONF_TO, default=list): _contacts,
        }
    }
)
