"""The base classes of the entities of an account, its recipients and its alarms."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import slugify

from .alarms.runner import AlarmRunner
from .const import DOMAIN, SUBENTRY_RECIPIENT, URL_SETTINGS
from .contacts.recipients import UNSLUGGABLE, Recipient
from .coordinator import AccountCoordinator
from .events import SIGNAL_ENTRY_UPDATED
from .runtime_data import SmspilotConfigEntry

MANUFACTURER = "SMSPILOT"

type Figure = Decimal | int | datetime | None


class AccountEntity(Entity):
    """An entity of the account's device; it is available as long as its entry is loaded."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, entry: SmspilotConfigEntry, description: EntityDescription, platform: str
    ) -> None:
        """Suggest an entity id that is English in every language."""
        self.entity_description = description
        self.account = entry.runtime_data.account
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = account_device(entry)
        self.entity_id = f"{platform}.{DOMAIN}_{slugify(entry.unique_id)}_{description.key}"


class FigureEntity(AccountEntity, CoordinatorEntity[AccountCoordinator]):
    """An entity that shows a figure of the account, available while the API responds."""

    def __init__(
        self, entry: SmspilotConfigEntry, description: EntityDescription, platform: str
    ) -> None:
        CoordinatorEntity.__init__(self, entry.runtime_data.coordinator)
        AccountEntity.__init__(self, entry, description, platform)
        self.runtime = entry.runtime_data
        self._written: tuple[bool, Figure] | None = None

    @property
    @override
    def available(self) -> bool:
        """Return whether the last poll succeeded and there is data."""
        return super().available and self.coordinator.data is not None

    @property
    @abstractmethod
    def figure(self) -> Figure:
        """Return the value that is shown."""

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        """Write the state where it has changed: each send updates all of these entities."""
        state = (self.available, self.figure if self.available else None)
        if state != self._written:
            self._written = state
            self.async_write_ha_state()


class SubentryEntity(Entity):
    """An entity of a subentry's device; it is available as long as its entry is loaded."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        entry: SmspilotConfigEntry,
        subentry: ConfigSubentry,
        description: EntityDescription,
        platform: str,
    ) -> None:
        """Suggest an entity id that is English in every language."""
        self.entity_description = description
        self.account = entry.runtime_data.account
        self._subentry_id = subentry.subentry_id
        self._attr_unique_id = f"{subentry.subentry_id}_{description.key}"
        self._attr_device_info = subentry_device(entry, subentry)
        # Home Assistant lets a user rename a subentry to an empty title.
        name = slugify(subentry.title) or UNSLUGGABLE
        # The device's main entity has `_attr_name = None`, and its id is the device's name alone.
        suffix = "" if hasattr(self, "_attr_name") else f"_{description.key}"
        self.entity_id = f"{platform}.{name}{suffix}"


class RecipientEntity(SubentryEntity):
    """An entity of a recipient's device."""

    @property
    def recipient(self) -> Recipient:
        """Return the recipient as the form says now."""
        return Recipient.from_subentry(self.account.entry.subentries[self._subentry_id])


class AlarmEntity(SubentryEntity):
    """An entity of an alarm's device."""

    @property
    def runner(self) -> AlarmRunner:
        """Return the runner of the alarm."""
        return self.account.alarms.runners[self._subentry_id]


def account_device(entry: SmspilotConfigEntry) -> DeviceInfo:
    """Return the device of an account."""
    return DeviceInfo(
        configuration_url=URL_SETTINGS,
        entry_type=DeviceEntryType.SERVICE,
        identifiers={(DOMAIN, entry.entry_id)},
        manufacturer=MANUFACTURER,
        name=entry.title,
    )


def subentry_device(entry: SmspilotConfigEntry, subentry: ConfigSubentry) -> DeviceInfo:
    """Return the device of a recipient or an alarm.

    It suggests no area: a recipient's notify entity would receive what is sent to that area.
    """
    return DeviceInfo(
        entry_type=DeviceEntryType.SERVICE,
        identifiers={(DOMAIN, f"{entry.entry_id}_{subentry.subentry_id}")},
        manufacturer=MANUFACTURER,
        name=subentry.title,
        via_device_id=dr.async_get_device_id_by_identifier(
            entry.runtime_data.account.hass,
            (DOMAIN, entry.entry_id),
            config_entry_id=entry.entry_id,
        ),
    )


def add_for_subentries(
    entry: SmspilotConfigEntry,
    add: AddConfigEntryEntitiesCallback,
    make: Callable[[ConfigSubentry], Iterable[Entity]],
    kind: str = SUBENTRY_RECIPIENT,
) -> None:
    """Add the entities of every subentry of a type, also of those that are added later."""
    known: set[str] = set()

    @callback
    def add_new() -> None:
        known.intersection_update(entry.subentries)
        for subentry_id, subentry in entry.subentries.items():
            if subentry.subentry_type == kind and subentry_id not in known:
                known.add(subentry_id)
                add(make(subentry), config_subentry_id=subentry_id)

    add_new()
    signal = SIGNAL_ENTRY_UPDATED.format(entry.entry_id)
    entry.async_on_unload(
        async_dispatcher_connect(entry.runtime_data.account.hass, signal, add_new)
    )
