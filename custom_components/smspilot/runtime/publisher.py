"""Fires the account's events, on the bus and for our entities, once Home Assistant has started."""

from collections.abc import Callable
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started

from ..const import DOMAIN, EVENT_ALARM, EVENT_MESSAGE_STATUS
from ..contacts.recipients import recipient_id_of
from ..events import SIGNAL_INBOUND, SIGNAL_STATUS


class Publisher:
    """Publishes an event at once, or keeps it while automations or our entities would miss it.

    What it keeps is in memory only.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        # Whether Home Assistant has started, and with it the automations.
        self.started = False
        # Whether our entities are not set up.
        self._is_paused = True
        self._kept: list[Callable[[], None]] = []
        self._status = SIGNAL_STATUS.format(entry.entry_id)
        self._inbound = SIGNAL_INBOUND.format(entry.entry_id)
        self._cancel: CALLBACK_TYPE = async_at_started(hass, self._started)

    @callback
    def status(self, data: dict[str, Any], recipient_id: str | None = None) -> None:
        """Publish the status of a message for the device of its recipient."""
        recipient_id = recipient_id_of(self._entry, data["phone"], recipient_id)
        self._publish(EVENT_MESSAGE_STATUS, data, recipient_id, self._status)

    @callback
    def inbound(self, event: str, data: dict[str, Any]) -> None:
        """Publish an inbound message as an event of that type."""
        self._publish(event, data, data["recipient_id"], self._inbound, event)

    @callback
    def alarm(self, subentry_id: str, data: dict[str, Any]) -> None:
        """Publish an event of an alarm."""
        self._publish(EVENT_ALARM, data, subentry_id, None)

    @property
    def account(self) -> dict[str, Any]:
        """Return the fields of every event that name the account."""
        return {"entry_id": self._entry.entry_id, "account_id": self._entry.unique_id}

    @callback
    def pause(self) -> None:
        """Keep events until `resume`, while our entities are not set up."""
        self._is_paused = True

    @callback
    def resume(self) -> None:
        """Publish the events that were kept, and those that follow."""
        self._is_paused = False
        self._publish_kept()

    @callback
    def close(self) -> None:
        """Drop the events that were kept, and stop waiting for the start."""
        self._cancel()
        self._kept.clear()

    @callback
    def _publish(
        self, event: str, data: dict[str, Any], recipient_id: str | None, signal: Any, *args: Any
    ) -> None:
        if not self.started or self._is_paused:
            self._kept.append(partial(self._publish, event, data, recipient_id, signal, *args))
            return
        data = {**self.account, "device_id": self._device_id(recipient_id), **data}
        self._hass.bus.async_fire(event, data)
        if signal:
            async_dispatcher_send(self._hass, signal, *args, data)

    def _device_id(self, recipient_id: str | None) -> str | None:
        """Return the id of the recipient's or alarm's device, else of the account's."""
        registry, entry_id = dr.async_get(self._hass), self._entry.entry_id
        names = [f"{entry_id}_{recipient_id}"] if recipient_id else []
        for name in (*names, entry_id):
            if device := registry.async_get_device_by_identifier((DOMAIN, name), entry_id):
                return device.id
        return None

    @callback
    def _started(self, _hass: HomeAssistant) -> None:
        self.started = True
        self._publish_kept()

    @callback
    def _publish_kept(self) -> None:
        kept, self._kept = self._kept, []
        for publish in kept:
            publish()
