"""Pace: how many messages a number gets an hour, against automations that run away."""

from datetime import timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..options import Options

HOUR: Final = timedelta(hours=1)


class RateLimiter:
    """The messages of the last hour by number."""

    def __init__(self, entry: ConfigEntry) -> None:
        """Count for the account of the entry."""
        self._entry = entry
        self._sent: dict[str, list[float]] = {}

    def admit(self, phone: str, *, urgent: bool) -> bool:
        """Count a message to the number, or refuse it."""
        most = Options.from_entry(self._entry).rate_limit
        now = dt_util.utcnow().timestamp()
        since = now - HOUR.total_seconds()
        # What a wrong clock dated into the future would count until then.
        times = [time for time in self._sent.get(phone, ()) if since < time <= now]
        admitted = urgent or most == 0 or len(times) < most
        if admitted:
            times.append(now)
        self._sent[phone] = times
        return admitted

    def count(self, phone: str, time: float) -> None:
        """Count a message that went out before a restart."""
        self._sent.setdefault(phone, []).append(time)

    def release(self, phone: str) -> None:
        """Take back the last message counted: it did not go out."""
        if times := self._sent.get(phone):
            times.pop()
