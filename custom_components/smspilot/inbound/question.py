"""A question that may be answered once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from ..events import iso

# Wrong codes after which no answer counts any more; classify.py tells the odds.
MAX_GUESSES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A 2WAY message that may be answered once; with a code, only by who has read it."""

    message_id: str
    phone: str
    message: str
    sent_at: datetime
    code: str | None = None
    wrong_codes: int = 0

    @property
    def guesses_left(self) -> int:
        """Return how many wrong codes end it."""
        return MAX_GUESSES - self.wrong_codes

    def as_dict(self) -> dict[str, Any]:
        """Return it as `reply_to` of an event."""
        return {
            "message_id": self.message_id,
            "message": self.message,
            "sent_at": iso(self.sent_at),
        }


class OpenQuestions(Protocol):
    """Where the questions are that a message may answer."""

    def find(self, phone: str, written: datetime, *, exact: bool) -> Question | None:
        """Return the question that a message written then answers."""
