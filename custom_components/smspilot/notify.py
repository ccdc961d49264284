"""Recipients as notify knows them: an entity each, and the legacy services."""

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

RECIPIENT = NotifyEntityDescription(key="notify", name=None)


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
    """A recipient; never unavailable, for Home Assistant skips such an entity in silence."""

    _attr_supported_features = NotifyEntityFeature.TITLE

    @override
    async def async_added_to_hass(self) -> None:
        """Know also of what the test button sends."""
        await super().async_added_to_hass()
        signal = SIGNAL_NOTIFIED.format(self.account.entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._notified))

    @callback
    def _notified(self, recipient_id: str) -> None:
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
    """Return the legacy services of an account, discovered by its entry."""
    entry_id = (discovery_info or {}).get("entry_id", "")
    entry: SmspilotConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or not hasattr(entry, "runtime_data"):
        return None
    runtime = entry.runtime_data
    service = LegacyNotify(runtime)

    async def unload() -> None:
        service.gone = True
        await service.async_unregister_services()
        # Home Assistant would register them again when it reloads notify.
        registered = hass.data[NOTIFY_SERVICES].get(DOMAIN, [])
        if service in registered:
            registered.remove(service)
        runtime.legacy = None

    entry.async_on_unload(unload)
    return service


class LegacyNotify(BaseNotificationService):
    """`notify.smspilot`, and a service for each recipient."""

    # Whether the entry was unloaded, perhaps before the services were there.
    gone = False
    # Whether the bare service is ours; somebody else may have its name.
    _has_own_name = False

    def __init__(self, runtime: RuntimeData) -> None:
        """Serve the account."""
        self._runtime = runtime
        self._account = runtime.account

    @property
    @override
    def targets(self) -> Mapping[str, Any]:
        """Return the recipients, each a service of its own."""
        # Home Assistant can rename two people alike: the service stays that of the first.
        people = reversed(recipients(self._account.entry))
        first = {self._name_of(person): person for person in people}
        # Of a name without letters nothing is left, and the account's own service would be theirs.
        first.pop(self._service_name, None)
        return {
            person.name: person.id for name, person in first.items() if not self._is_taken(name)
        }

    @override
    async def async_setup(self, *args: Any, **kwargs: Any) -> None:
        """Read what services are described with; without it none can be registered."""
        await super().async_setup(*args, **kwargs)
        if not self.gone:
            self._runtime.legacy = self

    @override
    async def async_register_services(self) -> None:
        """Register the services while there is somebody to serve; no name that others have."""
        if self.gone:
            return
        people = recipients(self._account.entry)
        names = [self._service_name, *(self._name_of(person) for person in people)]
        taken = [name for name in dict.fromkeys(names) if self._is_taken(name)]
        signal = SIGNAL_NAMES_TAKEN.format(self._account.entry.entry_id)
        async_dispatcher_send(self.hass, signal, [f"{NOTIFY_DOMAIN}.{name}" for name in taken])
        await super().async_register_services()
        self._has_own_name = self._service_name not in taken

    @override
    async def async_unregister_services(self) -> None:
        """Take back what is ours, and nothing else."""
        if self._has_own_name:
            await super().async_unregister_services()
            return
        for name in [*self.registered_targets]:
            self.hass.services.async_remove(NOTIFY_DOMAIN, name)
        self.registered_targets.clear()

    def _name_of(self, person: Recipient) -> str:
        return slugify(f"{self._target_service_name_prefix}_{person.name}")

    def _is_taken(self, name: str) -> bool:
        """Return whether somebody else has a service of the name."""
        ours = name in self.registered_targets or (
            name == self._service_name and self._has_own_name
        )
        return not ours and self.hass.services.has_service(NOTIFY_DOMAIN, name)

    @override
    async def async_send_message(self, message: str = "", **kwargs: Any) -> None:
        """Send to names by their channels, and to numbers as SMS."""
        targets = kwargs.get(ATTR_TARGET)
        if not targets:
            raise validation_error(Reason.NO_TARGET)
        fields = _fields(kwargs.get(ATTR_DATA) or {})
        text = titled(message, kwargs.get(ATTR_TITLE))
        await self._account.channels.async_notify(targets, text, fields)


def _fields(data: Any) -> dict[str, Any]:
    """Return what of the data is ours: a notify group hands everybody that of all its members."""
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
    """Return the message, its title as the first line."""
    return f"{title}\n{message}" if title else message
