"""Work for the disk, in threads of its own: those of Home Assistant may all be busy or hang."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import threading

from homeassistant.core import HomeAssistant, callback

from ..const import LOGGER


@callback
def async_run_in_thread[T](hass: HomeAssistant, work: Callable[[], T]) -> asyncio.Future[T]:
    """Begin work in a new thread, which no stop of Home Assistant cancels nor waits for."""
    done: asyncio.Future[T] = hass.loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as err:  # noqa: BLE001 - whoever waits is told of any
            error = err
        # The loop may be closed when a disk that hung answers at last.
        with suppress(RuntimeError):
            hass.loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="smspilot disk", daemon=True).start()
    return done


class DiskSync:
    """Have the disk keep what was added to a file, beside whatever else is done with it."""

    def __init__(
        self, hass: HomeAssistant, sync: Callable[[], None], failed: Callable[[], None]
    ) -> None:
        """Have nothing to keep yet; `sync` blocks, `failed` hears of what the disk did not keep."""
        self._hass = hass
        self._sync = sync
        self._failed = failed
        # How many additions there were, and how many of them the present and the last sync cover.
        self._added = self._covered = self._kept = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._waiting: list[tuple[int, asyncio.Future[bool]]] = []
        # Whether something is not kept until all is written anew.
        self.has_failed = False

    @callback
    def added(self) -> None:
        """Keep an addition, now or as soon as the sync under way has ended."""
        self._added += 1
        self._begin()

    @callback
    def rewritten(self) -> None:
        """Note that everything was written anew and kept."""
        self._kept, self.has_failed = self._added, False
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
    def _begin(self) -> None:
        if not self._idle.is_set():
            return
        self._idle.clear()
        self._covered = self._added
        async_run_in_thread(self._hass, self._sync).add_done_callback(self._ended)

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
