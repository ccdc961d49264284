"""The schemas of the actions' fields."""

from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID, ATTR_ID
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .client import Kind, Sender
from .client.api import PAGE
from .client.values import without_lone_surrogates
from .const import (
    ATTR_ALARM,
    ATTR_ANSWERS,
    ATTR_BY,
    ATTR_CODE,
    ATTR_LIMIT,
    ATTR_MESSAGE,
    ATTR_MESSAGE_IDS,
    ATTR_METHOD,
    ATTR_OFFSET,
    ATTR_PACKET_ID,
    ATTR_PERIOD,
    ATTR_PHONES,
    ATTR_QUESTION,
    ATTR_RECIPIENTS,
    ATTR_RETRY_FOR,
    ATTR_SCOPE,
    ATTR_SEND_AT,
    ATTR_SENDER,
    ATTR_SENTENCES,
    ATTR_SINCE,
    ATTR_TEST,
    ATTR_TIME_TO_LIVE,
    ATTR_TIMEOUT,
    ATTR_TRANSLITERATE,
    ATTR_TWO_WAY,
    ATTR_URGENT,
    ATTR_VOICE,
    ATTR_WAIT,
    CONF_CHANNEL,
    DEFAULT_ASK_TIMEOUT,
    DEFAULT_CHECK_WAIT,
    DEFAULT_RETRY_FOR,
    MAX_WAIT,
)
from .contacts.recipients import Channel
from .errors import Reason, validation_error
from .text.periods import period

_NO_WAIT: Final = timedelta(0)


def refusing(schema: vol.Schema | vol.All) -> vol.All:
    """Wrap an action's schema so that it raises an error of Home Assistant.

    What a template got wrong would else stop a script even with `continue_on_error`.
    """

    @wraps(schema)
    def validate(data: Any) -> Any:
        try:
            return schema(data)
        except vol.Invalid as err:
            raise validation_error(Reason.INVALID_DATA, error=str(err)) from err

    return vol.All(validate)


def _time(value: Any) -> datetime:
    """Validate a time; Home Assistant's own validator crashes on a lone surrogate.

    It also takes times that do not exist in UTC.
    """
    time: datetime = cv.datetime(
        without_lone_surrogates(value) if isinstance(value, str) else value
    )
    try:
        dt_util.as_utc(time)
    except OverflowError as err:
        raise vol.Invalid(str(time)) from err
    return time


# Digits only: the API takes words such as "all" in place of an id.
_ID: Final = vol.All(cv.string, vol.Match(r"^[0-9]+\Z"))


def _split(value: Any) -> list[Any]:
    """Return ids as a list; a text may hold several, separated by commas."""
    items: list[Any] = []
    for item in cv.ensure_list(value):
        items += map(str.strip, item.split(",")) if isinstance(item, str) else [item]
    return items


_ENTRY: Final[dict[vol.Marker, Any]] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
_TARGETS: Final[dict[vol.Marker, Any]] = {
    **_ENTRY,
    # Of any type: a value that cannot be parsed gets a refused row, and the others are sent.
    vol.Optional(ATTR_RECIPIENTS, default=list): _split,
    vol.Optional(ATTR_PHONES, default=list): cv.ensure_list,
    **{vol.Optional(str(key)): _split for key in cv.TARGET_SERVICE_FIELDS},
}
_DURATION: Final = vol.All(period, vol.Range(max=MAX_WAIT))
_TIME_TO_LIVE: Final = vol.All(period, vol.Range(min=timedelta(minutes=1), max=timedelta(hours=24)))
_SENDING: Final[dict[vol.Marker, Any]] = {
    vol.Optional(ATTR_TEST, default=False): cv.boolean,
    vol.Optional(ATTR_URGENT, default=False): cv.boolean,
    vol.Optional(ATTR_RETRY_FOR, default=DEFAULT_RETRY_FOR): _DURATION,
    vol.Optional(ATTR_TIME_TO_LIVE): _TIME_TO_LIVE,
}
_TEXT: Final[dict[vol.Marker, Any]] = {
    vol.Optional(ATTR_SENDER): cv.string,
    vol.Optional(ATTR_TWO_WAY, default=False): cv.boolean,
    vol.Optional(ATTR_SEND_AT): _time,
    # Absent, the account's option decides.
    vol.Optional(ATTR_TRANSLITERATE): cv.boolean,
}
_WAIT: Final[dict[vol.Marker, Any]] = {vol.Optional(ATTR_WAIT, default=_NO_WAIT): _DURATION}

