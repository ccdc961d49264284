"""Notify: an entity for each recipient, and the legacy services of the account."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.notify import (
    ATTR_DATA,
    ATTR_TARGET,
    ATTR_TITLE,
    DOMAIN as NOTIFY_DOMAIN,
    BaseNotificationService,
    NotifyEntity,
    NotifyEntityDescription,
    NotifyEntityFeature,
)
from homeassistant.components.notify.legacy import NOTIFY_SERVICES
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType
from homeassistant.util import slugify
import voluptuous as vol

from .const import DOMAIN, LOGGER
from .contacts.recipients import Recipient, recipients
from .entity import RecipientEntity, add_for_subentries
from .errors import Reason, validation_error
from .events import SIGNAL_NAMES_TAKEN, SIGNAL_NOTIFIED
from .runtime_data import RuntimeData, SmspilotConfigEntry
from .schemas import NOTIFY_DATA_SCHEMA

PARALLEL_UPDATES = 0

RECIPIENT = NotifyEntityDescription(key="notify")


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmspilotConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity for each recipient."""

    def make(subentry: ConfigSubentry) -> list[Entity]:
        return [RecipientNotify(entry, subentry, RECIPIENT, Platform.NOTIFY)]

    add_for_subentries(entry, async_add_entities, make)


class RecipientNotify(RecipientEntity, NotifyEntity):
    """A recipient; always available, because Home Assistant skips unavailable ones unlogged."""

    _attr_name = None
    _attr_supported_features = NotifyEntityFeature.TITLE

    @override
    async def async_added_to_hass(self) -> None:
        """Follow also the messages of the test button."""
        await super().async_added_to_hass()
        signal = SIGNAL_NOTIFIED.format(self.account.entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._record))

    @callback
    def _record(self, recipient_id: str) -> None:
        if recipient_id == self.recipient.id:
            self._async_record_notification()

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Send by the recipient's channel."""
        await self.account.channels.async_notify_recipient(self.recipient, titled(message, title))


async def async_get_service(
    hass: HomeAssistant,
    _config: ConfigType,
    discovery_info: DiscoveryInfoType | None = None,
) -> LegacyNotify | None:
    """Return the legacy services of the account whose entry started the discovery."""
    entry_id = (discovery_info or {}).get("entry_id", "")
    entry: SmspilotConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or not hasattr(entry, "runtime_data"):
        return None
    runtime = entry.runtime_data
    service = LegacyNotify(runtime)

    async def unload() -> None:
        service.is_unloaded = True
        await service.async_unregister_services()
        # Otherwise a reload of notify would register them again.
        registered = hass.data[NOTIFY_SERVICES].get(DOMAIN, [])
        if service in registered:
            registered.remove(service)
        runtime.legacy = None

    entry.async_on_unload(unload)
    return service


class LegacyNotify(BaseNotificationService):
    """`notify.smspilot`, and a service for each recipient."""

    # Whether the entry was unloaded, perhaps before the services were registered.
    is_unloaded = False
    # Whether the bare service is registered; another integration may have its name.
    _has_own_name = False

    def __init__(self, runtime: RuntimeData) -> None:
        self._runtime = runtime
        self._account = runtime.account

    @property
    @override
    def targets(self) -> Mapping[str, Any]:
        """Return the ids of the recipients that get a service, by name."""
        # Home Assistant can rename two recipients alike: the first one keeps the service.
        by_service = {self._name_of(one): one for one in reversed(recipients(self._account.entry))}
        # The service of a name without letters would be the account's own.
        by_service.pop(self._service_name, None)
        return {one.name: one.id for name, one in by_service.items() if not self._is_taken(name)}

    @override
    async def async_setup(self, *args: Any, **kwargs: Any) -> None:
        """Let the services be registered again once notify has loaded their descriptions."""
        await super().async_setup(*args, **kwargs)
        if not self.is_unloaded:
            self._runtime.legacy = self

    @override
    async def async_register_services(self) -> None:
        """Register the services, except under names that other integrations have registered."""
        if self.is_unloaded:
            return
        names = [self._service_name, *map(self._name_of, recipients(self._account.entry))]
        taken = [name for name in dict.fromkeys(names) if self._is_taken(name)]
        signal = SIGNAL_NAMES_TAKEN.format(self._account.entry.entry_id)
        async_dispatcher_send(self.hass, signal, [f"{NOTIFY_DOMAIN}.{name}" for name in taken])
        await super().async_register_services()
        self._has_own_name = self._service_name not in taken

    @override
    async def async_unregister_services(self) -> None:
        """Remove our services, but not another integration's of the same name."""
        if self._has_own_name:
            await super().async_unregister_services()
            return
        for name in [*self.registered_targets]:
            self.hass.services.async_remove(NOTIFY_DOMAIN, name)
        self.registered_targets.clear()

    def _name_of(self, recipient: Recipient) -> str:
        return slugify(f"{self._target_service_name_prefix}_{recipient.name}")

    def _is_taken(self, name: str) -> bool:
        """Return whether another integration has registered a service of the name."""
        ours = name in self.registered_targets or (
            name == self._service_name and self._has_own_name
        )
        return not ours and self.hass.services.has_service(NOTIFY_DOMAIN, name)

    @override
    async def async_send_message(self, message: str = "", **kwargs: Any) -> None:
        """Send a text to recipients by their channels, and to numbers as SMS."""
        targets = kwargs.get(ATTR_TARGET)
        if not targets:
            raise validation_error(Reason.NO_TARGET)
        fields = _fields(kwargs.get(ATTR_DATA) or {})
        text = titled(message, kwargs.get(ATTR_TITLE))
        await self._account.channels.async_notify(targets, text, fields)


def _fields(data: Any) -> dict[str, Any]:
    """Return the valid fields of the data; a notify group passes the data for all its members."""
    ours, foreign = dict[str, Any](), list[str]()
    for key, value in data.items() if isinstance(data, Mapping) else [("data", data)]:
        try:
            NOTIFY_DATA_SCHEMA({key: value})
        except vol.Invalid:
            foreign.append(str(key))
        else:
            ours[key] = value
    if foreign:
        LOGGER.warning("Data of a notification that is none of ours is ignored: %s", foreign)
    fields: dict[str, Any] = NOTIFY_DATA_SCHEMA(ours)
    return fields


def titled(message: str, title: str | None) -> str:
    """Return the message with its title as the first line."""
    return f"{title}\n{message}" if title else message
