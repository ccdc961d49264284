"""The composition root of an account: its parts outlive a reload of the config entry."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_API_KEY, CONF_PASSWORD, CONF_URL, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .alarms.alarms import Alarms
from .alarms.sending import AlarmContext
from .alarms.texts import TextMemory
from .client import Credentials, Smspilot, SmspilotError
from .client.transport import URL
from .const import CONF_LOGIN
from .conversations.feed import Conversations
from .conversations.lines import Known
from .errors import Reason, action_error
from .events import SIGNAL_BACK, SIGNAL_ERROR
from .inbound.inbox import Inbox
from .options import Options
from .outbound import records, tracked_messages
from .outbound.budget import Budget
from .outbound.channels import ChannelSender
from .outbound.delivery import DeliveryTracker
from .outbound.outbox import Outbox
from .runtime.journal import Journal, Snapshot, Tables
from .runtime.publisher import Publisher


class Account:
    """Builds the parts of an account, connects them, starts and closes them."""

    # Cancels the listener for Home Assistant's stop.
    cancel_stop_listener: CALLBACK_TYPE

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self.hass = hass
        self.entry = entry
        # The last errors and when they happened, for diagnostics.
        self.errors: deque[tuple[datetime, SmspilotError]] = deque(maxlen=20)
        self.client = make_client(hass, entry.data)
        self.journal = Journal(hass, entry.entry_id)
        self.publisher = Publisher(hass, entry)
        self.budget = Budget(entry, self.journal)
        self.deliveries = DeliveryTracker(
            hass,
            entry,
            client=self.client,
            journal=self.journal,
            budget=self.budget,
            publisher=self.publisher,
        )
        self.inbox = Inbox(hass, entry, self.client, self.journal, self.publisher)
        self.outbox = Outbox(
            hass,
            entry,
            client=self.client,
            journal=self.journal,
            budget=self.budget,
            deliveries=self.deliveries,
            on_questions=self.inbox.add_sent,
        )
        self.channels = ChannelSender(hass, entry, self.outbox)
        self.conversations = Conversations(hass, entry, self.client, known=self._known)
        self.alarms = self._make_alarms()
        self._cancel_start: CALLBACK_TYPE = lambda: None
        self._on_close: list[CALLBACK_TYPE] = []
        back, error = SIGNAL_BACK.format(entry.entry_id), SIGNAL_ERROR.format(entry.entry_id)
        self._stop_listening = (
            async_dispatcher_connect(hass, back, self.inbox.poller.wake),
            async_dispatcher_connect(hass, error, self._keep_error),
        )

    async def open(self) -> None:
        """Restore the state from the disk."""
        tables = await self.journal.load()
        if tables:
            # In a thread, because there may be many rows; no poller runs yet.
            await self.journal.async_run(partial(self._restore, tables))
            self.outbox.reconciler.resume()
        self.journal.snapshot = self._snapshot
        self.inbox.memory.begin()
        # The set-up does not wait for the disk.
        self.journal.flush()

    @callback
    def pause(self) -> None:
        """Stop reads and events while the entry is reloaded and our entities would miss them."""
        self._cancel_start()
        self.publisher.pause()
        # The outbox goes on: its results reach our entities by the publisher only.
        for part in (self.deliveries, self.inbox):
            part.poller.pause()

    @callback
    def start(self) -> None:
        """Begin to read and publish, now that our entities are set up and once automations are.

        After a reload this also reads what was pushed while the webhook was unregistered.
        """
        self._cancel_start()
        self._cancel_start = async_at_started(self.hass, self._started)

    @property
    def needs_reload(self) -> bool:
        """Return whether the entry's credentials or URL differ from those in use."""
        fresh = make_client(self.hass, self.entry.data)
        present = (self.client.credentials, self.client.url)
        return (fresh.credentials, fresh.url) != present

    @callback
    def apply(self) -> None:
        """Apply the entry's present data, options and subentries."""
        fresh = make_client(self.hass, self.entry.data)
        self.client.credentials, self.client.url = fresh.credentials, fresh.url
        options = Options.from_entry(self.entry)
        self.client.debug, self.client.referrer = options.debug_email, options.referrer
        self.inbox.replan()
        self.alarms.apply()

    async def close(self) -> None:
        """End all tasks, raise an error in waiting actions, and store the state."""
        why = action_error(Reason.ACCOUNT_CLOSED, account=self.entry.title)
        self._cancel_start()
        for stop in self._stop_listening:
            stop()
        while self._on_close:
            self._on_close.pop()()
        self.conversations.close()
        self.alarms.close()
        for part in (self.outbox, self.deliveries, self.inbox):
            part.close(why)
        self.publisher.close()
        await self.journal.close()

    @callback
    def on_close(self, close: CALLBACK_TYPE) -> None:
        """Call a function when the account closes; a reload does not close it."""
        self._on_close.append(close)

    @callback
    def report(self, err: SmspilotError) -> None:
        """Signal an API error to those that start reauth and raise repair issues."""
        async_dispatcher_send(self.hass, SIGNAL_ERROR.format(self.entry.entry_id), err)

    @callback
    def _keep_error(self, err: SmspilotError) -> None:
        self.errors.append((dt_util.utcnow(), err))

    def _make_alarms(self) -> Alarms:
        return Alarms(
            AlarmContext(
                hass=self.hass,
                entry=self.entry,
                journal=self.journal,
                outbox=self.outbox,
                inbox=self.inbox,
                deliveries=self.deliveries,
                budget=self.budget,
                publisher=self.publisher,
                memory=TextMemory(self.journal),
            )
        )

    def _known(self, message_id: str) -> Known:
        """Return what the conversations need to know of an outbound message."""
        row = self.deliveries.row(message_id)
        kind = row.kind if row else self.outbox.kind(message_id)
        return Known(
            kind=kind,
            sent_at=row.sent_at if row else None,
            alarm=self.alarms.name_of(message_id),
        )

    def _restore(self, tables: Tables) -> None:
        self.budget.restore(tables)
        self.deliveries.restore(tables.get(tracked_messages.TABLE, {}))
        self.outbox.restore(tables.get(records.TABLE, {}))
        self.inbox.memory.restore(tables)
        self.alarms.restore(tables)

    def _snapshot(self) -> Snapshot:
        return {
            records.TABLE: self.outbox.table(),
            tracked_messages.TABLE: self.deliveries.table(),
            **self.budget.tables(),
            **self.inbox.memory.tables(),
            **self.alarms.tables(),
        }

    @callback
    def _started(self, _hass: HomeAssistant) -> None:
        self.publisher.resume()
        self.inbox.push_monitor.opened()
        self.inbox.poller.wake()
        self.deliveries.read_all()
        for part in (self.outbox, self.deliveries, self.inbox):
            part.poller.resume()
        self.alarms.start()


