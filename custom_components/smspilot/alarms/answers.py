"""What somebody's text means for an alarm: they take it, they cannot, or nothing."""

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
# Who says only this cannot come.
_NO: Final = frozenset(
    {
        *("no", "nope", "not now", "not me", "sorry", "i'm sorry", "sorry no", "no sorry"),
        *("нет", "неа", "не", "не я", "не сейчас", "увы", "никак", "к сожалению нет"),
        *("извини", "извините", "прости", "простите", "нет извини", "нет прости"),
    }
)
# Wherever this stands. Taken for a refusal by mistake it costs a text to the next person; taken
# for a yes by mistake nobody would come.
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
    """Who wrote, and when by the API's clock."""

    phone: str
    received_at: datetime
    to_the_minute: bool = False

    def is_after(self, moment: datetime) -> bool:
        """Return whether it was written after a moment, to what the list's times can tell."""
        moment = moment.replace(microsecond=0)
        if self.to_the_minute:
            moment = moment.replace(second=0)
        return self.received_at >= moment


def judge(text: str, code: str | None) -> Verdict:
    """Return what a text means where the alarm has a code, or none."""
    if code:
        found = _CODE.findall(text)
        if code not in found:
            return Verdict.WRONG_CODE if found else Verdict.NOTHING
        text = re.sub(rf"(?<!\d){code}(?!\d)", " ", text)
    said = normalised(text)
    plain = " ".join(re.sub(r"[^\w'-]+", " ", said).split())
    declines = plain in _NO or _CANNOT.search(said)
    return Verdict.DECLINES if declines else Verdict.TAKES


def addressed(runs: Iterable[Run], answer: Answer) -> Run | None:
    """Return the run that a text answers: the last one that reached its number.

    What that run needs no answer to answers none of the others either.
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
    """Return the reference of whom a run reached by the number, the one reached last first."""
    found = [
        (reached.last, recipient)
        for recipient, reached in run.reached.items()
        if phone in reached.phones
    ]
    return max(found)[1] if found else None
