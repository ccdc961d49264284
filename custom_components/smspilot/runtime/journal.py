"""What survives a restart: a snapshot, and a journal of what came after it.

What is flushed lies with the operating system and survives a kill of the process. A moment later
it is on the disk too and survives a power cut; `async_sync` waits for that.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.storage import STORAGE_DIR

from ..const import DOMAIN, LOGGER
from .disk import DiskSync, DiskThread
from .journal_files import JournalFiles, Snapshot, Table, Tables, stored_time

__all__ = ["Journal", "Snapshot", "Table", "Tables", "stored_time"]

# The journal is folded into the snapshot at this size; a busy home reaches it a few times a year.
COMPACT_AT: Final = 256 * 1024
# Whatever is sent waits for a disk no longer than this, seconds.
DISK_TIMEOUT: Final = 5.0
# A stop of Home Assistant waits for a slow disk, not for one that hangs.
CLOSE_TIMEOUT: Final = 15.0

# What is done after work of the disk, or after what kept it from being done.
type Then = Callable[[BaseException | None], None]


class Journal:
    """Tables of an account, kept as JSON values by name and key.

    `put` only remembers; `flush` hands all that was remembered to the operating system. Whoever
    flushes at the same time shares one write.

    The disk has threads of its own: those of Home Assistant may all be busy. Home Assistant's
    `Store` hides a write that failed, and puts off one while it stops: the journal would be gone
    before the snapshot is there.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Know where the files are, and read nothing yet."""
        self._hass = hass
        self._files = JournalFiles(Path(hass.config.path(STORAGE_DIR)), f"{DOMAIN}.{entry_id}")
        self._thread = DiskThread(hass)
        # What is remembered and not written, and who waits for the write after the present one.
        self._rows: list[bytes] = []
        self._waiting: list[asyncio.Future[bool]] = []
        self._flush_due = False
        self._idle = asyncio.Event()
        self._idle.set()
        # Whether the disk has kept somebody waiting for too long and has finished nothing since.
        self._hangs = False
        self._size = 0
        self._sync = DiskSync(hass, self._files.sync, self._sync_failed)
        self.snapshot: Callable[[], Snapshot] = dict

    async def load(self) -> Tables:
        """Return the tables; what cannot be read is set aside, never lost and never fatal."""
        return await self._thread.async_run(self._files.load)

    def async_run[T](self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do work beside the event loop also while all threads of Home Assistant are busy."""
        return self._thread.async_run(work)

    def put(self, table: str, key: str, value: Any) -> None:
        """Remember a value, or with None that it is gone."""
        self._rows.append(json_bytes([table, key, value]))

    @callback
    def flush(self) -> asyncio.Future[bool]:
        """Begin to write; True when everything written so far survives a kill of the process.

        False when the disk fails, or hangs for 5 s: that is logged, and an alarm goes out all the
        same. A caller may be cancelled, but not the write that others wait for.
        """
        written = self._hass.loop.create_future()
        if not self._rows:
            written.set_result(True)
            return written
        self._flush_due = True
        if self._idle.is_set():
            self._waiting.append(written)
            self._append()
        elif self._hangs:
            # Nobody waits twice for the same disk.
            written.set_result(False)
            return written
        else:
            self._waiting.append(written)
        late = self._hass.loop.call_later(DISK_TIMEOUT, self._give_up, written)
        written.add_done_callback(lambda _written: late.cancel())
        return written

    async def async_sync(self, timeout: float = DISK_TIMEOUT) -> bool:  # noqa: ASYNC109
        """Return True when all that was written so far survives a power cut.

        False after `timeout` seconds, or where the disk fails: both are logged.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self.flush() and await self._sync.wait()
        except TimeoutError:
            self._log_hang()
            return False

    async def close(self) -> None:
        """Fold the journal into the snapshot."""
        async with self._ending():
            await self.flush()
            await self._rest()
            self._fold()
            await self._rest()

    async def remove(self) -> None:
        """Leave no file behind."""
        async with self._ending():
            await self._rest()
            self._rows.clear()
            self._start_work(self._go_on, self._files.remove)
            await self._rest()

    @asynccontextmanager
    async def _ending(self) -> AsyncGenerator[None]:
        """Do the last work in the time that a stop has for it, and end the threads."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                yield
                await self._sync.rest()
        except TimeoutError:
            self._log_hang()
        finally:
            self._sync.stop()
            self._thread.stop()

    async def _rest(self) -> None:
        """Return when the disk has nothing to do; a write may be followed by the next at once."""
        while not self._idle.is_set():
            await self._idle.wait()

    @callback
    def _append(self) -> None:
        """Write what is remembered as one line: a kill in its midst forgets all of it."""
        count, waiting, self._waiting = len(self._rows), self._waiting, []
        self._flush_due = False
        line = b"[" + b",".join(self._rows) + b"]"

        def appended(error: BaseException | None) -> None:
            if not error:
                del self._rows[:count]
                self._size += len(line) + 2
                self._sync.added()
            _release(waiting, result=not error)
            self._go_on(error)

        self._start_work(appended, self._files.append, line)

    @callback
    def _fold(self) -> None:
        """Replace the snapshot, then delete the journal."""
        # After a crash between the two the journal is replayed over the snapshot: no change.

        def folded(error: BaseException | None) -> None:
            if not error:
                self._size = 0
                self._sync.rewritten()
            self._go_on(error)

        self._start_work(folded, self._files.replace, self.snapshot())

    @callback
    def _go_on(self, error: BaseException | None) -> None:
        """Write what has come meanwhile, and fold a long journal.

        The journal may grow as large as the snapshot first, so the total written stays proportional
        to what changed.
        """
        is_long = not error and self._size > max(COMPACT_AT, self._files.snapshot_size)
        if self._rows and (self._flush_due or is_long):
            self._append()
        elif is_long or (self._sync.has_failed and not error):
            self._fold()
        else:
            _release(self._waiting, result=not error)

    @callback
    def _sync_failed(self) -> None:
        """Write everything anew: a second fsync would succeed without what the first one lost."""
        if self._idle.is_set():
            self._fold()

    @callback
    def _start_work(self, then: Then, work: Callable[..., None], *args: Any) -> None:
        """Give the disk something to do; it does one thing at a time, but for a sync."""
        done = self._thread.async_run(partial(work, *args))
        done.add_done_callback(partial(self._worked, then))
        self._idle.clear()

    @callback
    def _worked(self, then: Then, done: asyncio.Future[None]) -> None:
        """Take whether a write succeeded; an alarm goes out all the same where it did not."""
        self._idle.set()
        if self._hangs:
            self._hangs = False
            LOGGER.warning("The disk answers again")
        if error := done.exception():
            LOGGER.error("The account's state cannot be written (%s)", type(error).__name__)
        then(error)

    @callback
    def _give_up(self, written: asyncio.Future[bool]) -> None:
        """Let somebody go on who has waited for long enough."""
        if not written.done():
            self._log_hang()
            written.set_result(False)

    @callback
    def _log_hang(self) -> None:
        if self._hangs:
            return
        self._hangs = True
        LOGGER.error(
            "The disk has not answered for %s s: messages go out all the same, but a restart would"
            " know nothing of them",
            int(DISK_TIMEOUT),
        )


@callback
def _release(waiting: list[asyncio.Future[bool]], *, result: bool) -> None:
    for one in waiting:
        # Its caller may be gone.
        if not one.done():
            one.set_result(result)
    waiting.clear()
