"""Statuses that pushes announced and no read shows yet: read again a few times, then given up."""

from collections.abc import Iterable
from typing import Final

from homeassistant.core import callback

from ..client import Status
from ..runtime.poller import Poller

# Seconds before each further read: the API may list a status a little after its push.
REREAD_DELAYS: Final = (2.0, 5.0, 15.0, 30.0)


class AnnouncedStatuses:
    """The announced statuses by message id; `poller` makes the reads that should show them."""

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        # Each with how many reads did not show it, and when the next one of its own is due.
        self._statuses: dict[str, tuple[Status, int, float]] = {}

    def __contains__(self, message_id: str) -> bool:
        """Return whether a status was announced and is not shown yet."""
        return message_id in self._statuses

    @property
    def ids(self) -> list[str]:
        """Return the messages whose announced status is not shown yet."""
        return list(self._statuses)

    def get(self, message_id: str) -> Status | None:
        """Return the announced status of a message."""
        return self._statuses[message_id][0] if message_id in self._statuses else None

    def add(self, message_id: str, status: Status) -> None:
        """Keep an announced status until a read shows it or it is given up."""
        self._statuses[message_id] = status, 0, 0.0

    def discard(self, message_id: str) -> None:
        """Forget the announced status of a message."""
        self._statuses.pop(message_id, None)

    @callback
    def retry(self, message_ids: Iterable[str], read_at: float) -> None:
        """Plan further reads for what a read did not show, or give it up.

        `read_at` is when the read began, by the event loop's clock.
        """
        delays: set[float] = set()
        for message_id in message_ids:
            status, reads, due = self._statuses[message_id]
            if read_at < due:
                # A read made for other messages came early and is not counted.
                continue
            if reads == len(REREAD_DELAYS):
                self.discard(message_id)
                continue
            delay = REREAD_DELAYS[reads]
            self._statuses[message_id] = status, reads + 1, read_at + delay
            delays.add(delay)
        for delay in delays:
            self._poller.wake_in(delay)
