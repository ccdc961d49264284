"""The sensors of an account and of its alarms."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from .alarms.presentation import attributes
from .alarms.state import AlarmState
from .const import CURRENCY, SUBENTRY_ALARM
from .entity import AlarmEntity, Figure, FigureEntity, add_for_subentries
from .events import SIGNAL_ALARM, SIGNAL_ENTRY_UPDATED, number
from .runtime_data import RuntimeData, SmspilotConfigEntry

PARALLEL_UPDATES = 0

ALARM = SensorEntityDescription(
    key=SUBENTRY_ALARM,
    translation_key=SUBENTRY_ALARM,
    device_class=SensorDeviceClass.ENUM,
    options=[state.value for state in AlarmState],
)


@dataclass(frozen=True, kw_only=True)
class AccountSensorDescription(SensorEntityDescription):
    """A sensor, and the function that returns its value."""

    value_fn: Callable[[RuntimeData], Figure]


SENSORS = (
    AccountSensorDescription(
        key="balance",
        translation_key="balance",
        device_class=SensorDeviceClass.MONETARY,
        native_unit_of_measurement=CURRENCY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=lambda runtime: runtime.coordinator.data.balance,
    ),
    AccountSensorDescription(
        key="pending_messages",
        translation_key="pending_messages",
        entity_category=EntityCategory.DIAGNOSTIC,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda runtime: runtime.account.deliveries.pending,
    ),
    AccountSensorDescription(
        key="last_push",
        translation_key="last_push",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        # Each change would be a row of the logbook.
        entity_registry_enabled_default=False,
        value_fn=lambda runtime: runtime.account.inbox.push_monitor.last_push,
    ),
)
SMS_LEFT = AccountSensorDescription(
    key="sms_left",
    translation_key="sms_left",
    entity_registry_enabled_default=False,
    state_class=SensorStateClass.MEASUREMENT,
    value_fn=lambda runtime: runtime.coordinator.sms_left,
)
SPENT_TODAY = AccountSensorDescription(
    key="spent_today",
    translation_key="spent_today",
    device_class=SensorDeviceClass.MONETARY,
    native_unit_of_measurement=CURRENCY,
    state_class=SensorStateClass.TOTAL,
    suggested_display_precision=2,
    value_fn=lambda runtime: runtime.account.budget.spent_today,
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmspilotConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of an account and of its alarms."""
    async_add_entities(
        [
            *(AccountSensor(entry, description, Platform.SENSOR) for description in SENSORS),
            SmsLeftSensor(entry, SMS_LEFT, Platform.SENSOR),
            SpentTodaySensor(entry, SPENT_TODAY, Platform.SENSOR),
        ]
    )

    def make(subentry: ConfigSubentry) -> list[Entity]:
        return [AlarmSensor(entry, subentry, ALARM, Platform.SENSOR)]

    add_for_subentries(entry, async_add_entities, make, SUBENTRY_ALARM)


class AccountSensor(FigureEntity, SensorEntity):
    """A sensor of an account."""

    entity_description: AccountSensorDescription

    @property
    @override
    def figure(self) -> Figure:
        """Return the value by the entity's description."""
        return self.entity_description.value_fn(self.runtime)

    @property
    @override
    def native_value(self) -> Figure:
        """Return the figure."""
        return self.figure


class SmsLeftSensor(AccountSensor):
    """How many SMS the balance pays for; requested only while this entity is enabled."""

    @override
    async def async_added_to_hass(self) -> None:
        """Have the coordinator request the number."""
        await super().async_added_to_hass()
        self.coordinator.wants_sms_left = True

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Have the coordinator no longer request the number."""
        self.coordinator.wants_sms_left = False


class SpentTodaySensor(AccountSensor):
    """The amount spent since midnight."""

    _written_reset: datetime | None = None

    @property
    @override
    def last_reset(self) -> datetime:
        """Return the local midnight."""
        return dt_util.start_of_local_day()

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        """Write the state also where the amount of a new day equals the one before."""
        if self.last_reset != self._written_reset:
            self._written_reset, self._written = self.last_reset, None
        super()._handle_coordinator_update()

    @override
    async def async_added_to_hass(self) -> None:
        """Write the state at each midnight."""
        await super().async_added_to_hass()

        @callback
        def write(_now: datetime) -> None:
            self._handle_coordinator_update()

        self.async_on_remove(async_track_time_change(self.hass, write, hour=0, minute=0, second=0))


class AlarmSensor(AlarmEntity, SensorEntity):
    """The state of an alarm; texts and names are not recorded."""

    # The device's name, although the translations have one.
    _attr_name = None
    _unrecorded_attributes = frozenset({"message", "reached", "acknowledged_by"})

    @property
    @override
    def native_value(self) -> str:
        """Return the state of the run."""
        return self.runner.run.state

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return the facts of the run."""
        alarm = self.runner
        shown = attributes(alarm.plan, alarm.run, alarm.world.steps)
        return shown | {"most_cost": number(alarm.max_cost)}

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the run, and the changes of the alarm's form."""
        await super().async_added_to_hass()
        entry_id = self.account.entry.entry_id
        for signal in (SIGNAL_ALARM.format(entry_id), SIGNAL_ENTRY_UPDATED.format(entry_id)):
            self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._write_state))

    @callback
    def _write_state(self, subentry_id: str | None = None) -> None:
        if subentry_id in (None, self._subentry_id):
            self.async_write_ha_state()
