"""The inputs of a run's transition function (happenings), and its outputs (effects)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .plan import Plan, ResolvedStep, StepRecipient
from .sends import SendKey, SendState

# What provably was not sent is tried again after this long.
RETRY_AFTER = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the transition function knows besides the run; `api_now` is the API's time.

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

    def recipients(self, step: int) -> tuple[StepRecipient, ...]:
        """Return the recipients of a step, none where a changed plan no longer has it."""
        return self.steps[step].recipients if step < len(self.steps) else ()

    def has_recipient(self, key: SendKey) -> bool:
        """Return whether the plan still has the recipient of a send in its step."""
        return any(one.reference == key.recipient for one in self.recipients(key.step))


# Happenings


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The alarm was started; `flap` means by a source that was off for less than a minute."""

    alarm_id: str
    message: str
    code: str | None = None
    by_source: bool = False
    flap: bool = False


@dataclass(frozen=True, slots=True)
class Ticked:
    """A time of `next_tick` has come, or the sources or the plan have changed."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The account was restarted, or the run is stuck: what was under way may be done or not."""


@dataclass(frozen=True, slots=True)
class AnswersRead:
    """The inbound list and the statuses of calls were read, as far as they could be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A send has a result; `at` is when it was requested, by the API's time."""

    key: SendKey
    attempt: int
    state: SendState
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
    """The alarm was acknowledged; `recipient` is who did so, if the run had reached them."""

    by: str
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """A recipient declined."""

    recipient: str
    name: str


@dataclass(frozen=True, slots=True)
class WrongCodes:
    """A text had this many numbers of three digits, and none counted as the code."""

    phone: str
    count: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The alarm was ended; the message, if any, goes to all recipients reached."""

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
    | WrongCodes
    | Ended
)

# Effects


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
    """Read the inbound list and the statuses of calls; `AnswersRead` follows."""


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send this message, at most once; `Sent` follows."""

    key: SendKey


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel this message, if it was not requested yet; `Sent` follows."""

    key: SendKey


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish the bus event; `names` are the recipients it is about."""

    type: AlarmEvent
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotifyFallback:
    """Notify the fallback entities that nothing can be sent."""


type Effect = Read | Transmit | Cancel | Publish | NotifyFallback
