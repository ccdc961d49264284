"""What a text means for an alarm: its author takes it, declines it, or neither."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
import re
from typing import Final

from ..inbound.classify import take_code
from ..inbound.question import MAX_GUESSES
from ..text.matching import normalised
from .state import AlarmState, Run

# A wrong decline costs a text to the next recipient; a wrong acknowledgement would stop the alarm,
# and no one would come. So a text declines when in doubt, and when a phone wrote it by itself.
# A text that is only this declines.
_NO: Final = frozenset(
    {
        *("no", "sorry", "i'm sorry", "sorry no", "later", "pass", "i pass"),
        *("нет", "не я", "увы", "никак", "позже", "потом", "пас", "я пас"),
        *("извини", "извините", "прости", "простите", "извините нет", "увы нет"),
        "к сожалению нет",
    }
)
# A text that begins with this declines.
_BEGINS_WITH_NO: Final = re.compile(
    r"(?:no(?! (?:problem|worries))|nope|nah|not(?! a problem)"
    r"|нет(?! (?:проблем|вопросов))|не-а"
    r"|н[еи]+а?(?! (?:волну|беспоко|пережива|паник|бой|спеш|вопрос)))\b"
)
# A text that contains this declines: the author cannot come, is elsewhere, or wants others to go.
_CANNOT: Final = re.compile(
    r"\b(?:can't|cannot|can not|cant|couldn't|won't|unable|busy|not (?:able|available|at home)"
    r"|asleep|sleeping|(?<!right )(?<!straight )away|abroad"
    r"|out of (?:town|office)|on (?:vacation|holiday)"
    r"|(?:someone|somebody|anyone) else|wrong number"
    # A verb in the first person, as in `не смогу`, and other words that follow `не`.
    r"|не (?:(?!волну|беспоко|пережива)\w+[ую](?:сь)?|(?:с?мож|приед|подъед|успе)\w+|получ\w+"
    r"|вы(?:йдет|ходит)|дома|здесь|рядом|в городе|доступ\w+|мне)"
    r"|нет (?:времени|возможности)|занята?|заняты|некогда|без меня|отказ\w*|в отпуске|в отъезде"
    r"|уехала?|уехали|сплю|болею|пусть|кто-(?:нибудь|то) другой|ошиблись"
    # What phones answer by themselves while their owners drive or rest.
    r"|driving|do not disturb|auto(?:matic)?[ -]?(?:reply|response)|see your message"
    r"|in a meeting|at work|за рулем|не беспокоить|автоответ\w*|на (?:совещании|встрече|работе)"
    r"|перезвоню|call (?:you )?back)\b"
)
_SIGNS: Final = re.compile("[👎❌✖🙅🚫⛔]")


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


def without_code(run: Run, phone: str, text: str) -> tuple[str | None, int]:
    """Return the text of an answer (None if it is none), and how many wrong codes it adds.

    Of a run with a code a text counts only with it. After `MAX_GUESSES` wrong codes, in one text
    or in several, the texts of a number no longer count for the run.
    """
    if not run.code:
        return text, 0
    guesses_left = MAX_GUESSES - run.wrong_codes.get(phone, 0)
    return take_code(text, run.code, guesses_left) if guesses_left > 0 else (None, 0)


def declines(text: str) -> bool:
    """Return whether the author of an answer declines; any other answer acknowledges."""
    text = normalised(text)
    # Without numbers too: a text with a code may contain others.
    words = " ".join(re.sub(r"[^\w'-]+|\d+", " ", text).split())
    found = _BEGINS_WITH_NO.match(words) or _CANNOT.search(words) or _SIGNS.search(text)
    return words in _NO or bool(found)


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


def recipient_reached_by(run: Run, phone: str) -> str | None:
    """Return the reference of the recipient that the run last reached by this number."""
    found = [
        (reached.last, recipient)
        for recipient, reached in run.reached.items()
        if phone in reached.phones
    ]
    return max(found)[1] if found else None
