"""What the API's list of messages proves about a message whose response was lost.

A row with a new id, of the same number and kind, may be the message, which then stays in doubt.
With the same text and no sign of being older it is the message. Only a list without such a row
proves absence. A different text proves nothing: the list may show a text cut at an emoji, escaped,
or with other quotes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
import html
from typing import Final

from homeassistant.core import HomeAssistant

from ..client import Kind, MessageRow, Smspilot, Status
from ..client.api import PAGE
from ..client.models import NUMBER_CHECKS, kind_of
from ..client.values import integer
from ..contacts.phones import plain_digits
from ..runtime.cooperative import async_slices
from ..text.normalising import folded, same_spacing
from .number import Number
from .record import SubmissionRecord
from .records import SubmissionRecords

LIST_FIELDS: Final = ("server_id", "phone", "message", "status", "created", "sender")
# The zone of `created` is not documented: that of the API's other times (UTC), or Moscow's.
ZONES: Final = (timedelta(0), timedelta(hours=3))
# A message is created when it is requested, or later where a gateway delays the request.
CREATED_BEFORE: Final = timedelta(minutes=2)
CREATED_AFTER: Final = timedelta(minutes=15)
# The list covers a day. A time further from the request than that, in any zone, cannot be right and
# is ignored.
MAX_CREATED_DISTANCE: Final = timedelta(hours=40)
# How many of our ids must have grown for a smaller one to count as older, with and without a time
# of creation in the list.
MIN_GROWING: Final = 2
MIN_GROWING_WITHOUT_TIMES: Final = 5


class CreationOrder(Enum):
    """When a row was created, compared with the last message known before a request."""

    BEFORE = auto()
    AFTER = auto()
    UNKNOWN = auto()


class Verdict(Enum):
    """What a list proves about a message."""

    # A row is the message.
    OURS = auto()
    # A row may be the message.
    POSSIBLE = auto()
    # The message is not listed.
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the row of the message, or the only row with a similar text."""

    verdict: Verdict
    row: MessageRow | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The API's rows of the last day by number, and when each id was created."""

    rows: dict[str, list[MessageRow]]
    created: dict[str, datetime | None]


