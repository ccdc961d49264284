"""An order: what goes out, to whom, made from what a person asked; refused before it costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .client import Kind, Problem, Sender
from .client.api import NUMBER_CHECKS, SERVICE_WORDS
from .const import (
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_SENDER,
    CONF_TEST_MODE,
    CONF_TWO_WAY_TEMPLATE,
    DEFAULT_RETRY_FOR,
    DEFAULT_TEMPLATE,
    DOMAIN,
)
from .errors import Reason, mistake
from .phones import AmbiguousPhone, UnreadablePhone, masked, parse_phone
from .receipt import Row
from .recipients import Recipient, by_name
from .texts import framed, measure, transliterate


@dataclass(frozen=True, slots=True)
class Addressee:
    """A number, and the recipient it was reached by."""

    phone: str
    recipient_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What goes out, to the letter."""

    kind: Kind
    text: str
    to: tuple[Addressee, ...]
    sender: str | None = None
    send_at: datetime | None = None
    time_to_live: timedelta | None = None
    test: bool = False
    urgent: bool = False
    retry_for: timedelta = DEFAULT_RETRY_FOR


@dataclass(frozen=True, slots=True)
class Who:
    """Whom an order reaches, and who was named but cannot be."""

    to: tuple[Addressee, ...]
    refused: tuple[tuple[str, HomeAssistantError], ...] = ()


def everybody(
    hass: HomeAssistant,
    entry: ConfigEntry,
    entities: Iterable[str] = (),
    phones: Iterable[object] = (),
) -> Who:
    """Return the numbers of recipients and of whoever else is named, each once."""
    to: dict[str, Addressee] = {}
    refused: list[tuple[str, HomeAssistantError]] = []
    named: list[tuple[str, Recipient | None]] = [
        (entity_id, _by_entity(hass, entry, entity_id)) for entity_id in entities
    ]
    for name, person in named:
        if person is None:
            refused.append((name, mistake(Reason.UNKNOWN_RECIPIENT, recipient=name)))
        for phone in person.phones if person else ():
            to.setdefault(phone, Addressee(phone, person.id if person else None))
    for position, value in enumerate(phones, 1):
        if isinstance(value, str) and (person := by_name(entry, value)):
            for phone in person.phones:
                to.setdefault(phone, Addressee(phone, person.id))
            continue
        try:
            phone = parse_phone(hass, value)
        except AmbiguousPhone:
            why = mistake(Reason.AMBIGUOUS_PHONE, phone=masked(value))
            refused.append((str(value), why))
        except UnreadablePhone:
            refused.append((str(value), mistake(Reason.INVALID_PHONE, position=str(position))))
        else:
            to.setdefault(phone, Addressee(phone))
    if not to and not refused:
        raise mistake(Reason.NO_TARGET)
    return Who(tuple(to.values()), tuple(refused))


def one(who: Who) -> Who:
    """Return the first number of the one person asked for."""
    people = {addressee.recipient_id or addressee.phone for addressee in who.to}
    if len(people) + len(who.refused) > 1:
        raise mistake(Reason.ONE_NUMBER)
    return Who(who.to[:1], who.refused)


def _by_entity(hass: HomeAssistant, entry: ConfigEntry, entity_id: str) -> Recipient | None:
    found = er.async_get(hass).async_get(entity_id)
    if not found or found.platform != DOMAIN or found.config_entry_id != entry.entry_id:
        return None
    subentry = entry.subentries.get(found.config_subentry_id or "")
    return Recipient.from_subentry(subentry) if subentry else None


