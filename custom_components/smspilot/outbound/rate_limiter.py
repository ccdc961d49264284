"""The limit of messages to a number within an hour, against runaway automations."""

from datetime import timedelta
from enum import Enum, auto
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..options import Options
from .number import Permit

RATE_LIMIT_PERIOD: Final = timedelta(hours=1)


class Capacity(Enum):
    """Whether a number's limit has room for another message."""

    FREE = auto()
    # Permits of requests under way use it up; some of them may be given back.
    PENDING = auto()
    NONE = auto()


class RateLimiter:
    """The permits of the last hour by number."""

    def __init__(self, entry: ConfigEntry) -> None:
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

    def add(self, permit: Permit) -> None:
        """Count a permit."""
        if permit.at - self._pruned_at > RATE_LIMIT_PERIOD.total_seconds():
            self._prune(permit.at)
        self._permits[permit.phone] = [*self._recent(permit.phone), permit]

    def remove(self, permit: Permit) -> None:
        """Give back a permit with which nothing was sent."""
        rest = [one for one in self._recent(permit.phone) if one is not permit]
        if rest:
            self._permits[permit.phone] = rest
        else:
            self._permits.pop(permit.phone, None)

    def _prune(self, now: float) -> None:
        """Drop numbers without a permit within the last hour."""
        self._pruned_at = now
        for phone in list(self._permits):
            if not self._recent(phone):
                del self._permits[phone]

    def _recent(self, phone: str) -> list[Permit]:
        now = dt_util.utcnow().timestamp()
        since = now - RATE_LIMIT_PERIOD.total_seconds()
        # A permit in the future, by a clock that was wrong, would count until that time.
        return [one for one in self._permits.get(phone, ()) if since < one.at <= now]
