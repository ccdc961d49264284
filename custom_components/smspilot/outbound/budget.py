"""Money: what was spent today, what may still be, and what things are known to cost."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..client import Kind
from ..client.values import money
from ..contacts.phones import country_of
from ..options import Options
from ..runtime.journal import Journal, Table
from ..text.segments import measure
from .message import OutboundMessage
from .number import Permit

# Today, and the week that tells how long a balance lasts.
DAYS_KEPT: Final = 8
# Prices of one kind and country differ so much between operators: the dearest seen need not be it.
CAUTION: Final = 4
# A part of an unknown price may cost this share of the day's limit, and of a small limit so much.
UNKNOWN_SHARE: Final = Decimal("0.1")
UNKNOWN_PRICE: Final = Decimal(10)


class Budget:
    """RUB an account spends a day, and what is set aside for what may yet be paid."""

    def __init__(self, entry: ConfigEntry, journal: Journal) -> None:
        """Have spent nothing and know no price yet."""
        self._entry = entry
        self._journal = journal
        self._days: dict[str, Decimal] = {}
        self._prices: dict[str, Decimal] = {}
        self._permits: set[Permit] = set()
        # Of messages that were accepted without a price, by id.
        self._unpriced: dict[str, Permit] = {}

    def restore(self, days: Table, prices: Table) -> None:
        """Take up the sums where they were."""
        self._days = _amounts(days)
        self._prices = _amounts(prices)

    def tables(self) -> dict[str, Table]:
        """Return the sums as they are stored."""
        return {
            "days": {day: str(amount) for day, amount in self._days.items()},
            "prices": {key: str(price) for key, price in self._prices.items()},
        }

    @property
    def limit(self) -> Decimal:
        """Return how much may be spent a day, RUB; 0 is any amount."""
        return Options.from_entry(self._entry).daily_limit

    @property
    def spent_today(self) -> Decimal:
        """Return what was spent since midnight, RUB."""
        return self._days.get(_today().isoformat(), Decimal(0))

    @property
    def left_today(self) -> Decimal:
        """Return what may still be spent today beside all that is set aside, RUB."""
        return self.limit - self.spent_today - self._set_aside()

    @property
    def daily_pace(self) -> Decimal:
        """Return what a day of the last week cost on average, RUB."""
        today = _today()
        week = {(today - timedelta(days=back)).isoformat() for back in range(7)}
        spent = sum((amount for day, amount in self._days.items() if day in week), Decimal(0))
        return spent / 7

    def price(self, kind: Kind, country: str) -> Decimal | None:
        """Return the dearest price seen of a part of the kind in a country, RUB."""
        return self._prices.get(f"{kind}:{country}")

    def estimate(self, message: OutboundMessage, phone: str) -> Decimal:
        """Return what a message to a number may cost at most, cautiously, RUB."""
        price = self.price(message.kind, country_of(phone))
        if price is None:
            return max(self.limit * UNKNOWN_SHARE, UNKNOWN_PRICE) * parts_of(message)
        return price * CAUTION * parts_of(message)

    def learn(self, message: OutboundMessage, phone: str, price: Decimal | None) -> None:
        """Remember the dearest price of a part of the kind in the number's country."""
        if not price:
            return
        key, each = f"{message.kind}:{country_of(phone)}", price / parts_of(message)
        if each > self._prices.get(key, Decimal(0)):
            self._prices[key] = each
            self._journal.put("prices", key, str(each))

    def add(self, permit: Permit) -> None:
        """Set aside what a permit may cost."""
        self._permits.add(permit)

    def remove(self, permit: Permit | None) -> None:
        """Set it aside no more: it was paid, or costs nothing."""
        if permit:
            self._permits.discard(permit)

    def keep_until_priced(self, message_id: str, permit: Permit) -> None:
        """Keep aside what an accepted message may cost until the API tells its price."""
        self._unpriced[message_id] = permit

    def spend(self, amount: Decimal, paid_on: date | None = None) -> None:
        """Add what something cost to the day it was paid, else to today; a refund is negative."""
        if not amount:
            return
        today = _today()
        oldest = (today - timedelta(days=DAYS_KEPT)).isoformat()
        for day in [day for day in self._days if day < oldest]:
            del self._days[day]
            self._journal.put("days", day, None)
        key = (paid_on or today).isoformat()
        if key < oldest:
            return
        self._days[key] = max(self._days.get(key, Decimal(0)) + amount, Decimal(0))
        self._journal.put("days", key, str(self._days[key]))

    def spend_late(self, message_id: str, amount: Decimal, paid_on: date | None = None) -> None:
        """Spend what the API tells only now of a message that was accepted before."""
        self.remove(self._unpriced.pop(message_id, None))
        self.spend(amount, paid_on)

    def _set_aside(self) -> Decimal:
        """Return what requests under way, messages in doubt and unknown prices of today hold."""
        today = _today()
        past = {one for one in self._permits if not one.under_way and _day(one) != today}
        if past:
            self._permits -= past
            self._unpriced = {key: one for key, one in self._unpriced.items() if one not in past}
        return total(one.amount for one in self._permits)


def parts_of(message: OutboundMessage) -> int:
    """Return how many prices a message has a number.

    What is spoken, called or checked has one, however long its text is.
    """
    return measure(message.text).parts if message.kind in (Kind.SMS, Kind.TWO_WAY) else 1


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts."""
    return sum(amounts, Decimal(0))


def _today() -> date:
    """Return the day of Home Assistant's own zone, summer time included."""
    return dt_util.as_local(dt_util.utcnow()).date()


def _day(permit: Permit) -> date:
    return dt_util.as_local(datetime.fromtimestamp(permit.at, dt_util.UTC)).date()


def _amounts(table: Table) -> dict[str, Decimal]:
    """Return stored amounts; what cannot be read is no amount."""
    found: dict[str, Decimal] = {}
    for key, value in table.items():
        if (amount := money(value)) is not None:
            found[key] = amount
    return found
