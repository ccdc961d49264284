"""Publish what happened, on the bus and to our own entities, once Home Assistant has started."""

from collections.abc import Callable
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started

from ..const import EVENT_MESSAGE_STATUS
from ..events import SIGNAL_INBOUND, SIGNAL_STATUS


class Publisher:
    """Publish at once, or keep it until automations listen."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Wait for Home Assistant's start."""
        self._hass = hass
        self._entry = entry
        # What is published before that is kept in memory only.
        self.started = False
        self._kept: list[Callable[[], None]] = []
        self._status = SIGNAL_STATUS.format(entry.entry_id)
        self._inbound = SIGNAL_INBOUND.format(entry.entry_id)
        self._cancel: CALLBACK_TYPE = async_at_started(hass, self._start)

    @callback
    def status(self, data: dict[str, Any]) -> None:
        """Publish the status of a message."""
        data = {**self.account, **data}
        self._publish(EVENT_MESSAGE_STATUS, data, self._status, data)

    @callback
    def inbound(self, event: str, data: dict[str, Any]) -> None:
        """Publish a message that somebody wrote."""
        data = {**self.account, **data}
        self._publish(event, data, self._inbound, event, data)

    @property
    def account(self) -> dict[str, Any]:
        """Return the fields that name the account."""
        return {"entry_id": self._entry.entry_id, "account_id": self._entry.unique_id}

    @callback
    def close(self) -> None:
        """Publish nothing more."""
        self._cancel()
        self._kept.clear()

    @callback
    def _publish(self, event: str, data: dict[str, Any], signal: Any, *args: Any) -> None:
        if not self.started:
            self._kept.append(partial(self._publish, event, data, signal, *args))
            return
        self._hass.bus.async_fire(event, data)
        async_dispatcher_send(self._hass, signal, *args)

    @callback
    def _start(self, _hass: HomeAssistant) -> None:
        self.started = True
        kept, self._kept = self._kept, []
        for publish in kept:
            publish()
