"""What was asked and not answered yet, and who waits for the answer."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..const import HORIZON, LOGGER
from ..events import SentMessage, iso
from ..runtime.journal import Journal, Table, stored_time

# Answers that came before somebody waited for them: a receipt is written down in between.
MAX_EARLY: Final = 100
# The list's times may have minutes only.
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A 2WAY message that may be answered once."""

    message_id: str
    phone: str
    message: str
    sent_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return it as `reply_to` of an event."""
        return {
            "message_id": self.message_id,
            "message": self.message,
            "sent_at": iso(self.sent_at),
        }


class Questions:
    """The open questions of an account."""

    def __init__(self, hass: HomeAssistant, journal: Journal, changed: Callable[[], None]) -> None:
        """Have asked nothing yet; `changed` hears that somebody waits, or no longer."""
        self._hass = hass
        self._journal = journal
        self._changed = changed
        self._open: dict[str, Question] = {}
        # The same by number, so that an answer is found at once.
        self._asked: dict[str, list[Question]] = {}
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._early: dict[str, dict[str, Any]] = {}

    def restore(self, table: Table) -> None:
        """Take up what was asked before the restart."""
        for message_id, data in table.items():
            try:
                question = Question(
                    message_id=message_id,
                    phone=str(data["phone"]),
                    message=str(data["message"]),
                    sent_at=stored_time(data["sent_at"]),
                )
            except LookupError, TypeError, ValueError:
                LOGGER.warning("A stored question cannot be read and is left out")
            else:
                self._keep(question)

    def table(self) -> Table:
        """Return what is open, as it is stored."""
        return {message_id: _as_stored(one) for message_id, one in self._open.items()}

    @property
    def waiting(self) -> bool:
        """Return whether somebody waits for an answer."""
        return bool(self._waiting)

    @callback
    def asked(self, rows: Iterable[SentMessage], text: str, at: datetime) -> None:
        """Remember 2WAY messages: what their numbers write next is the answer.

        `at` is when they were sent, by the service's clock; one that is scheduled asks when due.
        """
        for old in [one for one in self._open.values() if at - one.sent_at > HORIZON]:
            self._drop(old)
        for row in rows:
            # What a search for a lost answer finds may be known after all.
            known = row.message_id in self._open
            if row.message_id and not known and not row.test and not row.refused:
                delay = row.due_at - row.sent_at if row.due_at and row.sent_at else timedelta(0)
                question = Question(
                    message_id=row.message_id,
                    phone=row.phone,
                    message=text,
                    # The service's clock tells seconds only; more would be no order.
                    sent_at=(at + max(delay, timedelta(0))).replace(microsecond=0),
                )
                self._keep(question)
                self._journal.write("questions", row.message_id, _as_stored(question))

    @callback
    def answered(self, phone: str, at: datetime) -> Question | None:
        """Return the newest question to the number, which is answered by this."""
        # What was written before a question answers another one.
        asked = [one for one in self._asked.get(phone, ()) if one.sent_at - at < MINUTE]
        for old in [one for one in asked if at - one.sent_at > HORIZON]:
            asked.remove(old)
            self._drop(old)
        if not asked:
            return None
        # Of those asked at once it is the last one.
        newest = max(reversed(asked), key=lambda one: one.sent_at)
        self._drop(newest)
        return newest

    @callback
    def hand_over(self, question: Question, data: dict[str, Any]) -> None:
        """Give the answer to who waits for it, or will in a moment."""
        future = self._waiting.get(question.message_id)
        if future and not future.done():
            future.set_result(data)
        elif not future:
            while len(self._early) >= MAX_EARLY:
                del self._early[next(iter(self._early))]
            self._early[question.message_id] = data

    async def reply(self, message_id: str, limit: timedelta) -> dict[str, Any] | None:
        """Return the answer to a question, or None when the time is over."""
        if data := self._early.pop(message_id, None):
            return data
        future: asyncio.Future[dict[str, Any]] = self._hass.loop.create_future()
        self._waiting[message_id] = future
        self._changed()
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await future
        except TimeoutError:
            return None
        finally:
            del self._waiting[message_id]
            self._changed()

    @callback
    def close(self, why: Exception) -> None:
        """End every wait."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(why)

    def _keep(self, question: Question) -> None:
        self._open[question.message_id] = question
        self._asked.setdefault(question.phone, []).append(question)

    def _drop(self, question: Question) -> None:
        del self._open[question.message_id]
        self._asked[question.phone].remove(question)
        if not self._asked[question.phone]:
            del self._asked[question.phone]
        self._journal.write("questions", question.message_id, None)


def _as_stored(question: Question) -> Table:
    return {
        "phone": question.phone,
        "message": question.message,
        "sent_at": question.sent_at.isoformat(),
    }
