"""Finds out whether messages whose response was lost went out, before they may be sent again.

Together with `number.py: mark_not_found` this keeps a lost response from causing a second message:
a number is sent to again only where reads of the API's list prove that it is not there
(`evidence.py`), and never where the request may still be under way.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ..client import (
    ApiError,
    DuplicateRefused,
    InvalidCredentials,
    InvalidRequest,
    IpNotAllowed,
    RecipientRefused,
    ResponseLost,
    ResponseTimeout,
    SmspilotError,
    UnreadableRows,
)
from ..const import LOGGER
from ..contacts.phones import plain_digits
from .evidence import Verdict
from .number import NEVER, Number, State, halves
from .record import SubmissionRecord
from .submission_context import SubmissionContext
from .timing import Timing

# Seconds between two reads of the list; an accepted message is listed well before that.
READ_INTERVAL: Final = 20.0
READS_BEFORE_REPEAT: Final = 2
# Seconds in which the API may still accept a request whose connection broke, and list the message;
# until then its absence from the list proves nothing.
TIME_TO_ACCEPT: Final = 60.0
READS_WITHOUT_REPEAT: Final = 3
# How often a number is sent to again after a lost response.
MAX_REPEATS: Final = 1
# Errors of a request as a whole; others may come when a part of a list was accepted.
REFUSED_BEFORE_ANY_NUMBER: Final = (InvalidCredentials, IpNotAllowed, InvalidRequest)

type OnFinished = Callable[[Sequence[Number]], None]


class LostResponses:
    """Reconciles the numbers of one message whose responses were lost.

    `on_finished` is called with numbers that are in a final state or in doubt.
    """

    def __init__(
        self, context: SubmissionContext, timing: Timing, on_finished: OnFinished, *, test: bool
    ) -> None:
        self._hass = context.hass
        self._evidence = context.evidence
        self._records = context.records
        self._timing = timing
        self._test = test
        self._on_finished = on_finished

    def begin(self, batch: Sequence[Number], err: ResponseLost) -> None:
        """Begin to reconcile numbers whose response was lost.

        After a broken connection the API soon stops processing the request, so absence from the
        list then proves that it was not accepted. After a timeout absence proves nothing, nor where
        the response has rows, which the list may show late.
        """
        if isinstance(err, ResponseTimeout | UnreadableRows):
            self._begin_reconciling(batch, READS_WITHOUT_REPEAT)
            return
        again = [one for one in batch if one.repeatable_losses < MAX_REPEATS]
        accepted_by = self._hass.loop.time() + TIME_TO_ACCEPT
        self._begin_reconciling(again, READS_BEFORE_REPEAT, absent_from=accepted_by)
        self._begin_reconciling([one for one in batch if one not in again], READS_WITHOUT_REPEAT)
        for one in batch:
            one.repeatable_losses += 1

    async def async_refused(
        self,
        batch: Sequence[Number],
        err: ApiError,
        record: SubmissionRecord,
        parts: Iterator[int],
    ) -> list[Number]:
        """Return the numbers of a refused request that the refusal concerns.

        The balance, or a limit of the account, may have ended in the middle of a list. The refusal
        counts unless the API's list shows the message.
        """
        if isinstance(err, RecipientRefused | DuplicateRefused):
            return self._split_refused(batch, err, parts)
        if len(batch) == 1 or self._test or isinstance(err, REFUSED_BEFORE_ANY_NUMBER):
            return list(batch)
        try:
            async with asyncio.timeout_at(self._read_deadline(batch)):
                listing = await self._evidence.async_read()
        except SmspilotError, TimeoutError:
            return list(batch)
        for one in batch:
            finding = self._evidence.judge(listing, record, one)
            if finding.row and finding.verdict is Verdict.OURS:
                one.mark_found(finding.row)
            elif finding.row:
                one.mark_in_doubt()
        self._on_finished([one for one in batch if one.is_finished])
        return [one for one in batch if not one.is_finished]

    def _split_refused(
        self,
        batch: Sequence[Number],
        err: RecipientRefused | DuplicateRefused,
        parts: Iterator[int],
    ) -> list[Number]:
        """Return the numbers that the refusal of a list concerns, and reconcile the others.

        Whether those were accepted is unknown. They are split in two batches for further requests,
        so that the number of requests grows with the refused numbers, not with the list.
        """
        named = plain_digits(err.phone or "")
        refused = [one for one in batch if len(batch) == 1 or one.digits == named]
        others = [one for one in batch if one not in refused]
        is_duplicate = isinstance(err, DuplicateRefused)
        for half in halves(others):
            part = next(parts)
            for one in half:
                one.batch = part
                # A number requested before was looked for when its former list was split, so one
                # more read is enough.
                is_first = is_duplicate or one.requests == 1
                reads = READS_BEFORE_REPEAT if is_first else 1
                self._begin_reconciling([one], reads, absent_from=self._hass.loop.time())
        if isinstance(err, DuplicateRefused):
            duplicates = [one for one in refused if one.requests > 1]
            self.reconcile_duplicates(duplicates, err, READS_BEFORE_REPEAT)
            refused = [one for one in refused if one.requests == 1]
        return refused

    def reconcile_duplicates(
        self, numbers: Sequence[Number], err: DuplicateRefused, reads: int = READS_WITHOUT_REPEAT
    ) -> None:
        """Reconcile numbers refused as duplicates: a former request may have been accepted."""
        for one in numbers:
            one.error = err
        self._begin_reconciling(numbers, reads)

    async def async_reconcile(self, numbers: Sequence[Number], record: SubmissionRecord) -> None:
        """Read the API's list, and mark the numbers by what it proves."""
        read_at = self._hass.loop.time()
        try:
            async with asyncio.timeout_at(self._read_deadline(numbers)):
                listing = await self._evidence.async_read()
        except (SmspilotError, TimeoutError) as err:
            LOGGER.debug("The list of recent messages cannot be read: %s", err)
        else:
            for one in numbers:
                finding = self._evidence.judge(listing, record, one)
                if finding.verdict is Verdict.OURS and finding.row:
                    one.mark_found(finding.row)
                else:
                    there = finding.verdict is not Verdict.NOTHING
                    one.mark_not_found(read_at, may_be_there=there)
            if any(one.state is State.ABSENT and one.repeatable_losses for one in numbers):
                LOGGER.warning(
                    "The response to a send was lost and nothing went out; sending it again"
                )
        now = self._hass.loop.time()
        due = (one.absent_from for one in numbers if one.absent_from > now)
        self._timing.reconcile_at = min([now + READ_INTERVAL, *due])
        for one in numbers:
            if one.state is State.REQUESTED and self._timing.reconcile_at > one.reconcile_until:
                one.mark_in_doubt()
            if one.state is State.IN_DOUBT and one.error and self._has_earlier(record, one):
                # A true duplicate: the number has this text from an earlier message.
                one.mark_refused(one.error)
        self._on_finished([one for one in numbers if one.is_finished])

    def _begin_reconciling(
        self, numbers: Sequence[Number], reads: int, *, absent_from: float = NEVER
    ) -> None:
        now = self._hass.loop.time()
        for one in numbers:
            one.begin_reconciling(reads, self._timing.reconcile_until(now), absent_from=absent_from)
            if self._test:
                # A test is not listed, and costs nothing if it is repeated.
                one.reads_left = 1
                one.mark_not_found(absent_from, may_be_there=False)
        self._timing.reconcile_at = now
        self._on_finished([one for one in numbers if one.is_finished])

    def _read_deadline(self, numbers: Sequence[Number]) -> float:
        """Return the deadline of a read.

        That is the end of reconciling, which `READ_INTERVAL` only replaces where it comes too soon:
        for a read that begins near it, or for numbers that are not reconciled.
        """
        soon = min(self._hass.loop.time() + READ_INTERVAL, self._timing.deadline)
        return max(soon, min(one.reconcile_until for one in numbers))

    def _has_earlier(self, record: SubmissionRecord, number: Number) -> bool:
        return self._records.has_sent(number.target.phone, record.text)
