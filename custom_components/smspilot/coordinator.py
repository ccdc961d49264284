"""The heartbeat of an account: its balance, its senders, and whether the service is there."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .client import Account as AccountInfo, Smspilot, SmspilotError
from .const import DOMAIN, LOGGER
from .errors import explained, reason
from .signals import SIGNAL_BALANCE, SIGNAL_ERROR, SIGNAL_OK

if TYPE_CHECKING:
    from .data import SmspilotConfigEntry

# Every send tells the balance; this is for what others spend, and for top-ups.
INTERVAL: Final = timedelta(minutes=30)


class AccountCoordinator(DataUpdateCoordinator[AccountInfo]):
    """Ask for the account now and then."""

    config_entry: SmspilotConfigEntry

    def __init__(self, hass: HomeAssistant, entry: SmspilotConfigEntry, client: Smspilot) -> None:
        """Ask the client."""
        super().__init__(hass, LOGGER, config_entry=entry, name=DOMAIN, update_interval=INTERVAL)
        self._client = client
        self.sms_left: int | None = None
        # The sensor that shows it; while it is disabled nobody asks.
        self.wants_sms_left = False
        entry.async_on_unload(
            async_dispatcher_connect(
                hass, SIGNAL_BALANCE.format(entry.entry_id), self._balance_told
            )
        )

    @override
    async def _async_update_data(self) -> AccountInfo:
        entry_id = self.config_entry.entry_id
        try:
            account = await self._client.account()
            if self.wants_sms_left:
                self.sms_left = await self._client.sms_left()
        except SmspilotError as err:
            async_dispatcher_send(self.hass, SIGNAL_ERROR.format(entry_id), err)
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=reason(err).value,
                translation_placeholders={"error": explained(self.hass, err)},
            ) from err
        async_dispatcher_send(self.hass, SIGNAL_OK.format(entry_id), "account")
        if not self.last_update_success:
            # What came while the service was away.
            self.config_entry.runtime_data.inbox.bell.ring()
        return account

    @callback
    def _balance_told(self, balance: Decimal) -> None:
        if self.data:
            self.async_set_updated_data(replace(self.data, balance=balance))
