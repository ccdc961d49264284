"""Messages that were pushed and that the list does not show yet.

The API's document says that the list may be minutes behind its pushes. So the list is read again,
at growing intervals, for the 72 hours in which a message may still be published. A forged push
causes the same few reads. Only the youngest push decides when to read, however many there are.
"""

from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import HORIZON
from ..runtime.journal import Journal, Table, stored_time
from ..runtime.poller import Poller

# The name of its table in the journal.
TABLE: Final = "pushes"
# Bounds the memory that a flood of forged pushes can take; a push beyond it still wakes a read.
MAX_AWAITED: Final = 1000
# The backoff before the next read is the time since the push divided by this, within these bounds.
# Seconds.
BACKOFF_DIVISOR: Final = 3.0
MIN_BACKOFF: Final = 2.0
MAX_BACKOFF: Final = 3600.0
# A push whose message is not listed after this many seconds is reported as unconfirmed.
UNCONFIRMED_AFTER: Final = 3600.0


class AwaitedPush:
    """When a push came, on the event loop's clock, and the host it was sent to."""

    def __init__(self, at: float, host: str, *, is_reported: bool = False) -> None:
        self.at = at
        self.host = host
        # Whether it was reported as unconfirmed.
        self.is_reported = is_reported


class AwaitedPushes:
    """The pushes of an account that the list has yet to confirm."""

    def __init__(self, hass: HomeAssistant, journal: Journal, poller: Poller) -> None:
        self._hass = hass
        self._journal = journal
        self._poller = poller
        self._awaited: dict[str, AwaitedPush] = {}
        self._cancel_next_read: CALLBACK_TYPE | None = None

    def restore(self, table: Table) -> None:
        """Load the pushes that were awaited before the restart."""
        now, loop_now = dt_util.utcnow(), self._hass.loop.time()
        for message_id, at in table.items():
            age = _age(at, now)
            self._awaited[message_id] = AwaitedPush(
                loop_now - age, "", is_reported=age >= UNCONFIRMED_AFTER
            )

    def table(self) -> Table:
        """Return the awaited pushes as they are stored."""
        now, loop_now = dt_util.utcnow().timestamp(), self._hass.loop.time()
        return {
            message_id: _stored(now - loop_now + push.at)
            for message_id, push in self._awaited.items()
        }

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._awaited

    def __len__(self) -> int:
        return len(self._awaited)

    @property
    def ids(self) -> list[str]:
        """Return the ids of messages that were pushed and are not listed yet."""
        return list(self._awaited)

    @property
    def is_full(self) -> bool:
        """Return whether no more can be remembered; then the list must be read more often."""
        return len(self._awaited) >= MAX_AWAITED

    def add(self, message_id: str, host: str) -> None:
        """Remember that a message was pushed."""
        if not self.is_full:
            self._awaited[message_id] = AwaitedPush(self._hass.loop.time(), host)
            self._journal.put(TABLE, message_id, _stored(dt_util.utcnow().timestamp()))

    def pop(self, message_id: str) -> AwaitedPush | None:
        """Stop awaiting a message, and return its push."""
        if push := self._awaited.pop(message_id, None):
            self._journal.put(TABLE, message_id, None)
        return push

    @callback
    def list_was_read(self, requested_at: float) -> int:
        """Schedule the next read after a list that was requested at that time.

        Return how many pushes have become unconfirmed: their message was not listed for an hour.
        """
        unconfirmed = 0
        for message_id, push in list(self._awaited.items()):
            age = requested_at - push.at
            if age > HORIZON.total_seconds():
                self.pop(message_id)
            elif age >= UNCONFIRMED_AFTER and not push.is_reported:
                push.is_reported = True
                unconfirmed += 1
        self._schedule_read(requested_at)
        return unconfirmed

    def _schedule_read(self, requested_at: float) -> None:
        if self._cancel_next_read:
            self._cancel_next_read()
            self._cancel_next_read = None
        if self._awaited:
            youngest = max(push.at for push in self._awaited.values())
            backoff = min(
                max((requested_at - youngest) / BACKOFF_DIVISOR, MIN_BACKOFF), MAX_BACKOFF
            )
            delay = requested_at + backoff - self._hass.loop.time()
            self._cancel_next_read = self._poller.wake_in(delay)


def _stored(timestamp: float) -> str:
    return dt_util.utc_from_timestamp(timestamp).isoformat()


def _age(at: object, now: datetime) -> float:
    """Return the age of a stored push; 0 where its time is in the future or cannot be read."""
    try:
        return max((now - stored_time(at)).total_seconds(), 0.0)
    except TypeError, ValueError:
        return 0.0
