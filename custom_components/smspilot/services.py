"""The actions: what they take, whom they reach, what they return."""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
import re
import secrets
from typing import Any, cast

from homeassistant.const import (
    ATTR_CONFIG_ENTRY_ID,
    ATTR_ENTITY_ID,
    ATTR_ID,
    ENTITY_MATCH_ALL,
    Platform,
)
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv, entity_registry as er, service
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .account import Account
from .client import InboundList, InboundMessage, Kind, MessageRow, SmspilotError
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
    ATTR_SCOPE,
    ATTR_SENTENCES,
    ATTR_SINCE,
    ATTR_TIMEOUT,
    ATTR_TWO_WAY,
    ATTR_WAIT,
    CURRENCY,
    DOMAIN,
)
from .contacts.phones import from_service
from .contacts.recipients import Channel
from .errors import Reason, action_error, error_from_api, validation_error
from .events import SIGNAL_ACCOUNT, iso, number
from .inbound.classify import MAX_CODE, MIN_CODE, identify, with_code
from .outbound.message import (
    OutboundMessage,
    SendOptions,
    compose,
    flash_call,
    number_check,
)
from .outbound.result import status_row
from .outbound.targets import Targets, one, resolve_targets
from .runtime_data import SmspilotConfigEntry
from .schemas import (
    ASK_SCHEMA,
    CALL_SCHEMA,
    CHECK_NUMBER_SCHEMA,
    FLASH_CALL_SCHEMA,
    GET_ACCOUNT_SCHEMA,
    GET_INBOUND_SCHEMA,
    GET_STATUS_SCHEMA,
    SEND_SMS_SCHEMA,
)
from .text.matching import answer_id
from .text.segments import measure

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
        ("get_inbound", _for_administrators(_get_inbound), GET_INBOUND_SCHEMA, only),
        ("ask", _ask, ASK_SCHEMA, only),
        ("get_account", _for_administrators(_get_account), GET_ACCOUNT_SCHEMA, only),
    )
    for name, handler, schema, response in actions:
        hass.services.async_register(DOMAIN, name, _on_account(handler), schema, response)


def _for_administrators(handler: Handler) -> Handler:
    """Let a handler serve administrators, and whatever runs without a user."""

    async def handle(account: Account, call: ServiceCall) -> ServiceResponse:
        await _check_administrator(call)
        return await handler(account, call)

    return handle


async def _check_administrator(call: ServiceCall) -> None:
    """Refuse somebody who is no administrator what shows everybody's messages or the owner."""
    if call.context.user_id is None:
        return
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None or not user.is_admin:
        raise action_error(Reason.ADMINISTRATORS_ONLY)


def _on_account(
    handler: Handler,
) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    """Give a handler the account that is meant, and the service's no in the person's words."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        entry: SmspilotConfigEntry = service.async_get_config_entry(
            call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
        )
        account = entry.runtime_data.account
        try:
            return await handler(account, call)
        except SmspilotError as err:
            account.note(err)
            raise error_from_api(call.hass, err) from err

    return handle


async def _who(account: Account, call: ServiceCall) -> Targets:
    """Return whom an action names, by entities, by Home Assistant's own target, and by numbers."""
    entities = [*call.data[ATTR_RECIPIENTS], *_targeted(account, call)]
    return await resolve_targets(
        call.hass,
        account.entry,
        entities,
        call.data[ATTR_PHONES],
        wrote=account.inbox.wrote,
    )


def _targeted(account: Account, call: ServiceCall) -> Iterator[object]:
    """Return the entities of a target; of a device or an area only recipients count."""
    if ENTITY_MATCH_ALL in call.data.get(ATTR_ENTITY_ID, ()):
        raise validation_error(Reason.UNKNOWN_RECIPIENT, recipient=ENTITY_MATCH_ALL)
    named = {key: call.data[key] for key in map(str, cv.TARGET_SERVICE_FIELDS) if key in call.data}
    texts = {key: [one for one in value if isinstance(one, str)] for key, value in named.items()}
    selected = async_extract_referenced_entity_ids(call.hass, TargetSelection(texts))
    yield from sorted(selected.referenced)
    yield from (one for value in named.values() for one in value if not isinstance(one, str))
    registry, ours = er.async_get(call.hass), (DOMAIN, Platform.NOTIFY, account.entry.entry_id)
    for entity_id in sorted(selected.indirectly_referenced):
        one = registry.async_get(entity_id)
        if one and (one.platform, one.domain, one.config_entry_id) == ours:
            yield entity_id


def _text_order(account: Account, call: ServiceCall, targets: Targets) -> OutboundMessage:
    data = call.data
    channel = Channel.TWO_WAY if data[ATTR_TWO_WAY] else Channel.SMS
    return compose(
        account.entry, channel, data[ATTR_MESSAGE], targets.to, SendOptions.from_fields(data)
    )


async def _send_sms(account: Account, call: ServiceCall) -> ServiceResponse:
    targets = await _who(account, call)
    order = _text_order(account, call, targets)
    return await _respond(account, order, targets, call)


