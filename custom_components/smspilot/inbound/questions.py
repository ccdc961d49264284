"""What was asked and not answered yet, and who waits for the answer."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..const import HORIZON, LOGGER
from ..events import SentMessage
from ..runtime.journal import Journal, Table, stored_time
from .ask import Ask
from .classify import Classified
from .question import Question

# Codes of questions that may still turn out to have been sent.
MAX_CODES: Final = 100
# The list's times may have minutes only. Seconds, by the loop's clock.
MINUTE: Final = 60.0
# A send that takes longer holds up nobody's messages.
MAX_SENDING: Final = 300.0


@dataclass(slots=True)
class _Turn:
    """Whose turn it is to ask a number."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Questions:
    """The open questions of an account."""

    def __init__(self, hass: HomeAssistant, journal: Journal, changed: Callable[[], None]) -> None:
        """Have asked nothing yet; `changed` is called when somebody waits, or no longer."""
        self._hass = hass
        self._journal = journal
        self._changed = changed
        self._open: dict[str, Question] = {}
        # The same by number, so that an answer is found at once.
        self._asked: dict[str, list[Question]] = {}
        # Who waits, by number.
        self._asks: dict[str, Ask] = {}
        self._turns: dict[str, _Turn] = {}
        # By number and text, from before the question is sent.
        self._codes: dict[tuple[str, str], str] = {}

    def restore(self, table: Table) -> None:
        """Take up what was asked before the restart."""
        for message_id, data in table.items():
            try:
                question = Question(
                    message_id=message_id,
                    phone=str(data["phone"]),
                    message=str(data["message"]),
                    sent_at=stored_time(data["sent_at"]),
                    code=str(int(data["code"])) if "code" in data else None,
                    wrong_codes=int(data.get("wrong_codes", 0)),
                )
            except AttributeError, LookupError, TypeError, ValueError:
                LOGGER.warning("A stored question cannot be read and is left out")
            else:
                self._keep(question)

    def table(self) -> Table:
        """Return what is open, as it is stored."""
        return {message_id: _as_stored(one) for message_id, one in self._open.items()}

    @property
    def waiting(self) -> bool:
        """Return whether somebody waits for an answer to what has gone out."""
        return any(ask.message_ids for ask in self._asks.values())

    def is_asking(self, phone: str, age: float) -> bool:
        """Return whether a message of that age may answer a question that is being sent.

        It may be there before the API's response to the question is.
        """
        ask = self._asks.get(phone)
        if not ask or ask.message_ids:
            return False
        asking_for = self._hass.loop.time() - ask.began
        return age <= asking_for + MINUTE and asking_for < MAX_SENDING

    @asynccontextmanager
    async def asking(self, phone: str, text: str, code: str | None = None) -> AsyncGenerator[Ask]:
        """Wait for the number's other questions, then for the answer to the one sent within."""
        turn = self._turns.setdefault(phone, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                ask = self._asks[phone] = Ask(
                    text, self._hass.loop.time(), self._hass.loop.create_future()
                )
                if code:
                    self._note_code(phone, text, code)
                try:
                    yield ask
                finally:
                    del self._asks[phone]
                    self._changed()
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[phone]

    @callback
    def asked(self, rows: Iterable[SentMessage], text: str, at: datetime) -> None:
        """Remember 2WAY messages: what their numbers write next is the answer.

        `at` is when they were sent, by the service's clock; one that is scheduled asks when due.
        """
        for old in [one for one in self._open.values() if at - one.sent_at > HORIZON]:
            self._drop(old)
        for row in rows:
            # What a search for a lost response finds may be known after all.
            known = row.message_id in self._open
            if not row.message_id or known or row.test or row.refused:
                continue
            delay = row.due_at - row.sent_at if row.due_at and row.sent_at else timedelta(0)
            question = Question(
                message_id=row.message_id,
                phone=row.phone,
                message=text,
                # The API's clock tells seconds only; with microseconds the comparison in `find`
                # would be wrong.
                sent_at=(at + max(delay, timedelta(0))).replace(microsecond=0),
                code=self._codes.get((row.phone, text)),
            )
            self._keep(question, write=True)
            if (ask := self._asks.get(row.phone)) and ask.text == text:
                ask.message_ids.add(row.message_id)
                self._changed()

    @callback
    def find(self, phone: str, written: datetime, *, exact: bool) -> Question | None:
        """Return the question that a text of the number answers.

        That is the one somebody waits for, else the newest. What was written before a question is
        no answer to it; not `exact`, the time is known to the minute only.
        """
        found: list[Question] = []
        for one in list(self._asked.get(phone, ())):
            since = one.sent_at if exact else one.sent_at.replace(second=0, microsecond=0)
            if written - one.sent_at > HORIZON:
                self._drop(one)
            elif written >= since:
                found.append(one)
        ask = self._asks.get(phone)
        if ask and (waited := [one for one in found if one.message_id in ask.message_ids]):
            found = waited
        # Of those asked at once it is the last one.
        return max(reversed(found), key=lambda one: one.sent_at, default=None)

    def is_waited_for(self, question: Question) -> bool:
        """Return whether somebody waits for the answer to a question."""
        return any(question.message_id in ask.message_ids for ask in self._asks.values())

    @callback
    def take(self, message: Classified) -> None:
        """Let a message answer its question, or guess at its code."""
        if message.question:
            self._drop(message.question)
        elif (question := message.missed_code) and message.wrong_codes:
            self._drop(question)
            if not message.ends_guessing:
                wrong_codes = question.wrong_codes + message.wrong_codes
                self._keep(replace(question, wrong_codes=wrong_codes), write=True)

    @callback
    def put_back(self, message: Classified) -> None:
        """Undo what a message did that could not be published."""
        if question := message.question or message.missed_code:
            self._drop(question)
            self._keep(question, write=True)

    @callback
    def hand_over(self, message: Classified) -> None:
        """Give an answer to who waits for it; after the last guess nobody does."""
        if message.question:
            self._end(message.question, message)
        elif message.missed_code and message.ends_guessing:
            self._end(message.missed_code, None)

    @callback
    def forget(self, message_id: str) -> None:
        """Expect no answer to a question that never arrived."""
        if question := self._open.get(message_id):
            self._drop(question)

    @callback
    def close(self, why: Exception) -> None:
        """End every wait."""
        for ask in self._asks.values():
            ask.fail(why)

    def _end(self, question: Question, answer: Classified | None) -> None:
        ask = self._asks.get(question.phone)
        if ask and question.message_id in ask.message_ids:
            ask.end(answer)

    def _note_code(self, phone: str, text: str, code: str) -> None:
        while len(self._codes) >= MAX_CODES:
            del self._codes[next(iter(self._codes))]
        self._codes[phone, text] = code

    def _keep(self, question: Question, *, write: bool = False) -> None:
        self._open[question.message_id] = question
        self._asked.setdefault(question.phone, []).append(question)
        if write:
            self._journal.put("questions", question.message_id, _as_stored(question))

    def _drop(self, question: Question) -> None:
        if self._open.pop(question.message_id, None) is None:
            return
        others = [
            one for one in self._asked[question.phone] if one.message_id != question.message_id
        ]
        if others:
            self._asked[question.phone] = others
        else:
            del self._asked[question.phone]
        self._journal.put("questions", question.message_id, None)


def _as_stored(question: Question) -> Table:
    stored: Table = {
        "phone": question.phone,
        "message": question.message,
        "sent_at": question.sent_at.isoformat(),
    }
    if question.code:
        stored |= {"code": question.code, "wrong_codes": question.wrong_codes}
    return stored
