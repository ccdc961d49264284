"""What came in, and what became of what went out."""

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

from .const import ATTR_PHONE, CONF_PHONES, DOMAIN, EVENT_REPLY_RECEIVED, EVENT_SMS_RECEIVED
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
# Disabled: the logbook has a row of the bus event already, and an entity always makes its own.
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
    """Add the events of an account and of its recipients."""
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
    """An event that is stored, and the unique id of its entity."""

    owner: str | None


class _OwnEvent(EventEntity):
    """An event entity that restores only what was its own.

    Home Assistant restores by entity id, which a new recipient may have of one who is gone.
    """

    @property
    @override
    def extra_restore_state_data(self) -> OwnEventData:
        """Return what is stored, and whose it is."""
        last = super().extra_restore_state_data
        return OwnEventData(last.last_event_type, last.last_event_attributes, self.unique_id)

    @override
    async def async_get_last_event_data(self) -> EventExtraStoredData | None:
        """Return the last event, where it was of this entity."""
        stored = await self.async_get_last_extra_data()
        if stored is None or stored.as_dict().get("owner") != self.unique_id:
            return None
        return await super().async_get_last_event_data()


class _Inbound(_OwnEvent):
    """Messages people write; who wrote what stays out of the recorder."""

    _unrecorded_attributes = frozenset({"message", "phone", "service_number", "reply_to"})

    @callback
    def _received(self, event: str, data: dict[str, Any]) -> None:
        self._trigger_event(event.removeprefix(f"{DOMAIN}_"), data)
        self.async_write_ha_state()


class AccountInboundEvent(AccountEntity, _Inbound):
    """Everything people write to the account."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the inbox."""
        await super().async_added_to_hass()
        signal = SIGNAL_INBOUND.format(self.account.entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._received))


class RecipientInboundEvent(RecipientEntity, _Inbound):
    """What one recipient writes."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the inbox."""
        await super().async_added_to_hass()
        signal = SIGNAL_INBOUND.format(self.account.entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._from_anybody))

    @callback
    def _from_anybody(self, event: str, data: dict[str, Any]) -> None:
        if data[ATTR_PHONE] in self.subentry.data[CONF_PHONES]:
            self._received(event, data)


class _Delivery(_OwnEvent):
    """What becomes of messages that were sent; numbers stay out of the recorder."""

    _unrecorded_attributes = frozenset({"phone"})

    @callback
    def _changed(self, data: dict[str, Any]) -> None:
        # A status that a newer API adds has no word yet.
        if data["status"] in STATUS_WORDS:
            self._trigger_event(data["status"], data)
            self.async_write_ha_state()


class AccountDeliveryEvent(AccountEntity, _Delivery):
    """What becomes of all messages of the account."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the outbox."""
        await super().async_added_to_hass()
        signal = SIGNAL_STATUS.format(self.account.entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._changed))


class RecipientDeliveryEvent(RecipientEntity, _Delivery):
    """What becomes of messages to one recipient."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the outbox."""
        await super().async_added_to_hass()
        signal = SIGNAL_STATUS.format(self.account.entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._to_anybody))

    @callback
    def _to_anybody(self, data: dict[str, Any]) -> None:
        # Names are unique in an account.
        if data["recipient"] == self.recipient.name:
            self._changed(data)
