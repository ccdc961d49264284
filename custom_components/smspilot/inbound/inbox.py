"""The way in: what people write, once each, oldest first, and only what the API confirms."""

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
from .intake import Intake, stopper
from .list_reader import ListReader
from .memory import Memory
from .push_monitor import PushMonitor
from .questions import Questions
from .window import Window

INTERVAL_WANTED, INTERVAL_UNPROVEN, INTERVAL_PROVEN = 15, 60, 900
# Seconds between reads while the list cannot be read and something was pushed.
INTERVAL_AWAY: Final = 30


class Inbox:
    """The messages people write to an account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: Smspilot,
        journal: Journal,
        publisher: Publisher,
    ) -> None:
        """Know nothing yet."""
        self._hass = hass
        self._entry = entry
        self._journal = journal
        self._publisher = publisher
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancel_next_read: CALLBACK_TYPE | None = None
        self._last_read = hass.loop.time()
        # Who wants frequent reads, and who waits for the end of the next one.
        self._wanted_by: set[str] = set()
        self._waiters = ReadWaiters(hass)
        self.poller = Poller(hass, "smspilot inbound", self._read)
        self.questions = Questions(hass, journal, self._questions_changed)
        self.push_monitor = PushMonitor(
            hass, entry.entry_id, client, journal, poller=self.poller, changed=self.replan
        )
        self._window = Window(client, journal)
        self._pushes = AwaitedPushes(hass, journal, self.poller)
        self.memory = Memory(self._window, self._pushes, self.push_monitor, self.questions)
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
        self._stop_listening = async_dispatcher_connect(
            hass, SIGNAL_STATUS.format(entry.entry_id), self._status_changed
        )

    @callback
    def add_claimant(self, claimant: Claimant) -> CALLBACK_TYPE:
        """Ask somebody about each verified message before it is published; return what ends it.

        What is claimed is published, but not given to Assist.
        """
        return stopper(self._intake.claimants, claimant)

    @callback
    def add_listener(self, listener: Callable[[Classified], None]) -> CALLBACK_TYPE:
        """Give each message that nobody expected to somebody; return what ends it."""
        return stopper(self._intake.listeners, listener)

    @property
    def now(self) -> datetime:
        """Return the API's time; the machine's, before it told any."""
        return self._window.now

    def wrote(self, phone: str) -> bool:
        """Return whether a number has written within 72 hours."""
        return self._window.wrote(phone)

    @property
    def interval(self) -> int:
        """Return the seconds between reads that no push woke; 0 for none."""
        chosen = Options.from_entry(self._entry).inbound_interval
        if chosen is not None:
            return chosen
        if self.questions.waiting or self._wanted_by:
            return INTERVAL_WANTED
        # Pushes that nobody can remember prove nothing.
        is_proven = self.push_monitor.proven and not self._pushes.is_full
        return INTERVAL_PROVEN if is_proven else INTERVAL_UNPROVEN

    @callback
    def set_frequent(self, source: str, on: bool) -> None:
        """Read often while a source wants it."""
        before = self.interval
        (self._wanted_by.add if on else self._wanted_by.discard)(source)
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
            # Whatever the interval, what could not be read is read soon.
            soon = INTERVAL_AWAY if self._pushes else INTERVAL_UNPROVEN
            seconds = min(seconds or soon, soon)
        wait = max(self._last_read + seconds - self._hass.loop.time(), 0)
        self._cancel_next_read = self.poller.wake_in(wait) if seconds else None

    @callback
    def push(self, message: InboundMessage, host: str, *, is_whole: bool) -> None:
        """Note that somebody wrote; the list tells who, and what.

        `host` is where the push was sent to. Not `is_whole`, it says no more than that.
        """
        self._trace("push came", message_id=message.id, phone=masked(from_service(message.phone)))
        self.push_monitor.came(message.id, host)
        if message.id in self._window or message.id in self._pushes:
            return
        # Do not mark it as known before it can be published: a kill would lose it.
        can_publish = is_whole and self._publisher.started and not self.poller.held
        if Options.from_entry(self._entry).verify_pushes or not can_publish:
            self._pushes.add(message.id, host)
            self.poller.wake()
            return
        task = self._hass.async_create_background_task(
            self._take_unverified(message, host), "smspilot push"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @callback
    def asked(self, rows: Iterable[SentMessage], text: str, ago: timedelta) -> None:
        """Remember 2WAY messages: what their numbers write next is the answer."""
        self.questions.asked(rows, text, self.now - ago)

    @callback
    def close(self, why: Exception) -> None:
        """End the clock and whoever waits."""
        self._stop_listening()
        self.poller.close()
        for task in self._tasks:
            task.cancel()
        self._intake.undo()
        self.questions.close(why)

    async def _take_unverified(self, message: InboundMessage, host: str) -> None:
        """Take a push at its word."""
        if await self._intake.take([message], message.created, verified=False):
            self.push_monitor.confirm(host)
        elif message.id not in self._window:
            self._pushes.add(message.id, host)

    async def _read(self) -> None:
        """Read the list, and end the wait of whoever waits for that."""
        end, is_read = self._waiters.begin(), False
        try:
            is_read = await self._reader.async_read()
        finally:
            self._last_read = self._hass.loop.time()
            self.replan()
            end(is_read)
        await self._journal.flush()

    @callback
    def _questions_changed(self) -> None:
        """Read more often, or less; and what waited for its question."""
        self.replan()
        if self._intake.put_off:
            self._intake.put_off = False
            self.poller.wake()

    @callback
    def _status_changed(self, data: dict[str, Any]) -> None:
        """Close a question that never arrived."""
        if data["status_code"] in (Status.FAILED, Status.UNDELIVERED):
            self.questions.forget(data["message_id"])

    def _trace(self, step: str, **details: Any) -> None:
        async_trace(self._hass, self._entry.entry_id, step, **details)
