"""The API's list of the messages of the last day: which of its rows may be of a number."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ..client import MessagePage, MessageRow, Status
from ..client.api import PAGE
from ..contacts.phones import MIN_DIGITS, listed_digits
from ..runtime.cooperative import async_slices

# Reads the page of the list at an offset.
type ReadPage = Callable[[int], Awaitable[MessagePage]]


@dataclass(slots=True)
class Listing:
    """The rows of the list, and when each id was created.

    `has_unreadable`: it also has rows that cannot be read, and may be any message.
    """

    created: dict[str, datetime | None] = field(default_factory=dict)
    has_unreadable: bool = False
    has_scheduled: bool = False
    # The rows by the last digits of their numbers, under "" those whose numbers cannot be read.
    _rows: dict[str, list[MessageRow]] = field(default_factory=dict)

    @classmethod
    async def async_read(cls, read_page: ReadPage) -> Listing:
        """Read all pages of the list, or raise `SmspilotError`."""
        listing, offset = cls(), 0
        while True:
            page = await read_page(offset)
            known = len(listing.created)
            async for row in async_slices(page.messages):
                listing._add(row)
            listing.has_unreadable |= page.unreadable > 0
            # An API that ignores the offset would return the same page for ever.
            if len(page) < PAGE or len(listing.created) == known:
                return listing
            offset += PAGE

    def of(self, digits: str) -> Iterator[MessageRow]:
        """Yield the rows of a number, and those that may be of it, as it may be written in part."""
        for row in self._rows.get(digits[-MIN_DIGITS:], ()):
            listed = listed_digits(row.phone) or ""
            if listed.endswith(digits) or digits.endswith(listed):
                yield row
        yield from self._rows.get("", ())

    def remove(self, row: MessageRow) -> None:
        """Leave out a row from now on: its message is known."""
        self._rows[_key(row)].remove(row)

    def _add(self, row: MessageRow) -> None:
        if row.id and row.id in self.created:
            return
        self._rows.setdefault(_key(row), []).append(row)
        if row.id:
            self.created[row.id] = row.created
        self.has_scheduled = self.has_scheduled or row.status is Status.SCHEDULED


def _key(row: MessageRow) -> str:
    return (listed_digits(row.phone) or "")[-MIN_DIGITS:]
