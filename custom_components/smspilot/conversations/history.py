"""The lines that are known of an account, by number, in order, and not too many."""

from collections.abc import Iterable
from datetime import datetime, timedelta
import math
from typing import Final

from ..client import Kind, Status
from ..const import HORIZON
from .lines import Json, Line, merged

# Some megabytes at most; what is older than these is not shown.
MAX_LINES: Final = 5000
HOUR: Final = timedelta(hours=1)
# Clocks of two machines may differ so much.
CLOCKS_APART: Final = timedelta(minutes=15)
_NOT_ASKED: Final = (Status.FAILED, Status.UNDELIVERED)


class History:
    """Lines by number. Times of the outbound list are of the zone that our own sends show."""

    def __init__(self) -> None:
        """Know no line yet."""
        self._lines: dict[str, Line] = {}
        self._by_phone: dict[str, dict[str, Line]] = {}
        # The lines of a number, ready to be shown, until one of them changes.
        self._ready: dict[str, list[Json]] = {}
        self.zone = timedelta(0)

    @property
    def phones(self) -> Iterable[str]:
        """Return the numbers there are lines of."""
        return self._by_phone.keys()

    @property
    def is_full(self) -> bool:
        """Return whether nothing older is taken."""
        return len(self._lines) >= MAX_LINES

    def get(self, line_id: str) -> Line | None:
        """Return a line."""
        return self._lines.get(line_id)

    def add(self, line: Line) -> bool:
        """Take what is known of a line now; return whether that is new."""
        old = self._lines.get(line.id)
        line = merged(old, line)
        if line == old:
            return False
        self._lines[line.id] = line
        self._by_phone.setdefault(line.phone, {})[line.id] = line
        self._ready.pop(line.phone, None)
        return True

    def trim(self) -> None:
        """Forget the oldest lines beyond what is kept."""
        surplus = len(self._lines) - MAX_LINES
        if surplus <= 0:
            return
        for line in sorted(self._lines.values(), key=self._at)[:surplus]:
            del self._lines[line.id]
            of_phone = self._by_phone[line.phone]
            del of_phone[line.id]
            if not of_phone:
                del self._by_phone[line.phone]
            self._ready.pop(line.phone, None)

    def learn_zone(self, sent_at: datetime, listed_at: datetime) -> None:
        """See from a message of our own which zone the outbound list is in."""
        self._set_zone(round((listed_at - sent_at) / HOUR) * HOUR)

    def no_future(self, now: datetime) -> None:
        """See that a list which names times to come is in a zone ahead of UTC."""
        newest = max((line.at for line in self._lines.values() if line.zoned), default=now)
        if (ahead := newest - self.zone - now) > CLOCKS_APART:
            self._set_zone(self.zone + math.ceil(ahead / HOUR) * HOUR)

    def of(self, phones: Iterable[str]) -> list[Json]:
        """Return the lines of numbers as they are shown, the oldest first."""
        every = [self._of_phone(phone) for phone in phones]
        if len(every) == 1:
            return every[0]
        return sorted((row for rows in every for row in rows), key=_order)

    def last(self, phones: Iterable[str]) -> Json | None:
        """Return the newest line of numbers."""
        newest = (rows[-1] for phone in phones if (rows := self._of_phone(phone)))
        return max(newest, key=_order, default=None)

    def _set_zone(self, zone: timedelta) -> None:
        if zone != self.zone:
            self.zone = zone
            self._ready.clear()

    def _at(self, line: Line) -> datetime:
        return line.at - self.zone if line.zoned else line.at

    def _of_phone(self, phone: str) -> list[Json]:
        if phone not in self._by_phone:
            return []
        if phone not in self._ready:
            dated = [(line, self._at(line)) for line in self._by_phone[phone].values()]
            dated.sort(key=lambda one: one[0].sort_key(one[1]))
            questions = self._questions(dated)
            self._ready[phone] = [line.as_dict(at, questions.get(line.id)) for line, at in dated]
        return self._ready[phone]

    def _questions(self, dated: list[tuple[Line, datetime]]) -> dict[str, Line]:
        """Return which question each answer is to.

        Where no event has told it is what the inbox would have said: the newest 2WAY message of
        72 hours that has no answer yet.
        """
        found: dict[str, Line] = {}
        asked: list[tuple[Line, datetime]] = []
        for line, at in dated:
            if line.is_outbound:
                if line.kind is Kind.TWO_WAY and line.status not in _NOT_ASKED:
                    asked.append((line, at))
                continue
            question = self._lines.get(f"out:{line.answers}") if line.answers else None
            if question is None and not line.decided:
                open_ones = (one for one, asked_at in reversed(asked) if at - asked_at <= HORIZON)
                question = next(open_ones, None)
            if question:
                found[line.id] = question
                asked = [one for one in asked if one[0] is not question]
        return found


def _order(row: Json) -> str:
    order: str = row["order"]
    return order
