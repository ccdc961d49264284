"""The journal's record of a message, with the state of each of its numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, Self

from homeassistant.util import dt as dt_util

from ..client import Kind, Problem
from ..client.values import integer, optional
from ..runtime.journal import Table, stored_time
from .number import FINISHED, PART, SHARED_IDS, UNKNOWN, Number, Permit, State
from .targets import Target

# `check=recent` lists the messages of a day; this adds a margin.
LISTED: Final = timedelta(hours=26)
RECENT: Final = LISTED / timedelta(seconds=1)
SECONDS_PER_HOUR: Final = 3600.0
# Between the record's id and the part in the key of a stored row; part 0 has the id alone.
PART_MARK: Final = "/"
# Nothing follows these states, so that the text is needed no longer.
SETTLED: Final = FINISHED - UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRecord:
    """The record of one number of a message."""

    target: Target
    state: State
    message_id: str | None = None
    permit: Permit | None = None
    error: Problem | None = None

    @classmethod
    def from_number(cls, number: Number) -> Self:
        """Return the record of a number; the ids that all tests share are left out."""
        message_id = number.api_row.id if number.api_row else None
        is_test = message_id in SHARED_IDS
        return cls(
            target=number.target,
            state=State.REFUSED if is_test else number.state,
            message_id=None if is_test else message_id,
            permit=number.permit,
            error=number.problem,
        )

    def is_needed(self, key: str | None) -> bool:
        """Return whether it is stored: a refusal only by the API, of a message that has a key."""
        is_refused = self.state is State.REFUSED and not self.message_id
        return not is_refused or bool(key and self.error)

    def as_stored(self) -> list[object]:
        """Return the record as JSON values."""
        permit, error = self.permit, self.error
        return [
            self.target.phone,
            self.target.recipient_id,
            self.state.value,
            self.message_id,
            permit and permit.as_stored(),
            error and [error.code, error.description, error.description_ru],
        ]

    @classmethod
    def from_stored(cls, data: list[object]) -> Self:
        """Parse a stored record; raise `LookupError`, `TypeError` or `ValueError`."""
        phone, recipient_id, state, message_id, permit, error = data
        code, description, russian = error if isinstance(error, list) else (None, None, None)
        return cls(
            target=Target(str(phone), optional(recipient_id)),
            state=State(str(state)),
            message_id=optional(message_id),
            permit=Permit.from_stored(str(phone), permit),
            error=Problem(
                code=integer(code), description=str(description), description_ru=str(russian)
            )
            if error
            else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRecord:
    """The record of a message; immutable, because a snapshot under way must not see changes.

    `at` is when it was first requested, `api_at` the same by the API's clock, and `since` by the
    event loop's, which does not jump when the system's clock is corrected. `is_closed`: it is no
    longer reconciled. Each of its `parts` is a stored row, so that a request of a long list does
    not write the whole list again; there the first part, which has all else, has no numbers.
    """

    id: str
    at: datetime
    api_at: datetime
    since: float
    kind: Kind
    text: str
    due_at: datetime
    parts: tuple[tuple[NumberRecord, ...], ...] = ()
    key: str | None = None
    is_closed: bool = False

    @property
    def numbers(self) -> Iterator[NumberRecord]:
        """Return its numbers, without refused ones that are not needed later."""
        return chain.from_iterable(self.parts)

    @property
    def message_ids(self) -> Iterator[str]:
        """Return the ids of all its messages, including refused ones."""
        return (one.message_id for one in self.numbers if one.message_id)

    @property
    def is_scheduled(self) -> bool:
        """Return whether the API is to send it later."""
        return self.due_at > self.at

    @property
    def in_doubt(self) -> tuple[NumberRecord, ...]:
        """Return the numbers for which it is unknown whether a message went out."""
        return tuple(one for one in self.numbers if one.state in UNKNOWN)

    def with_numbers(self, numbers: Sequence[Number], parts: Iterable[int]) -> Self:
        """Return the record with the present states of the message's numbers in some parts."""
        present = list(self.parts) or [()] * (1 + numbers[-1].part)
        for part in parts:
            start = max(part - 1, 0) * PART
            found = map(NumberRecord.from_number, numbers[start : start + PART])
            present[part] = tuple(one for one in found if one.is_needed(self.key))
        return replace(self, parts=tuple(present))

    def mapped(self, change: Callable[[NumberRecord], NumberRecord | None]) -> Self:
        """Return the record with all numbers changed; one that becomes None is left out."""
        parts = (tuple(filter(None, map(change, part))) for part in self.parts)
        return replace(self, parts=tuple(parts))

    def as_stored(self, parts: Iterable[int] | None = None) -> Iterator[tuple[str, Table | None]]:
        """Yield the keys and rows of the first and of some parts, or of all; None of an empty one.

        The first part has the text, but only while it may be reconciled.
        """
        for part in sorted({0, *(range(len(self.parts)) if parts is None else parts)}):
            row: Table = {"to": [one.as_stored() for one in self.parts[part]]}
            if part:
                yield f"{self.id}{PART_MARK}{part}", row if row["to"] else None
            else:
                yield self.id, self._head | row

    @property
    def _head(self) -> Table:
        """Return all but the numbers."""
        # From the end, as the last requests are the last to end.
        is_final = all(one.state in SETTLED for part in reversed(self.parts) for one in part)
        return {
            "at": self.at.isoformat(),
            "api_at": self.api_at.isoformat(),
            "kind": self.kind.value,
            "text": "" if is_final else self.text,
            "due": self.due_at.isoformat(),
            "key": self.key,
            "closed": self.is_closed,
        }

    @classmethod
    def from_stored(cls, record_id: str, rows: Mapping[int, Table], now: float) -> Self:
        """Parse a record's stored rows; raise `LookupError`, `TypeError` or `ValueError`."""
        data = rows[0]
        at = stored_time(data["at"])
        # By a clock that was wrong then it may seem too old to be reconciled: leave it an hour.
        age = min(max((dt_util.utcnow() - at).total_seconds(), 0), RECENT - SECONDS_PER_HOUR)
        return cls(
            id=record_id,
            at=at,
            api_at=stored_time(data["api_at"]),
            since=now - age,
            kind=Kind(data["kind"]),
            text=str(data["text"]),
            due_at=stored_time(data["due"]),
            parts=tuple(
                tuple(map(NumberRecord.from_stored, rows[part]["to"])) if part in rows else ()
                for part in range(max(rows) + 1)
            ),
            key=optional(data["key"]),
            is_closed=bool(data["closed"]),
        )


def by_record(table: Table) -> dict[str, dict[int, Table]]:
    """Return the rows of stored records by id and part."""
    found: dict[str, dict[int, Table]] = {}
    for key, row in table.items():
        record_id, _mark, part = key.partition(PART_MARK)
        with suppress(ValueError):
            found.setdefault(record_id, {})[int(part or 0)] = row
    return found
