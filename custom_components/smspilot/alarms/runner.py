"""An alarm at work: it hears what happens, writes it to the disk, and then does what is wanted."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from secrets import randbelow
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import HomeAssistantError, TemplateError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.template import Template
from homeassistant.util import dt as dt_util
from homeassistant.util.ulid import ulid_now

from ..client import Status
from ..const import LOGGER
from ..contacts.recipients import Channel
from ..outbound.result import Row
from ..runtime.journal import Table
from .happenings import (
    Acknowledged,
    AnswersRead,
    Effect,
    Happening,
    NotDelivered,
    Publish,
    Read,
    Resumed,
    Started,
    TellFallback,
    Ticked,
    Transmit,
    World,
)
from .plan import Plan, entity_of, resolve_steps
from .run import advance, next_look
from .sending import (
    Ways,
    api_now,
    async_notify,
    async_transmit,
    is_answered_call,
    phones_of,
    sent_elsewhere,
    shorten,
)
from .sources import Sources
from .state import Outcome, Purpose, Run, Send, SendKey, State
from .story import event_data
from .texts import Writer, phrases

# Answers are read before a step, but no step waits for them longer. Seconds.
READ_TIMEOUT: Final = 10.0
# A clock that is set right meanwhile must not be noticed an hour late. Seconds.
MAX_SLEEP: Final = 60.0


class AlarmRunner:
    """One alarm of an account."""

    def __init__(self, ways: Ways, plan: Plan, changed: Callable[[AlarmRunner], None]) -> None:
        """Know the plan; nothing is watched yet. `changed` hears of every change."""
        self._changed = changed
        self._ways = ways
        self.plan = plan
        self.run = Run()
        self.sources = Sources(ways.hass, self._source_on, self._source_off)
        # Whom people write to; the room keeps it up to date.
        self.service_number: str | None = None
        # What the last check found.
        self.most_cost: Decimal | None = None
        self.problems: tuple[str, ...] = ()
        self._alive = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._queue: list[Coroutine[Any, Any, None]] = []
        self._worker: asyncio.Task[None] | None = None
        self._timer: CALLBACK_TYPE | None = None
        self._in_flight: set[tuple[SendKey, int]] = set()

    def restore(self, stored: Table) -> None:
        """Take up what was known before the restart."""
        self.sources.restore(map(str, stored["on"]))
        self.run = Run.from_stored(stored["run"])

    def as_stored(self) -> Table:
        """Return what is known, as it is stored."""
        return {"on": sorted(self.sources.on), "run": self.run.as_stored()}

    @callback
    def start(self) -> None:
        """Go on where the last life ended, and watch the sources."""
        self._alive = True
        is_new = self.sources.watch(self.plan.sources)
        self.dispatch(Resumed())
        if is_new:
            self.begin(by_source=True)

    @callback
    def take_plan(self, plan: Plan) -> None:
        """Go on by another plan."""
        sources_changed = plan.sources != self.plan.sources
        self.plan = plan
        if self._alive:
            if sources_changed and self.sources.watch(plan.sources):
                self.begin(by_source=True)
            self.dispatch(Ticked())

    @callback
    def watch_again(self) -> None:
        """Watch the sources by the names they have now."""
        if self._alive and self.sources.watch(self.plan.sources):
            self.begin(by_source=True)

    @callback
    def close(self) -> None:
        """Do nothing any more; what is known stays on the disk."""
        self._alive = False
        self.sources.stop()
        if self._timer:
            self._timer()
        for work in self._queue:
            work.close()
        self._queue = []
        for task in [*self._tasks, *filter(None, [self._worker])]:
            task.cancel()

    @callback
    def begin(
        self, message: str | None = None, *, by_source: bool = False, flap: bool = False
    ) -> None:
        """Start it, or hear of what is the same danger."""
        code = f"{100 + randbelow(900)}" if self.plan.code else None
        self.dispatch(
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
        """Let somebody take it who is at Home Assistant."""
        self.dispatch(Acknowledged(by=by))

    def message(self) -> str:
        """Return what is told: the plan's template, else the names of the sources that are on."""
        names = ", ".join(self.sources.names) or self.plan.name
        if not self.plan.message:
            return names
        template = Template(self.plan.message, self._ways.hass)
        try:
            return str(template.async_render(parse_result=False)).strip() or names
        except TemplateError as err:
            LOGGER.warning("The message of an alarm cannot be rendered: %s", err)
            return names

    @callback
    def dispatch(self, happening: Happening) -> None:
        """Let something happen: what is wanted is done once it is on the disk."""
        before = self.run
        run, wanted = advance(self.run, happening, self.world)
        self.run = run
        for effect in wanted:
            if isinstance(effect, Transmit):
                self._write_text(effect.key)
        if self.run is not before or wanted:
            self.save()
        self._queue += [self._do(effect) for effect in map(self._bound, wanted)]
        if self._queue and not self._worker:
            self._worker = self._ways.hass.async_create_background_task(
                self._work(), "smspilot alarm"
            )
        self._plan_look()
        if self.run is not before:
            self._changed(self)

    async def on_disk(self) -> None:
        """Return when what is known survives a kill, or when the disk takes too long."""
        await self._ways.journal.async_sync()

    @callback
    def save(self) -> None:
        """Remember it; whoever needs it on the disk waits for that."""
        self._ways.journal.write("alarms", self.plan.id, self.as_stored())

    @callback
    def take_status(self, message_id: str, status: Status, *, is_call: bool) -> None:
        """Hear what became of a message; whether a call counts as an answer the plan says."""
        send = next((one for one in self.run.sends.values() if message_id in one.ids), None)
        if send is None:
            return
        if status in (Status.UNDELIVERED, Status.FAILED):
            self.dispatch(NotDelivered(message_id))
        elif is_call and status is Status.DELIVERED and self.plan.pick_up:
            self.dispatch(Acknowledged(by=send.name, recipient=send.key.recipient))

    @property
    def world(self) -> World:
        """Return what the run has to know."""
        plan = self.plan
        return World(
            now=dt_util.utcnow(),
            api_now=api_now(self._ways),
            plan=plan,
            steps=resolve_steps(self._ways.hass, self._ways.entry, plan),
            off_since=self.sources.off_since if plan.sources else None,
        )

    # What is wanted

    async def _work(self) -> None:
        """Do what is wanted, in its order, each once the run is on the disk."""
        try:
            while self._queue:
                some, self._queue = self._queue, []
                await self.on_disk()
                for work in some:
                    await work
        finally:
            self._worker = None

    def _bound(self, effect: Effect) -> Effect | dict[str, Any]:
        """Return an effect, the event with the state as it is now."""
        if isinstance(effect, Publish):
            return event_data(self.plan, self.run, effect)
        return effect

    async def _do(self, effect: Effect | dict[str, Any]) -> None:
        match effect:
            case dict():
                self._ways.publisher.alarm(self.plan.id, effect)
            case Read():
                self._beside(self._read())
            case Transmit(key):
                self._beside(self._transmit(key))
            case TellFallback():
                self._beside(self._tell_fallback())

    @callback
    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._ways.hass.async_create_background_task(work, "smspilot alarm")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        """Read what people wrote and how calls ended, as far as there is an answer in time."""
        ways = self._ways
        sends = self.run.sends.values()
        calls = [one for send in sends if send.channel is Channel.VOICE for one in send.ids]
        await asyncio.gather(
            ways.inbox.async_read_now(READ_TIMEOUT),
            ways.deliveries.async_read_now(calls, READ_TIMEOUT),
            return_exceptions=True,
        )
        if self._alive:
            self.dispatch(AnswersRead())

    async def _transmit(self, key: SendKey) -> None:
        """Send, unless it is no longer wanted."""
        send, alarm_id = self.run.sends.get(key), self.run.alarm_id
        if send is None or send.outcome is not Outcome.INTENDED:
            return
        if key.purpose is Purpose.STEP and self.run.state is not State.RUNNING:
            return
        if (key, send.attempt) in self._in_flight:
            return
        self._in_flight.add((key, send.attempt))
        try:
            await self._send(send, alarm_id)
        except HomeAssistantError as err:
            # The account is being closed: it is found out, or sent, in its next life.
            LOGGER.debug("A text of an alarm waits for the next start: %s", err)
        finally:
            self._in_flight.discard((key, send.attempt))

    async def _send(self, send: Send, alarm_id: str) -> None:
        ways, recipient = self._ways, send.key.recipient
        if send.channel is None:
            reached = await async_notify(ways, entity_of(ways.hass, recipient), send.text)
            sent, rows = sent_elsewhere(ways, send, reached=reached), list[Row]()
        else:
            sent, rows = await async_transmit(ways, alarm_id, send, self._phones(send))
        if self.run.alarm_id != alarm_id or not self._alive:
            return
        self.dispatch(sent)
        for row in rows:
            # What became of it may be known before its send is.
            if row.message_id and row.status.final and not row.refused:
                self.take_status(row.message_id, row.status, is_call=is_answered_call(row))

    async def _tell_fallback(self) -> None:
        words = phrases(self._ways.hass)
        why = words.get(f"waiting_{self.run.waiting_for}", self.run.waiting_for or "")
        text = self._writer.fallback(self.run, self.plan.name, why)
        for one in self.plan.fallback:
            await async_notify(self._ways, entity_of(self._ways.hass, one), text)

    # Texts

    @property
    def _writer(self) -> Writer:
        return Writer(
            phrases=phrases(self._ways.hass),
            account=self._ways.entry.unique_id or "",
            service_number=self.service_number,
        )

    @callback
    def _write_text(self, key: SendKey) -> None:
        """Decide on what a send says, and remember it before it goes out."""
        send, ways = self.run.sends[key], self._ways
        if send.text:
            return
        phones = self._phones(send)
        text = self._writer.write(
            self.run,
            send,
            partial(shorten, ways, send.channel),
            partial(ways.memory.is_new, phones),
        )
        ways.memory.add(phones, text)
        send = replace(send, text=text)
        self.run = replace(self.run, sends={**self.run.sends, key: send})

    def rehearsed(self, send: Send, message: str | None) -> Send:
        """Return a send with the text that would be the first of a new run; nothing is kept."""
        code = "417" if self.plan.code else None
        run = Run(message=message or self.message(), code=code, started_at=dt_util.utcnow())
        text = self._writer.write(
            run, send, partial(shorten, self._ways, send.channel), lambda _text: True
        )
        return replace(send, text=text)

    def _phones(self, send: Send) -> tuple[str, ...]:
        """Return the numbers a send goes to."""
        if send.channel is None:
            return ()
        if send.key.purpose is Purpose.STEP:
            return phones_of(self._ways, send.key.recipient)
        return self.run.reached[send.key.recipient].phones

    # Time and sources

    @callback
    def _plan_look(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None
        world = self.world
        at = next_look(self.run, world)
        if self.run.state is State.RUNNING:
            at = at or world.now + timedelta(seconds=MAX_SLEEP)
        if self._alive and at:
            seconds = min(max((at - world.now).total_seconds(), 0), MAX_SLEEP)
            self._timer = async_call_later(self._ways.hass, seconds, self._look)

    @callback
    def _look(self, _now: datetime) -> None:
        self._timer = None
        idle = not self._tasks and not self._worker
        stuck = self.run.state is State.RUNNING and self.run.due_at is None and idle
        self.dispatch(Resumed() if stuck else Ticked())

    @callback
    def _source_on(self, flap: bool) -> None:
        self.begin(by_source=True, flap=flap)

    @callback
    def _source_off(self) -> None:
        self.save()
        self.dispatch(Ticked())
