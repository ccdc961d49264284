"""The states of one number of a message, and the transitions between them.

    wanted ─► permitted ─► requested ─► accepted | refused
       ▲                      │ the response was lost
       │                      ▼
       └── absent ◄─── what the API's list shows ───► accepted | in doubt

After a lost response a number is sent to again only from `absent`, which it reaches only where the
API's list does not have the message.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from math import inf
from typing import Final, Self

from homeassistant.exceptions import HomeAssistantError

from ..client import ApiError, MessageRow, Problem, SmspilotError, Status
from ..client.values import money
from ..contacts.phones import plain_digits
from ..errors import problem_from_error
from .targets import Target


class State(StrEnum):
    """The state of a number."""

    # Not requested yet.
    WANTED = "wanted"
    # Within the limits; its request is about to be made.
    PERMITTED = "permitted"
    # Requested without a response so far; the message may have gone out.
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    # Requested, and the message provably did not go out.
    ABSENT = "absent"
    # It is unknown whether the message went out; the number is never sent to again.
    IN_DOUBT = "in_doubt"


NEVER: Final = inf
# The ids of all test messages, and of those sent with the public emulator key.
SHARED_IDS: Final = frozenset({"1000", "10000"})
FINISHED: Final = frozenset({State.ACCEPTED, State.REFUSED, State.IN_DOUBT})
UNSENT: Final = frozenset({State.WANTED, State.PERMITTED, State.ABSENT})
UNKNOWN: Final = frozenset({State.REQUESTED, State.IN_DOUBT})
# Numbers in a part of a long message's record.
PART: Final = 500

# Why a number was refused: an error of the API or the network, or one of our own.
type Refusal = SmspilotError | HomeAssistantError


@dataclass(slots=True, eq=False)
class Permit:
    """A message's share of a number's hourly rate limit, and of the daily budget in RUB.

    It is taken just before the request, and given back where nothing went out. `at` is Unix time,
    `since` the same by the event loop's clock.
    """

    phone: str
    at: float
    amount: Decimal = Decimal(0)
    since: float = 0.0
    # Whether its request has no result yet, so that it may still be given back.
    under_way: bool = True

    def as_stored(self) -> list[object]:
        """Return the time and the amount as JSON values."""
        return [self.at, str(self.amount)]

    @classmethod
    def from_stored(cls, phone: str, data: object) -> Self | None:
        """Return a stored permit, which is not under way any more, None where there is none."""
        at, amount = data if isinstance(data, list) else (None, None)
        if not at:
            return None
        return cls(phone, float(at), money(amount) or Decimal(0), under_way=False)


@dataclass(slots=True, kw_only=True, eq=False)
class Number:
    """A number of a message; numbers of one `batch` share a request.

    `row` is the API's row of the message; `is_found` says that it is of the list of messages, which
    has no price. Times are by the event loop's clock.
    """

    target: Target
    # The part of its message's record that holds it: 0, or from 1 on where there are several.
    part: int = 0
    batch: int = 0
    state: State = State.WANTED
    permit: Permit | None = None
    # Its row of a response or of the list.
    api_row: MessageRow | None = None
    is_found: bool = False
    packet_id: str | None = None
    error: Refusal | None = None
    requests: int = 0
    # How many connections broke so that the number may be sent to again; timeouts do not count.
    repeatable_losses: int = 0
    # How many more reads of the list must not show it, and from when on its absence counts.
    reads_left: int = 0
    absent_from: float = NEVER
    # Whether its submission holds the claim on its text; a permit may come before the claim.
    has_claim: bool = False
    # Whether it waits, or has waited, for another send of the same text to it.
    has_waited: bool = False
    reconcile_until: float = 0.0
    digits: str = field(init=False)

    def __post_init__(self) -> None:
        self.digits = plain_digits(self.target.phone)

    @property
    def is_unsent(self) -> bool:
        """Return whether the message has provably not gone out, and may be requested."""
        return self.state in UNSENT

    @property
    def message_id(self) -> str | None:
        """Return the id of its message, None where the API gave none."""
        return self.api_row.id if self.api_row else None

    @property
    def problem(self) -> Problem | None:
        """Return why the API refused it, None where it did not."""
        if self.api_row:
            return self.api_row.problem
        return problem_from_error(self.error) if isinstance(self.error, ApiError) else None

    @property
    def is_finished(self) -> bool:
        """Return whether it is in a final state or in doubt."""
        return self.state in FINISHED

    def mark_permitted(self, permit: Permit | None) -> None:
        """Note its permit, None for a test, which needs none."""
        self.state, self.permit = State.PERMITTED, permit

    def mark_requested(self) -> None:
        """Note that its request is made now."""
        self.state = State.REQUESTED
        self.requests += 1

    def mark_not_requested(self) -> None:
        """Note that its request did not go out."""
        self.state = State.WANTED
        self.requests -= 1

    def apply_row(self, row: MessageRow, packet_id: str | None) -> None:
        """Apply its row of the response."""
        self.api_row, self.packet_id = row, packet_id
        self.state = State.REFUSED if row.status is Status.FAILED else State.ACCEPTED

    def mark_refused(self, error: Refusal) -> None:
        """Note why it was refused, by the API or here."""
        self.state, self.error = State.REFUSED, error

    def begin_reconciling(self, reads_left: int, until: float, *, absent_from: float) -> None:
        """Note how many reads, and until when, may show its message in the API's list."""
        self.reads_left, self.reconcile_until, self.absent_from = reads_left, until, absent_from

    def mark_found(self, row: MessageRow) -> None:
        """Note the row of the API's list that shows its message."""
        self.state, self.api_row, self.is_found = State.ACCEPTED, row, True

    def mark_not_found(self, now: float, *, may_be_there: bool) -> None:
        """Note that a read of the list did not show it, or only a row that may be it."""
        self.reads_left -= 1
        if self.reads_left > 0:
            return
        if may_be_there or self.absent_from == NEVER:
            self.mark_in_doubt()
        elif now >= self.absent_from:
            self.state = State.ABSENT

    def mark_in_doubt(self) -> None:
        """Note that it remains unknown whether the message went out."""
        self.state = State.IN_DOUBT


def numbers_of(targets: Sequence[Target]) -> list[Number]:
    """Return the numbers of a message that is not requested yet."""
    is_long = len(targets) > PART
    return [
        Number(target=target, part=1 + index // PART if is_long else 0)
        for index, target in enumerate(targets)
    ]


def halves(numbers: Sequence[Number]) -> list[list[Number]]:
    """Return the two halves of a list, without an empty one."""
    middle = len(numbers) // 2
    return [half for half in ([*numbers[:middle]], [*numbers[middle:]]) if half]