# The accounts by entry id. Not in the entries' runtime data, which a reload replaces: an action
# that waits for a reply must outlive a reload.
ACCOUNTS: Final[HassKey[dict[str, Account]]] = HassKey("smspilot_accounts")


async def async_get_account(hass: HomeAssistant, entry: ConfigEntry) -> Account:
    """Return the account of an entry, and open one where there is none."""
    accounts = hass.data.setdefault(ACCOUNTS, {})
    if account := accounts.get(entry.entry_id):
        return account
    account = Account(hass, entry)
    await account.open()

    async def stop(_event: Event) -> None:
        await account.close()

    account.cancel_stop_listener = hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)
    # Only now: closing an account that was not loaded would overwrite the stored state.
    accounts[entry.entry_id] = account
    return account


async def async_close_account(hass: HomeAssistant, entry: ConfigEntry) -> Account | None:
    """Close the account of an entry, and return it, or None where there is none."""
    account = hass.data.get(ACCOUNTS, {}).pop(entry.entry_id, None)
    if account:
        account.cancel_stop_listener()
        await account.close()
    return account


def make_client(hass: HomeAssistant, data: Mapping[str, Any]) -> Smspilot:
    """Return a client with the credentials and the URL of an entry's data."""
    credentials = Credentials(
        api_key=data.get(CONF_API_KEY), login=data.get(CONF_LOGIN), password=data.get(CONF_PASSWORD)
    )
    return Smspilot(async_get_clientsession(hass), credentials, url=data.get(CONF_URL, URL))
