"""The messages of a run: to whom, why, what came of each, and how they are stored."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ..contacts.recipients import Channel

type Stored = dict[str, Any]


class Purpose(StrEnum):
    """Why something is sent."""

    STEP = "step"
    TAKEN = "taken"
    NEWS = "news"
    ENDED = "ended"


class Outcome(StrEnum):
    """What is known of a send."""

    INTENDED = "intended"
    ACCEPTED = "accepted"
    IN_DOUBT = "in_doubt"
    # It concerns the number, the text or the sender: trying again would change nothing.
    REFUSED = "refused"
    # It concerns the account, its money, its address, the API or the network.
    HELD = "held"
    # Nobody wanted it any more before it was requested.
    CANCELLED = "cancelled"
    # The template of 2WAY messages; the same goes out as a plain SMS.
    NO_TEMPLATE = "no_template"
    # The number had the same text lately; it goes out in other words.
    DUPLICATE = "duplicate"
    # Accepted, and then not delivered to any number.
    UNDELIVERED = "undelivered"

    @property
    def reaches(self) -> bool:
        """Return whether somebody has it, as far as is known."""
        return self in (Outcome.ACCEPTED, Outcome.IN_DOUBT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendKey:
    """What goes out at most once: purpose, lap through the steps, step, recipient."""

    purpose: Purpose
    lap: int
    step: int
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A message to one recipient; an attempt follows only one that provably did not go out.

    Without a channel another integration sends it. `failed` are the ids of those not delivered;
    `published`: the event of its step has named its recipient.
    """

    key: SendKey
    name: str
    channel: Channel | None
    attempt: int = 1
    outcome: Outcome = Outcome.INTENDED
    reason: str | None = None
    text: str = ""
    ids: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    published: bool = False

    def as_stored(self) -> Stored:
        """Return it as stored."""
        return {
            "key": [self.key.purpose, self.key.lap, self.key.step, self.key.recipient],
            "name": self.name,
            "channel": self.channel,
            "attempt": self.attempt,
            "outcome": self.outcome,
            "reason": self.reason,
            "text": self.text,
            "ids": list(self.ids),
            "failed": list(self.failed),
            "published": self.published,
        }

    @classmethod
    def from_stored(cls, data: Stored) -> Self:
        """Read what was stored."""
        purpose, lap, step, recipient = data["key"]
        return cls(
            key=SendKey(
                purpose=Purpose(purpose), lap=int(lap), step=int(step), recipient=str(recipient)
            ),
            name=str(data["name"]),
            channel=Channel(data["channel"]) if data["channel"] else None,
            attempt=int(data["attempt"]),
            outcome=Outcome(data["outcome"]),
            reason=data["reason"],
            text=str(data["text"]),
            ids=tuple(map(str, data["ids"])),
            failed=tuple(map(str, data["failed"])),
            published=bool(data["published"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Somebody who has a text of this run, since when, and when they had the last one.

    Both times are the API's: what people write is dated by it. `count` is of texts.
    """

    name: str
    phones: tuple[str, ...]
    since: datetime
    last: datetime
    count: int = 1
