"""What the submissions of an account share."""

from collections.abc import Callable
from dataclasses import dataclass

from homeassistant.core import HomeAssistant

from ..client import Smspilot
from .evidence import Evidence
from .permits import Permits
from .records import SubmissionRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the submissions of an account work with."""

    hass: HomeAssistant
    entry_id: str
    client: Smspilot
    records: SubmissionRecords
    permits: Permits
    evidence: Evidence
    # Called with a submission and those of its numbers that have come to their end.
    ended: Callable[..., None]
