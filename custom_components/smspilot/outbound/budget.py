"""Money: what was spent today, what may still be, and what things are known to cost."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..client import Kind, SmspilotError
from ..client.values import money
from ..const import LOGGER
from ..errors import Reason, validation_error
from ..options import Options
from ..runtime.journal import Journal, Table
from ..text.segments import measure
from .message import OutboundMessage

# Today, and the week that tells how long a balance lasts.
DAYS_KEPT: Final = 8
# Prices of one kind differ so much between operators: the dearest seen need not be the dearest.
CAUTION: Final = 4
# A part of an unknown price may cost this share of the day's limit, and of a small limit so much.
UNKNOWN_SHARE: Final = Decimal("0.1")
UNKNOWN_PRICE: Final = Decimal(10)


@dataclass(slots=True)
class Reserve:
    """What is set aside for a message until it is paid, RUB."""

    left: Decimal = Decimal(0)


class Budget:
    """RUB an account spends a day."""

    def __init__(self, entry: ConfigEntry, journal: Journal) -> None:
        """Count nothing yet."""
        self._entry = entry
        self._journal = journal
        self._days: dict[str, Decimal] = {}
        self._prices: dict[str, Decimal] = {}
        self._reserved = Decimal(0)

    def restore(self, days: Table, prices: Table) -> None:
        """Take up the counters where they were."""
        self._days = _amounts(days)
        self._prices = _amounts(prices)

    def tables(self) -> dict[str, Table]:
        """Return the counters as they are stored."""
        return {
            "days": {day: str(amount) for day, amount in self._days.items()},
            "prices": {kind: str(price) for kind, price in self._prices.items()},
        }

    @property
    def spent_today(self) -> Decimal:
        """Return what was spent since midnight, RUB."""
        return self._days.get(_today().isoformat(), Decimal(0))

    @property
    def daily_pace(self) -> Decimal:
        """Return what a day of the last week cost on average, RUB."""
        today = _today()
        week = {(today - timedelta(days=back)).isoformat() for back in range(7)}
        spent = sum((amount for day, amount in self._days.items() if day in week), Decimal(0))
        return spent / 7

    def pay(self, amount: Decimal, reserve: Reserve) -> None:
        """Spend what a send cost, out of what was set aside for it."""
        self.spend(amount)
        self._take(min(amount, reserve.left), reserve)

    def free(self, reserve: Reserve) -> None:
        """Give back what is left of what was set aside."""
        self._take(reserve.left, reserve)

    def spend(self, amount: Decimal, paid_on: date | None = None) -> None:
        """Add what something cost to the day it was paid, else to today; a refund is negative."""
        if not amount:
            return
        today = _today()
        oldest = (today - timedelta(days=DAYS_KEPT)).isoformat()
        for day in [day for day in self._days if day < oldest]:
            del self._days[day]
            self._journal.write("days", day, None)
        key = (paid_on or today).isoformat()
        if key < oldest:
            return
        self._days[key] = max(self._days.get(key, Decimal(0)) + amount, Decimal(0))
        self._journal.write("days", key, str(self._days[key]))

    def learn(self, message: OutboundMessage, price: Decimal | None) -> None:
        """Remember the dearest price a part of the kind."""
        if not price:
            return
        each = price / _parts(message)
        if each > self._prices.get(message.kind, Decimal(0)):
            self._prices[message.kind] = each
            self._journal.write("prices", message.kind, str(each))

    async def reserve(
        self, message: OutboundMessage, ask: Callable[[], Awaitable[Decimal]]
    ) -> Reserve:
        """Set aside what the message may cost, or refuse it.

        The service is asked only when it matters, and an alarm is not held back by a question
        that nobody answers.
        """
        limit = Options.from_entry(self._entry).daily_limit
        if message.options.test or message.options.urgent or not limit:
            return Reserve()
        price = self._prices.get(message.kind)
        unknown = max(limit * UNKNOWN_SHARE, UNKNOWN_PRICE)
        each = unknown if price is None else price * CAUTION
        estimate = each * _parts(message) * len(message.targets)
        if estimate > self._left(limit):
            try:
                estimate = await ask()
            except SmspilotError as err:
                LOGGER.debug("The price could not be asked for: %s", err)
            else:
                # Others may have been sent while the service was asked.
                if estimate > (left := self._left(limit)):
                    raise validation_error(
                        Reason.DAILY_LIMIT,
                        limit=_rub(limit),
                        spent=_rub(self.spent_today),
                        cost=_rub(estimate),
                        left=_rub(max(left, Decimal(0))),
                    )
        self._reserved += estimate
        return Reserve(estimate)

    def _take(self, amount: Decimal, reserve: Reserve) -> None:
        reserve.left -= amount
        self._reserved -= amount

    def _left(self, limit: Decimal) -> Decimal:
        return limit - self.spent_today - self._reserved


def _parts(message: OutboundMessage) -> int:
    """Return how many prices a message has a number.

    What is spoken, called or checked has one, however long its text is.
    """
    return measure(message.text).parts if message.kind in (Kind.SMS, Kind.TWO_WAY) else 1


def _today() -> date:
    """Return the day of Home Assistant's own zone, summer time included."""
    return dt_util.as_local(dt_util.utcnow()).date()


def _rub(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _amounts(table: Table) -> dict[str, Decimal]:
    """Return stored amounts; what cannot be read is no amount."""
    found: dict[str, Decimal] = {}
    for key, value in table.items():
        if (amount := money(value)) is not None:
            found[key] = amount
    return found
