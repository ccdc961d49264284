"""The state of an alarm's run: values only, and how they are stored."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from ..runtime.journal import stored_time
from .sends import Purpose, Reached, Send, SendKey, Stored


class AlarmState(StrEnum):
    """The state of an alarm's sensor."""

    IDLE = "idle"
    RUNNING = "running"
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"


class Phase(StrEnum):
    """What a running alarm waits for."""

    # The step goes out at `due_at`.
    READY = "ready"
    # Answers and statuses are read before the step goes out.
    READING = "reading"
    # The step's sends have no result yet.
    SENDING = "sending"
    # The step was sent; the next one is due at `due_at`.
    WAITING = "waiting"
    # The account can send nothing; the step is tried again at `due_at`.
    POSTPONED = "postponed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of an alarm; each happening makes a new value.

    A lap is one pass through the steps, a round is a lap that reached a recipient; both count from
    1, `step` counts from 0. `due_at` belongs to the phase; `since` is when the state began.
    """

    alarm_id: str = ""
    state: AlarmState = AlarmState.IDLE
    phase: Phase = Phase.READY
    message: str = ""
    code: str | None = None
    started_at: datetime | None = None
    since: datetime | None = None
    due_at: datetime | None = None
    # The step is overdue: its text says when the alarm began.
    late: bool = False
    lap: int = 1
    round: int = 1
    step: int = 0
    # A source started it, at first or while it ran: sources can end it.
    by_source: bool = False
    # There were too many runs in a day.
    first_step_only: bool = False
    # The name of who acknowledged it, and their reference if the run had reached them.
    acknowledged_by: str | None = None
    acknowledger_id: str | None = None
    # The name of who acknowledged it before a reminder began the steps again, and when.
    acknowledged_before_by: str | None = None
    acknowledged_before_at: datetime | None = None
    declined: tuple[str, ...] = ()
    # A recipient of the present step declined while other sends of it had no result yet.
    passed_on: bool = False
    update_sent: bool = False
    end_message: str = ""
    # Why the account can send nothing, as the sensor shows it.
    waiting_for: str | None = None
    postponed_since: datetime | None = None
    fallback_notified: bool = False
    # While the account can send nothing: the next step whose entities of other integrations are
    # notified although the run has not come to it, and when.
    ahead_step: int | None = None
    ahead_at: datetime | None = None
    wrong_codes: dict[str, int] = field(default_factory=dict)
    reached: dict[str, Reached] = field(default_factory=dict)
    sends: dict[SendKey, Send] = field(default_factory=dict)
    # When the runs of the last day began.
    starts: tuple[datetime, ...] = ()

    @property
    def alive(self) -> bool:
        """Return whether there is anything to acknowledge, to end or to remind of."""
        return self.state is not AlarmState.IDLE

    def of_step(self) -> list[Send]:
        """Return the sends of the present step."""
        return [
            one
            for key, one in self.sends.items()
            if (key.purpose, key.lap, key.step) == (Purpose.STEP, self.lap, self.step)
        ]

    def as_stored(self) -> Stored:
        """Return the value as the journal stores it."""
        stored: Stored = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name in _PLAIN
            if (value := getattr(self, name)) is not None
        }
        return stored | {
            "declined": list(self.declined),
            "wrong_codes": self.wrong_codes,
            "reached": [
                [key, one.name, list(one.phones), *map(_iso, (one.since, one.last)), one.count]
                for key, one in self.reached.items()
            ],
            "sends": [one.as_stored() for one in self.sends.values()],
            "starts": list(map(_iso, self.starts)),
        }

    @classmethod
    def from_stored(cls, data: Stored) -> Self:
        """Read what `as_stored` returned."""
        plain = {name: data[name] for name in _PLAIN if name in data}
        for name in _TIMES & plain.keys():
            plain[name] = stored_time(plain[name])
        sends = [Send.from_stored(one) for one in data["sends"]]
        return cls(
            **plain
            | {
                "state": AlarmState(data["state"]),
                "phase": Phase(data["phase"]),
                "declined": tuple(data["declined"]),
                "wrong_codes": dict(data["wrong_codes"]),
                "reached": {
                    str(key): Reached(
                        name=str(name),
                        phones=tuple(phones),
                        since=stored_time(since),
                        last=stored_time(last),
                        count=int(count),
                    )
                    for key, name, phones, since, last, count in data["reached"]
                },
                "sends": {one.key: one for one in sends},
                "starts": tuple(map(stored_time, data["starts"])),
            }
        )


_TIMES = {"started_at", "since", "due_at", "acknowledged_before_at", "postponed_since", "ahead_at"}
_COMPOSED = {"declined", "wrong_codes", "reached", "sends", "starts"}
_PLAIN = tuple(name for name in Run.__dataclass_fields__ if name not in _COMPOSED)


def _iso(moment: datetime) -> str:
    return moment.isoformat()
