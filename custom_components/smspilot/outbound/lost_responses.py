"""Find out what became of numbers whose response was lost, before anything is sent again.

Together with `number.py: mark_not_found` this keeps a lost response from becoming a second
message: a number is wanted again only where so many looks at the API's list provably do not have
it (`evidence.py`), and never where the request may still be on its way.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ..client import (
    DuplicateRefused,
    RecipientRefused,
    ResponseLost,
    ResponseTimeout,
    SmspilotError,
)
from ..const import LOGGER
from ..contacts.phones import plain_digits
from .evidence import Verdict
from .number import NEVER, Number, State, halves
from .record import SubmissionRecord
from .timing import Timing
from .tools import Tools

# A message that the API accepted is in its list well before this, seconds.
LOOK_PAUSE: Final = 20.0
LOOKS_BEFORE_REPEAT: Final = 2
# The API may go on with a request whose connection broke: until so much later, in seconds, a list
# without it proves nothing.
TIME_TO_ACCEPT: Final = 45.0
LOOKS_WITHOUT_REPEAT: Final = 3
# How often a number is sent to again because its response was lost.
MAX_REPEATS: Final = 1

type Ended = Callable[[Sequence[Number]], None]


class LostResponses:
    """The numbers of one message that are looked for."""

    def __init__(self, tools: Tools, timing: Timing, ended: Ended, *, test: bool) -> None:
        """Look for nothing yet; `ended` is called with numbers that have come to an end."""
        self._hass = tools.hass
        self._evidence = tools.evidence
        self._records = tools.records
        self._timing = timing
        self._test = test
        self._ended = ended

    def begin(self, batch: Sequence[Number], err: ResponseLost) -> None:
        """Look for numbers whose response was lost.

        If the connection broke, the API will soon be done with the request: a list without it then
        proves absence. After a timeout nobody knows when it is, so absence proves nothing.
        """
        if isinstance(err, ResponseTimeout):
            self._look_for(batch, LOOKS_WITHOUT_REPEAT)
            return
        again = [one for one in batch if one.repeatable_losses < MAX_REPEATS]
        accepted_by = self._hass.loop.time() + TIME_TO_ACCEPT
        self._look_for(again, LOOKS_BEFORE_REPEAT, absent_from=accepted_by)
        self._look_for([one for one in batch if one not in again], LOOKS_WITHOUT_REPEAT)
        for one in batch:
            one.repeatable_losses += 1

    def take_apart(
        self,
        batch: Sequence[Number],
        err: RecipientRefused | DuplicateRefused,
        parts: Iterator[int],
    ) -> list[Number]:
        """Return whom the API means of a list that it refused; look for the others, and part them.

        Whether those have it already is unknown. The number of requests grows with the refused
        numbers, not with the list.
        """
        named = plain_digits(err.phone or "")
        refused = [one for one in batch if len(batch) == 1 or one.digits == named]
        others = [one for one in batch if one not in refused]
        had_some = isinstance(err, DuplicateRefused)
        for half in halves(others):
            part = next(parts)
            for one in half:
                one.batch = part
                # A part of a list was looked for when that was taken apart: one more is enough.
                looks = LOOKS_BEFORE_REPEAT if had_some or one.requests == 1 else 1
                self._look_for([one], looks, absent_from=self._hass.loop.time())
        if isinstance(err, DuplicateRefused):
            doubled = [one for one in refused if one.requests > 1]
            self.doubled(doubled, err, LOOKS_BEFORE_REPEAT)
            refused = [one for one in refused if one.requests == 1]
        return refused

    def doubled(
        self, numbers: Sequence[Number], err: DuplicateRefused, looks: int = LOOKS_WITHOUT_REPEAT
    ) -> None:
        """Look for whom the API refuses because a request of before had reached them."""
        for one in numbers:
            one.error = err
        self._look_for(numbers, looks)

    async def async_look(self, lost: Sequence[Number], record: SubmissionRecord) -> None:
        """Look at the API's list; what it provably lacks is wanted again."""
        looked_at = self._hass.loop.time()
        try:
            async with asyncio.timeout_at(self._look_timeout(lost)):
                listing = await self._evidence.async_read()
        except (SmspilotError, TimeoutError) as err:
            LOGGER.debug("The list of recent messages cannot be read: %s", err)
        else:
            for one in lost:
                finding = self._evidence.judge(listing, record, one)
                if finding.verdict is Verdict.OURS and finding.row:
                    one.mark_found(finding.row)
                else:
                    there = finding.verdict is not Verdict.NOTHING
                    one.mark_not_found(looked_at, may_be_there=there)
            if any(one.state is State.ABSENT and one.repeatable_losses for one in lost):
                LOGGER.warning(
                    "The response to a send was lost and nothing went out; sending it again"
                )
        now = self._hass.loop.time()
        due = (one.absent_from for one in lost if one.absent_from > now)
        self._timing.look_at = min([now + LOOK_PAUSE, *due])
        for one in lost:
            if one.state is State.REQUESTED and self._timing.look_at > one.look_until:
                one.mark_in_doubt()
            if one.state is State.IN_DOUBT and one.error and self._had_before(record, one):
                # The API was right: the number had this text from an earlier message.
                one.mark_refused(one.error)
        self._ended([one for one in lost if one.is_over])

    def _look_for(
        self, numbers: Sequence[Number], looks: int, *, absent_from: float = NEVER
    ) -> None:
        now = self._hass.loop.time()
        for one in numbers:
            one.mark_lost(looks, self._timing.look_until(now), absent_from=absent_from)
            if self._test:
                # A test is in no list, and costs nothing.
                one.looks = 1
                one.mark_not_found(absent_from, may_be_there=False)
        self._timing.look_at = now
        self._ended([one for one in numbers if one.is_over])

    def _look_timeout(self, lost: Sequence[Number]) -> float:
        """Return until when a look may take; one that begins late has some time all the same."""
        soon = min(self._hass.loop.time() + LOOK_PAUSE, self._timing.deadline)
        return max(soon, min(one.look_until for one in lost))

    def _had_before(self, record: SubmissionRecord, number: Number) -> bool:
        return self._records.had(number.target.phone, record.text)