class Evidence:
    """Reads and judges an account's list; `is_known` says whether an id is another message's."""

    def __init__(
        self,
        hass: HomeAssistant,
        client: Smspilot,
        records: SubmissionRecords,
        is_known: Callable[[str], bool],
    ) -> None:
        self._hass = hass
        self._client = client
        self._records = records
        self._is_known = is_known
        # When each id was first listed, by the loop's clock; a message requested later is another.
        self._seen: dict[str, float] = {}

    async def async_read(self) -> Listing:
        """Read all pages of the list, or raise `SmspilotError`."""
        rows: dict[str, list[MessageRow]] = {}
        created: dict[str, datetime | None] = {}
        offset = 0
        while True:
            page = await self._client.check_recent(fields=LIST_FIELDS, offset=offset)
            before = len(created)
            async for row in async_slices(page):
                if row.id and row.id not in created:
                    rows.setdefault(plain_digits(row.phone), []).append(row)
                    created[row.id] = row.created
            # An API that ignores the offset would return the same page for ever.
            if len(page) < PAGE or len(created) == before:
                break
            offset += PAGE
        now = self._hass.loop.time()
        self._seen = {key: self._seen.get(key, now) for key in created}
        return Listing(rows, created)

    def judge(
        self, listing: Listing, record: SubmissionRecord, number: Number, *, failed: bool = False
    ) -> Finding:
        """Return what the list proves about a number of a message whose response was lost.

        Failed rows count only with `failed`, and where there is no other: such a row may be of
        another request, and if the message is sent again the API refuses it again.
        """
        may_be = [
            row
            for row in listing.rows.get(number.digits, ())
            if self._may_be(listing, record, number, row)
        ]
        candidates = [row for row in may_be if row.status is not Status.FAILED]
        if failed and not candidates:
            candidates = [row for row in may_be if has_text(row, record)]
        # The newest first, because a repeated message is the last of its rows.
        candidates.sort(key=lambda row: (len(row.id or ""), row.id or ""), reverse=True)
        for row in candidates:
            if self._is_ours(listing, record, row):
                return Finding(Verdict.OURS, row)
        if candidates:
            alike = [row for row in candidates if reads_like(row, record)]
            return Finding(Verdict.POSSIBLE, alike[0] if len(alike) == 1 else None)
        if not self._is_up_to_date(listing, record):
            return Finding(Verdict.POSSIBLE)
        return Finding(Verdict.NOTHING)

    def _may_be(
        self, listing: Listing, record: SubmissionRecord, number: Number, row: MessageRow
    ) -> bool:
        """Return whether a row of the number may be the message."""
        if row.id is None or self._is_known(row.id):
            return False
        if not is_of_kind(row, record.kind):
            return False
        if self._seen[row.id] < record.since:
            return False
        if self._order(listing, record, row) is CreationOrder.BEFORE:
            return False
        # A row whose text equals another message in doubt is that one's.
        others = self._records.unknown_with(number.digits, row.message or "")
        return not others or has_text(row, record)

    def _is_ours(self, listing: Listing, record: SubmissionRecord, row: MessageRow) -> bool:
        if not has_text(row, record):
            return False
        # Where a call and an SMS have the same text, the row's sender must show the kind.
        same = self._records.unknown_with(plain_digits(row.phone), record.text)
        if any(one.kind is not record.kind for one in same) and _kind_of(row) is not record.kind:
            return False
        return (
            _is_created_then(row, record)
            or self._order(listing, record, row) is CreationOrder.AFTER
        )

    def _order(self, listing: Listing, record: SubmissionRecord, row: MessageRow) -> CreationOrder:
        """Return whether a row was created before or after the last message known before a request.

        Both the id and the time of creation must show it. Two ids may grow by chance, so without a
        time more of them are needed.
        """
        known = self._records.growing_ids_before(record)
        if len(known) < MIN_GROWING or (theirs_id := integer(row.id)) is None:
            return CreationOrder.UNKNOWN
        is_greater = theirs_id > int(known[-1])
        theirs, ours = row.created, listing.created.get(known[-1])
        if theirs is None or ours is None:
            if len(known) < MIN_GROWING_WITHOUT_TIMES:
                return CreationOrder.UNKNOWN
        elif theirs == ours or (theirs > ours) is not is_greater:
            return CreationOrder.UNKNOWN
        return CreationOrder.AFTER if is_greater else CreationOrder.BEFORE

    def _is_up_to_date(self, listing: Listing, record: SubmissionRecord) -> bool:
        """Return whether the list shows the ids that it must have.

        A list that lags, is cut off or hides a message proves no absence.
        """
        return all(one in listing.created for one in self._records.ids_before(record))


def is_of_kind(row: MessageRow, kind: Kind) -> bool:
    """Return whether a row may be of a kind; a sender's name alone does not show it."""
    return (found := _kind_of(row)) is None or found is kind


def has_text(row: MessageRow, record: SubmissionRecord) -> bool:
    """Return whether a row has the message's text; line ends and outer spaces may differ."""
    if row.facts and record.kind is Kind.HLRVIP:
        # The facts replace the text.
        return True
    return same_spacing(row.message or "") == same_spacing(record.text)


def reads_like(row: MessageRow, record: SubmissionRecord) -> bool:
    """Return whether a row's text may be the message's as the API stores it.

    It may be cut, escaped, or lack characters; of a number check it may be the result.
    """
    if record.kind in NUMBER_CHECKS:
        return True
    stored, sent = _letters(row.message or ""), _letters(record.text)
    if sent.startswith(stored):
        return True
    rest = iter(sent)
    return 2 * len(stored) >= len(sent) and all(letter in rest for letter in stored)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, folded(html.unescape(text))))


def _kind_of(row: MessageRow) -> Kind | None:
    """Return the kind by a row's text or sender, None where they do not show it."""
    return kind_of(row.message, row.sender)


def _is_created_then(row: MessageRow, record: SubmissionRecord) -> bool:
    """Return whether a row was created when the message was requested, or has no usable time."""
    if row.created is None or abs(row.created - record.api_at) > MAX_CREATED_DISTANCE:
        return True
    first, last = record.api_at - CREATED_BEFORE, record.api_at + CREATED_AFTER
    return any(first <= row.created - zone <= last for zone in ZONES)
