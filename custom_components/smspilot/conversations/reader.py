"""Reading an account's lists into its history, once for everybody who looks."""

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
class News:
    """What a read has shown: the ids of lines that are new, and what could not be read."""

    changed: set[str] = field(default_factory=set)
    # Every line has another time now.
    is_shifted: bool = False
    errors: list[SmspilotError] = field(default_factory=list)


class Reader:
    """The history of an account, as far as it was read."""

    def __init__(self, entry: ConfigEntry, client: Smspilot, known: Callable[[str], Known]) -> None:
        """Have read nothing yet; `known` tells what this home remembers of a message."""
        self._entry = entry
        self._client = client
        self._known = known
        self._lists = Lists(client)
        self._older = asyncio.Lock()
        self.history = History()

    @property
    def now(self) -> datetime:
        """Return the service's time; the machine's, before it told any."""
        return self._client.now() or dt_util.utcnow()

    async def read(self) -> News:
        """Read both lists; what one of them does not tell costs the other nothing."""
        news, zone = News(), self.history.zone
        results = await asyncio.gather(
            self._read_outbound(), self._read_inbound(), return_exceptions=True
        )
        for result in results:
            if isinstance(result, set):
                news.changed |= result
            elif isinstance(result, SmspilotError):
                news.errors.append(result)
            else:
                raise result
        news.is_shifted = zone != self.history.zone
        return news

    async def page(self, phones: Iterable[str], before: str | None, limit: int) -> Json:
        """Return the lines of numbers before a sort key; read older ones where they are too few."""
        rows = self._before(phones, before)
        if len(rows) < limit and self._has_older:
            async with self._older:
                # Whoever waited for another one's read may have what they want.
                rows = self._before(phones, before)
                if len(rows) < limit and self._has_older:
                    await self._take(await self._lists.older())
                    rows = self._before(phones, before)
        return {"messages": rows[-limit:], "more": len(rows) > limit or self._has_older}

    @property
    def _has_older(self) -> bool:
        return self._lists.has_older and not self.history.is_full

    def _before(self, phones: Iterable[str], before: str | None) -> list[Json]:
        rows = self.history.of(phones)
        return [row for row in rows if row["order"] < before] if before else rows

    async def _read_outbound(self) -> set[str]:
        return await self._take(await self._lists.newest())

    async def _read_inbound(self) -> set[str]:
        changed = set()
        async for message in async_slices(await self._lists.inbound(self.now)):
            line = received(message, identify(self._entry, message))
            if self.history.add(line):
                changed.add(line.id)
        self.history.trim()
        return changed

    async def _take(self, messages: Iterable[MessageRow]) -> set[str]:
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
