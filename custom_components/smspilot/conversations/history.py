"""The lines of an account's conversations, by number and in order; the oldest are dropped."""

from collections.abc import Iterable
from datetime import datetime, timedelta
import math
from typing import Final

from ..client import Kind, Status
from ..const import HORIZON
from .lines import Json, Line, merged

# Some megabytes at most; older lines are not shown.
MAX_LINES: Final = 5000
# Zones differ by whole hours here.
ZONE_STEP: Final = timedelta(hours=1)
# The clocks of two machines may differ by so much.
MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=15)
_NOT_DELIVERED: Final = (Status.FAILED, Status.UNDELIVERED)


class History:
    """Lines by number.

    The time zone of the outbound list is not documented. It is learned from our own messages, whose
    time is known.
    """

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._by_phone: dict[str, dict[str, Line]] = {}
        # The lines of a number as they are shown, cached until one of them changes.
        self._shown: dict[str, list[Json]] = {}
        self.zone = timedelta(0)

    @property
    def phones(self) -> Iterable[str]:
        """Return the numbers that have lines."""
        return self._by_phone.keys()

    @property
    def is_full(self) -> bool:
        """Return whether older lines would be dropped at once."""
        return len(self._lines) >= MAX_LINES

    def get(self, line_id: str) -> Line | None:
        """Return the line with this id."""
        return self._lines.get(line_id)

    def add(self, line: Line) -> bool:
        """Add a line, or merge it into the known one; return whether anything changed."""
        old = self._lines.get(line.id)
        line = merged(old, line)
        if line == old:
            return False
        self._lines[line.id] = line
        self._by_phone.setdefault(line.phone, {})[line.id] = line
        self._shown.pop(line.phone, None)
        return True

    def trim(self) -> None:
        """Drop the oldest lines beyond the maximum."""
        surplus = len(self._lines) - MAX_LINES
        if surplus <= 0:
            return
        for line in sorted(self._lines.values(), key=self._at)[:surplus]:
            del self._lines[line.id]
            of_phone = self._by_phone[line.phone]
            del of_phone[line.id]
            if not of_phone:
                del self._by_phone[line.phone]
            self._shown.pop(line.phone, None)

    def learn_zone(self, sent_at: datetime, listed_at: datetime) -> None:
        """Learn the zone of the outbound list from a message of our own."""
        self._set_zone(round((listed_at - sent_at) / ZONE_STEP) * ZONE_STEP)

    def no_future(self, now: datetime) -> None:
        """Take a zone ahead of UTC where the list has messages from the future."""
        newest = max((line.at for line in self._lines.values() if line.zoned), default=now)
        if (ahead := newest - self.zone - now) > MAX_CLOCK_DIFFERENCE:
            self._set_zone(self.zone + math.ceil(ahead / ZONE_STEP) * ZONE_STEP)

    def of(self, phones: Iterable[str]) -> list[Json]:
        """Return the lines of these numbers as they are shown, the oldest first."""
        every = [self._of_phone(phone) for phone in phones]
        if len(every) == 1:
            return every[0]
        return sorted((row for rows in every for row in rows), key=_order)

    def last(self, phones: Iterable[str]) -> Json | None:
        """Return the newest line of these numbers."""
        newest = (rows[-1] for phone in phones if (rows := self._of_phone(phone)))
        return max(newest, key=_order, default=None)

    def _set_zone(self, zone: timedelta) -> None:
        if zone != self.zone:
            self.zone = zone
            self._shown.clear()

    def _at(self, line: Line) -> datetime:
        return line.at - self.zone if line.zoned else line.at

    def _of_phone(self, phone: str) -> list[Json]:
        if phone not in self._by_phone:
            return []
        if phone not in self._shown:
            dated = [(line, self._at(line)) for line in self._by_phone[phone].values()]
            dated.sort(key=lambda one: one[0].sort_key(one[1]))
            questions = self._questions(dated)
            self._shown[phone] = [line.as_dict(at, questions.get(line.id)) for line, at in dated]
        return self._shown[phone]

    def _questions(self, dated: list[tuple[Line, datetime]]) -> dict[str, Line]:
        """Return the question of each answer.

        Where no event named it, this follows the rule of the inbox: the newest 2WAY message of the
        last 72 hours that has no answer yet.
        """
        found: dict[str, Line] = {}
        unanswered: list[tuple[Line, datetime]] = []
        for line, at in dated:
            if line.is_outbound:
                if line.kind is Kind.TWO_WAY and line.status not in _NOT_DELIVERED:
                    unanswered.append((line, at))
                continue
            question = self._lines.get(f"out:{line.answers}") if line.answers else None
            if question is None and not line.decided:
                newest_first = reversed(unanswered)
                open_ones = (one for one, sent_at in newest_first if at - sent_at <= HORIZON)
                question = next(open_ones, None)
            if question:
                found[line.id] = question
                unanswered = [one for one in unanswered if one[0] is not question]
        return found


def _order(row: Json) -> str:
    order: str = row["order"]
    return order
