"""Validate periods of time in actions, triggers and forms."""

from datetime import timedelta
from typing import Any

from homeassistant.helpers import config_validation as cv
import voluptuous as vol


def period(value: Any) -> timedelta:
    """Validate a period; for `.inf` of YAML Home Assistant's own validator raises OverflowError."""
    if isinstance(value, timedelta):
        # A field's default; skip the parsing, which every call would do.
        return cv.positive_timedelta(value)
    try:
        span: timedelta = cv.positive_time_period(value)
    except OverflowError as err:
        raise vol.Invalid("is too long") from err
    return span
