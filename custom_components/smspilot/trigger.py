"""The triggers: somebody wrote, and what became of a message."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, cast, override

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    NotTriggeredInfo,
    Trigger,
    TriggerAction,
    TriggerActionPayloadBuilder,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .client import Kind
from .const import (
    ANYONE,
    CONF_PIN,
    DEFAULT_MAX_AGE,
    DOMAIN,
    EVENT_MESSAGE_STATUS,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
    LOGGER,
)
from .contacts.contact_filter import ContactFilter
from .contacts.phones import masked
from .contacts.unknown_contacts import UnknownContactsIssue
from .errors import async_words
from .outbound.result import STATUS_WORDS
from .runtime.trail import async_trace
from .text.matching import Match, fits, normalised
from .text.periods import period
from .text.reactions import is_reaction
from .text.regex_search import Found, RegexSearcher, check_patterns

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
# What the editor's selector says of the one field that it shows.
ACTIVE_CHOICE: Final = "active_choice"
CHOICES: Final = ("recipients", "numbers", "anyone")


class Miss(StrEnum):
    """Why a message does not trigger."""

    WRONG_ACCOUNT = "wrong_account"
    WRONG_KIND = "wrong_kind"
    WRONG_SENDER = "wrong_sender"
    WRONG_RECIPIENT = "wrong_recipient"
    WRONG_STATUS = "wrong_status"
    WRONG_TEXT = "wrong_text"
    REACTION = "reaction"
    NO_PIN = "no_pin"
    TOO_OLD = "too_old"


def _words(value: Any) -> str:
    """Validate what a person wrote; YAML takes a bare yes, no, on or off for no text."""
    if isinstance(value, bool):
        raise vol.Invalid("put yes, no, on and off in quotes")
    text = cv.string(value)
    if not normalised(text):
        raise vol.Invalid("is empty")
    return text


def _contacts(value: Any) -> list[str | int]:
    """Validate whom a trigger means, as a list or as the editor's selector hands it on."""
    if isinstance(value, Mapping) and ACTIVE_CHOICE in value:
        choice = vol.In(CHOICES)(value[ACTIVE_CHOICE])
        # Nothing has to be entered for anyone, and then nothing is handed on.
        value = ANYONE if choice == "anyone" else value.get(choice)
    return [_contact(one) for one in cv.ensure_list(value)]


def _contact(value: Any) -> str | int:
    """Validate a number or a name; a bare number in YAML is an integer."""
    text = _words(value)
    return value if isinstance(value, int) else text


_ENTRY: Final[dict[vol.Marker, Any]] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
_MESSAGE_RECEIVED: Final = vol.Schema(
    {
        vol.Required(CONF_OPTIONS, default=dict): {
            **_ENTRY,
            vol.Optional(CONF_FROM, default=list): _contacts,
            vol.Optional(CONF_TEXT, default=list): vol.All(cv.ensure_list, [_words]),
            vol.Optional(CONF_MATCH, default=Match.EQUALS.value): vol.Coerce(Match),
            vol.Optional(CONF_KIND, default=KIND_ANY): vol.In(list(INBOUND_KINDS)),
            vol.Optional(CONF_MAX_AGE, default=DEFAULT_MAX_AGE): period,
            vol.Optional(CONF_PIN, default=False): cv.boolean,
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
            vol.Optional(CONF_TO, default=list): _contacts,
        }
    }
)


