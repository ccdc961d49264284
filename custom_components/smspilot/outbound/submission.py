"""Hand one message to the API: every number gets it once, and its caller the truth in time.

One state a number (`number.py`), one loop (`async_run`), one deadline (`timing.py`). What a lost
response did is found out in `lost_responses.py`, and nothing is sent again without that.
"""

from collections.abc import Sequence
from itertools import count

from ..client import (
    ApiError,
    CallbackRefused,
    ConnectionFailed,
    DuplicateRefused,
    RecipientRefused,
    ResponseLost,
    SendResponse,
)
from ..const import LOGGER
from ..contacts.phones import masked
from ..errors import TimeOver
from ..runtime.trail import async_trace
from .bill import Bill
from .lost_responses import LostResponses
from .message import OutboundMessage
from .number import Number, Refusal, State
from .permits import MAX_NUMBERS
from .request import async_request, take_rows
from .result import Row
from .timing import Timing, api_now
from .tools import Tools

# Of a long list the first numbers show what happens to all.
MAX_TRACED = 20


class Submission:
    """A message on its way to the API."""

    def __init__(
        self, tools: Tools, message: OutboundMessage, numbers: list[Number], callback: str | None
    ) -> None:
        """Prepare to send a message to numbers, whose permits may be taken already."""
        self._tools = tools
        self._callback = callback
        self.message = message
        self.numbers = numbers
        self.bill = Bill()
        # What the caller is told of numbers that have come to their end.
        self.rows: dict[Number, Row] = {}
        self.record = tools.records.open(message, api_now(tools.client))
        self.timing = Timing(message, self._now)
        self._lost = LostResponses(tools, self.timing, self._ended, test=message.options.test)
        self._requests = -(-len(numbers) // MAX_NUMBERS)
        self._batches = count(self._requests)
        for index, one in enumerate(numbers):
            one.batch = index // MAX_NUMBERS
        # Whether the journal knows what it must know before the next request.
        self._is_written = False

    async def async_run(self) -> None:
        """Bring every number to its end, at the latest at the deadline."""
        # Some may have been refused together with other messages.
        self._ended([one for one in self.numbers if one.is_over])
        try:
            while unfinished := [one for one in self.numbers if not one.is_over]:
                lost = [one for one in unfinished if one.state is State.REQUESTED]
                if self._now >= self.timing.deadline:
                    self._give_up(unfinished)
                elif batch := await self._next_batch(unfinished):
                    await self._send(batch)
                elif lost and self._now >= self.timing.look_at:
                    await self._lost.async_look(lost, self.record)
                elif waiting := [one for one in unfinished if not one.is_over]:
                    await self._wait(waiting)
        finally:
            self._tools.records.close(self.record, self.numbers)

    async def _next_batch(self, unfinished: list[Number]) -> list[Number]:
        """Return the numbers of the next request, all permitted."""
        unsent = [one for one in unfinished if one.is_unsent]
        if too_late := self.timing.too_late(self._now):
            self._refuse(unsent, too_late)
        if self._now < self.timing.retry_at:
            return []
        ready = [one for one in unsent if not one.is_over and self._has_turn(one)]
        try:
            # All of them at once: a limit refuses the whole message, not its second half.
            await self._tools.permits.async_take((self.message, ready))
        except ConnectionFailed as err:
            self._not_connected(ready, err)
            return []
        self._ended([one for one in ready if one.is_over])
        permitted = [one for one in ready if one.state is State.PERMITTED]
        if not permitted and (full := [one for one in ready if not one.is_over]):
            # Requests on their way hold the last places of the hour, and may give them back.
            self._try_later(full, self._tools.permits.rate_refusal(full[0]))
        batch = min((one.batch for one in permitted), default=None)
        return [one for one in permitted if one.batch == batch]

    def _has_turn(self, number: Number) -> bool:
        """Return whether nobody else is sending the same text to the number."""
        if self.message.options.test or self._tools.records.claims.take(self.record, number):
            if number.has_waited:
                self.timing.got_turn(self._now)
                number.has_waited = False
            return True
        number.has_waited = True
        if self._now >= self.timing.turn_until:
            self._refuse([number], ConnectionFailed(TimeOver.SAME_TEXT))
        return False

    async def _send(self, batch: list[Number]) -> None:
        """Make one request; what it leaves open is looked for, never simply asked for again."""
        if not any(one.requests for one in self.numbers):
            # Whatever was listed before now is another message.
            api_at = api_now(self._tools.client)
            self.record = self._tools.records.first_requested(self.record, api_at)
        for one in batch:
            # A first request must be in the journal before it is made; a repeat is there already.
            self._is_written = self._is_written and one.requests > 0
            one.mark_requested()
        await self._write_down()
        if self.timing.is_cancelled:
            _not_requested(batch)
            return
        requested_at, phones = self._now, [one.target.phone for one in batch]
        self._trace("request made", numbers=len(batch), attempt=batch[0].requests)
        try:
            response = await async_request(self._tools.client, self.message, phones, self._callback)
        except CallbackRefused as err:
            self._callback_refused(batch, err)
        except ConnectionFailed as err:
            self._not_connected(batch, err)
        except ResponseLost as err:
            self._trace("response lost", reason=type(err).__name__)
            self._lost.begin(batch, err)
        except ApiError as err:
            self._refused(batch, err)
        else:
            self._take_response(batch, response, requested_at)
        # Lists that were taken apart have higher batch numbers.
        if self._requests > 1 and batch[0].batch < self._requests:
            LOGGER.info("Request %s of %s is done", batch[0].batch + 1, self._requests)

    def _take_response(
        self, batch: list[Number], response: SendResponse, requested_at: float
    ) -> None:
        """Take the rows of a response; a number it leaves out is in doubt."""
        self.bill.take(response, [one.digits for one in batch], requested_at)
        doubled = take_rows(batch, response)
        if not self.message.options.test:
            ids = [one.row.id for one in batch if one.row and one.row.id]
            self._tools.records.accepted(ids, self._now)
        self._ended([one for one in batch if one.is_over])
        self._lost.doubled(doubled, DuplicateRefused(None))

    def _refused(self, batch: list[Number], err: ApiError) -> None:
        """Refuse a batch, or of a list only whom the API means."""
        if isinstance(err, RecipientRefused | DuplicateRefused):
            batch = self._lost.take_apart(batch, err, self._batches)
        self._refuse(batch, err)

    def _callback_refused(self, batch: list[Number], err: CallbackRefused) -> None:
        if self._callback is None:
            self._refuse(batch, err)
            return
        # Nothing went out, and statuses are asked for as well: an alarm needs no address.
        LOGGER.warning("SMSPILOT refuses the address for statuses; sending without it")
        self._callback = None
        _not_requested(batch)

    def _not_connected(self, batch: list[Number], err: ConnectionFailed) -> None:
        """Give back the permits of numbers that were never requested, and try again soon."""
        _not_requested([one for one in batch if one.state is State.REQUESTED])
        unsent = [one for one in self.numbers if one.is_unsent]
        self._tools.permits.give_back([one for one in unsent if not one.requests])
        self._is_written = False
        self._try_later(unsent, err)

    def _try_later(self, numbers: list[Number], err: Refusal) -> None:
        if not self.timing.try_later(self._now):
            self._refuse(numbers, err)

    def _give_up(self, unfinished: list[Number]) -> None:
        """Tell at the deadline what is not known as in doubt, and what was not sent as that."""
        for one in unfinished:
            if one.state is State.REQUESTED:
                one.mark_in_doubt()
            else:
                one.mark_refused(ConnectionFailed(TimeOver.NO_TIME))
        self._ended(unfinished)

    def _refuse(self, numbers: Sequence[Number], err: Refusal) -> None:
        for one in numbers:
            one.mark_refused(err)
        self._ended(numbers)

    def _ended(self, numbers: Sequence[Number]) -> None:
        """Settle the permits of numbers that are at their end, and remember what came of them."""
        if not numbers:
            return
        for one in numbers:
            self._tools.permits.settle(self.message, one)
        for one in numbers[:MAX_TRACED]:
            self._trace(one.state.value, phone=masked(one.target.phone), message_id=one.message_id)
        if any(one.state is State.IN_DOUBT or one.is_found for one in numbers):
            self.bill.miss_a_part()
        if not self.message.options.test:
            self.record = self._tools.records.write(self.record, self.numbers)
        self._tools.ended(self, numbers)
        self._tools.records.claims.release(self.record, numbers)

    async def _wait(self, unfinished: list[Number]) -> None:
        """Wait for the next thing to do."""
        await self._write_down()
        turns = self._tools.records.claims.turns(self.record, unfinished)
        await self.timing.async_wait(self._tools.hass.loop, unfinished, turns)

    async def _write_down(self) -> None:
        """Have the whole message in the journal as it is now, with the numbers still to come."""
        if self._is_written or self.message.options.test:
            return
        self._is_written = True
        self.record = self._tools.records.write(self.record, self.numbers)
        await self._tools.records.async_write_down(durable=self.message.key is not None)

    def _trace(self, step: str, **details: object) -> None:
        """Leave a step on the account's trail."""
        kind = self.message.kind.value
        async_trace(self._tools.hass, self._tools.entry_id, step, kind=kind, **details)

    @property
    def _now(self) -> float:
        return self._tools.hass.loop.time()


def _not_requested(batch: Sequence[Number]) -> None:
    for one in batch:
        one.mark_not_requested()
