"""Follow sent messages to a final status: pushes and timers start reads, which alone count."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..client import Kind, MessageRow, Smspilot, Status
from ..const import LOGGER
from ..events import SIGNAL_COUNTS, SIGNAL_ERROR
from ..runtime.journal import Journal
from ..runtime.poller import EarliestTimer, Poller, ReadWaiters
from ..runtime.publisher import Publisher
from ..runtime.trail import async_trace
from .announced import REREAD_DELAYS, AnnouncedStatuses
from .budget import Budget
from .early_pushes import EarlyPushes, PushedStatus
from .result import Row
from .status_reader import StatusReader
from .tracked_messages import TrackedMessages, follows

# Messages in a read that a push started: others probably have a new status too, but a whole page
# would keep a small machine busy.
MAX_READ_PER_PUSH: Final = 100


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
        self._announced = AnnouncedStatuses(self.poller)
        self._round_due = False
        self._read_waiters = ReadWaiters(hass)
        self._timer = EarliestTimer(hass, self.poller, self.read_all)

    @property
    def pending(self) -> int:
        """Return how many messages wait for their final status."""
        return len(self._tracked)

    @callback
    def track(self, rows: Iterable[Row]) -> None:
        """Follow the rows of a send result, and publish those that are final already."""
        for row in rows:
            if row.message_id is None:
                continue
            if row.status.final:
                self._budget.release(row.message_id, row.price)
                self._publish(row)
                continue
            waiting = self._tracked.add(row.message_id, row)
            self._timer.set(waiting.next_check(self._hass.loop.time()))
            if (pushed := self._early.take(row.message_id)) is not None:
                self._apply_push(row.message_id, pushed)
        self._signal_counts()

    @callback
    def read_all(self) -> None:
        """Begin a read of all messages that have no final status."""
        if self._tracked:
            self._round_due = True
            self.poller.wake()

    async def async_read_now(self, ids: Iterable[str], timeout: float) -> bool:  # noqa: ASYNC109
        """Read the statuses where any of the ids has no final one; return False after `timeout`."""
        if not any(message_id in self._tracked for message_id in ids):
            return True
        self.read_all()
        return await self._read_waiters.async_wait(timeout)

    @callback
    def push(self, message_id: str, status: Status) -> None:
        """Start the read that verifies a pushed status."""
        self._apply_push(message_id, status)

    @callback
    def push_unverified(self, message: MessageRow) -> None:
        """Apply a pushed status without a read, except for its price."""
        if message.id:
            self._apply_push(message.id, message)
            self._journal.flush()

    @callback
    def close(self, why: Exception) -> None:
        """Stop the reads, and raise `why` in the tasks that wait."""
        self.poller.close()
        self._tracked.close(why)

    @callback
    def _apply_push(self, message_id: str, pushed: PushedStatus) -> None:
        """Apply a row, or start a read for a status that is later than the known one."""
        if (row := self.row(message_id)) is None:
            self._early.keep(message_id, pushed)
            return
        if isinstance(pushed, MessageRow) and (
            pushed.status is Status.FAILED or row.price is None or row.kind is Kind.HLRVIP
        ):
            # A push has no price, refund or HLRVIP facts, so a read must get them.
            pushed = pushed.status
        if isinstance(pushed, MessageRow):
            self._update(pushed, has_price=False)
        elif follows(pushed, row.status):
            before = self._announced.get(message_id)
            # The pushes of a message may come in any order.
            if before is None or follows(pushed, before):
                self._announced.add(message_id, pushed)
            self.poller.wake()

    async def _read(self) -> None:
        """Read the statuses of all messages, or of the pushed ones and some others."""
        if not self._tracked:
            return
        pushed, now = self._announced.ids, self._hass.loop.time()
        others: Iterator[str] = (one for one in self._tracked if one not in self._announced)
        if not self._round_due:
            others = islice(others, max(MAX_READ_PER_PUSH - len(pushed), 0) if pushed else 0)
        ids = [*pushed, *others]
        round_due, self._round_due = self._round_due, False
        report_end = self._read_waiters.begin() if round_due else None
        checked, error = await self._reader.async_read(
            ids, self._update, needs_all=self._tracked.needs_all, urgent=pushed
        )
        self._trace("statuses read", requested=len(ids), pushed=len(pushed), failed=bool(error))
        if error:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), error)
            if pushed:
                # A failed read does not disprove a push, so it is not counted as a retry.
                self._timer.set(REREAD_DELAYS[-1])
        else:
            self._announced.retry((one for one in pushed if one in self._announced), now)
        if report_end:
            report_end(not error)
        self._drop_overdue(checked)
        if round_due:
            self._plan_next_round()
        await self._journal.flush()

    @callback
    def _update(self, message: MessageRow, *, has_price: bool = True) -> None:
        """Apply a row of the API; a status never goes back, nor changes after a final one."""
        waiting = self._tracked.get(message.id)
        # A row without a number stands for an id that the API does not know.
        if waiting is None or not message.id or not message.phone:
            return
        row = waiting.row
        if has_price and message.price is not None and message.price != row.price:
            # On the day it was sent: a refund must reduce the day that was charged.
            paid_on = dt_util.as_local(row.sent_at).date() if row.sent_at else None
            self._budget.correct_spending(message.id, message.price - (row.price or 0), paid_on)
            row.price = message.price
            self._tracked.write(message.id)
            self._signal_counts()
        if message.status.final:
            self._budget.release(message.id, message.price)
        if not follows(message.status, row.status):
            return
        row.status, row.error = message.status, message.problem
        if row.kind is Kind.HLRVIP:
            row.facts = message.facts
        row.changed_at = dt_util.utcnow()
        self._publish(row)
        if row.status.final:
            self._stop_tracking(message.id)
            return
        self._tracked.write(message.id)
        pushed = self._announced.get(message.id)
        if pushed is not None and not follows(pushed, row.status):
            self._announced.discard(message.id)

    @callback
    def _stop_tracking(self, message_id: str) -> None:
        self._announced.discard(message_id)
        self._reader.forget(message_id)
        self._tracked.remove(message_id)
        self._signal_counts()

    @callback
    def _drop_overdue(self, checked: Iterable[str]) -> None:
        """Stop tracking messages that are too old, once a read has checked them."""
        for message_id in checked:
            if self._tracked.is_overdue(message_id):
                LOGGER.info("A message got no final status in time; it is no longer checked")
                self._stop_tracking(message_id)

    @callback
    def _plan_next_round(self) -> None:
        """Set the timer to the time at which the first message is due for a check."""
        checks = (
            self._reader.next_check(message_id, one.next_check(self._hass.loop.time()))
            for message_id, one in self._tracked.items()
        )
        if (soonest := min(checks, default=None)) is not None:
            self._timer.set(soonest)

    @callback
    def _publish(self, row: Row) -> None:
        data = row.as_event(self._entry, self._hass.config.language)
        self._publisher.status(data, row.recipient_id)
        self._trace("status published", message_id=row.message_id, status=data["status"])

    def _trace(self, step: str, **details: Any) -> None:
        async_trace(self._hass, self._entry.entry_id, step, **details)

    @callback
    def _signal_counts(self) -> None:
        async_dispatcher_send(self._hass, SIGNAL_COUNTS.format(self._entry.entry_id))
