"""Read the API's two lists a page at a time, from the newest back, whatever their order."""

from datetime import datetime
from typing import Final

from ..client import InboundMessage, MessageRow, Smspilot
from ..client.api import PAGE
from ..const import HORIZON

# How many rows a full page has at least: unreadable rows are left out of it.
MIN_FULL: Final = PAGE - 10
FIELDS: Final = (
    "server_id",
    "phone",
    "price",
    "status",
    "sender",
    "sender_orig",
    "message",
    "created",
    "error",
    "error_en",
    "error_ru",
)


class Lists:
    """Reads an account's lists, and remembers how far back they were read.

    The order of `check=all` is not documented. A first page that is not full is the whole list. In
    a list from the newest to the oldest the next page follows it. Else the newest messages are at
    the list's end, which is searched for only when messages older than a day are requested.
    """

    def __init__(self, client: Smspilot) -> None:
        self._client = client
        self._has_begun = False
        self._has_inbound = False
        self._is_newest_first = False
        # The offset of the next older page, in a list from the newest to the oldest; in the other
        # order the offset where it ends.
        self._offset = PAGE
        self._end: int | None = None
        self.has_older = False

    async def newest(self) -> tuple[MessageRow, ...]:
        """Return the newest outbound messages: a page at first, later those of the last day."""
        if self._has_begun:
            return (await self._client.check_recent(fields=FIELDS)).messages
        page = await self._client.check_all(fields=FIELDS)
        self.has_older = len(page) >= MIN_FULL
        self._is_newest_first = _is_newest_first(page)
        if self.has_older and not self._is_newest_first:
            # This page has the oldest messages: those between it and the newest would be missing.
            page = (await self._client.check_recent(fields=FIELDS)).messages
        self._has_begun = True
        return page

    async def older(self) -> tuple[MessageRow, ...]:
        """Return the next older page of outbound messages."""
        if self._is_newest_first:
            page = await self._client.check_all(fields=FIELDS, offset=self._offset)
            self._offset += PAGE
            self.has_older = len(page) >= MIN_FULL
            return page
        if self._end is None:
            self._end = await self._count()
        start = max(self._end - PAGE, 0)
        page = await self._client.check_all(fields=FIELDS, limit=self._end - start, offset=start)
        self._end = start
        self.has_older = start > 0
        return page

    async def inbound(self, now: datetime) -> tuple[InboundMessage, ...]:
        """Return inbound messages: all at first, later those of the last 72 hours."""
        if self._has_inbound:
            inbox = await self._client.inbound_since(now - HORIZON)
        else:
            inbox = await self._client.inbound_all()
            self._has_inbound = True
        return inbox.messages

    async def _count(self) -> int:
        """Return how many outbound messages there are: a binary search of one-row requests."""
        low, high = PAGE, 2 * PAGE
        while await self._has(high - 1):
            low, high = high, 2 * high
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if await self._has(middle) else (low, middle)
        return low

    async def _has(self, offset: int) -> bool:
        return bool(await self._client.check_all(fields=FIELDS[:4], limit=1, offset=offset))


def _is_newest_first(page: tuple[MessageRow, ...]) -> bool:
    times = [message.created for message in page if message.created]
    return bool(times) and times[0] > times[-1]
