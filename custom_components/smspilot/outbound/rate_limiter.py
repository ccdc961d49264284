"""The limit of messages to a number within an hour, against runaway automations."""

from datetime import timedelta
from enum import Enum, auto
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..options import Options
from .number import Permit

RATE_LIMIT_PERIOD: Final = timedelta(hours=1)
SECONDS: Final = RATE_LIMIT_PERIOD.total_seconds()


class Capacity(Enum):
    """Whether a number's limit has room for another message."""

    FREE = auto()
    # Permits of requests under way use it up; some of them may be given back.
    PENDING = auto()
    NONE = auto()


class RateLimiter:
    """The permits of the last hour by number.

    Times are by the event loop's clock: the system's may be corrected by hours after a start.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._permits: dict[str, list[Permit]] = {}
        self._pruned_at = 0.0

    def __len__(self) -> int:
        """Return the number of phones with permits."""
        return len(self._permits)

    def capacity_for(self, phone: str) -> Capacity:
        """Return whether a number may get another message now."""
        limit, taken = Options.from_entry(self._entry).rate_limit, self._recent(phone)
        if not limit or len(taken) < limit:
            return Capacity.FREE
        settled = sum(not permit.under_way for permit in taken)
        return Capacity.PENDING if settled < limit else Capacity.NONE

    def add(self, permit: Permit, ago: float = 0.0) -> None:
        """Count a permit that was taken so many seconds ago."""
        if self._now - self._pruned_at > SECONDS:
            self._prune()
        permit.since = self._now - ago
        self._permits[permit.phone] = [*self._recent(permit.phone), permit]

    def remove(self, permit: Permit) -> None:
        """Give back a permit with which nothing was sent."""
        rest = [one for one in self._recent(permit.phone) if one is not permit]
        if rest:
            self._permits[permit.phone] = rest
        else:
            self._permits.pop(permit.phone, None)

    def _prune(self) -> None:
        """Drop numbers without a permit within the last hour."""
        self._pruned_at = self._now
        for phone in list(self._permits):
            if not self._recent(phone):
                del self._permits[phone]

    def _recent(self, phone: str) -> list[Permit]:
        begin = self._now - SECONDS
        return [one for one in self._permits.get(phone, ()) if one.since > begin]

    @property
    def _now(self) -> float:
        return self._hass.loop.time()
