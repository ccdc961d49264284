"""What an account has, spends and waits for."""

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

from .alarms.state import AlarmState
from .alarms.story import attributes
from .const import CURRENCY, SUBENTRY_ALARM
from .entity import AlarmEntity, Figure, FigureEntity, add_for_subentries
from .events import SIGNAL_ALARM, SIGNAL_PEOPLE, number
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
    """A sensor and where its value comes from."""

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
        # Its every change is a row of the logbook.
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
    """Add the sensors of an account."""
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
        """Return the value."""
        return self.entity_description.value_fn(self.runtime)

    @property
    @override
    def native_value(self) -> Figure:
        """Return the value as the sensor's own."""
        return self.figure


class SmsLeftSensor(AccountSensor):
    """How many SMS the balance lasts for; asked only while somebody wants to know."""

    @override
    async def async_added_to_hass(self) -> None:
        """Have it asked from now on."""
        await super().async_added_to_hass()
        self.coordinator.wants_sms_left = True

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Have it asked no more."""
        self.coordinator.wants_sms_left = False


class SpentTodaySensor(AccountSensor):
    """What was spent since midnight."""

    _reset: datetime | None = None

    @property
    @override
    def last_reset(self) -> datetime:
        """Return the local midnight."""
        return dt_util.start_of_local_day()

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        """Write also what is the same sum of another day."""
        if self.last_reset != self._reset:
            self._reset, self._shown = self.last_reset, None
        super()._handle_coordinator_update()

    @override
    async def async_added_to_hass(self) -> None:
        """Begin anew each midnight."""
        await super().async_added_to_hass()

        @callback
        def midnight(_now: datetime) -> None:
            self._shown = None
            self._handle_coordinator_update()

        self.async_on_remove(
            async_track_time_change(self.hass, midnight, hour=0, minute=0, second=0)
        )


class AlarmSensor(AlarmEntity, SensorEntity):
    """What an alarm does; what it says and to whom stays out of the recorder."""

    # It is called as its device, although its translations have a name.
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
        """Return what is known of the run."""
        alarm = self.runner
        shown = attributes(alarm.plan, alarm.run, alarm.world.steps)
        return shown | {"most_cost": number(alarm.most_cost)}

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the alarm, and the changes of its form."""
        await super().async_added_to_hass()
        entry_id = self.account.entry.entry_id
        for signal in (SIGNAL_ALARM.format(entry_id), SIGNAL_PEOPLE.format(entry_id)):
            self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._changed))

    @callback
    def _changed(self, subentry_id: str | None = None) -> None:
        if subentry_id in (None, self._subentry_id):
            self.async_write_ha_state()
