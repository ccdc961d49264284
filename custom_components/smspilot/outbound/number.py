"""One number of a message on its way: its states, and all that leads from one to the next.

    wanted ─► permitted ─► requested ─► accepted | refused
       ▲                      │ the response was lost
       │                      ▼
       └── absent ◄─── what the API's list shows ───► accepted | in doubt

After a lost response a number is sent to again only from `absent`, and only the list of messages
leads there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from math import inf
from typing import Final

from homeassistant.exceptions import HomeAssistantError

from ..client import ApiError, MessageRow, Problem, SmspilotError, Status
from ..contacts.phones import plain_digits
from ..errors import problem_from_error
from .targets import Target


class State(StrEnum):
    """How far a number is."""

    # Nobody was asked to send to it yet.
    WANTED = "wanted"
    # The limits let it out; its request is about to be made.
    PERMITTED = "permitted"
    # It may have gone out; no response says so yet.
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    # It was requested, and provably did not go out.
    ABSENT = "absent"
    # Nobody knows whether it went out; it is never sent to again.
    IN_DOUBT = "in_doubt"


NEVER: Final = inf
# The ids that every test message shares; the public emulator key answers with them too.
SHARED_IDS: Final = frozenset({"1000", "10000"})
ENDS: Final = frozenset({State.ACCEPTED, State.REFUSED, State.IN_DOUBT})
UNSENT: Final = frozenset({State.WANTED, State.PERMITTED, State.ABSENT})
UNKNOWN: Final = frozenset({State.REQUESTED, State.IN_DOUBT})

# Why a number was refused: what the API said, or one of our own limits.
type Refusal = SmspilotError | HomeAssistantError


@dataclass(slots=True, eq=False)
class Permit:
    """What a message to a number takes of the hour (a place) and of the day (RUB).

    It is taken just before the request and given back where nothing went out. `at` is Unix time.
    """

    phone: str
    at: float
    amount: Decimal = Decimal(0)
    # Its request is still to come or on its way: it may yet be given back.
    under_way: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class Number:
    """A number of a message; numbers of one `batch` share a request.

    `row` is what the API tells of its message, `is_found` if its list did, which has no price.
    Times are by the event loop's clock.
    """

    target: Target
    batch: int = 0
    state: State = State.WANTED
    permit: Permit | None = None
    row: MessageRow | None = None
    is_found: bool = False
    packet_id: str | None = None
    error: Refusal | None = None
    requests: int = 0
    # Broken connections: those after which it may be sent to again. A timeout is none.
    repeatable_losses: int = 0
    # How many more looks at the list must not show it, and from when on its absence is a proof.
    looks: int = 0
    absent_from: float = NEVER
    # Another send of the same text to it was on its way.
    has_waited: bool = False
    look_until: float = 0.0
    digits: str = field(init=False)

    def __post_init__(self) -> None:
        """Know how the API may write it."""
        self.digits = plain_digits(self.target.phone)

    @property
    def is_unsent(self) -> bool:
        """Return whether it has provably not gone out and may still."""
        return self.state in UNSENT

    @property
    def message_id(self) -> str | None:
        """Return the id of its message, where the API told one."""
        return self.row.id if self.row else None

    @property
    def problem(self) -> Problem | None:
        """Return why the API refused it, as far as it said so."""
        if self.row:
            return self.row.problem
        return problem_from_error(self.error) if isinstance(self.error, ApiError) else None

    @property
    def is_over(self) -> bool:
        """Return whether nothing more is done for it."""
        return self.state in ENDS

    def mark_permitted(self, permit: Permit | None) -> None:
        """Let it out; a test needs no permit."""
        self.state, self.permit = State.PERMITTED, permit

    def mark_requested(self) -> None:
        """Be part of a request that is made now."""
        self.state = State.REQUESTED
        self.requests += 1

    def mark_not_requested(self) -> None:
        """Be wanted as before: the request did not go out."""
        self.state = State.WANTED
        self.requests -= 1

    def mark_answered(self, row: MessageRow, packet_id: str | None) -> None:
        """Take what the response to the request says of it."""
        self.row, self.packet_id = row, packet_id
        self.state = State.REFUSED if row.status is Status.FAILED else State.ACCEPTED

    def mark_refused(self, error: Refusal) -> None:
        """Be refused, by the API or here."""
        self.state, self.error = State.REFUSED, error

    def mark_lost(self, looks: int, until: float, *, absent_from: float) -> None:
        """Be looked for so many times and so long; nobody knows whether it went out."""
        self.looks, self.look_until, self.absent_from = looks, until, absent_from

    def mark_found(self, row: MessageRow) -> None:
        """Be in the API's list: it went out."""
        self.state, self.row, self.is_found = State.ACCEPTED, row, True

    def mark_not_found(self, now: float, *, may_be_there: bool) -> None:
        """Take that a look did not show it, or only something that may be it."""
        self.looks -= 1
        if self.looks > 0:
            return
        if may_be_there or self.absent_from == NEVER:
            self.mark_in_doubt()
        elif now >= self.absent_from:
            self.state = State.ABSENT

    def mark_in_doubt(self) -> None:
        """Be given up: whether it went out is told as unknown."""
        self.state = State.IN_DOUBT


def halves(numbers: Sequence[Number]) -> list[list[Number]]:
    """Return both halves of a list that the API refused whole; one number has one half."""
    middle = len(numbers) // 2
    return [half for half in ([*numbers[:middle]], [*numbers[middle:]]) if half]
