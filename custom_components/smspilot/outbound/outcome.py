"""What became of an order's numbers: taken by the service, refused by it, or nobody knows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..client import (
    ApiError,
    DuplicateRefused,
    MessageRow,
    Problem,
    RecipientRefused,
    SendResponse,
    SmspilotError,
    Status,
)
from ..client.errors import REACTIONS
from ..contacts.phones import to_service
from ..errors import Reason, action_error, error_from_api, localized, problem_from_error
from .message import OutboundMessage
from .result import Row
from .targets import Target

# The ids that every test message shares; the public emulator key answers with them too.
SHARED_IDS = ("1000", "10000")
# All that is known of a row that failed without an error.
NO_REASON = Problem(code=None, description=f"status {Status.FAILED.value}", description_ru="")


@dataclass(slots=True)
class Outcome:
    """Numbers are as the service writes them; `found` were in its list, not in a receipt.

    `asked` is when the request was made that the balance answers, by the loop's clock.
    """

    messages: dict[str, MessageRow] = field(default_factory=dict)
    packets: dict[str, str | None] = field(default_factory=dict)
    refused: dict[str, SmspilotError] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    packet_id: str | None = None
    cost: Decimal | None = None
    balance: Decimal | None = None
    asked: float = 0.0

    def take(self, answer: SendResponse, asked: float) -> None:
        """Add an answer to a send."""
        for message in answer.messages:
            # What was taken and has no id is as good as left out: nobody could follow it.
            if message.id or message.status is Status.FAILED:
                self.messages[message.phone] = message
                self.packets[message.phone] = answer.packet_id
        self.packet_id = self.packet_id or answer.packet_id
        prices = sum((message.price or Decimal(0) for message in answer.messages), Decimal(0))
        self.cost = (self.cost or Decimal(0)) + (prices if answer.cost is None else answer.cost)
        if answer.balance is not None:
            self.balance, self.asked = answer.balance, asked

    def take_found(self, messages: Iterable[MessageRow]) -> None:
        """Add what the service's list shows."""
        for message in messages:
            self.messages[message.phone] = message
            self.found.add(message.phone)

    def doubled(self) -> list[str]:
        """Drop, and return, the numbers refused because they had the same text before."""
        numbers = [
            phone
            for phone, message in self.messages.items()
            if message.status is Status.FAILED
            and message.problem
            and REACTIONS.get(message.problem.code or 0) is DuplicateRefused
        ]
        for phone in numbers:
            del self.messages[phone]
        return numbers

    def rows(
        self, hass: HomeAssistant, account: str, order: OutboundMessage, now: datetime
    ) -> list[Row]:
        """Return a row a number, in the order they were named."""
        return [self._row(hass, account, order, one, now) for one in order.targets]

    def error(self, hass: HomeAssistant, account: str) -> HomeAssistantError | None:
        """Return why not everything went out; a doubt is told before any refusal."""
        if self.unknown:
            return action_error(Reason.OUTCOME_UNKNOWN, account=account)
        for err in self.refused.values():
            return error_from_api(hass, err)
        for message in self.messages.values():
            if message.status is Status.FAILED:
                why = message.problem or NO_REASON
                kind = REACTIONS.get(why.code or 0, RecipientRefused)
                return error_from_api(hass, kind(why.code, why.description, why.description_ru))
        return None

    def _row(
        self, hass: HomeAssistant, account: str, order: OutboundMessage, to: Target, now: datetime
    ) -> Row:
        phone = to_service(to.phone)
        row = Row(
            phone=to.phone,
            recipient_id=to.recipient_id,
            kind=order.kind,
            test=order.options.test,
            sent_at=now,
            due_at=order.options.send_at or now,
        )
        if message := self.messages.get(phone):
            row.message_id, row.packet_id = message.id, self.packets.get(phone)
            row.price, row.error, row.status = message.price, message.problem, message.status
            row.test = row.test or message.id in SHARED_IDS
            if phone in self.found and row.status.final:
                # The list tells neither price nor error; the next check does.
                row.status = Status.ACCEPTED
        elif isinstance(err := self.refused.get(phone), ApiError):
            row.error = problem_from_error(err)
        else:
            row.unknown = err is None
            why = (
                error_from_api(hass, err)
                if err
                else action_error(Reason.OUTCOME_UNKNOWN, account=account)
            )
            row.error = Problem(code=None, description=localized(hass, why), description_ru="")
        return row
