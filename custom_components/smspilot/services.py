"""The actions: what they take, whom they reach, what they return."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
import secrets
from typing import Any, Final, cast

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv, service
import voluptuous as vol

from .client import InboundMessage, Inbox, Kind, Sender, SmspilotError
from .client.api import PAGE
from .const import (
    ATTR_ANSWERS,
    ATTR_CODE,
    ATTR_LIMIT,
    ATTR_MESSAGE,
    ATTR_MESSAGE_IDS,
    ATTR_METHOD,
    ATTR_OFFSET,
    ATTR_PACKET_ID,
    ATTR_PERIOD,
    ATTR_PHONES,
    ATTR_QUESTION,
    ATTR_RECIPIENTS,
    ATTR_RETRY_FOR,
    ATTR_SCOPE,
    ATTR_SEND_AT,
    ATTR_SENDER,
    ATTR_SENTENCES,
    ATTR_SINCE,
    ATTR_TEST,
    ATTR_TIME_TO_LIVE,
    ATTR_TIMEOUT,
    ATTR_TRANSLITERATE,
    ATTR_TWO_WAY,
    ATTR_URGENT,
    ATTR_VOICE,
    ATTR_WAIT,
    CONF_CHANNEL,
    CURRENCY,
    DEFAULT_ASK_TIMEOUT,
    DEFAULT_CHECK_WAIT,
    DEFAULT_RETRY_FOR,
    DOMAIN,
    MAX_WAIT,
)
from .data import Account, SmspilotConfigEntry
from .errors import Reason, failed, mistake
from .matching import answer_id
from .order import (
    COMMON_FIELDS,
    Order,
    Who,
    call_order,
    check_order,
    everybody,
    flash_order,
    message_order,
    one,
)
from .phones import from_service, to_service
from .receipt import iso, number, recipient_name, status_row
from .recipients import Channel
from .texts import measure

_NO_WAIT: Final = timedelta(0)
_CODE: Final = vol.All(cv.string, vol.Match(r"^\d{4}$"))

_ENTRY: Final[dict[vol.Marker, Any]] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
_WHO: Final[dict[vol.Marker, Any]] = {
    **_ENTRY,
    vol.Optional(ATTR_RECIPIENTS, default=list): cv.entity_ids,
    # What cannot be read is refused on its own; it must not cost the others.
    vol.Optional(ATTR_PHONES, default=list): cv.ensure_list,
}
_DURATION: Final = vol.All(cv.positive_time_period, vol.Range(max=MAX_WAIT))
_LIFE: Final = vol.All(
    cv.positive_time_period, vol.Range(min=timedelta(minutes=1), max=timedelta(hours=24))
)
_SENDING: Final[dict[vol.Marker, Any]] = {
    vol.Optional(ATTR_TEST, default=False): cv.boolean,
    vol.Optional(ATTR_URGENT, default=False): cv.boolean,
    vol.Optional(ATTR_RETRY_FOR, default=DEFAULT_RETRY_FOR): _DURATION,
    vol.Optional(ATTR_TIME_TO_LIVE): _LIFE,
}
_TEXT: Final[dict[vol.Marker, Any]] = {
    vol.Optional(ATTR_SENDER): cv.string,
    vol.Optional(ATTR_TWO_WAY, default=False): cv.boolean,
    vol.Optional(ATTR_SEND_AT): cv.datetime,
    vol.Optional(ATTR_TRANSLITERATE, default=False): cv.boolean,
}
_WAIT: Final[dict[vol.Marker, Any]] = {vol.Optional(ATTR_WAIT, default=_NO_WAIT): _DURATION}

NOTIFY_DATA_SCHEMA: Final = vol.Schema(
    {
        **_SENDING,
        **_TEXT,
        **_WAIT,
        vol.Optional(ATTR_TWO_WAY): cv.boolean,
        vol.Optional(CONF_CHANNEL): vol.Coerce(Channel),
    }
)
SEND_SMS_SCHEMA: Final = vol.Schema(
    {**_WHO, vol.Required(ATTR_MESSAGE): cv.string, **_SENDING, **_TEXT, **_WAIT}
)
CALL_SCHEMA: Final = vol.Schema(
    {
        **_WHO,
        vol.Required(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_VOICE, default=Sender.VOICE_FEMALE.value): vol.In(
            [Sender.VOICE_FEMALE.value, Sender.VOICE_MALE.value]
        ),
        vol.Optional(ATTR_SEND_AT): cv.datetime,
        **_SENDING,
        **_WAIT,
    }
)
FLASH_CALL_SCHEMA: Final = vol.Schema(
    {**_WHO, vol.Optional(ATTR_CODE): cv.string, **_SENDING, **_WAIT}
)
CHECK_NUMBER_SCHEMA: Final = vol.Schema(
    {
        **_WHO,
        vol.Optional(ATTR_METHOD, default=Kind.HLR.value): vol.In(
            [Kind.HLR.value, Kind.PING.value, Kind.HLRVIP.value]
        ),
        vol.Optional(ATTR_WAIT, default=DEFAULT_CHECK_WAIT): _DURATION,
    }
)
GET_STATUS_SCHEMA: Final = vol.All(
    vol.Schema(
        {
            **_ENTRY,
            vol.Exclusive(ATTR_MESSAGE_IDS, "which"): vol.All(cv.ensure_list, [cv.string]),
            vol.Exclusive(ATTR_PACKET_ID, "which"): cv.string,
            vol.Exclusive(ATTR_PERIOD, "which"): vol.In(["recent", "all"]),
            vol.Optional(ATTR_LIMIT, default=PAGE): vol.All(
                vol.Coerce(int), vol.Range(min=1, max=PAGE)
            ),
            vol.Optional(ATTR_OFFSET, default=0): vol.All(vol.Coerce(int), vol.Range(min=0)),
        }
    ),
    cv.has_at_least_one_key(ATTR_MESSAGE_IDS, ATTR_PACKET_ID, ATTR_PERIOD),
)
GET_INBOUND_SCHEMA: Final = vol.All(
    vol.Schema(
        {
            **_ENTRY,
            vol.Exclusive(ATTR_SINCE, "which"): cv.datetime,
            vol.Exclusive(ATTR_SCOPE, "which"): vol.In(["new", "all"]),
        }
    ),
    cv.has_at_least_one_key(ATTR_SINCE, ATTR_SCOPE),
)
ASK_SCHEMA: Final = vol.Schema(
    {
        **_WHO,
        vol.Required(ATTR_QUESTION): cv.string,
        vol.Optional(ATTR_TIMEOUT, default=DEFAULT_ASK_TIMEOUT): _DURATION,
        vol.Optional(ATTR_ANSWERS, default=list): vol.All(
            cv.ensure_list,
            [
                {
                    vol.Required(ATTR_ID): cv.string,
                    vol.Required(ATTR_SENTENCES): vol.All(cv.ensure_list, [cv.string]),
                }
            ],
        ),
    }
)

type Fields = Mapping[str, Any]
type Handler = Callable[[Account, ServiceCall], Coroutine[Any, Any, ServiceResponse]]


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    optional, only = SupportsResponse.OPTIONAL, SupportsResponse.ONLY
    actions: tuple[tuple[str, Handler, vol.Schema | vol.All, SupportsResponse], ...] = (
        ("send_sms", _send_sms, SEND_SMS_SCHEMA, optional),
        ("call", _call, CALL_SCHEMA, optional),
        ("flash_call", _flash_call, FLASH_CALL_SCHEMA, optional),
        ("check_number", _check_number, CHECK_NUMBER_SCHEMA, optional),
        ("estimate_cost", _estimate_cost, SEND_SMS_SCHEMA, only),
        ("get_status", _get_status, GET_STATUS_SCHEMA, only),
        ("get_inbound", _get_inbound, GET_INBOUND_SCHEMA, only),
        ("ask", _ask, ASK_SCHEMA, only),
        ("get_account", _get_account, vol.Schema(_ENTRY), only),
    )
    for name, handler, schema, response in actions:
        hass.services.async_register(DOMAIN, name, _on_account(handler), schema, response)


def _on_account(
    handler: Handler,
) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    """Give a handler the account that is meant, and the service's no in the person's words."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        entry: SmspilotConfigEntry = service.async_get_config_entry(
            call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
        )
        account = entry.runtime_data
        try:
            return await handler(account, call)
        except SmspilotError as err:
            account.note(err)
            raise failed(call.hass, err) from err

    return handle


