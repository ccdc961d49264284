"""Send an alarm's texts: ours by the outbox, once for each key; others by their notify entity."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..client import Kind, Status
from ..client.errors import (
    ERROR_BY_CODE,
    AccountBlocked,
    ApiError,
    DuplicateRefused,
    InvalidCredentials,
    IpNotAllowed,
    NoMoney,
    ServiceFailed,
)
from ..const import LOGGER
from ..contacts.recipients import Channel, by_id
from ..errors import Reason
from ..inbound.inbox import Inbox
from ..outbound.budget import Budget
from ..outbound.delivery import DeliveryTracker
from ..outbound.message import OutboundMessage, SendOptions, compose, shorten
from ..outbound.outbox import Outbox
from ..outbound.result import Row
from ..outbound.targets import Target
from ..runtime.journal import Journal
from ..runtime.publisher import Publisher
from .happenings import Sent
from .sends import Send, SendState
from .texts import Build, TextMemory

# The outbox retries for this long; after that the step is postponed and tried each minute.
RETRY_FOR: Final = timedelta(seconds=10)
NO_TWO_WAY_TEMPLATE: Final = 227
_POSTPONING: Final[tuple[tuple[type[ApiError], Reason], ...]] = (
    (AccountBlocked, Reason.ACCOUNT_BLOCKED),
    (InvalidCredentials, Reason.INVALID_AUTH),
    (IpNotAllowed, Reason.IP_NOT_ALLOWED),
    (NoMoney, Reason.NO_MONEY),
    (ServiceFailed, Reason.REFUSED),
)
# Errors without a response of the API, and so without a code.
_CONNECTION: Final = (Reason.CANNOT_CONNECT, Reason.INVALID_RESPONSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmContext:
    """The parts of the account that its alarms use."""

    hass: HomeAssistant
    entry: ConfigEntry
    journal: Journal
    outbox: Outbox
    inbox: Inbox
    deliveries: DeliveryTracker
    budget: Budget
    publisher: Publisher
    memory: TextMemory


def phones_of(context: AlarmContext, recipient: str) -> tuple[str, ...]:
    """Return the numbers of a recipient, none where it no longer exists."""
    found = by_id(context.entry, recipient)
    return found.phones if found else ()


def fitted(context: AlarmContext, send: Send, text: str, build: Build) -> str:
    """Return as much of a message as fits into the whole text of a send."""
    if send.channel is None:
        return text
    return shorten(context.entry, send.channel, text, _options(context, send), build)


def message_of(
    context: AlarmContext, send: Send, phones: tuple[str, ...], *, test: bool = False
) -> OutboundMessage:
    """Return the message for the outbox."""
    options = replace(_options(context, send), test=test)
    targets = tuple(Target(phone, send.key.recipient) for phone in phones)
    return compose(context.entry, send.channel or Channel.SMS, send.text, targets, options)


def _options(context: AlarmContext, send: Send) -> SendOptions:
    """Return how a message is sent; it is urgent, so that no limit applies."""
    recipient = by_id(context.entry, send.key.recipient)
    sender = recipient.sender if recipient and send.channel is Channel.SMS else None
    return SendOptions(sender=sender, urgent=True, retry_for=RETRY_FOR)


def key_of(alarm_id: str, send: Send) -> str:
    """Return the key by which the outbox knows an attempt."""
    key = send.key
    parts = (alarm_id, key.purpose, key.lap, key.step, key.recipient, send.attempt)
    return ":".join(map(str, parts))


async def async_transmit(
    context: AlarmContext, alarm_id: str, send: Send, phones: tuple[str, ...]
) -> tuple[Sent, list[Row]]:
    """Send to one of our recipients, at most once for each key and attempt."""
    if not phones:
        return _sent(context, send, SendState.REFUSED), []
    if known := sent_before(context, alarm_id, send):
        return known
    handed_over = context.hass.loop.time()
    try:
        message = replace(message_of(context, send, phones), key=key_of(alarm_id, send))
        rows = (await context.outbox.async_send(message)).rows
    except HomeAssistantError as err:
        if err.translation_key == Reason.ACCOUNT_CLOSED:
            raise
        state, reason = _of_error(err)
        if state is not SendState.CANCELLED:
            LOGGER.warning("A text of an alarm to %s did not go out: %s", send.name, err)
        if state is not SendState.IN_DOUBT:
            return _sent(context, send, state, reason=reason), []
        result = context.outbox.result_of(key_of(alarm_id, send))
        rows = result.rows if result else []
        if not rows:
            return _sent(context, send, state, phones=phones), []
    sent = _of_rows(context, send, rows)
    # No clock that was set meanwhile makes it older than it can be.
    earliest = context.inbox.now - timedelta(seconds=context.hass.loop.time() - handed_over)
    return replace(sent, at=max(sent.at, earliest)), rows


def sent_before(context: AlarmContext, alarm_id: str, send: Send) -> tuple[Sent, list[Row]] | None:
    """Return what came of an attempt as far as it is known, None where it was never requested.

    One whose response is still to come is in doubt.
    """
    result = context.outbox.result_of(key_of(alarm_id, send))
    return (_of_rows(context, send, result.rows), result.rows) if result else None


async def async_notify(context: AlarmContext, entity_id: str | None, text: str) -> bool:
    """Send by another integration's entity; Home Assistant skips a missing one without an error."""
    state = context.hass.states.get(entity_id) if entity_id else None
    if state is None or state.state == STATE_UNAVAILABLE:
        LOGGER.warning("%s is unavailable, so it cannot send the text of an alarm", entity_id)
        return False
    try:
        await context.hass.services.async_call(
            "notify", "send_message", {"entity_id": entity_id, "message": text}, blocking=True
        )
    except HomeAssistantError as err:
        LOGGER.warning("%s could not send the text of an alarm: %s", entity_id, err)
        return False
    return True


