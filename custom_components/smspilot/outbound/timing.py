"""How long a message may take: one deadline for everything that is waited for."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from ..client import ConnectionFailed, Smspilot
from ..errors import Reason, TimeOver, action_error
from .message import OutboundMessage
from .number import Number, Refusal, State

# The API tells its time in whole seconds.
CLOCK_STEP: Final = timedelta(seconds=2)
SECOND: Final = timedelta(seconds=1)
# Beyond `retry_for`, for the last request and the looks after it: the contract's two minutes.
TIME_FOR_LOOKS: Final = 120.0
# A request takes no longer, so none begins later than this before the deadline.
TIME_FOR_REQUEST: Final = 60.0
# A list that has to be taken apart may need so much more for each number beyond the tenth.
TIME_PER_NUMBER: Final = 30.0
FEW_NUMBERS: Final = 10
# Whoever waits for another send of the same text waits at least so long, within their own time.
TIME_FOR_TURN: Final = 180.0
# Who got their turn late has seen no outage yet, and may wait so long for a connection.
TIME_AFTER_TURN: Final = 120.0
# Without a connection nothing costs: soon at first, then not too often.
RETRY_PAUSES: Final = (2.0, 4.0, 8.0, 10.0)


def api_now(client: Smspilot) -> datetime:
    """Return the time by the API's clock; Home Assistant's where they agree, which is finer."""
    now, told = dt_util.utcnow(), client.now()
    return now if told is None or abs(told - now) <= CLOCK_STEP else told


class Timing:
    """The times of one message, by the event loop's clock."""

    def __init__(self, message: OutboundMessage, now: float) -> None:
        """Begin now."""
        self._begun = now
        self._patience = message.options.retry_for / SECOND
        self._pauses = iter(RETRY_PAUSES)
        self._pause = 0.0
        more = max(len(message.targets) - FEW_NUMBERS, 0)
        self.deadline = now + self._patience + TIME_FOR_LOOKS + more * TIME_PER_NUMBER
        # Until when a connection is tried for, and another send of the same text waited for.
        self.connect_until = now + self._patience
        self.turn_until = now + max(
            self._patience, min(self._patience + TIME_FOR_REQUEST, TIME_FOR_TURN)
        )
        self.retry_at = now
        self.look_at = now
        self.is_cancelled = False
        self._timer: asyncio.Future[None] | None = None

    @property
    def last_request(self) -> float:
        """Return until when a request may begin."""
        return self.deadline - TIME_FOR_REQUEST

    def too_late(self, now: float) -> Refusal | None:
        """Return why no request may begin any more, None while one may."""
        if self.is_cancelled:
            return action_error(Reason.CANCELLED)
        return ConnectionFailed(TimeOver.NO_TIME) if now > self.last_request else None

    def look_until(self, now: float) -> float:
        """Return until when what is lost now is looked for before its caller is told."""
        return min(now + TIME_FOR_LOOKS, self.deadline)

    def got_turn(self, now: float) -> None:
        """Begin to be patient only now: it was the turn that was waited for, not a connection."""
        patience = min(self._patience, TIME_AFTER_TURN)
        latest = self._begun + self._patience + TIME_FOR_REQUEST
        self.connect_until = max(self.connect_until, min(now + patience, latest))

    def try_later(self, now: float) -> bool:
        """Plan the next try; return whether there is still time for one."""
        if now >= self.connect_until:
            return False
        self._pause = next(self._pauses, self._pause)
        self.retry_at = min(now + self._pause, self.connect_until)
        return True

    def cancel(self) -> None:
        """Let no more requests begin, and end the wait: nobody wants the message any more."""
        self.is_cancelled = True
        self._wake()

    async def async_wait(
        self,
        loop: asyncio.AbstractEventLoop,
        unfinished: Iterable[Number],
        turns: Mapping[Number, asyncio.Future[None] | None],
    ) -> None:
        """Wait for the next thing to do for numbers; `turns` are what some of them wait for."""
        times, futures = [self.deadline], {one for one in turns.values() if one}
        for one in unfinished:
            if one.state is State.REQUESTED:
                times.append(self.look_at)
            else:
                times.append(self.turn_until if turns.get(one) else self.retry_at)
        self._timer = loop.create_future()
        handle = loop.call_at(min(times), self._wake)
        try:
            await asyncio.wait({self._timer, *futures}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            handle.cancel()

    def _wake(self) -> None:
        if self._timer and not self._timer.done():
            self._timer.set_result(None)
