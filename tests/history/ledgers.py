"""Compare what was ordered, and what was published, with the records of the simulated service."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from html import unescape
from itertools import pairwise
import re
from typing import Any, Final

from tests.simulator.choices import Stored
from tests.simulator.model import FINAL, Inbound, Message, Order, Status
from tests.simulator.otherwise import stored_text
from tests.simulator.simulator import Simulator

from .alarm_books import ALARM, ALL_CLEAR, AlarmBooks
from .limits import Limits, LimitsHeld
from .reach import is_listed

ACCOUNT: Final = 5671
# The integration reconciles a lost response for so long, and then gives up.
RECONCILED_FOR: Final = 3600.0

# Records that no caller waits for are on the disk after this time.
_SYNCED: Final = timedelta(seconds=5)

type Pair = tuple[str, str]


class Fate(StrEnum):
    """The result that the caller got for a message."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(slots=True, kw_only=True)
class Ordered:
    """A text to a number, as it was asked for."""

    phone: str
    key: str
    at: float
    urgent: bool = False
    fate: Fate = Fate.UNKNOWN
    message_id: str | None = None


@dataclass(slots=True)
class Published:
    """An event; `settled` once all that followed from it was done and on the disk."""

    kind: str
    data: Mapping[str, Any]
    life: int = 0
    settled: bool = False

    @property
    def what(self) -> tuple[Any, ...]:
        """Return a key of what may be published only once."""
        if self.kind == "message_status":
            return ("status", self.data["message_id"], self.data["status_code"])
        return ("inbound", self.data["message_id"])


_CUT_ALARM: Final = re.compile(rf"{ALARM[:1]}\w{{0,{len(ALARM) - 1}}} ?…")


def key_of(text: str) -> str:
    """Return the part of a text that names it, in whatever template or alphabet it was sent."""
    found = re.search(rf"(?:(?:{ALARM}|{ALL_CLEAR}) )?\d+(?=!)|test message", text)
    return found[0] if found else text


