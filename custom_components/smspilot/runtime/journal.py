"""An account's state on the disk: a snapshot, and a journal of the changes since.

What is flushed is with the operating system and survives a kill of the process. Shortly after it
is synced to the disk and survives a power cut; `async_sync` waits for that.
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

from ..const import DOMAIN
from .disk import DiskSync, DiskThread
from .disk_jobs import DISK_TIMEOUT, DiskJobs
from .journal_files import JournalFiles, Snapshot, Table, Tables, stored_time

__all__ = ["Journal", "Snapshot", "Table", "Tables", "stored_time"]

# Bytes at which the journal is folded into the snapshot; a few times a year in a busy home.
COMPACT_AT: Final = 256 * 1024
# Seconds a stop of Home Assistant waits: enough for a slow disk, and an end for one that hangs.
CLOSE_TIMEOUT: Final = 15.0
# Seconds for which the event loop may wait for a write that must precede whatever follows; a disk
# that fails or hangs is logged by the next flush.
BLOCK_TIMEOUT: Final = 0.02


class Journal:
    """Tables of an account, kept as JSON values by name and key.

    `put` keeps a change in memory; `flush` writes all of them, several calls in one write.

    Home Assistant's `Store` does not fit: it hides a failed write, and puts off a write while Home
    Assistant stops, so the journal would be deleted before the snapshot is there.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self._files = JournalFiles(Path(hass.config.path(STORAGE_DIR)), f"{DOMAIN}.{entry_id}")
        self._thread = DiskThread(hass)
        # Changes that are not written yet, and the futures that the next write resolves.
        self._rows: list[bytes] = []
        self._waiting: list[asyncio.Future[bool]] = []
        self._flush_due = False
        # Only a sync may run beside a job.
        self._jobs = DiskJobs(hass, self._thread, self._retry)
        self._sync = DiskSync(hass, self._files.sync, self._sync_failed)
        self.snapshot: Callable[[], Snapshot] = dict

    async def load(self) -> Tables:
        """Return the stored tables; a file that cannot be read is set aside and left out."""
        return await self._thread.async_run(self._files.load)

    def async_run[T](self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run a blocking job in the journal's thread; return the future of its result."""
        return self._thread.async_run(work)

    def put(self, table: str, key: str, value: Any) -> None:
        """Keep a value for the next write; None deletes the key."""
        self._rows.append(json_bytes([table, key, value]))

    @callback
    def flush(self, *, sync: bool = False) -> asyncio.Future[bool]:
        """Begin to write, and to `sync`; return a future: True once all survives a kill.

        False when the disk fails, or hangs for `DISK_TIMEOUT`: that is logged, and messages go
        out all the same. Cancelling a caller does not cancel the write, which others wait for.
        """
        written = self._hass.loop.create_future()
        if not self._rows:
            written.set_result(True)
            return written
        self._flush_due = True
        if self._jobs.hangs:
            written.set_result(False)
            return written
        self._waiting.append(written)
        if self._jobs.is_idle:
            self._append(sync=sync)
        late = self._hass.loop.call_later(DISK_TIMEOUT, self._time_out, written)
        written.add_done_callback(lambda _written: late.cancel())
        return written

    @callback
    def write_now(self, table: str, rows: Table) -> None:
        """Write rows before the event loop goes on, unless the disk takes `BLOCK_TIMEOUT`."""
        line = b",".join(json_bytes([table, key, value]) for key, value in rows.items())
        self._thread.run_blocking(partial(self._files.append, line), BLOCK_TIMEOUT)

    async def async_sync(self, timeout: float = DISK_TIMEOUT) -> bool:  # noqa: ASYNC109
        """Return True once all changes survive a power cut.

        Return False after `timeout` seconds, at once where another caller has waited so long for
        what is under way, or where the disk fails: that is logged.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self.flush(sync=True) and await self._sync.wait()
        except TimeoutError:
            if self._jobs.is_idle:
                self._sync.log_hang()
            else:
                self._jobs.log_hang()
            return False

    async def close(self) -> None:
        """Fold the journal into the snapshot, and end the threads."""
        async with self._closing():
            await self.flush()
            await self._jobs.async_wait_idle()
            self._fold()
            await self._jobs.async_wait_idle()

    async def remove(self) -> None:
        """Delete the files, and end the threads."""
        async with self._closing():
            await self._jobs.async_wait_idle()
            self._rows.clear()
            self._jobs.start(self._files.remove, self._start_next_job)
            await self._jobs.async_wait_idle()

    @asynccontextmanager
    async def _closing(self) -> AsyncGenerator[None]:
        """Run the last jobs within `CLOSE_TIMEOUT`, then end the threads."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                yield
                await self._sync.async_wait_idle()
        except TimeoutError:
            self._jobs.log_hang()
        finally:
            self._jobs.stop()
            self._sync.stop()
            self._thread.stop()

    @callback
    def _append(self, *, sync: bool = False) -> None:
        """Write the changes as one line, so that a kill meanwhile loses all of them or none."""
        begin_sync = self._sync.prepare_sync() if sync else None
        count, waiting, self._waiting = len(self._rows), self._waiting, []
        self._flush_due = False
        line = b",".join(self._rows)

        def appended(error: BaseException | None) -> None:
            if not error:
                del self._rows[:count]
                if not begin_sync:
                    self._sync.added()
            _release(waiting, result=not error)
            self._start_next_job(error)

        self._jobs.start(partial(self._files.append, line), appended, begin_sync)

    @callback
    def _fold(self) -> None:
        """Replace the snapshot, then delete the journal."""

        def folded(error: BaseException | None) -> None:
            if not error:
                self._sync.rewritten()
            self._start_next_job(error)

        self._jobs.start(partial(self._files.replace, self.snapshot()), folded)

    @callback
    def _start_next_job(self, error: BaseException | None) -> None:
        """Write the changes that came meanwhile, or fold a long journal.

        The journal may grow as large as the snapshot first, so that the bytes written stay
        proportional to what changed.
        """
        files = self._files
        is_long = not error and files.journal_size > max(COMPACT_AT, files.snapshot_size)
        if self._rows and (self._flush_due or is_long):
            self._append()
        elif is_long or (self._sync.has_failed and not error):
            self._fold()
        else:
            _release(self._waiting, result=not error)

    @callback
    def _retry(self) -> None:
        """Write what a failed job left."""
        self._flush_due = True
        self._start_next_job(None)

    @callback
    def _sync_failed(self) -> None:
        """Write a new snapshot: after a failed fsync the next succeeds without the lost data."""
        if self._jobs.is_idle:
            self._fold()

    @callback
    def _time_out(self, written: asyncio.Future[bool]) -> None:
        if not written.done():
            self._jobs.log_hang()
            written.set_result(False)


@callback
def _release(waiting: list[asyncio.Future[bool]], *, result: bool) -> None:
    for one in waiting:
        # Done where its caller was cancelled or has timed out.
        if not one.done():
            one.set_result(result)
    waiting.clear()
