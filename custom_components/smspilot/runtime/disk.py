"""Work on the disk in threads of our own: Home Assistant's executor may be busy or hang."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
import threading
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..const import LOGGER

# Seconds; additions within this time share one fsync.
SYNC_DELAY: Final = 0.05


# Called in the event loop with the error of a job, or None where it succeeded.
type OnDone = Callable[[BaseException | None], None]
# Work that blocks, what is called when it is done, and what the thread itself does at once, if
# anything.
type Job = tuple[Callable[[], object], OnDone, Callable[[], None] | None]


class DiskThread:
    """A thread that runs blocking jobs one after the other, from the first one until `stop`.

    Stopping Home Assistant does not cancel a job, nor does it wait for one that hangs.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._loop = hass.loop
        self._thread: threading.Thread | None = None
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        # Whether the last job of `run_blocking` has ended.
        self._blocking = threading.Event()
        self._blocking.set()

    @callback
    def run(
        self, work: Callable[[], object], on_done: OnDone, then: Callable[[], None] | None = None
    ) -> None:
        """Queue a job; when it has ended the thread itself calls `then`, also after an error."""
        self._start()
        self._jobs.put((work, on_done, then))

    @callback
    def prepare(self, work: Callable[[], object], on_done: OnDone) -> Callable[[], None]:
        """Return a function that queues a job, and that any thread may call."""
        self._start()
        return partial(self._jobs.put, (work, on_done, None))

    @callback
    def async_run[T](self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Queue a job; return the future of its result."""
        done: asyncio.Future[T] = self._loop.create_future()
        results: list[T] = []

        def settle(error: BaseException | None) -> None:
            if done.cancelled():
                return
            if error:
                done.set_exception(error)
            else:
                done.set_result(results[0])

        self.run(lambda: results.append(work()), settle)
        return done

    @callback
    def run_blocking(self, work: Callable[[], None], timeout: float) -> None:
        """Queue a job, and block the event loop until it has ended: at most `timeout` seconds.

        Not at all while an earlier one has not ended, as the disk may hang.
        """
        before, self._blocking = self._blocking, threading.Event()
        self.run(work, lambda _error: None, self._blocking.set)
        if before.is_set():
            self._blocking.wait(timeout)

    @callback
    def stop(self) -> None:
        """End the thread after the jobs in its queue."""
        if self._thread:
            self._jobs.put(None)
            self._thread = None

    def _start(self) -> None:
        if self._thread is None:
            self._jobs = SimpleQueue()
            self._thread = threading.Thread(
                target=_run_jobs, args=(self._jobs, self._loop), name="smspilot disk", daemon=True
            )
            self._thread.start()


def _run_jobs(jobs: SimpleQueue[Job | None], loop: asyncio.AbstractEventLoop) -> None:
    while job := jobs.get():
        work, on_done, then = job
        error = None
        try:
            work()
        except BaseException as err:  # noqa: BLE001 - its caller gets it
            error = err
        # First: once the event loop is awake it keeps the interpreter for a while.
        if then:
            then()
        # The loop may be closed by the time a disk that hung responds.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(on_done, error)
        # They hold what was written, which may be long.
        del job, work, on_done, then, error


class DiskSync:
    """Syncs a file to the disk soon after each addition, beside other work on the file.

    `sync` blocks and runs in a thread; `on_failure` is called in the event loop when it raised.
    """

    def __init__(
        self, hass: HomeAssistant, sync: Callable[[], None], on_failure: Callable[[], None]
    ) -> None:
        self._hass = hass
        self._sync = sync
        self._on_failure = on_failure
        self._thread = DiskThread(hass)
        # How many additions there were, how many the sync under way covers, how many are synced.
        self._added = self._covered = self._kept = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._delay: asyncio.TimerHandle | None = None
        self._waiting: list[tuple[int, asyncio.Future[bool]]] = []
        # Whether additions may be missing on the disk until `rewritten`.
        self.has_failed = False
        # Whether a caller has waited in vain for the sync that is under way.
        self._hangs = False

    @callback
    def added(self) -> None:
        """Sync an addition after `SYNC_DELAY`, or as soon as the sync under way has ended."""
        self._added += 1
        if not self._delay:
            self._delay = self._hass.loop.call_later(SYNC_DELAY, self._begin)

    @callback
    def prepare_sync(self) -> Callable[[], None] | None:
        """Return what begins a sync right after an append, from any thread; it must be called.

        None while a sync is under way: then call `added` after the append.
        """
        if not self._idle.is_set():
            return None
        self._cancel_delay()
        self._added += 1
        return self._prepare()

    @callback
    def rewritten(self) -> None:
        """Note that the whole state was written to another file and synced."""
        self._kept, self.has_failed = self._added, False
        self._cancel_delay()
        self._release(result=True)

    @callback
    def wait(self) -> asyncio.Future[bool]:
        """Return a future: True once all additions are synced, False where that fails or hangs."""
        kept = self._hass.loop.create_future()
        if self._kept >= self._added:
            kept.set_result(not self.has_failed)
        elif self._hangs:
            kept.set_result(False)
        else:
            self._waiting.append((self._added, kept))
            self._begin()
        return kept

    @callback
    def log_hang(self) -> None:
        """Log that a caller has waited in vain, once; until the sync ends no other caller waits."""
        if not self._hangs:
            self._hangs = True
            LOGGER.error(
                "The disk syncs nothing: messages go out all the same, but a power cut would forget"
                " them"
            )

    async def async_wait_idle(self) -> None:
        """Return when no sync is under way."""
        while not self._idle.is_set():
            await self._idle.wait()

    @callback
    def stop(self) -> None:
        """Begin no further sync, and end the thread."""
        self._cancel_delay()
        self._thread.stop()

    @callback
    def _begin(self) -> None:
        self._cancel_delay()
        if self._idle.is_set():
            self._prepare()()

    def _prepare(self) -> Callable[[], None]:
        """Return what begins a sync of all additions so far; it must be called."""
        self._idle.clear()
        self._covered = self._added
        return self._thread.prepare(self._sync, self._finish)

    @callback
    def _finish(self, error: BaseException | None) -> None:
        self._idle.set()
        if self._hangs:
            self._hangs = False
            LOGGER.warning("The disk syncs again")
        self._kept = max(self._kept, self._covered)
        if error:
            LOGGER.error("The account's state could not be synced (%s)", type(error).__name__)
            self.has_failed = True
        self._release(result=not error)
        if self.has_failed:
            self._on_failure()
        elif self._added > self._kept:
            self._begin()

    @callback
    def _release(self, *, result: bool) -> None:
        """Resolve the futures whose additions are synced."""
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
