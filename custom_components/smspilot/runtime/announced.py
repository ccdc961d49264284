"""What pushes announced and no read has shown yet: looked for a few times, then given up."""

from collections.abc import Iterable
from typing import Final

from homeassistant.core import HomeAssistant, callback

from .poller import Poller

# The list may be a little late.
PAUSES: Final = (2.0, 5.0, 15.0, 30.0)


class Announced[News]:
    """News of messages by id."""

    def __init__(self, hass: HomeAssistant, poller: Poller) -> None:
        """Have heard nothing yet; `poller` is woken to look again."""
        self._hass = hass
        self._poller = poller
        # With how often they were looked for in vain, and when the next look is due.
        self._news: dict[str, tuple[News, int, float]] = {}

    def __contains__(self, message_id: str) -> bool:
        """Return whether a message was announced and is not shown yet."""
        return message_id in self._news

    def __len__(self) -> int:
        """Return how many were announced and are not shown yet."""
        return len(self._news)

    @property
    def ids(self) -> list[str]:
        """Return the messages that were announced and are not shown yet."""
        return list(self._news)

    def get(self, message_id: str) -> News | None:
        """Return what was announced of a message."""
        return self._news[message_id][0] if message_id in self._news else None

    def add(self, message_id: str, news: News) -> None:
        """Expect the next read to show it."""
        self._news[message_id] = news, 0, 0.0

    def discard(self, message_id: str) -> None:
        """Expect no more of a message."""
        self._news.pop(message_id, None)

    @callback
    def look_again(self, message_ids: Iterable[str], asked: float) -> int:
        """Look again for what a read of that time did not show; return how many are given up."""
        given_up = 0
        pauses: set[float] = set()
        for message_id in message_ids:
            news, looks, due = self._news[message_id]
            if asked < due:
                # A read that others woke is no look.
                continue
            if looks == len(PAUSES):
                self.discard(message_id)
                given_up += 1
                continue
            self._news[message_id] = news, looks + 1, asked + PAUSES[looks]
            pauses.add(PAUSES[looks])
        for seconds in pauses:
            self._poller.wake_in(seconds)
        return given_up
