"""What the API's list of messages proves about a message whose response was lost.

A row with a new id, of the same number and kind, may be the message, which then stays in doubt.
With the same text and no sign of being older or another's it is the message. Only a list without
such a row, of which every row can be read, proves absence. A different text proves nothing: the
list may show a text cut at an emoji, escaped, or with other quotes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
import html
from typing import Final

from homeassistant.core import HomeAssistant

from ..client import Kind, MessagePage, MessageRow, Smspilot, Status
from ..client.models import NUMBER_CHECKS, kind_of
from ..client.values import integer
from ..contacts.phones import listed_digits
from ..text.normalising import folded, same_spacing
from .listing import Listing
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
    # No row may be it, but the list may lack it.
    UNPROVEN = auto()
    # The message is not listed.
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the row of the message, or the only row that reads as if it were."""

    verdict: Verdict
    row: MessageRow | None = None


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

        async def read_page(offset: int) -> MessagePage:
            return await self._client.check_recent(fields=LIST_FIELDS, offset=offset)

        listing = await Listing.async_read(read_page)
        now = self._hass.loop.time()
        self._seen = {key: self._seen.get(key, now) for key in listing.created}
        return listing

    def judge(
        self, listing: Listing, record: SubmissionRecord, number: Number, *, failed: bool = False
    ) -> Finding:
        """Return what the list proves about a number of a message whose response was lost.

        A FAILED row is ignored unless `failed` is set and no other row fits. It may be of another
        request; and if it is ours, to send again does no harm, as the API would refuse it again.
        """
        rows = listing.of(number.digits)
        may_be = [row for row in rows if self._may_be(listing, record, number, row)]
        # A row without an id cannot be followed, one without a number may be another's.
        clear = [row for row in may_be if row.id and listed_digits(row.phone)]
        sure = [row for row in clear if row.status is not Status.FAILED]
        if failed and not sure:
            sure = [row for row in clear if reads_like(row, record)]
        # The newest first, because a repeated message is the last of its rows.
        sure.sort(key=lambda row: (len(row.id or ""), row.id or ""), reverse=True)
        ours = [row for row in sure if self._is_ours(listing, record, number, row)]
        if len(ours) > self._twins(record, number, ours):
            return Finding(Verdict.OURS, ours[0])
        if sure or any(row.status is not Status.FAILED for row in may_be):
            alike = ours or [row for row in sure if reads_like(row, record)]
            # No more of them than there are such messages: each is of one of these.
            if alike and (ours or len(alike) <= 1 + self._twins(record, number, alike)):
                return Finding(Verdict.POSSIBLE, alike[0])
            return Finding(Verdict.POSSIBLE)
        if not self._is_complete(listing, record):
            return Finding(Verdict.UNPROVEN)
        return Finding(Verdict.NOTHING)

    def _may_be(
        self, listing: Listing, record: SubmissionRecord, number: Number, row: MessageRow
    ) -> bool:
        """Return whether a row of the number may be the message."""
        if row.id and (self._is_known(row.id) or self._seen[row.id] < record.since):
            return False
        if not is_of_kind(row, record.kind):
            return False
        if self._order(listing, record, row) is CreationOrder.BEFORE:
            return False
        if has_text(row, record) or reads_like(row, record):
            return True
        # A row whose text equals another message in doubt is that one's.
        return not any(has_text(row, one) for one in self._rivals(record, number))

    def _is_ours(
        self, listing: Listing, record: SubmissionRecord, number: Number, row: MessageRow
    ) -> bool:
        if listed_digits(row.phone) != number.digits:
            return False
        if not has_text(row, record):
            return False
        for one in self._rivals(record, number):
            if has_text(row, one):
                # Where a call and an SMS have the same text, the row's sender must show the kind.
                if one.kind is not record.kind and _kind_of(row) is not record.kind:
                    return False
            elif reads_like(row, one):
                # It may be the other message, cut where an emoji stood.
                return False
        return (
            _is_created_then(row, record)
            or self._order(listing, record, row) is CreationOrder.AFTER
        )

    def _twins(self, record: SubmissionRecord, number: Number, rows: list[MessageRow]) -> int:
        """Return how many others in doubt, of the same text and kind, may be among the rows."""
        return sum(
            one.kind is record.kind
            and same_spacing(one.text) == same_spacing(record.text)
            and any(_is_created_then(row, one) for row in rows)
            for one in self._rivals(record, number)
        )

    def _rivals(self, record: SubmissionRecord, number: Number) -> list[SubmissionRecord]:
        return self._records.in_doubt_to(number.digits, but=record)

    def _order(self, listing: Listing, record: SubmissionRecord, row: MessageRow) -> CreationOrder:
        """Return whether a row was created before or after the last message known before a request.

        Both the id and the time of creation must show it. Two ids may grow by chance, so without a
        time more of them are needed.
        """
        known = self._records.accepted_ids.growing_before(record.since)
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

    def _is_complete(self, listing: Listing, record: SubmissionRecord) -> bool:
        """Return whether the list would show the message, as it shows the ids that it must have.

        A list that lags, is cut off, hides a message or has rows that cannot be read proves no
        absence.
        """
        if listing.has_unreadable or (record.is_scheduled and not listing.has_scheduled):
            return False
        known = self._records.accepted_ids.listed_before(record.since)
        return all(one in listing.created for one in known)


def is_of_kind(row: MessageRow, kind: Kind) -> bool:
    """Return whether a row may be of a kind; the sender's name does not always show it."""
    found = _kind_of(row)
    # The account's default sender may be `2WAY`.
    return found in (None, kind) or (kind is Kind.SMS and found is Kind.TWO_WAY)


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