class Books:
    """What Home Assistant ordered and published, for the comparison."""

    def __init__(self, alarms: AlarmBooks | None = None) -> None:
        self._alarms = alarms or AlarmBooks({})
        self.ordered: list[Ordered] = []
        self.published: list[Published] = []
        self.lives = 0
        # Events of an account that is being killed are ignored.
        self.ignores_events = False
        self.keys: set[str] = set()
        self.numbers: set[str] = set()
        self.wrong: list[str] = []
        # When the account was set up, on the service's clock.
        self.since = datetime.min.replace(tzinfo=UTC)
        # Messages whose records are on the disk, and those that a crash may have lost.
        self._kept: set[int] = set()
        self._rested: set[int] = set()
        self._rested_at = datetime.min.replace(tzinfo=UTC)
        self._forgotten: set[int] = set()
        self._cut: set[Pair] = set()
        self._statuses: defaultdict[int, set[Status]] = defaultdict(set)

    def open(self, sim: Simulator, in_force: Callable[[], Limits] = lambda: (0, 0)) -> None:
        """Follow the service; `in_force` returns the owner's limits."""
        self._sim = sim
        self.limits = LimitsHeld(sim, in_force, self._is_urgent)
        self._alarms.open(sim)
        self.keys.add(sim.account.apikey)
        sim.changed.connect(self._changed)

    def order(self, phone: str, key: str, at: float, *, urgent: bool = False) -> Ordered:
        """Note a message that is ordered."""
        ordered = Ordered(phone=phone, key=key, at=at, urgent=urgent)
        self.ordered.append(ordered)
        self.numbers.add(phone[-10:])
        return ordered

    def record(self, event: Published) -> None:
        """Note an event, and check at once that the service had that status or message."""
        if self.ignores_events:
            return
        event.life = self.lives
        self.published.append(event)
        if event.kind == "message_status":
            known = self._statuses[int(event.data["message_id"])]
            if event.data["status_code"] not in known:
                self.wrong.append(f"a status that never was: {event.data}")
        elif not self._is_of_age(event):
            self.wrong.append(f"an age that is wrong: {event.data}")

    def settled(self) -> None:
        """Note that nothing is under way: no event of this life may be published again."""
        now = self._sim.now()
        if now >= self._rested_at + _SYNCED:
            # Records are on the disk only some seconds later. What was accepted after a crash had
            # cut its request off has none, where the disk was forgetful.
            self._kept |= self._rested
            uncut = (order for order in self._orders if pair(order) not in self._cut)
            self._rested = {order.server_id for order in uncut}
            self._rested_at = now
        for event in reversed(self.published):
            if event.settled or event.life != self.lives:
                break
            event.settled = True

    def crashed(self, *, forgetful: bool = False, unwritten: bool = False) -> None:
        """Begin another life.

        A `forgetful` disk may have lost what was not synced, an `unwritten` one lacks everything.
        """
        self.lives += 1
        if unwritten:
            self._alarms.begin_anew()
        if forgetful:
            self._alarms.forget()
            for event in self.published:
                event.settled &= event.kind != "message_status"
            self._forgotten |= {order.server_id for order in self._orders} - self._kept
            # Their requests may still be under way.
            self._cut |= {
                (each.phone, each.key) for each in self.ordered if each.fate is Fate.UNKNOWN
            }
            self.limits.off = bool(self._forgotten or self._cut)

    @property
    def forgotten(self) -> set[int]:
        """Return the messages whose records a crash may have lost."""
        cut = {
            order.server_id
            for order in self._orders
            if pair(order) in self._cut and order.server_id not in self._kept
        }
        return self._forgotten | cut

    @property
    def forgotten_price(self) -> Decimal:
        """Return the price of the messages whose records a crash may have lost."""
        prices = (each.price for each in self._orders if each.server_id in self.forgotten)
        return sum(prices, Decimal())

    @property
    def has_read(self) -> bool:
        """Return whether an inbound message was published, so that the list was read."""
        return any(event.kind != "message_status" for event in self.published)

    def is_private(self, text: str) -> bool:
        """Return whether a log line contains a number or a text."""
        bare = re.sub(r"[\s()-]", "", text)
        return "Алло" in text or any(number in bare for number in self.numbers)

    @property
    def spent(self) -> Decimal:
        """Return what the service took, refunds given back."""
        return self.limits.spent

    def excused(self, now: float) -> list[Order]:
        """Return orders whose fate the caller does not know, and that are too old to be found."""
        times = Counter((each.phone, each.key) for each in self.ordered)
        old = {
            (each.phone, each.key)
            for each in self.ordered
            if each.fate is Fate.UNKNOWN
            # Several messages with the same text cannot be distinguished.
            and (now - each.at > RECONCILED_FOR or times[each.phone, each.key] > 1)
        }
        if self._sim.options.refused_again:
            # Of the row that failed and the one refused as its double it is unknown which is which.
            old |= {
                pair(each) for each in self._sim.messages.values() if each.status is Status.FAILED
            }
        named = {each.message_id for each in self.ordered}
        return [
            order
            for order in self._orders
            if pair(order) in old and str(order.server_id) not in named
        ]

    def compare(self, excused: list[Order]) -> list[str]:
        """Return where the two ledgers differ."""
        return [
            *self.wrong,
            *self._compare_orders(),
            *self._compare_inbox(),
            *self._compare_statuses(self.forgotten | {order.server_id for order in excused}),
            *self._compare_answers(),
            *self._alarms.compare([(key_of(order.text), order) for order in self._orders]),
            *self._repeated(),
        ]

    @property
    def _orders(self) -> list[Order]:
        return [order for order in self._sim.orders if order.account == ACCOUNT]

    def _compare_orders(self) -> Iterator[str]:
        """Every accepted order once, and what was refused not at all."""
        paid = {order.server_id for order in self._orders}
        taken = _ids(self._orders)
        # A bad number in a list has an id too; where the answer was lost that is all one sees.
        failed = _ids(each for each in self._sim.messages.values() if each.server_id not in paid)
        asked: defaultdict[Pair, Counter[Fate]] = defaultdict(Counter)
        for ordered in self.ordered:
            here = ordered.phone, ordered.key
            is_failed = ordered.message_id in failed[here] or (failed[here] and not taken[here])
            asked[here][Fate.REFUSED if is_failed else ordered.fate] += 1
            if ordered.message_id and ordered.message_id not in taken[here] + failed[here]:
                yield f"LOST: a response for what the service does not have: {ordered}"
        for each, fates in asked.items():
            count, least = len(taken[each]), fates[Fate.TAKEN]
            if count < least:
                yield f"LOST: {each} is {count} times in the ledger, results {fates}"
            if count > least + fates[Fate.UNKNOWN]:
                yield f"DOUBLE: {each} is {count} times in the ledger, results {fates}"
        for each in taken.keys() - asked.keys():
            # Of an alarm's text that had to be cut, its number may be missing.
            if each[1] not in self._alarms.keys and not _CUT_ALARM.search(each[1]):
                yield f"FORGED: {each} was not ordered"
        ids = [each.message_id for each in self.ordered if each.message_id]
        if len(ids) != len(set(ids)):
            yield "DOUBLE: two responses for one message"

    def _compare_inbox(self) -> Iterator[str]:
        """Every message of the inbox is an event with its text, and no other is."""
        inbox = {str(each.id): each for each in self._sim.inbox if each.account == ACCOUNT}
        listed: set[str] = set()
        for event in self.published:
            if event.kind == "message_status":
                continue
            message_id = event.data["message_id"]
            listed.add(message_id)
            message = inbox.get(message_id)
            if message is None or not _has_text_of(
                event, message, self._sim.options.inbound_stored
            ):
                yield f"FORGED: {dict(event.data)} is not {message}"
        for each in inbox.keys() - listed:
            if self._is_due(inbox[each]):
                yield f"LOST: {inbox[each]} was never published"

    def _is_due(self, message: Inbound) -> bool:
        """Return whether a message can be known, and is not older than the account."""
        # What the first list shows is history, as far as its times show.
        doubt = timedelta(seconds=3 if self._sim.options.inbound_seconds else 65)
        return message.created >= self.since + doubt and is_listed(self._sim, message)

    def _compare_statuses(self, excused: set[int]) -> Iterator[str]:
        """Every final status is published, nothing after it, and nothing backwards."""
        stories: defaultdict[int, list[Published]] = defaultdict(list)
        for event in self.published:
            if event.kind == "message_status":
                stories[int(event.data["message_id"])].append(event)
        for order in self._orders:
            message = self._sim.messages[order.server_id]
            story = stories[order.server_id]
            ends = {event.data["status_code"] for event in story if event.data["final"]}
            if message.status in FINAL and not ends and order.server_id not in excused:
                yield f"LOST: the final status of {message} was never published"
            if ends - {message.status}:
                yield f"FORGED: {message} is published as {ends}"
            yield from _out_of_order(message, story)

    def _compare_answers(self) -> Iterator[str]:
        """Every answer names a question to its number, and each question has one answer."""
        answers: defaultdict[str, set[str]] = defaultdict(set)
        inbound = [event for event in self.published if event.kind != "message_status"]
        # A message whose event a crash cut short is published again, and may then answer another
        # question, or none.
        last = {event.data["message_id"]: event for event in inbound}
        for event in inbound:
            if not (question := event.data["reply_to"]):
                continue
            if event is last[event.data["message_id"]]:
                answers[question["message_id"]].add(event.data["message_id"])
            asked = self._sim.messages.get(int(question["message_id"]))
            if asked is None or asked.kind != "two_way" or f"+{asked.phone}" != event.data["phone"]:
                yield f"FORGED: {dict(event.data)} answers {asked}"
        yield from (f"DOUBLE: {q} was answered by {a}" for q, a in answers.items() if len(a) > 1)

    def _repeated(self) -> Iterator[str]:
        """Nothing is published twice, except what a crash cut short."""
        first: dict[tuple[Any, ...], Published] = {}
        for event in self.published:
            earlier = first.setdefault(event.what, event)
            if earlier is event:
                continue
            if earlier.settled and earlier.life != event.life:
                yield f"DOUBLE: published, stored, and published again after a crash: {event.data}"
            elif earlier.life == event.life:
                yield f"DOUBLE: published twice: {event.data}"
            first[event.what] = event

    def _is_of_age(self, event: Published) -> bool:
        """Return whether an age is right, also where the machine's clock is wrong."""
        age, now = event.data["age"], self._sim.now()
        if not event.data["verified"]:
            # A push has no time.
            return bool(age == 0)
        found = [each for each in self._sim.inbox if str(each.id) == event.data["message_id"]]
        # The list's times may lack seconds, and its response may take a minute. Where the service
        # sends no date the machine's clock counts, which is right then.
        return all(abs(age - (now - each.created).total_seconds()) <= 61 for each in found)

    def _is_urgent(self, order: Order) -> bool:
        """Return whether no limit applies to an order."""
        urgent = any(each.urgent and (each.phone, each.key) == pair(order) for each in self.ordered)
        return urgent or key_of(order.text) in self._alarms.keys

    def _changed(self, topic: str, record: object) -> None:
        if topic == "message" and isinstance(record, Message):
            self._statuses[record.server_id].add(record.status)
            self.wrong += self.limits.accepted(record)
        if topic == "account":
            self.keys.add(self._sim.account.apikey)


