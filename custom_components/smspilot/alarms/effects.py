"""Execute the effects a run wants, in their order, once the run is on the disk."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..client import Status
from ..const import LOGGER
from ..contacts.recipients import Channel
from ..outbound.result import Row
from .happenings import (
    AnswersRead,
    Cancel,
    Effect,
    Happening,
    NotifyFallback,
    Publish,
    Read,
    Transmit,
    World,
)
from .plan import Plan, entity_of
from .presentation import event_data
from .sending import (
    AlarmContext,
    async_notify,
    async_transmit,
    fitted,
    is_answered_call,
    key_of,
    not_needed,
    phones_of,
    sent_before,
    sent_elsewhere,
)
from .sends import Purpose, Send, SendKey, SendState
from .state import Run
from .steps import is_needed
from .texts import Writer, phrases

# Before a step answers are read, for at most this long. Seconds.
READ_TIMEOUT: Final = 10.0
# What a text has in place of a run's code where there is no run: in checks and rehearsals.
EXAMPLE_CODE: Final = "417"


class Alarm(Protocol):
    """What `Effects` needs of `AlarmRunner`."""

    plan: Plan
    run: Run
    is_loaded: bool
    service_number: str | None

    @property
    def world(self) -> World:
        """Return what the transition function needs to know."""

    def handle(self, happening: Happening) -> None:
        """Apply a happening to the run."""

    def take_status(self, message_id: str, status: Status, *, is_call: bool) -> None:
        """Apply the status of a message."""

    def message(self) -> str:
        """Return the alarm's message."""

    async def on_disk(self) -> None:
        """Return once the run is on the disk."""


