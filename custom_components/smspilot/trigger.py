"""The triggers: an inbound message, and a changed status of an outbound one."""

from typing import Final, cast, override

from homeassistant.const import CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .const import (
    CONF_PIN,
    EVENT_MESSAGE_STATUS,
)
from .contacts.phones import masked
from .errors import async_words
from .event_trigger import Data, EventTrigger, Miss
from .text.matching import Match, fits
from .text.reactions import is_reaction
from .text.regex_search import Found, RegexSearcher, check_patterns
from .trigger_options import (
    CONF_FROM,
    CONF_KIND,
    CONF_MATCH,
    CONF_MAX_AGE,
    CONF_STATUS,
    CONF_TEXT,
    CONF_TO,
    INBOUND_KINDS,
    KIND_ANY,
    MESSAGE_RECEIVED_SCHEMA,
    MESSAGE_STATUS_CHANGED_SCHEMA,
)


class MessageReceivedTrigger(EventTrigger):
    """Fires on inbound messages."""

    _contacts_option = CONF_FROM
    _events = INBOUND_KINDS[KIND_ANY]

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Validate the options, before an account is loaded and requirements are installed."""
        config = cast("ConfigType", MESSAGE_RECEIVED_SCHEMA(config))
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
        """Follow the inbound messages, with a searcher where the texts are regular expressions."""
        texts, match = self._options[CONF_TEXT], self._options[CONF_MATCH]
        is_regex = texts and match is Match.REGEX
        self._searcher = RegexSearcher(self._hass, texts) if is_regex else None
        detach = await super().async_attach_runner(run_action, did_not_trigger)

        @callback
        def stop() -> None:
            detach()
            if self._searcher:
                self._searcher.stop()

        return stop

    @override
    def _miss(self, event: Event[Data]) -> Miss | None:
        """Return why a message does not match; `_check_rest` searches and looks at the age."""
        options, data = self._options, event.data
        texts: list[str] = options[CONF_TEXT]
        if event.event_type not in INBOUND_KINDS[options[CONF_KIND]]:
            return Miss.WRONG_KIND
        is_saved = data["recipient_id"] is not None
        if not (self._contacts.has(data) if self._contacts else is_saved):
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
    def _check_rest(self, event: Event[Data]) -> None:
        @callback
        def on_result(found: Found | None) -> None:
            if found is None:
                self._report_miss(event, Miss.WRONG_TEXT)
            else:
                self._fire_unless_old(event, found)

        if self._searcher:
            self._searcher.begin(event.data["message"], on_result)
        else:
            self._fire_unless_old(event, {})

    @callback
    def _fire_unless_old(self, event: Event[Data], found: Found) -> None:
        """Run the action, unless the message is older than `max_age`."""
        max_age = self._options[CONF_MAX_AGE]
        if max_age and event.data["age"] > max_age.total_seconds():
            self._report_miss(event, Miss.TOO_OLD)
            return
        description = async_words(self._hass, "trigger_from", name=_name(event.data))
        self._run({**event.data, **found}, description, event.context)


class MessageStatusChangedTrigger(EventTrigger):
    """Fires on changed statuses of outbound messages."""

    _contacts_option = CONF_TO
    _events = (EVENT_MESSAGE_STATUS,)

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Validate the options, before an account is loaded and requirements are installed."""
        return cast("ConfigType", MESSAGE_STATUS_CHANGED_SCHEMA(config))

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
    def _check_rest(self, event: Event[Data]) -> None:
        status = async_words(self._hass, f"logbook_{event.data['status'] or 'unknown'}")
        name = _name(event.data)
        description = async_words(self._hass, "trigger_to", name=name, status=status)
        self._run(event.data, description, event.context)


def _name(data: Data) -> str:
    """Return the recipient or the masked number of an event, for an automation's trace."""
    phone = str(data["phone"])
    return data["recipient"] or (masked(phone) if phone.startswith("+") else phone)


TRIGGERS: Final[dict[str, type[Trigger]]] = {
    "message_received": MessageReceivedTrigger,
    "message_status_changed": MessageStatusChangedTrigger,
}


async def async_get_triggers(_hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS
