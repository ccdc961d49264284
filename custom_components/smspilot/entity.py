"""What the entities of an account and of its recipients have in common."""

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
from .const import DOMAIN, SUBENTRY_ALARM, SUBENTRY_RECIPIENT, URL_SETTINGS
from .contacts.recipients import UNSLUGGABLE, Recipient
from .coordinator import AccountCoordinator
from .events import SIGNAL_PEOPLE
from .runtime_data import SmspilotConfigEntry

MANUFACTURER = "SMSPILOT"

type Figure = Decimal | int | datetime | None


class AccountEntity(Entity):
    """An entity of the account's device; it is there as long as its entry is loaded."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, entry: SmspilotConfigEntry, description: EntityDescription, platform: str
    ) -> None:
        """Belong to the account; the first entity id is English in every language."""
        self.entity_description = description
        self.account = entry.runtime_data.account
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = account_device(entry)
        self.entity_id = f"{platform}.{DOMAIN}_{slugify(entry.unique_id)}_{description.key}"


class FigureEntity(AccountEntity, CoordinatorEntity[AccountCoordinator]):
    """An entity that shows what the account has, spends or waits for."""

    def __init__(
        self, entry: SmspilotConfigEntry, description: EntityDescription, platform: str
    ) -> None:
        """Follow the account's heartbeat, and its counters."""
        CoordinatorEntity.__init__(self, entry.runtime_data.coordinator)
        AccountEntity.__init__(self, entry, description, platform)
        self.runtime = entry.runtime_data
        self._shown: tuple[bool, Figure] | None = None

    @property
    @override
    def available(self) -> bool:
        """Return whether the API has ever responded, and did when it was asked last."""
        return super().available and self.coordinator.data is not None

    @property
    @abstractmethod
    def figure(self) -> Figure:
        """Return what is shown."""

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        """Write what is new: every send tells all of them, and few have changed."""
        shown = (self.available, self.figure if self.available else None)
        if shown != self._shown:
            self._shown = shown
            self.async_write_ha_state()


class RecipientEntity(Entity):
    """An entity of a recipient's device; it is there as long as its entry is loaded."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        entry: SmspilotConfigEntry,
        subentry: ConfigSubentry,
        description: EntityDescription,
        platform: str,
    ) -> None:
        """Belong to the recipient; the first entity id is English in every language."""
        self.entity_description = description
        self.account = entry.runtime_data.account
        self._subentry_id = subentry.subentry_id
        self._attr_unique_id = f"{subentry.subentry_id}_{description.key}"
        self._attr_device_info = subentry_device(entry, subentry)
        # Home Assistant lets a person rename it to nothing.
        name = slugify(subentry.title) or UNSLUGGABLE
        suffix = f"_{description.key}" if description.translation_key else ""
        self.entity_id = f"{platform}.{name}{suffix}"

    @property
    def subentry(self) -> ConfigSubentry:
        """Return what the form says now."""
        return self.account.entry.subentries[self._subentry_id]

    @property
    def recipient(self) -> Recipient:
        """Return the person of the form."""
        return Recipient.from_subentry(self.subentry)


class AlarmEntity(Entity):
    """An entity of an alarm's device; it is there as long as its entry is loaded."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        entry: SmspilotConfigEntry,
        subentry: ConfigSubentry,
        description: EntityDescription,
        platform: str,
    ) -> None:
        """Belong to the alarm; the first entity id is English in every language."""
        self.entity_description = description
        self.account = entry.runtime_data.account
        self._subentry_id = subentry.subentry_id
        self._attr_unique_id = f"{subentry.subentry_id}_{description.key}"
        self._attr_device_info = subentry_device(entry, subentry)
        name = slugify(subentry.title) or UNSLUGGABLE
        suffix = "" if description.key == SUBENTRY_ALARM else f"_{description.key}"
        self.entity_id = f"{platform}.{name}{suffix}"

    @property
    def runner(self) -> AlarmRunner:
        """Return the alarm at work."""
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

    It has no area: its notify entity would obey every target of that area.
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
    """Add the entities of every recipient, or alarm, also of those who come later."""
    known: set[str] = set()

    @callback
    def people_changed() -> None:
        known.intersection_update(entry.subentries)
        for subentry_id, subentry in entry.subentries.items():
            if subentry.subentry_type == kind and subentry_id not in known:
                known.add(subentry_id)
                add(make(subentry), config_subentry_id=subentry_id)

    people_changed()
    signal = SIGNAL_PEOPLE.format(entry.entry_id)
    entry.async_on_unload(
        async_dispatcher_connect(entry.runtime_data.account.hass, signal, people_changed)
    )
