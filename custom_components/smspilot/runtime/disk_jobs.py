"""The jobs on an account's files, one at a time: a disk that fails or hangs is logged."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..const import LOGGER
from .disk import DiskThread, OnDone

# Seconds a send waits for the disk; an alarm must go out although the disk hangs.
DISK_TIMEOUT: Final = 5.0
# Seconds after which a failed job is tried again; else it would wait for the next change.
RETRY_DELAY: Final = 300.0


class DiskJobs:
    """Runs blocking jobs; `on_retry` is called in the event loop some time after one failed."""

    def __init__(
        self, hass: HomeAssistant, thread: DiskThread, on_retry: Callable[[], None]
    ) -> None:
        self._hass = hass
        self._thread = thread
        self._on_retry = on_retry
        self._cancel_retry: CALLBACK_TYPE | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        # Whether a caller waited for `DISK_TIMEOUT` in vain, and no job has ended since.
        self._hangs = False

    @property
    def is_idle(self) -> bool:
        """Return whether no job is under way."""
        return self._idle.is_set()

    @property
    def hangs(self) -> bool:
        """Return whether a caller has waited in vain for the job that is under way."""
        return self._hangs and not self.is_idle

    async def async_wait_idle(self) -> None:
        """Return when no job is under way."""
        # A job may start the next one before this task runs, hence the loop.
        while not self._idle.is_set():
            await self._idle.wait()

    @callback
    def start(
        self, work: Callable[[], None], on_done: OnDone, then: Callable[[], None] | None = None
    ) -> None:
        """Run a job while no other is under way; the arguments are those of `DiskThread.run`."""
        self._idle.clear()
        self._thread.run(work, partial(self._finish, on_done), then)

    @callback
    def stop(self) -> None:
        """Try nothing again."""
        if self._cancel_retry:
            self._cancel_retry()

    @callback
    def log_hang(self) -> None:
        """Log that a caller has waited in vain, once."""
        if self._hangs:
            return
        self._hangs = True
        LOGGER.error(
            "The disk has not answered for %s s: messages go out all the same, but a restart would"
            " forget them",
            int(DISK_TIMEOUT),
        )

    @callback
    def _finish(self, on_done: OnDone, error: BaseException | None) -> None:
        """Log how a job ended, and call what follows it."""
        self._idle.set()
        if self._hangs:
            self._hangs = False
            LOGGER.warning("The disk answers again")
        if error:
            LOGGER.error("The account's state cannot be written (%s)", type(error).__name__)
        if error and not self._cancel_retry:
            self._cancel_retry = self._hass.loop.call_later(RETRY_DELAY, self._retry).cancel
        on_done(error)

    @callback
    def _retry(self) -> None:
        self._cancel_retry = None
        if self.is_idle:
            self._on_retry()
