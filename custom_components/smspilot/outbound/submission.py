"""The submission of one message to the API: no number gets it twice, all by one deadline.

There is one state for each number (`number.py`), one loop (`async_run`) and one deadline
(`timing.py`).
Whether a request with a lost response was accepted is found out in `lost_responses.py`; before
that nothing is sent again.
"""

from collections.abc import Sequence
from itertools import count
from math import ceil

from ..client import (
    ApiError,
    CallbackRefused,
    ConnectionFailed,
    DuplicateRefused,
    ResponseLost,
    SendResponse,
)
from ..const import LOGGER
from ..contacts.phones import masked
from ..errors import TimeOver
from ..runtime.trail import async_trace
from .bill import Bill
from .joint_permits import JointPermits
from .lost_responses import LostResponses
from .message import OutboundMessage
from .number import Number, Refusal, State
from .request import MAX_NUMBERS, apply_rows, async_request
from .result import Row
from .submission_context import SubmissionContext
from .timing import Timing, api_now

# Numbers of one request that leave a line on the trail.
MAX_TRACED = 20


class Submission:
    """Submits a message to the API; its permits may be taken, or refused, with those of others."""

    def __init__(
        self,
        context: SubmissionContext,
        message: OutboundMessage,
        numbers: list[Number],
        joint: JointPermits,
    ) -> None:
        self._context = context
        self._client, self._permits = context.client, context.permits
        self._records, self._callback = context.records, context.client.push_url
        self.message, self.numbers, self._joint = message, numbers, joint
        joint.join(message, numbers, self._write)
        self.bill = Bill()
        # The rows of numbers in a final state or in doubt.
        self.rows: dict[Number, Row] = {}
        self.record = self._records.open(message, api_now(self._client))
        self.timing = Timing(message, self._now)
        self._losses = LostResponses(context, self.timing, self._finish, test=message.options.test)
        self._requests = ceil(len(numbers) / MAX_NUMBERS)
        self._batches = count(self._requests)
        for index, one in enumerate(numbers):
            one.batch = index // MAX_NUMBERS
        # Whether the journal lacks something that it must have before the next request.
        self._needs_write = True

    async def async_run(self) -> None:
        """Bring every number to a final state or into doubt, at the latest at the deadline."""
        try:
            while unfinished := [one for one in self.numbers if one not in self.rows]:
                requested = [one for one in unfinished if one.state is State.REQUESTED]
                if refused := [one for one in unfinished if one.is_finished]:
                    # Their permits were refused together with those of other messages.
                    self._finish(refused)
                elif self._now >= self.timing.deadline:
                    self._finish_at_deadline(unfinished)
                elif batch := await self._next_batch(unfinished):
                    await self._request(batch)
                elif requested and self._now >= self.timing.reconcile_at:
                    await self._losses.async_reconcile(requested, self.record)
                elif waiting := [one for one in unfinished if not one.is_finished]:
                    await self._wait(waiting)
        finally:
            self._records.close(self.record, self.numbers)

    async def _next_batch(self, unfinished: list[Number]) -> list[Number]:
        """Return the numbers of the next request, all permitted."""
        unsent = [one for one in unfinished if one.is_unsent]
        if too_late := self.timing.too_late(self._now):
            self._refuse(unsent, too_late)
        if self._now < self.timing.retry_at:
            return []
        ready = [one for one in unsent if not one.is_finished and self._has_claim(one)]
        try:
            # All of them together: a limit refuses the whole message, not its second half.
            await self._joint.async_take()
        except ConnectionFailed as err:
            self._retry_connection(ready, err)
            return []
        self._finish([one for one in ready if one.is_finished])
        permitted = [one for one in ready if one.state is State.PERMITTED]
        if not permitted and (full := [one for one in ready if not one.is_finished]):
            # Requests under way use up the rate limit, and may give their permits back.
            self._retry_or_refuse(full, self._permits.rate_refusal(full[0]))
        batch = min((one.batch for one in permitted), default=None)
        return [one for one in permitted if one.batch == batch]

    def _has_claim(self, number: Number) -> bool:
        """Return whether no other submission is sending the same text to the number."""
        if number.has_claim or self.message.options.test:
            return True
        if self._records.claims.take(self.record, number):
            number.has_claim = True
            if number.has_waited:
                self.timing.start_retry_window(self._now)
                number.has_waited = False
            return True
        number.has_waited = True
        if self._now >= self.timing.claim_until:
            self._refuse([number], ConnectionFailed(TimeOver.SAME_TEXT))
        return False

    async def _request(self, batch: list[Number]) -> None:
        """Make one request; where its result is unknown, it is reconciled, not repeated."""
        if not any(one.requests for one in self.numbers):
            # A row that the API lists from before this time is another message.
            self.record = self._records.restamped(self.record, api_now(self._client))
        for one in batch:
            # The journal must have a number's first request; it says REQUESTED before a repeat.
            self._needs_write = self._needs_write or one.requests == 0
            one.mark_requested()
        await self._write(batch)
        if self.timing.too_late(self._now):
            _mark_not_requested(batch)
            return
        requested_at, phones = self._now, [one.target.phone for one in batch]
        self._trace("request made", numbers=len(batch), attempt=batch[0].requests)
        try:
            response = await async_request(self._client, self.message, phones, self._callback)
        except CallbackRefused as err:
            self._retry_without_callback(batch, err)
        except ConnectionFailed as err:
            self._retry_connection(batch, err)
        except ResponseLost as err:
            self._trace("response lost", reason=type(err).__name__)
            self._losses.begin(batch, err)
        except ApiError as err:
            refused = await self._losses.async_refused(batch, err, self.record, self._batches)
            self._refuse(refused, err)
        else:
            self._apply_response(batch, response, requested_at)
        # The halves of a refused list have higher batch numbers.
        if self._requests > 1 and batch[0].batch < self._requests:
            LOGGER.info("Request %s of %s is done", batch[0].batch + 1, self._requests)

    def _apply_response(
        self, batch: list[Number], response: SendResponse, requested_at: float
    ) -> None:
        self.bill.add(response, [one.digits for one in batch], requested_at)
        duplicates = apply_rows(batch, response)
        if not self.message.options.test:
            accepted = (one for one in batch if one.state is State.ACCEPTED)
            ids = filter(None, (one.message_id for one in accepted))
            self._records.accepted_ids.add(ids, self._now)
        self._finish([one for one in batch if one.is_finished])
        self._losses.reconcile_duplicates(duplicates, DuplicateRefused(None))

    def _retry_without_callback(self, batch: list[Number], err: CallbackRefused) -> None:
        if self._callback is None:
            self._refuse(batch, err)
            return
        # Nothing went out; statuses are polled too, so the message needs no callback.
        LOGGER.warning("SMSPILOT refuses the address for statuses; sending without it")
        self._callback = None
        _mark_not_requested(batch)

    def _retry_connection(self, batch: list[Number], err: ConnectionFailed) -> None:
        """Give back the permits where nothing was requested, and plan a retry."""
        _mark_not_requested([one for one in batch if one.state is State.REQUESTED])
        unsent = [one for one in self.numbers if one.is_unsent]
        self._joint.give_back()
        self._needs_write = True
        self._retry_or_refuse(unsent, err)

    def _retry_or_refuse(self, numbers: list[Number], err: Refusal) -> None:
        if not self.timing.plan_retry(self._now):
            self._refuse(numbers, err)

    def _finish_at_deadline(self, unfinished: list[Number]) -> None:
        """Mark requested numbers as in doubt, and refuse those that were not requested."""
        for one in unfinished:
            if one.state is State.REQUESTED:
                one.mark_in_doubt()
            else:
                one.mark_refused(ConnectionFailed(TimeOver.NO_TIME))
        self._finish(unfinished)

    def _refuse(self, numbers: Sequence[Number], err: Refusal) -> None:
        for one in numbers:
            one.mark_refused(err)
        self._finish(numbers)

    def _finish(self, numbers: Sequence[Number]) -> None:
        """Settle and record numbers in a final state or in doubt, and release their claims."""
        if not numbers:
            return
        for one in numbers:
            self._permits.settle(self.message, one)
        for one in numbers[:MAX_TRACED]:
            self._trace(one.state.value, phone=masked(one.target.phone), message_id=one.message_id)
        if any(one.state is State.IN_DOUBT or one.is_found for one in numbers):
            self.bill.mark_incomplete()
        if not self.message.options.test:
            self.record = self._records.write(self.record, self.numbers, numbers)
        self._context.on_finished(self, numbers)
        self._records.claims.release(self.record, numbers)

    async def _wait(self, unfinished: list[Number]) -> None:
        """Wait until a retry, a check of the list, a claim or the deadline is due."""
        await self._write()
        claims = self._records.claims.waited_for(self.record, unfinished)
        await self.timing.async_wait(self._context.hass.loop, unfinished, claims)

    async def _write(self, changed: Sequence[Number] | None = None) -> None:
        """Write the message with the states of all its numbers, or changed ones, unless done."""
        if not self._needs_write or self.message.options.test:
            return
        self._needs_write = False
        self.record = self._records.write(self.record, self.numbers, changed or self.numbers)
        await self._records.async_flush(durable=self.message.key is not None)

    def _trace(self, step: str, **details: object) -> None:
        kind = self.message.kind.value
        async_trace(self._context.hass, self._context.entry_id, step, kind=kind, **details)

    @property
    def _now(self) -> float:
        return self._context.hass.loop.time()


def _mark_not_requested(batch: Sequence[Number]) -> None:
    for one in batch:
        one.mark_not_requested()
