"""The messages on their way: when each is looked at, what is news, and who waits for it."""

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

# How old a message is when it is looked at; number checks are answered within seconds.
MESSAGE_AGES: Final = (15, 30, 60, 120, 300)
CHECK_AGES: Final = (5, 15, 30, 45, 60, 90, 120, 300)
MAX_LOOK_INTERVAL: Final = 3600

# A message that is not final so long after it was due stays as it is.
TRACKING_TIMEOUT: Final = timedelta(hours=48) / timedelta(seconds=1)


@dataclass(slots=True)
class Waiting:
    """A message that has no final status yet, and who waits for it.

    `due` is by the loop's clock, which the correction of a machine's clock does not move.
    """

    row: Row
    due: float
    futures: frozenset[asyncio.Future[None]] = frozenset()

    def next_look(self, now: float) -> float:
        """Return in how many seconds it is looked at next."""
        ages = CHECK_AGES if self.row.kind in NUMBER_CHECKS else MESSAGE_AGES
        age = now - self.due
        if age < 0:
            return min(ages[0] - age, MAX_LOOK_INTERVAL)
        # Beyond the table ever rarer: when it is twice as old. A timer may be early by a trifle.
        return next((look - age for look in ages if look > age + 1), min(age, MAX_LOOK_INTERVAL))


class TrackedMessages:
    """The messages of an account that have no final status yet, by id, kept in the journal."""

    def __init__(self, hass: HomeAssistant, journal: Journal) -> None:
        """Have none yet."""
        self._hass = hass
        self._journal = journal
        self._waiting: dict[str, Waiting] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[str]:
        """Go through their ids, the oldest first."""
        return iter(self._waiting)

    def __contains__(self, server_id: str) -> bool:
        """Return whether a message is on its way."""
        return server_id in self._waiting

    def get(self, server_id: str | None) -> Waiting | None:
        """Return a message while it is on its way."""
        return self._waiting.get(server_id or "")

    def row(self, server_id: str | None) -> Row | None:
        """Return what is known of a message while it is on its way."""
        waiting = self._waiting.get(server_id or "")
        return waiting.row if waiting else None

    def needs_all(self, server_id: str) -> bool:
        """Return whether a message has more to tell than others."""
        row = self.row(server_id)
        return row is not None and row.kind is Kind.HLRVIP

    def items(self) -> Iterable[tuple[str, Waiting]]:
        """Return all with their ids."""
        return self._waiting.items()

    def restore(self, table: Table) -> None:
        """Wait again for what had no final status before the restart."""
        for server_id, data in thread_slices(table.items()):
            try:
                waiting = self._wait_for(server_id, Row.from_stored(server_id, data))
            except LookupError, TypeError, ValueError:
                LOGGER.warning("A stored message cannot be read and is left out")
            else:
                # A clock that was wrong when it was sent must not end the search at the first look.
                waiting.due = max(waiting.due, self._now - TRACKING_TIMEOUT + MAX_LOOK_INTERVAL)

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return what waits, as it is stored."""
        return ((key, one.row.as_stored()) for key, one in list(self._waiting.items()))

    @callback
    def add(self, server_id: str, row: Row) -> Waiting:
        """Wait for a message."""
        waiting = self._wait_for(server_id, row)
        self.write(server_id)
        return waiting

    @callback
    def write(self, server_id: str) -> None:
        """Remember what is known of a message now."""
        self._journal.put("messages", server_id, self._waiting[server_id].row.as_stored())

    @callback
    def remove(self, server_id: str) -> None:
        """Wait for a message no more, and let those go on who did."""
        for future in self._waiting.pop(server_id).futures:
            if not future.done():
                future.set_result(None)
        self._journal.put("messages", server_id, None)

    def is_overdue(self, server_id: str) -> bool:
        """Return whether a message is too old to be asked for again."""
        waiting = self._waiting.get(server_id)
        return waiting is not None and self._now - waiting.due > TRACKING_TIMEOUT

    async def wait(self, rows: Iterable[Row], limit: timedelta) -> None:
        """Return when all rows are final, or when the time is over."""
        found = (self._waiting.get(row.message_id or "") for row in rows)
        waiting = [one for one in found if one]
        if not waiting or not limit:
            return
        futures = [self._hass.loop.create_future() for _ in waiting]
        for one, future in zip(waiting, futures, strict=True):
            one.futures |= {future}
        try:
            async with asyncio.timeout(limit.total_seconds()):
                await asyncio.gather(*futures)
        except TimeoutError:
            pass
        finally:
            for one, future in zip(waiting, futures, strict=True):
                one.futures -= {future}
                future.cancel()

    @callback
    def close(self, why: Exception) -> None:
        """End whoever waits."""
        for waiting in self._waiting.values():
            for future in waiting.futures:
                if not future.done():
                    future.set_exception(why)

    @property
    def _now(self) -> float:
        return self._hass.loop.time()

    def _wait_for(self, server_id: str, row: Row) -> Waiting:
        now = dt_util.utcnow()
        if row.sent_at:
            # By a clock that is behind it would be sent in the future, and looked at rarely.
            now = max(now, row.sent_at)
        due = self._now + ((row.due_at or now) - now).total_seconds()
        waiting = self._waiting[server_id] = Waiting(row, due)
        return waiting


def follows(status: Status, present: Status) -> bool:
    """Return whether a status is news: nothing follows a final one.

    A status that a newer API adds is none: nobody can say where it stands among the others.
    """
    if present.final:
        return False
    if status.progress is None:
        return False
    return present.progress is None or status.progress > present.progress
