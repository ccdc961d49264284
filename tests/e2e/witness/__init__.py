"""Writes each event of the integration to a file at once, to compare with it after a kill."""

import json
import os
from typing import Any

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA = cv.empty_config_schema("witness")
EVENTS = ("sms_received", "reply_received", "message_status")


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Listen before any automation does."""
    path = hass.config.path("events.jsonl")
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    file = await hass.async_add_executor_job(os.open, path, flags, 0o600)

    @callback
    def write(event: Event[dict[str, Any]]) -> None:
        kind = str(event.event_type).removeprefix("smspilot_")
        os.write(file, f"{json.dumps([kind, event.data])}\n".encode())

    for name in EVENTS:
        hass.bus.async_listen(f"smspilot_{name}", write)
    return True
