"""The outbox of an account: it sends messages, waits for them, and returns their results."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import batched

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..client import Kind, Smspilot
from ..errors import localized
from ..runtime.journal import Journal, Table
from .budget import Budget, total
from .delivery import DeliveryTracker
from .evidence import Evidence
from .follow_up import FollowUp, OnQuestions
from .joint_permits import JointPermits
from .message import OutboundMessage
from .number import UNSENT, Number, State, numbers_of
from .number_results import (
    all_refused_error,
    error_of,
    error_of_record,
    partly_refused_error,
    row_of_record,
)
from .permits import Permits
from .prices import async_cost
from .rate_limiter import RateLimiter
from .reconcile import Reconciler
from .record import SubmissionRecord
from .records import SubmissionRecords
from .request import MAX_NUMBERS
from .result import Row, SendResult, refused_row
from .send_tasks import SendTask, SendTasks
from .submission import Submission
from .submission_context import SubmissionContext
from .timing import check_time

type Refusals = list[tuple[Row, HomeAssistantError]]
type Refused = Iterable[tuple[str, HomeAssistantError]]


class Outbox:
    """Sends the messages of an account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        client: Smspilot,
        journal: Journal,
        budget: Budget,
        deliveries: DeliveryTracker,
        on_questions: OnQuestions,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._client = client
        self._deliveries = deliveries
        self._permits = Permits(hass, entry, client, budget, RateLimiter(hass, entry))
        self._records = SubmissionRecords(hass, journal)
        evidence = Evidence(hass, client, self._records, self._is_known)
        self._context = SubmissionContext(
            hass=hass,
            entry_id=entry.entry_id,
            client=client,
            records=self._records,
            permits=self._permits,
            evidence=evidence,
            on_finished=self._finished,
        )
        self._follow_up = FollowUp(hass, entry, budget, deliveries, on_questions)
        self.reconciler = Reconciler(
            hass,
            entry,
            records=self._records,
            evidence=evidence,
            on_found=self._found,
        )
        self.poller = self.reconciler.poller
        self.sends = SendTasks(hass, entry)

    def restore(self, table: Table) -> None:
        """Restore the messages that were sent before a restart, and their permits."""
        for record in self._records.restore(table):
            for one in record.numbers:
                self._permits.restore(one)

    @property
    def unresolved(self) -> int:
        """Return the number of messages in doubt."""
        return len(self._records.unresolved())

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return the messages as they are stored."""
        return self._records.table()

    def kind(self, message_id: str | None) -> Kind | None:
        """Return the kind of a message of the last day, None of an unknown one."""
        record = self._records.of(message_id)
        return record.kind if record else None

    async def async_send(
        self,
        message: OutboundMessage,
        refused: Refused = (),
        *,
        wait: timedelta = timedelta(0),
        strict: bool = False,
    ) -> SendResult:
        """Send a message, wait up to `wait` for its final statuses, and return one row per number.

        `refused` are targets that were refused before; they get rows too. Raises
        `ServiceValidationError` where all targets were refused here, and the error of the API or
        the network where nothing went out. `strict` also raises where only some were refused,
        after the rest went out.
        """
        refusals = self._check(message, refused)
        task = self.sends.of_key(message.key)
        if not task and (known := self._known(message.key)):
            result = self._completed(known, refusals, strict=strict)
        else:
            task = task or self._begin(self._submission(message, JointPermits(self._permits)))
            result = await self._result(task, refusals, strict=strict)
        await self.async_wait(result.rows, wait)
        return result

    async def async_send_all(
        self, messages: Sequence[OutboundMessage], refused: Refused = (), *, strict: bool = False
    ) -> list[SendResult | BaseException]:
        """Send messages without keys that belong together: a limit refuses all of them, or none.

        Returns the result or the error of each; raises what needs no permit to be refused.
        """
        refusals = [self._check(message, refused) for message in messages]
        joint = JointPermits(self._permits)
        submissions = [self._submission(message, joint) for message in messages]
        # Only now, because a task may run before the next one is begun.
        tasks = [self._begin(one) for one in submissions]
        pairs = zip(tasks, refusals, strict=True)
        sends = (self._result(task, some, strict=strict) for task, some in pairs)
        return await asyncio.gather(*sends, return_exceptions=True)

    async def async_wait(self, rows: Iterable[Row], wait: timedelta) -> None:
        """Return when all rows are final, or after `wait`."""
        await self._deliveries.wait(rows, wait)

    async def async_cost(self, message: OutboundMessage) -> Decimal:
        """Return what a message would cost, in RUB; sends nothing."""
        check_time(self._hass, self._client, message)
        phones = [target.phone for target in message.targets]
        some = batched(phones, MAX_NUMBERS, strict=False)
        return total([await async_cost(self._client, message, each) for each in some])

    @callback
    def result_of(self, key: str | None) -> SendResult | None:
        """Return the present result of a message by its key, None where it was never requested."""
        if not (record := self._records.of_key(key)):
            return None
        rows = [
            self._deliveries.row(one.message_id)
            or row_of_record(self._hass, self._entry, record, one)
            for one in record.numbers
            if one.state not in UNSENT
        ]
        return SendResult(rows=rows) if rows else None

    @callback
    def close(self, why: Exception) -> None:
        """Cancel every send, and raise `why` in its caller; the journal keeps its record."""
        self.poller.close()
        self.sends.close(why)

    def _check(self, message: OutboundMessage, refused: Refused) -> Refusals:
        """Raise what needs no request to be refused; return the rows of refused targets."""
        self.sends.check_open()
        refusals = [
            (refused_row(named, message.kind, localized(self._hass, why)), why)
            for named, why in refused
        ]
        if not message.targets:
            raise all_refused_error(self._hass, self._entry, refusals)
        check_time(self._hass, self._client, message)
        return refusals

    def _known(self, key: str | None) -> SendResult | None:
        """Return the result of an earlier message with the same key, or raise its error."""
        known, record = self.result_of(key), self._records.of_key(key)
        if known and record and (error := error_of_record(self._hass, self._entry, record)):
            raise error
        return known

    def _submission(self, message: OutboundMessage, joint: JointPermits) -> Submission:
        return Submission(self._context, message, numbers_of(message.targets), joint)

    @callback
    def _begin(self, submission: Submission) -> SendTask:
        key, cancel = submission.message.key, submission.timing.cancel
        return self.sends.begin(self._submit(submission), key, cancel)

    async def _result(self, task: SendTask, refusals: Refusals, *, strict: bool) -> SendResult:
        return self._completed(await self.sends.async_wait(task), refusals, strict=strict)

    def _completed(self, sent: SendResult, refusals: Refusals, *, strict: bool) -> SendResult:
        """Return a result with the rows of refused targets; `strict` raises where there are any."""
        result = replace(sent, rows=[*sent.rows, *(row for row, _why in refusals)])
        if strict and (unsent := [row for row in result.rows if row.refused]):
            raise partly_refused_error(self._hass, self._entry, unsent)
        return result

    async def _submit(self, submission: Submission) -> SendResult:
        numbers = submission.numbers
        await submission.async_run()
        if not submission.message.options.test:
            self._records.flush()
        rows = {one: submission.rows[one] for one in numbers}
        # By the state: a row may have failed since the API accepted it.
        if not any(one.state is State.ACCEPTED for one in numbers):
            raise error_of(self._hass, self._entry, rows)
        bill = submission.bill
        return SendResult(
            rows=[*rows.values()], packet_id=bill.packet_id, cost=bill.cost, balance=bill.balance
        )

    @callback
    def _finished(self, submission: Submission, numbers: Sequence[Number]) -> None:
        """Follow the numbers of a submission that are in a final state or in doubt."""
        self._follow_up.finished(submission, numbers)
        if any(one.state is State.IN_DOUBT for one in numbers):
            self.reconciler.schedule()

    @callback
    def _found(self, rows: list[Row], record: SubmissionRecord, ago: timedelta) -> None:
        """Follow messages that were in doubt and went out."""
        self._permits.settle_found(record, {row.message_id for row in rows})
        self._follow_up.accepted(rows, record, ago)

    def _is_known(self, message_id: str) -> bool:
        """Return whether an id is ours; scheduled messages outlast the records."""
        return bool(self._records.of(message_id) or self._deliveries.row(message_id))
