"""Doing what a run wants: in its order, beside everything else, and once it is on the disk."""

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
    Publish,
    Read,
    TellFallback,
    Transmit,
)
from .plan import Plan, entity_of
from .sending import (
    Ways,
    async_notify,
    async_transmit,
    is_answered_call,
    key_of,
    not_wanted,
    phones_of,
    sent_before,
    sent_elsewhere,
    shorten,
)
from .sends import Outcome, Purpose, Send, SendKey
from .state import AlarmState, Run
from .story import event_data
from .texts import Writer, phrases

# Answers are read before a step, but no step waits for them longer. Seconds.
READ_TIMEOUT: Final = 10.0


class Alarm(Protocol):
    """What has to be known of the alarm whose run it is."""

    plan: Plan
    run: Run
    is_loaded: bool
    service_number: str | None

    def dispatch(self, happening: Happening) -> None:
        """Let something happen."""

    def take_status(self, message_id: str, status: Status, *, is_call: bool) -> None:
        """Take what became of a message."""

    def message(self) -> str:
        """Return what is told."""

    async def on_disk(self) -> None:
        """Return when what is known survives a kill."""


class Effects:
    """What an alarm does to the world."""

    def __init__(self, ways: Ways, alarm: Alarm) -> None:
        """Have nothing to do yet."""
        self._ways = ways
        self._alarm = alarm
        self._tasks: set[asyncio.Task[None]] = set()
        # Values, not coroutines: what nobody comes to do any more is simply gone.
        self._queue: list[Effect | dict[str, Any]] = []
        self._worker: asyncio.Task[None] | None = None
        self._in_flight: set[str] = set()

    @property
    def idle(self) -> bool:
        """Return whether nothing is being done."""
        return not self._tasks and not self._worker

    @callback
    def want(self, wanted: Iterable[Effect]) -> None:
        """Do this too; what is cancelled must not wait for the disk."""
        for effect in wanted:
            if isinstance(effect, Cancel):
                self._cancel(self._alarm.run.sends[effect.key])
            else:
                self._queue.append(self._bound(effect))
        if self._queue and not self._worker:
            # Not at once: work that waits for nothing would end before it is known here.
            self._worker = self._ways.hass.async_create_background_task(
                self._work(), "smspilot alarm", eager_start=False
            )

    @callback
    def close(self) -> None:
        """Do nothing any more."""
        self._queue = []
        for task in [*self._tasks, *filter(None, [self._worker])]:
            task.cancel()

    async def _work(self) -> None:
        """Do what is wanted, in its order, each once the run is on the disk."""
        try:
            while self._queue:
                some, self._queue = self._queue, []
                await self._alarm.on_disk()
                for effect in some:
                    self._do(effect)
        finally:
            self._worker = None

    def _bound(self, effect: Effect) -> Effect | dict[str, Any]:
        """Return an effect, the event with the state as it is now."""
        if isinstance(effect, Publish):
            return event_data(self._alarm.plan, self._alarm.run, effect)
        return effect

    @callback
    def cancel_all(self) -> None:
        """Have nothing go out that has not been requested yet."""
        for send in self._alarm.run.sends.values():
            self._cancel(send)

    @callback
    def _cancel(self, send: Send) -> None:
        self._ways.outbox.sends.cancel(key_of(self._alarm.run.alarm_id, send))

    @callback
    def _do(self, effect: Effect | dict[str, Any]) -> None:
        match effect:
            case dict():
                self._ways.publisher.alarm(self._alarm.plan.id, effect)
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
        sends = self._alarm.run.sends.values()
        calls = [one for send in sends if send.channel is Channel.VOICE for one in send.ids]
        await asyncio.gather(
            ways.inbox.async_read_now(READ_TIMEOUT),
            ways.deliveries.async_read_now(calls, READ_TIMEOUT),
            return_exceptions=True,
        )
        if self._alarm.is_loaded:
            self._alarm.dispatch(AnswersRead())

    async def _transmit(self, key: SendKey) -> None:
        """Send, or find out what an earlier life sent of what is no longer wanted."""
        send, alarm_id = self._alarm.run.sends.get(key), self._alarm.run.alarm_id
        if send is None or send.outcome is not Outcome.INTENDED:
            return
        name = key_of(alarm_id, send)
        if name in self._in_flight:
            return
        self._in_flight.add(name)
        try:
            await self._send(send, alarm_id)
        except HomeAssistantError as err:
            # The account is being closed: it is found out, or sent, in its next life.
            LOGGER.debug("A text of an alarm waits for the next start: %s", err)
        finally:
            self._in_flight.discard(name)

    async def _send(self, send: Send, alarm_id: str) -> None:
        ways, recipient = self._ways, send.key.recipient
        rows: list[Row]
        if send.key.purpose is Purpose.STEP and self._alarm.run.state is not AlarmState.RUNNING:
            known = sent_before(ways, alarm_id, send)
            sent, rows = known or (not_wanted(ways, send), [])
        elif send.channel is None:
            reached = await async_notify(ways, entity_of(ways.hass, recipient), send.text)
            sent, rows = sent_elsewhere(ways, send, reached=reached), []
        else:
            sent, rows = await async_transmit(ways, alarm_id, send, self._phones(send))
        if self._alarm.run.alarm_id != alarm_id or not self._alarm.is_loaded:
            return
        self._alarm.dispatch(sent)
        for row in rows:
            # What became of it may be known before its send is.
            if row.message_id and row.status.final and not row.refused:
                self._alarm.take_status(row.message_id, row.status, is_call=is_answered_call(row))

    async def _tell_fallback(self) -> None:
        words = phrases(self._ways.hass)
        why = words.get(f"waiting_{self._alarm.run.waiting_for}", self._alarm.run.waiting_for or "")
        text = self._writer.fallback(self._alarm.run, self._alarm.plan.name, why)
        for one in self._alarm.plan.fallback:
            await async_notify(self._ways, entity_of(self._ways.hass, one), text)

    @property
    def _writer(self) -> Writer:
        return Writer(
            phrases=phrases(self._ways.hass),
            account=self._ways.entry.unique_id or "",
            service_number=self._alarm.service_number,
        )

    @callback
    def write_text(self, key: SendKey) -> None:
        """Decide on what a send says, and remember it before it goes out."""
        send, ways = self._alarm.run.sends[key], self._ways
        if send.text:
            return
        phones = self._phones(send)
        text = self._writer.write(
            self._alarm.run,
            send,
            partial(shorten, ways, send.channel),
            partial(ways.memory.is_new, phones),
        )
        ways.memory.add(phones, text)
        send = replace(send, text=text)
        self._alarm.run = replace(self._alarm.run, sends={**self._alarm.run.sends, key: send})

    def rehearsed(self, send: Send, message: str | None) -> Send:
        """Return a send with the text that would be the first of a new run; nothing is kept."""
        code = "417" if self._alarm.plan.code else None
        run = Run(message=message or self._alarm.message(), code=code, started_at=dt_util.utcnow())
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
        return self._alarm.run.reached[send.key.recipient].phones
