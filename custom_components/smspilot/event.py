"""The event entities: inbound messages, and the delivery of outbound ones."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.event import (
    EventEntity,
    EventEntityDescription,
    EventExtraStoredData,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import Account
from .const import ATTR_PHONE, DOMAIN, EVENT_REPLY_RECEIVED, EVENT_SMS_RECEIVED
from .entity import AccountEntity, RecipientEntity, add_for_subentries
from .events import SIGNAL_INBOUND, SIGNAL_STATUS
from .outbound.result import STATUS_WORDS
from .runtime_data import SmspilotConfigEntry

PARALLEL_UPDATES = 0

INBOUND = EventEntityDescription(
    key="inbound",
    translation_key="inbound",
    event_types=[
        EVENT_SMS_RECEIVED.removeprefix(f"{DOMAIN}_"),
        EVENT_REPLY_RECEIVED.removeprefix(f"{DOMAIN}_"),
    ],
)
# Disabled, because the bus event has a row of the logbook already, and an entity makes another.
DELIVERY = EventEntityDescription(
    key="delivery",
    translation_key="delivery",
    event_types=STATUS_WORDS,
    entity_registry_enabled_default=False,
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmspilotConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entities of an account and of its recipients."""
    async_add_entities(
        [
            AccountInboundEvent(entry, INBOUND, Platform.EVENT),
            AccountDeliveryEvent(entry, DELIVERY, Platform.EVENT),
        ]
    )

    def make(subentry: ConfigSubentry) -> list[Entity]:
        return [
            RecipientInboundEvent(entry, subentry, INBOUND, Platform.EVENT),
            RecipientDeliveryEvent(entry, subentry, DELIVERY, Platform.EVENT),
        ]

    add_for_subentries(entry, async_add_entities, make)


@dataclass
class OwnEventData(EventExtraStoredData):
    """The stored last event of an entity, with the entity's unique id."""

    owner: str | None


class _OwnEvent(EventEntity):
    """An event entity that does not restore the last event of a removed entity.

    Home Assistant restores by entity id, and a new recipient may get the id of a removed one.
    """

    account: Account

    @property
    @override
    def extra_restore_state_data(self) -> OwnEventData:
        """Return the last event with the entity's unique id."""
        last = super().extra_restore_state_data
        return OwnEventData(last.last_event_type, last.last_event_attributes, self.unique_id)

    @override
    async def async_get_last_event_data(self) -> EventExtraStoredData | None:
        """Return the stored last event where it is this entity's."""
        stored = await self.async_get_last_extra_data()
        if stored is None or stored.as_dict().get("owner") != self.unique_id:
            return None
        return await super().async_get_last_event_data()

    def _is_shown(self, _data: dict[str, Any]) -> bool:
        """Return whether the entity shows an event with these data."""
        return True


class _Inbound(_OwnEvent):
    """Inbound messages; texts and numbers are not recorded."""

    _unrecorded_attributes = frozenset({"message", "phone", "service_number", "reply_to"})

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the inbound messages."""
        await super().async_added_to_hass()
        signal = SIGNAL_INBOUND.format(self.account.entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._trigger))

    @callback
    def _trigger(self, event: str, data: dict[str, Any]) -> None:
        if self._is_shown(data):
            self._trigger_event(event.removeprefix(f"{DOMAIN}_"), data)
            self.async_write_ha_state()


class AccountInboundEvent(AccountEntity, _Inbound):
    """All inbound messages of an account."""


class RecipientInboundEvent(RecipientEntity, _Inbound):
    """The inbound messages from a recipient's numbers."""

    @override
    def _is_shown(self, data: dict[str, Any]) -> bool:
        return data[ATTR_PHONE] in self.recipient.phones


class _Delivery(_OwnEvent):
    """The statuses of outbound messages; numbers are not recorded."""

    _unrecorded_attributes = frozenset({"phone"})

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the statuses of outbound messages."""
        await super().async_added_to_hass()
        signal = SIGNAL_STATUS.format(self.account.entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._trigger))

    @callback
    def _trigger(self, data: dict[str, Any]) -> None:
        # A status that the API's document does not list has no event type.
        if data["status"] in STATUS_WORDS and self._is_shown(data):
            self._trigger_event(data["status"], data)
            self.async_write_ha_state()


class AccountDeliveryEvent(AccountEntity, _Delivery):
    """The statuses of all messages of an account."""


class RecipientDeliveryEvent(RecipientEntity, _Delivery):
    """The statuses of the messages to a recipient."""

    @override
    def _is_shown(self, data: dict[str, Any]) -> bool:
        # Names are unique in an account.
        name: str | None = data["recipient"]
        return name == self.recipient.name
