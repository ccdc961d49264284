"""What a text means for an alarm: its author takes it, declines it, or neither."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
import re
from typing import Final

from ..text.matching import normalised
from .state import AlarmState, Run

# After so many wrong codes the texts of a number no longer count for the run.
MAX_WRONG_CODES: Final = 3
_CODE: Final = re.compile(r"(?<!\d)\d{3}(?!\d)")
# A text that is only this declines.
_NO: Final = frozenset(
    {
        *("no", "nope", "not now", "not me", "sorry", "i'm sorry", "sorry no", "no sorry"),
        *("нет", "неа", "не", "не я", "не сейчас", "увы", "никак", "к сожалению нет"),
        *("извини", "извините", "прости", "простите", "нет извини", "нет прости"),
    }
)
# A text that contains this declines. A wrong decline costs a text to the next recipient; a wrong
# acknowledgement would stop the alarm, and nobody would come.
_CANNOT: Final = re.compile(
    r"\b(?:can't|cannot|can not|cant|couldn't|won't|unable|busy|not available|not at home"
    r"|не (?:могу|смогу|можем|сможем|получится|получается|успею|успеваю|успеем|буду|дома"
    r"|приеду|поеду|доеду|в городе)|занята?|заняты|некогда|без меня)\b"
)


class Verdict(StrEnum):
    """What a text means."""

    TAKES = "takes"
    DECLINES = "declines"
    WRONG_CODE = "wrong_code"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The author's number, and when they wrote, on the API's clock."""

    phone: str
    received_at: datetime
    to_the_minute: bool = False

    def is_after(self, moment: datetime) -> bool:
        """Return whether it was written after a time, in the precision of the list's times."""
        moment = moment.replace(microsecond=0)
        if self.to_the_minute:
            moment = moment.replace(second=0)
        return self.received_at >= moment


def judge(text: str, code: str | None) -> Verdict:
    """Return what a text means; with a code, a text without it means nothing."""
    if code:
        found = _CODE.findall(text)
        if code not in found:
            return Verdict.WRONG_CODE if found else Verdict.NOTHING
        text = re.sub(rf"(?<!\d){code}(?!\d)", " ", text)
    text = normalised(text)
    words = " ".join(re.sub(r"[^\w'-]+", " ", text).split())
    declines = words in _NO or _CANNOT.search(text)
    return Verdict.DECLINES if declines else Verdict.TAKES


def addressed(runs: Iterable[Run], answer: Answer) -> Run | None:
    """Return the run that a text answers: the one that last reached its author.

    Where that run waits for no answer, the text answers no other run either.
    """
    reaching = [
        (reached.last, run)
        for run in runs
        for reached in run.reached.values()
        if answer.phone in reached.phones and answer.is_after(reached.since)
    ]
    if not reaching:
        return None
    _last, run = max(reaching, key=lambda one: one[0])
    return run if run.state in (AlarmState.RUNNING, AlarmState.UNANSWERED) else None


def who(run: Run, phone: str) -> str | None:
    """Return the reference of the recipient that the run last reached by this number."""
    found = [
        (reached.last, recipient)
        for recipient, reached in run.reached.items()
        if phone in reached.phones
    ]
    return max(found)[1] if found else None
