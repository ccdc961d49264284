"""How the inbound list is read: one request, and more only where the list may be capped.

The API's document does not say whether the list has a cap, and whether a capped list shows the
oldest or the newest messages. A page as long as the longest ever seen ("full") may be cut off: then
the list is requested again from the page's newest row on, until nothing new comes. Older messages
cannot be requested separately: a request has no upper bound and no offset.
"""

from collections.abc import AsyncGenerator, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ..client import InboundList, Smspilot, UnreadableRows
from .window import MINUTE, SECOND, Window

# Ends the loop where an API responds with new messages for ever.
MAX_PAGES: Final = 500
# How many reads in a row find nothing new before one begins at the tail: where a full page ended.
READS_PER_TAIL: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstPage:
    """The first page of a read."""

    page: InboundList
    since: datetime
    # Whether the read began at the tail of a full page, not at the window's start.
    is_tail: bool
    is_full: bool
    # Whether all its messages were published before.
    is_known: bool


class PagedList:
    """The inbound list of an account, a page at a time."""

    def __init__(self, client: Smspilot, window: Window) -> None:
        self._client = client
        self._window = window
        # The time from which on a full page may lack messages; read once every few reads.
        self._tail: datetime | None = None
        # How many reads in a row showed nothing new.
        self._reads_in_vain = 0
        # Whether a page followed a full one, which proves that the API caps the list.
        self._has_cap = False
        # Whether a capped list shows its newest messages only, and whether it may have cut off
        # some that were never seen and cannot be requested.
        self.shows_newest = False
        self.may_lack = False

    async def pages(
        self, suspect: Callable[[], bool], *, whole: bool
    ) -> AsyncGenerator[InboundList]:
        """Yield the pages of one read; the caller publishes each before it asks for the next.

        With `whole` the read begins at the window's start in any case.
        `suspect` is called after each page: True where its messages, or missing ones, are a reason
        to request at once what may follow; else a later read begins there.
        """
        first = await self._read_first(whole=whole)
        yield first.page
        if not first.is_full:
            self._tail = self._tail if first.is_tail else None
            return
        # True where this read must find everything after the full page; else it may stop, and a
        # later read goes on.
        to_the_end = self._has_cap or whole or first.is_tail
        begin = self._remember_tail(first.page, to_the_end=to_the_end)
        if self._has_cap or suspect() or (first.is_tail and first.is_known):
            async for page in self._read_on(
                first.page, max(first.since, begin), to_the_end=to_the_end
            ):
                yield page

    async def _read_first(self, *, whole: bool) -> _FirstPage:
        """Request the first page, from the window's start or from the tail on."""
        window = self._window
        since = window.start(window.now)
        tail = None if whole or self._reads_in_vain < READS_PER_TAIL else self._tail
        if tail:
            since = max(tail, since)
        page = await self._client.inbound_since(since)
        if not tail and page.at and window.start(page.at) < since - MINUTE:
            # The machine's clock was ahead of the API's: read again from the true start.
            since = window.start(page.at)
            page = await self._client.inbound_since(since)
        is_full = 0 < len(page.messages) >= window.max_length
        window.note_length(len(page.messages))
        if not tail:
            self._detect_newest_only(page, since, is_full=is_full)
        is_known = not self._has_new(page)
        self._reads_in_vain = self._reads_in_vain + 1 if is_known and not tail else 0
        return _FirstPage(
            page=page, since=since, is_tail=bool(tail), is_full=is_full, is_known=is_known
        )

    def _remember_tail(self, page: InboundList, *, to_the_end: bool) -> datetime:
        """Remember where a later read begins after a full page; return where this one goes on."""
        end = self._end(page)
        # All rows have the same time: a request from that time on would return the same page.
        is_one_time = end - min(message.created for message in page.messages) < _tick(page)
        begin = end + _tick(page) if is_one_time and not to_the_end else end - SECOND
        # Where times have no seconds, the minute itself may hold more: a later read covers it.
        tail = begin if _tick(page) == SECOND else end - SECOND
        self._tail = max(self._tail or tail, tail)
        return begin

    def _detect_newest_only(self, page: InboundList, since: datetime, *, is_full: bool) -> None:
        """Note whether a full page lacks known older messages: then it shows the newest only.

        If it shows no known message at all, messages in between may never have been seen.
        """
        self.shows_newest = self.may_lack = False
        if is_full:
            listed = {message.id for message in page.messages}
            oldest = min(message.created for message in page.messages)
            self.shows_newest = self._window.hides(listed, since, oldest)
            self.may_lack = self.shows_newest and not any(one in self._window for one in listed)

    async def _read_on(
        self, first: InboundList, since: datetime, *, to_the_end: bool
    ) -> AsyncGenerator[InboundList]:
        """Request the list from its newest row on, until nothing new comes.

        Unless `to_the_end`, it stops at a page whose rows all have the same time.
        """
        full, seen = len(first.messages), {message.id for message in first.messages}
        for _ in range(MAX_PAGES):
            page = await self._request_further(since)
            may_follow = len(page.messages) >= full
            is_stuck = may_follow and self._end(page) - SECOND <= since
            if is_stuck and not (to_the_end or self._has_cap):
                return
            if is_stuck:
                # All rows have the same time and fill the page: request what was written later.
                page, following, since = await self._step_over(page, since, seen)
                may_follow = following >= full
            if self._has_new(page, seen):
                self._has_cap = True
                yield page
            seen |= {message.id for message in page.messages}
            if may_follow:
                since = max(since, self._end(page) - SECOND)
            if to_the_end or self._has_cap:
                self._tail = max(self._tail or since, since)
            if not may_follow:
                return

    async def _step_over(
        self, page: InboundList, since: datetime, seen: set[str]
    ) -> tuple[InboundList, int, datetime]:
        """Find the earliest time from which on the list shows no row of this page.

        A binary search, as a list whose times have no seconds may filter by them all the same.
        Return all messages found on the way, how many the list has from that time on, and the time.
        """
        found = {message.id: message for message in page.messages}
        known = seen | found.keys()
        after, following = self._end(page) + _tick(page), -1
        while after - since > SECOND or following < 0:
            middle = since + SECOND * max((after - since) // SECOND // 2, 1)
            further = await self._request_further(middle)
            found |= {message.id: message for message in further.messages}
            if middle < after and any(message.id in known for message in further.messages):
                since = middle
            else:
                after, following = middle, len(further.messages)
        return replace(page, messages=tuple(found.values())), following, after

    async def _request_further(self, since: datetime) -> InboundList:
        """Request what follows a readable page; where only unreadable rows follow, return none."""
        try:
            return await self._client.inbound_since(since)
        except UnreadableRows:
            return InboundList(messages=(), at=None)

    def _has_new(self, page: InboundList, seen: Collection[str] = ()) -> bool:
        """Return whether a page shows a message that was neither published nor seen."""
        return any(
            message.id not in seen and message.id not in self._window for message in page.messages
        )

    def _end(self, page: InboundList) -> datetime:
        """Return when the newest message was written, at most the API's present time."""
        newest = max(message.created for message in page.messages)
        return min(newest, page.at or self._window.now)


def _tick(page: InboundList) -> timedelta:
    """Return the precision of a page's times."""
    return MINUTE if any(one.to_the_minute for one in page.messages) else SECOND
