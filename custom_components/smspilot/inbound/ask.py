"""Somebody who waits for an answer."""

import asyncio
from datetime import timedelta

from homeassistant.core import callback

from .classify import Classified


class Ask:
    """Somebody who waits for the answer to a question."""

    def __init__(self, text: str, began: float, answer: asyncio.Future[Classified | None]) -> None:
        self.text = text
        # By the loop's clock.
        self.began = began
        # The questions that went out for it.
        self.message_ids: set[str] = set()
        self._answer = answer

    async def reply(self, limit: timedelta) -> Classified | None:
        """Return the answer, or None when the time or the guesses are over."""
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._answer
        except TimeoutError:
            return None

    @callback
    def end(self, answer: Classified | None) -> None:
        """Give the answer to who waits."""
        if not self._answer.done():
            self._answer.set_result(answer)

    @callback
    def fail(self, why: Exception) -> None:
        """End the wait with an error."""
        if not self._answer.done():
            self._answer.set_exception(why)
            # Perhaps nobody has begun to wait.
            self._answer.exception()
