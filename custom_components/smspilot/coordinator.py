"""Polls an account: its balance, its senders, and whether the API responds."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .client import AccountInfo, Smspilot, SmspilotError
from .const import DOMAIN, LOGGER
from .errors import api_text, reason_of
from .events import (
    SIGNAL_ACCOUNT,
    SIGNAL_BACK,
    SIGNAL_BALANCE,
    SIGNAL_COUNTS,
    SIGNAL_ERROR,
    SIGNAL_OK,
    Success,
)

# The response to each send has the balance, too; polling is for top-ups, and for what is spent
# elsewhere.
POLL_INTERVAL: Final = timedelta(minutes=30)
# Seconds between two updates of the entities, so that a burst of sends writes few states.
MIN_UPDATE_INTERVAL: Final = 0.1


class AccountCoordinator(DataUpdateCoordinator[AccountInfo]):
    """Polls the account, and takes over newer balances from other responses."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, client: Smspilot) -> None:
        super().__init__(
            hass, LOGGER, config_entry=entry, name=DOMAIN, update_interval=POLL_INTERVAL
        )
        self._client = client
        self.sms_left: int | None = None
        # Set by its sensor, so that it is not requested while that is disabled.
        self.wants_sms_left = False
        self._cancel_update: CALLBACK_TYPE | None = None
        self._updated_at = -MIN_UPDATE_INTERVAL
        self._update_job = HassJob(self._update_listeners_now, cancel_on_shutdown=True)
        # When the last balance came, by the loop's clock.
        self._balance_at = 0.0
        balance = SIGNAL_BALANCE.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, balance, self._apply_balance))
        account = SIGNAL_ACCOUNT.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, account, self._apply_account))
        success = SIGNAL_OK.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, success, self._refresh_if_back))
        counts = SIGNAL_COUNTS.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, counts, self.async_update_listeners))

    @override
    @callback
    def async_update_listeners(self) -> None:
        """Update the entities soon, once for all changes until then."""
        if self._cancel_update:
            return
        if (wait := self._updated_at + MIN_UPDATE_INTERVAL - self.hass.loop.time()) > 0:
            self._cancel_update = async_call_later(self.hass, wait, self._update_job)
        else:
            self._cancel_update = self.hass.loop.call_soon(self._update_listeners_now).cancel

    @override
    async def async_shutdown(self) -> None:
        """Stop polling and updates."""
        await super().async_shutdown()
        if self._cancel_update:
            self._cancel_update()

    @override
    async def _async_update_data(self) -> AccountInfo:
        entry_id, requested_at = self.config_entry.entry_id, self.hass.loop.time()
        try:
            account = await self._client.account()
            if self.wants_sms_left:
                self.sms_left = await self._sms_left()
        except SmspilotError as err:
            async_dispatcher_send(self.hass, SIGNAL_ERROR.format(entry_id), err)
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=reason_of(err).value,
                translation_placeholders={"error": api_text(self.hass, err)},
            ) from err
        async_dispatcher_send(self.hass, SIGNAL_OK.format(entry_id), Success.ACCOUNT)
        if not self.last_update_success:
            async_dispatcher_send(self.hass, SIGNAL_BACK.format(entry_id))
        return replace(account, balance=self._newest(account.balance, requested_at))

    @callback
    def refresh_soon(self) -> None:
        """Request a refresh in the background."""
        self.config_entry.async_create_background_task(
            self.hass, self.async_request_refresh(), "smspilot account"
        )

    @callback
    def _refresh_if_back(self, success: Success) -> None:
        """Refresh where a read of the inbound list shows that the API responds again."""
        if success is Success.INBOUND and not self.last_update_success:
            self.refresh_soon()

    async def _sms_left(self) -> int | None:
        """Return how many SMS the balance pays for; a failure must not fail the refresh."""
        try:
            return await self._client.sms_left()
        except SmspilotError as err:
            LOGGER.debug("How many SMS are left cannot be read: %s", err)
            return None

    @callback
    def _update_listeners_now(self, _now: datetime | None = None) -> None:
        self._cancel_update = None
        self._updated_at = self.hass.loop.time()
        super().async_update_listeners()

    @callback
    def _apply_account(self, account: AccountInfo, requested_at: float) -> None:
        """Take over an account that an action has requested."""
        success = SIGNAL_OK.format(self.config_entry.entry_id)
        async_dispatcher_send(self.hass, success, Success.ACCOUNT)
        self._apply(account, account.balance, requested_at)

    @callback
    def _apply_balance(self, balance: Decimal, requested_at: float) -> None:
        self._apply(self.data, balance, requested_at)

    @callback
    def _apply(
        self, account: AccountInfo | None, balance: Decimal | None, requested_at: float
    ) -> None:
        if not (account and self.last_update_success):
            # The API responds again: a refresh makes the entities available.
            self.refresh_soon()
            return
        # Not `async_set_updated_data`, which would put off the next poll and its SMS left.
        self.data = replace(account, balance=self._newest(balance, requested_at))
        self.async_update_listeners()

    def _newest(self, balance: Decimal | None, requested_at: float) -> Decimal | None:
        """Return the newer of two balances; the lower one where the requests overlapped."""
        present = self.data.balance if self.data else None
        if balance is None:
            return present
        is_overlapping = requested_at < self._balance_at
        self._balance_at = self.hass.loop.time()
        if present is not None and is_overlapping and present < balance:
            return present
        if present is not None and balance > present:
            signal = SIGNAL_OK.format(self.config_entry.entry_id)
            async_dispatcher_send(self.hass, signal, Success.TOP_UP)
        return balance
