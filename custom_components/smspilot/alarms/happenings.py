"""What happens to a run, and what it wants done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .plan import Plan, ResolvedStep
from .sends import Outcome, SendKey


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a run needs to know of everything else; `api_now` is the API's time.

    `off_since` is since when all sources have been off, None while one is on.
    """

    now: datetime
    api_now: datetime
    plan: Plan
    steps: tuple[ResolvedStep, ...]
    off_since: datetime | None = None

    @property
    def on(self) -> bool:
        """Return whether a source is on."""
        return bool(self.plan.sources) and self.off_since is None


# What happens


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Something is wrong; a `flap` is a source that was off for less than a minute."""

    alarm_id: str
    message: str
    code: str | None = None
    by_source: bool = False
    flap: bool = False


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """After a restart, or when nothing moves: what was under way may have happened or not."""


@dataclass(frozen=True, slots=True)
class AnswersRead:
    """What people wrote, and how calls ended, is known as well as it can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A send has a result; `at` is when it was made, by the API's time."""

    key: SendKey
    attempt: int
    outcome: Outcome
    at: datetime
    reason: str | None = None
    ids: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """A message of ours was not delivered."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Somebody takes it; `recipient` is their reference where they were reached."""

    by: str
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """Somebody cannot."""

    recipient: str
    name: str


@dataclass(frozen=True, slots=True)
class WrongCode:
    """Somebody wrote another number than the code."""

    phone: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The danger is over; everybody reached is told the message, where there is one."""

    message: str = ""


type Happening = (
    Started
    | Ticked
    | Recovered
    | AnswersRead
    | Sent
    | NotDelivered
    | Acknowledged
    | Declined
    | WrongCode
    | Ended
)

# What is wanted


class AlarmEvent(StrEnum):
    """The types of the bus event."""

    STARTED = "started"
    STEP = "step"
    DECLINED = "declined"
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Read:
    """Read what people wrote and how calls ended, and say so with `AnswersRead`."""


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send this, at most once, and tell what came of it with `Sent`."""

    key: SendKey


@dataclass(frozen=True, slots=True)
class Cancel:
    """Send this no more, if it has not been requested yet; `Sent` tells what came of it."""

    key: SendKey


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish the bus event; `names` are of whom it is about."""

    type: AlarmEvent
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TellFallback:
    """Tell those named for when nothing can be sent."""


type Effect = Read | Transmit | Cancel | Publish | TellFallback

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
