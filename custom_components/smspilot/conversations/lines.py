"""The lines of a conversation: messages to a number, and messages from it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
import re
from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..client import InboundMessage, Kind, MessageRow, Problem, Status
from ..client.models import NUMBER_CHECKS, SERVICE_WORDS, kind_of
from ..contacts.phones import from_service
from ..events import SentMessage, SentText, number
from ..inbound.classify import Author
from ..outbound.result import word
from ..text.reactions import is_reaction

type Json = dict[str, Any]

# In place of a FlashCall's code, with which any reader could log in as the recipient.
HIDDEN: Final = "••••"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message as a conversation shows it; `phone` is E.164, or a sender's word.

    `at` is UTC, except where it comes from the API's outbound list (`zoned`), whose zone is not
    documented. `decided` means that it is known which question an inbound message answers, if any.
    """

    message_id: str
    is_outbound: bool
    phone: str
    text: str | None
    at: datetime
    zoned: bool = False
    to_the_minute: bool = False
    kind: Kind | None = None
    status: Status | None = None
    price: Decimal | None = None
    problem: Problem | None = None
    alarm: str | None = None
    answers: str | None = None
    decided: bool = False

    @property
    def id(self) -> str:
        """Return the unique id: inbound and outbound messages have ids of their own."""
        return f"{'out' if self.is_outbound else 'in'}:{self.message_id}"

    def sort_key(self, at: datetime) -> str:
        """Return a sort key: by time; within a second a question comes before its answer."""
        side = 0 if self.is_outbound else 1
        if self.to_the_minute:
            # Its question may have been sent in the same minute: sort it to the minute's end.
            at += timedelta(seconds=59)
        return f"{at:%Y%m%d%H%M%S}{side}{self.message_id:0>20}"

    def as_dict(self, at: datetime, question: Line | None) -> Json:
        """Return the line as it is sent to the card."""
        problem = self.problem
        return {
            "id": self.id,
            "order": self.sort_key(at),
            "direction": "out" if self.is_outbound else "in",
            "kind": self.kind,
            "phone": self.phone,
            "text": self.text,
            "time": at.isoformat(),
            "status": None if self.status is None else word(self.status, self.kind),
            "price": number(self.price),
            "error": problem
            and {
                "code": problem.code,
                "en": problem.description,
                "ru": problem.description_ru,
            },
            "alarm": self.alarm,
            "reply_to": question and {"id": question.id, "text": question.text},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored here of a message that we sent."""

    kind: Kind | None
    sent_at: datetime | None
    # The name of the alarm that sent it.
    alarm: str | None


def listed(message: MessageRow, known: Known) -> Line | None:
    """Return the line of a row of `check`, or None where id, number or time are missing."""
    at = message.created or known.sent_at
    if not message.id or not message.phone or at is None:
        return None
    kind = known.kind or _kind(message)
    return Line(
        message_id=message.id,
        is_outbound=True,
        phone=from_service(message.phone),
        text=_shown(message, kind),
        at=at,
        zoned=message.created is not None,
        kind=kind,
        status=message.status,
        price=message.price,
        problem=message.problem,
        alarm=known.alarm,
    )


def sent(message: SentText, row: SentMessage, now: datetime) -> Line:
    """Return the line of a message that was just sent."""
    text = None if message.kind in NUMBER_CHECKS else message.text
    return Line(
        message_id=row.message_id or "",
        is_outbound=True,
        phone=row.phone,
        text=HIDDEN if message.kind is Kind.FLASH_CALL else text,
        at=row.sent_at or now,
        kind=message.kind,
        status=row.status,
        price=row.price,
        problem=row.error,
    )


def received(message: InboundMessage, author: Author) -> Line:
    """Return the line of a row of the inbound list; a command or a reaction is no answer."""
    return Line(
        message_id=message.id,
        is_outbound=False,
        phone=author.phone,
        text=author.text,
        at=message.created,
        to_the_minute=message.to_the_minute,
        decided=author.pin_ok is True or is_reaction(author.text),
    )


def with_status(line: Line, data: Json, known: Known) -> Line:
    """Return the line with the status, price and error of a status event."""
    price, error = data["price"], data["error"]
    description = error and error["description"]
    return replace(
        line,
        kind=Kind(data["kind"]),
        status=Status(data["status_code"]),
        price=None if price is None else Decimal(str(price)),
        problem=error
        and Problem(code=error["code"], description=description, description_ru=description),
        alarm=known.alarm,
    )


def from_event(data: Json) -> Line | None:
    """Return the line of an inbound message's event."""
    if (at := dt_util.parse_datetime(data["received_at"])) is None:
        return None
    question = data["reply_to"]
    return Line(
        message_id=data["message_id"],
        is_outbound=False,
        phone=data["phone"],
        text=data["message"],
        at=at,
        to_the_minute=not at.second,
        answers=question and question["message_id"],
        decided=True,
    )


def merged(old: Line | None, new: Line) -> Line:
    """Return two states of one line merged; the newer values count where there are any."""
    if old is None:
        return new
    status, problem = new.status, new.problem
    if old.status is not None and (status is None or _progress(old.status) > _progress(status)):
        status, problem = old.status, old.problem
    elif problem is None and status == old.status:
        problem = old.problem
    return replace(
        new,
        at=new.at if old.zoned else old.at,
        zoned=new.zoned and old.zoned,
        # Prefer the text that was sent: the API may store it changed.
        text=(new.text or old.text) if old.zoned else (old.text or new.text),
        kind=new.kind or old.kind,
        status=status,
        price=old.price if new.price is None else new.price,
        problem=problem,
        alarm=new.alarm or old.alarm,
        answers=new.answers or old.answers,
        decided=new.decided or old.decided,
    )


def _progress(status: Status) -> int:
    """Return how far a status is, so that a late read does not undo a newer push.

    An unknown status, which a newer API may add, counts as final.
    """
    final = Status.DELIVERED.progress or 0
    return final if status.progress is None else status.progress


def _kind(message: MessageRow) -> Kind | None:
    """Return the kind of a message that is not stored here, where its row shows it."""
    if message.facts:
        return Kind.HLRVIP
    return kind_of(message.message, message.sender, message.sender_original)


def _shown(message: MessageRow, kind: Kind | None) -> str | None:
    """Return the text that may be shown: no FlashCall code, no text of a number check."""
    text = message.message
    if kind is Kind.FLASH_CALL or (kind is None and re.fullmatch(r"\s*\d{4}\s*", text or "")):
        return HIDDEN
    if kind in NUMBER_CHECKS and (message.facts or text in SERVICE_WORDS):
        return None
    return text
