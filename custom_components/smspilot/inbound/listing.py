"""How the inbound list is read: one request, and more only where it may be capped.

Whether the list has a cap, and which end of it remains, stands nowhere. A page as long as the
longest ever seen may be all that the API shows at once: then it is asked again from its newest row
on, until nothing new comes. There is no asking back: the API knows no upper bound and no offset.
"""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Final

from ..client import InboundList, Smspilot
from .window import MINUTE, SECOND, Window

# A list that never ends is none that can be read.
MAX_PAGES: Final = 500


class Listing:
    """The inbound list of an account."""

    def __init__(self, client: Smspilot, window: Window) -> None:
        """Have read nothing yet."""
        self._client = client
        self._window = window
        # Where the last page began, once more of it may follow: read from there on in turn.
        self._tail: datetime | None = None
        self._was_tail = False
        # Whether more than one page was seen, so that the API does cap the list.
        self._has_cap = False
        # Whether the list shows only its newest messages, and whether that may have hidden some
        # which nobody can ask for any more.
        self.shows_newest = False
        self.may_lack = False

    async def pages(
        self, suspect: Callable[[InboundList], bool], *, whole: bool
    ) -> AsyncGenerator[InboundList]:
        """Read what there is, a page at a time, each to be taken before the next.

        `whole` begins at the window's start in any case.
        `suspect` says of a page that is taken whether something in it or missing from it is a
        reason to ask at once for what may follow; else the next read begins there.
        """
        window, began = self._window, self._window.now
        since = window.start(began)
        is_tail = self._tail is not None and not self._was_tail and not whole
        if is_tail and self._tail:
            since = max(self._tail, since)
        self._was_tail = is_tail
        page = await self._client.inbound_since(since)
        if not is_tail and page.at and window.start(page.at) < since - MINUTE:
            # The machine's clock was ahead: what it calls later is not all there is.
            since = window.start(page.at)
            page = await self._client.inbound_since(since)
        is_full = 0 < len(page.messages) >= window.longest
        window.longest = len(page.messages)
        if not is_tail:
            self._look_for_a_cap(page, since, is_full=is_full)
        yield page
        if not (is_tail or is_full):
            self._tail = None
        elif page.messages:
            # Behind a message of the future nothing would be found.
            self._tail = min(_newest(page), page.at or window.now) - SECOND
        if is_full and suspect(page):
            async for further in self._read_on(page):
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

    async def _read_on(self, first: InboundList) -> AsyncGenerator[InboundList]:
        """Ask from the newest row on, until nothing new comes."""
        full = len(first.messages)
        tick = MINUTE if any(one.to_the_minute for one in first.messages) else SECOND
        seen = {message.id for message in first.messages}
        now = first.at or self._window.now
        newest = min(_newest(first), now)
        since = newest - SECOND
        jumped_from: datetime | None = None
        for _ in range(MAX_PAGES):
            page = await self._client.inbound_since(since)
            fresh = {message.id for message in page.messages} - seen
            if fresh:
                self._has_cap = True
                seen |= fresh
                yield page
                newest = max(newest, min(_newest(page), now))
                self._tail = newest - SECOND
            if len(page.messages) < full and not (fresh and jumped_from):
                return
            if fresh and jumped_from:
                # More than a page within one minute: second by second nothing is left out.
                since, jumped_from = jumped_from + SECOND, None
            elif fresh:
                since = max(since, newest - SECOND)
            elif self._has_cap or tick == SECOND:
                # A page of what is known already hides what follows: step over it.
                since = max(since + SECOND, min(_newest(page), now) - SECOND)
            else:
                since, jumped_from = since + tick, since
            if since > newest + tick:
                return


def _newest(page: InboundList) -> datetime:
    return max(message.created for message in page.messages)
