"""An account's life: what outlives a reload of its entry, and ends with its removal."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_API_KEY, CONF_PASSWORD, CONF_URL
from homeassistant.core import (
    CALLBACK_TYPE,
    CoreState,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started
from homeassistant.util.hass_dict import HassKey

from .client import Credentials, Kind, Smspilot, SmspilotError
from .client.transport import URL
from .const import ATTR_SENDER, ATTR_TWO_WAY, ATTR_WAIT, CONF_CHANNEL, CONF_DEBUG_EMAIL, CONF_LOGIN
from .contacts.recipients import Channel, Recipient, display_name, recipients
from .coordinator import AccountCoordinator
from .errors import Reason, action_error, combined_error
from .events import SIGNAL_ERROR
from .inbound.inbox import Inbox
from .outbound.delivery import DeliveryTracker
from .outbound.limits import Limits
from .outbound.message import OutboundMessage, Target, Targets, notify_order, resolve_targets
from .outbound.outbox import Outbox
from .outbound.result import Receipt, Row, reasons
from .runtime.journal import Journal, Snapshot, Tables
from .runtime.publisher import Publisher
from .webhook import PushReceiver

if TYPE_CHECKING:
    from .notify import LegacyNotify

type SmspilotConfigEntry = ConfigEntry[Account]


class Account:
    """The rooms of an account, and the doors between them."""

    # Those of the entry's present life.
    coordinator: AccountCoordinator
    push_receiver: PushReceiver
    legacy: LegacyNotify | None = None
    stop_listening: CALLBACK_TYPE

    def __init__(self, hass: HomeAssistant, entry: SmspilotConfigEntry) -> None:
        """Build the rooms; nothing is read or asked yet."""
        self.hass = hass
        self.entry = entry
        # What went wrong lately, for diagnostics.
        self.errors: deque[tuple[datetime, SmspilotError]] = deque(maxlen=20)
        # Two questions to one number wait for each other.
        self.asking: dict[str, asyncio.Lock] = {}
        self.client = make_client(hass, entry.data)
        self.journal = Journal(hass, entry.entry_id)
        self.publisher = Publisher(hass, entry)
        self.limits = Limits(entry, self.journal)
        self.deliveries = DeliveryTracker(
            hass,
            entry,
            client=self.client,
            journal=self.journal,
            limits=self.limits,
            publisher=self.publisher,
        )
        self.inbox = Inbox(hass, entry, self.client, self.journal, self.publisher)
        self.outbox = Outbox(
            hass,
            entry,
            client=self.client,
            journal=self.journal,
            limits=self.limits,
            deliveries=self.deliveries,
            asked=self.inbox.asked,
        )
        self._cancel_start: CALLBACK_TYPE = lambda: None

    async def open(self) -> None:
        """Take up where the last run ended."""
        tables = await self.journal.load()
        if tables:
            # Beside the event loop: it may be much, and no bell is open yet.
            await self.hass.async_add_executor_job(self._restore, tables)
        self.journal.snapshot = self._snapshot
        if self.hass.state is not CoreState.running:
            # The first read is after the start; what comes until then is no history.
            with suppress(SmspilotError):
                await self.inbox.begin()

    @callback
    def hold(self) -> None:
        """Read nothing while our entities and Assist are not there to hear it."""
        self._cancel_start()
        for room in (self.deliveries, self.inbox):
            room.poller.hold()

    @callback
    def start(self) -> None:
        """Read, now that our entities listen, and once automations do.

        After a reload this is what was pushed while nobody was at the door.
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
        self.client.debug = self.entry.options.get(CONF_DEBUG_EMAIL) or None
        self.inbox.replan()

    async def close(self) -> None:
        """End everything that waits, and keep what is known."""
        why = action_error(Reason.ACCOUNT_CLOSED, account=self.entry.title)
        self._cancel_start()
        for room in (self.outbox, self.deliveries, self.inbox):
            room.close(why)
        self.publisher.close()
        await self.journal.close()

    @callback
    def note(self, err: SmspilotError) -> None:
        """Let reauth and repairs know what the service said."""
        async_dispatcher_send(self.hass, SIGNAL_ERROR.format(self.entry.entry_id), err)

    async def send(
        self,
        order: OutboundMessage,
        targets: Targets,
        *,
        wait: timedelta = timedelta(0),
        strict: bool = True,
    ) -> Receipt:
        """Send an order; `strict` raises also where only some were refused, after the rest."""
        receipt = await self.outbox.send(order, targets.refused)
        if strict and (refused := [row for row in receipt.rows if row.refused]):
            if all(row.unknown for row in refused):
                raise action_error(Reason.OUTCOME_UNKNOWN, account=self.entry.title)
            language = self.hass.config.language
            why = reasons(self.entry, refused, language)
            raise action_error(Reason.PARTLY_REFUSED, reasons=why)
        await self.deliveries.wait(receipt.rows, wait)
        return receipt

    async def respond(
        self, order: OutboundMessage, targets: Targets, call: ServiceCall
    ) -> ServiceResponse:
        """Send an action's order and return its response, where somebody takes it."""
        receipt = await self.send(
            order,
            targets,
            wait=call.data.get(ATTR_WAIT, timedelta(0)),
            strict=not call.return_response,
        )
        if not call.return_response:
            return None
        return receipt.as_dict(self.entry, self.hass.config.language)

    async def notify(self, person: Recipient, message: str) -> None:
        """Send a text to all numbers of a recipient by their channel."""
        # Home Assistant can rename them to another's name, or to a number.
        await self.notify_targets([person.id], message, {})

    async def notify_targets(
        self, targets: Iterable[object], message: str, fields: Mapping[str, Any]
    ) -> None:
        """Send a text to names by their channels and to numbers as SMS; lose nobody."""
        found = resolve_targets(self.hass, self.entry, phones=targets, apart=True)
        people = {person.id: person for person in recipients(self.entry)}
        groups: dict[tuple[Channel, str | None], dict[str, Target]] = {}
        chosen = fields.get(CONF_CHANNEL) or (fields.get(ATTR_TWO_WAY) and Channel.TWO_WAY)
        for target in found.to:
            person = people.get(target.recipient_id or "")
            channel = chosen or (person.channel if person else Channel.SMS)
            sender = fields.get(ATTR_SENDER) or (person.sender if person else None)
            groups.setdefault((channel, sender), {}).setdefault(target.phone, target)
        if not groups:
            groups[Channel.SMS, None] = {}
        orders: list[OutboundMessage] = []
        reached: set[tuple[Kind, str]] = set()
        for (channel, sender), group in groups.items():
            order = notify_order(
                self.entry, message, (), channel=channel, sender=sender, fields=fields
            )
            # Whoever is named twice gets each kind of message once.
            to = tuple(one for one in group.values() if (order.kind, one.phone) not in reached)
            reached |= {(order.kind, one.phone) for one in to}
            if to or not group:
                orders.append(replace(order, to=to))
        nobody = Targets((), () if found.to else found.refused)
        results = await asyncio.gather(
            *(self.send(order, nobody) for order in orders), return_exceptions=True
        )
        rows: list[Row] = []
        errors: list[tuple[str, HomeAssistantError]] = []
        for order, result in zip(orders, results, strict=True):
            if isinstance(result, HomeAssistantError):
                names = (display_name(self.entry, to.phone, to.recipient_id) for to in order.to)
                errors.append((", ".join(dict.fromkeys(names)), result))
            elif isinstance(result, BaseException):
                raise result
            else:
                rows += result.rows
        partly = len(errors) < len(results)
        if found.to:
            errors += (("", why) for _named, why in found.refused)
        if errors:
            # Whoever was refused is told as soon as the rest is out.
            raise combined_error(self.hass, errors, partly=partly)
        await self.deliveries.wait(rows, fields.get(ATTR_WAIT, timedelta(0)))

    def _restore(self, tables: Tables) -> None:
        self.limits.restore(tables.get("days", {}), tables.get("prices", {}))
        self.deliveries.restore(tables.get("messages", {}))
        self.outbox.restore(tables.get("orders", {}))
        self.inbox.restore(tables)

    def _snapshot(self) -> Snapshot:
        return {
            "orders": self.outbox.table(),
            "messages": self.deliveries.table(),
            **self.limits.tables(),
            **self.inbox.tables(),
        }

    @callback
    def _started(self, _hass: HomeAssistant) -> None:
        self.inbox.push_monitor.opened()
        self.inbox.poller.wake()
        self.deliveries.hurry()
        for room in (self.outbox, self.deliveries, self.inbox):
            room.poller.open()


# The accounts by entry id: whoever waits for an answer must outlive a reload of the entry,
# whose runtime data does not.
ACCOUNTS: Final[HassKey[dict[str, Account]]] = HassKey("smspilot_accounts")


def make_client(hass: HomeAssistant, data: Mapping[str, Any]) -> Smspilot:
    """Return the client of an entry's data."""
    credentials = Credentials(
        api_key=data.get(CONF_API_KEY), login=data.get(CONF_LOGIN), password=data.get(CONF_PASSWORD)
    )
    return Smspilot(async_get_clientsession(hass), credentials, url=data.get(CONF_URL, URL))