async def _respond(
    account: Account, message: OutboundMessage, targets: Targets, call: ServiceCall
) -> ServiceResponse:
    """Send what an action asks for, and return its response where somebody takes it."""
    result = await account.outbox.async_send(
        message,
        targets.refused,
        wait=call.data.get(ATTR_WAIT, timedelta(0)),
        strict=not call.return_response,
    )
    if not call.return_response:
        return None
    return {**result.as_dict(account.entry, call.hass.config.language), "cut": message.cut}


async def _call(account: Account, call: ServiceCall) -> ServiceResponse:
    targets = await _who(account, call)
    options = SendOptions.from_fields(call.data)
    order = compose(account.entry, Channel.VOICE, call.data[ATTR_MESSAGE], targets.to, options)
    return await _respond(account, order, targets, call)


async def _flash_call(account: Account, call: ServiceCall) -> ServiceResponse:
    code: str = call.data.get(ATTR_CODE, f"{secrets.randbelow(10_000):04}")
    if not re.fullmatch(r"[0-9]{4}", code):
        raise validation_error(Reason.INVALID_CODE)
    targets = one(await _who(account, call))
    order = flash_call(account.entry, code, targets.to, SendOptions.from_fields(call.data))
    response = await _respond(account, order, targets, call)
    return response and {**response, "code": code}


async def _check_number(account: Account, call: ServiceCall) -> ServiceResponse:
    targets = await _who(account, call)
    order = number_check(account.entry, Kind(call.data[ATTR_METHOD]), targets.to)
    return await _respond(account, order, targets, call)


async def _estimate_cost(account: Account, call: ServiceCall) -> ServiceResponse:
    targets = await _who(account, call)
    order = _text_order(account, call, targets)
    if not targets.to:
        raise targets.refused[0][1]
    cost = await account.outbox.async_cost(order)
    size = measure(order.text)
    return {
        "cost": number(cost),
        "currency": CURRENCY,
        "parts": size.parts,
        "encoding": size.encoding.value,
        "characters": size.characters,
    }


async def _get_status(account: Account, call: ServiceCall) -> ServiceResponse:
    client, data = account.client, call.data
    limit, offset = data[ATTR_LIMIT], data[ATTR_OFFSET]
    packet_id = data.get(ATTR_PACKET_ID)
    messages: tuple[MessageRow, ...] = ()
    if data.get(ATTR_PERIOD):
        await _check_administrator(call)
    if (ids := data.get(ATTR_MESSAGE_IDS)) is not None:
        if some := ids[offset : offset + limit]:
            messages = await client.check(some)
    elif packet_id is not None:
        messages = await client.check_packet(packet_id, limit=limit, offset=offset)
    elif data[ATTR_PERIOD] == "all":
        messages = await client.check_all(limit=limit, offset=offset)
    else:
        messages = await client.check_recent(limit=limit, offset=offset)
    rows = []
    for message in messages:
        known = account.deliveries.row(message.id)
        kind = known.kind if known else account.outbox.kind(message.id)
        row = status_row(account.entry, message, kind, call.hass.config.language)
        row["packet_id"] = packet_id or (known.packet_id if known else None)
        rows.append(row)
    return cast("ServiceResponse", {"messages": rows})


async def _get_inbound(account: Account, call: ServiceCall) -> ServiceResponse:
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


async def _ask(account: Account, call: ServiceCall) -> ServiceResponse:
    data = call.data
    answers = [_answer(one) for one in data[ATTR_ANSWERS]]
    code = str(MIN_CODE + secrets.randbelow(MAX_CODE - MIN_CODE + 1)) if data[ATTR_CODE] else None
    targets = one(await _who(account, call))
    complete = partial(with_code, code=code) if code else str
    order = compose(
        account.entry, Channel.TWO_WAY, data[ATTR_QUESTION], targets.to, complete=complete
    )
    if order.options.test:
        raise validation_error(Reason.TEST_QUESTION)
    if not targets.to:
        raise targets.refused[0][1]
    async with account.inbox.questions.asking(targets.to[0].phone, order.text, code) as ask:
        await account.outbox.async_send(order, targets.refused, strict=True)
        reply = await ask.reply(data[ATTR_TIMEOUT])
    if reply is None:
        nothing = dict.fromkeys(("answer", "answer_id", "message_id", "phone", "answered_at"))
        return {"answered": False, **nothing}
    return {
        "answered": True,
        "answer": reply.text,
        "answer_id": answer_id(reply.text, answers),
        "message_id": reply.message_id,
        "phone": reply.phone,
        "answered_at": iso(reply.received_at),
    }


def _answer(answer: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    """Return the id and the sentences of an answer; a bare yes or off is a bool in YAML."""
    if any(isinstance(word, bool) for word in (answer[ATTR_ID], *answer[ATTR_SENTENCES])):
        raise validation_error(Reason.UNQUOTED_ANSWER)
    return answer[ATTR_ID], answer[ATTR_SENTENCES]


async def _get_account(account: Account, _call: ServiceCall) -> ServiceResponse:
    asked = account.hass.loop.time()
    info = await account.client.account()
    signal = SIGNAL_ACCOUNT.format(account.entry.entry_id)
    async_dispatcher_send(account.hass, signal, info, asked)
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
