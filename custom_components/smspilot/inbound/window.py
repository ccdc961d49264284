"""The ids of messages of the last 72 hours that were published.

There is no cursor: a list may be late, unordered, or repeat itself, so that only the id shows
whether a message is new. The whole window is requested each time, but not from before the set-up.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from homeassistant.util import dt as dt_util

from ..client import InboundMessage, Smspilot
from ..const import HORIZON
from ..runtime.journal import Journal, Table, Tables, stored_time

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
# Ids are kept longer than the window, so that no message is published again at its edge.
MARGIN: Final = timedelta(hours=1)
# A message in the first read that is dated at most this long after the set-up was there before it:
# the API's clock has whole seconds only.
SET_UP_TIME: Final = timedelta(seconds=2)


class Window:
    """The messages of the last 72 hours that were published or decided not to be."""

    def __init__(self, client: Smspilot, journal: Journal) -> None:
        self._client = client
        self._journal = journal
        # By id: when the message was written, and by which number.
        self._known: dict[str, tuple[str, str]] = {}
        # Those that were pushed and never listed.
        self._unlisted: set[str] = set()
        self._facts: dict[str, str] = {}
        # On the clock by which `client.now()` goes on, since a time is subtracted from that.
        self._made_at = monotonic()
        # Whether the account was first set up in this run of Home Assistant.
        self._is_new = False

    def restore(self, tables: Tables) -> None:
        """Load the journal's tables."""
        for message_id, row in tables.get("known", {}).items():
            match row:
                case [str(created), str(phone)]:
                    self._known[message_id] = (created, phone)
                case _:
                    # A row that cannot be read still has its id: do not publish it again.
                    self._known[message_id] = (dt_util.utcnow().isoformat(), "")
        self._facts = {str(key): str(value) for key, value in tables.get("inbox", {}).items()}

    def tables(self) -> dict[str, Table]:
        """Return the tables as the journal stores them."""
        known = {message_id: list(row) for message_id, row in self._known.items()}
        return {"known": known, "inbox": dict(self._facts)}

    def __contains__(self, message_id: str) -> bool:
        """Return whether a message was published already, or was decided not to be."""
        return message_id in self._known

    def has_written(self, phone: str) -> bool:
        """Return whether a number has written within the window."""
        return any(phone == one for _created, one in self._known.values())

    @property
    def now(self) -> datetime:
        """Return the API's time; the machine's until the API has sent a date."""
        return self._client.now() or dt_util.utcnow()

    @property
    def max_length(self) -> int:
        """Return the number of messages of the longest list so far."""
        with suppress(ValueError):
            return int(self._facts.get("max_length", 0))
        return 0

    def note_length(self, count: int) -> None:
        """Store the length of a list where it is the longest so far."""
        if count > self.max_length:
            self._store("max_length", str(count))

    def begin(self) -> None:
        """Note when the account is first set up here, by the machine's clock."""
        if not self._facts.keys() & {"set_up", "set_up_here"}:
            self._is_new = True
            self._store("set_up_here", dt_util.utcnow().isoformat())

    def learn_set_up(self) -> datetime:
        """Return when the account was first set up here; store it once the API's clock is known."""
        with suppress(TypeError, ValueError):
            return stored_time(self._facts.get("set_up"))
        set_up = (self.now - self._time_here()).replace(microsecond=0)
        if self._client.now():
            self._store("set_up", set_up.isoformat())
        return set_up

    def _time_here(self) -> timedelta:
        """Return how long ago the account was first set up here."""
        lived = timedelta(seconds=monotonic() - self._made_at)
        if self._is_new:
            # Not by the machine's clock, which may be corrected meanwhile.
            return lived
        with suppress(TypeError, ValueError):
            return max(dt_util.utcnow() - stored_time(self._facts.get("set_up_here")), lived)
        return lived

    def start(self, now: datetime) -> datetime:
        """Return the `since` of a request, a second early: it may be exclusive."""
        return max(now - HORIZON, _minute(self.learn_set_up())) - SECOND

    def is_too_old(self, message: InboundMessage, at: datetime) -> bool:
        """Return whether a message is too old to be published."""
        return at - message.created > HORIZON

    def is_history(self, message: InboundMessage) -> bool:
        """Return whether a message was written before the account was set up here."""
        set_up = self.learn_set_up()
        if message.to_the_minute:
            set_up = _minute(set_up)
        if message.created < set_up:
            return True
        # The first read may show messages that seem later, as times are rounded.
        tolerance = MINUTE if message.to_the_minute else SET_UP_TIME
        return "read" not in self._facts and message.created < set_up + tolerance

    def remember(self, message: InboundMessage, phone: str, *, listed: bool = True) -> None:
        """Note that a message is published, or was decided not to be."""
        if not listed:
            self._unlisted.add(message.id)
        row = self._known[message.id] = (message.created.isoformat(), phone)
        self._journal.put("known", message.id, list(row))

    def forget(self, message_id: str) -> None:
        """Undo `remember`."""
        self._unlisted.discard(message_id)
        if self._known.pop(message_id, None):
            self._journal.put("known", message_id, None)

    def was_read(self, at: datetime) -> None:
        """Note that the list was read, and forget ids that are too old for any list.

        Both clocks have to agree on the age: one of them may be wrong for a while.
        """
        if "set_up" not in self._facts:
            # The API sends no date: store the time of the machine's clock.
            self._store("set_up", self.learn_set_up().isoformat())
        if "read" not in self._facts:
            self._store("read", at.isoformat())
        horizon = (min(at, dt_util.utcnow()) - HORIZON - MARGIN).isoformat()
        for message_id in [key for key, row in self._known.items() if row[0] < horizon]:
            self.forget(message_id)

    def hides(self, listed: set[str], since: datetime, oldest: datetime) -> bool:
        """Return whether a list lacks messages that it once showed, older than all it now shows."""
        self._unlisted -= listed
        first, last = since.isoformat(), oldest.isoformat()
        return any(
            first < created < last and message_id not in listed
            for message_id, (created, _phone) in self._known.items()
            if message_id not in self._unlisted
        )

    def _store(self, fact: str, value: str) -> None:
        self._facts[fact] = value
        self._journal.put("inbox", fact, value)


def _minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)
