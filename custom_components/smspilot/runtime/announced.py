"""What pushes announced and no read has shown yet: read again a few times, then given up."""

from collections.abc import Iterable
from typing import Final

from homeassistant.core import HomeAssistant, callback

from .poller import Poller

# Seconds before each further read: the API may list a message a little after its push.
RETRY_DELAYS: Final = (2.0, 5.0, 15.0, 30.0)


class Announced[News]:
    """What was announced, by message id; `poller` makes the reads that should show it."""

    def __init__(self, hass: HomeAssistant, poller: Poller) -> None:
        self._hass = hass
        self._poller = poller
        # Each with how many reads did not show it, and when the next one of its own is due.
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
        """Keep what was announced until a read shows it or it is given up."""
        self._news[message_id] = news, 0, 0.0

    def discard(self, message_id: str) -> None:
        """Forget what was announced of a message."""
        self._news.pop(message_id, None)

    @callback
    def retry(self, message_ids: Iterable[str], read_at: float) -> int:
        """Plan further reads for what a read did not show; return how many are given up.

        `read_at` is when the read began, by the event loop's clock.
        """
        given_up = 0
        delays: set[float] = set()
        for message_id in message_ids:
            news, reads, due = self._news[message_id]
            if read_at < due:
                # A read made for other messages came early and is not counted.
                continue
            if reads == len(RETRY_DELAYS):
                self.discard(message_id)
                given_up += 1
                continue
            delay = RETRY_DELAYS[reads]
            self._news[message_id] = news, reads + 1, read_at + delay
            delays.add(delay)
        for delay in delays:
            self._poller.wake_in(delay)
        return given_up
