"""Reading the API's two lists a page at a time, the newest first, whatever their order."""

from datetime import datetime
from typing import Final

from ..client import InboundMessage, MessageRow, Smspilot
from ..client.api import PAGE
from ..const import HORIZON

# A page is full with fewer rows too: one that nobody can read is left out of it.
FULL: Final = PAGE - 10
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
    """What of the lists of an account has been read.

    The order of `check=all` is not documented. A first page that is not full is all there is; one
    that falls is followed by the next; else the newest messages stand at the end, which is searched
    for only when somebody wants to see what is older than a day.
    """

    def __init__(self, client: Smspilot) -> None:
        """Have read nothing yet."""
        self._client = client
        self._has_begun = False
        self._has_inbound = False
        self._falls = False
        # Rows that begin here (a falling list), or that end here, have not been read.
        self._offset = PAGE
        self._end: int | None = None
        self.has_older = False

    async def newest(self) -> tuple[MessageRow, ...]:
        """Return the newest outbound messages: a whole page at first, later those of a day."""
        if self._has_begun:
            return await self._client.check_recent(fields=FIELDS)
        page = await self._client.check_all(fields=FIELDS)
        self.has_older = len(page) >= FULL
        self._falls = _falls(page)
        if self.has_older and not self._falls:
            # Between this page and the newest ones others would be missing.
            page = await self._client.check_recent(fields=FIELDS)
        self._has_begun = True
        return page

    async def older(self) -> tuple[MessageRow, ...]:
        """Return the next older page of outbound messages."""
        if self._falls:
            page = await self._client.check_all(fields=FIELDS, offset=self._offset)
            self._offset += PAGE
            self.has_older = len(page) >= FULL
            return page
        if self._end is None:
            self._end = await self._count()
        start = max(self._end - PAGE, 0)
        page = await self._client.check_all(fields=FIELDS, limit=self._end - start, offset=start)
        self._end = start
        self.has_older = start > 0
        return page

    async def inbound(self, now: datetime) -> tuple[InboundMessage, ...]:
        """Return inbound messages: all at first, later those that may be new."""
        if self._has_inbound:
            inbox = await self._client.inbound_since(now - HORIZON)
        else:
            inbox = await self._client.inbound_all()
            self._has_inbound = True
        return inbox.messages

    async def _count(self) -> int:
        """Return how many messages there are, asking for one row a time."""
        low, high = PAGE, 2 * PAGE
        while await self._has(high - 1):
            low, high = high, 2 * high
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if await self._has(middle) else (low, middle)
        return low

    async def _has(self, offset: int) -> bool:
        return bool(await self._client.check_all(fields=FIELDS[:4], limit=1, offset=offset))


def _falls(page: tuple[MessageRow, ...]) -> bool:
    """Return whether the newest messages of a page stand first."""
    times = [message.created for message in page if message.created]
    return bool(times) and times[0] > times[-1]
