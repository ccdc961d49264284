"""The messages without a final status: when each is checked, and the tasks that wait for it."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..client import Kind, Status
from ..client.models import NUMBER_CHECKS
from ..const import LOGGER
from ..runtime.cooperative import thread_slices
from ..runtime.journal import Journal, Table
from .result import Row

# The name of its table in the journal.
TABLE: Final = "messages"
# Seconds after it was due at which a message is checked; number checks end within seconds.
MESSAGE_AGES: Final = (15, 30, 60, 120, 300)
NUMBER_CHECK_AGES: Final = (5, 15, 30, 45, 60, 90, 120, 300)
MAX_CHECK_INTERVAL: Final = 3600

# Seconds after it was due at which a message is no longer checked.
TRACKING_TIMEOUT: Final = timedelta(hours=48) / timedelta(seconds=1)


@dataclass(slots=True)
class Waiting:
    """A message without a final status, and the futures of the tasks that wait for it.

    `due` is by the event loop's clock, which does not jump when the system's clock is corrected.
    """

    row: Row
    due: float
    futures: frozenset[asyncio.Future[None]] = frozenset()

    def next_check(self, now: float) -> float:
        """Return in how many seconds the message is checked next."""
        ages = NUMBER_CHECK_AGES if self.row.kind in NUMBER_CHECKS else MESSAGE_AGES
        age = now - self.due
        if age < 0:
            return min(ages[0] - age, MAX_CHECK_INTERVAL)
        # After the last of the ages, when it is twice as old. The second more is for a timer that
        # fires slightly early.
        return next((due - age for due in ages if due > age + 1), min(age, MAX_CHECK_INTERVAL))


class TrackedMessages:
    """The messages of an account that have no final status yet, by id, kept in the journal."""

    def __init__(self, hass: HomeAssistant, journal: Journal) -> None:
        self._hass = hass
        self._journal = journal
        self._waiting: dict[str, Waiting] = {}

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids, the oldest first."""
        return iter(self._waiting)

    def __contains__(self, message_id: str) -> bool:
        """Return whether a message has no final status yet."""
        return message_id in self._waiting

    def get(self, message_id: str | None) -> Waiting | None:
        """Return a message, None once it has a final status."""
        return self._waiting.get(message_id or "")

    def row(self, message_id: str | None) -> Row | None:
        """Return the row of a message, None once it has a final status."""
        waiting = self._waiting.get(message_id or "")
        return waiting.row if waiting else None

    def needs_all(self, message_id: str) -> bool:
        """Return whether a check has to request all fields, for HLRVIP's facts."""
        row = self.row(message_id)
        return row is not None and row.kind is Kind.HLRVIP

    def items(self) -> Iterable[tuple[str, Waiting]]:
        """Return the ids and messages."""
        return self._waiting.items()

    def restore(self, table: Table) -> None:
        """Restore the messages that had no final status before a restart."""
        for message_id, data in thread_slices(table.items()):
            try:
                waiting = self._track(message_id, Row.from_stored(message_id, data))
            except LookupError, TypeError, ValueError:
                LOGGER.warning("A stored message cannot be read and is left out")
            else:
                # By a clock that was wrong then it may seem overdue: leave it a further check.
                waiting.due = max(waiting.due, self._now - TRACKING_TIMEOUT + MAX_CHECK_INTERVAL)

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return the ids and rows as they are stored."""
        return ((key, one.row.as_stored()) for key, one in list(self._waiting.items()))

    @callback
    def add(self, message_id: str, row: Row) -> Waiting:
        """Add a message."""
        waiting = self._track(message_id, row)
        self.write(message_id)
        return waiting

    @callback
    def write(self, message_id: str) -> None:
        """Write the present row of a message to the journal."""
        self._journal.put(TABLE, message_id, self._waiting[message_id].row.as_stored())

    @callback
    def remove(self, message_id: str) -> None:
        """Remove a message, and resolve the futures of the tasks that wait for it."""
        for future in self._waiting.pop(message_id).futures:
            if not future.done():
                future.set_result(None)
        self._journal.put(TABLE, message_id, None)

    def is_overdue(self, message_id: str) -> bool:
        """Return whether a message is too old to be checked again."""
        waiting = self._waiting.get(message_id)
        return waiting is not None and self._now - waiting.due > TRACKING_TIMEOUT

    async def wait(self, rows: Iterable[Row], duration: timedelta) -> None:
        """Return when all rows are final, or after `duration`."""
        found = (self._waiting.get(row.message_id or "") for row in rows)
        waiting = [one for one in found if one]
        if not waiting or not duration:
            return
        futures = [self._hass.loop.create_future() for _ in waiting]
        for one, future in zip(waiting, futures, strict=True):
            one.futures |= {future}
        try:
            async with asyncio.timeout(duration.total_seconds()):
                await asyncio.gather(*futures)
        except TimeoutError:
            pass
        finally:
            for one, future in zip(waiting, futures, strict=True):
                one.futures -= {future}
                future.cancel()

    @callback
    def close(self, why: Exception) -> None:
        """Raise `why` in the tasks that wait."""
        for waiting in self._waiting.values():
            for future in waiting.futures:
                if not future.done():
                    future.set_exception(why)

    @property
    def _now(self) -> float:
        return self._hass.loop.time()

    def _track(self, message_id: str, row: Row) -> Waiting:
        now = dt_util.utcnow()
        if row.sent_at:
            # By a clock that is behind, it would seem due in the future, and be checked rarely.
            now = max(now, row.sent_at)
        due = self._now + ((row.due_at or now) - now).total_seconds()
        waiting = self._waiting[message_id] = Waiting(row, due)
        return waiting


def follows(status: Status, present: Status) -> bool:
    """Return whether a status is later than the present one; none is later than a final one.

    A status that the document does not list has no rank, so it is not later than any.
    """
    if present.final:
        return False
    if status.progress is None:
        return False
    return present.progress is None or status.progress > present.progress
