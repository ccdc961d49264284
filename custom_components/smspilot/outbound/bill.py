"""What the responses to a message say beside its rows: money."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from ..client import SendResponse, Status
from ..contacts.phones import plain_digits


@dataclass(slots=True)
class Bill:
    """The sums of a message's responses, RUB; `cost` is None where a part of it is unknown.

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
        """Return what all of it cost."""
        return None if self._is_partial else self._cost

    def take(self, response: SendResponse, digits: Collection[str], requested_at: float) -> None:
        """Add a response to a request of these numbers."""
        # A response may have a row twice.
        rows = {(row.id, row.phone): row for row in response.messages}.values()
        known = sum((row.price for row in rows if row.price is not None), Decimal(0))
        is_priced = all(row.price is not None for row in rows)
        self.packet_id = self.packet_id or response.packet_id
        if response.balance is not None:
            self.balance, self.requested_at = response.balance, requested_at
        cost = response.cost if response.cost is not None or not is_priced else known
        if cost is None:
            self.miss_a_part()
        else:
            self._cost = (self._cost or Decimal(0)) + cost
        # A price that is told later, as one that is still 0 may be, is spent then.
        is_final = all(row.price for row in rows if row.status is not Status.FAILED)
        is_whole = is_final and {plain_digits(row.phone) for row in rows} >= set(digits)
        self._unspent += response.cost if response.cost is not None and is_whole else known

    def miss_a_part(self) -> None:
        """Know that something of it costs what nobody has told."""
        self._is_partial = True

    def pay(self) -> Decimal:
        """Return what is to be spent now; it is returned once."""
        amount, self._unspent = self._unspent, Decimal(0)
        return amount
