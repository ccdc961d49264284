"""How the inbound list is read: one request, and more only where it may be capped.

Whether the list has a cap, and which end of it remains, stands nowhere. A page as long as the
longest ever seen may be all that the API shows at once: then it is asked again from its newest row
on, until nothing new comes. There is no asking back: the API knows no upper bound and no offset.
"""

from collections.abc import AsyncGenerator, Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ..client import InboundList, Smspilot
from .window import MINUTE, SECOND, Window

# A list that never ends is none that can be read.
MAX_PAGES: Final = 500
# While a page may be all that the API shows, what may follow it is read in turn with the window.
READS_PER_TAIL: Final = 2


class PagedList:
    """The inbound list of an account, a page at a time."""

    def __init__(self, client: Smspilot, window: Window) -> None:
        """Have read nothing yet."""
        self._client = client
        self._window = window
        # From where on more may follow than a page shows; that is looked at now and then.
        self._tail: datetime | None = None
        # How many reads in a row showed nothing new.
        self._in_vain = 0
        # Whether more than one page was seen, so that the API does cap the list.
        self._has_cap = False
        # Whether the list shows only its newest messages, and whether that may have hidden some
        # which nobody can ask for any more.
        self.shows_newest = False
        self.may_lack = False

    async def pages(
        self, suspect: Callable[[], bool], *, whole: bool
    ) -> AsyncGenerator[InboundList]:
        """Read what there is, a page at a time, each to be taken before the next.

        `whole` begins at the window's start in any case.
        `suspect` says of the page taken last whether something in it or missing from it is a
        reason to ask at once for what may follow; else the next read begins there.
        """
        window, began = self._window, self._window.now
        since = window.start(began)
        is_tail = bool(self._tail) and self._in_vain >= READS_PER_TAIL and not whole
        if is_tail and self._tail:
            since = max(self._tail, since)
        page = await self._client.inbound_since(since)
        if not is_tail and page.at and window.start(page.at) < since - MINUTE:
            # The machine's clock was ahead: what it calls later is not all there is.
            since = window.start(page.at)
            page = await self._client.inbound_since(since)
        is_full = 0 < len(page.messages) >= window.longest
        window.longest = len(page.messages)
        if not is_tail:
            self._look_for_a_cap(page, since, is_full=is_full)
        is_known = not self._fresh(page)
        self._in_vain = self._in_vain + 1 if is_known and not is_tail else 0
        yield page
        if not is_full:
            self._tail = self._tail if is_tail else None
            return
        is_deep = self._has_cap or whole or is_tail
        end = self._end(page)
        # What was written all in one moment may hide more of it, and what follows that moment.
        is_one = end - min(message.created for message in page.messages) < _tick(page)
        begin = end + _tick(page) if is_one and not is_deep else end - SECOND
        # A minute is long: what it may hide is looked for once, in its turn.
        tail = begin if _tick(page) == SECOND else end - SECOND
        self._tail = max(self._tail or tail, tail)
        if self._has_cap or suspect() or (is_tail and is_known):
            async for further in self._read_on(page, max(since, begin), is_deep=is_deep):
                yield further

    def _look_for_a_cap(self, page: InboundList, since: datetime, *, is_full: bool) -> None:
        """Find out whether a full page lacks what is known: then it shows the newest only.

        If it shows nothing of what is known, others may have been in between.
        """
        self.shows_newest = self.may_lack = False
        if is_full:
            listed = {message.id for message in page.messages}
            oldest = min(message.created for message in page.messages)
            self.shows_newest = self._window.hides(listed, since, oldest)
            self.may_lack = self.shows_newest and not any(one in self._window for one in listed)

    async def _read_on(
        self, first: InboundList, since: datetime, *, is_deep: bool
    ) -> AsyncGenerator[InboundList]:
        """Ask from the newest row on, until nothing new comes.

        Not `is_deep`, what one moment may hide is left to a later read.
        """
        full, seen = len(first.messages), {message.id for message in first.messages}
        for _ in range(MAX_PAGES):
            page = await self._client.inbound_since(since)
            may_follow = len(page.messages) >= full
            is_stuck = may_follow and self._end(page) - SECOND <= since
            if is_stuck and not (is_deep or self._has_cap):
                return
            if is_stuck:
                # All of it was written in one moment, and hides what follows.
                page, following, since = await self._step_over(page, since, seen)
                may_follow = following >= full
            if self._fresh(page, seen):
                self._has_cap = True
                yield page
            seen |= {message.id for message in page.messages}
            if may_follow:
                since = max(since, self._end(page) - SECOND)
            if is_deep or self._has_cap:
                self._tail = max(self._tail or since, since)
            if not may_follow:
                return

    async def _step_over(
        self, page: InboundList, since: datetime, seen: set[str]
    ) -> tuple[InboundList, int, datetime]:
        """Find the moment right after the newest row of a page, and what follows it at once.

        Where the list tells minutes only, that is somewhere within one. Return all that was found
        on the way, how much follows that moment, and the moment.
        """
        found = {message.id: message for message in page.messages}
        known = seen | found.keys()
        after, following = self._end(page) + _tick(page), -1
        while after - since > SECOND or following < 0:
            middle = since + SECOND * max((after - since) // SECOND // 2, 1)
            further = await self._client.inbound_since(middle)
            found |= {message.id: message for message in further.messages}
            if middle < after and any(message.id in known for message in further.messages):
                since = middle
            else:
                after, following = middle, len(further.messages)
        return replace(page, messages=tuple(found.values())), following, after

    def _fresh(self, page: InboundList, seen: Collection[str] = ()) -> bool:
        """Return whether a page shows anything new."""
        return any(
            message.id not in seen and message.id not in self._window for message in page.messages
        )

    def _end(self, page: InboundList) -> datetime:
        """Return when the newest message was written; behind one of the future is nothing."""
        newest = max(message.created for message in page.messages)
        return min(newest, page.at or self._window.now)


def _tick(page: InboundList) -> timedelta:
    """Return how exact a page tells times."""
    return MINUTE if any(one.to_the_minute for one in page.messages) else SECOND
