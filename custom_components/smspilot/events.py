"""The dispatcher signals between packages; each is formatted with the account's entry id."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from homeassistant.util.signal_type import SignalTypeFormat

from .client import AccountInfo, Kind, Problem, SmspilotError, Status


class Push(StrEnum):
    """What has changed about inbound pushes."""

    ADDRESS = "address"
    CONFIRMED = "confirmed"
    MISSED = "missed"
    UNCONFIRMED = "unconfirmed"


class ListState(StrEnum):
    """What has changed about the reads of the inbound list."""

    CAPPED = "capped"
    FAILING = "failing"
    WORKING = "working"


class Success(StrEnum):
    """Which kind of request succeeded."""

    ACCOUNT = "account"
    INBOUND = "inbound"
    SEND = "send"
    # A send in test mode, which costs nothing.
    TEST = "test"
    # A request that shows a higher balance than before.
    TOP_UP = "top_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestResult:
    """How a message was requested, with the API's error, or None where it was accepted."""

    kind: Kind
    sender: str | None
    error: SmspilotError | None


class SentMessage(Protocol):
    """The fields of a sent message's row that other packages use."""

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
        """Return whether nothing went out, or that is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentText:
    """A message that was accepted: its text, and one row per number."""

    kind: Kind
    text: str
    rows: tuple[SentMessage, ...]


# The balance in the response to a send, in RUB, and when it was requested, by the loop's clock.
SIGNAL_BALANCE: SignalTypeFormat[Decimal, float] = SignalTypeFormat("smspilot_balance_{}")
# The amount spent today or the number of pending messages has changed.
SIGNAL_COUNTS: SignalTypeFormat[()] = SignalTypeFormat("smspilot_counts_{}")
# The status of a message has changed: the data of the bus event.
SIGNAL_STATUS: SignalTypeFormat[dict[str, Any]] = SignalTypeFormat("smspilot_status_{}")
# The API has accepted messages.
SIGNAL_SENT: SignalTypeFormat[SentText] = SignalTypeFormat("smspilot_sent_{}")
# An inbound message: the bus event and its data.
SIGNAL_INBOUND: SignalTypeFormat[str, dict[str, Any]] = SignalTypeFormat("smspilot_inbound_{}")
# The entry's data, options or subentries have changed.
SIGNAL_ENTRY_UPDATED: SignalTypeFormat[()] = SignalTypeFormat("smspilot_entry_updated_{}")
# A question was closed after too many wrong codes: the number they came from.
SIGNAL_GUESSED: SignalTypeFormat[str] = SignalTypeFormat("smspilot_guessed_{}")
# A recipient got a message that was not sent by their notify entity: the recipient's id.
SIGNAL_NOTIFIED: SignalTypeFormat[str] = SignalTypeFormat("smspilot_notified_{}")
# An alarm has changed: its subentry's id.
SIGNAL_ALARM: SignalTypeFormat[str] = SignalTypeFormat("smspilot_alarm_{}")
# Inbound pushes were confirmed, missed or not confirmed, or their address has changed.
SIGNAL_PUSH: SignalTypeFormat[Push] = SignalTypeFormat("smspilot_push_{}")
# Reads of the inbound list fail, with the error, work again, or may be incomplete.
SIGNAL_INBOUND_LIST: SignalTypeFormat[ListState, SmspilotError | None] = SignalTypeFormat(
    "smspilot_inbound_list_{}"
)
# The messages in doubt whose callers have ended have changed.
SIGNAL_DOUBTS: SignalTypeFormat[()] = SignalTypeFormat("smspilot_doubts_{}")
# The API accepted or refused a message.
SIGNAL_REQUESTED: SignalTypeFormat[RequestResult] = SignalTypeFormat("smspilot_requested_{}")
# Names of our legacy services that another integration has registered.
SIGNAL_NAMES_TAKEN: SignalTypeFormat[list[str]] = SignalTypeFormat("smspilot_names_taken_{}")
# A request failed.
SIGNAL_ERROR: SignalTypeFormat[SmspilotError] = SignalTypeFormat("smspilot_error_{}")
# A limit refused a send: the option's name, and the number where it is a number's own limit.
SIGNAL_LIMIT: SignalTypeFormat[str, str] = SignalTypeFormat("smspilot_limit_{}")
# The account as the API returned it, and when it was requested, by the loop's clock.
SIGNAL_ACCOUNT: SignalTypeFormat[AccountInfo, float] = SignalTypeFormat("smspilot_account_{}")
# The API responds again after a failed refresh; inbound messages have to be read.
SIGNAL_BACK: SignalTypeFormat[()] = SignalTypeFormat("smspilot_back_{}")
# A request succeeded.
SIGNAL_OK: SignalTypeFormat[Success] = SignalTypeFormat("smspilot_ok_{}")


def number(amount: Decimal | None) -> float | None:
    """Return an amount as responses and events carry it."""
    return None if amount is None else float(amount)


def iso(moment: datetime | None) -> str | None:
    """Return a time as responses and events carry it."""
    return None if moment is None else moment.isoformat()
