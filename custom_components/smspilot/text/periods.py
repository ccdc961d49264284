"""Spans of time, as a person writes them."""

from datetime import timedelta
from typing import Any

from homeassistant.helpers import config_validation as cv
import voluptuous as vol


def period(value: Any) -> timedelta:
    """Validate a span; an endless one, `.inf` in YAML, is an error that Home Assistant lets out."""
    if isinstance(value, timedelta):
        # The default of a field: every call has some.
        return cv.positive_timedelta(value)
    try:
        span: timedelta = cv.positive_time_period(value)
    except OverflowError as err:
        raise vol.Invalid("is too long") from err
    return span
