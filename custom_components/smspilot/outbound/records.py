"""What was ordered: written down before it is asked for, kept until nothing of it is in doubt."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.ulid import ulid_now

from ..client import ConnectionFailed, Kind
from ..client.values import optional
from ..const import LOGGER
from ..runtime.cooperative import thread_slices
from ..runtime.journal import Journal, Table, stored_time
from .message import OutboundMessage
from .submission import words
from .targets import Target

# `check=recent` shows a day; what is older never comes up again.
LISTED: Final = timedelta(hours=26)
SECOND: Final = timedelta(seconds=1)
RECENT: Final = LISTED / SECOND
HOUR: Final = 3600.0
# What a lost answer may take to be looked for, seconds.
RECONCILE_TIMEOUT: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRecord:
    """A request that was decided on; what becomes of it makes a new one.

    A snapshot under way must not know more of it than of its messages.

    `ids` are by number, of those who are known to be reached; `refused` of those who are not.
    `since` is `at` by the loop's clock, which the correction of a machine's clock does not move.
    """

    id: str
    at: datetime
    since: float
    kind: Kind
    text: str
    due_at: datetime
    to: tuple[Target, ...]
    ids: dict[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def every_id(self) -> tuple[str, ...]:
        """Return the ids of all its messages."""
        return (*self.ids.values(), *self.refused)

    @property
    def lost(self) -> tuple[Target, ...]:
        """Return those of whom nobody knows whether they are reached."""
        return tuple(one for one in self.to if one.phone not in self.ids)

    def as_stored(self) -> Table:
        """Return it as stored; a text is kept only as long as it may have to be looked for."""
        return {
            "at": self.at.isoformat(),
            "kind": self.kind.value,
            "text": self.text if self.lost else "",
            "due": self.due_at.isoformat(),
            "to": [[one.phone, one.recipient_id, self.ids.get(one.phone)] for one in self.to],
            "refused": self.refused,
        }

    @classmethod
    def from_stored(cls, record_id: str, data: Table, now: float) -> SubmissionRecord:
        """Read what was stored."""
        at = stored_time(data["at"])
        # A clock that was wrong when it was sent must not end the search before the first look.
        age = min(max((dt_util.utcnow() - at).total_seconds(), 0), RECENT - HOUR)
        return cls(
            id=record_id,
            at=at,
            since=now - age,
            kind=Kind(data["kind"]),
            text=str(data["text"]),
            due_at=stored_time(data["due"]),
            to=tuple(Target(str(phone), optional(person)) for phone, person, _id in data["to"]),
            ids={str(phone): str(one) for phone, _person, one in data["to"] if one},
            refused=tuple(str(one) for one in data["refused"]),
        )


class SubmissionRecords:
    """The orders of an account of the last day."""

    def __init__(self, hass: HomeAssistant, journal: Journal) -> None:
        """Have decided on nothing yet."""
        self._hass = hass
        self._journal = journal
        self._records: dict[str, SubmissionRecord] = {}
        self._by_id: dict[str, SubmissionRecord] = {}
        self._busy: set[str] = set()
        self._flying: dict[tuple[str, str], asyncio.Future[None]] = {}

    def restore(self, table: Table) -> list[SubmissionRecord]:
        """Take up what was ordered before the restart, and return it."""
        for record_id, data in thread_slices(table.items()):
            try:
                record = SubmissionRecord.from_stored(record_id, data, self._hass.loop.time())
            except LookupError, TypeError, ValueError:
                LOGGER.warning("A stored order cannot be read and is left out")
                continue
            self._records[record_id] = record
            self._by_id |= dict.fromkeys(record.every_id, record)
        return list(self._records.values())

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return the orders as they are stored."""
        return ((record.id, record.as_stored()) for record in list(self._records.values()))

    def of(self, server_id: str | None) -> SubmissionRecord | None:
        """Return the order of a message, while it is remembered."""
        return self._by_id.get(server_id or "")

    def lost(self) -> list[SubmissionRecord]:
        """Return the orders that nobody knows the outcome of, but those under way."""
        return [one for one in self._records.values() if one.lost and one.id not in self._busy]

    def age(self, record: SubmissionRecord) -> float:
        """Return how long ago it was decided on, in seconds."""
        return self._hass.loop.time() - record.since

    def had(self, phone: str, text: str) -> bool:
        """Return whether the number is known to have had such a text before."""
        same = words(text)
        return any(phone in one.ids and words(one.text) == same for one in self._records.values())

    def is_under_way(self, phone: str, text: str) -> bool:
        """Return whether such a text is being sent to the number now."""
        return (phone, words(text)) in self._flying

    @asynccontextmanager
    async def under_way(self, order: OutboundMessage) -> AsyncGenerator[SubmissionRecord]:
        """Write down what is about to be sent.

        No two sends of one text to one number go at a time: lost answers could not be told apart.
        Raise `ConnectionFailed` where that of before takes longer than this may wait.
        """
        pairs = [(one.phone, words(order.text)) for one in order.targets]
        until = self._hass.loop.time() + max(order.options.retry_for / SECOND, RECONCILE_TIMEOUT)
        while other := next((self._flying[pair] for pair in pairs if pair in self._flying), None):
            await asyncio.wait([other], timeout=until - self._hass.loop.time())
            if not other.done():
                message = "the same text to the same number is still on its way out"
                raise ConnectionFailed(message)
        landed = self._hass.loop.create_future()
        self._flying |= dict.fromkeys(pairs, landed)
        record = self._open(order)
        try:
            await self._journal.flush()
            yield record
        finally:
            self._busy.discard(record.id)
            for pair in pairs:
                del self._flying[pair]
            landed.set_result(None)

    def write(self, record: SubmissionRecord) -> None:
        """Write down what became of it; nothing where it reached nobody."""
        self._records[record.id] = record
        self._by_id |= dict.fromkeys(record.every_id, record)
        if record.to or record.refused:
            self._journal.write("orders", record.id, record.as_stored())
        else:
            self._forget(record)

    def _open(self, order: OutboundMessage) -> SubmissionRecord:
        now = dt_util.utcnow()
        # The oldest stand first; what is in doubt is given up by those who look for it.
        past = takewhile(lambda one: self.age(one) > RECENT, self._records.values())
        for old in [one for one in past if not one.lost and now - one.due_at > LISTED]:
            self._forget(old)
        record = SubmissionRecord(
            id=ulid_now(),
            at=now,
            since=self._hass.loop.time(),
            kind=order.kind,
            text=order.text,
            due_at=order.options.send_at or now,
            to=order.targets,
        )
        self._busy.add(record.id)
        self.write(record)
        return record

    def _forget(self, record: SubmissionRecord) -> None:
        del self._records[record.id]
        self._journal.write("orders", record.id, None)
        for server_id in record.every_id:
            self._by_id.pop(server_id, None)
