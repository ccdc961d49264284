"""What was ordered, what was told, and whether both agree with the service's own ledger."""

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
# The integration looks for a lost order this long; then nobody asks for it any more.
SEARCHED: Final = 3600.0

# So much later the disk has kept what nobody waits for.
_SYNCED: Final = timedelta(seconds=5)

type Pair = tuple[str, str]


class Fate(StrEnum):
    """What the caller was told of a message."""

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
class Told:
    """An event; `settled` once everything that followed from it had come to rest."""

    kind: str
    data: Mapping[str, Any]
    life: int = 0
    settled: bool = False

    @property
    def what(self) -> tuple[Any, ...]:
        """Return what may be told once."""
        if self.kind == "message_status":
            return ("status", self.data["message_id"], self.data["status_code"])
        return ("inbound", self.data["message_id"])


def key_of(text: str) -> str:
    """Return what names a text, whatever frame or alphabet it went out in."""
    found = re.search(rf"(?:(?:{ALARM}|{ALL_CLEAR}) )?\d+(?=!)|test message", text)
    return found[0] if found else text


class Books:
    """The home's side of the story."""

    def __init__(self, alarms: AlarmBooks | None = None) -> None:
        self._alarms = alarms or AlarmBooks({})
        self.ordered: list[Ordered] = []
        self.told: list[Told] = []
        self.lives = 0
        # Whoever is being buried is not listened to.
        self.deaf = False
        self.keys: set[str] = set()
        self.numbers: set[str] = set()
        self.wrong: list[str] = []
        # When the account was set up, by the service's clock.
        self.since = datetime.min.replace(tzinfo=UTC)
        # Orders that came to rest on the disk, and those that a crash may have forgotten.
        self._kept: set[int] = set()
        self._rested: set[int] = set()
        self._rested_at = datetime.min.replace(tzinfo=UTC)
        self._forgotten: set[int] = set()
        self._cut: set[Pair] = set()
        self._statuses: defaultdict[int, set[Status]] = defaultdict(set)

    def open(self, sim: Simulator, in_force: Callable[[], Limits] = lambda: (0, 0)) -> None:
        """Follow the service; `in_force` tells the owner's limits."""
        self._sim = sim
        self.limits = LimitsHeld(sim, in_force, self._is_urgent)
        self._alarms.open(sim)
        self.keys.add(sim.account.apikey)
        sim.changed.connect(self._changed)

    def order(self, phone: str, key: str, at: float, *, urgent: bool = False) -> Ordered:
        """Write down what is asked for."""
        ordered = Ordered(phone=phone, key=key, at=at, urgent=urgent)
        self.ordered.append(ordered)
        self.numbers.add(phone[-10:])
        return ordered

    def hear(self, told: Told) -> None:
        """Write down an event, and look at once whether the service says so too."""
        if self.deaf:
            return
        told.life = self.lives
        self.told.append(told)
        if told.kind == "message_status":
            known = self._statuses[int(told.data["message_id"])]
            if told.data["status_code"] not in known:
                self.wrong.append(f"a status that never was: {told.data}")
        elif not self._is_of_age(told):
            self.wrong.append(f"an age that is wrong: {told.data}")

    def settled(self) -> None:
        """Note that all has come to rest: nothing told in this life may be told again."""
        now = self._sim.now()
        if now >= self._rested_at + _SYNCED:
            # The disk keeps a moment later what has come to rest.
            self._kept |= self._rested
            self._rested = {order.server_id for order in self._orders}
            self._rested_at = now
        for told in reversed(self.told):
            if told.settled or told.life != self.lives:
                break
            told.settled = True

    def crashed(self, *, forgetful: bool = False) -> None:
        """Begin another life; what had not come to rest may be forgotten."""
        self.lives += 1
        if forgetful:
            for told in self.told:
                told.settled &= told.kind != "message_status"
            self._forgotten |= {order.server_id for order in self._orders} - self._kept
            # Their requests may be on their way.
            self._cut |= {
                (each.phone, each.key) for each in self.ordered if each.fate is Fate.UNKNOWN
            }
            self.limits.off = bool(self._forgotten or self._cut)

    @property
    def forgotten(self) -> set[int]:
        """Return the messages that nobody need remember."""
        cut = {
            order.server_id
            for order in self._orders
            if pair(order) in self._cut and order.server_id not in self._kept
        }
        return self._forgotten | cut

    @property
    def forgotten_price(self) -> Decimal:
        """Return what was paid for messages that nobody remembers."""
        prices = (each.price for each in self._orders if each.server_id in self.forgotten)
        return sum(prices, Decimal())

    @property
    def has_read(self) -> bool:
        """Return whether the home has told of a message, so it has read the list."""
        return any(told.kind != "message_status" for told in self.told)

    def is_private(self, text: str) -> bool:
        """Return whether a log line tells a number or a text."""
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
            # Of several that read alike nobody can tell which is which.
            and (now - each.at > SEARCHED or times[each.phone, each.key] > 1)
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
                yield f"LOST: a receipt for what the service does not have: {ordered}"
        for each, fates in asked.items():
            count, least = len(taken[each]), fates[Fate.TAKEN]
            if count < least:
                yield f"LOST: {each} is {count} times in the ledger, told {fates}"
            if count > least + fates[Fate.UNKNOWN]:
                yield f"DOUBLE: {each} is {count} times in the ledger, told {fates}"
        for each in taken.keys() - asked.keys():
            if each[1] not in self._alarms.keys:
                yield f"FORGED: nobody ordered {each}"
        ids = [each.message_id for each in self.ordered if each.message_id]
        if len(ids) != len(set(ids)):
            yield "DOUBLE: two receipts for one message"

    def _compare_inbox(self) -> Iterator[str]:
        """Every message of the inbox is an event with its words, and no other is."""
        inbox = {str(each.id): each for each in self._sim.inbox if each.account == ACCOUNT}
        heard: set[str] = set()
        for told in self.told:
            if told.kind == "message_status":
                continue
            message_id = told.data["message_id"]
            heard.add(message_id)
            message = inbox.get(message_id)
            if message is None or not _says(told, message, self._sim.options.inbound_stored):
                yield f"FORGED: {dict(told.data)} is not {message}"
        for each in inbox.keys() - heard:
            if self._is_due(inbox[each]):
                yield f"LOST: {inbox[each]} was never told"

    def _is_due(self, message: Inbound) -> bool:
        """Tell whether a message can be known of, and is not older than the account."""
        # What the first list shows is history, as far as its times can tell.
        doubt = timedelta(seconds=3 if self._sim.options.inbound_seconds else 65)
        return message.created >= self.since + doubt and is_listed(self._sim, message)

    def _compare_statuses(self, excused: set[int]) -> Iterator[str]:
        """Every final status is told, nothing after it, and nothing backwards."""
        stories: defaultdict[int, list[Told]] = defaultdict(list)
        for told in self.told:
            if told.kind == "message_status":
                stories[int(told.data["message_id"])].append(told)
        for order in self._orders:
            message = self._sim.messages[order.server_id]
            story = stories[order.server_id]
            ends = {told.data["status_code"] for told in story if told.data["final"]}
            if message.status in FINAL and not ends and order.server_id not in excused:
                yield f"LOST: the end of {message} was never told"
            if ends - {message.status}:
                yield f"FORGED: {message} is told as {ends}"
            yield from _out_of_order(message, story)

    def _compare_answers(self) -> Iterator[str]:
        """Whatever is told as an answer names a question to that number; each has one."""
        answers: defaultdict[str, set[str]] = defaultdict(set)
        inbound = [told for told in self.told if told.kind != "message_status"]
        # What a crash cut short is told again, and then may answer another question, or none.
        last = {told.data["message_id"]: told for told in inbound}
        for told in inbound:
            if not (question := told.data["reply_to"]):
                continue
            if told is last[told.data["message_id"]]:
                answers[question["message_id"]].add(told.data["message_id"])
            asked = self._sim.messages.get(int(question["message_id"]))
            if asked is None or asked.kind != "two_way" or f"+{asked.phone}" != told.data["phone"]:
                yield f"FORGED: {dict(told.data)} answers {asked}"
        yield from (f"DOUBLE: {q} was answered by {a}" for q, a in answers.items() if len(a) > 1)

    def _repeated(self) -> Iterator[str]:
        """Nothing is told twice; only what a crash cut short may be."""
        first: dict[tuple[Any, ...], Told] = {}
        for told in self.told:
            earlier = first.setdefault(told.what, told)
            if earlier is told:
                continue
            if earlier.settled and earlier.life != told.life:
                yield f"DOUBLE: told, written down, and told again after a crash: {told.data}"
            elif earlier.life == told.life:
                yield f"DOUBLE: told twice: {told.data}"
            first[told.what] = told

    def _is_of_age(self, told: Told) -> bool:
        """Tell whether an age is right, whatever the machine's clock says."""
        age, now = told.data["age"], self._sim.now()
        if not told.data["verified"]:
            # A push tells no time.
            return bool(age == 0)
        found = [each for each in self._sim.inbox if str(each.id) == told.data["message_id"]]
        # The list may tell minutes only, and its answer be on its way for a minute. Where the
        # service tells no time it is the machine's, which is right then.
        return all(abs(age - (now - each.created).total_seconds()) <= 61 for each in found)

    def _is_urgent(self, order: Order) -> bool:
        """Tell whether no limit holds an order back."""
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


def _says(told: Told, message: Inbound, stored: Stored) -> bool:
    """Tell whether an event has the words that were written, or what the list makes of them."""
    phone = f"+{message.phone}" if message.phone.isdecimal() else message.phone
    # The contract number finds the account on its way, and is nobody's word.
    text = message.text.removeprefix(f"{ACCOUNT} ")
    listed = stored_text(text, stored)
    words = {each.strip() for each in (listed, unescape(listed), text)}
    return bool(told.data["phone"] == phone and told.data["message"].strip() in words)


def _out_of_order(message: Message, story: list[Told]) -> Iterator[str]:
    ranks = {Status.SCHEDULED: 0, Status.ACCEPTED: 1, Status.SENT: 2}
    for one, other in pairwise(story):
        if one.life != other.life:
            continue
        before, after = Status(one.data["status_code"]), Status(other.data["status_code"])
        if before in FINAL or (after not in FINAL and ranks[after] <= ranks[before]):
            yield f"BACKWARDS: {message} went from {before!r} to {after!r}"
