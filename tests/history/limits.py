"""Check what the service accepted against the owner's limits."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from tests.simulator.model import Message, Order, Status
from tests.simulator.simulator import Simulator

# Money a day, messages a number and hour.
type Limits = tuple[float, int]
# A request may be accepted so much later; another limit may have held when it was made.
_LATE: Final = timedelta(minutes=15)
_HOUR: Final = timedelta(hours=1)


class LimitsHeld:
    """Checks each message when it is accepted; a history fits into a day."""

    def __init__(
        self, sim: Simulator, in_force: Callable[[], Limits], is_urgent: Callable[[Order], bool]
    ) -> None:
        self._sim = sim
        self._in_force = in_force
        self._is_urgent = is_urgent
        self._begin = sim.account.balance
        # Whether some of what was spent is forgotten.
        self.off = False
        self._past: list[tuple[datetime, Limits]] = []

    def note(self) -> None:
        """Note the limits that have held until now."""
        self._past.append((self._sim.now(), self._in_force()))

    def top_up(self, money: Decimal) -> None:
        """Note that the balance changed by a top-up."""
        self._begin += money

    @property
    def spent(self) -> Decimal:
        """Return what the service took, refunds given back."""
        return self._begin - self._sim.account.balance

    def accepted(self, message: Message) -> Iterator[str]:
        """Return a problem where a message exceeds a limit; its packet is not charged yet."""
        order = self._sim.orders[-1] if self._sim.orders else None
        new = order is not None and order.server_id == message.server_id
        if (
            self.off
            or order is None
            or not new
            or message.status not in (Status.ACCEPTED, Status.SCHEDULED)
        ):
            return
        if self._is_urgent(order):
            return
        packet = [each for each in self._sim.orders if each.packet == order.packet]
        spent = self.spent + sum((each.price for each in packet), Decimal())
        money = self._most(0, _LATE)
        if 0 < money < spent:
            yield f"OVER THE LIMIT: {spent} of {money} with {order}"
        count = self._most(1, _HOUR + _LATE)
        since = order.time - _HOUR + _LATE
        lately = [
            each
            for each in self._sim.orders
            if each.phone == order.phone and each.time > since and not self._is_urgent(each)
        ]
        if 0 < count < len(lately):
            yield f"OVER THE LIMIT: {len(lately)} of {count} an hour with {order}"

    def _most(self, place: int, back: timedelta) -> float:
        """Return the widest limit of late; 0 where there was none."""
        since = self._sim.now() - back
        limits = [each[place] for at, each in self._past if at >= since]
        limits.append(self._in_force()[place])
        return 0 if 0 in limits else max(limits)
