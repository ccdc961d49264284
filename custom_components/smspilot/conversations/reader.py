"""Read an account's lists into its history, once for all open cards."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..client import MessageRow, Smspilot, SmspilotError
from ..inbound.classify import identify
from ..runtime.cooperative import async_slices
from .history import History
from .lines import Json, Known, listed, received
from .lists import Lists


@dataclass(slots=True)
class ReadResult:
    """The result of a read: the ids of lines that changed, and the errors of failed requests."""

    changed: set[str] = field(default_factory=set)
    # Whether the zone was learned, which changes the time of every line.
    is_shifted: bool = False
    errors: list[SmspilotError] = field(default_factory=list)


class Reader:
    """Reads an account's messages into its history."""

    def __init__(self, entry: ConfigEntry, client: Smspilot, known: Callable[[str], Known]) -> None:
        """Keep `known`, which returns what is stored here of a message that we sent."""
        self._entry = entry
        self._client = client
        self._known = known
        self._lists = Lists(client)
        self._older = asyncio.Lock()
        self.history = History()

    @property
    def now(self) -> datetime:
        """Return the API's time; the machine's until the API has sent a date."""
        return self._client.now() or dt_util.utcnow()

    async def read(self) -> ReadResult:
        """Read both lists at once; if one fails, the other still counts."""
        found, zone = ReadResult(), self.history.zone
        results = await asyncio.gather(
            self._read_outbound(), self._read_inbound(), return_exceptions=True
        )
        for result in results:
            if isinstance(result, set):
                found.changed |= result
            elif isinstance(result, SmspilotError):
                found.errors.append(result)
            else:
                raise result
        found.is_shifted = zone != self.history.zone
        return found

    async def page(self, phones: Iterable[str], before: str | None, limit: int) -> Json:
        """Return the lines of numbers before a sort key, after reading older ones if too few."""
        rows = self._before(phones, before)
        if len(rows) < limit and self._has_older:
            async with self._older:
                # Another request's read, which this one waited for, may have brought enough.
                rows = self._before(phones, before)
                if len(rows) < limit and self._has_older:
                    await self._add(await self._lists.older())
                    rows = self._before(phones, before)
        return {"messages": rows[-limit:], "more": len(rows) > limit or self._has_older}

    @property
    def _has_older(self) -> bool:
        return self._lists.has_older and not self.history.is_full

    def _before(self, phones: Iterable[str], before: str | None) -> list[Json]:
        rows = self.history.of(phones)
        return [row for row in rows if row["order"] < before] if before else rows

    async def _read_outbound(self) -> set[str]:
        return await self._add(await self._lists.newest())

    async def _read_inbound(self) -> set[str]:
        changed = set()
        async for message in async_slices(await self._lists.inbound(self.now)):
            line = received(message, identify(self._entry, message))
            if self.history.add(line):
                changed.add(line.id)
        self.history.trim()
        return changed

    async def _add(self, messages: Iterable[MessageRow]) -> set[str]:
        changed = set()
        async for message in async_slices(messages):
            known = self._known(message.id or "")
            line = listed(message, known)
            if line is None:
                continue
            if known.sent_at and message.created:
                self.history.learn_zone(known.sent_at, message.created)
            if self.history.add(line):
                changed.add(line.id)
        self.history.no_future(self.now)
        self.history.trim()
        return changed
