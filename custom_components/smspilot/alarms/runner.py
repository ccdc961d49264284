"""Run an alarm: apply happenings to its run, store the run, and execute the effects."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import TemplateError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.template import Template
from homeassistant.util import dt as dt_util
from homeassistant.util.ulid import ulid_now

from ..client import Status
from ..const import LOGGER
from ..inbound.classify import new_code
from ..runtime.journal import Table
from ..runtime.trail import async_trace
from .effects import Effects
from .happenings import (
    Acknowledged,
    Cancel,
    Happening,
    NotDelivered,
    Recovered,
    Started,
    Ticked,
    Transmit,
    World,
)
from .plan import Plan, resolve_steps
from .presentation import steps_taken
from .results import reach
from .run import advance, next_tick
from .sending import AlarmContext, sent_before
from .sends import SendState
from .sources import Sources
from .state import AlarmState, Run

# The run is checked again after this long at the latest: the machine's clock may be set. Seconds.
MAX_SLEEP: Final = 60.0


class AlarmRunner:
    """One alarm of an account."""

    def __init__(
        self, context: AlarmContext, plan: Plan, changed: Callable[[AlarmRunner], None]
    ) -> None:
        """Have `changed` called after every change; the sources are not tracked yet."""
        self._changed = changed
        self._context = context
        self.plan = plan
        self.run = Run()
        self.sources = Sources(context.hass, self._source_on, self._source_off)
        # The number that people text, as far as it is known; `Alarms` keeps it up to date.
        self.service_number: str | None = None
        # The results of the last check.
        self.max_cost: Decimal | None = None
        self.problems: tuple[str, ...] = ()
        self.is_loaded = False
        self.effects = Effects(context, self)
        self._timer: CALLBACK_TYPE | None = None

    def restore(self, stored: Table) -> None:
        """Load the stored state."""
        self.sources.restore(map(str, stored["on"]))
        self.run = Run.from_stored(stored["run"])

    def as_stored(self) -> Table:
        """Return the state as the journal stores it."""
        return {"on": sorted(self.sources.on), "run": self.run.as_stored()}

    @callback
    def start(self) -> None:
        """Go on after a start, and track the sources."""
        self.is_loaded = True
        is_new = self.sources.track(self.plan.sources)
        self.handle(Recovered())
        if is_new:
            self.trigger(by_source=True)

    @callback
    def take_plan(self, plan: Plan) -> None:
        """Go on with another plan."""
        sources_changed = plan.sources != self.plan.sources
        self.plan = plan
        if self.is_loaded:
            if sources_changed and self.sources.track(plan.sources):
                self.trigger(by_source=True)
            self.handle(Ticked())

    @callback
    def track_again(self) -> None:
        """Track the sources by their present entity ids."""
        if self.is_loaded and self.sources.track(self.plan.sources):
            self.trigger(by_source=True)

    @callback
    def remove(self) -> None:
        """Stop without a text, as the alarm was removed."""
        self.effects.queue(map(Cancel, self.run.sends))
        self.close()

    @callback
    def close(self) -> None:
        """Stop; the stored state stays on the disk."""
        self.is_loaded = False
        self.sources.stop()
        if self._timer:
            self._timer()
        self.effects.close()

    @callback
    def trigger(
        self, message: str | None = None, *, by_source: bool = False, flap: bool = False
    ) -> None:
        """Start a run, unless it belongs to the present one."""
        code = new_code(self._context.entry) if self.plan.code else None
        self.handle(
            Started(
                alarm_id=ulid_now(),
                message=message or self.message(),
                code=code,
                by_source=by_source,
                flap=flap,
            )
        )

    @callback
    def acknowledge(self, by: str) -> None:
        """Acknowledge by a user or an action of Home Assistant."""
        self.handle(Acknowledged(by=by))

    def message(self) -> str:
        """Return the rendered message of the plan, else the names of the sources that are on."""
        names = ", ".join(self.sources.names) or self.plan.name
        if not self.plan.message:
            return names
        template = Template(self.plan.message, self._context.hass)
        try:
            return str(template.async_render(parse_result=False)).strip() or names
        except TemplateError as err:
            LOGGER.warning("The message of an alarm cannot be rendered: %s", err)
            return names

    @callback
    def handle(self, happening: Happening) -> None:
        """Apply a happening to the run, store the run, and queue its effects."""
        before = self.run
        run, effects = advance(self.run, happening, self.world)
        self.run = run
        for effect in effects:
            if isinstance(effect, Transmit):
                self.effects.put_text(effect.key)
        if self.run is not before or effects:
            self.save()
        for step, details in steps_taken(before, run, happening, effects):
            async_trace(self._context.hass, self._context.entry.entry_id, step, **details)
        self.effects.queue(effects)
        self._schedule_tick()
        if self.run is not before:
            self._changed(self)

    async def on_disk(self) -> None:
        """Return once the run is on the disk, or the disk takes too long."""
        await self._context.journal.async_sync()

    @callback
    def save(self) -> None:
        """Write the state to the journal; `on_disk` waits for the disk."""
        self._context.journal.put("alarms", self.plan.id, self.as_stored())

    def run_in_flight(self) -> Run:
        """Return the run as if its requests without a response had reached their recipients."""
        run = self.run
        for send in run.of_step():
            if send.state is SendState.INTENDED and send.channel:
                known = sent_before(self._context, run.alarm_id, send)
                if known and (sent := known[0]).state.may_have_reached:
                    sends = {**run.sends, send.key: replace(send, ids=sent.ids)}
                    run = reach(replace(run, sends=sends), send, sent)
        return run

    @callback
    def take_status(self, message_id: str, status: Status, *, is_call: bool) -> None:
        """Apply the status of a message; an answered call acknowledges if `pick_up` is on."""
        send = next((one for one in self.run.sends.values() if message_id in one.ids), None)
        if send is None:
            return
        if status in (Status.UNDELIVERED, Status.FAILED):
            self.handle(NotDelivered(message_id))
        elif is_call and status is Status.DELIVERED and self.plan.pick_up:
            self.handle(Acknowledged(by=send.name, recipient=send.key.recipient))

    @property
    def world(self) -> World:
        """Return what the transition function needs to know."""
        plan = self.plan
        return World(
            now=dt_util.utcnow(),
            api_now=self._context.inbox.now,
            plan=plan,
            steps=resolve_steps(self._context.hass, self._context.entry, plan),
            off_since=self.sources.off_since if plan.sources else None,
        )

    # Time and sources

    @callback
    def _schedule_tick(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None
        world = self.world
        at = next_tick(self.run, world)
        if self.run.state is AlarmState.RUNNING:
            at = at or world.now + timedelta(seconds=MAX_SLEEP)
        if self.is_loaded and at:
            seconds = min(max((at - world.now).total_seconds(), 0), MAX_SLEEP)
            self._timer = async_call_later(self._context.hass, seconds, self._tick)

    @callback
    def _tick(self, _now: datetime) -> None:
        self._timer = None
        stuck = (
            self.run.state is AlarmState.RUNNING and self.run.due_at is None and self.effects.idle
        )
        self.handle(Recovered() if stuck else Ticked())

    @callback
    def _source_on(self, flap: bool) -> None:
        self.trigger(by_source=True, flap=flap)

    @callback
    def _source_off(self) -> None:
        self.save()
        self.handle(Ticked())
