"""Reads that pushes and timers start; calls in quick succession share one read."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..const import LOGGER

# Seconds after a read in which no other begins, however many pushes come.
COOLDOWN: Final = 1.0


class Poller:
    """Calls `read` when woken: one call at a time, and `COOLDOWN` between them."""

    def __init__(self, hass: HomeAssistant, name: str, read: Callable[[], Awaitable[None]]) -> None:
        self._hass = hass
        self._name = name
        self._read = read
        self._woken = False
        # Whether reads wait for `resume`: events fired before automations are set up are lost.
        self.is_paused = True
        self._busy = False
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._cooldown: CALLBACK_TYPE | None = None
        self._timers: set[CALLBACK_TYPE] = set()

    @callback
    def resume(self) -> None:
        """Allow reads, and begin one where the poller was woken before."""
        self.is_paused = False
        if self._woken:
            self.wake()

    @callback
    def pause(self) -> None:
        """Begin no read until `resume`."""
        self.is_paused = True

    @callback
    def wake(self) -> None:
        """Begin a read now, or after the read under way and its cooldown."""
        self._woken = True
        if not self._busy and not self.is_paused and not self._closed:
            self._woken, self._busy = False, True
            self._task = self._hass.async_create_background_task(self._async_read(), self._name)

    @callback
    def wake_in(self, seconds: float) -> CALLBACK_TYPE:
        """Wake the poller after so many seconds; return the function that cancels it."""
        return self.call_in(seconds, lambda _now: self.wake())

    @callback
    def call_in(self, seconds: float, action: Callable[[datetime], None]) -> CALLBACK_TYPE:
        """Call `action` after so many seconds, unless cancelled or closed before."""

        @callback
        def due(now: datetime) -> None:
            self._timers.discard(cancel)
            action(now)

        @callback
        def cancel() -> None:
            self._timers.discard(cancel)
            stop()

        if self._closed:
            return lambda: None
        stop = async_call_later(self._hass, seconds, due)
        self._timers.add(cancel)
        return cancel

    @callback
    def close(self) -> None:
        """Cancel the timers and the read under way, and begin no other."""
        self._closed = True
        for cancel in [*self._timers, *filter(None, [self._cooldown])]:
            cancel()
        if self._task:
            self._task.cancel()

    async def _async_read(self) -> None:
        try:
            await self._read()
        except Exception:  # noqa: BLE001 - one failed read must not end polling
            LOGGER.exception("Unexpected error in %s", self._name)
        if not self._closed:
            self._cooldown = async_call_later(self._hass, COOLDOWN, self._end_cooldown)

    @callback
    def _end_cooldown(self, _now: datetime) -> None:
        self._cooldown = None
        self._busy = False
        if self._woken:
            self.wake()


class EarliestTimer:
    """Calls an action once, at the earliest of the times it was set to."""

    def __init__(self, hass: HomeAssistant, poller: Poller, action: Callable[[], None]) -> None:
        self._hass = hass
        self._poller = poller
        self._action = action
        self._planned: tuple[float, CALLBACK_TYPE] | None = None

    @callback
    def set(self, seconds: float) -> None:
        """Call the action in so many seconds, or earlier where an earlier time is set."""
        at = self._hass.loop.time() + seconds
        if self._planned:
            if self._planned[0] <= at:
                return
            self._planned[1]()
        self._planned = (at, self._poller.call_in(seconds, self._due))

    @callback
    def _due(self, _now: datetime) -> None:
        self._planned = None
        self._action()


class ReadWaiters:
    """Tasks that wait for the end of a read that begins after they called."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._waiting: list[asyncio.Future[bool]] = []

    async def async_wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - callers' own deadlines
        """Return whether the next read succeeds within so many seconds."""
        done: asyncio.Future[bool] = self._hass.loop.create_future()
        self._waiting.append(done)
        try:
            async with asyncio.timeout(timeout):
                return await done
        except TimeoutError:
            return False
        finally:
            if done in self._waiting:
                self._waiting.remove(done)

    @callback
    def begin(self) -> Callable[[bool], None]:
        """Note that a read begins; return the function that reports its result to the waiters."""
        waiting, self._waiting = self._waiting, []

        @callback
        def end(result: bool) -> None:
            for done in waiting:
                if not done.done():
                    done.set_result(result)

        return end