def pair(order: Order | Message) -> Pair:
    """Return number and name of an order's text."""
    return f"+{order.phone}", key_of(order.text)


def _ids(records: Iterable[Order | Message]) -> defaultdict[Pair, list[str]]:
    found: defaultdict[Pair, list[str]] = defaultdict(list)
    for each in records:
        found[pair(each)].append(str(each.server_id))
    return found


def _has_text_of(event: Published, message: Inbound, stored: Stored) -> bool:
    """Return whether an event has the text that was written, or the form that the list shows."""
    phone = f"+{message.phone}" if message.phone.isdecimal() else message.phone
    # The contract number only finds the account, and is no part of the text.
    text = message.text.removeprefix(f"{ACCOUNT} ")
    listed = stored_text(text, stored)
    words = {each.strip() for each in (listed, unescape(listed), text)}
    return bool(event.data["phone"] == phone and event.data["message"].strip() in words)


def _out_of_order(message: Message, story: list[Published]) -> Iterator[str]:
    ranks = {Status.SCHEDULED: 0, Status.ACCEPTED: 1, Status.SENT: 2}
    for one, other in pairwise(story):
        if one.life != other.life:
            continue
        before, after = Status(one.data["status_code"]), Status(other.data["status_code"])
        if before in FINAL or (after not in FINAL and ranks[after] <= ranks[before]):
            yield f"BACKWARDS: {message} went from {before!r} to {after!r}"
