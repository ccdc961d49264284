"""The last 72 hours of the inbound list: what was published of them already.

There is no cursor: a list may be late, unordered, or repeat itself, and what is published is known
by its id. What is asked for is always the whole window, from when the account was set up here on.
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
# Ids are kept longer than the window, so that none comes back at its edge.
MARGIN: Final = timedelta(hours=1)
# The first read after the set-up shows what was there before; the API's clock tells seconds only.
SET_UP_TIME: Final = timedelta(seconds=2)


class Window:
    """What is known of the messages of the last 72 hours."""

    def __init__(self, client: Smspilot, journal: Journal) -> None:
        """Know nothing yet."""
        self._client = client
        self._journal = journal
        # When they were written, and by which number.
        self._known: dict[str, tuple[str, str]] = {}
        # Those of them that were only pushed.
        self._unlisted: set[str] = set()
        self._facts: dict[str, str] = {}
        # By the clock of the client's own.
        self._made_at = monotonic()

    def restore(self, tables: Tables) -> None:
        """Take up what was known before the restart."""
        for message_id, row in tables.get("known", {}).items():
            match row:
                case [str(created), str(phone)]:
                    self._known[message_id] = (created, phone)
                case _:
                    # What cannot be read was published all the same.
                    self._known[message_id] = (dt_util.utcnow().isoformat(), "")
        self._facts = {str(key): str(value) for key, value in tables.get("inbox", {}).items()}

    def tables(self) -> dict[str, Table]:
        """Return what is known, as it is stored."""
        known = {message_id: list(row) for message_id, row in self._known.items()}
        return {"known": known, "inbox": dict(self._facts)}

    def __contains__(self, message_id: str) -> bool:
        """Return whether a message was published already, or was decided not to be."""
        return message_id in self._known

    def wrote(self, phone: str) -> bool:
        """Return whether a number has written within the window."""
        return any(phone == one for _created, one in self._known.values())

    @property
    def now(self) -> datetime:
        """Return the API's time; the machine's, before it told any."""
        return self._client.now() or dt_util.utcnow()

    @property
    def longest(self) -> int:
        """Return how many messages the longest list had."""
        with suppress(ValueError):
            return int(self._facts.get("longest", 0))
        return 0

    @longest.setter
    def longest(self, count: int) -> None:
        if count > self.longest:
            self._note("longest", str(count))

    @property
    def set_up(self) -> datetime:
        """Return when the account was first set up here, by the API's clock."""
        with suppress(TypeError, ValueError):
            return stored_time(self._facts.get("set_up"))
        since = timedelta(seconds=monotonic() - self._made_at)
        set_up = (self.now - since).replace(microsecond=0)
        if self._client.now():
            self._note("set_up", set_up.isoformat())
        return set_up

    def start(self, now: datetime) -> datetime:
        """Return from when on to ask for messages; whether the bound counts is not documented."""
        return max(now - HORIZON, _minute(self.set_up)) - SECOND

    def is_over(self, message: InboundMessage, at: datetime) -> bool:
        """Return whether a message is too old to be published."""
        return at - message.created > HORIZON

    def is_history(self, message: InboundMessage) -> bool:
        """Return whether a message was written before the account was set up here."""
        set_up = self.set_up
        if message.to_the_minute:
            set_up = _minute(set_up)
        if message.created < set_up:
            return True
        # In the first moment the time alone does not tell; what the first list shows was there.
        doubt = MINUTE if message.to_the_minute else SET_UP_TIME
        return "read" not in self._facts and message.created < set_up + doubt

    def remember(self, message: InboundMessage, phone: str, *, listed: bool = True) -> None:
        """Note that a message is published, or is decided not to be."""
        if not listed:
            self._unlisted.add(message.id)
        row = self._known[message.id] = (message.created.isoformat(), phone)
        self._journal.put("known", message.id, list(row))

    def forget(self, message_id: str) -> None:
        """Note that a message could not be published after all."""
        self._unlisted.discard(message_id)
        if self._known.pop(message_id, None):
            self._journal.put("known", message_id, None)

    def was_read(self, at: datetime) -> None:
        """Note that all there is was read, and forget ids that no list shows any more.

        Both clocks have to say so: one of them may be wrong for a moment.
        """
        if "set_up" not in self._facts:
            # An API that tells no time leaves it to the machine.
            self._note("set_up", self.set_up.isoformat())
        if "read" not in self._facts:
            self._note("read", at.isoformat())
        horizon = (min(at, dt_util.utcnow()) - HORIZON - MARGIN).isoformat()
        for message_id in [key for key, row in self._known.items() if row[0] < horizon]:
            self.forget(message_id)

    def hides(self, listed: set[str], since: datetime, oldest: datetime) -> bool:
        """Return whether a list lacks messages that it once showed, older than all it shows."""
        self._unlisted -= listed
        first, last = since.isoformat(), oldest.isoformat()
        return any(
            first < created < last and message_id not in listed
            for message_id, (created, _phone) in self._known.items()
            if message_id not in self._unlisted
        )

    def _note(self, fact: str, value: str) -> None:
        self._facts[fact] = value
        self._journal.put("inbox", fact, value)


def _minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)