def message_order(  # noqa: PLR0913 - the fields of the action
    entry: ConfigEntry,
    message: str,
    to: tuple[Addressee, ...],
    *,
    sender: str | None = None,
    two_way: bool = False,
    send_at: datetime | None = None,
    time_to_live: timedelta | None = None,
    transliterated: bool = False,
    test: bool = False,
    urgent: bool = False,
    retry_for: timedelta = DEFAULT_RETRY_FOR,
) -> Order:
    """Return the order of a text, framed, from the sender asked for, else the account's."""
    word = (sender or "").strip().upper()
    if word in (Sender.VOICE_FEMALE, Sender.VOICE_MALE, Sender.FLASH_CALL):
        raise mistake(Reason.INVALID_SENDER, sender=word)
    kind = Kind.TWO_WAY if two_way or word == Sender.TWO_WAY else Kind.SMS
    template = CONF_TWO_WAY_TEMPLATE if kind is Kind.TWO_WAY else CONF_MESSAGE_TEMPLATE
    if not message.strip():
        raise mistake(Reason.EMPTY_MESSAGE)
    text = framed(entry.options.get(template) or DEFAULT_TEMPLATE, message, dt_util.utcnow())
    if transliterated:
        text = transliterate(text)
    _check_words(text)
    parts, most = measure(text).parts, int(entry.options.get(CONF_MAX_PARTS, 0))
    if 0 < most < parts:
        raise mistake(Reason.TOO_LONG, parts=str(parts), max_parts=str(most))
    return Order(
        kind=kind,
        text=text,
        to=to,
        sender=Sender.TWO_WAY if kind is Kind.TWO_WAY else sender or entry.options.get(CONF_SENDER),
        send_at=_due(send_at),
        time_to_live=time_to_live,
        test=test or entry.options.get(CONF_TEST_MODE, False),
        urgent=urgent,
        retry_for=retry_for,
    )


def call_order(  # noqa: PLR0913 - the fields of the action
    entry: ConfigEntry,
    message: str,
    to: tuple[Addressee, ...],
    *,
    voice: Sender = Sender.VOICE_FEMALE,
    send_at: datetime | None = None,
    time_to_live: timedelta | None = None,
    test: bool = False,
    urgent: bool = False,
    retry_for: timedelta = DEFAULT_RETRY_FOR,
) -> Order:
    """Return the order of a call that speaks the text in its frame."""
    if not message.strip():
        raise mistake(Reason.EMPTY_MESSAGE)
    template = entry.options.get(CONF_MESSAGE_TEMPLATE) or DEFAULT_TEMPLATE
    text = framed(template, message, dt_util.utcnow())
    _check_words(text)
    return Order(
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


def flash_order(  # noqa: PLR0913 - the fields of the action
    entry: ConfigEntry,
    code: str,
    to: tuple[Addressee, ...],
    *,
    time_to_live: timedelta | None = None,
    test: bool = False,
    urgent: bool = False,
    retry_for: timedelta = DEFAULT_RETRY_FOR,
) -> Order:
    """Return the order of a call from a number that ends in the code."""
    return Order(
        kind=Kind.FLASH_CALL,
        text=code,
        to=to,
        sender=Sender.FLASH_CALL,
        time_to_live=time_to_live,
        test=test or entry.options.get(CONF_TEST_MODE, False),
        urgent=urgent,
        retry_for=retry_for,
    )


def check_order(entry: ConfigEntry, method: Kind, to: tuple[Addressee, ...]) -> Order:
    """Return the order of a number check."""
    test = entry.options.get(CONF_TEST_MODE, False)
    return Order(kind=method, text=NUMBER_CHECKS[method], to=to, test=test)


def refused_rows(who: Who, kind: Kind) -> list[Row]:
    """Return the rows of those who cannot be reached."""
    return [refused_row(named, kind, str(why)) for named, why in who.refused]


def refused_row(named: str, kind: Kind, why: str, recipient_id: str | None = None) -> Row:
    """Return the row of a number that was refused here, before any request."""
    error = Problem(code=None, description=why, description_ru="")
    return Row(phone=named, kind=kind, recipient_id=recipient_id, error=error)


def _check_words(text: str) -> None:
    """Refuse a text that would buy a number check, or that the frame left empty."""
    if text.strip() in SERVICE_WORDS:
        raise mistake(Reason.SERVICE_WORD, message=text.strip())


def _due(send_at: datetime | None) -> datetime | None:
    """Return the time to send at; one without a zone is Home Assistant's."""
    if send_at is None:
        return None
    moment = dt_util.as_utc(send_at)
    if moment <= dt_util.utcnow():
        raise mistake(Reason.TIME_PASSED, time=dt_util.as_local(moment).isoformat(" ", "minutes"))
    return moment
