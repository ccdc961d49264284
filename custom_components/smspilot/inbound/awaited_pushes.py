"""Messages that were pushed and that the list does not show yet.

The API's document says itself that the list may be minutes behind its pushes. So it is read again,
ever more rarely, for as long as a message counts. What a forger invents is looked for the same way
and costs a read now and then; the reads are those of the youngest push, however many there are.
"""

from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import HORIZON
from ..runtime.journal import Journal, Table, stored_time
from ..runtime.poller import Poller

# As many as a flood of forged pushes may fill; a genuine one still wakes a read.
MAX_AWAITED: Final = 1000
# From one look to the next: so much of the time since the push, between these bounds. Seconds.
SHARE: Final = 3.0
MIN_PAUSE: Final = 2.0
MAX_PAUSE: Final = 3600.0
# Only then is a push said to be of no message.
UNCONFIRMED_AFTER: Final = 3600.0


class AwaitedPush:
    """A push, by the loop's clock, and the host it was sent to."""

    def __init__(self, at: float, host: str, *, is_called: bool = False) -> None:
        self.at = at
        self.host = host
        # Whether it was said to be of no message.
        self.is_called = is_called


class AwaitedPushes:
    """The pushes of an account that the list has yet to confirm."""

    def __init__(self, hass: HomeAssistant, journal: Journal, poller: Poller) -> None:
        """Await nothing yet."""
        self._hass = hass
        self._journal = journal
        self._poller = poller
        self._awaited: dict[str, AwaitedPush] = {}
        self._next_look: CALLBACK_TYPE | None = None

    def restore(self, table: Table) -> None:
        """Take up what was awaited before the restart."""
        now, loop_now = dt_util.utcnow(), self._hass.loop.time()
        for message_id, at in table.items():
            age = _age(at, now)
            self._awaited[message_id] = AwaitedPush(
                loop_now - age, "", is_called=age >= UNCONFIRMED_AFTER
            )

    def table(self) -> Table:
        """Return what is awaited, as it is stored."""
        now, loop_now = dt_util.utcnow().timestamp(), self._hass.loop.time()
        return {
            message_id: _stored(now - loop_now + push.at)
            for message_id, push in self._awaited.items()
        }

    def __contains__(self, message_id: str) -> bool:
        """Return whether a message was pushed and not listed yet."""
        return message_id in self._awaited

    def __len__(self) -> int:
        """Return how many were pushed and not listed yet."""
        return len(self._awaited)

    @property
    def ids(self) -> list[str]:
        """Return which were pushed and not listed yet."""
        return list(self._awaited)

    @property
    def is_full(self) -> bool:
        """Return whether no more can be remembered, so that the list must be read more often."""
        return len(self._awaited) >= MAX_AWAITED

    def add(self, message_id: str, host: str) -> None:
        """Await a message."""
        if not self.is_full:
            self._awaited[message_id] = AwaitedPush(self._hass.loop.time(), host)
            self._journal.put("pushes", message_id, _stored(dt_util.utcnow().timestamp()))

    def pop(self, message_id: str) -> AwaitedPush | None:
        """Await a message no more, and return its push."""
        if push := self._awaited.pop(message_id, None):
            self._journal.put("pushes", message_id, None)
        return push

    @callback
    def looked(self, asked: float) -> int:
        """Plan the next look after a list that was asked for at that time.

        Return how many pushes are of no message, as far as an hour can tell.
        """
        called = 0
        for message_id, push in list(self._awaited.items()):
            age = asked - push.at
            if age > HORIZON.total_seconds():
                self.pop(message_id)
            elif age >= UNCONFIRMED_AFTER and not push.is_called:
                push.is_called = True
                called += 1
        self._plan(asked)
        return called

    def _plan(self, asked: float) -> None:
        if self._next_look:
            self._next_look()
            self._next_look = None
        if self._awaited:
            youngest = max(push.at for push in self._awaited.values())
            pause = min(max((asked - youngest) / SHARE, MIN_PAUSE), MAX_PAUSE)
            self._next_look = self._poller.wake_in(asked + pause - self._hass.loop.time())


def _stored(timestamp: float) -> str:
    return dt_util.utc_from_timestamp(timestamp).isoformat()


def _age(at: object, now: datetime) -> float:
    """Return the age of a stored push; a clock that was wrong makes it new."""
    try:
        return max((now - stored_time(at)).total_seconds(), 0.0)
    except TypeError, ValueError:
        return 0.0
