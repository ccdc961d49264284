"""The actions that read the API's own lists, and the account."""

from typing import Any, cast

from homeassistant.core import (
    ServiceCall,
    ServiceResponse,
)
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from .account import Account
from .client import InboundList, InboundMessage, MessageRow
from .const import (
    ATTR_LIMIT,
    ATTR_MESSAGE_IDS,
    ATTR_OFFSET,
    ATTR_PACKET_ID,
    ATTR_PERIOD,
    ATTR_SCOPE,
    ATTR_SINCE,
    CURRENCY,
)
from .contacts.phones import from_service
from .errors import Reason, action_error
from .events import SIGNAL_ACCOUNT, iso, number
from .inbound.classify import identify
from .outbound.result import status_row


async def async_check_administrator(call: ServiceCall) -> None:
    """Raise where a user who is not an administrator started the action."""
    if call.context.user_id is None:
        return
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None or not user.is_admin:
        raise action_error(Reason.ADMINISTRATORS_ONLY)


async def async_get_status(account: Account, call: ServiceCall) -> ServiceResponse:
    """Return the statuses of messages."""
    client, data = account.client, call.data
    limit, offset = data[ATTR_LIMIT], data[ATTR_OFFSET]
    packet_id = data.get(ATTR_PACKET_ID)
    messages: tuple[MessageRow, ...] = ()
    if data.get(ATTR_PERIOD):
        await async_check_administrator(call)
    if (ids := data.get(ATTR_MESSAGE_IDS)) is not None:
        if page := ids[offset : offset + limit]:
            messages = await client.check(page)
    elif packet_id is not None:
        messages = await client.check_packet(packet_id, limit=limit, offset=offset)
    elif data[ATTR_PERIOD] == "all":
        messages = await client.check_all(limit=limit, offset=offset)
    else:
        messages = (await client.check_recent(limit=limit, offset=offset)).messages
    rows = []
    for message in messages:
        known = account.deliveries.row(message.id)
        kind = known.kind if known else account.outbox.kind(message.id)
        row = status_row(account.entry, message, kind, call.hass.config.language)
        row["packet_id"] = packet_id or (known.packet_id if known else None)
        rows.append(row)
    return cast("ServiceResponse", {"messages": rows})


async def async_get_inbound(account: Account, call: ServiceCall) -> ServiceResponse:
    """Return inbound messages of the API's list."""
    inbox: InboundList
    if since := call.data.get(ATTR_SINCE):
        inbox = await account.client.inbound_since(dt_util.as_utc(since))
    elif call.data[ATTR_SCOPE] == "new":
        inbox = await account.client.inbound_new()
    else:
        inbox = await account.client.inbound_all()

    def row(message: InboundMessage) -> dict[str, Any]:
        sender = identify(account.entry, message)
        return {
            "message_id": message.id,
            "phone": sender.phone,
            "recipient": sender.recipient and sender.recipient.name,
            "message": sender.text,
            "service_number": from_service(message.service_number),
            "received_at": iso(message.created),
            "seen": message.seen,
        }

    return cast("ServiceResponse", {"messages": [row(message) for message in inbox.messages]})


async def async_get_account(account: Account, _call: ServiceCall) -> ServiceResponse:
    """Return the owner, the balance and the senders."""
    requested_at = account.hass.loop.time()
    info = await account.client.account()
    signal = SIGNAL_ACCOUNT.format(account.entry.entry_id)
    async_dispatcher_send(account.hass, signal, info, requested_at)
    return {
        "account_id": info.id,
        "name": info.name or None,
        "email": info.email or None,
        "phone": from_service(info.phone) or None,
        "balance": number(info.balance),
        "currency": CURRENCY,
        "tariff_id": info.tariff_id or None,
        "default_sender": info.default_sender or None,
        "senders": list(info.senders),
        "registered_on": iso(info.registered),
    }
