"""Decide who wrote a message, with which PIN, and which question it answers.

This is decided once: events, triggers, `ask`, Assist and alarms all read the same `Classified`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
import re
from secrets import choice
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry

from ..client import InboundMessage
from ..contacts.phones import from_service
from ..contacts.recipients import Recipient, owners, recipients
from ..events import iso
from ..text.normalising import without_beginning
from ..text.reactions import is_reaction
from ..text.segments import LOOSE_ENDS
from .question import OpenQuestions, Question

_NUMBER: Final = re.compile(r"\d+")
# A code has three digits: few enough to type, and three guesses hit it once in 300 times.
MIN_CODE, MAX_CODE, CODE_DIGITS = 100, 999, 3
_CODE_PLACE: Final = "{code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """An inbound message and everything that was decided about it.

    `text` is without the contract number, the PIN and the code. `pin_ok` is None where the author
    has no PIN. `missed_code` is the question that this message would answer if it contained the
    question's code, and `wrong_codes` how many other codes it contains.
    """

    message_id: str
    phone: str
    recipient_id: str | None
    recipient: str | None
    text: str
    pin_ok: bool | None
    question: Question | None
    missed_code: Question | None
    wrong_codes: int
    service_number: str
    received_at: datetime
    to_the_minute: bool
    age: int
    verified: bool
    is_reaction: bool

    @property
    def ends_guessing(self) -> bool:
        """Return whether the message used up the wrong codes that its question allows."""
        question = self.missed_code
        return question is not None and self.wrong_codes >= question.guesses_left

    def as_event(self) -> dict[str, Any]:
        """Return the data of the bus event, without the account fields that `Publisher` adds."""
        return {
            "message_id": self.message_id,
            "phone": self.phone,
            "recipient": self.recipient,
            "recipient_id": self.recipient_id,
            "pin_ok": self.pin_ok,
            "message": self.text,
            "service_number": self.service_number,
            "received_at": iso(self.received_at),
            "age": self.age,
            "verified": self.verified,
            "reply_to": self.question.as_dict() if self.question else None,
        }


# Called once for each verified message, before it is published; True keeps it from Assist.
type Claimant = Callable[[Classified], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The author of a message, and its text without the contract number and the PIN."""

    phone: str
    recipient: Recipient | None
    pin_ok: bool | None
    text: str


def identify(entry: ConfigEntry, message: InboundMessage) -> Author:
    """Return the author of a message, by its number and the PIN it begins with.

    Of several recipients with this number it is the one whose PIN the text begins with, else the
    first one without a PIN, else the first one.
    """
    phone = from_service(message.phone)
    text = without_prefix(entry, message.message)
    sharing = owners(entry, phone)
    proven = [(one, rest) for one in sharing if (rest := one.without_pin(text)) is not None]
    if proven:
        # The longest PIN: `47-11` begins with `47` too, which may be another recipient's PIN.
        recipient, rest = max(proven, key=lambda found: len(found[0].pin or ""))
        return Author(phone=phone, recipient=recipient, pin_ok=True, text=rest)
    if not sharing:
        return Author(phone=phone, recipient=None, pin_ok=None, text=text)
    recipient = next((one for one in sharing if not one.pin), sharing[0])
    pin_ok = False if recipient.pin else None
    return Author(phone=phone, recipient=recipient, pin_ok=pin_ok, text=text)


def without_prefix(entry: ConfigEntry, text: str) -> str:
    """Return the text without the contract number, by which the service finds the account."""
    rest = without_beginning(text, entry.unique_id or "")
    return text if rest is None else rest


def classify(
    entry: ConfigEntry,
    questions: OpenQuestions,
    message: InboundMessage,
    at: datetime,
    *,
    verified: bool,
) -> Classified:
    """Decide everything about a message; `at` is the API's time.

    A message with a valid PIN is a command and never an answer; a reaction is not an answer either.
    """
    author = identify(entry, message)
    text, reaction = author.text, is_reaction(author.text)
    question: Question | None = None
    missed: Question | None = None
    wrong = 0
    if not author.pin_ok and not reaction:
        question = questions.find(author.phone, message.created, exact=not message.to_the_minute)
    if question and is_reaction(text, question.message):
        question, reaction = None, True
    if question and question.code:
        found, wrong = take_code(text, question.code, question.guesses_left)
        if found is None:
            question, missed = None, question
        else:
            text, wrong = found, 0
    return Classified(
        message_id=message.id,
        phone=author.phone,
        recipient_id=author.recipient.id if author.recipient else None,
        recipient=author.recipient.name if author.recipient else None,
        text=text,
        pin_ok=author.pin_ok,
        question=question,
        missed_code=missed,
        wrong_codes=wrong,
        service_number=from_service(message.service_number),
        received_at=message.created,
        to_the_minute=message.to_the_minute,
        age=max(int((at - message.created).total_seconds()), 0),
        verified=verified,
        is_reaction=reaction,
    )


def new_code(entry: ConfigEntry) -> str:
    """Return a random code that is no recipient's PIN: an answer with it would be an order."""
    pins = [one.pin for one in recipients(entry)]
    codes = [code for code in map(str, range(MIN_CODE, MAX_CODE + 1)) if code not in pins]
    return choice(codes)


def with_code(question: str, code: str) -> str:
    """Return a question with its code, in place of `{code}`, else at its end."""
    if _CODE_PLACE in question:
        return question.replace(_CODE_PLACE, code)
    return f"{question.rstrip()} {code}"


def take_code(text: str, code: str, guesses: int) -> tuple[str | None, int]:
    """Return the text without the code (None where it lacks it), and how many other codes it has.

    Each number of three digits is one guess: the code counts only within the guesses left.
    """
    wrong = 0
    for found in _NUMBER.finditer(text):
        if len(found[0]) != CODE_DIGITS:
            continue
        if wrong < guesses and int(found[0]) == int(code):
            parts = (text[: found.start()], text[found.end() :])
            return " ".join(filter(None, (part.strip(LOOSE_ENDS) for part in parts))), wrong
        wrong += 1
    return None, wrong
