"""The journal's record of a message, with the state of each of its numbers."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import repeat
from operator import is_
from typing import Final, Self

from homeassistant.util import dt as dt_util

from ..client import Kind, Problem
from ..client.values import integer, money, optional
from ..runtime.journal import Table, stored_time
from .number import FINISHED, SHARED_IDS, UNKNOWN, Number, Permit, State
from .targets import Target

# `check=recent` lists the messages of a day; this adds a margin.
LISTED: Final = timedelta(hours=26)
RECENT: Final = LISTED / timedelta(seconds=1)
SECONDS_PER_HOUR: Final = 3600.0
# Numbers of a record in one stored row; a further row has this mark and its index in its key.
PART: Final = 500
PART_MARK: Final = "/"


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
        message_id = number.row.id if number.row else None
        is_test = message_id in SHARED_IDS
        return cls(
            target=number.target,
            state=State.REFUSED if is_test else number.state,
            message_id=None if is_test else message_id,
            permit=number.permit,
            error=number.problem,
        )

    def is_of(self, number: Number) -> bool:
        """Return whether this is still what is stored of a number."""
        return (
            self.target is number.target
            and self.state is number.state
            and self.permit is number.permit
            and self.message_id == number.message_id
        )

    def as_stored(self) -> list[object]:
        """Return the record as JSON values."""
        permit, error = self.permit, self.error
        return [
            self.target.phone,
            self.target.recipient_id,
            self.state.value,
            self.message_id,
            permit and [permit.at, str(permit.amount)],
            error and [error.code, error.description, error.description_ru],
        ]

    @classmethod
    def from_stored(cls, data: list[object]) -> Self:
        """Parse a stored record; raise `LookupError`, `TypeError` or `ValueError`."""
        phone, recipient_id, state, message_id, permit, error = data
        at, amount = permit if isinstance(permit, list) else (None, None)
        code, description, russian = error if isinstance(error, list) else (None, None, None)
        return cls(
            target=Target(str(phone), optional(recipient_id)),
            state=State(str(state)),
            message_id=optional(message_id),
            permit=Permit(str(phone), float(at), money(amount) or Decimal(0)) if at else None,
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
    longer reconciled.
    """

    id: str
    at: datetime
    api_at: datetime
    since: float
    kind: Kind
    text: str
    due_at: datetime
    numbers: tuple[NumberRecord, ...]
    key: str | None = None
    is_closed: bool = False

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

    def with_numbers(self, numbers: Sequence[Number]) -> Self:
        """Return the record with the present states; what has not changed is the same object."""
        known = self.numbers if len(self.numbers) == len(numbers) else repeat(None)
        found = (
            old if old and old.is_of(number) else NumberRecord.from_number(number)
            for old, number in zip(known, numbers, strict=False)
        )
        return replace(self, numbers=tuple(found))

    def as_stored(self, before: Self | None = None) -> Iterator[tuple[str, Table | None]]:
        """Yield the keys and rows under which it is stored, `PART` numbers in each.

        With `before`, only the rows that differ from those of that earlier record, None for one
        that is gone: the next request of a long list must not write the whole list again.
        """
        old = before.parts if before else {}
        head, old_head = self.head, before.head if before else None
        for key, part in self.parts.items():
            is_same = len(part) == len(old.get(key, ())) and all(
                map(is_, part, old[key], strict=True)
            )
            if not is_same or (key == self.id and head != old_head):
                to: Table = {"to": [one.as_stored() for one in part]}
                yield key, head | to if key == self.id else to
        yield from ((key, None) for key in old if key not in self.parts)

    @property
    def parts(self) -> dict[str, tuple[NumberRecord, ...]]:
        """Return the numbers by the keys of the rows that hold them."""
        starts = range(0, len(self.numbers), PART)
        keys = (f"{self.id}{PART_MARK}{at // PART}" if at else self.id for at in starts)
        return {key: self.numbers[at : at + PART] for key, at in zip(keys, starts, strict=True)}

    @property
    def head(self) -> Table:
        """Return all but the numbers; with the text only while it may be reconciled."""
        is_final = all(one.state in FINISHED - UNKNOWN for one in self.numbers)
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
    def from_stored(cls, record_id: str, data: Table, now: float) -> Self:
        """Parse a stored record; raise `LookupError`, `TypeError` or `ValueError`."""
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
            numbers=tuple(map(NumberRecord.from_stored, data["to"])),
            key=optional(data["key"]),
            is_closed=bool(data["closed"]),
        )


def joined(table: Table) -> Table:
    """Return the rows of stored records by id, each with the numbers of all its rows."""
    whole = {key: data for key, data in table.items() if PART_MARK not in key}
    # A part with a higher index has a longer key, or one that sorts behind.
    for key in sorted(table.keys() - whole.keys(), key=lambda one: (len(one), one)):
        record_id, part = key.partition(PART_MARK)[0], table[key]
        with suppress(LookupError, TypeError):
            head = whole[record_id]
            whole[record_id] = head | {"to": [*head["to"], *part["to"]]}
    return whole
