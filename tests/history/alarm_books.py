"""The alarms' own ledger: what went out for them, what was published of them, who took them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tests.simulator.model import Order
from tests.simulator.simulator import Simulator

# What every text of a step has, and those that only inform have too.
ALARM: Final = "Потоп"
ALL_CLEAR: Final = "Отбой"
CANNOT: Final = "Не могу"
_INFORMING: Final = ("takes it", "It is now")
# The list may show minutes only, and a request take its time.
_MINUTE: Final = timedelta(seconds=130)
# Within this time a request reaches the service.
_UNDER_WAY: Final = timedelta(seconds=1)


@dataclass(slots=True)
class PublishedRun:
    """What was published of a run."""

    keys: set[str] = field(default_factory=set)
    types: list[str] = field(default_factory=list)
    # The name of the taker, and when.
    taken: list[tuple[str, datetime]] = field(default_factory=list)
    # So many of them a disk may have lost, and the alarm goes on.
    forgotten: int = 0
    plan_changed: bool = False
    # When the alarm was removed: added again, it may start anew with the same text.
    removed_at: datetime | None = None
    # The last event before the step that reached a recipient: its request may have been lost.
    asked: dict[str, datetime] = field(default_factory=dict)
    last_event_at: datetime | None = None


class AlarmBooks:
    """The home's side of the story of its alarms."""

    def __init__(self, people: Mapping[str, tuple[str, ...]]) -> None:
        # Numbers by recipients' names.
        self._people = people
        self.keys: set[str] = set()
        self.runs: dict[str, PublishedRun] = {}
        # The names of those who took an alarm at the home itself.
        self.takers: set[str] = set()
        # From when on an alarm may start anew with a text that it has sent: it was removed, or its
        # run was forgotten with a disk that could not be written to.
        self._anew: list[datetime] = []

    def open(self, sim: Simulator) -> None:
        """Follow the service."""
        self._sim = sim

    def add(self, data: Mapping[str, Any], key: str) -> None:
        """Write down an event."""
        # Where a power cut took its start along, it may have begun with another plan.
        begun = PublishedRun(plan_changed=data["type"] != "started")
        run = self.runs.setdefault(data["alarm_id"], begun)
        # Another start while it runs gives it another message.
        run.keys.add(key)
        run.types.append(data["type"])
        if data["type"] == "step" and run.last_event_at:
            for name in (data["recipient"] or "").split(", "):
                run.asked.setdefault(name, run.last_event_at)
        run.last_event_at = self._sim.now()
        if data["type"] == "acknowledged":
            run.taken.append((data["acknowledged_by"], self._sim.now()))

    def forget(self) -> None:
        """Note that the disk may have lost who took what."""
        for run in self.runs.values():
            run.forgotten = len(run.taken)

    def change_plan(self) -> None:
        """Note that the recipients have changed."""
        for run in self.runs.values():
            run.plan_changed = True

    def begin_anew(self) -> None:
        """Note that the home may know of no run."""
        self._anew.append(self._sim.now())

    def remove(self) -> None:
        """Note that the alarm is removed."""
        self.begin_anew()
        for run in self.runs.values():
            run.removed_at = run.removed_at or self._sim.now()

    def compare(self, orders: list[tuple[str, Order]]) -> list[str]:
        """Return what is wrong with the alarms' orders, given with their keys."""
        ours = [(key, order) for key, order in orders if key in self.keys]
        return [*self._twice(ours), *self._compare_runs(ours)]

    def _compare_runs(self, orders: list[tuple[str, Order]]) -> Iterator[str]:
        for alarm_id, run in self.runs.items():
            steps = [
                order
                for key, order in orders
                if key in run.keys
                and is_step(order)
                and (run.removed_at is None or self._requested(order) <= run.removed_at)
            ]
            for by, at in run.taken:
                if not self._may(by, run.asked.get(by), steps, at):
                    yield f"FORGED: {by} took {alarm_id} and was not asked"
            for _by, at in run.taken[run.forgotten :]:
                # What was requested before may arrive while the answer is being read.
                late = [order for order in steps if self._requested(order) > at + _UNDER_WAY]
                yield from (f"DOUBLE: {order} after it was taken at {at}" for order in late)
            if run.types[-1:] == ["unanswered"] and not run.plan_changed:
                yield from self._forgotten(alarm_id, run)

    def _may(self, by: str, since: datetime | None, steps: list[Order], at: datetime) -> bool:
        """Return whether a recipient wrote after the request, or took it at home."""
        if by in self.takers:
            return True
        phones = {phone[1:] for phone in self._people.get(by, ())}
        asked = [self._requested(order) for order in steps if order.phone in phones]
        asked += [since] if since else []
        return any(
            each.phone in phones
            and min(asked, default=at) - _MINUTE <= each.created <= at + _MINUTE
            and not each.text.startswith(CANNOT)
            for each in self._sim.inbox
        )

    def _forgotten(self, alarm_id: str, run: PublishedRun) -> Iterator[str]:
        """Name the recipients for whom no request was made."""
        tried = {
            phone
            for request in self._sim.calls("send")
            for phone in request.params["to"].split(",")
            if any(f"{key}!" in request.params["send"] for key in run.keys)
        }
        for name, phones in self._people.items():
            if not tried & {phone[1:] for phone in phones}:
                yield f"LOST: {name} was not informed of {alarm_id}"

    def _twice(self, orders: list[tuple[str, Order]]) -> Iterator[str]:
        """No two texts of alarms to a number are the same, so none of them was sent twice."""
        count = Counter(
            (order.phone, order.text, sum(at < self._requested(order) for at in self._anew))
            for _, order in orders
        )
        yield from (f"DOUBLE: {times} times {each}" for each, times in count.items() if times > 1)

    def _requested(self, order: Order) -> datetime:
        """Return when an order was asked for: it may have been accepted late."""
        times = [
            request.time
            for request in self._sim.calls("send")
            if request.params["send"] == order.text
            and "cost" not in request.params
            and request.time <= order.time
        ]
        return max(times, default=order.time)


def is_step(order: Order) -> bool:
    """Return whether a text asks its recipient to take an alarm."""
    return ALARM in order.text and not any(words in order.text for words in _INFORMING)