NOTIFY_DATA_SCHEMA: Final = vol.Schema(
    {
        **_SENDING,
        **{name: rule for name, rule in _TEXT.items() if name != ATTR_TWO_WAY},
        **_WAIT,
        # Absent, the recipient's channel decides.
        vol.Optional(ATTR_TWO_WAY): cv.boolean,
        vol.Optional(CONF_CHANNEL): vol.Coerce(Channel),
    }
)
SEND_SMS_SCHEMA: Final = vol.Schema(
    {**_TARGETS, vol.Required(ATTR_MESSAGE): cv.string, **_SENDING, **_TEXT, **_WAIT}
)
CALL_SCHEMA: Final = vol.Schema(
    {
        **_TARGETS,
        vol.Required(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_VOICE, default=Sender.VOICE_FEMALE.value): vol.All(
            vol.In([Sender.VOICE_FEMALE.value, Sender.VOICE_MALE.value]), vol.Coerce(Sender)
        ),
        vol.Optional(ATTR_SEND_AT): _time,
        **_SENDING,
        **_WAIT,
    }
)
FLASH_CALL_SCHEMA: Final = vol.Schema(
    {**_TARGETS, vol.Optional(ATTR_CODE): cv.string, **_SENDING, **_WAIT}
)
CHECK_NUMBER_SCHEMA: Final = vol.Schema(
    {
        **_TARGETS,
        vol.Optional(ATTR_METHOD, default=Kind.HLR.value): vol.In(
            [Kind.HLR.value, Kind.PING.value, Kind.HLRVIP.value]
        ),
        vol.Optional(ATTR_WAIT, default=DEFAULT_CHECK_WAIT): _DURATION,
    }
)
GET_STATUS_SCHEMA: Final = vol.All(
    vol.Schema(
        {
            **_ENTRY,
            vol.Exclusive(ATTR_MESSAGE_IDS, "which"): vol.All(cv.ensure_list, [_ID]),
            vol.Exclusive(ATTR_PACKET_ID, "which"): _ID,
            vol.Exclusive(ATTR_PERIOD, "which"): vol.In(["recent", "all"]),
            vol.Optional(ATTR_LIMIT, default=PAGE): vol.All(
                vol.Coerce(int), vol.Range(min=1, max=PAGE)
            ),
            vol.Optional(ATTR_OFFSET, default=0): vol.All(vol.Coerce(int), vol.Range(min=0)),
        }
    ),
    cv.has_at_least_one_key(ATTR_MESSAGE_IDS, ATTR_PACKET_ID, ATTR_PERIOD),
)
GET_INBOUND_SCHEMA: Final = vol.All(
    vol.Schema(
        {
            **_ENTRY,
            vol.Exclusive(ATTR_SINCE, "which"): _time,
            vol.Exclusive(ATTR_SCOPE, "which"): vol.In(["new", "all"]),
        }
    ),
    cv.has_at_least_one_key(ATTR_SINCE, ATTR_SCOPE),
)
ASK_SCHEMA: Final = vol.Schema(
    {
        **_TARGETS,
        vol.Required(ATTR_QUESTION): cv.string,
        vol.Optional(ATTR_TIMEOUT, default=DEFAULT_ASK_TIMEOUT): _DURATION,
        vol.Optional(ATTR_CODE, default=False): cv.boolean,
        vol.Optional(ATTR_ANSWERS, default=list): vol.All(
            cv.ensure_list,
            [
                {
                    # The handler refuses a bool: an error here would stop a script in any case.
                    vol.Required(ATTR_ID): vol.Any(bool, cv.string),
                    vol.Required(ATTR_SENTENCES): vol.All(
                        cv.ensure_list, [vol.Any(bool, cv.string)]
                    ),
                }
            ],
        ),
    }
)


GET_ACCOUNT_SCHEMA: Final = vol.Schema(_ENTRY)

_ALARM: Final[dict[vol.Marker, Any]] = {
    **_ENTRY,
    vol.Optional(ATTR_ALARM): cv.entity_id,
    **cv.TARGET_SERVICE_FIELDS,
    vol.Optional(ATTR_ENTITY_ID): cv.entity_ids,
}
START_ALARM_SCHEMA: Final = vol.Schema(
    {
        **_ALARM,
        vol.Optional(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_TEST, default=False): cv.boolean,
    }
)
ACKNOWLEDGE_ALARM_SCHEMA: Final = vol.Schema({**_ALARM, vol.Optional(ATTR_BY): cv.string})
END_ALARM_SCHEMA: Final = vol.Schema({**_ALARM, vol.Optional(ATTR_MESSAGE): cv.string})
