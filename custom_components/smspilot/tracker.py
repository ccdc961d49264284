"""What became of messages on their way: a push rings, a clock behind it, the read tells."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import batched
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from .client import InvalidRequest, Kind, Message, Smspilot, SmspilotError, Status
from .client.api import PAGE
from .const import LOGGER
from .doorbell import Doorbell
from .limits import Limits
from .receipt import NUMBER_CHECKS, Row
from .signals import SIGNAL_COUNTS, SIGNAL_ERROR
from .storage import Ledger, Table
from .teller import Teller

FIELDS: Final = ("server_id", "phone", "price", "status", "error", "error_en", "error_ru")
# How old a message is when it is looked at; number checks are answered within seconds.
MESSAGE_AGES: Final = (15, 30, 60, 120, 300)
CHECK_AGES: Final = (5, 15, 30, 45, 60, 90, 120, 300)
RAREST: Final = 3600
# A message that is not final so long after it was due stays as it is.
GIVEN_UP: Final = timedelta(hours=48)
# A push that the list does not confirm is looked for again.
LOOKS_AGAIN: Final = (2.0, 5.0, 15.0, 30.0)
# A push may be faster than the answer to its send.
EARLY: Final = 60.0
# No stranger fills the memory with ids that nobody sent.
MOST_EARLY: Final = 1000

_RANK: Final = {Status.SCHEDULED: 0, Status.ACCEPTED: 1, Status.SENT: 2}


class Tracker:
    """The messages of an account that wait for their final status."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        *,
        client: Smspilot,
        ledger: Ledger,
        limits: Limits,
        teller: Teller,
    ) -> None:
        """Wait for nothing yet."""
        self._hass = hass
        self._entry_id = entry_id
        self._client = client
        self._ledger = ledger
        self._limits = limits
        self._teller = teller
        self._waiting: dict[str, Row] = {}
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}
        self._pushed: dict[str, tuple[Status, int]] = {}
        self._early: dict[str, tuple[float, Message | Status]] = {}
        self.bell = Doorbell(hass, "smspilot status", self._read)
        self._round_due = False
        self._alarm: tuple[float, CALLBACK_TYPE] | None = None

    def __contains__(self, server_id: object) -> bool:
        """Return whether the message still waits."""
        return server_id in self._waiting

    def row(self, server_id: str | None) -> Row | None:
        """Return the message while it waits."""
        return self._waiting.get(server_id or "")

    @property
    def pending(self) -> int:
        """Return how many messages wait for their final status."""
        return len(self._waiting)

    def restore(self, table: Table) -> None:
        """Wait again for what had no final status before the restart."""
        for server_id, data in table.items():
            try:
                self._waiting[server_id] = _row_from_stored(server_id, data)
            except InvalidOperation, LookupError, TypeError, ValueError:
                LOGGER.warning("A stored message cannot be read and is left out")
        if self._waiting:
            self.hurry()

    def table(self) -> Table:
        """Return what waits, as it is stored."""
        return {server_id: _as_stored(row) for server_id, row in self._waiting.items()}

    @callback
    def track(self, rows: Iterable[Row]) -> None:
        """Wait for rows of a receipt, and tell those that are final in it."""
        for row in rows:
            if row.test or row.message_id is None:
                continue
            if row.status.final:
                self._teller.status(row)
                continue
            self._waiting[row.message_id] = row
            self._ledger.write("messages", row.message_id, _as_stored(row))
            self._plan(_next_look(row, 0))
            deadline, news = self._early.pop(row.message_id, (0.0, None))
            if news is not None and deadline > self._hass.loop.time():
                self._hear(row.message_id, news)
        self._changed()

    @callback
    def hurry(self) -> None:
        """Read all that waits now."""
        self._round_due = True
        self.bell.ring()

    @callback
    def push(self, server_id: str, status: Status) -> None:
        """Hear that a message has another status; only the service's own answer tells."""
        if server_id in self._waiting:
            self._hear(server_id, status)
        else:
            self._keep_early(server_id, status)

    @callback
    def push_unverified(self, message: Message) -> None:
        """Take a push at its word."""
        if not message.id:
            return
        if message.id in self._waiting:
            self._hear(message.id, message)
        else:
            self._keep_early(message.id, message)

    async def wait(self, rows: Iterable[Row], limit: timedelta) -> None:
        """Return when all rows are final or the time is over."""
        ids = {row.message_id for row in rows if row.message_id in self._waiting}
        waiting = {server_id: self._hass.loop.create_future() for server_id in ids if server_id}
        if not waiting or not limit:
            return
        for server_id, future in waiting.items():
            self._waiters.setdefault(server_id, set()).add(future)
        try:
            async with asyncio.timeout(limit.total_seconds()):
                await asyncio.gather(*waiting.values())
        except TimeoutError:
            pass
        finally:
            for server_id, future in waiting.items():
                if waiters := self._waiters.get(server_id):
                    waiters.discard(future)
                    if not waiters:
                        del self._waiters[server_id]
                future.cancel()

    @callback
    def close(self, why: Exception) -> None:
        """End the clock and whoever waits."""
        self.bell.close()
        for futures in self._waiters.values():
            for future in futures:
                if not future.done():
                    future.set_exception(why)

    @callback
    def _hear(self, server_id: str, news: Message | Status) -> None:
        if isinstance(news, Message):
            self._update(news)
        elif news != self._waiting[server_id].status:
            self._pushed[server_id] = (news, 0)
            self.bell.ring()

    @callback
    def _keep_early(self, server_id: str, news: Message | Status) -> None:
        now = self._hass.loop.time()
        while self._early:
            oldest = next(iter(self._early))
            if self._early[oldest][0] > now and len(self._early) < MOST_EARLY:
                break
            del self._early[oldest]
        self._early[server_id] = (now + EARLY, news)

    async def _read(self) -> None:
        """Ask for all that waits, or for what was pushed and as much as fits beside it."""
        if not self._waiting:
            return
        pushed = [server_id for server_id in self._pushed if server_id in self._waiting]
        ids = [*pushed, *(one for one in self._waiting if one not in self._pushed)]
        if not self._round_due:
            ids = ids[: max(PAGE, len(pushed))] if pushed else []
        round_due, self._round_due = self._round_due, False
        try:
            for some in batched(ids, PAGE, strict=False):
                for message in await self._check(some):
                    self._update(message)
        except SmspilotError as err:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry_id), err)
        self._look_again(pushed)
        if round_due:
            self._give_up()
            self._replan()
        await self._ledger.flush()

    async def _check(self, ids: tuple[str, ...]) -> tuple[Message, ...]:
        """Ask about ids; one that the service cannot read costs the others nothing."""
        vip = any(row.kind is Kind.HLRVIP for one in ids if (row := self._waiting.get(one)))
        try:
            return await self._client.check(ids, fields=("all",) if vip else FIELDS)
        except InvalidRequest:
            if len(ids) == 1:
                return ()
            middle = len(ids) // 2
            return (*await self._check(ids[:middle]), *await self._check(ids[middle:]))

    @callback
    def _update(self, message: Message) -> None:
        """Take what the service says of a message; never back, and never after the end."""
        row = self._waiting.get(message.id or "")
        # A row without a number stands for an id the service does not know: no news.
        if row is None or not row.message_id or not message.phone:
            return
        if message.price is not None and message.price != row.price:
            self._limits.spend(message.price - (row.price or Decimal(0)))
            row.price = message.price
            self._changed()
        if not message.status.final and _RANK[message.status] <= _RANK[row.status]:
            return
        row.status, row.error = message.status, message.problem
        row.facts, row.changed_at = message.facts, dt_util.utcnow()
        if row.status.final:
            del self._waiting[row.message_id]
            self._pushed.pop(row.message_id, None)
            for future in self._waiters.pop(row.message_id, ()):
                if not future.done():
                    future.set_result(None)
            self._changed()
        stored = None if row.status.final else _as_stored(row)
        self._ledger.write("messages", row.message_id, stored)
        self._teller.status(replace(row))

    @callback
    def _look_again(self, pushed: list[str]) -> None:
        """Look again, a few times, for what a push said and the list does not."""
        for server_id in pushed:
            status, looks = self._pushed.pop(server_id, (None, 0))
            row = self._waiting.get(server_id)
            if status is None or row is None or row.status is status:
                continue
            if looks < len(LOOKS_AGAIN):
                self._pushed[server_id] = (status, looks + 1)
                self.bell.ring_in(LOOKS_AGAIN[looks])

    @callback
    def _give_up(self) -> None:
        now = dt_util.utcnow()
        for server_id, row in list(self._waiting.items()):
            if row.due_at and now - row.due_at > GIVEN_UP:
                LOGGER.info("A message has no final status after 48 hours; nobody asks any more")
                del self._waiting[server_id]
                self._ledger.write("messages", server_id, None)
                self._changed()

    @callback
    def _round(self, _now: datetime) -> None:
        self._alarm = None
        self.hurry()

    @callback
    def _plan(self, seconds: float) -> None:
        """Have a round in so many seconds, unless one comes sooner."""
        at = self._hass.loop.time() + seconds
        if self._alarm:
            if self._alarm[0] <= at:
                return
            self._alarm[1]()
        self._alarm = (at, self.bell.call_in(seconds, self._round))

    @callback
    def _replan(self) -> None:
        now = dt_util.utcnow()
        looks = (
            _next_look(row, (now - row.due_at).total_seconds())
            for row in self._waiting.values()
            if row.due_at
        )
        if (soonest := min(looks, default=None)) is not None:
            self._plan(soonest)

    @callback
    def _changed(self) -> None:
        async_dispatcher_send(self._hass, SIGNAL_COUNTS.format(self._entry_id))


def _next_look(row: Row, age: float) -> float:
    """Return in how many seconds a message of that age is looked at next."""
    ages = CHECK_AGES if row.kind in NUMBER_CHECKS else MESSAGE_AGES
    if age < 0:
        return min(ages[0] - age, RAREST)
    # Beyond the table ever rarer: when it is twice as old.
    return next((look - age for look in ages if look > age), min(age, RAREST))


def _as_stored(row: Row) -> Table:
    return {
        "packet": row.packet_id,
        "phone": row.phone,
        "who": row.recipient_id,
        "kind": row.kind.value,
        "status": int(row.status),
        "price": None if row.price is None else str(row.price),
        "sent": row.sent_at and row.sent_at.isoformat(),
        "due": row.due_at and row.due_at.isoformat(),
    }


def _row_from_stored(server_id: str, data: Table) -> Row:
    return Row(
        message_id=server_id,
        packet_id=data["packet"],
        phone=str(data["phone"]),
        recipient_id=data["who"],
        kind=Kind(data["kind"]),
        status=Status(data["status"]),
        price=None if data["price"] is None else Decimal(data["price"]),
        sent_at=datetime.fromisoformat(data["sent"]),
        due_at=datetime.fromisoformat(data["due"]),
    )
