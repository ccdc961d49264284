"""The actions that send texts, calls, number checks and questions, or estimate their cost."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
import re
import secrets
from typing import Any

from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_ID,
    ENTITY_MATCH_ALL,
    Platform,
)
from homeassistant.core import (
    ServiceCall,
    ServiceResponse,
)
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .account import Account
from .client import Kind
from .const import (
    ATTR_ANSWERS,
    ATTR_CODE,
    ATTR_MESSAGE,
    ATTR_METHOD,
    ATTR_PHONES,
    ATTR_QUESTION,
    ATTR_RECIPIENTS,
    ATTR_SENTENCES,
    ATTR_TIMEOUT,
    ATTR_TWO_WAY,
    ATTR_WAIT,
    CURRENCY,
    DOMAIN,
)
from .contacts.recipients import Channel
from .errors import Reason, validation_error
from .events import iso, number
from .inbound.classify import new_code, with_code
from .outbound.message import (
    OutboundMessage,
    SendOptions,
    compose,
    flash_call,
    number_check,
)
from .outbound.targets import Targets, resolve_targets, single_target
from .text.matching import answer_id
from .text.segments import measure


async def _targets(account: Account, call: ServiceCall) -> Targets:
    """Return the targets of an action: entities, Home Assistant's own target, and numbers."""
    entities = [*call.data[ATTR_RECIPIENTS], *_target_entities(account, call)]
    return await resolve_targets(
        call.hass,
        account.entry,
        entities,
        call.data[ATTR_PHONES],
        wrote=account.inbox.has_written,
    )


def _target_entities(account: Account, call: ServiceCall) -> Iterator[object]:
    """Yield the entities of Home Assistant's target; of devices and areas only our notify ones."""
    if ENTITY_MATCH_ALL in call.data.get(ATTR_ENTITY_ID, ()):
        raise validation_error(Reason.UNKNOWN_RECIPIENT, recipient=ENTITY_MATCH_ALL)
    named = {key: call.data[key] for key in map(str, cv.TARGET_SERVICE_FIELDS) if key in call.data}
    if not named:
        return
    texts = {key: [one for one in value if isinstance(one, str)] for key, value in named.items()}
    selected = async_extract_referenced_entity_ids(call.hass, TargetSelection(texts))
    yield from sorted(selected.referenced)
    yield from (one for value in named.values() for one in value if not isinstance(one, str))
    registry, ours = er.async_get(call.hass), (DOMAIN, Platform.NOTIFY, account.entry.entry_id)
    for entity_id in sorted(selected.indirectly_referenced):
        one = registry.async_get(entity_id)
        if one and (one.platform, one.domain, one.config_entry_id) == ours:
            yield entity_id


def _text_message(account: Account, call: ServiceCall, targets: Targets) -> OutboundMessage:
    data = call.data
    channel = Channel.TWO_WAY if data[ATTR_TWO_WAY] else Channel.SMS
    return compose(
        account.entry, channel, data[ATTR_MESSAGE], targets.to, SendOptions.from_fields(data)
    )


async def async_send_sms(account: Account, call: ServiceCall) -> ServiceResponse:
    """Send a text."""
    targets = await _targets(account, call)
    message = _text_message(account, call, targets)
    return await _respond(account, message, targets, call)


async def _respond(
    account: Account, message: OutboundMessage, targets: Targets, call: ServiceCall
) -> ServiceResponse:
    """Send a message, and return the action's response where it is requested."""
    result = await account.outbox.async_send(
        message,
        targets.refused,
        wait=call.data.get(ATTR_WAIT, timedelta(0)),
        strict=not call.return_response,
    )
    if not call.return_response:
        return None
    return {**result.as_dict(account.entry, call.hass.config.language), "cut": message.cut}


async def async_call(account: Account, call: ServiceCall) -> ServiceResponse:
    """Call numbers and have a robot read out a text."""
    targets = await _targets(account, call)
    options = SendOptions.from_fields(call.data)
    message = compose(account.entry, Channel.VOICE, call.data[ATTR_MESSAGE], targets.to, options)
    return await _respond(account, message, targets, call)


async def async_flash_call(account: Account, call: ServiceCall) -> ServiceResponse:
    """Have a number called from one that ends in a code of four digits."""
    code: str = call.data.get(ATTR_CODE, f"{secrets.randbelow(10_000):04}")
    if not re.fullmatch(r"[0-9]{4}", code):
        raise validation_error(Reason.INVALID_CODE)
    targets = single_target(await _targets(account, call))
    message = flash_call(account.entry, code, targets.to, SendOptions.from_fields(call.data))
    response = await _respond(account, message, targets, call)
    return response and {**response, "code": code}


async def async_check_number(account: Account, call: ServiceCall) -> ServiceResponse:
    """Check numbers with their operators."""
    targets = await _targets(account, call)
    message = number_check(account.entry, Kind(call.data[ATTR_METHOD]), targets.to)
    return await _respond(account, message, targets, call)


async def async_estimate_cost(account: Account, call: ServiceCall) -> ServiceResponse:
    """Return what a text would cost; sends nothing."""
    targets = await _targets(account, call)
    message = _text_message(account, call, targets)
    if not targets.to:
        raise targets.refused[0][1]
    cost = await account.outbox.async_cost(message)
    size = measure(message.text)
    return {
        "cost": number(cost),
        "currency": CURRENCY,
        "parts": size.parts,
        "encoding": size.encoding.value,
        "characters": size.characters,
    }


async def async_ask(account: Account, call: ServiceCall) -> ServiceResponse:
    """Send a question and wait for the reply."""
    data = call.data
    answers = [_answer_of(one) for one in data[ATTR_ANSWERS]]
    code = new_code(account.entry) if data[ATTR_CODE] else None
    targets = single_target(await _targets(account, call))
    complete = partial(with_code, code=code) if code else str
    message = compose(
        account.entry, Channel.TWO_WAY, data[ATTR_QUESTION], targets.to, complete=complete
    )
    if message.options.test:
        raise validation_error(Reason.TEST_QUESTION)
    if not targets.to:
        raise targets.refused[0][1]
    async with account.inbox.questions.asking(targets.to[0].phone, message.text, code) as ask:
        await account.outbox.async_send(message, targets.refused, strict=True)
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


def _answer_of(answer: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    """Return the id and the sentences of an answer; refuse a bare yes or off, a bool in YAML."""
    if any(isinstance(word, bool) for word in (answer[ATTR_ID], *answer[ATTR_SENTENCES])):
        raise validation_error(Reason.UNQUOTED_ANSWER)
    return answer[ATTR_ID], answer[ATTR_SENTENCES]