class EventTrigger(Trigger):
    """A trigger that hears the integration's own events, and reports which do not fire it."""

    # The option that says whom it means, and all events that it looks at.
    _contacts_option: str
    _events: Sequence[str]

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take the options as they were validated."""
        super().__init__(hass, config)
        self._options: Data = config.options or {}
        self._entry_id: str | None = self._options.get(ATTR_CONFIG_ENTRY_ID)
        self._contacts = ContactFilter(hass, self._options[self._contacts_option], self._entry_id)
        self._owner: object = None
        self._run: TriggerActionRunner
        self._report: TriggerNotTriggeredReporter | None = None

    @override
    async def async_attach_action(
        self,
        action: TriggerAction,
        action_payload_builder: TriggerActionPayloadBuilder,
        *,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Remember whose trigger it is: an automation's action is a method of its own."""
        self._owner = getattr(action, "__self__", None)
        return await super().async_attach_action(
            action, action_payload_builder, did_not_trigger=did_not_trigger
        )

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Hear the events, also those that cannot fire it: each reports why."""
        self._run, self._report = run_action, did_not_trigger
        stops = [self._hass.bus.async_listen(event, self._heard) for event in self._events]
        stops.append(UnknownContactsIssue(self._hass, self._contacts, self._owner).async_start())
        entry = self._hass.config_entries.async_get_entry(self._entry_id or "")
        if self._entry_id and (entry is None or entry.domain != DOMAIN):
            LOGGER.warning("A trigger is for the account %s, which is gone", self._entry_id)

        @callback
        def stop() -> None:
            for one in stops:
                one()

        return stop

    @callback
    def _heard(self, event: Event[Data]) -> None:
        """Fire, or say why not."""
        miss = self._miss(event)
        if self._entry_id not in (None, event.data["entry_id"]):
            miss = Miss.WRONG_ACCOUNT
        if miss:
            self._missed(event, miss)
        else:
            self._fire(event)

    def _miss(self, event: Event[Data]) -> Miss | None:
        """Return why a message of the account does not fire the trigger."""
        raise NotImplementedError

    @callback
    def _fire(self, event: Event[Data]) -> None:
        """Run the action."""
        raise NotImplementedError

    @callback
    def _missed(self, event: Event[Data], miss: Miss) -> None:
        details = {"reason": miss.value, "message_id": event.data["message_id"]}
        async_trace(self._hass, event.data["entry_id"], "trigger did not fire", **details)
        if self._report:
            data = {"message_id": event.data["message_id"], "age": event.data.get("age")}
            self._report(NotTriggeredInfo(miss.value, data), event.context)


class MessageReceivedTrigger(EventTrigger):
    """Somebody wrote."""

    _contacts_option = CONF_FROM
    _events = INBOUND_KINDS[KIND_ANY]

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
        texts, match = self._options[CONF_TEXT], self._options[CONF_MATCH]
        is_regex = texts and match is Match.REGEX
        self._searcher = RegexSearcher(self._hass, texts) if is_regex else None
        stop_listening = await super().async_attach_runner(run_action, did_not_trigger)

        @callback
        def stop() -> None:
            stop_listening()
            if self._searcher:
                self._searcher.stop()

        return stop

    @override
    def _miss(self, event: Event[Data]) -> Miss | None:
        """Return what of the message is wrong, but for a regular expression and its age."""
        options, data = self._options, event.data
        texts: list[str] = options[CONF_TEXT]
        if event.event_type not in INBOUND_KINDS[options[CONF_KIND]]:
            return Miss.WRONG_KIND
        is_anybody = data["recipient_id"] is not None
        if not (self._contacts.has(data) if self._contacts else is_anybody):
            return Miss.WRONG_SENDER
        if options[CONF_PIN] and not data["pin_ok"]:
            return Miss.NO_PIN
        if texts and is_reaction(data["message"]):
            return Miss.REACTION
        if texts and not self._searcher and not fits(data["message"], texts, options[CONF_MATCH]):
            return Miss.WRONG_TEXT
        return None

    @override
    @callback
    def _fire(self, event: Event[Data]) -> None:
        @callback
        def searched(found: Found | None) -> None:
            if found is None:
                self._missed(event, Miss.WRONG_TEXT)
            else:
                self._fire_in_time(event, found)

        if self._searcher:
            self._searcher.begin(event.data["message"], searched)
        else:
            self._fire_in_time(event, {})

    @callback
    def _fire_in_time(self, event: Event[Data], found: Found) -> None:
        """Act, unless it is too late."""
        max_age = self._options[CONF_MAX_AGE]
        if max_age and event.data["age"] > max_age.total_seconds():
            self._missed(event, Miss.TOO_OLD)
            return
        description = async_words(self._hass, "trigger_from", name=_name(event.data))
        self._run({**event.data, **found}, description, event.context)


class MessageStatusChangedTrigger(EventTrigger):
    """Something became of a message that was sent."""

    _contacts_option = CONF_TO
    _events = (EVENT_MESSAGE_STATUS,)

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Validate the options, before an account is loaded and requirements are installed."""
        return cast("ConfigType", _MESSAGE_STATUS_CHANGED(config))

    @override
    def _miss(self, event: Event[Data]) -> Miss | None:
        options, data = self._options, event.data
        if options[CONF_STATUS] and data["status"] not in options[CONF_STATUS]:
            return Miss.WRONG_STATUS
        if options[CONF_KIND] and data["kind"] not in options[CONF_KIND]:
            return Miss.WRONG_KIND
        if self._contacts and not self._contacts.has(data):
            return Miss.WRONG_RECIPIENT
        return None

    @override
    @callback
    def _fire(self, event: Event[Data]) -> None:
        status = async_words(self._hass, f"logbook_{event.data['status'] or 'unknown'}")
        name = _name(event.data)
        description = async_words(self._hass, "trigger_to", name=name, status=status)
        self._run(event.data, description, event.context)


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