def _who(account: Account, call: ServiceCall) -> Who:
    return everybody(call.hass, account.entry, call.data[ATTR_RECIPIENTS], call.data[ATTR_PHONES])


def _common(fields: Fields) -> dict[str, Any]:
    """Return what every order of words takes."""
    return {name: fields[name] for name in COMMON_FIELDS if name in fields}


def _text_order(account: Account, call: ServiceCall, who: Who) -> Order:
    data = call.data
    return message_order(
        account.entry,
        data[ATTR_MESSAGE],
        who.to,
        sender=data.get(ATTR_SENDER),
        two_way=data[ATTR_TWO_WAY],
        transliterated=data[ATTR_TRANSLITERATE],
        **_common(data),
    )


async def _send_sms(account: Account, call: ServiceCall) -> ServiceResponse:
    who = _who(account, call)
    order = _text_order(account, call, who)
    return await account.respond(order, who, call)


async def _call(account: Account, call: ServiceCall) -> ServiceResponse:
    who = _who(account, call)
    order = call_order(
        account.entry,
        call.data[ATTR_MESSAGE],
        who.to,
        voice=Sender(call.data[ATTR_VOICE]),
        **_common(call.data),
    )
    return await account.respond(order, who, call)


async def _flash_call(account: Account, call: ServiceCall) -> ServiceResponse:
    code = call.data.get(ATTR_CODE) or f"{secrets.randbelow(10_000):04}"
    try:
        _CODE(code)
    except vol.Invalid as err:
        raise mistake(Reason.INVALID_CODE) from err
    who = one(_who(account, call))
    order = flash_order(account.entry, code, who.to, **_common(call.data))
    response = await account.respond(order, who, call)
    return response and {**response, "code": code}


