"""The way out of an account: what is sent, by whom it is waited for, and what is told of it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import batched

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..client import ConnectionFailed, Kind, Smspilot
from ..errors import Reason, action_error, localized, validation_error
from ..runtime.journal import Journal, Table
from ..text.localized import async_time
from .budget import Budget, total
from .delivery import DeliveryTracker
from .evidence import Evidence
from .follow_up import FollowUp
from .message import OutboundMessage
from .number import UNSENT, Number, State
from .outcome import error_of, error_of_record, nobody_left, row_of_record
from .permits import MAX_NUMBERS, Permits, async_cost
from .rate_limiter import RateLimiter
from .reconcile import Reconciler
from .records import SubmissionRecords
from .result import Row, SendResult, reasons, refused_row
from .send_tasks import SendTasks
from .submission import Submission
from .timing import api_now
from .tools import Tools

type Refusals = list[tuple[Row, HomeAssistantError]]
type Refused = Iterable[tuple[str, HomeAssistantError]]


class Outbox:
    """The messages of an account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        client: Smspilot,
        journal: Journal,
        budget: Budget,
        deliveries: DeliveryTracker,
        asked: Callable[[list[Row], str, timedelta], None],
    ) -> None:
        """Have nothing to send yet; `asked` is called with questions that went out."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._budget = budget
        self._deliveries = deliveries
        self._asked = asked
        self._rate_limiter = RateLimiter(entry)
        self._permits = Permits(hass, entry, client, budget, self._rate_limiter)
        self._records = SubmissionRecords(hass, journal)
        evidence = Evidence(hass, client, self._records, self._is_known)
        self._tools = Tools(
            hass=hass,
            entry_id=entry.entry_id,
            client=client,
            records=self._records,
            permits=self._permits,
            evidence=evidence,
            ended=self._ended,
        )
        self.follow_up = FollowUp(hass, entry, budget, deliveries, asked)
        self.doubts = Reconciler(
            hass,
            entry,
            records=self._records,
            evidence=evidence,
            taken=self.follow_up.taken,
        )
        self.poller = self.doubts.poller
        self.sends = SendTasks(hass, entry)

    def restore(self, table: Table) -> None:
        """Take up what was sent before the restart, and look for what became of it."""
        for record in self._records.restore(table):
            for one in record.numbers:
                if one.permit and one.state not in UNSENT:
                    self._permits.restore(one.permit, one.message_id)

    @property
    def unresolved(self) -> int:
        """Return how many messages nobody knows the outcome of."""
        return len(self._records.unresolved())

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return the messages as they are stored."""
        return self._records.table()

    def kind(self, server_id: str | None) -> Kind | None:
        """Return what a message of the last day was."""
        record = self._records.of(server_id)
        return record.kind if record else None

    async def async_send(
        self,
        message: OutboundMessage,
        refused: Refused = (),
        *,
        wait: timedelta = timedelta(0),
        strict: bool = False,
    ) -> SendResult:
        """Send a message and wait so long for its final statuses.

        Return what became of each number, also of those refused before. Raise where nothing went
        out: a mistake before any request where all were refused here, else what the API or the
        network said. `strict` raises also where only some were refused, after the rest went out.
        """
        numbers = [Number(target=one) for one in message.targets]
        result = await self._send(message, numbers, refused, strict=strict)
        await self.async_wait(result.rows, wait)
        return result

    async def async_send_all(
        self, messages: Sequence[OutboundMessage], refused: Refused = (), *, strict: bool = False
    ) -> list[SendResult | BaseException]:
        """Send messages that belong together: a limit refuses all of them, or none.

        Each has its own result, or the error that `async_send` raises.
        """
        numbers = [[Number(target=one) for one in message.targets] for message in messages]
        if len(messages) > 1:
            # Without a connection each takes its permits when there is one.
            with suppress(ConnectionFailed):
                await self._permits.async_take(*zip(messages, numbers, strict=True))
        sends = (
            self._send(message, some, refused, strict=strict)
            for message, some in zip(messages, numbers, strict=True)
        )
        return await asyncio.gather(*sends, return_exceptions=True)

    async def async_wait(self, rows: Iterable[Row], wait: timedelta) -> None:
        """Return when all rows are final, or when the time is over."""
        await self._deliveries.wait(rows, wait)

    async def async_cost(self, message: OutboundMessage) -> Decimal:
        """Return what a message would cost, RUB; nothing is sent."""
        self.check_time(message)
        phones = [target.phone for target in message.targets]
        some = batched(phones, MAX_NUMBERS, strict=False)
        return total([await async_cost(self._client, message, each) for each in some])

    @callback
    def result_of(self, key: str) -> SendResult | None:
        """Return what is known of a message by its key, or None where it was never requested."""
        if not (record := self._records.of_key(key)):
            return None
        rows = [
            self._deliveries.row(one.message_id)
            or row_of_record(self._hass, self._entry, record, one)
            for one in record.numbers
        ]
        return SendResult(rows=rows)

    @callback
    def check_time(self, message: OutboundMessage) -> None:
        """Refuse a time that has passed by the clocks of both Home Assistant and the API."""
        now = dt_util.utcnow()
        due = message.options.send_at
        if due and due <= min(now, api_now(self._client)):
            raise validation_error(Reason.TIME_PASSED, time=async_time(self._hass, due))

    @callback
    def close(self, why: Exception) -> None:
        """End every send; what is on its way stays written down."""
        self.poller.close()
        self.sends.close(why)

    async def _send(
        self, message: OutboundMessage, numbers: list[Number], refused: Refused, *, strict: bool
    ) -> SendResult:
        """Send a message, whatever becomes of its caller."""
        if self.sends.closed:
            raise self.sends.closed
        refusals: Refusals = [
            (refused_row(named, message.kind, localized(self._hass, why)), why)
            for named, why in refused
        ]
        if not numbers:
            raise nobody_left(self._hass, self._entry, refusals)
        self.check_time(message)
        result = await self._of_key(message, numbers)
        result.rows += (row for row, _why in refusals)
        if strict and (unsent := [row for row in result.rows if row.refused]):
            if all(row.unknown for row in unsent):
                raise action_error(Reason.OUTCOME_UNKNOWN, account=self._entry.title)
            why = reasons(self._entry, unsent, self._hass.config.language)
            raise action_error(Reason.PARTLY_REFUSED, reasons=why)
        return result

    async def _of_key(self, message: OutboundMessage, numbers: list[Number]) -> SendResult:
        """Return the result of the first message of its key; only that one is ever requested."""
        key = message.key
        if (task := self.sends.of_key(key)) is None:
            record = self._records.of_key(key)
            if key is not None and record and (known := self.result_of(key)):
                if error := error_of_record(self._hass, self._entry, record):
                    raise error
                return known
            submission = Submission(self._tools, message, numbers, self._client.push_url)
            task = self.sends.begin(self._submit(submission), key, submission.timing.cancel)
        return await self.sends.async_wait(task)

    async def _submit(self, submission: Submission) -> SendResult:
        numbers = submission.numbers
        await submission.async_run()
        if not submission.message.options.test:
            await self._records.async_write_down()
        rows = {one: submission.rows[one] for one in numbers}
        # What failed since it was accepted did go out.
        if not any(one.state is State.ACCEPTED for one in numbers):
            raise error_of(self._hass, self._entry, rows)
        bill = submission.bill
        return SendResult(
            rows=[*rows.values()], packet_id=bill.packet_id, cost=bill.cost, balance=bill.balance
        )

    @callback
    def _ended(self, submission: Submission, numbers: Sequence[Number]) -> None:
        """Follow what went out, and what is in doubt."""
        self.follow_up.ended(submission, numbers)
        if any(one.state is State.IN_DOUBT for one in numbers):
            self.doubts.look_later()

    def _is_known(self, server_id: str) -> bool:
        """Return whether an id belongs to a message; one that is scheduled waits for long."""
        return bool(self._records.of(server_id) or self._deliveries.row(server_id))
