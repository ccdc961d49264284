"""An open question: a 2WAY message that may be answered once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, Self

from ..events import iso
from ..runtime.journal import Table, stored_time

# How many wrong codes close a question; for the odds see `MIN_CODE` in classify.py.
MAX_GUESSES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A 2WAY message that may be answered once; where it has a code, the answer must contain it."""

    message_id: str
    phone: str
    message: str
    sent_at: datetime
    code: str | None = None
    wrong_codes: int = 0

    @property
    def guesses_left(self) -> int:
        """Return how many more wrong codes close the question."""
        return MAX_GUESSES - self.wrong_codes

    def as_stored(self) -> Table:
        """Return it as the journal stores it, by its id."""
        stored: Table = {
            "phone": self.phone,
            "message": self.message,
            "sent_at": self.sent_at.isoformat(),
        }
        if self.code:
            stored |= {"code": self.code, "wrong_codes": self.wrong_codes}
        return stored

    @classmethod
    def from_stored(cls, message_id: str, row: Any) -> Self:
        """Parse what `as_stored` returned; raise where it cannot be read."""
        return cls(
            message_id=message_id,
            phone=str(row["phone"]),
            message=str(row["message"]),
            sent_at=stored_time(row["sent_at"]),
            code=str(int(row["code"])) if "code" in row else None,
            wrong_codes=int(row.get("wrong_codes", 0)),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the value of an event's `reply_to`."""
        return {
            "message_id": self.message_id,
            "message": self.message,
            "sent_at": iso(self.sent_at),
        }


class OpenQuestions(Protocol):
    """What `classify` needs of `Questions`."""

    def find(self, phone: str, written: datetime, *, exact: bool) -> Question | None:
        """Return the question that a message written at that time answers."""
