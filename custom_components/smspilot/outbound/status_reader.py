"""Reads of messages' statuses, in as few requests as possible."""

from collections.abc import Callable, Iterable
from itertools import batched
from typing import Final

from homeassistant.core import HomeAssistant

from ..client import InvalidRequest, InvalidResponse, MessageRow, Smspilot, SmspilotError
from ..client.api import PAGE
from ..runtime.cooperative import async_slices

FIELDS: Final = ("server_id", "phone", "price", "status", "error", "error_en", "error_ru")
ALL_FIELDS: Final = ("all",)
# Seconds between the reads of an isolated id; the interval doubles.
MIN_ISOLATED_INTERVAL: Final = 15.0
MAX_ISOLATED_INTERVAL: Final = 6 * 3600.0
# Requests of a read beyond its pages: halving must not make two requests for each id
# where the API refuses lists for another reason.
MAX_EXTRA_REQUESTS: Final = 100


class StatusReader:
    """Reads the statuses of an account's messages.

    The API may refuse a list because of one id that it cannot read or does not know. That id is
    found by halving the list, and from then on it is isolated: read alone, and ever
    more rarely.
    """

    def __init__(self, hass: HomeAssistant, client: Smspilot) -> None:
        self._hass = hass
        self._client = client
        # Since when an id is isolated, and when it is due again, by the event loop's clock.
        self._isolated: dict[str, tuple[float, float]] = {}

    def forget(self, message_id: str) -> None:
        """Drop what is known of an id that is not read any more."""
        self._isolated.pop(message_id, None)

    def next_check(self, message_id: str, usual: float) -> float:
        """Return in how many seconds an id is due; `usual` where it is not isolated."""
        if found := self._isolated.get(message_id):
            return max(found[1] - self._hass.loop.time(), 0.0)
        return usual

    async def async_read(
        self,
        ids: Iterable[str],
        on_row: Callable[[MessageRow], None],
        *,
        needs_all: Callable[[str], bool],
        urgent: Iterable[str] = (),
    ) -> tuple[set[str], SmspilotError | None]:
        """Read statuses, and call `on_row` with each row; return the ids read, and an error.

        Isolated ids are left out until they are due, unless they are `urgent`. `needs_all` says for
        which ids all fields of a row are requested.
        """
        batches = self._batches(ids, set(urgent))
        extra, checked, error = MAX_EXTRA_REQUESTS, set[str](), None
        while batches:
            batch = batches.pop(0)
            try:
                rows = await self._client.check(
                    batch, fields=ALL_FIELDS if any(map(needs_all, batch)) else FIELDS
                )
            except InvalidRequest:
                if len(batch) == 1:
                    checked.update(batch)
                    self._put_off(batch[0])
                elif (extra := extra - 2) >= 0:
                    middle = len(batch) // 2
                    batches[:0] = [batch[:middle], batch[middle:]]
            except InvalidResponse as err:
                # The response for another batch may be readable.
                error = err
            except SmspilotError as err:
                return checked, err
            else:
                checked.update(batch)
                self._isolated.pop(batch[0] if len(batch) == 1 else "", None)
                async for row in async_slices(rows):
                    on_row(row)
        return checked, error

    def _batches(self, ids: Iterable[str], urgent: set[str]) -> list[tuple[str, ...]]:
        """Return the ids of each request: pages, and alone each isolated id, if urgent or due."""
        now, plain, isolated = self._hass.loop.time(), list[str](), list[str]()
        for message_id in ids:
            if message_id not in self._isolated:
                plain.append(message_id)
            elif message_id in urgent or self._isolated[message_id][1] <= now:
                isolated.append(message_id)
        alone = ((message_id,) for message_id in isolated[:MAX_EXTRA_REQUESTS])
        return [*batched(plain, PAGE, strict=False), *alone]

    def _put_off(self, message_id: str) -> None:
        now = self._hass.loop.time()
        since, _next = self._isolated.get(message_id, (now, now))
        interval = min(max(now - since, MIN_ISOLATED_INTERVAL), MAX_ISOLATED_INTERVAL)
        # A second less, because a timer may fire slightly early.
        self._isolated[message_id] = since, now + interval - 1
