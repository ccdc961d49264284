"""What became of messages on their way: a push rings, a clock behind it, the read tells."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import InvalidOperation
from itertools import batched, islice
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..client import InvalidRequest, Kind, MessageRow, Smspilot, SmspilotError, Status
from ..client.api import PAGE
from ..const import LOGGER
from ..events import SIGNAL_COUNTS, SIGNAL_ERROR
from ..runtime.announced import PAUSES, Announced
from ..runtime.cooperative import async_slices, thread_slices
from ..runtime.journal import Journal, Table
from ..runtime.poller import Alarm, Poller
from ..runtime.publisher import Publisher
from .budget import Budget
from .result import Row
from .waiting import MAX_LOOK_INTERVAL, Waiting, follows

FIELDS: Final = ("server_id", "phone", "price", "status", "error", "error_en", "error_ru")
# A message that is not final so long after it was due stays as it is.
TRACKING_TIMEOUT: Final = timedelta(hours=48) / timedelta(seconds=1)
# What was pushed has neighbours with news; a whole page would keep a small machine busy.
BESIDE: Final = 100
# A push may be faster than the answer to its send.
EARLY: Final = 60.0
# No stranger fills the memory with ids that nobody sent.
MAX_EARLY: Final = 1000


class DeliveryTracker:
    """The messages of an account that wait for their final status."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        client: Smspilot,
        journal: Journal,
        budget: Budget,
        publisher: Publisher,
    ) -> None:
        """Wait for nothing yet."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._journal = journal
        self._budget = budget
        self._publisher = publisher
        self._waiting: dict[str, Waiting] = {}
        self._early: dict[str, tuple[float, MessageRow | Status]] = {}
        self.poller = Poller(hass, "smspilot status", self._read)
        self._announced: Announced[Status] = Announced(hass, self.poller)
        self._round_due = False
        # Who waits for the end of the next read of all that waits.
        self._awaiting: list[asyncio.Future[bool]] = []
        self._alarm = Alarm(hass, self.poller, self.hurry)

    def row(self, server_id: str | None) -> Row | None:
        """Return the message while it waits."""
        waiting = self._waiting.get(server_id or "")
        return waiting.row if waiting else None

    @property
    def pending(self) -> int:
        """Return how many messages wait for their final status."""
        return len(self._waiting)

    def restore(self, table: Table) -> None:
        """Wait again for what had no final status before the restart."""
        for server_id, data in thread_slices(table.items()):
            try:
                waiting = self._wait_for(server_id, Row.from_stored(server_id, data))
            except InvalidOperation, LookupError, TypeError, ValueError:
                LOGGER.warning("A stored message cannot be read and is left out")
            else:
                # A clock that was wrong when it was sent must not end the search at the first look.
                waiting.due = max(waiting.due, self._now - TRACKING_TIMEOUT + MAX_LOOK_INTERVAL)

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return what waits, as it is stored."""
        return ((key, one.row.as_stored()) for key, one in list(self._waiting.items()))

    @callback
    def track(self, rows: Iterable[Row]) -> None:
        """Wait for rows of a receipt, and tell those that are final in it."""
        for row in rows:
            if row.message_id is None:
                continue
            if row.status.final:
                self._publish(row)
                continue
            waiting = self._wait_for(row.message_id, row)
            self._journal.write("messages", row.message_id, row.as_stored())
            self._alarm.set(waiting.next_look(self._now))
            deadline, news = self._early.pop(row.message_id, (0.0, None))
            if news is not None and deadline > self._now:
                self._hear(row.message_id, news)
        self._changed()

    @callback
    def hurry(self) -> None:
        """Read all that waits now."""
        if self._waiting:
            self._round_due = True
            self.poller.wake()

    async def async_read_now(
        self,
        ids: Iterable[str],
        timeout: float,  # noqa: ASYNC109 - how long the caller can wait
    ) -> bool:
        """Ask about what of these still waits, and return whether that was done in time."""
        if not any(server_id in self._waiting for server_id in ids):
            return True
        done: asyncio.Future[bool] = self._hass.loop.create_future()
        self._awaiting.append(done)
        self.hurry()
        try:
            async with asyncio.timeout(timeout):
                return await done
        except TimeoutError:
            return False
        finally:
            if done in self._awaiting:
                self._awaiting.remove(done)

    @callback
    def push(self, server_id: str, status: Status) -> None:
        """Hear that a message has another status; only the service's own answer tells."""
        if server_id in self._waiting:
            self._hear(server_id, status)
        else:
            self._keep_early(server_id, status)

    @callback
    def push_unverified(self, message: MessageRow) -> None:
        """Take a push at its word, but for money and for what no push tells."""
        if not (server_id := message.id):
            return
        if message.price is not None:
            message = replace(message, price=None)
        if server_id not in self._waiting:
            self._keep_early(server_id, message)
        else:
            self._hear(server_id, message)
            self._journal.flush()

    async def wait(self, rows: Iterable[Row], limit: timedelta) -> None:
        """Return when all rows are final, or when the time is over."""
        found = (self._waiting.get(row.message_id or "") for row in rows)
        waiting = [one for one in found if one]
        if not waiting or not limit:
            return
        futures = [self._hass.loop.create_future() for _ in waiting]
        for one, future in zip(waiting, futures, strict=True):
            one.futures |= {future}
        try:
            async with asyncio.timeout(limit.total_seconds()):
                await asyncio.gather(*futures)
        except TimeoutError:
            pass
        finally:
            for one, future in zip(waiting, futures, strict=True):
                one.futures -= {future}
                future.cancel()

    @callback
    def close(self, why: Exception) -> None:
        """End the clock and whoever waits."""
        self.poller.close()
        for waiting in self._waiting.values():
            for future in waiting.futures:
                if not future.done():
                    future.set_exception(why)

    @property
    def _now(self) -> float:
        return self._hass.loop.time()

    def _wait_for(self, server_id: str, row: Row) -> Waiting:
        now = dt_util.utcnow()
        if row.sent_at:
            # By a clock that is behind it would be sent in the future, and looked at rarely.
            now = max(now, row.sent_at)
        due = self._now + ((row.due_at or now) - now).total_seconds()
        waiting = self._waiting[server_id] = Waiting(row, due)
        return waiting

    @callback
    def _hear(self, server_id: str, news: MessageRow | Status) -> None:
        row = self._waiting[server_id].row
        if isinstance(news, MessageRow) and (
            news.status is Status.FAILED or row.price is None or row.kind is Kind.HLRVIP
        ):
            # That it cost nothing, what it cost, what was found out: no push tells it.
            news = news.status
        if isinstance(news, MessageRow):
            self._update(news)
        elif follows(news, row.status):
            before = self._announced.get(server_id)
            # The pushes of a message may come in any order.
            if before is None or follows(news, before):
                self._announced.add(server_id, news)
            self.poller.wake()

    @callback
    def _keep_early(self, server_id: str, news: MessageRow | Status) -> None:
        """Keep for a minute what is said of a message that nobody here has sent yet."""
        _deadline, before = self._early.pop(server_id, (0.0, None))
        if before is not None and _status(before).final:
            news = before
        while self._early:
            oldest = next(iter(self._early))
            if self._early[oldest][0] > self._now and len(self._early) < MAX_EARLY:
                break
            del self._early[oldest]
        self._early[server_id] = (self._now + EARLY, news)

    async def _read(self) -> None:
        """Ask for all that waits, or for what was pushed and some more beside it."""
        if not self._waiting:
            return
        pushed, now = self._announced.ids, self._now
        others: Iterator[str] = (one for one in self._waiting if one not in self._announced)
        if not self._round_due:
            others = islice(others, max(BESIDE - len(pushed), 0) if pushed else 0)
        ids = [*pushed, *others]
        round_due, self._round_due = self._round_due, False
        awaiting, is_read = ([*self._awaiting] if round_due else []), False
        odd = [server_id for server_id in ids if self._waiting[server_id].odd]
        even = [server_id for server_id in ids if not self._waiting[server_id].odd]
        try:
            for some in (*batched(even, PAGE, strict=False), *batched(odd, PAGE, strict=False)):
                await self._ask(some)
        except SmspilotError as err:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
            if pushed:
                # A list that cannot be read denies no push.
                self._alarm.set(PAUSES[-1])
        else:
            is_read = True
            self._announced.look_again((one for one in pushed if one in self._announced), now)
        for done in awaiting:
            if not done.done():
                done.set_result(is_read)
        if round_due:
            self._give_up()
            self._replan()
        await self._journal.flush()

    async def _ask(self, ids: tuple[str, ...]) -> None:
        """Ask about ids; one that the service cannot read costs the others nothing."""
        waiting = [one for server_id in ids if (one := self._waiting.get(server_id))]
        vip = any(one.row.kind is Kind.HLRVIP for one in waiting)
        try:
            messages = await self._client.check(ids, fields=("all",) if vip else FIELDS)
        except InvalidRequest:
            if len(ids) == 1:
                for one in waiting:
                    one.odd = True
                return
            middle = len(ids) // 2
            await self._ask(ids[:middle])
            await self._ask(ids[middle:])
        else:
            async for message in async_slices(messages):
                self._update(message)

    @callback
    def _update(self, message: MessageRow) -> None:
        """Take what the service says of a message; never back, and never after the end."""
        waiting = self._waiting.get(message.id or "")
        # A row without a number stands for an id the service does not know: no news.
        if waiting is None or not message.id or not message.phone:
            return
        row = waiting.row
        if message.price is not None and message.price != row.price:
            # A refund is of the day that paid, so what is told late must be of it too.
            paid_on = dt_util.as_local(row.sent_at).date() if row.sent_at else None
            self._budget.spend_late(message.id, message.price - (row.price or 0), paid_on)
            row.price = message.price
            self._journal.write("messages", message.id, row.as_stored())
            self._changed()
        if not follows(message.status, row.status):
            return
        row.status, row.error = message.status, message.problem
        if row.kind is Kind.HLRVIP:
            row.facts = message.facts
        row.changed_at = dt_util.utcnow()
        self._publish(row)
        if row.status.final:
            self._end(message.id)
            return
        self._journal.write("messages", message.id, row.as_stored())
        pushed = self._announced.get(message.id)
        if pushed is not None and not follows(pushed, row.status):
            self._announced.discard(message.id)

    @callback
    def _end(self, server_id: str) -> None:
        """Wait for a message no more."""
        self._announced.discard(server_id)
        for future in self._waiting.pop(server_id).futures:
            if not future.done():
                future.set_result(None)
        self._journal.write("messages", server_id, None)
        self._changed()

    @callback
    def _give_up(self) -> None:
        old = [key for key, one in self._waiting.items() if self._now - one.due > TRACKING_TIMEOUT]
        for server_id in old:
            LOGGER.info("A message has no final status after 48 hours; nobody asks any more")
            self._end(server_id)

    @callback
    def _replan(self) -> None:
        looks = (one.next_look(self._now) for one in self._waiting.values())
        if (soonest := min(looks, default=None)) is not None:
            self._alarm.set(soonest)

    @callback
    def _publish(self, row: Row) -> None:
        data = row.as_event(self._entry, self._hass.config.language)
        self._publisher.status(data, row.recipient_id)

    @callback
    def _changed(self) -> None:
        async_dispatcher_send(self._hass, SIGNAL_COUNTS.format(self._entry.entry_id))


def _status(news: MessageRow | Status) -> Status:
    return news.status if isinstance(news, MessageRow) else news
