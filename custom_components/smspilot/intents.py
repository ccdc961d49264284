"""What was ordered: written down before it is asked for, kept until nothing of it is in doubt."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from homeassistant.util.ulid import ulid_now

from .client import ConnectionFailed, Kind
from .client.models import optional
from .const import LOGGER
from .dispatch import words
from .order import Addressee, Order
from .pace import in_turns
from .storage import Ledger, Table, stored_time

# `check=recent` shows a day; what is older never comes up again.
LISTED: Final = timedelta(hours=26)
SECOND: Final = timedelta(seconds=1)
RECENT: Final = LISTED / SECOND
HOUR: Final = 3600.0
# What a lost answer may take to be looked for, seconds.
LONGEST_SEARCH: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A request that was decided on; what becomes of it makes a new one.

    A snapshot under way must not know more of it than of its messages.

    `ids` are by number, of those who are known to be reached; `refused` of those who are not.
    `since` is `at` by the loop's clock, which the correction of a machine's clock does not move.
    """

    id: str
    at: datetime
    since: float
    kind: Kind
    text: str
    due_at: datetime
    to: tuple[Addressee, ...]
    ids: dict[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def every_id(self) -> tuple[str, ...]:
        """Return the ids of all its messages."""
        return (*self.ids.values(), *self.refused)

    @property
    def lost(self) -> tuple[Addressee, ...]:
        """Return those of whom nobody knows whether they are reached."""
        return tuple(one for one in self.to if one.phone not in self.ids)

    def as_stored(self) -> Table:
        """Return it as stored; a text is kept only as long as it may have to be looked for."""
        return {
            "at": self.at.isoformat(),
            "kind": self.kind.value,
            "text": self.text if self.lost else "",
            "due": self.due_at.isoformat(),
            "to": [[one.phone, one.recipient_id, self.ids.get(one.phone)] for one in self.to],
            "refused": self.refused,
        }

    @classmethod
    def from_stored(cls, intent_id: str, data: Table, now: float) -> Intent:
        """Read what was stored."""
        at = stored_time(data["at"])
        # A clock that was wrong when it was sent must not end the search before the first look.
        age = min(max((dt_util.utcnow() - at).total_seconds(), 0), RECENT - HOUR)
        return cls(
            id=intent_id,
            at=at,
            since=now - age,
            kind=Kind(data["kind"]),
            text=str(data["text"]),
            due_at=stored_time(data["due"]),
            to=tuple(Addressee(str(phone), optional(person)) for phone, person, _id in data["to"]),
            ids={str(phone): str(one) for phone, _person, one in data["to"] if one},
            refused=tuple(str(one) for one in data["refused"]),
        )


class Intents:
    """The orders of an account of the last day."""

    def __init__(self, hass: HomeAssistant, ledger: Ledger) -> None:
        """Have decided on nothing yet."""
        self._hass = hass
        self._ledger = ledger
        self._intents: dict[str, Intent] = {}
        self._by_id: dict[str, Intent] = {}
        self._busy: set[str] = set()
        self._flying: dict[tuple[str, str], asyncio.Future[None]] = {}

    def restore(self, table: Table) -> list[Intent]:
        """Take up what was ordered before the restart, and return it."""
        for intent_id, data in in_turns(table.items()):
            try:
                intent = Intent.from_stored(intent_id, data, self._hass.loop.time())
            except LookupError, TypeError, ValueError:
                LOGGER.warning("A stored order cannot be read and is left out")
                continue
            self._intents[intent_id] = intent
            self._by_id |= dict.fromkeys(intent.every_id, intent)
        return list(self._intents.values())

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return the orders as they are stored."""
        return ((intent.id, intent.as_stored()) for intent in list(self._intents.values()))

    def of(self, server_id: str | None) -> Intent | None:
        """Return the order of a message, while it is remembered."""
        return self._by_id.get(server_id or "")

    def lost(self) -> list[Intent]:
        """Return the orders that nobody knows the outcome of, but those under way."""
        return [one for one in self._intents.values() if one.lost and one.id not in self._busy]

    def age(self, intent: Intent) -> float:
        """Return how long ago it was decided on, in seconds."""
        return self._hass.loop.time() - intent.since

    def had(self, phone: str, text: str) -> bool:
        """Return whether the number is known to have had such a text before."""
        same = words(text)
        return any(phone in one.ids and words(one.text) == same for one in self._intents.values())

    def is_under_way(self, phone: str, text: str) -> bool:
        """Return whether such a text is being sent to the number now."""
        return (phone, words(text)) in self._flying

    @asynccontextmanager
    async def under_way(self, order: Order) -> AsyncGenerator[Intent]:
        """Write down what is about to be sent.

        No two sends of one text to one number go at a time: lost answers could not be told apart.
        Raise `ConnectionFailed` where that of before takes longer than this may wait.
        """
        pairs = [(one.phone, words(order.text)) for one in order.to]
        until = self._hass.loop.time() + max(order.retry_for / SECOND, LONGEST_SEARCH)
        while other := next((self._flying[pair] for pair in pairs if pair in self._flying), None):
            await asyncio.wait([other], timeout=until - self._hass.loop.time())
            if not other.done():
                message = "the same text to the same number is still on its way out"
                raise ConnectionFailed(message)
        landed = self._hass.loop.create_future()
        self._flying |= dict.fromkeys(pairs, landed)
        intent = self._open(order)
        try:
            await self._ledger.flush()
            yield intent
        finally:
            self._busy.discard(intent.id)
            for pair in pairs:
                del self._flying[pair]
            landed.set_result(None)

    def write(self, intent: Intent) -> None:
        """Write down what became of it; nothing where it reached nobody."""
        self._intents[intent.id] = intent
        self._by_id |= dict.fromkeys(intent.every_id, intent)
        if intent.to or intent.refused:
            self._ledger.write("orders", intent.id, intent.as_stored())
        else:
            self._forget(intent)

    def _open(self, order: Order) -> Intent:
        now = dt_util.utcnow()
        # The oldest stand first; what is in doubt is given up by those who look for it.
        past = takewhile(lambda one: self.age(one) > RECENT, self._intents.values())
        for old in [one for one in past if not one.lost and now - one.due_at > LISTED]:
            self._forget(old)
        intent = Intent(
            id=ulid_now(),
            at=now,
            since=self._hass.loop.time(),
            kind=order.kind,
            text=order.text,
            due_at=order.send_at or now,
            to=order.to,
        )
        self._busy.add(intent.id)
        self.write(intent)
        return intent

    def _forget(self, intent: Intent) -> None:
        del self._intents[intent.id]
        self._ledger.write("orders", intent.id, None)
        for server_id in intent.every_id:
            self._by_id.pop(server_id, None)
