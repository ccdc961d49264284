"""The trail of an account: what came in, what was decided and why.

Each step is a line of the debug log, and the last ones are part of the diagnostics. A detail is an
id, a masked number, a count or a reason; never a text, an unmasked number, a key, a PIN or a code.
"""

from collections import deque
from datetime import datetime
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import LOGGER

# A day of a quiet home, or some minutes of a busy one.
MAX_STEPS: Final = 200

type Step = tuple[datetime, str, dict[str, Any]]

_TRAILS: Final[HassKey[dict[str, deque[Step]]]] = HassKey("smspilot_trails")
# The warnings that were logged once.
_WARNINGS: Final[HassKey[set[str]]] = HassKey("smspilot_warnings")


@callback
def async_warn_once(hass: HomeAssistant, text: str, *details: str) -> None:
    """Log a warning once; a script may attach its trigger each minute."""
    warning = text % details
    warnings = hass.data.setdefault(_WARNINGS, set())
    if warning not in warnings:
        warnings.add(warning)
        LOGGER.warning("%s", warning)


@callback
def async_trace(hass: HomeAssistant, entry_id: str, step: str, **details: Any) -> None:
    """Log a step of an account, such as "read began", and remember it."""
    trails = hass.data.setdefault(_TRAILS, {})
    steps = trails.setdefault(entry_id, deque(maxlen=MAX_STEPS))
    steps.append((dt_util.utcnow(), step, details))
    LOGGER.debug("%s %s", step, details)


@callback
def async_trail(hass: HomeAssistant, entry_id: str) -> list[dict[str, Any]]:
    """Return the last steps of an account, oldest first, as diagnostics show them."""
    return [
        {"at": at.isoformat(), "step": step, **details}
        for at, step, details in hass.data.get(_TRAILS, {}).get(entry_id, ())
    ]


@callback
def async_forget_trail(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the steps of an account that is removed."""
    hass.data.get(_TRAILS, {}).pop(entry_id, None)
