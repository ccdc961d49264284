"""The binary sensor for a low balance."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import FigureEntity
from .options import Options
from .runtime_data import SmspilotConfigEntry

PARALLEL_UPDATES = 0

LOW_BALANCE = BinarySensorEntityDescription(
    key="low_balance",
    translation_key="low_balance",
    device_class=BinarySensorDeviceClass.PROBLEM,
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmspilotConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensor of an account."""
    async_add_entities([LowBalanceSensor(entry, LOW_BALANCE, Platform.BINARY_SENSOR)])


class LowBalanceSensor(FigureEntity, BinarySensorEntity):
    """On while the balance is below the option."""

    @property
    @override
    def figure(self) -> bool:
        """Return whether the balance is low."""
        threshold = Options.from_entry(self.account.entry).low_balance
        balance = self.coordinator.data.balance
        return bool(threshold) and balance is not None and balance < threshold

    @property
    @override
    def is_on(self) -> bool:
        """Return the figure."""
        return self.figure

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        """Write the state after the balance sensor's, which automations on this one may read."""
        self.hass.loop.call_soon(super()._handle_coordinator_update)
