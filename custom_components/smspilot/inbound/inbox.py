"""The way in: what people write, once each, oldest first, and only what the API confirms."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send

from ..client import InboundList, InboundMessage, Smspilot, SmspilotError, Status
from ..const import LOGGER
from ..contacts.phones import from_service, masked
from ..errors import reason_of
from ..events import (
    SIGNAL_ERROR,
    SIGNAL_INBOUND_LIST,
    SIGNAL_OK,
    SIGNAL_STATUS,
    ListNews,
    SentMessage,
    Worked,
)
from ..options import Options
from ..runtime.journal import Journal, Table, Tables
from ..runtime.poller import Poller, ReadWaiters
from ..runtime.publisher import Publisher
from ..runtime.trail import async_trace
from .awaited_pushes import AwaitedPushes
from .classify import Claimant, Classified
from .intake import Intake, stopper
from .listing import Listing
from .push_monitor import PushMonitor
from .questions import Questions
from .window import Window

INTERVAL_WANTED, INTERVAL_UNPROVEN, INTERVAL_PROVEN = 15, 60, 900
# While the list cannot be read, what was pushed is looked for so often.
INTERVAL_AWAY: Final = 30
# For so long the list may fail before that is worth a notice. Seconds, by the loop's clock.
FAILING_TIME: Final = 3600.0


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
        # Since when the list cannot be read: it says nothing of what was pushed.
        self._failing_since: float | None = None
        self._alarm: CALLBACK_TYPE | None = None
        self._last_read = hass.loop.time()
        # Who wants frequent reads, and who waits for the end of the next one.
        self._wanted_by: set[str] = set()
        self._waiters = ReadWaiters(hass)
        # Of the page that is read: pushes that it should show, and whether it showed others.
        self._pushed: list[str] = []
        self._found_alone = False
        self.poller = Poller(hass, "smspilot inbound", self._read)
        self.questions = Questions(hass, journal, self._questions_changed)
        self.push_monitor = PushMonitor(
            hass, entry.entry_id, client, journal, poller=self.poller, changed=self.replan
        )
        self._window = Window(client, journal)
        self._pushes = AwaitedPushes(hass, journal, self.poller)
        self._listing = Listing(client, self._window)
        self._intake = Intake(
            hass,
            entry,
            journal=journal,
            publisher=publisher,
            poller=self.poller,
            window=self._window,
            questions=self.questions,
            pushes=self._pushes,
        )
        self._stop_listening = async_dispatcher_connect(
            hass, SIGNAL_STATUS.format(entry.entry_id), self._status_changed
        )

    def restore(self, tables: Tables) -> None:
        """Take up what was known before the restart."""
        self._window.restore(tables)
        self._pushes.restore(tables.get("pushes", {}))
        self.push_monitor.restore(tables.get("proof", {}))
        self.questions.restore(tables.get("questions", {}))

    def tables(self) -> dict[str, Table]:
        """Return what is known, as it is stored."""
        return {
            **self._window.tables(),
            "pushes": self._pushes.table(),
            "proof": self.push_monitor.table(),
            "questions": self.questions.table(),
        }

    @callback
    def add_claimant(self, claimant: Claimant) -> CALLBACK_TYPE:
        """Ask somebody about each verified message before it is told; return what ends it.

        What is claimed is told, but not given to Assist.
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
    def wanted(self, source: str, wanted: bool) -> None:
        """Read often while a source wants it."""
        before = self.interval
        (self._wanted_by.add if wanted else self._wanted_by.discard)(source)
        if self.interval != before:
            self.replan()

    async def async_read_now(self, timeout: float) -> bool:  # noqa: ASYNC109 - as the caller says
        """Read the list now, and return whether that was done in time."""
        # Only then is there somebody whom the read can tell.
        self._hass.loop.call_soon(self.poller.wake)
        return await self._waiters.async_wait(timeout)

    @callback
    def replan(self) -> None:
        """Have the next read an interval's time after the last one."""
        if self._alarm:
            self._alarm()
        seconds: float = self.interval
        if self._failing_since is not None:
            # Whatever the interval, what could not be read is read soon.
            soon = INTERVAL_AWAY if self._pushes else INTERVAL_UNPROVEN
            seconds = min(seconds or soon, soon)
        wait = max(self._last_read + seconds - self._hass.loop.time(), 0)
        self._alarm = self.poller.wake_in(wait) if seconds else None

    @callback
    def push(self, message: InboundMessage, door: str, *, is_whole: bool = True) -> None:
        """Hear that somebody wrote; the list tells who, and what.

        `door` is the host that the push was sent to. Not `is_whole`, it says no more than that.
        """
        self._trace("push came", message_id=message.id, phone=masked(from_service(message.phone)))
        self.push_monitor.came(message.id, door)
        if message.id in self._window or message.id in self._pushes:
            return
        # What cannot be told yet must not be known yet: a kill would lose it.
        can_tell = is_whole and self._publisher.started and not self.poller.held
        if Options.from_entry(self._entry).verify_pushes or not can_tell:
            self._pushes.add(message.id, door)
            self.poller.wake()
            return
        task = self._hass.async_create_background_task(
            self._take_unverified(message, door), "smspilot push"
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

    async def _take_unverified(self, message: InboundMessage, door: str) -> None:
        """Take a push at its word."""
        if await self._intake.take([message], message.created, verified=False):
            self.push_monitor.confirm(door)
        elif message.id not in self._window:
            self._pushes.add(message.id, door)

    async def _read(self) -> None:
        """Read the list, and tell who waits for that."""
        end, is_read = self._waiters.begin(), False
        try:
            is_read = await self._read_list()
        finally:
            self._last_read = self._hass.loop.time()
            self.replan()
            end(is_read)
        await self._journal.flush()

    async def _read_list(self) -> bool:
        """Read what there is, publish what is new, and plan how to look for what was pushed."""
        asked, self._pushed = self._hass.loop.time(), self._pushes.ids
        self._trace("read began", pushed=len(self._pushed))
        listed = new = 0
        pages = self._listing.pages(self._is_suspect, whole=bool(self._pushed))
        try:
            async with aclosing(pages):
                async for page in pages:
                    listed += len(page.messages)
                    published = await self._take(page)
                    if published is None:
                        # Its listeners went meanwhile: it is read again when they are back.
                        self.poller.wake()
                        return False
                    new += published
        except SmspilotError as err:
            self._failed(err)
            return False
        self._trace("read ended", found=listed, new=new)
        self._worked()
        self._count_unconfirmed(self._pushes.looked(asked))
        return True

    async def _take(self, page: InboundList) -> int | None:
        """Publish what is new on a page, and note what its pushes prove."""
        if self.poller.held:
            return None
        at = page.at or self.now
        published = await self._intake.take(page.messages, at)
        if published is None:
            return None
        self._found_alone = False
        for message in published:
            if push := self._pushes.pop(message.message_id):
                self.push_monitor.confirm(push.door)
            elif not self._pushes.is_full:
                self._found_alone = True
                self.push_monitor.expect(message.message_id, message.age)
        self._window.was_read(at)
        return len(published)

    def _is_suspect(self, _page: InboundList) -> bool:
        """Return whether a full page may have hidden something that cannot wait."""
        return self._found_alone or any(one in self._pushes for one in self._pushed)

    @callback
    def _failed(self, err: SmspilotError) -> None:
        now, entry_id = self._hass.loop.time(), self._entry.entry_id
        self._trace("read failed", reason=reason_of(err).value)
        async_dispatcher_send(self._hass, SIGNAL_ERROR.format(entry_id), err)
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since >= FAILING_TIME:
            async_dispatcher_send(
                self._hass, SIGNAL_INBOUND_LIST.format(entry_id), ListNews.FAILING, err
            )

    @callback
    def _worked(self) -> None:
        entry_id = self._entry.entry_id
        if self._failing_since is not None:
            self._failing_since = None
            async_dispatcher_send(self._hass, SIGNAL_OK.format(entry_id), Worked.INBOUND)
            async_dispatcher_send(
                self._hass, SIGNAL_INBOUND_LIST.format(entry_id), ListNews.WORKING, None
            )
        if self._listing.may_lack:
            self._say_capped()

    @callback
    def _count_unconfirmed(self, count: int) -> None:
        """Note pushes that the list has not shown within an hour."""
        if count and self._listing.shows_newest:
            # They may be genuine, and older than what it shows.
            self._say_capped()
        elif count:
            self.push_monitor.drop(count)

    @callback
    def _say_capped(self) -> None:
        LOGGER.warning(
            "SMSPILOT lists only the newest messages; older ones that came since the last look may"
            " be missing"
        )
        signal = SIGNAL_INBOUND_LIST.format(self._entry.entry_id)
        async_dispatcher_send(self._hass, signal, ListNews.CAPPED, None)

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
