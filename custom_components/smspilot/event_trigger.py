"""The base of both triggers: they follow our bus events, and report those that do not fire."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, override

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.trigger import (
    NotTriggeredInfo,
    Trigger,
    TriggerAction,
    TriggerActionPayloadBuilder,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)

from .const import DOMAIN
from .contacts.contact_filter import ContactFilter
from .contacts.unknown_contacts import UnknownContactsIssue
from .runtime.trail import async_trace, async_warn_once

type Data = dict[str, Any]


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


class EventTrigger(Trigger):
    """A trigger on the integration's bus events, which reports why one does not fire it."""

    # The option that holds numbers and names, and the types of the events.
    _contacts_option: str
    _events: Sequence[str]

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
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
        """Keep the automation, whose method the action is, for an issue that names it."""
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
        """Follow all events of these types, so that each that does not fire is reported."""
        self._run, self._report = run_action, did_not_trigger
        stops = [self._hass.bus.async_listen(event, self._handle) for event in self._events]
        stops.append(UnknownContactsIssue(self._hass, self._contacts, self._owner).async_start())
        entry = self._hass.config_entries.async_get_entry(self._entry_id or "")
        if self._entry_id and (entry is None or entry.domain != DOMAIN):
            gone = "A trigger is for the account %s, which is gone"
            async_warn_once(self._hass, gone, self._entry_id)

        @callback
        def stop() -> None:
            for one in stops:
                one()

        return stop

    @callback
    def _handle(self, event: Event[Data]) -> None:
        """Run the action, or report why not."""
        if self._entry_id not in (None, event.data["entry_id"]):
            self._report_miss(event, Miss.WRONG_ACCOUNT)
        elif miss := self._miss(event):
            self._report_miss(event, miss)
        else:
            self._check_rest(event)

    def _miss(self, event: Event[Data]) -> Miss | None:
        """Return why a message of the account does not fire the trigger, as far as is cheap."""
        raise NotImplementedError

    @callback
    def _check_rest(self, event: Event[Data]) -> None:
        """Run the action, or report why not, after the checks that `_miss` has left, if any."""
        raise NotImplementedError

    @callback
    def _report_miss(self, event: Event[Data], miss: Miss) -> None:
        details = {"reason": miss.value, "message_id": event.data["message_id"]}
        async_trace(self._hass, event.data["entry_id"], "trigger did not fire", **details)
        if self._report:
            data = {"message_id": event.data["message_id"], "age": event.data.get("age")}
            self._report(NotTriggeredInfo(miss.value, data), event.context)
