"""An order: what goes out, to whom, made from what a person asked; refused before it costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..client import Kind, Problem, Sender
from ..client.api import NUMBER_CHECKS, SERVICE_WORDS
from ..client.models import whole
from ..const import (
    ATTR_RETRY_FOR,
    ATTR_SEND_AT,
    ATTR_TEST,
    ATTR_TIME_TO_LIVE,
    ATTR_TRANSLITERATE,
    ATTR_TWO_WAY,
    ATTR_URGENT,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_SENDER,
    CONF_TEST_MODE,
    CONF_TWO_WAY_TEMPLATE,
    DEFAULT_RETRY_FOR,
    DEFAULT_TEMPLATE,
)
from ..contacts.phones import AmbiguousPhone, UnreadablePhone, masked, parse_phone
from ..contacts.recipients import Channel, Recipient, by_id, by_name
from ..errors import Reason, validation_error
from ..text.segments import framed, measure, shortened
from ..text.transliteration import transliterate
from .result import Row

# Fields of the same name in every order of words.
COMMON_FIELDS: Final = (
    ATTR_SEND_AT,
    ATTR_TEST,
    ATTR_URGENT,
    ATTR_RETRY_FOR,
    ATTR_TIME_TO_LIVE,
)


@dataclass(frozen=True, slots=True)
class Target:
    """A number, and the recipient it was reached by."""

    phone: str
    recipient_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """What goes out, to the letter."""

    kind: Kind
    text: str
    to: tuple[Target, ...]
    sender: str | None = None
    send_at: datetime | None = None
    time_to_live: timedelta | None = None
    test: bool = False
    urgent: bool = False
    retry_for: timedelta = DEFAULT_RETRY_FOR


@dataclass(frozen=True, slots=True)
class Targets:
    """Whom an order reaches, and who was named but cannot be."""

    to: tuple[Target, ...]
    refused: tuple[tuple[str, HomeAssistantError], ...] = ()


def resolve_targets(
    hass: HomeAssistant,
    entry: ConfigEntry,
    entities: Iterable[str] = (),
    phones: Iterable[object] = (),
    *,
    apart: bool = False,
) -> Targets:
    """Return the numbers of recipients and of whoever else is named, each once.

    `apart` is once for each recipient who has it: their channels may differ.
    """
    to: dict[Target | str, Target] = {}
    refused: list[tuple[str, HomeAssistantError]] = []
    named: list[tuple[object, Recipient | str | HomeAssistantError]] = [
        *((entity_id, _by_entity(hass, entry, entity_id)) for entity_id in entities),
        *((value, _by_word(hass, entry, value, at)) for at, value in enumerate(phones, 1)),
    ]
    for given, found in named:
        match found:
            case Recipient():
                for phone in found.phones:
                    target = Target(phone, found.id)
                    to.setdefault(target if apart else phone, target)
            case str():
                to.setdefault(found, Target(found))
            case _:
                refused.append((str(given), found))
    if not named:
        raise validation_error(Reason.NO_TARGET)
    return Targets(tuple(to.values()), tuple(refused))


def one(targets: Targets) -> Targets:
    """Return the first number of the one person asked for."""
    people = {target.recipient_id or target.phone for target in targets.to}
    if len(people) + len(targets.refused) > 1:
        raise validation_error(Reason.ONE_NUMBER)
    return Targets(targets.to[:1], targets.refused)


def _by_entity(
    hass: HomeAssistant, entry: ConfigEntry, entity_id: str
) -> Recipient | HomeAssistantError:
    """Return the recipient of a notify entity of the account."""
    found = er.async_get(hass).async_get(entity_id)
    ours = found and found.domain == Platform.NOTIFY and found.config_entry_id == entry.entry_id
    subentry = entry.subentries.get((found and found.config_subentry_id) or "") if ours else None
    if subentry is None:
        return validation_error(Reason.UNKNOWN_RECIPIENT, recipient=entity_id)
    return Recipient.from_subentry(subentry)


def _by_word(
    hass: HomeAssistant, entry: ConfigEntry, value: object, position: int
) -> Recipient | str | HomeAssistantError:
    """Return the recipient of a name or of our own id, or a number."""
    try:
        return parse_phone(hass, value)
    except AmbiguousPhone:
        return validation_error(Reason.AMBIGUOUS_PHONE, phone=masked(value))
    except UnreadablePhone:
        if isinstance(value, str) and (person := by_id(entry, value) or by_name(entry, value)):
            return person
        return validation_error(Reason.INVALID_PHONE, position=str(position))


def message_order(
    entry: ConfigEntry,
    message: str,
    to: tuple[Target, ...],
    *,
    sender: str | None = None,
    two_way: bool = False,
    send_at: datetime | None = None,
    time_to_live: timedelta | None = None,
    transliterated: bool = False,
    test: bool = False,
    urgent: bool = False,
    retry_for: timedelta = DEFAULT_RETRY_FOR,
    cut_at: int = 0,
) -> OutboundMessage:
    """Return the order of a text, framed, from the sender asked for, else the account's.

    What goes beyond `cut_at` parts is left out.
    """
    sender = (sender or entry.options.get(CONF_SENDER) or "").strip()
    if (word := sender.upper()) in (Sender.VOICE_FEMALE, Sender.VOICE_MALE, Sender.FLASH_CALL):
        raise validation_error(Reason.INVALID_SENDER, sender=word)
    kind = Kind.TWO_WAY if two_way or word == Sender.TWO_WAY else Kind.SMS
    template = CONF_TWO_WAY_TEMPLATE if kind is Kind.TWO_WAY else CONF_MESSAGE_TEMPLATE
    if cut_at:
        message = shortened(message, cut_at, partial(_framed, entry, template))
    text = _framed(entry, template, message)
    if transliterated:
        text = transliterate(text)
    _check_words(text)
    parts, most = measure(text).parts, int(entry.options.get(CONF_MAX_PARTS, 0))
    if 0 < most < parts:
        raise validation_error(Reason.TOO_LONG, parts=str(parts), max_parts=str(most))
    return OutboundMessage(
        kind=kind,
        text=text,
        to=to,
        sender=Sender.TWO_WAY if kind is Kind.TWO_WAY else sender or None,
        send_at=_due(send_at),
        time_to_live=time_to_live,
        test=test or entry.options.get(CONF_TEST_MODE, False),
        urgent=urgent,
        retry_for=retry_for,
    )


def call_order(
    entry: ConfigEntry,
    message: str,
    to: tuple[Target, ...],
    *,
    voice: Sender = Sender.VOICE_FEMALE,
    send_at: datetime | None = None,
    time_to_live: timedelta | None = None,
    test: bool = False,
    urgent: bool = False,
    retry_for: timedelta = DEFAULT_RETRY_FOR,
) -> OutboundMessage:
    """Return the order of a call that speaks the text in its frame."""
    text = _framed(entry, CONF_MESSAGE_TEMPLATE, message)
    _check_words(text)
    return OutboundMessage(
        kind=Kind.VOICE,
        text=text,
        to=to,
        sender=voice,
        send_at=_due(send_at),
        time_to_live=time_to_live,
        test=test or entry.options.get(CONF_TEST_MODE, False),
        urgent=urgent,
        retry_for=retry_for,
    )


def notify_order(
    entry: ConfigEntry,
    message: str,
    to: tuple[Target, ...],
    *,
    channel: Channel,
    sender: str | None,
    fields: Mapping[str, Any],
) -> OutboundMessage:
    """Return the order of a text by a channel; a call has neither sender nor alphabet."""
    common = {name: value for name, value in fields.items() if name in COMMON_FIELDS}
    if channel is Channel.VOICE:
        return call_order(entry, message, to, **common)
    return message_order(
        entry,
        message,
        to,
        sender=sender,
        two_way=fields.get(ATTR_TWO_WAY, channel is Channel.TWO_WAY),
        transliterated=fields.get(ATTR_TRANSLITERATE, False),
        **common,
    )


def flash_order(
    entry: ConfigEntry,
    code: str,
    to: tuple[Target, ...],
    *,
    time_to_live: timedelta | None = None,
    test: bool = False,
    urgent: bool = False,
    retry_for: timedelta = DEFAULT_RETRY_FOR,
) -> OutboundMessage:
    """Return the order of a call from a number that ends in the code."""
    return OutboundMessage(
        kind=Kind.FLASH_CALL,
        text=code,
        to=to,
        sender=Sender.FLASH_CALL,
        time_to_live=time_to_live,
        test=test or entry.options.get(CONF_TEST_MODE, False),
        urgent=urgent,
        retry_for=retry_for,
    )


def check_order(entry: ConfigEntry, method: Kind, to: tuple[Target, ...]) -> OutboundMessage:
    """Return the order of a number check."""
    test = entry.options.get(CONF_TEST_MODE, False)
    return OutboundMessage(kind=method, text=NUMBER_CHECKS[method], to=to, test=test)


def refused_row(named: str, kind: Kind, why: str, recipient_id: str | None = None) -> Row:
    """Return the row of a number that was refused here, before any request."""
    error = Problem(code=None, description=why, description_ru="")
    return Row(phone=named, kind=kind, recipient_id=recipient_id, error=error, named=True)


def _framed(entry: ConfigEntry, template: str, message: str) -> str:
    """Return the message in the account's frame of the kind."""
    if not message.strip():
        raise validation_error(Reason.EMPTY_MESSAGE)
    frame = entry.options.get(template) or DEFAULT_TEMPLATE
    return whole(framed(frame, message, dt_util.utcnow()))


def _check_words(text: str) -> None:
    """Refuse a text that would buy a number check, or of which the alphabet left nothing."""
    if not text.strip():
        raise validation_error(Reason.EMPTY_MESSAGE)
    if text.strip() in SERVICE_WORDS:
        raise validation_error(Reason.SERVICE_WORD, message=text.strip())


def _due(send_at: datetime | None) -> datetime | None:
    """Return the time to send at; one without a zone is Home Assistant's."""
    if send_at is None:
        return None
    moment = dt_util.as_utc(send_at)
    if moment <= dt_util.utcnow():
        raise validation_error(
            Reason.TIME_PASSED, time=dt_util.as_local(moment).isoformat(" ", "minutes")
        )
    return moment