class Effects:
    """Executes the effects of one alarm in background tasks."""

    def __init__(self, context: AlarmContext, alarm: Alarm) -> None:
        self._context = context
        self._alarm = alarm
        self._tasks: set[asyncio.Task[None]] = set()
        # Values, not coroutines: those left at the end would warn that they were never awaited.
        self._queue: list[Effect | dict[str, Any]] = []
        self._worker: asyncio.Task[None] | None = None
        self._in_flight: set[str] = set()

    @property
    def idle(self) -> bool:
        """Return whether nothing is under way."""
        return not self._tasks and not self._worker

    @callback
    def queue(self, effects: Iterable[Effect]) -> None:
        """Queue effects; cancellations are executed at once, without waiting for the disk."""
        for effect in effects:
            if isinstance(effect, Cancel):
                send = self._alarm.run.sends[effect.key]
                self._context.outbox.sends.cancel(key_of(self._alarm.run.alarm_id, send))
            self._queue.append(self._as_queued(effect))
        if self._queue and not self._worker:
            # Not eager: the task could end, and clear `_worker`, before it is assigned here.
            self._worker = self._context.hass.async_create_background_task(
                self._work(), "smspilot alarm", eager_start=False
            )

    @callback
    def close(self) -> None:
        """Cancel everything."""
        self._queue = []
        for task in [*self._tasks, *filter(None, [self._worker])]:
            task.cancel()

    async def _work(self) -> None:
        """Execute the queue in order, each batch once the run is on the disk."""
        try:
            while self._queue:
                batch, self._queue = self._queue, []
                await self._alarm.on_disk()
                for effect in batch:
                    self._execute(effect)
        finally:
            self._worker = None

    def _as_queued(self, effect: Effect) -> Effect | dict[str, Any]:
        """Return the effect; of an event its data, which show the present state of the run."""
        if isinstance(effect, Publish):
            return event_data(self._alarm.plan, self._alarm.run, effect)
        return effect

    @callback
    def _execute(self, effect: Effect | dict[str, Any]) -> None:
        match effect:
            case dict():
                self._context.publisher.alarm(self._alarm.plan.id, effect)
            case Read():
                self._start_task(self._read())
            case Transmit(key) | Cancel(key):
                # What was cancelled before the outbox had it, or before a restart, needs a result.
                self._start_task(self._transmit(key))
            case NotifyFallback():
                self._start_task(self._notify_fallback())

    @callback
    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._context.hass.async_create_background_task(work, "smspilot alarm")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        """Read the inbound list and the statuses of calls, within the time limit."""
        context = self._context
        sends = self._alarm.run.sends.values()
        calls = [one for send in sends if send.channel is Channel.VOICE for one in send.ids]
        await asyncio.gather(
            context.inbox.async_read_now(READ_TIMEOUT),
            context.deliveries.async_read_now(calls, READ_TIMEOUT),
            return_exceptions=True,
        )
        if self._alarm.is_loaded:
            self._alarm.handle(AnswersRead())

    async def _transmit(self, key: SendKey) -> None:
        """Send, or find out whether it was sent before a restart where it is no longer needed."""
        send, alarm_id = self._alarm.run.sends.get(key), self._alarm.run.alarm_id
        if send is None or send.state is not SendState.INTENDED:
            return
        name = key_of(alarm_id, send)
        if name in self._in_flight:
            return
        self._in_flight.add(name)
        try:
            await self._send(send, alarm_id)
        except HomeAssistantError as err:
            # The account is being closed: it is sent, or found out, after the next start.
            LOGGER.debug("A text of an alarm waits for the next start: %s", err)
        finally:
            self._in_flight.discard(name)

    async def _send(self, send: Send, alarm_id: str) -> None:
        context, recipient = self._context, send.key.recipient
        rows: list[Row]
        if not is_needed(self._alarm.run, self._alarm.world, send.key):
            known = sent_before(context, alarm_id, send)
            sent, rows = known or (not_needed(context, send), [])
        elif send.channel is None:
            reached = await async_notify(context, entity_of(context.hass, recipient), send.text)
            sent, rows = sent_elsewhere(context, send, reached=reached), []
        else:
            sent, rows = await async_transmit(context, alarm_id, send, self._phones(send))
        if self._alarm.run.alarm_id != alarm_id or not self._alarm.is_loaded:
            return
        self._alarm.handle(sent)
        for row in rows:
            # Apply statuses that came before the send's result.
            if row.message_id and row.status.final and not row.refused:
                self._alarm.take_status(row.message_id, row.status, is_call=is_answered_call(row))

    async def _notify_fallback(self) -> None:
        words, waiting_for = phrases(self._context.hass), self._alarm.run.waiting_for
        reason = words.get(f"waiting_{waiting_for}", waiting_for or "")
        text = self._writer.fallback(self._alarm.run, self._alarm.plan.name, reason)
        for one in self._alarm.plan.fallback:
            await async_notify(self._context, entity_of(self._context.hass, one), text)

    @property
    def _writer(self) -> Writer:
        return Writer(
            phrases=phrases(self._context.hass),
            account=self._context.entry.unique_id or "",
            service_number=self._alarm.service_number,
        )

    @callback
    def put_text(self, key: SendKey) -> None:
        """Write the text of a send into the alarm's run, and remember it before it is sent."""
        send, context = self._alarm.run.sends[key], self._context
        if send.text:
            return
        phones = self._phones(send)
        text = self._writer.write(
            self._alarm.run,
            send,
            partial(fitted, context, send),
            partial(context.memory.is_new, phones),
        )
        context.memory.add(phones, text)
        send = replace(send, text=text)
        self._alarm.run = replace(self._alarm.run, sends={**self._alarm.run.sends, key: send})

    def rehearsed(self, send: Send, message: str | None) -> Send:
        """Return a send with the first text of a new run; nothing is remembered."""
        code = EXAMPLE_CODE if self._alarm.plan.code else None
        run = Run(message=message or self._alarm.message(), code=code, started_at=dt_util.utcnow())
        text = self._writer.write(
            run, send, partial(fitted, self._context, send), lambda _text: True
        )
        return replace(send, text=text)

    def _phones(self, send: Send) -> tuple[str, ...]:
        """Return the numbers of a send."""
        if send.channel is None:
            return ()
        if send.key.purpose is Purpose.STEP:
            return phones_of(self._context, send.key.recipient)
        return self._alarm.run.reached[send.key.recipient].phones
