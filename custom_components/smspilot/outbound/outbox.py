"""The way out: what was ordered, what became of it, and nothing forgotten in between."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import batched
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..client import ConnectionFailed, Kind, Smspilot, Status
from ..const import (
    CONF_DAILY_LIMIT,
    CONF_RATE_LIMIT,
    DEFAULT_RATE_LIMIT,
    DEFAULT_RETRY_FOR,
    LOGGER,
)
from ..contacts.phones import from_service, to_service
from ..contacts.recipients import display_name
from ..errors import Reason, action_error, localized, validation_error
from ..events import (
    SIGNAL_BALANCE,
    SIGNAL_ERROR,
    SIGNAL_LIMIT,
    SIGNAL_OK,
    SIGNAL_SENT,
    SentText,
)
from ..runtime.journal import Journal, Table
from .budget import Budget, Reserve
from .delivery import DeliveryTracker
from .message import OutboundMessage
from .outcome import Outcome
from .rate_limiter import HOUR, RateLimiter
from .reconcile import Reconciler
from .records import SubmissionRecord, SubmissionRecords
from .result import NUMBER_CHECKS, Row, SendResult, reasons, refused_row
from .submission import Submission
from .targets import Target

# Vendor samples send so many numbers in one request.
CHUNK: Final = 500

type Refusal = tuple[Row, HomeAssistantError]


class Outbox:
    """The orders of an account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        client: Smspilot,
        journal: Journal,
        budget: Budget,
        rate_limiter: RateLimiter,
        deliveries: DeliveryTracker,
        asked: Callable[[list[Row], str, timedelta], None],
    ) -> None:
        """Have nothing to send yet; `asked` hears of questions that went out."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._journal = journal
        self._budget = budget
        self._rate_limiter = rate_limiter
        self._deliveries = deliveries
        self._asked = asked
        self._records = SubmissionRecords(hass, journal)
        self._lost = Reconciler(
            hass,
            entry,
            client=client,
            records=self._records,
            known=self._known,
            taken=self._take,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self.poller = self._lost.poller
        self._closed: Exception | None = None
        # Where the service shall push statuses; set as soon as the address is known.
        self.callback_url: str | None = None

    def restore(self, table: Table) -> None:
        """Take up what was ordered before the restart, and look for what became of it."""
        hour_ago = dt_util.utcnow() - HOUR
        for record in self._records.restore(table):
            if record.at > hour_ago:
                for target in record.to:
                    self._rate_limiter.count(target.phone, record.at.timestamp())
        if self._records.lost():
            self.poller.wake()

    @property
    def unresolved(self) -> int:
        """Return how many orders nobody knows the outcome of."""
        return len(self._records.lost())

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return the orders as they are stored."""
        return self._records.table()

    def kind(self, server_id: str | None) -> Kind | None:
        """Return what a message of the last day was."""
        record = self._records.of(server_id)
        return record.kind if record else None

    async def async_send(
        self,
        message: OutboundMessage,
        refused: Iterable[tuple[str, HomeAssistantError]] = (),
        *,
        wait: timedelta = timedelta(0),
        strict: bool = False,
    ) -> SendResult:
        """Send a message, and wait so long for its final statuses.

        `strict` raises also where only some were refused, after the rest has gone out.
        """
        result = await self._send(message, refused)
        if strict and (unsent := [row for row in result.rows if row.refused]):
            if all(row.unknown for row in unsent):
                raise action_error(Reason.OUTCOME_UNKNOWN, account=self._entry.title)
            why = reasons(self._entry, unsent, self._hass.config.language)
            raise action_error(Reason.PARTLY_REFUSED, reasons=why)
        await self._deliveries.wait(result.rows, wait)
        return result

    async def async_wait(self, rows: Iterable[Row], wait: timedelta) -> None:
        """Return when all rows are final, or when the time is over."""
        await self._deliveries.wait(rows, wait)

    async def _send(
        self, order: OutboundMessage, refused: Iterable[tuple[str, HomeAssistantError]] = ()
    ) -> SendResult:
        """Send an order and return what became of each number, also of those refused before.

        Raise where nothing went out: a mistake before any request where all numbers were refused
        here, else what the service or the network said.
        """
        if self._closed:
            raise self._closed
        refusals = [
            (refused_row(phone, order.kind, localized(self._hass, why)), why)
            for phone, why in refused
        ]
        order = self._admit(order, refusals)
        if not order.targets:
            raise self._nobody(refusals)
        reserve = await self._reserve(order)
        if self._closed:
            raise self._closed
        receipt = SendResult(rows=[])
        # The caller may be cancelled; what was ordered is seen to its end all the same.
        done = self._hass.loop.create_future()
        task = self._hass.async_create_background_task(
            self._send_all(order, reserve, receipt, done), "smspilot send"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await done
        except asyncio.CancelledError:
            task.add_done_callback(partial(self._say, receipt))
            raise
        if task.cancelled():
            raise self._closed or action_error(Reason.ACCOUNT_CLOSED, account=self._entry.title)
        task.result()
        receipt.rows += (row for row, _why in refusals)
        return receipt

    async def cost(self, order: OutboundMessage) -> Decimal:
        """Return what an order would cost, RUB; nothing is sent."""
        phones = [to_service(target.phone) for target in order.targets]
        total = Decimal(0)
        for some in batched(phones, CHUNK, strict=False):
            if order.kind in NUMBER_CHECKS:
                total += await self._client.check_cost(order.kind, some)
            else:
                total += await self._client.cost(
                    order.text, some, sender=order.options.sender, test=order.options.test
                )
        return total

    @callback
    def close(self, why: Exception) -> None:
        """End every send; what is on its way stays written down."""
        self._closed = why
        self.poller.close()
        for task in self._tasks:
            task.cancel()

    @callback
    def _say(self, receipt: SendResult, task: asyncio.Task[None]) -> None:
        """Let the log say what went wrong: whoever asked for it was stopped meanwhile."""
        if task.cancelled():
            return
        error = task.exception()
        if refused := [row for row in receipt.rows if row.refused]:
            why = reasons(self._entry, refused, self._hass.config.language)
            LOGGER.error("What became of a message that nobody waits for any more: %s", why)
        elif error:
            LOGGER.error("Unexpected error in smspilot send", exc_info=error)

    def _admit(self, order: OutboundMessage, refusals: list[Refusal]) -> OutboundMessage:
        """Return the order without those who get too much; they are refused."""
        admitted = []
        for target in order.targets:
            if order.options.test or self._rate_limiter.admit(
                target.phone, urgent=order.options.urgent
            ):
                admitted.append(target)
                continue
            self._signal_limit(CONF_RATE_LIMIT)
            why = validation_error(
                Reason.RATE_LIMIT,
                name=display_name(self._entry, target.phone, target.recipient_id),
                limit=str(self._entry.options.get(CONF_RATE_LIMIT, DEFAULT_RATE_LIMIT)),
            )
            text, person = localized(self._hass, why), target.recipient_id
            refusals.append((refused_row(target.phone, order.kind, text, person), why))
        return replace(order, targets=tuple(admitted)) if refusals else order

    async def _reserve(self, order: OutboundMessage) -> Reserve:
        """Set aside what it may cost; what cannot go out is not counted either."""
        try:
            return await self._budget.reserve(order, lambda: self.cost(order))
        except BaseException as err:
            if not order.options.test:
                for target in order.targets:
                    self._rate_limiter.release(target.phone)
            if isinstance(err, HomeAssistantError):
                self._signal_limit(CONF_DAILY_LIMIT)
            raise

    async def _send_all(
        self,
        order: OutboundMessage,
        reserve: Reserve,
        receipt: SendResult,
        done: asyncio.Future[None],
    ) -> None:
        """Send in as few requests as the service allows."""
        error: HomeAssistantError | None = None
        requests = -(-len(order.targets) // CHUNK)
        try:
            for count, to in enumerate(batched(order.targets, CHUNK, strict=False), 1):
                some = replace(order, targets=to) if requests > 1 else order
                outcome = await self._send_some(some, reserve, receipt)
                if outcome.unknown or error is None:
                    error = outcome.error(self._hass, self._entry.title)
                if any(isinstance(err, ConnectionFailed) for err in outcome.refused.values()):
                    # It is the order's patience that is over, not that of one request.
                    order = impatient(order)
                if requests > 1:
                    LOGGER.info("Request %s of %s is done", count, requests)
        finally:
            self._budget.free(reserve)
            if not done.done():
                done.set_result(None)
        if error and all(row.refused for row in receipt.rows):
            raise error

    async def _send_some(
        self, order: OutboundMessage, reserve: Reserve, receipt: SendResult
    ) -> Outcome:
        """Make one request, written down before and after."""
        if order.options.test:
            outcome = await self._dispatch(order)
            self._add(receipt, outcome, self._rows(order, outcome))
            self._report(outcome, test=True)
            return outcome
        start = self._hass.loop.time()
        try:
            async with self._records.under_way(order) as record:
                waited = timedelta(seconds=record.since - start)
                outcome = await self._dispatch(order, waited)
                rows = self._rows(order, outcome)
                self._settle(order, record, rows)
                self._budget.pay(self._paid(outcome, rows), reserve)
                self._add(receipt, outcome, rows)
                self._report(outcome, test=False)
                await self._journal.flush()
        except ConnectionFailed as err:
            return await self._send_others(order, reserve, receipt, err)
        return outcome

    async def _send_others(
        self, order: OutboundMessage, reserve: Reserve, receipt: SendResult, err: ConnectionFailed
    ) -> Outcome:
        """Refuse those whose turn did not come; it was not the others' that took so long."""
        held, free = list[Target](), list[Target]()
        for one in order.targets:
            is_held = self._records.is_under_way(one.phone, order.text)
            (held if is_held else free).append(one)
        for one in held:
            self._rate_limiter.release(one.phone)
        outcome = Outcome(refused={to_service(one.phone): err for one in held})
        self._add(receipt, outcome, self._rows(replace(order, targets=tuple(held)), outcome))
        if not free:
            return outcome
        order = impatient(replace(order, targets=tuple(free)))
        return await self._send_some(order, reserve, receipt)

    async def _dispatch(self, order: OutboundMessage, waited: timedelta = timedelta(0)) -> Outcome:
        """Make the request; a long wait for its turn counts as one for a connection."""
        retry_for = max(
            order.options.retry_for - waited, min(order.options.retry_for, DEFAULT_RETRY_FOR)
        )
        dispatch = Submission(
            self._hass,
            self._client,
            order,
            retry_for=retry_for,
            callback=self.callback_url,
            known=self._known,
            had=lambda phone: self._records.had(from_service(phone), order.text),
            pause=self._pause,
        )
        return await dispatch.run()

    def _known(self, server_id: str) -> bool:
        """Return whether an id belongs to a message; one that is scheduled waits for long."""
        return bool(self._records.of(server_id) or self._deliveries.row(server_id))

    def _rows(self, order: OutboundMessage, outcome: Outcome) -> list[Row]:
        return outcome.rows(self._hass, self._entry.title, order, dt_util.utcnow())

    def _settle(self, order: OutboundMessage, record: SubmissionRecord, rows: list[Row]) -> None:
        """Write down what became of it; what went out is tracked from now on."""
        sent = [row for row in rows if row.message_id and not row.test]
        reached = {row.phone: row.message_id for row in sent if row.message_id and not row.refused}
        unknown = {row.phone for row in rows if row.unknown}
        record = replace(
            record,
            ids=reached,
            refused=tuple(row.message_id for row in sent if row.message_id and row.refused),
            to=tuple(one for one in record.to if one.phone in unknown or one.phone in reached),
        )
        self._records.write(record)
        if unknown:
            self._lost.look_later()
        for row in rows:
            if row.phone not in unknown and row.phone not in reached:
                self._rate_limiter.release(row.phone)
        self._budget.learn(order, max((row.price for row in sent if row.price), default=None))
        self._take(sent, record)

    def _take(
        self, sent: list[Row], record: SubmissionRecord, ago: timedelta = timedelta(0)
    ) -> None:
        """Follow what went out, now or so long ago."""
        if record.kind is Kind.TWO_WAY:
            self._asked(sent, record.text, ago)
        went_out = SentText(kind=record.kind, text=record.text, rows=tuple(sent))
        async_dispatcher_send(self._hass, SIGNAL_SENT.format(self._entry.entry_id), went_out)
        self._deliveries.track(sent)
        if any(row.price is None for row in sent):
            # The list of recent messages tells neither price nor error; the next check does.
            self._deliveries.hurry()

    @staticmethod
    def _add(receipt: SendResult, outcome: Outcome, rows: list[Row]) -> None:
        receipt.rows += rows
        receipt.packet_id = receipt.packet_id or outcome.packet_id
        if outcome.cost is not None:
            receipt.cost = (receipt.cost or Decimal(0)) + outcome.cost
        if outcome.balance is not None:
            receipt.balance = outcome.balance

    @staticmethod
    def _paid(outcome: Outcome, rows: list[Row]) -> Decimal:
        """Return what was paid; a price that is told later counts then."""
        if outcome.cost is None or any(row.test for row in rows):
            return Decimal(0)
        prices = [row.price for row in rows if row.message_id]
        if outcome.unknown or None in prices:
            return sum(filter(None, prices), Decimal(0))
        return outcome.cost

    def _report(self, outcome: Outcome, *, test: bool) -> None:
        """Let the account know: its balance, and whether the service did what was asked."""
        entry_id = self._entry.entry_id
        if outcome.balance is not None and not test:
            balance = SIGNAL_BALANCE.format(entry_id)
            async_dispatcher_send(self._hass, balance, outcome.balance, outcome.asked)
        sent = (one for one in outcome.messages.values() if one.status is not Status.FAILED)
        if any(message.id for message in sent):
            what = "test" if test else "send"
            async_dispatcher_send(self._hass, SIGNAL_OK.format(entry_id), what)
        # Only now: what refused some is not over because others went out before.
        for err in {id(err): err for err in outcome.refused.values()}.values():
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(entry_id), err)

    def _nobody(self, refusals: list[Refusal]) -> HomeAssistantError:
        """Return why nobody was reached, where all were refused here."""
        if len(refusals) == 1:
            return refusals[0][1]
        rows, language = [row for row, _why in refusals], self._hass.config.language
        return validation_error(Reason.NOBODY_LEFT, reasons=reasons(self._entry, rows, language))

    def _signal_limit(self, option: str) -> None:
        async_dispatcher_send(self._hass, SIGNAL_LIMIT.format(self._entry.entry_id), option)

    async def _pause(self, seconds: float) -> None:
        """Wait; a timer of Home Assistant's, that its close ends."""
        future = self._hass.loop.create_future()
        stop = self.poller.call_in(seconds, lambda _now: future.set_result(None))
        try:
            await future
        finally:
            stop()


def impatient(order: OutboundMessage) -> OutboundMessage:
    """Return the message with no time left to wait for a connection."""
    return replace(order, options=replace(order.options, retry_for=timedelta(0)))
