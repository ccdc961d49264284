"""Whether pushes of inbound messages arrive: proven, missed, or not to be believed."""

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

# This many pushes in a row that the list never shows are no accident.
SUSPICIOUS: Final = 3
# How long the push of a message that a clock found first may take.
PUSH_TIME: Final = 60.0
# Late pushes that are remembered; where there are more, the first that come prove enough.
MAX_LATE: Final = 100
# Ages are told in whole seconds.
SECOND: Final = 1.0
# From one logged line to the next, however many forged pushes come. Seconds.
LOG_EVERY: Final = 60.0


class PushMonitor:
    """What is known of the pushes to an account's address."""

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
        """Know nothing yet; `changed` is called when pushes are proven no longer."""
        self._hass = hass
        self._entry_id = entry_id
        self._client = client
        self._journal = journal
        self._poller = poller
        self._changed = changed
        self._facts: dict[str, str] = {}
        # When the pushes of messages that a clock found are late; the first is the first to be.
        self._expected: dict[str, float] = {}
        # Those that were: a push that comes late still proves something.
        self._late: deque[str] = deque(maxlen=MAX_LATE)
        self._looking = False
        self._opened = hass.loop.time()
        self._streak = 0
        self._log_again = self._opened
        self.dropped = 0
        # The host by which such a push comes in; set as soon as the address is known.
        self.host = ""

    def restore(self, table: Table) -> None:
        """Take up what was known before the restart."""
        self._facts = {str(key): str(value) for key, value in table.items()}

    def table(self) -> Table:
        """Return what is known, as it is stored."""
        return dict(self._facts)

    @property
    def url(self) -> str | None:
        """Return where the API shall push to."""
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
        """Return whether pushes once arrived, at an address that is no more."""
        return bool(self._facts.get("url")) and not self.proven

    @callback
    def opened(self) -> None:
        """Expect pushes from now on; what came while an entry started or reloaded is lost."""
        self._opened = self._hass.loop.time()

    @callback
    def confirm(self, host: str) -> None:
        """Note that a push was sent to a host, for a message that is in the list."""
        self._streak = 0
        self._note("last_push", dt_util.utcnow().isoformat())
        if self.url and not self.proven and not self._is_old(host):
            self._note("url", self.url)
            self._note("door", self.host)
        self._signal(Push.CONFIRMED)

    def _is_old(self, host: str) -> bool:
        """Return whether a push was sent to the address that was proven before the present one.

        A proxy may name any host: only that of the former address says that it is not the present.
        """
        old = self._facts.get("door") if self.proven_elsewhere else None
        return bool(old) and old != self.host and host == old

    @callback
    def drop(self, count: int) -> None:
        """Note that pushes arrived for messages that are not in the list."""
        self.dropped += count
        self._streak += count
        if (now := self._hass.loop.time()) >= self._log_again:
            self._log_again = now + LOG_EVERY
            LOGGER.warning("A pushed message is not in SMSPILOT's list after an hour")
        if self._streak >= SUSPICIOUS:
            self._signal(Push.UNCONFIRMED)

    @callback
    def expect(self, message_id: str, age: float) -> None:
        """Find out whether the push of a message that a clock found comes at all."""
        listening_for = self._hass.loop.time() - self._opened - SECOND
        if not self.url or age > listening_for:
            # It was pushed before the webhook was there.
            return
        self._expected[message_id] = self._hass.loop.time() + PUSH_TIME
        self._look_in(PUSH_TIME)

    @callback
    def came(self, message_id: str, host: str) -> None:
        """Note that a push came; it may be one that was expected."""
        if self._expected.pop(message_id, None):
            self.confirm(host)
        elif message_id in self._late:
            self._late.remove(message_id)
            self.confirm(host)

    @callback
    def _look_in(self, seconds: float) -> None:
        if not self._looking:
            self._looking = True
            self._poller.call_in(seconds, self._look)

    @callback
    def _look(self, _now: datetime) -> None:
        """Note that pushes that were expected did not come."""
        self._looking, now = False, self._hass.loop.time()
        late = [message_id for message_id, due in self._expected.items() if due <= now]
        for message_id in late:
            del self._expected[message_id]
            self._late.append(message_id)
        if self._expected:
            self._look_in(next(iter(self._expected.values())) - now)
        if not late:
            return
        if self._facts.get("url"):
            self._note("url", "")
        self._signal(Push.MISSED)
        self._changed()

    def _note(self, fact: str, value: str) -> None:
        self._facts[fact] = value
        self._journal.put("proof", fact, value)

    def _signal(self, push: Push) -> None:
        async_dispatcher_send(self._hass, SIGNAL_PUSH.format(self._entry_id), push)
        async_dispatcher_send(self._hass, SIGNAL_COUNTS.format(self._entry_id))
