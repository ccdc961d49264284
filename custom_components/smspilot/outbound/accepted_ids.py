"""The ids that the API gave to our messages: what a row's id says about when it was created."""

from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from homeassistant.core import callback

from ..client.values import integer
from .number import SHARED_IDS
from .record import RECENT, SECONDS_PER_HOUR

# Older ids need not be listed: a read some hours after the request would show them no longer.
MUST_BE_LISTED: Final = RECENT - 6 * SECONDS_PER_HOUR


class AcceptedIds:
    """The ids of the responses of the last day; times are by the event loop's clock."""

    def __init__(self) -> None:
        # When each response came, with the smallest and the greatest of its ids.
        self._responses: deque[tuple[float, str, str]] = deque()

    @callback
    def add(self, ids: Iterable[str], now: float) -> None:
        """Keep the ids of a response: if they grow, a row's id says whether it is older."""
        own = ((integer(one), one) for one in ids if one.isdecimal() and one not in SHARED_IDS)
        if numeric := sorted((number, one) for number, one in own if number is not None):
            self._responses.append((now, numeric[0][1], numeric[-1][1]))

    @callback
    def drop_expired(self, now: float) -> None:
        """Forget the ids that the API lists no longer."""
        # The oldest are the first.
        while self._responses and now - self._responses[0][0] >= RECENT:
            self._responses.popleft()

    def growing_before(self, since: float) -> list[str]:
        """Return the newest id of each response before a time, if ids only grew; else none."""
        known = sorted(one for one in self._responses if one[0] <= since)
        grow = all(int(one[2]) < int(other[1]) for one, other in pairwise(known))
        return [one[2] for one in known] if grow else []

    def listed_before(self, since: float) -> set[str]:
        """Return ids that the list must show: of the hour before a time, else the last ones."""
        known = [one for one in self._responses if since - MUST_BE_LISTED < one[0] <= since]
        lately = [one for one in known if one[0] > since - SECONDS_PER_HOUR] or known[-1:]
        return {each for one in lately for each in one[1:]}
