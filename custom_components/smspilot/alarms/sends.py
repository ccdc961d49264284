"""The messages of a run: recipient, purpose and state of each, and how they are stored."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ..contacts.recipients import Channel

type Stored = dict[str, Any]


class Purpose(StrEnum):
    """Why a message is sent: a step of the alarm, or information for recipients already reached."""

    STEP = "step"
    # Informs the others of who took the alarm.
    TAKEN = "taken"
    # Informs the recipient who took the alarm that it was started again with another message.
    UPDATE = "update"
    # Informs all recipients reached that the danger is over.
    ENDED = "ended"


class SendState(StrEnum):
    """What became of a send, as far as it is known."""

    INTENDED = "intended"
    ACCEPTED = "accepted"
    IN_DOUBT = "in_doubt"
    # Because of the number, the text or the sender: trying again would change nothing.
    REFUSED = "refused"
    # Because of the account, its money, its address, the API or the network: tried again.
    POSTPONED = "postponed"
    # Cancelled before it was requested.
    CANCELLED = "cancelled"
    # No template for 2WAY messages fits: sent again as a plain SMS.
    NO_TEMPLATE = "no_template"
    # The number had the same text lately: sent again in other words.
    DUPLICATE = "duplicate"
    # Accepted, and then not delivered to any number.
    UNDELIVERED = "undelivered"

    @property
    def may_have_reached(self) -> bool:
        """Return whether the recipient has it or may have it."""
        return self in (SendState.ACCEPTED, SendState.IN_DOUBT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendKey:
    """The identity of a message that is sent at most once; for `lap` see `Run`."""

    purpose: Purpose
    lap: int
    step: int
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A message to one recipient; another attempt follows only if the last was provably not sent.

    Without a channel another integration sends it. `failed` are the ids that were not delivered;
    `published` means that an event of the step has named the recipient.
    """

    key: SendKey
    name: str
    channel: Channel | None
    attempt: int = 1
    state: SendState = SendState.INTENDED
    reason: str | None = None
    text: str = ""
    ids: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    published: bool = False

    def as_stored(self) -> Stored:
        """Return the value as the journal stores it."""
        return {
            "key": [self.key.purpose, self.key.lap, self.key.step, self.key.recipient],
            "name": self.name,
            "channel": self.channel,
            "attempt": self.attempt,
            "state": self.state,
            "reason": self.reason,
            "text": self.text,
            "ids": list(self.ids),
            "failed": list(self.failed),
            "published": self.published,
        }

    @classmethod
    def from_stored(cls, data: Stored) -> Self:
        """Read what `as_stored` returned."""
        purpose, lap, step, recipient = data["key"]
        return cls(
            key=SendKey(
                purpose=Purpose(purpose), lap=int(lap), step=int(step), recipient=str(recipient)
            ),
            name=str(data["name"]),
            channel=Channel(data["channel"]) if data["channel"] else None,
            attempt=int(data["attempt"]),
            state=SendState(data["state"]),
            reason=data["reason"],
            text=str(data["text"]),
            ids=tuple(map(str, data["ids"])),
            failed=tuple(map(str, data["failed"])),
            published=bool(data["published"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A recipient who has a text of this run: since when, and when the last one was sent.

    Both times are on the API's clock, as those of inbound messages are. `count` counts the texts.
    """

    name: str
    phones: tuple[str, ...]
    since: datetime
    last: datetime
    count: int = 1