def sent_elsewhere(context: AlarmContext, send: Send, *, reached: bool) -> Sent:
    """Return the result of a send by another integration."""
    return _sent(context, send, SendState.ACCEPTED if reached else SendState.REFUSED)


def not_needed(context: AlarmContext, send: Send) -> Sent:
    """Return that an attempt was given up before it was requested."""
    return _sent(context, send, SendState.CANCELLED)


def is_answered_call(row: Row) -> bool:
    """Return whether a call was answered, be it by voicemail."""
    return row.kind is Kind.VOICE and row.status is Status.DELIVERED


def _of_rows(context: AlarmContext, send: Send, rows: list[Row]) -> Sent:
    accepted = [row for row in rows if not row.refused]
    reached = [row for row in rows if not row.refused or row.in_doubt]
    if not reached:
        state, reason = _of_code(next((row.error.code for row in rows if row.error), None))
        return _sent(context, send, state, reason=reason)
    return _sent(
        context,
        send,
        SendState.ACCEPTED if accepted else SendState.IN_DOUBT,
        requested_at=max((row.sent_at for row in reached if row.sent_at), default=None),
        ids=tuple(row.message_id for row in accepted if row.message_id),
        phones=tuple(row.phone for row in reached),
    )


def _sent(
    context: AlarmContext,
    send: Send,
    state: SendState,
    *,
    requested_at: datetime | None = None,
    reason: str | None = None,
    ids: tuple[str, ...] = (),
    phones: tuple[str, ...] = (),
) -> Sent:
    # Answers are dated by the API's clock, which may be known only now.
    now = dt_util.utcnow()
    return Sent(
        key=send.key,
        attempt=send.attempt,
        state=state,
        at=context.inbox.now - (now - min(requested_at or now, now)),
        reason=reason,
        ids=ids,
        phones=phones,
    )


def _of_error(err: HomeAssistantError) -> tuple[SendState, str | None]:
    """Return what an error says of a message to one recipient."""
    key = err.translation_key
    if key == Reason.OUTCOME_UNKNOWN:
        return SendState.IN_DOUBT, None
    if key == Reason.CANCELLED:
        return SendState.CANCELLED, None
    if key in _CONNECTION:
        return SendState.POSTPONED, Reason.CANNOT_CONNECT
    cause = err.__cause__
    return _of_code(cause.code if isinstance(cause, ApiError) else None, key)


def _of_code(code: int | None, key: str | None = None) -> tuple[SendState, str | None]:
    kind = ERROR_BY_CODE.get(code or 0)
    for postponing, reason in _POSTPONING:
        if kind is postponing or (key == reason and reason is not Reason.REFUSED):
            return SendState.POSTPONED, reason
    if kind is DuplicateRefused:
        return SendState.DUPLICATE, Reason.DUPLICATE
    if code == NO_TWO_WAY_TEMPLATE:
        return SendState.NO_TEMPLATE, Reason.TEXT_REFUSED
    return SendState.REFUSED, key
