"""The triggers: somebody wrote, and what became of a message."""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast, override

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    NotTriggeredInfo,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .client import Kind
from .const import (
    DEFAULT_MAX_AGE,
    EVENT_MESSAGE_STATUS,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
)
from .contacts.contact_filter import ContactFilter
from .contacts.phones import masked
from .outbound.result import STATUS_WORDS
from .text.matching import Match, fits
from .text.periods import period
from .text.regex_search import RegexSearcher, check_patterns

type Data = dict[str, Any]

CONF_FROM: Final = "from"
CONF_TO: Final = "to"
CONF_TEXT: Final = "text"
CONF_MATCH: Final = "match"
CONF_KIND: Final = "kind"
CONF_STATUS: Final = "status"
CONF_MAX_AGE: Final = "max_age"

KIND_ANY: Final = "any"
# The events of each kind of message somebody writes.
INBOUND_KINDS: Final = {
    KIND_ANY: (EVENT_SMS_RECEIVED, EVENT_REPLY_RECEIVED),
    "sms": (EVENT_SMS_RECEIVED,),
    "reply": (EVENT_REPLY_RECEIVED,),
}


def _words(value: Any) -> str:
    """Validate what a person wrote; YAML takes a bare yes, no, on or off for no text."""
    if isinstance(value, bool):
        raise vol.Invalid("put yes, no, on and off in quotes")
    text = cv.string(value)
    if not text.strip():
        raise vol.Invalid("is empty")
    return text


def _contact(value: Any) -> str | int:
    """Validate a number or a name; a bare number in YAML is an integer."""
    text = _words(value)
    return value if isinstance(value, int) else text


_ENTRY: Final[dict[vol.Marker, Any]] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
_MESSAGE_RECEIVED: Final = vol.Schema(
    {
        vol.Required(CONF_OPTIONS, default=dict): {
            **_ENTRY,
            vol.Optional(CONF_FROM, default=list): vol.All(cv.ensure_list, [_contact]),
            vol.Optional(CONF_TEXT, default=list): vol.All(cv.ensure_list, [_words]),
            vol.Optional(CONF_MATCH, default=Match.EQUALS.value): vol.Coerce(Match),
            vol.Optional(CONF_KIND, default=KIND_ANY): vol.In(list(INBOUND_KINDS)),
            vol.Optional(CONF_MAX_AGE, default=DEFAULT_MAX_AGE): period,
        }
    }
)
_MESSAGE_STATUS_CHANGED: Final = vol.Schema(
    {
        vol.Required(CONF_OPTIONS, default=dict): {
            **_ENTRY,
            vol.Optional(CONF_STATUS, default=list): vol.All(
                cv.ensure_list, [vol.In(STATUS_WORDS)]
            ),
            vol.Optional(CONF_KIND, default=list): vol.All(
                cv.ensure_list, [vol.In([kind.value for kind in Kind])]
            ),
            vol.Optional(CONF_TO, default=list): vol.All(cv.ensure_list, [_contact]),
        }
    }
)


class EventTrigger(Trigger):
    """A trigger that hears the integration's own events."""

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take the options as they were validated."""
        super().__init__(hass, config)
        self._options: Data = config.options or {}

    @callback
    def _listen(
        self, events: Sequence[str], hear: Callable[[Data, Context], None]
    ) -> CALLBACK_TYPE:
        """Hear the events of the account that is meant, or of all."""
        entry_id = self._options.get(ATTR_CONFIG_ENTRY_ID)

        @callback
        def heard(event: Event[Data]) -> None:
            if entry_id in (None, event.data["entry_id"]):
                hear(event.data, event.context)

        stops = [self._hass.bus.async_listen(event, heard) for event in events]

        @callback
        def stop() -> None:
            for one in stops:
                one()

        return stop


class MessageReceivedTrigger(EventTrigger):
    """Somebody wrote."""

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Validate the options, before an account is loaded and requirements are installed."""
        config = cast("ConfigType", _MESSAGE_RECEIVED(config))
        options = config[CONF_OPTIONS]
        if options[CONF_MATCH] is Match.REGEX:
            await hass.async_add_executor_job(check_patterns, options[CONF_TEXT])
        return config

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Hear what people write."""
        options = self._options
        texts, match, max_age = options[CONF_TEXT], options[CONF_MATCH], options[CONF_MAX_AGE]
        contacts = ContactFilter(self._hass, options[CONF_FROM])
        searcher = RegexSearcher(self._hass, texts) if texts and match is Match.REGEX else None

        @callback
        def found(data: Data, context: Context) -> None:
            """Act, unless it is too late."""
            if max_age and data["age"] > max_age.total_seconds():
                if did_not_trigger:
                    info = NotTriggeredInfo("too_old", {"age": data["age"]})
                    did_not_trigger(info, context)
                return
            run_action(data, f"message from {_name(data)}", context)

        @callback
        def hear(data: Data, context: Context) -> None:
            """Act on what the right person wrote."""
            if not (contacts.has(data) if contacts else data["recipient"]):
                return
            if searcher:
                searcher.begin(data["message"], lambda more: found({**data, **more}, context))
            elif not texts or fits(data["message"], texts, match):
                found(data, context)

        stop_listening = self._listen(INBOUND_KINDS[options[CONF_KIND]], hear)

        @callback
        def stop() -> None:
            stop_listening()
            if searcher:
                searcher.stop()

        return stop


class MessageStatusChangedTrigger(EventTrigger):
    """Something became of a message that was sent."""

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Validate the options, before an account is loaded and requirements are installed."""
        return cast("ConfigType", _MESSAGE_STATUS_CHANGED(config))

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Hear what becomes of messages."""
        statuses, kinds = self._options[CONF_STATUS], self._options[CONF_KIND]
        contacts = ContactFilter(self._hass, self._options[CONF_TO])

        @callback
        def hear(data: Data, context: Context) -> None:
            if statuses and data["status"] not in statuses:
                return
            if kinds and data["kind"] not in kinds:
                return
            if contacts and not contacts.has(data):
                return
            run_action(data, f"message to {_name(data)}: {data['status']}", context)

        return self._listen((EVENT_MESSAGE_STATUS,), hear)


def _name(data: Data) -> str:
    """Return who it is, for a trace: no number stands there as a whole."""
    phone = str(data["phone"])
    return data["recipient"] or (masked(phone) if phone.startswith("+") else phone)


TRIGGERS: Final[dict[str, type[Trigger]]] = {
    "message_received": MessageReceivedTrigger,
    "message_status_changed": MessageStatusChangedTrigger,
}


async def async_get_triggers(_hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS
