"""Ask the API what became of messages, in as few requests as it can read."""

from collections.abc import Callable, Iterable
from itertools import batched
from typing import Final

from homeassistant.core import HomeAssistant

from ..client import InvalidRequest, InvalidResponse, MessageRow, Smspilot, SmspilotError
from ..client.api import PAGE
from ..runtime.cooperative import async_slices

FIELDS: Final = ("server_id", "phone", "price", "status", "error", "error_en", "error_ru")
ALL_FIELDS: Final = ("all",)
# An odd id is asked for when it is twice as old, but not less often than this, seconds.
MIN_ODD_INTERVAL: Final = 15.0
MAX_ODD_INTERVAL: Final = 6 * 3600.0
# Requests of a read beyond its pages. Whatever else the API dislikes must not cost two an id.
MAX_EXTRA_REQUESTS: Final = 100


class StatusReader:
    """The reads of an account's statuses.

    The API may refuse a list for one id that it cannot read or does not know. Which one it is, is
    found by halving the list; from then on it is odd, and asked for alone and ever more rarely.
    """

    def __init__(self, hass: HomeAssistant, client: Smspilot) -> None:
        """Know of nothing odd."""
        self._hass = hass
        self._client = client
        # By the loop's clock: since when it is odd, and when it shall be asked for again.
        self._odd: dict[str, tuple[float, float]] = {}

    def forget(self, server_id: str) -> None:
        """Nobody wants to know of a message any more."""
        self._odd.pop(server_id, None)

    def next_look(self, server_id: str, usual: float) -> float:
        """Return in how many seconds a message shall be asked for."""
        if found := self._odd.get(server_id):
            return max(found[1] - self._hass.loop.time(), 0.0)
        return usual

    async def async_read(
        self,
        ids: Iterable[str],
        take: Callable[[MessageRow], None],
        *,
        needs_all: Callable[[str], bool],
        now_or_never: Iterable[str] = (),
    ) -> tuple[set[str], SmspilotError | None]:
        """Read statuses and hand on each row; return what was looked for, and what went wrong.

        What is odd is left out before its time, but for what is `now_or_never`.
        """
        left = self._lists(ids, set(now_or_never))
        extra, looked, error = MAX_EXTRA_REQUESTS, set[str](), None
        while left:
            some = left.pop(0)
            try:
                rows = await self._client.check(
                    some, fields=ALL_FIELDS if any(map(needs_all, some)) else FIELDS
                )
            except InvalidRequest:
                if len(some) == 1:
                    looked.update(some)
                    self._put_off(some[0])
                elif (extra := extra - 2) >= 0:
                    middle = len(some) // 2
                    left[:0] = [some[:middle], some[middle:]]
            except InvalidResponse as err:
                # That of the others may be readable.
                error = err
            except SmspilotError as err:
                return looked, err
            else:
                looked.update(some)
                self._odd.pop(some[0] if len(some) == 1 else "", None)
                async for row in async_slices(rows):
                    take(row)
        return looked, error

    def _lists(self, ids: Iterable[str], urgent: set[str]) -> list[tuple[str, ...]]:
        """Return the lists to ask for: pages, and what is odd alone, when its time has come."""
        now, plain, odd = self._hass.loop.time(), list[str](), list[str]()
        for server_id in ids:
            if server_id not in self._odd:
                plain.append(server_id)
            elif server_id in urgent or self._odd[server_id][1] <= now:
                odd.append(server_id)
        alone = ((server_id,) for server_id in odd[:MAX_EXTRA_REQUESTS])
        return [*batched(plain, PAGE, strict=False), *alone]

    def _put_off(self, server_id: str) -> None:
        now = self._hass.loop.time()
        since, _next = self._odd.get(server_id, (now, now))
        pause = min(max(now - since, MIN_ODD_INTERVAL), MAX_ODD_INTERVAL)
        # A timer may be early by a trifle.
        self._odd[server_id] = since, now + pause - 1
