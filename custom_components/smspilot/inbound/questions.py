"""The questions that are not answered yet, and the `ask` actions that wait for an answer."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..const import HORIZON, LOGGER
from ..events import SentMessage
from ..runtime.journal import Journal, Table
from .ask import Ask
from .classify import Classified
from .question import Question

# The name of its table in the journal.
TABLE: Final = "questions"
# Codes by number and text, kept because a question in doubt may have been sent.
MAX_CODES: Final = 100
# The list's times may lack seconds. In seconds.
MINUTE: Final = 60.0
# A question whose send takes longer delays no inbound message any more. Seconds.
MAX_SENDING: Final = 300.0


@dataclass(slots=True)
class PhoneLock:
    """The lock of a number, so that one question at a time is asked, and how many use it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Questions:
    """The open questions of an account."""

    def __init__(self, hass: HomeAssistant, journal: Journal, changed: Callable[[], None]) -> None:
        """Have `changed` called when a wait for an answer begins or ends."""
        self._hass = hass
        self._journal = journal
        self._changed = changed
        self._open: dict[str, Question] = {}
        self._open_by_phone: dict[str, list[Question]] = {}
        self._asks: dict[str, Ask] = {}
        self._locks: dict[str, PhoneLock] = {}
        # By number and text: a code is made before its question has an id.
        self._codes: dict[tuple[str, str], str] = {}

    def restore(self, table: Table) -> None:
        """Load the journal's table."""
        for message_id, data in table.items():
            try:
                question = Question.from_stored(message_id, data)
            except AttributeError, LookupError, TypeError, ValueError:
                LOGGER.warning("A stored question cannot be read and is left out")
            else:
                self._keep(question)

    def table(self) -> Table:
        """Return the open questions as the journal stores them."""
        return {message_id: one.as_stored() for message_id, one in self._open.items()}

    @property
    def waiting(self) -> bool:
        """Return whether an `ask` waits for the answer to a question that was sent."""
        return any(ask.message_ids for ask in self._asks.values())

    def is_asking(self, phone: str, age: float) -> bool:
        """Return whether a message of that age may answer a question that is being sent.

        An answer may be listed before the API has responded to the send.
        """
        ask = self._asks.get(phone)
        if not ask or ask.message_ids:
            return False
        asking_for = self._hass.loop.time() - ask.began
        return age <= asking_for + MINUTE and asking_for < MAX_SENDING

    @asynccontextmanager
    async def asking(self, phone: str, text: str, code: str | None = None) -> AsyncGenerator[Ask]:
        """Wait for other questions to the number, then yield the `Ask` of the one to be sent."""
        used = self._locks.setdefault(phone, PhoneLock())
        used.users += 1
        try:
            async with used.lock:
                ask = self._asks[phone] = Ask(
                    text, self._hass.loop.time(), self._hass.loop.create_future()
                )
                if code:
                    self._remember_code(phone, text, code)
                try:
                    yield ask
                finally:
                    del self._asks[phone]
                    self._changed()
        finally:
            used.users -= 1
            if not used.users:
                del self._locks[phone]

    @callback
    def add_sent(self, rows: Iterable[SentMessage], text: str, at: datetime) -> None:
        """Remember 2WAY messages as questions that the next message of their number answers.

        `at` is when they were sent, on the API's clock; a scheduled one is a question from when it
        is due.
        """
        for old in [one for one in self._open.values() if at - one.sent_at > HORIZON]:
            self._drop(old)
        for row in rows:
            # Reconciling may find a message that is known already.
            known = row.message_id in self._open
            if not row.message_id or known or row.test or row.refused:
                continue
            delay = row.due_at - row.sent_at if row.due_at and row.sent_at else timedelta(0)
            question = Question(
                message_id=row.message_id,
                phone=row.phone,
                message=text,
                # Inbound messages have whole seconds: microseconds would make an answer of the same
                # second older than its question.
                sent_at=(at + max(delay, timedelta(0))).replace(microsecond=0),
                code=self._codes.get((row.phone, text)),
            )
            self._keep(question, write=True)
            if (ask := self._asks.get(row.phone)) and ask.text == text:
                ask.message_ids.add(row.message_id)
                self._changed()

    @callback
    def find(self, phone: str, written: datetime, *, exact: bool) -> Question | None:
        """Return the question that a message of the number answers.

        That is the one an `ask` waits for, else the newest. A message written before a question
        does not answer it; not `exact`, `written` is known to the minute only.
        """
        found: list[Question] = []
        for one in list(self._open_by_phone.get(phone, ())):
            since = one.sent_at if exact else one.sent_at.replace(second=0, microsecond=0)
            if written - one.sent_at > HORIZON:
                self._drop(one)
            elif written >= since:
                found.append(one)
        ask = self._asks.get(phone)
        if ask and (waited := [one for one in found if one.message_id in ask.message_ids]):
            found = waited
        # Of several with the same time the last one.
        return max(reversed(found), key=lambda one: one.sent_at, default=None)

    def is_waited_for(self, question: Question) -> bool:
        """Return whether an `ask` waits for the answer to this question."""
        ask = self._asks.get(question.phone)
        return ask is not None and question.message_id in ask.message_ids

    @callback
    def apply(self, message: Classified) -> None:
        """Close the question that a message answers, or count its wrong codes."""
        if message.question:
            self._drop(message.question)
        elif (question := message.missed_code) and message.wrong_codes:
            self._drop(question)
            if not message.ends_guessing:
                wrong_codes = question.wrong_codes + message.wrong_codes
                self._keep(replace(question, wrong_codes=wrong_codes), write=True)

    @callback
    def put_back(self, question: Question) -> None:
        """Undo `apply` for a message that could not be published."""
        self._drop(question)
        self._keep(question, write=True)

    @callback
    def end_wait(self, message: Classified) -> None:
        """End the `ask` that waits for this answer; the last wrong code ends it without one."""
        if message.question:
            self._end_ask(message.question, message)
        elif message.missed_code and message.ends_guessing:
            self._end_ask(message.missed_code, None)

    @callback
    def forget(self, message_id: str) -> None:
        """Close a question that was not delivered."""
        if question := self._open.get(message_id):
            self._drop(question)

    @callback
    def close(self, error: Exception) -> None:
        """End every wait with the error."""
        for ask in self._asks.values():
            ask.fail(error)

    def _end_ask(self, question: Question, answer: Classified | None) -> None:
        if self.is_waited_for(question):
            self._asks[question.phone].end(answer)

    def _remember_code(self, phone: str, text: str, code: str) -> None:
        while len(self._codes) >= MAX_CODES:
            del self._codes[next(iter(self._codes))]
        self._codes[phone, text] = code

    def _keep(self, question: Question, *, write: bool = False) -> None:
        self._open[question.message_id] = question
        self._open_by_phone.setdefault(question.phone, []).append(question)
        if write:
            self._journal.put(TABLE, question.message_id, question.as_stored())

    def _drop(self, question: Question) -> None:
        if self._open.pop(question.message_id, None) is None:
            return
        others = [
            one
            for one in self._open_by_phone[question.phone]
            if one.message_id != question.message_id
        ]
        if others:
            self._open_by_phone[question.phone] = others
        else:
            del self._open_by_phone[question.phone]
        self._journal.put(TABLE, question.message_id, None)
