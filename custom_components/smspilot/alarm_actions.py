"""The actions of alarms."""

from typing import Any, cast

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .account import Account
from .alarms.alarms import user_name
from .alarms.happenings import Ended
from .alarms.rehearsal import async_rehearse
from .alarms.runner import AlarmRunner
from .const import ATTR_ALARM, ATTR_BY, ATTR_MESSAGE, ATTR_TEST, DOMAIN, SUBENTRY_ALARM
from .errors import Reason, validation_error
from .events import number
from .runtime_data import SmspilotConfigEntry
from .schemas import ACKNOWLEDGE_ALARM_SCHEMA, END_ALARM_SCHEMA, START_ALARM_SCHEMA, refusing


@callback
def async_setup_alarm_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    optional, none = SupportsResponse.OPTIONAL, SupportsResponse.NONE
    register = hass.services.async_register
    register(DOMAIN, "start_alarm", _start_alarm, refusing(START_ALARM_SCHEMA), optional)
    schema = refusing(ACKNOWLEDGE_ALARM_SCHEMA)
    register(DOMAIN, "acknowledge_alarm", _acknowledge_alarm, schema, none)
    register(DOMAIN, "end_alarm", _end_alarm, refusing(END_ALARM_SCHEMA), none)


def _alarm_of(call: ServiceCall) -> tuple[Account, AlarmRunner]:
    """Return the one alarm that is named, by its sensor or by a target that contains it."""
    hass, data = call.hass, call.data
    selected = async_extract_referenced_entity_ids(hass, TargetSelection(data))
    named = {*data.get(ATTR_ENTITY_ID, ()), *([data[ATTR_ALARM]] if ATTR_ALARM in data else ())}
    registry, found = er.async_get(hass), dict[str, er.RegistryEntry]()
    for entity_id in {*named, *selected.referenced, *selected.indirectly_referenced}:
        entity = registry.async_get(entity_id)
        is_sensor = entity and (entity.platform, entity.domain) == (DOMAIN, Platform.SENSOR)
        if entity and is_sensor and entity.translation_key == SUBENTRY_ALARM:
            found[entity_id] = entity
    if len(found) != 1 or named - found.keys():
        raise validation_error(Reason.ONE_ALARM)
    (entity,) = found.values()
    entry: SmspilotConfigEntry | None = hass.config_entries.async_get_entry(
        entity.config_entry_id or ""
    )
    if not entry or data.get(ATTR_CONFIG_ENTRY_ID, entry.entry_id) != entry.entry_id:
        raise validation_error(Reason.ONE_ALARM)
    runner = entry.runtime_data.account.alarms.runners.get(entity.config_subentry_id or "")
    if runner is None:
        raise validation_error(Reason.ONE_ALARM)
    return entry.runtime_data.account, runner


async def _start_alarm(call: ServiceCall) -> ServiceResponse:
    """Start or rehearse an alarm; return once the run is on the disk."""
    account, alarm = _alarm_of(call)
    message: str | None = (call.data.get(ATTR_MESSAGE) or "").strip() or None
    response: dict[str, Any] = {"alarm_id": None}
    if call.data[ATTR_TEST]:
        rows = await async_rehearse(account.alarms.context, alarm, message)
        language = call.hass.config.language
        response["messages"] = [row.as_dict(account.entry, language) for row in rows]
    else:
        alarm.trigger(message)
        await alarm.on_disk()
        response["alarm_id"] = alarm.run.alarm_id
    response |= {
        "state": alarm.run.state.value,
        "steps": len(alarm.plan.steps),
        "most_cost": number(alarm.max_cost),
    }
    return cast("ServiceResponse", response) if call.return_response else None


async def _acknowledge_alarm(call: ServiceCall) -> None:
    """Acknowledge an alarm, in the given name or the user's."""
    _account, alarm = _alarm_of(call)
    by = (call.data.get(ATTR_BY) or "").strip()
    alarm.acknowledge(by or await user_name(call.hass, call.context.user_id))
    await alarm.on_disk()


async def _end_alarm(call: ServiceCall) -> None:
    """End an alarm."""
    _account, alarm = _alarm_of(call)
    alarm.handle(Ended((call.data.get(ATTR_MESSAGE) or "").strip()))
    await alarm.on_disk()