async def _check_number(account: Account, call: ServiceCall) -> ServiceResponse:
    who = _who(account, call)
    order = check_order(account.entry, Kind(call.data[ATTR_METHOD]), who.to)
    return await account.respond(order, who, call)


async def _estimate_cost(account: Account, call: ServiceCall) -> ServiceResponse:
    who = _who(account, call)
    order = _text_order(account, call, who)
    if not who.to:
        raise who.refused[0][1]
    phones = [to_service(addressee.phone) for addressee in who.to]
    cost = await account.client.cost(order.text, phones, sender=order.sender, test=order.test)
    size = measure(order.text)
    return {
        "cost": float(cost),
        "currency": CURRENCY,
        "parts": size.parts,
        "encoding": size.encoding.value,
        "characters": size.characters,
    }


async def _get_status(account: Account, call: ServiceCall) -> ServiceResponse:
    client, data = account.client, call.data
    page = {"limit": data[ATTR_LIMIT], "offset": data[ATTR_OFFSET]}
    packet_id = data.get(ATTR_PACKET_ID)
    if ids := data.get(ATTR_MESSAGE_IDS):
        messages = await client.check(ids)
    elif packet_id is not None:
        messages = await client.check_packet(packet_id, **page)
    elif data.get(ATTR_PERIOD) == "all":
        messages = await client.check_all(**page)
    else:
        messages = await client.check_recent(**page)
    language = call.hass.config.language
    rows = []
    for message in messages:
        row = status_row(account.entry, message, language)
        if known := account.tracker.row(message.id):
            row |= {"kind": known.kind.value, "packet_id": known.packet_id}
        rows.append(row if packet_id is None else {**row, "packet_id": packet_id})
    return cast("ServiceResponse", {"messages": rows})


async def _get_inbound(account: Account, call: ServiceCall) -> ServiceResponse:
    inbox: Inbox
    if since := call.data.get(ATTR_SINCE):
        inbox = await account.client.inbound_since(since)
    elif call.data[ATTR_SCOPE] == "new":
        inbox = await account.client.inbound_new()
    else:
        inbox = await account.client.inbound_all()

    def row(message: InboundMessage) -> dict[str, Any]:
        phone = from_service(message.phone)
        return {
            "message_id": message.id,
            "phone": phone,
            "recipient": recipient_name(account.entry, phone),
            "message": account.inbox.without_prefix(message.message),
            "service_number": from_service(message.service_number),
            "received_at": iso(message.created),
            "seen": message.seen,
        }

    return cast("ServiceResponse", {"messages": [row(message) for message in inbox.messages]})


async def _ask(account: Account, call: ServiceCall) -> ServiceResponse:
    who = one(_who(account, call))
    order = message_order(account.entry, call.data[ATTR_QUESTION], who.to, two_way=True)
    if order.test:
        raise mistake(Reason.TEST_QUESTION)
    if not who.to:
        raise who.refused[0][1]
    answers = [(answer[ATTR_ID], answer[ATTR_SENTENCES]) for answer in call.data[ATTR_ANSWERS]]
    async with account.asking.setdefault(who.to[0].phone, asyncio.Lock()):
        receipt = await account.send(order, who)
        message_id = receipt.rows[0].message_id or ""
        reply = await account.inbox.reply(message_id, call.data[ATTR_TIMEOUT])
    if reply is None:
        nothing = dict.fromkeys(("answer", "answer_id", "message_id", "phone", "answered_at"))
        return {"answered": False, **nothing}
    return {
        "answered": True,
        "answer": reply["message"],
        "answer_id": answer_id(reply["message"], answers, call.hass.config.language),
        "message_id": reply["message_id"],
        "phone": reply["phone"],
        "answered_at": reply["received_at"],
    }


async def _get_account(account: Account, _call: ServiceCall) -> ServiceResponse:
    info = await account.client.account()
    account.coordinator.async_set_updated_data(info)
    return {
        "account_id": info.id,
        "name": info.name,
        "email": info.email,
        "phone": from_service(info.phone),
        "balance": number(info.balance),
        "currency": CURRENCY,
        "tariff_id": info.tariff_id,
        "default_sender": info.default_sender,
        "senders": list(info.senders),
        "registered_on": iso(info.registered),
    }
