"""Reads when a push or a timer asks for it; requests that come close together share one read."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..const import LOGGER

# The service is asked at most once a second, however many pushes come.
COOLDOWN: Final = 1.0


class Poller:
    """Call `read` when woken: one at a time, at most once a second."""

    def __init__(self, hass: HomeAssistant, name: str, read: Callable[[], Awaitable[None]]) -> None:
        """Have nothing to read yet."""
        self._hass = hass
        self._name = name
        self._read = read
        self._woken = False
        # Nothing is read before `open`: what is published before automations listen is lost.
        self.held = True
        self._busy = False
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._cooldown: CALLBACK_TYPE | None = None
        self._timers: set[CALLBACK_TYPE] = set()

    @callback
    def open(self) -> None:
        """Read from now on, also where it was woken before."""
        self.held = False
        if self._woken:
            self.wake()

    @callback
    def hold(self) -> None:
        """Read no more until it is opened again."""
        self.held = True

    @callback
    def wake(self) -> None:
        """Read now, or as soon as the read under way and its second are over."""
        self._woken = True
        if not self._busy and not self.held and not self._closed:
            self._woken, self._busy = False, True
            self._task = self._hass.async_create_background_task(self._async_read(), self._name)

    @callback
    def wake_in(self, seconds: float) -> CALLBACK_TYPE:
        """Read after so many seconds; return what calls it off."""
        return self.call_in(seconds, lambda _now: self.wake())

    @callback
    def call_in(self, seconds: float, action: Callable[[datetime], None]) -> CALLBACK_TYPE:
        """Do something after so many seconds, unless the poller is closed before."""

        @callback
        def due(now: datetime) -> None:
            self._timers.discard(cancel)
            action(now)

        @callback
        def cancel() -> None:
            self._timers.discard(cancel)
            stop()

        if self._closed:
            return _nothing
        stop = async_call_later(self._hass, seconds, due)
        self._timers.add(cancel)
        return cancel

    @callback
    def close(self) -> None:
        """Wake no more, and cancel the read under way."""
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
            self._cooldown = async_call_later(self._hass, COOLDOWN, self._rested)

    @callback
    def _rested(self, _now: datetime | None = None) -> None:
        self._cooldown = None
        self._busy = False
        if self._woken:
            self.wake()


class EarliestTimer:
    """Calls an action once, at the earliest of the times it was set to."""

    def __init__(self, hass: HomeAssistant, poller: Poller, action: Callable[[], None]) -> None:
        """Be set to no time yet."""
        self._hass = hass
        self._poller = poller
        self._action = action
        self._planned: tuple[float, CALLBACK_TYPE] | None = None

    @callback
    def set(self, seconds: float) -> None:
        """Do it in so many seconds, unless it is done before."""
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
    """Who waits for the end of a read that begins from now on."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Have nobody wait yet."""
        self._hass = hass
        self._waiting: list[asyncio.Future[bool]] = []

    async def async_wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - as the caller says
        """Return whether the next read succeeds, False where it takes too long."""
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
        """Begin a read; return what tells its result to whoever has waited till now."""
        waiting, self._waiting = self._waiting, []

        @callback
        def end(result: bool) -> None:
            for done in waiting:
                if not done.done():
                    done.set_result(result)

        return end


def _nothing() -> None:
    """Call off what was never planned."""
