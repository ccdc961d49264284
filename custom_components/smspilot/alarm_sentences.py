"""The sentences of alarms in the logbook."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.core import HomeAssistant

from .alarms.plan import plans, resolve_steps
from .alarms.texts import phrases
from .runtime_data import SmspilotConfigEntry

ALARM_ICON: Final = "mdi:bell-ring-outline"


def alarm_sentence(hass: HomeAssistant, data: Mapping[str, Any], fired_at: float) -> str:
    """Return the sentence of an alarm's event, `fired_at` in seconds since 1970."""
    key: str = data["type"]
    values = {
        "message": data["message"],
        "names": data["recipient"] or "",
        "name": data["acknowledged_by"] or "",
        "step": data["step"],
        "minutes": _minutes(data["started_at"], fired_at),
    }
    if key == "step":
        key = f"step_{_channel(hass, data)}" if data["recipient"] else "step_none"
    elif key == "acknowledged" and not values["minutes"]:
        key = "acknowledged_at_once"
    return phrases(hass)[f"log_{key}"].format(**values)


def _channel(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Return the channel of a step by the present plan, because the event has none."""
    entry: SmspilotConfigEntry | None = hass.config_entries.async_get_entry(data["entry_id"])
    if entry is None:
        return ""
    found = [plan for plan in plans(entry).values() if plan.name == data["alarm"]]
    steps = resolve_steps(hass, entry, found[0]) if found else ()
    recipients = steps[data["step"] - 1].recipients if len(steps) >= data["step"] else ()
    channels = {recipient.channel for recipient in recipients if recipient.channel}
    return channels.pop().value if len(channels) == 1 else ""


def _minutes(started_at: str | None, fired_at: float) -> int:
    if not started_at:
        return 0
    return max(round((fired_at - datetime.fromisoformat(started_at).timestamp()) / 60), 0)
