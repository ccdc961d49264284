"""The messages that are being published: a kill in between neither loses nor repeats them.

Two things are written before the events are fired: that a message will be published, which is
synced, and that publishing begins, in the same turn of the event loop. After a kill a message of
which only the first was written is published. Where the second may have been written, it is unknown
whether automations have seen the events: it is not published, and a repair issue names its author.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from homeassistant.core import callback

from ..client import InboundMessage
from ..contacts.phones import from_service
from ..runtime.boot import BOOT_ID
from ..runtime.journal import Journal, Table, stored_time
from .question import Question
from .questions import Questions
from .window import Window

# The name of its table in the journal.
TABLE: Final = "publishing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A message that will be published, and what must be undone to decide about it again.

    `question` is the one that it has closed, or whose wrong codes it has added to, as it was
    before. A claimed message is never offered to the claimants again.
    """

    message: InboundMessage
    verified: bool
    question: Question | None
    is_claimed: bool

    def as_stored(self) -> Table:
        """Return it as the journal stores it."""
        message, question = self.message, self.question
        return {
            "phone": message.phone,
            "service_number": message.service_number,
            "message": message.message,
            "created": message.created.isoformat(),
            "to_the_minute": message.to_the_minute,
            "verified": self.verified,
            "question": question and {"id": question.message_id, **question.as_stored()},
            "claimed": self.is_claimed,
            "boot": BOOT_ID,
        }

    @classmethod
    def from_stored(cls, message_id: str, row: Any) -> Self:
        """Parse what `as_stored` returned; raise where it cannot be read."""
        question = row["question"]
        return cls(
            message=InboundMessage(
                id=message_id,
                phone=str(row["phone"]),
                service_number=str(row["service_number"]),
                message=str(row["message"]),
                created=stored_time(row["created"]),
                seen=False,
                to_the_minute=bool(row["to_the_minute"]),
            ),
            verified=bool(row["verified"]),
            question=question and Question.from_stored(str(question["id"]), question),
            is_claimed=bool(row["claimed"]),
        )


class Publications:
    """The messages of an account that are being published."""

    def __init__(self, journal: Journal, window: Window, questions: Questions) -> None:
        self._journal = journal
        self._window = window
        self._questions = questions
        # By id: those whose publishing has not begun, in the order in which it will.
        self._due: dict[str, Publication] = {}
        # By id: the authors of those whose publishing has begun.
        self._begun: dict[str, str] = {}
        # The authors of those of which a restart does not know whether they were published.
        self.interrupted: list[str] = []

    def restore(self, table: Table) -> None:
        """Load the journal's table."""
        for message_id, row in table.items():
            author = row.get("phone") if isinstance(row, dict) else row
            self._begun[message_id] = from_service(str(author))
            # That publishing begins is written and not synced. After a reboot its absence proves
            # nothing, so only within the same boot is the message published.
            if BOOT_ID and isinstance(row, dict) and row.get("boot") == BOOT_ID:
                with suppress(AttributeError, LookupError, TypeError, ValueError):
                    self._due[message_id] = Publication.from_stored(message_id, row)
                    del self._begun[message_id]

    def table(self) -> Table:
        """Return the messages as the journal stores them."""
        return {**self._begun, **{key: one.as_stored() for key, one in self._due.items()}}

    @callback
    def recover(self) -> None:
        """Find out what a kill has left: what is still to be published, and what is in doubt."""
        self.interrupted = list(dict.fromkeys(self._begun.values()))
        self.end(list(self._begun))
        self.undo()

    @property
    def to_decide_again(self) -> list[Publication]:
        """Return those that must be decided about again; the list may not show them any more."""
        return [one for one in self._due.values() if one.message.id not in self._window]

    def is_claimed(self, message_id: str) -> bool:
        """Return whether a message was claimed before what was decided about it was undone."""
        return message_id in self._due and self._due[message_id].is_claimed

    def add(self, publication: Publication) -> None:
        """Note that a message will be published, once this is on the disk."""
        message_id = publication.message.id
        self._due.pop(message_id, None)
        self._due[message_id] = publication
        self._journal.put(TABLE, message_id, publication.as_stored())

    @callback
    def begin(self, message_id: str) -> None:
        """Note on the disk that publishing begins, and that it has ended for the one before."""
        phone = from_service(self._due.pop(message_id).message.phone)
        before = dict.fromkeys([*self._begun][-1:])
        self._begun[message_id] = phone
        self._journal.write_now(TABLE, {**before, message_id: phone})

    @callback
    def end(self, message_ids: Iterable[str]) -> None:
        """Note that messages were published, or never will be."""
        for message_id in message_ids:
            if self._begun.pop(message_id, None) or self._due.pop(message_id, None):
                self._journal.put(TABLE, message_id, None)

    @callback
    def undo(self) -> None:
        """Undo what was decided about messages whose publishing has not begun."""
        for one in reversed(self._due.values()):
            if one.message.id in self._window:
                if one.question:
                    self._questions.put_back(one.question)
                self._window.forget(one.message.id)
