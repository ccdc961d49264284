"""Publish inbound messages: each once, oldest first, and only what the API's list confirms."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..client import InboundMessage, Smspilot, Status
from ..contacts.phones import from_service, masked
from ..events import SIGNAL_STATUS, SentMessage
from ..options import Options
from ..runtime.journal import Journal
from ..runtime.poller import Poller, ReadWaiters
from ..runtime.publisher import Publisher
from ..runtime.trail import async_trace
from .awaited_pushes import AwaitedPushes
from .classify import Claimant, Classified
from .intake import Intake, add_to
from .list_reader import ListReader
from .memory import Memory
from .publications import Publications
from .push_monitor import PushMonitor
from .questions import Questions
from .window import Window

# Seconds between reads: while an answer is awaited, and by whether pushes are proven to arrive.
INTERVAL_FREQUENT, INTERVAL_UNPROVEN, INTERVAL_PROVEN = 15, 60, 900
# Seconds between reads while reading fails and a message was pushed.
INTERVAL_FAILING: Final = 30


class Inbox:
    """Receives the pushes of an account, reads its inbound list, and publishes the messages."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: Smspilot,
        journal: Journal,
        publisher: Publisher,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._journal = journal
        self._publisher = publisher
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancel_next_read: CALLBACK_TYPE | None = None
        self._last_read = hass.loop.time()
        # The sources that want frequent reads, and the callers that wait for the next read.
        self._frequent_for: set[str] = set()
        self._waiters = ReadWaiters(hass)
        self.poller = Poller(hass, "smspilot inbound", self._read)
        self.questions = Questions(hass, journal, self._questions_changed)
        self.push_monitor = PushMonitor(
            hass, entry.entry_id, client, journal, poller=self.poller, changed=self.replan
        )
        self._window = Window(client, journal)
        self._pushes = AwaitedPushes(hass, journal, self.poller)
        publications = Publications(journal, self._window, self.questions)
        self.memory = Memory(
            self._window, publications, self._pushes, self.push_monitor, self.questions
        )
        self._intake = Intake(
            hass,
            entry,
            journal=journal,
            publisher=publisher,
            poller=self.poller,
            memory=self.memory,
        )
        self._reader = ListReader(
            hass, entry, client, poller=self.poller, memory=self.memory, intake=self._intake
        )
        self._disconnect_status = async_dispatcher_connect(
            hass, SIGNAL_STATUS.format(entry.entry_id), self._status_changed
        )

    @callback
    def add_claimant(self, claimant: Claimant) -> CALLBACK_TYPE:
        """Call `claimant` for each verified message before it is published; return a remover.

        A message that is claimed is published, but not given to Assist.
        """
        return add_to(self._intake.claimants, claimant)

    @callback
    def add_listener(self, listener: Callable[[Classified], None]) -> CALLBACK_TYPE:
        """Call `listener` for each message that is no answer and not claimed; return a remover."""
        return add_to(self._intake.listeners, listener)

    @property
    def now(self) -> datetime:
        """Return the API's time; the machine's until the API has sent a date."""
        return self._window.now

    def has_written(self, phone: str) -> bool:
        """Return whether a number has written within 72 hours."""
        return self._window.has_written(phone)

    @property
    def interval(self) -> int:
        """Return the seconds between scheduled reads; 0 where only pushes cause reads."""
        chosen = Options.from_entry(self._entry).inbound_interval
        if chosen is not None:
            return chosen
        if self.questions.waiting or self._frequent_for:
            return INTERVAL_FREQUENT
        # A push that there was no room to remember is found by reading only.
        is_proven = self.push_monitor.proven and not self._pushes.is_full
        return INTERVAL_PROVEN if is_proven else INTERVAL_UNPROVEN

    @callback
    def set_frequent(self, source: str, on: bool) -> None:
        """Read often while a source wants it."""
        before = self.interval
        (self._frequent_for.add if on else self._frequent_for.discard)(source)
        if self.interval != before:
            self.replan()

    async def async_read_now(self, timeout: float) -> bool:  # noqa: ASYNC109 - as the caller says
        """Read the list now, and return whether that was done in time."""
        # Wake after registering the waiter below.
        self._hass.loop.call_soon(self.poller.wake)
        return await self._waiters.async_wait(timeout)

    @callback
    def replan(self) -> None:
        """Schedule the next read one interval after the last."""
        if self._cancel_next_read:
            self._cancel_next_read()
        seconds: float = self.interval
        if self._reader.is_failing:
            # Read again soon, also where the interval is long or 0.
            soon = INTERVAL_FAILING if self._pushes else INTERVAL_UNPROVEN
            seconds = min(seconds or soon, soon)
        wait = max(self._last_read + seconds - self._hass.loop.time(), 0)
        self._cancel_next_read = self.poller.wake_in(wait) if seconds else None

    @callback
    def push(self, message: InboundMessage, host: str, *, is_whole: bool) -> None:
        """Handle a push: wake a read of the list, or publish the push itself if not verified.

        `host` is where the push was sent to. Not `is_whole`, the push lacks fields of the message.
        """
        self._trace("push came", message_id=message.id, phone=masked(from_service(message.phone)))
        self.push_monitor.push_came(message.id, host)
        if message.id in self._window or message.id in self._pushes:
            return
        # A message marked as known before it can be published would be lost by a kill.
        can_publish = is_whole and self._publisher.started and not self.poller.is_paused
        if Options.from_entry(self._entry).verify_pushes or not can_publish:
            self._pushes.add(message.id, host)
            self.poller.wake()
            return
        task = self._hass.async_create_background_task(
            self._publish_unverified(message, host), "smspilot push"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @callback
    def add_sent(self, rows: Iterable[SentMessage], text: str, ago: timedelta) -> None:
        """Remember 2WAY messages as questions that the next message of their number answers."""
        self.questions.add_sent(rows, text, self.now - ago)

    @callback
    def close(self, error: Exception) -> None:
        """Stop reading, and end every wait for an answer with the error."""
        self._disconnect_status()
        self.poller.close()
        for task in self._tasks:
            task.cancel()
        self._intake.undo()
        self.questions.close(error)

    async def _publish_unverified(self, message: InboundMessage, host: str) -> None:
        """Publish a push without reading the list, as the option `verify_pushes` off wants."""
        if await self._intake.async_publish_new([message], message.created, verified=False):
            self.push_monitor.confirm(host)
        elif message.id not in self._window:
            self._pushes.add(message.id, host)

    async def _read(self) -> None:
        """Read the list, and end the waits of `async_read_now`."""
        end_waits, is_read = self._waiters.begin(), False
        try:
            is_read = await self._reader.async_read()
            if not is_read:
                # What a kill has kept from being published does not depend on the list.
                await self._intake.async_publish_new([], self.now)
        finally:
            self._last_read = self._hass.loop.time()
            self.replan()
            end_waits(is_read)
        await self._journal.flush()

    @callback
    def _questions_changed(self) -> None:
        """Adapt the interval, and read messages that were put off until a question was sent."""
        self.replan()
        if self._intake.has_put_off:
            self._intake.has_put_off = False
            self.poller.wake()

    @callback
    def _status_changed(self, data: dict[str, Any]) -> None:
        """Expect no answer to a question that was not delivered."""
        if data["status_code"] in (Status.FAILED, Status.UNDELIVERED):
            self.questions.forget(data["message_id"])

    def _trace(self, step: str, **details: Any) -> None:
        async_trace(self._hass, self._entry.entry_id, step, **details)
