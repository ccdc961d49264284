"""What the submissions of an account share."""

from collections.abc import Callable
from dataclasses import dataclass

from homeassistant.core import HomeAssistant

from ..client import Smspilot
from .evidence import Evidence
from .permits import Permits
from .records import SubmissionRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionContext:
    """The parts of an account that its submissions use."""

    hass: HomeAssistant
    entry_id: str
    client: Smspilot
    records: SubmissionRecords
    permits: Permits
    evidence: Evidence
    # Called with a submission and those of its numbers that are in a final state or in doubt.
    on_finished: Callable[..., None]
