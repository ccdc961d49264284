"""The heartbeat of an account: its balance, its senders, and whether the service is there."""

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
    Worked,
)

# How often the account and its balance are asked for. Every send tells the balance, too; this is
# for what others spend, and for top-ups.
INTERVAL: Final = timedelta(minutes=30)
# The shortest time between two updates: a burst of sends writes few states. Seconds.
PAUSE: Final = 0.1


class AccountCoordinator(DataUpdateCoordinator[AccountInfo]):
    """Ask for the account now and then."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, client: Smspilot) -> None:
        """Ask the client."""
        super().__init__(hass, LOGGER, config_entry=entry, name=DOMAIN, update_interval=INTERVAL)
        self._client = client
        self.sms_left: int | None = None
        # The sensor that shows it; while it is disabled nobody asks.
        self.wants_sms_left = False
        self._cancel_update: CALLBACK_TYPE | None = None
        self._shown_at = -PAUSE
        self._update_job = HassJob(self._publish, cancel_on_shutdown=True)
        # When a balance came last, by the loop's clock.
        self._balance_at = 0.0
        balance = SIGNAL_BALANCE.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, balance, self._balance_came))
        account = SIGNAL_ACCOUNT.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, account, self._account_came))
        worked = SIGNAL_OK.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, worked, self._worked))
        counts = SIGNAL_COUNTS.format(entry.entry_id)
        entry.async_on_unload(async_dispatcher_connect(hass, counts, self.async_update_listeners))

    @override
    @callback
    def async_update_listeners(self) -> None:
        """Update in a moment, once for all that changes till then."""
        if self._cancel_update:
            return
        if (wait := self._shown_at + PAUSE - self.hass.loop.time()) > 0:
            self._cancel_update = async_call_later(self.hass, wait, self._update_job)
        else:
            self._cancel_update = self.hass.loop.call_soon(self._publish).cancel

    @override
    async def async_shutdown(self) -> None:
        """Update nobody any more."""
        await super().async_shutdown()
        if self._cancel_update:
            self._cancel_update()

    @override
    async def _async_update_data(self) -> AccountInfo:
        entry_id, asked = self.config_entry.entry_id, self.hass.loop.time()
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
        async_dispatcher_send(self.hass, SIGNAL_OK.format(entry_id), Worked.ACCOUNT)
        if not self.last_update_success:
            async_dispatcher_send(self.hass, SIGNAL_BACK.format(entry_id))
        return replace(account, balance=self._newest(account.balance, asked))

    @callback
    def look(self) -> None:
        """Ask now; nobody waits for it."""
        self.config_entry.async_create_background_task(
            self.hass, self.async_request_refresh(), "smspilot account"
        )

    @callback
    def _worked(self, what: Worked) -> None:
        """Ask again where something else finds the service back."""
        if what is Worked.INBOUND and not self.last_update_success:
            self.look()

    async def _sms_left(self) -> int | None:
        """Return how many SMS are left; a failure here must not fail the refresh."""
        try:
            return await self._client.sms_left()
        except SmspilotError as err:
            LOGGER.debug("How many SMS are left cannot be read: %s", err)
            return None

    @callback
    def _publish(self, _now: datetime | None = None) -> None:
        self._cancel_update = None
        self._shown_at = self.hass.loop.time()
        super().async_update_listeners()

    @callback
    def _account_came(self, account: AccountInfo, asked: float) -> None:
        """Take over what somebody else asked for."""
        worked = SIGNAL_OK.format(self.config_entry.entry_id)
        async_dispatcher_send(self.hass, worked, Worked.ACCOUNT)
        self._accept_balance(account, asked)

    @callback
    def _balance_came(self, balance: Decimal, asked: float) -> None:
        self._accept_balance(self.data and replace(self.data, balance=balance), asked)

    @callback
    def _accept_balance(self, account: AccountInfo | None, asked: float) -> None:
        if not (account and self.last_update_success):
            # The service is there after all, and may hold what came meanwhile.
            self.look()
            return
        # The next read is not put off: it may have to tell how many SMS are left.
        self.data = replace(account, balance=self._newest(account.balance, asked))
        self.async_update_listeners()

    def _newest(self, balance: Decimal | None, asked: float) -> Decimal | None:
        """Return the newer of two balances; if the requests overlapped, trust the lower."""
        present = self.data.balance if self.data else None
        is_crossed = asked < self._balance_at
        if balance is None or (present is not None and is_crossed and present < balance):
            balance = present
        self._balance_at = self.hass.loop.time()
        if balance is not None and present is not None and balance > present:
            signal = SIGNAL_OK.format(self.config_entry.entry_id)
            async_dispatcher_send(self.hass, signal, Worked.TOP_UP)
        return balance
