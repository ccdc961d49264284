"""Money: what was spent a day, what is set aside for messages under way, and known prices.

A warning that depends on these figures belongs into `issues.py: IssueReporter.review`.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..client import Kind
from ..client.values import money
from ..contacts.phones import country_of
from ..options import Options
from ..runtime.journal import Journal, Table, Tables
from ..text.segments import measure
from .message import OutboundMessage
from .number import Permit

# Days before today that are kept; the daily average is that of these and of today so far.
DAYS_KEPT: Final = 7
# Operators' prices of one kind and country differ by this factor, so a price may still be higher
# than the highest seen.
PRICE_MARGIN: Final = 4
# A part of unknown price is estimated at this share of the day's limit, and at no less than this.
UNKNOWN_PRICE_SHARE: Final = Decimal("0.1")
MIN_UNKNOWN_PRICE: Final = Decimal(10)


class Budget:
    """What an account spends a day, and what its permits set aside, in RUB."""

    def __init__(self, entry: ConfigEntry, journal: Journal) -> None:
        self._entry = entry
        self._journal = journal
        self._days: dict[str, Decimal] = {}
        # What of a day's amount went to Assist's answers.
        self._answers: dict[str, Decimal] = {}
        self._prices: dict[str, Decimal] = {}
        self._permits: set[Permit] = set()
        # Those of messages that were accepted without a price, by message id.
        self._unpriced: dict[str, Permit] = {}
        # When permits of past days were dropped.
        self._dropped_on = _today()

    def restore(self, tables: Tables) -> None:
        """Restore the stored sums and prices, and what is set aside until a price is known."""
        self._days = _amounts(tables.get("days", {}))
        self._answers = _amounts(tables.get("answers", {}))
        self._prices = _amounts(tables.get("prices", {}))
        for message_id, stored in tables.get("unpriced", {}).items():
            with suppress(TypeError, ValueError):
                if permit := Permit.from_stored("", stored):
                    self._unpriced[message_id] = permit
        self._permits = set(self._unpriced.values())

    def tables(self) -> dict[str, Table]:
        """Return what `restore` needs, as it is stored."""
        return {
            "days": {day: str(amount) for day, amount in self._days.items()},
            "answers": {day: str(amount) for day, amount in self._answers.items()},
            "prices": {key: str(price) for key, price in self._prices.items()},
            "unpriced": {key: permit.as_stored() for key, permit in self._unpriced.items()},
        }

    @property
    def limit(self) -> Decimal:
        """Return how much may be spent a day, in RUB; 0 means no limit."""
        return Options.from_entry(self._entry).daily_limit

    @property
    def spent_today(self) -> Decimal:
        """Return what was spent since midnight, in RUB."""
        return self._days.get(_today().isoformat(), Decimal(0))

    @property
    def left_today(self) -> Decimal:
        """Return what may still be spent today beside what is set aside, in RUB."""
        return self.limit - self.spent_today - self._amount_set_aside()

    @property
    def daily_average(self) -> Decimal:
        """Return what a day cost on average since the account was set up, a week ago at most."""
        today = _today()
        begin = dt_util.start_of_local_day(today - timedelta(days=DAYS_KEPT))
        # Days before the account was set up would make its balance look as if it lasted longer.
        known = dt_util.utcnow() - max(begin, self._entry.created_at)
        oldest = begin.date().isoformat()
        days = (each for day, each in self._days.items() if oldest <= day <= today.isoformat())
        return total(days) / Decimal(max(known / timedelta(days=1), 1))

    @property
    def knows_a_week(self) -> bool:
        """Return whether the daily average is that of a week, not of a younger account."""
        return self._entry.created_at <= dt_util.utcnow() - timedelta(days=DAYS_KEPT)

    def price(self, kind: Kind, country: str) -> Decimal | None:
        """Return the highest price seen for a part of the kind in a country, in RUB."""
        return self._prices.get(f"{kind}:{country}")

    def estimate(self, message: OutboundMessage, phone: str) -> Decimal:
        """Return what a message to a number may cost at most, in RUB: a guess without a price."""
        price = self.price(message.kind, country_of(phone))
        if price is None:
            return max(self.limit * UNKNOWN_PRICE_SHARE, MIN_UNKNOWN_PRICE) * parts_of(message)
        return price * PRICE_MARGIN * parts_of(message)

    def note_price(self, message: OutboundMessage, phone: str, price: Decimal | None) -> None:
        """Keep the price of a part where it is the highest of its kind in the number's country."""
        if not price:
            return
        key, each = f"{message.kind}:{country_of(phone)}", price / parts_of(message)
        if each > self._prices.get(key, Decimal(0)):
            self._prices[key] = each
            self._journal.put("prices", key, str(each))

    def add(self, permit: Permit) -> None:
        """Set aside the amount of a permit."""
        if self._dropped_on != _today():
            self._drop_past()
        self._permits.add(permit)

    def remove(self, permit: Permit | None) -> None:
        """Release the amount of a permit: it was spent, or nothing was sent."""
        if permit:
            self._permits.discard(permit)
        if not self._permits:
            # A set keeps the size of the longest list ever sent.
            self._permits = set()

    def keep_until_priced(self, message_id: str, permit: Permit) -> None:
        """Keep an accepted message's amount set aside until `correct_spending` gets its price."""
        self._unpriced[message_id] = permit
        self._journal.put("unpriced", message_id, permit.as_stored())

    def spend(self, amount: Decimal, paid_on: date | None = None) -> None:
        """Add an amount to the day it was paid on, else to today; a refund is negative."""
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

    @property
    def spent_on_answers_today(self) -> Decimal:
        """Return what Assist's answers cost since midnight, in RUB."""
        return self._answers.get(_today().isoformat(), Decimal(0))

    def spend_on_answers(self, amount: Decimal) -> None:
        """Note what of today's spending goes to Assist's answers; only today's is kept."""
        key, spent = _today().isoformat(), self.spent_on_answers_today + amount
        for day in self._answers.keys() - {key}:
            self._journal.put("answers", day, None)
        self._answers = {key: spent}
        self._journal.put("answers", key, str(spent))

    def correct_spending(
        self, message_id: str, amount: Decimal, paid_on: date | None = None
    ) -> None:
        """Add the difference where a message's price becomes known or changes; may be negative."""
        if amount:
            self._release(message_id)
        self.spend(amount, paid_on)

    def release(self, message_id: str, price: Decimal | None) -> None:
        """Release what is set aside for a message that has ended, if its price is known.

        Before the end a price of 0 may stand for an unknown one; after it the message was free.
        """
        if price is not None:
            self._release(message_id)

    def _release(self, message_id: str) -> None:
        if permit := self._unpriced.pop(message_id, None):
            self.remove(permit)
            self._journal.put("unpriced", message_id, None)

    def _amount_set_aside(self) -> Decimal:
        self._drop_past()
        return total(one.amount for one in self._permits)

    def _drop_past(self) -> None:
        """Drop the permits of past days that are not under way."""
        self._dropped_on = today = _today()
        past = {one for one in self._permits if not one.under_way and _date_of(one) != today}
        for message_id in [key for key, one in self._unpriced.items() if one in past]:
            self._release(message_id)
        self._permits -= past


def parts_of(message: OutboundMessage) -> int:
    """Return how many parts of a message are paid for each number; calls and checks have one."""
    return measure(message.text).parts if message.kind in (Kind.SMS, Kind.TWO_WAY) else 1


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts, in RUB."""
    return sum(amounts, Decimal(0))


def _today() -> date:
    """Return today in Home Assistant's time zone."""
    return dt_util.as_local(dt_util.utcnow()).date()


def _date_of(permit: Permit) -> date:
    return dt_util.as_local(datetime.fromtimestamp(permit.at, dt_util.UTC)).date()


def _amounts(table: Table) -> dict[str, Decimal]:
    """Return stored amounts without those that cannot be read."""
    found: dict[str, Decimal] = {}
    for key, value in table.items():
        if (amount := money(value)) is not None:
            found[key] = amount
    return found
