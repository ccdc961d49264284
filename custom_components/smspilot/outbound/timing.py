"""The times of a submission: one deadline for everything it waits for."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..client import ConnectionFailed, Smspilot
from ..errors import Reason, TimeOver, action_error, validation_error
from ..text.localized import async_time
from .message import OutboundMessage
from .number import Number, Refusal, State

# The API's `Date` has whole seconds, and a response takes some time.
CLOCK_TOLERANCE: Final = timedelta(seconds=2)
# Seconds after `retry_for` for the last request and its reconciling: callers are promised a result
# within `retry_for` and two minutes.
RECONCILE_TIMEOUT: Final = 120.0
# Seconds a request takes at most, so none begins later than this before the deadline.
REQUEST_TIMEOUT: Final = 60.0
# Seconds more for each number beyond the tenth, in case the API refuses a list that must be halved.
EXTRA_TIME_PER_NUMBER: Final = 30.0
NUMBERS_WITHOUT_EXTRA_TIME: Final = 10
# Seconds a send waits for another one of the same text, also where its `retry_for` is shorter.
CLAIM_TIMEOUT: Final = 180.0
# Seconds a send that waited for another one may then try to connect.
RETRY_AFTER_CLAIM: Final = 120.0
# Seconds between tries to connect, which cost nothing: soon at first, then every ten.
RETRY_DELAYS: Final = (2.0, 4.0, 8.0, 10.0)


def api_now(client: Smspilot) -> datetime:
    """Return the API's time; Home Assistant's, which has fractions of a second, if they agree."""
    now, api_time = dt_util.utcnow(), client.now()
    return now if api_time is None or abs(api_time - now) <= CLOCK_TOLERANCE else api_time


def check_time(hass: HomeAssistant, client: Smspilot, message: OutboundMessage) -> None:
    """Refuse a `send_at` that is past by the clocks of both Home Assistant and the API."""
    due = message.options.send_at
    if due and due <= min(dt_util.utcnow(), api_now(client)):
        raise validation_error(Reason.TIME_PASSED, time=async_time(hass, due))


class Timing:
    """The times of one message, by the event loop's clock, which reads `now` at its start."""

    def __init__(self, message: OutboundMessage, now: float) -> None:
        self._started = now
        self._retry_for = message.options.retry_for.total_seconds()
        self._delays = iter(RETRY_DELAYS)
        self._delay = 0.0
        more = max(len(message.targets) - NUMBERS_WITHOUT_EXTRA_TIME, 0)
        extra = more * EXTRA_TIME_PER_NUMBER
        self.deadline = now + self._retry_for + RECONCILE_TIMEOUT + extra
        # Until when to try to connect, and until when to wait for another send of the same text.
        self.connect_until = now + self._retry_for
        self.claim_until = now + max(
            self._retry_for, min(self._retry_for + REQUEST_TIMEOUT, CLAIM_TIMEOUT)
        )
        self.retry_at = now
        self.reconcile_at = now
        self.is_cancelled = False
        self._timer: asyncio.Future[None] | None = None

    @property
    def last_request(self) -> float:
        """Return until when a request may begin."""
        return self.deadline - REQUEST_TIMEOUT

    def too_late(self, now: float) -> Refusal | None:
        """Return why no further request may begin, None while one may."""
        if self.is_cancelled:
            return action_error(Reason.CANCELLED)
        return ConnectionFailed(TimeOver.NO_TIME) if now > self.last_request else None

    def reconcile_until(self, now: float) -> float:
        """Return the end of the reads that reconcile a request whose response is lost now."""
        return min(now + RECONCILE_TIMEOUT, self.deadline)

    def start_retry_window(self, now: float) -> None:
        """Allow time to connect from now on: until now another send was waited for."""
        retry_for = min(self._retry_for, RETRY_AFTER_CLAIM)
        latest = self._started + self._retry_for + REQUEST_TIMEOUT
        self.connect_until = max(self.connect_until, min(now + retry_for, latest))

    def plan_retry(self, now: float) -> bool:
        """Set `retry_at`; return False where there is no time for a retry."""
        if now >= self.connect_until:
            return False
        self._delay = next(self._delays, self._delay)
        self.retry_at = min(now + self._delay, self.connect_until)
        return True

    def cancel(self) -> None:
        """Let no further request begin, and end `async_wait`: the message is no longer needed."""
        self.is_cancelled = True
        self._wake()

    async def async_wait(
        self,
        loop: asyncio.AbstractEventLoop,
        unfinished: Iterable[Number],
        claims: Mapping[Number, asyncio.Future[None] | None],
    ) -> None:
        """Wait until something is due for the numbers, or one of the claims they wait for ends."""
        times, futures = [self.deadline], {one for one in claims.values() if one}
        for one in unfinished:
            if one.state is State.REQUESTED:
                times.append(self.reconcile_at)
            else:
                times.append(self.claim_until if claims.get(one) else self.retry_at)
        self._timer = loop.create_future()
        handle = loop.call_at(min(times), self._wake)
        try:
            await asyncio.wait({self._timer, *futures}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            handle.cancel()

    def _wake(self) -> None:
        if self._timer and not self._timer.done():
            self._timer.set_result(None)
