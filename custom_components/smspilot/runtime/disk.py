"""Work for the disk, in threads of its own: those of Home Assistant may all be busy or hang."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
import threading
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..const import LOGGER

# What is added in quick succession is synced once, seconds.
SYNC_DELAY: Final = 0.05


class DiskThread:
    """A thread for work that blocks, one thing after the other; it lives from first use to `stop`.

    No stop of Home Assistant cancels its work, and none waits for it where the disk hangs.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Have no thread yet."""
        self._loop = hass.loop
        self._thread: threading.Thread | None = None
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    @callback
    def async_run[T](self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin work, or put it behind what is being done."""
        done: asyncio.Future[T] = self._loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            if done.cancelled():
                return
            if error:
                done.set_exception(error)
            else:
                done.set_result(result)  # type: ignore[arg-type]

        def job() -> None:
            result, error = None, None
            try:
                result = work()
            except BaseException as err:  # noqa: BLE001 - whoever waits is told of any
                error = err
            # The loop may be closed when a disk that hung answers at last.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(settle, result, error)

        if self._thread is None:
            self._jobs = SimpleQueue()
            self._thread = threading.Thread(
                target=_work, args=(self._jobs,), name="smspilot disk", daemon=True
            )
            self._thread.start()
        self._jobs.put(job)
        return done

    @callback
    def stop(self) -> None:
        """End the thread when it has done what it was given."""
        if self._thread:
            self._jobs.put(None)
            self._thread = None


def _work(jobs: SimpleQueue[Callable[[], None] | None]) -> None:
    while job := jobs.get():
        job()


class DiskSync:
    """Have the disk keep what was added to a file, beside whatever else is done with it."""

    def __init__(
        self, hass: HomeAssistant, sync: Callable[[], None], failed: Callable[[], None]
    ) -> None:
        """Have nothing to keep yet; `sync` blocks, `failed` is called when it failed."""
        self._hass = hass
        self._sync = sync
        self._failed = failed
        self._thread = DiskThread(hass)
        # How many additions there were, and how many of them the present and the last sync cover.
        self._added = self._covered = self._kept = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._delay: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[int, asyncio.Future[bool]]] = []
        # Whether something is not kept until all is written anew.
        self.has_failed = False

    @callback
    def added(self) -> None:
        """Keep an addition in a moment, or as soon as the sync under way has ended."""
        self._added += 1
        if not self._delay:
            self._delay = self._hass.loop.call_later(SYNC_DELAY, self._begin)

    @callback
    def rewritten(self) -> None:
        """Note that everything was written anew and kept."""
        self._kept, self.has_failed = self._added, False
        self._cancel_delay()
        self._release(result=True)

    @callback
    def wait(self) -> asyncio.Future[bool]:
        """Return what is True when the disk keeps all additions, False when it fails to."""
        kept = self._hass.loop.create_future()
        if self._kept >= self._added:
            kept.set_result(not self.has_failed)
        else:
            self._waiting.append((self._added, kept))
            self._begin()
        return kept

    async def rest(self) -> None:
        """Return when nothing is being synced."""
        while not self._idle.is_set():
            await self._idle.wait()

    @callback
    def stop(self) -> None:
        """Begin no more, and end the thread."""
        self._cancel_delay()
        self._thread.stop()

    @callback
    def _begin(self) -> None:
        self._cancel_delay()
        if self._idle.is_set():
            self._idle.clear()
            self._covered = self._added
            self._thread.async_run(self._sync).add_done_callback(self._ended)

    @callback
    def _ended(self, done: asyncio.Future[None]) -> None:
        self._idle.set()
        self._kept = max(self._kept, self._covered)
        if error := done.exception():
            LOGGER.error("The disk does not keep the account's state (%s)", type(error).__name__)
            self.has_failed = True
        self._release(result=not error)
        if self.has_failed:
            self._failed()
        elif self._added > self._kept:
            self._begin()

    @callback
    def _release(self, *, result: bool) -> None:
        """Tell those whose additions are covered."""
        covered = [kept for count, kept in self._waiting if count <= self._kept]
        self._waiting = [one for one in self._waiting if one[0] > self._kept]
        for kept in covered:
            if not kept.done():
                kept.set_result(result)

    @callback
    def _cancel_delay(self) -> None:
        if self._delay:
            self._delay.cancel()
            self._delay = None
