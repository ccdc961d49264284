"""An account's life: what outlives a reload of its entry, and ends with its removal."""

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

from .alarms.room import Alarms
from .alarms.sending import Ways
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
from .outbound.budget import Budget
from .outbound.channels import ChannelSender
from .outbound.delivery import DeliveryTracker
from .outbound.outbox import Outbox
from .runtime.journal import Journal, Snapshot, Tables
from .runtime.publisher import Publisher


class Account:
    """Builds the parts of an account and connects them."""

    # Set as soon as it is open.
    stop_listening: CALLBACK_TYPE

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Build the rooms; nothing is read or asked yet."""
        self.hass = hass
        self.entry = entry
        # What went wrong lately, for diagnostics.
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
            on_questions=self.inbox.asked,
        )
        self.channels = ChannelSender(hass, entry, self.outbox)
        self.conversations = Conversations(hass, entry, self.client, known=self._known)
        self.alarms = self._make_alarms()
        self._cancel_start: CALLBACK_TYPE = lambda: None
        self._enders: list[CALLBACK_TYPE] = []
        back, error = SIGNAL_BACK.format(entry.entry_id), SIGNAL_ERROR.format(entry.entry_id)
        self._stop_listening = (
            async_dispatcher_connect(hass, back, self.inbox.poller.wake),
            async_dispatcher_connect(hass, error, self._remember),
        )

    async def open(self) -> None:
        """Take up what the disk has of it; nobody waits for the network."""
        tables = await self.journal.load()
        if tables:
            # Beside the event loop: it may be much, and no poller runs yet.
            await self.journal.async_run(partial(self._restore, tables))
            self.outbox.doubts.resume()
        self.journal.snapshot = self._snapshot
        self.inbox.memory.window.begin()
        # Whoever sets it up does not wait for the disk.
        self.journal.flush()

    @callback
    def hold(self) -> None:
        """Read nothing while our entities and Assist are not there to hear it."""
        self._cancel_start()
        self.publisher.hold()
        # The outbox publishes nothing automations could miss: it goes on through a reload.
        for room in (self.deliveries, self.inbox):
            room.poller.hold()

    @callback
    def start(self) -> None:
        """Read, now that our entities listen, and once automations do.

        After a reload this reads what was pushed while the webhook was unregistered.
        """
        self._cancel_start()
        self._cancel_start = async_at_started(self.hass, self._started)

    @property
    def needs_reload(self) -> bool:
        """Return whether the entry's credentials or address are other ones now."""
        fresh = make_client(self.hass, self.entry.data)
        present = (self.client.credentials, self.client.url)
        return (fresh.credentials, fresh.url) != present

    @callback
    def apply(self) -> None:
        """Take over what the entry says now."""
        fresh = make_client(self.hass, self.entry.data)
        self.client.credentials, self.client.url = fresh.credentials, fresh.url
        options = Options.from_entry(self.entry)
        self.client.debug, self.client.referrer = options.debug_email, options.referrer
        self.inbox.replan()
        self.alarms.apply()

    async def close(self) -> None:
        """End everything that waits, and keep what is known."""
        why = action_error(Reason.ACCOUNT_CLOSED, account=self.entry.title)
        self._cancel_start()
        for stop in self._stop_listening:
            stop()
        while self._enders:
            self._enders.pop()()
        self.conversations.close()
        self.alarms.close()
        for room in (self.outbox, self.deliveries, self.inbox):
            room.close(why)
        self.publisher.close()
        await self.journal.close()

    @callback
    def on_close(self, end: CALLBACK_TYPE) -> None:
        """Call something when the account's life ends, which outlives reloads."""
        self._enders.append(end)

    @callback
    def report(self, err: SmspilotError) -> None:
        """Let reauth and repairs know what the service said."""
        async_dispatcher_send(self.hass, SIGNAL_ERROR.format(self.entry.entry_id), err)

    @callback
    def _remember(self, err: SmspilotError) -> None:
        self.errors.append((dt_util.utcnow(), err))

    def _make_alarms(self) -> Alarms:
        return Alarms(
            Ways(
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
        """Return what is remembered of a message of ours."""
        row = self.deliveries.row(message_id)
        kind = row.kind if row else self.outbox.kind(message_id)
        return Known(
            kind=kind,
            sent_at=row.sent_at if row else None,
            alarm=self.alarms.name_of(message_id),
        )

    def _restore(self, tables: Tables) -> None:
        self.budget.restore(tables.get("days", {}), tables.get("prices", {}))
        self.deliveries.restore(tables.get("messages", {}))
        self.outbox.restore(tables.get("orders", {}))
        self.inbox.memory.restore(tables)
        self.alarms.restore(tables)

    def _snapshot(self) -> Snapshot:
        return {
            "orders": self.outbox.table(),
            "messages": self.deliveries.table(),
            **self.budget.tables(),
            **self.inbox.memory.tables(),
            **self.alarms.tables(),
        }

    @callback
    def _started(self, _hass: HomeAssistant) -> None:
        self.publisher.open()
        self.inbox.push_monitor.opened()
        self.inbox.poller.wake()
        self.deliveries.read_all()
        for room in (self.outbox, self.deliveries, self.inbox):
            room.poller.open()
        self.alarms.start()


# The accounts by entry id: whoever waits for an answer must outlive a reload of the entry,
# whose runtime data does not.
ACCOUNTS: Final[HassKey[dict[str, Account]]] = HassKey("smspilot_accounts")


async def async_get_account(hass: HomeAssistant, entry: ConfigEntry) -> Account:
    """Return the account of an entry, which may have lived through a reload."""
    accounts = hass.data.setdefault(ACCOUNTS, {})
    if account := accounts.get(entry.entry_id):
        return account
    account = Account(hass, entry)
    await account.open()

    async def stop(_event: Event) -> None:
        await account.close()

    account.stop_listening = hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)
    # Only now: one that was given up half-way knows nothing, and would write that down.
    accounts[entry.entry_id] = account
    return account


async def async_close_account(hass: HomeAssistant, entry: ConfigEntry) -> Account | None:
    """End an account's life, and return it where it had one."""
    account = hass.data.get(ACCOUNTS, {}).pop(entry.entry_id, None)
    if account:
        account.stop_listening()
        await account.close()
    return account


def make_client(hass: HomeAssistant, data: Mapping[str, Any]) -> Smspilot:
    """Return the client of an entry's data."""
    credentials = Credentials(
        api_key=data.get(CONF_API_KEY), login=data.get(CONF_LOGIN), password=data.get(CONF_PASSWORD)
    )
    return Smspilot(async_get_clientsession(hass), credentials, url=data.get(CONF_URL, URL))
