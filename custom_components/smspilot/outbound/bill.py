"""The costs and the balance that the responses to a message give."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from ..client import SendResponse, Status
from ..contacts.phones import plain_digits


@dataclass(slots=True)
class Bill:
    """The sums of a message's responses, in RUB.

    `requested_at` is when the balance was requested, by the event loop's clock.
    """

    packet_id: str | None = None
    balance: Decimal | None = None
    requested_at: float = 0.0
    _cost: Decimal | None = None
    _is_partial: bool = False
    _unspent: Decimal = Decimal(0)

    @property
    def cost(self) -> Decimal | None:
        """Return what all requests cost, None where a part of it is unknown."""
        return None if self._is_partial else self._cost

    def add(self, response: SendResponse, digits: Collection[str], requested_at: float) -> None:
        """Add the response to a request for these numbers."""
        # A response may hold the same row twice.
        rows = {(row.id, row.phone): row for row in response.messages}.values()
        known = sum((row.price for row in rows if row.price is not None), Decimal(0))
        is_priced = all(row.price is not None for row in rows)
        self.packet_id = self.packet_id or response.packet_id
        if response.balance is not None:
            self.balance, self.requested_at = response.balance, requested_at
        cost = response.cost if response.cost is not None or not is_priced else known
        if cost is None:
            self.mark_incomplete()
        else:
            self._cost = (self._cost or Decimal(0)) + cost
        # A missing price, or one of 0, may come with a later check, which then spends it.
        has_prices = all(row.price for row in rows if row.status is not Status.FAILED)
        is_complete = has_prices and {plain_digits(row.phone) for row in rows} >= set(digits)
        self._unspent += response.cost if response.cost is not None and is_complete else known

    def mark_incomplete(self) -> None:
        """Note that a part of the cost is unknown."""
        self._is_partial = True

    def take_unspent(self) -> Decimal:
        """Return the amount that the budget has to spend since the last call."""
        amount, self._unspent = self._unspent, Decimal(0)
        return amount
