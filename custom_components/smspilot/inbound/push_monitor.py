"""Whether pushes of inbound messages arrive: proven, missed, or unconfirmed by the list."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..client import Smspilot
from ..const import LOGGER
from ..events import SIGNAL_COUNTS, SIGNAL_PUSH, Push
from ..runtime.journal import Journal, Table, stored_time
from ..runtime.poller import Poller

# The name of its table in the journal.
TABLE: Final = "push_monitor"
# How many pushes in a row without a listed message raise a notice.
MIN_UNCONFIRMED: Final = 3
# How long after its message was listed a push may come before it counts as missed. Seconds.
PUSH_TIMEOUT: Final = 60.0
# Missed pushes that are remembered: one that still comes proves that pushes arrive.
MAX_MISSED: Final = 100
# A message's age is in whole seconds.
SECOND: Final = 1.0
# Between two warnings in the log, however many forged pushes come. Seconds.
LOG_INTERVAL: Final = 60.0


class PushMonitor:
    """Notes which pushes to an account's webhook are confirmed, missed or unconfirmed."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        client: Smspilot,
        journal: Journal,
        *,
        poller: Poller,
        changed: Callable[[], None],
    ) -> None:
        """Have `changed` called when pushes were missed, so that reads become more frequent."""
        self._hass = hass
        self._entry_id = entry_id
        self._client = client
        self._journal = journal
        self._poller = poller
        self._changed = changed
        self._facts: dict[str, str] = {}
        # Listed messages without a push yet, and when it counts as missed; the earliest first.
        self._expected: dict[str, float] = {}
        self._missed: deque[str] = deque(maxlen=MAX_MISSED)
        self._is_check_scheduled = False
        self._opened = hass.loop.time()
        self._unconfirmed_in_a_row = 0
        self._log_after = self._opened
        self.dropped = 0
        # The host of the present webhook address; set as soon as the address is known.
        self.host = ""

    def restore(self, table: Table) -> None:
        """Load the journal's table."""
        self._facts = {str(key): str(value) for key, value in table.items()}

    def table(self) -> Table:
        """Return the table as the journal stores it."""
        return dict(self._facts)

    @property
    def url(self) -> str | None:
        """Return the address to which the API should push."""
        return self._client.push_url

    @property
    def last_push(self) -> datetime | None:
        """Return when a push was last confirmed."""
        with suppress(TypeError, ValueError):
            return stored_time(self._facts.get("last_push"))
        return None

    @property
    def proven(self) -> bool:
        """Return whether pushes are known to arrive at the present address."""
        return bool(self.url) and self._facts.get("url") == self.url

    @property
    def proven_elsewhere(self) -> bool:
        """Return whether pushes were proven to arrive at a former address."""
        return bool(self._facts.get("url")) and not self.proven

    @callback
    def opened(self) -> None:
        """Expect pushes from now on; those sent while the entry was not loaded are lost."""
        self._opened = self._hass.loop.time()

    @callback
    def confirm(self, host: str) -> None:
        """Note that a push was confirmed: its message is listed. `host` is where it was sent to."""
        self._unconfirmed_in_a_row = 0
        self._store("last_push", dt_util.utcnow().isoformat())
        if self.url and not self.proven and not self._is_former(host):
            self._store("url", self.url)
            self._store("host", self.host)
        self._signal(Push.CONFIRMED)

    def _is_former(self, host: str) -> bool:
        """Return whether a push was sent to the former proven address.

        A proxy may put in any host: a host other than the present one proves nothing, unless it is
        that of the former address.
        """
        old = self._facts.get("host") if self.proven_elsewhere else None
        return bool(old) and old != self.host and host == old

    @callback
    def drop(self, count: int) -> None:
        """Note that pushes came whose messages were not listed within an hour."""
        self.dropped += count
        self._unconfirmed_in_a_row += count
        if (now := self._hass.loop.time()) >= self._log_after:
            self._log_after = now + LOG_INTERVAL
            LOGGER.warning("A pushed message is not in SMSPILOT's list after an hour")
        if self._unconfirmed_in_a_row >= MIN_UNCONFIRMED:
            self._signal(Push.UNCONFIRMED)

    @callback
    def expect(self, message_id: str, age: float) -> None:
        """Expect the push of a message that a scheduled read found first."""
        open_for = self._hass.loop.time() - self._opened - SECOND
        if not self.url or age > open_for:
            # It was pushed before the webhook was registered.
            return
        self._expected[message_id] = self._hass.loop.time() + PUSH_TIMEOUT
        self._schedule_check(PUSH_TIMEOUT)

    @callback
    def push_came(self, message_id: str, host: str) -> None:
        """Note that a push came; confirm it at once where its message is listed already."""
        if self._expected.pop(message_id, None):
            self.confirm(host)
        elif message_id in self._missed:
            self._missed.remove(message_id)
            self.confirm(host)

    @callback
    def _schedule_check(self, seconds: float) -> None:
        if not self._is_check_scheduled:
            self._is_check_scheduled = True
            self._poller.call_in(seconds, self._check_missed)

    @callback
    def _check_missed(self, _now: datetime) -> None:
        """Note which expected pushes did not come in time."""
        self._is_check_scheduled, now = False, self._hass.loop.time()
        missed = [message_id for message_id, due in self._expected.items() if due <= now]
        for message_id in missed:
            del self._expected[message_id]
            self._missed.append(message_id)
        if self._expected:
            self._schedule_check(next(iter(self._expected.values())) - now)
        if not missed:
            return
        if self._facts.get("url"):
            self._store("url", "")
        self._signal(Push.MISSED)
        self._changed()

    def _store(self, fact: str, value: str) -> None:
        self._facts[fact] = value
        self._journal.put(TABLE, fact, value)

    def _signal(self, push: Push) -> None:
        async_dispatcher_send(self._hass, SIGNAL_PUSH.format(self._entry_id), push)
        async_dispatcher_send(self._hass, SIGNAL_COUNTS.format(self._entry_id))
