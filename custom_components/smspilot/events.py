"""What the rooms tell one another; every signal is formatted with its account's entry id."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from homeassistant.util.signal_type import SignalTypeFormat

from .client import AccountInfo, Kind, Problem, SmspilotError, Status


class Push(StrEnum):
    """What is known of inbound pushes."""

    ADDRESS = "address"
    CONFIRMED = "confirmed"
    MISSED = "missed"
    UNCONFIRMED = "unconfirmed"


class ListNews(StrEnum):
    """What is known of the inbound list."""

    CAPPED = "capped"
    FAILING = "failing"
    WORKING = "working"


class Worked(StrEnum):
    """What the API did as it was asked."""

    ACCOUNT = "account"
    INBOUND = "inbound"
    SEND = "send"
    # A send in test mode, which costs nothing.
    TEST = "test"
    # The balance has grown.
    TOP_UP = "top_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """What the API said to a message: its error, or None where somebody got it."""

    kind: Kind
    sender: str | None
    error: SmspilotError | None


class SentMessage(Protocol):
    """What others need to know of a message that went out."""

    message_id: str | None
    phone: str
    status: Status
    price: Decimal | None
    error: Problem | None
    test: bool
    sent_at: datetime | None
    due_at: datetime | None

    @property
    def refused(self) -> bool:
        """Return whether nothing went out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentText:
    """What has just gone out: a row a number, and the text, which the rows do not have."""

    kind: Kind
    text: str
    rows: tuple[SentMessage, ...]


# The balance a send was answered with, RUB, and when it was asked, by the loop's clock.
SIGNAL_BALANCE: SignalTypeFormat[Decimal, float] = SignalTypeFormat("smspilot_balance_{}")
# Spent today, or how many messages wait, has changed.
SIGNAL_COUNTS: SignalTypeFormat[()] = SignalTypeFormat("smspilot_counts_{}")
# The status of a message has changed: the data of the bus event.
SIGNAL_STATUS: SignalTypeFormat[dict[str, Any]] = SignalTypeFormat("smspilot_status_{}")
# Messages went out.
SIGNAL_SENT: SignalTypeFormat[SentText] = SignalTypeFormat("smspilot_sent_{}")
# Somebody wrote: the bus event and its data.
SIGNAL_INBOUND: SignalTypeFormat[str, dict[str, Any]] = SignalTypeFormat("smspilot_inbound_{}")
# Recipients came, went or changed.
SIGNAL_PEOPLE: SignalTypeFormat[()] = SignalTypeFormat("smspilot_people_{}")
# Somebody guessed at a question's code till it was over: the number.
SIGNAL_GUESSED: SignalTypeFormat[str] = SignalTypeFormat("smspilot_guessed_{}")
# A recipient got a message by other ways than their notify entity: the recipient's id.
SIGNAL_NOTIFIED: SignalTypeFormat[str] = SignalTypeFormat("smspilot_notified_{}")
# An alarm has changed: its subentry's id.
SIGNAL_ALARM: SignalTypeFormat[str] = SignalTypeFormat("smspilot_alarm_{}")
# Inbound pushes were confirmed, missed, not to be confirmed, or have another address.
SIGNAL_PUSH: SignalTypeFormat[Push] = SignalTypeFormat("smspilot_push_{}")
# The inbound list fails, with its error, works again, or may lack something.
SIGNAL_INBOUND_LIST: SignalTypeFormat[ListNews, SmspilotError | None] = SignalTypeFormat(
    "smspilot_inbound_list_{}"
)
# Whom a message in doubt was for that nobody waits for any more has changed.
SIGNAL_DOUBTS: SignalTypeFormat[()] = SignalTypeFormat("smspilot_doubts_{}")
# The API took a message, or refused it.
SIGNAL_REQUESTED: SignalTypeFormat[Requested] = SignalTypeFormat("smspilot_requested_{}")
# Names of our legacy services that somebody else has.
SIGNAL_NAMES_TAKEN: SignalTypeFormat[list[str]] = SignalTypeFormat("smspilot_names_taken_{}")
# The service said no, or nothing at all.
SIGNAL_ERROR: SignalTypeFormat[SmspilotError] = SignalTypeFormat("smspilot_error_{}")
# A limit held back a send: the option's name, and the number where it is one's own.
SIGNAL_LIMIT: SignalTypeFormat[str, str] = SignalTypeFormat("smspilot_limit_{}")
# What the API says of the account, and when it was asked, by the loop's clock.
SIGNAL_ACCOUNT: SignalTypeFormat[AccountInfo, float] = SignalTypeFormat("smspilot_account_{}")
# The API responds again after a failed refresh: what came meanwhile is to be read.
SIGNAL_BACK: SignalTypeFormat[()] = SignalTypeFormat("smspilot_back_{}")
# The service did what was asked.
SIGNAL_OK: SignalTypeFormat[Worked] = SignalTypeFormat("smspilot_ok_{}")


def number(amount: Decimal | None) -> float | None:
    """Return an exact amount as a response can carry it."""
    return None if amount is None else float(amount)


def iso(moment: datetime | None) -> str | None:
    """Return a time as a response and an event show it."""
    return None if moment is None else moment.isoformat()
