"""Follow sent messages to a final status: pushes and timers trigger a read, which alone counts."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..client import Kind, MessageRow, Smspilot, Status
from ..const import LOGGER
from ..events import SIGNAL_COUNTS, SIGNAL_ERROR
from ..runtime.announced import RETRY_DELAYS, Announced
from ..runtime.journal import Journal
from ..runtime.poller import EarliestTimer, Poller, ReadWaiters
from ..runtime.publisher import Publisher
from ..runtime.trail import async_trace
from .budget import Budget
from .early_pushes import EarlyPushes, News
from .result import Row
from .status_reader import StatusReader
from .tracked_messages import TrackedMessages, follows

# What was pushed has neighbours with news; a whole page would keep a small machine busy.
BESIDE: Final = 100


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
        self._journal = journal
        self._budget = budget
        self._publisher = publisher
        self._tracked = TrackedMessages(hass, journal)
        self.restore, self.table = self._tracked.restore, self._tracked.table
        self.wait, self.row = self._tracked.wait, self._tracked.row
        self._early = EarlyPushes(hass)
        self._reader = StatusReader(hass, client)
        self.poller = Poller(hass, "smspilot status", self._read)
        self._announced: Announced[Status] = Announced(hass, self.poller)
        self._round_due = False
        self._read_waiters = ReadWaiters(hass)
        self._timer = EarliestTimer(hass, self.poller, self.hurry)

    @property
    def pending(self) -> int:
        """Return how many messages wait for their final status."""
        return len(self._tracked)

    @callback
    def track(self, rows: Iterable[Row]) -> None:
        """Wait for rows of a receipt, and tell those that are final in it."""
        for row in rows:
            if row.message_id is None:
                continue
            if row.status.final:
                self._publish(row)
                continue
            waiting = self._tracked.add(row.message_id, row)
            self._timer.set(waiting.next_look(self._hass.loop.time()))
            if (news := self._early.take(row.message_id)) is not None:
                self._take_push(row.message_id, news)
        self._changed()

    @callback
    def hurry(self) -> None:
        """Read all that waits now."""
        if self._tracked:
            self._round_due = True
            self.poller.wake()

    async def async_read_now(self, ids: Iterable[str], timeout: float) -> bool:  # noqa: ASYNC109
        """Ask about what of these still waits, and return whether that was done in time."""
        if not any(server_id in self._tracked for server_id in ids):
            return True
        self.hurry()
        return await self._read_waiters.async_wait(timeout)

    @callback
    def push(self, server_id: str, status: Status) -> None:
        """Take a push that a message has another status; the read it triggers says whether."""
        self._take_push(server_id, status)

    @callback
    def push_unverified(self, message: MessageRow) -> None:
        """Take a push at its word, but for money and for what no push tells."""
        if message.id:
            self._take_push(message.id, replace(message, price=None))
            self._journal.flush()

    @callback
    def close(self, why: Exception) -> None:
        """End the clock and whoever waits."""
        self.poller.close()
        self._tracked.close(why)

    @callback
    def _take_push(self, server_id: str, news: News) -> None:
        if (row := self.row(server_id)) is None:
            self._early.keep(server_id, news)
            return
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

    async def _read(self) -> None:
        """Ask for all that waits, or for what was pushed and some more beside it."""
        if not self._tracked:
            return
        pushed, now = self._announced.ids, self._hass.loop.time()
        others: Iterator[str] = (one for one in self._tracked if one not in self._announced)
        if not self._round_due:
            others = islice(others, max(BESIDE - len(pushed), 0) if pushed else 0)
        ids = [*pushed, *others]
        round_due, self._round_due = self._round_due, False
        end = self._read_waiters.begin() if round_due else None
        looked, error = await self._reader.async_read(
            ids, self._update, needs_all=self._tracked.needs_all, now_or_never=pushed
        )
        self._trace("statuses read", asked=len(ids), pushed=len(pushed), failed=bool(error))
        if error:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), error)
            if pushed:
                # A list that cannot be read denies no push.
                self._timer.set(RETRY_DELAYS[-1])
        else:
            self._announced.retry((one for one in pushed if one in self._announced), now)
        if end:
            end(not error)
        self._give_up(looked)
        if round_due:
            self._replan()
        await self._journal.flush()

    @callback
    def _update(self, message: MessageRow) -> None:
        """Take what the service says of a message; never back, and never after the end."""
        waiting = self._tracked.get(message.id)
        # A row without a number stands for an id the service does not know: no news.
        if waiting is None or not message.id or not message.phone:
            return
        row = waiting.row
        if message.price is not None and message.price != row.price:
            # A refund is of the day that paid, so what is told late must be of it too.
            paid_on = dt_util.as_local(row.sent_at).date() if row.sent_at else None
            self._budget.spend_late(message.id, message.price - (row.price or 0), paid_on)
            row.price = message.price
            self._tracked.write(message.id)
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
        self._tracked.write(message.id)
        pushed = self._announced.get(message.id)
        if pushed is not None and not follows(pushed, row.status):
            self._announced.discard(message.id)

    @callback
    def _end(self, server_id: str) -> None:
        """Wait for a message no more."""
        self._announced.discard(server_id)
        self._reader.forget(server_id)
        self._tracked.remove(server_id)
        self._changed()

    @callback
    def _give_up(self, looked: Iterable[str]) -> None:
        """Wait no more for what is too old, but never without having looked."""
        for server_id in looked:
            if self._tracked.is_overdue(server_id):
                LOGGER.info("A message has no final status after 48 hours; nobody asks any more")
                self._end(server_id)

    @callback
    def _replan(self) -> None:
        """Look again when the first of all shall be looked at."""
        looks = (
            self._reader.next_look(server_id, one.next_look(self._hass.loop.time()))
            for server_id, one in self._tracked.items()
        )
        if (soonest := min(looks, default=None)) is not None:
            self._timer.set(soonest)

    @callback
    def _publish(self, row: Row) -> None:
        data = row.as_event(self._entry, self._hass.config.language)
        self._publisher.status(data, row.recipient_id)
        self._trace("status published", message_id=row.message_id, status=data["status"])

    def _trace(self, step: str, **details: Any) -> None:
        async_trace(self._hass, self._entry.entry_id, step, **details)

    @callback
    def _changed(self) -> None:
        async_dispatcher_send(self._hass, SIGNAL_COUNTS.format(self._entry.entry_id))
