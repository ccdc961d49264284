"""Permits of messages that belong together, such as a text by two channels: all of them or none."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from homeassistant.core import callback

from .message import OutboundMessage
from .number import Number, State
from .permits import Permits

type Write = Callable[[], Awaitable[None]]


class JointPermits:
    """Takes the permits of some messages together, whichever of them needs its own first.

    They are taken, or refused, for all numbers, also those that wait: for a connection, or for
    another message of the same text.
    """

    def __init__(self, permits: Permits) -> None:
        self._permits = permits
        self._members: list[tuple[OutboundMessage, Sequence[Number], Write]] = []
        # While prices are read for all of them, none may be requested.
        self._taking = asyncio.Lock()

    def join(self, message: OutboundMessage, numbers: Sequence[Number], write: Write) -> None:
        """Add a message, its numbers, and what writes them to the journal before a read."""
        self._members.append((message, numbers, write))

    async def async_take(self) -> None:
        """Take the permits of all unsent numbers, as `Permits.async_take` does."""
        async with self._taking:
            unpermitted = (
                (message, [one for one in numbers if _is_new(one)])
                for message, numbers, _write in self._members
            )
            await self._permits.async_take(*unpermitted, before_read=self._write)

    @callback
    def give_back(self) -> None:
        """Give back the permits of all numbers, unless one was requested: then the rest follows."""
        numbers = [one for _message, some, _write in self._members for one in some]
        if not any(one.requests for one in numbers):
            self._permits.give_back([one for one in numbers if one.is_unsent])

    async def _write(self) -> None:
        for _message, _numbers, write in self._members:
            await write()


def _is_new(number: Number) -> bool:
    return number.is_unsent and number.state is not State.PERMITTED
