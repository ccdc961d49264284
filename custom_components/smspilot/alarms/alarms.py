"""The alarms of an account: create, change and remove them, and give them their answers."""

from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send

from ..client import Kind, Status
from ..const import LOGGER
from ..events import SIGNAL_ALARM, SIGNAL_STATUS
from ..inbound.classify import Classified
from ..runtime.journal import Table, Tables
from ..text.reactions import is_reaction
from .answers import Answer, addressed, declines, recipient_reached_by, without_code
from .checks import Checks
from .happenings import Acknowledged, Declined, WrongCodes
from .plan import plans
from .runner import AlarmRunner
from .sending import AlarmContext
from .state import AlarmState, Run

APP_EVENT: Final = "mobile_app_notification_action"
APP_ACTION: Final = "SMSPILOT_ACKNOWLEDGE_"
_FACTS: Final = "alarm_facts"


class Alarms:
    """The alarms of an account, by their subentry's id."""

    def __init__(self, context: AlarmContext) -> None:
        self.context = self._context = context
        self.runners: dict[str, AlarmRunner] = {}
        self._stored: Table = {}
        self._service_number: str | None = None
        self._started = False
        self._disconnects: list[CALLBACK_TYPE] = []
        self.checks = Checks(context, self._changed)

    def restore(self, tables: Tables) -> None:
        """Load the journal's tables."""
        self._stored = tables.get("alarms", {})
        self._context.memory.restore(tables.get("alarm_texts", {}))
        self.checks.restore(tables.get("alarm_checks", {}))
        self._service_number = tables.get(_FACTS, {}).get("service_number")

    def tables(self) -> Tables:
        """Return the tables as the journal stores them."""
        facts = {"service_number": self._service_number} if self._service_number else {}
        return {
            "alarms": self._stored | {key: one.as_stored() for key, one in self.runners.items()},
            "alarm_texts": self._context.memory.table(),
            "alarm_checks": self.checks.table(),
            _FACTS: facts,
        }

    def name_of(self, message_id: str) -> str | None:
        """Return the name of the alarm that sent a message in its present run."""
        for runner in self.runners.values():
            if any(message_id in send.ids for send in runner.run.sends.values()):
                return runner.plan.name
        return None

    @callback
    def apply(self) -> None:
        """Create, change and remove alarms as their subentries say; no text is sent."""
        found = plans(self._context.entry)
        for key in [key for key in self.runners if key not in found]:
            self.runners.pop(key).remove()
            self._context.journal.put("alarms", key, None)
            self.checks.forget(key)
        for key, plan in found.items():
            if runner := self.runners.get(key):
                if plan != runner.plan:
                    runner.take_plan(plan)
                    self.checks.plan(runner, now=True)
                continue
            runner = self.runners[key] = AlarmRunner(self._context, plan, self._changed)
            runner.service_number = self._service_number
            self._restore(runner, self._stored.pop(key, None))
            if self._started:
                runner.start()
                self.checks.plan(runner, now=True)

    @callback
    def start(self) -> None:
        """Go on, now that Home Assistant has started and all integrations' entities exist."""
        if self._started:
            # Only the entry was reloaded.
            return
        self._started = True
        hass, entry = self._context.hass, self._context.entry
        status = SIGNAL_STATUS.format(entry.entry_id)
        self._disconnects += [
            async_dispatcher_connect(hass, status, self._take_status),
            hass.bus.async_listen(APP_EVENT, self._app_action),
            hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._entity_changed),
            self._context.inbox.add_claimant(self.claim),
        ]
        for runner in self.runners.values():
            runner.start()
            self.checks.plan(runner, now=False)

    @callback
    def close(self) -> None:
        """Stop; the stored state stays on the disk."""
        self.checks.close()
        for disconnect in self._disconnects:
            disconnect()
        for runner in self.runners.values():
            runner.close()

    @callback
    def claim(self, message: Classified) -> bool:
        """Return whether a message answers an alarm, and apply it; Assist does not get it then."""
        if message.service_number and message.service_number != self._service_number:
            self._set_service_number(message.service_number)
        if message.pin_ok or message.is_reaction or not message.verified:
            return False
        answer = Answer(
            phone=message.phone,
            received_at=message.received_at,
            to_the_minute=message.to_the_minute,
        )
        runner, run = self._addressed(answer)
        if runner is None or run is None or self._answers_another(message, run):
            return False
        if is_reaction(message.text, run.message):
            return False
        recipient = recipient_reached_by(run, message.phone)
        if recipient is None:
            return False
        text, wrong = without_code(run, message.phone, message.text)
        if text is None:
            if wrong:
                runner.handle(WrongCodes(message.phone, wrong))
            return False
        name = run.reached[recipient].name
        if declines(text):
            runner.handle(Declined(recipient, name))
        else:
            runner.handle(Acknowledged(by=name, recipient=recipient))
        return True

    def _addressed(self, answer: Answer) -> tuple[AlarmRunner | None, Run | None]:
        """Return the alarm that a text answers, and its run including sends under way."""
        runs = [(one, one.run_in_flight()) for one in self.runners.values()]
        found = addressed((run for _one, run in runs), answer)
        return next(((one, run) for one, run in runs if run is found), (None, None))

    def _answers_another(self, message: Classified, run: Run) -> bool:
        """Return whether a message answers an `ask`, or a question newer than the alarm's texts."""
        question = message.question
        if question is None:
            return False
        if self._context.inbox.questions.is_waited_for(question):
            return True
        runs = (one.run_in_flight() for one in self.runners.values())
        ids = {one for each in runs for send in each.sends.values() for one in send.ids}
        if question.message_id in ids:
            return False
        recipient = recipient_reached_by(run, message.phone)
        reached = run.reached.get(recipient or "")
        return bool(reached and question.sent_at > reached.last)

    @callback
    def _take_status(self, data: dict[str, Any]) -> None:
        if data["message_id"] and data["final"] and data["status_code"] is not None:
            status, is_call = Status(data["status_code"]), data["kind"] == Kind.VOICE
            for runner in self.runners.values():
                runner.take_status(data["message_id"], status, is_call=is_call)

    async def _app_action(self, event: Event[dict[str, Any]]) -> None:
        """Acknowledge by a button of the companion app's notification."""
        action = str(event.data.get("action", ""))
        runner = next(
            (
                one
                for one in self.runners.values()
                if one.run.alive and action == f"{APP_ACTION}{one.run.alarm_id}"
            ),
            None,
        )
        if runner:
            runner.handle(
                Acknowledged(by=await user_name(self._context.hass, event.context.user_id))
            )

    @callback
    def _entity_changed(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Track a renamed source by its new entity id."""
        if event.data["action"] == "update" and "old_entity_id" in event.data:
            for runner in self.runners.values():
                runner.track_again()

    @callback
    def _changed(self, runner: AlarmRunner) -> None:
        """Read the inbound list often while an alarm runs, and update the alarm's entities."""
        is_running = any(one.run.state is AlarmState.RUNNING for one in self.runners.values())
        self._context.inbox.set_frequent("alarms", is_running)
        signal = SIGNAL_ALARM.format(self._context.entry.entry_id)
        async_dispatcher_send(self._context.hass, signal, runner.plan.id)

    @callback
    def _set_service_number(self, number: str) -> None:
        self._service_number = number
        self._context.journal.put(_FACTS, "service_number", number)
        for runner in self.runners.values():
            runner.service_number = number

    @callback
    def _restore(self, runner: AlarmRunner, stored: Table | None) -> None:
        if stored is None:
            return
        try:
            runner.restore(stored)
        except LookupError, TypeError, ValueError:
            LOGGER.warning("The stored state of an alarm cannot be read and is left out")


async def user_name(hass: HomeAssistant, user_id: str | None) -> str:
    """Return the name of a user; `Home Assistant` without one, as for an automation."""
    user = await hass.auth.async_get_user(user_id) if user_id else None
    return (user and user.name) or "Home Assistant"
