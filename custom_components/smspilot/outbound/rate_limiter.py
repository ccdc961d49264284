"""Pace: how many messages a number gets an hour, against automations that run away."""

from datetime import timedelta
from enum import Enum, auto
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..options import Options
from .number import Permit

HOUR: Final = timedelta(hours=1)


class Admission(Enum):
    """Whether a number may have another message."""

    NOW = auto()
    # Requests on their way have taken all places; some of them may fail.
    LATER = auto()
    NO = auto()


class RateLimiter:
    """The permits of the last hour by number."""

    def __init__(self, entry: ConfigEntry) -> None:
        """Count for the account of the entry."""
        self._entry = entry
        self._permits: dict[str, list[Permit]] = {}
        self._pruned_at = 0.0

    def __len__(self) -> int:
        """Return how many numbers are kept."""
        return len(self._permits)

    def admission(self, phone: str) -> Admission:
        """Return whether the number may have another message now."""
        limit, taken = Options.from_entry(self._entry).rate_limit, self._recent(phone)
        if not limit or len(taken) < limit:
            return Admission.NOW
        settled = sum(not permit.under_way for permit in taken)
        return Admission.LATER if settled < limit else Admission.NO

    def add(self, permit: Permit) -> None:
        """Count a permit."""
        if permit.at - self._pruned_at > HOUR.total_seconds():
            self._prune(permit.at)
        self._permits[permit.phone] = [*self._recent(permit.phone), permit]

    def remove(self, permit: Permit) -> None:
        """Take a permit back: nothing went out."""
        rest = [one for one in self._recent(permit.phone) if one is not permit]
        if rest:
            self._permits[permit.phone] = rest
        else:
            self._permits.pop(permit.phone, None)

    def _prune(self, now: float) -> None:
        """Forget numbers that had nothing within the last hour."""
        self._pruned_at = now
        for phone in list(self._permits):
            if not self._recent(phone):
                del self._permits[phone]

    def _recent(self, phone: str) -> list[Permit]:
        now = dt_util.utcnow().timestamp()
        since = now - HOUR.total_seconds()
        # What a wrong clock dated into the future would count until then.
        return [one for one in self._permits.get(phone, ()) if since < one.at <= now]
