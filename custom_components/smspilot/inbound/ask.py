"""The wait of one `ask` action for the answer to its question."""

import asyncio
from datetime import timedelta

from homeassistant.core import callback

from .classify import Classified


class Ask:
    """A call of `ask` that waits for the answer to its question."""

    def __init__(self, text: str, began: float, answer: asyncio.Future[Classified | None]) -> None:
        self.text = text
        # On the event loop's clock.
        self.began = began
        # The ids of the 2WAY messages that were sent for it; none until the API has responded.
        self.message_ids: set[str] = set()
        self._answer = answer

    async def reply(self, limit: timedelta) -> Classified | None:
        """Return the answer; None after the time limit or the last wrong code."""
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._answer
        except TimeoutError:
            return None

    @callback
    def end(self, answer: Classified | None) -> None:
        """End the wait with the answer, or with None."""
        if not self._answer.done():
            self._answer.set_result(answer)

    @callback
    def fail(self, error: Exception) -> None:
        """End the wait with an error."""
        if not self._answer.done():
            self._answer.set_exception(error)
            # Mark it as retrieved: asyncio would log it if no one awaits the future yet.
            self._answer.exception()
