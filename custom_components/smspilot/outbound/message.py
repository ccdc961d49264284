"""Outbound messages: the final text and options; invalid ones are refused before any request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self, assert_never

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..client import Kind, Sender
from ..client.models import NUMBER_CHECKS, SERVICE_WORDS
from ..client.values import without_lone_surrogates
from ..const import DEFAULT_RETRY_FOR
from ..contacts.recipients import Channel
from ..errors import Reason, validation_error
from ..options import LongTexts, Options
from ..text.segments import in_template, measure, shortened
from ..text.transliteration import transliterate
from .targets import Target

# The API refuses longer texts; ten parts hold 670 Cyrillic letters.
MAX_PARTS: Final = 10
# Sender names that would make a call of a text.
_VOICE_SENDERS: Final = (Sender.VOICE_FEMALE, Sender.VOICE_MALE, Sender.FLASH_CALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """How a message is sent; each kind uses the options that concern it.

    `sender` and `transliterate` None mean the account's options. `send_at` is aware.
    """

    sender: str | None = None
    voice: Sender = Sender.VOICE_FEMALE
    send_at: datetime | None = None
    time_to_live: timedelta | None = None
    transliterate: bool | None = None
    test: bool = False
    urgent: bool = False
    retry_for: timedelta = DEFAULT_RETRY_FOR

    @classmethod
    def from_fields(cls, data: Mapping[str, Any]) -> Self:
        """Return the options among an action's fields, which have the same names."""
        return cls(**{one.name: data[one.name] for one in fields(cls) if one.name in data})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A text, a call or a number check to be sent.

    Of messages with the same `key` within 72 hours only the first is requested. `cut` says that
    the end of the text was left out.
    """

    kind: Kind
    text: str
    targets: tuple[Target, ...]
    options: SendOptions = SendOptions()
    key: str | None = None
    cut: bool = False


def compose(
    entry: ConfigEntry,
    channel: Channel,
    text: str,
    targets: tuple[Target, ...],
    options: SendOptions | None = None,
    *,
    cut_at: int = 0,
    complete: Callable[[str], str] = str,
) -> OutboundMessage:
    """Return the message of a text on a channel, in the account's template.

    A text of more than `cut_at` parts is cut; one of more than the account allows is cut or raises
    `ServiceValidationError`, by its options. `complete` adds to the text what must not be cut off,
    such as a code.
    """
    account, options = Options.from_entry(entry), options or SendOptions()
    sender = _sender(account, options)
    match _channel_of(channel, sender):
        case Channel.SMS:
            kind, template = Kind.SMS, account.message_template
        case Channel.TWO_WAY:
            sender = Sender.TWO_WAY
            kind, template = Kind.TWO_WAY, account.two_way_template
        case Channel.VOICE:
            return _voice_call(account, complete(text), targets, options)
        case never:
            assert_never(never)
    options = _completed(options, account, sender)

    def write(text: str) -> str:
        return _written(template, _not_empty(complete(text)), options)

    written, is_cut = _fitted(write, text, account, cut_at)
    _refuse_service_word(written)
    return OutboundMessage(
        kind=kind,
        text=written,
        targets=targets,
        options=options,
        cut=is_cut,
    )


def shorten(
    entry: ConfigEntry,
    channel: Channel,
    text: str,
    options: SendOptions,
    complete: Callable[[str], str],
) -> str:
    """Return as much of a text as `compose` need not cut, with everything `complete` adds."""
    account = Options.from_entry(entry)
    if channel is Channel.VOICE:
        return text
    is_two_way = channel is Channel.TWO_WAY or _is_two_way(_sender(account, options))
    template = account.two_way_template if is_two_way else account.message_template
    options = _completed(options, account)

    def write(text: str) -> str:
        return _written(template, complete(text), options)

    return shortened(text, account.max_parts or MAX_PARTS, write)


def _written(template: str, message: str, options: SendOptions) -> str:
    """Return a message in a template of the account, as it is sent."""
    written = without_lone_surrogates(in_template(template, message, dt_util.utcnow()))
    return transliterate(written) if options.transliterate else written


def _voice_call(
    account: Options, text: str, targets: tuple[Target, ...], options: SendOptions
) -> OutboundMessage:
    """Return a call that reads out a text, however long it is."""
    filled = in_template(account.message_template, _not_empty(text), dt_util.utcnow())
    spoken = without_lone_surrogates(filled)
    _refuse_service_word(spoken)
    options = _completed(options, account, options.voice)
    return OutboundMessage(kind=Kind.VOICE, text=spoken, targets=targets, options=options)


def _fitted(
    write: Callable[[str], str], text: str, account: Options, cut_at: int
) -> tuple[str, bool]:
    """Return the written text within the parts it may have, and whether it was cut."""
    written = write(text)
    parts, max_parts = measure(written).parts, account.max_parts or MAX_PARTS
    cut_to = min(cut_at or max_parts, max_parts)
    if parts <= cut_to:
        return written, False
    if account.long_texts is LongTexts.REFUSE and not cut_at:
        raise validation_error(Reason.TOO_LONG, parts=str(parts), max_parts=str(max_parts))
    return write(shortened(text, cut_to, write)), True


def flash_call(
    entry: ConfigEntry, code: str, targets: tuple[Target, ...], options: SendOptions
) -> OutboundMessage:
    """Return a call from a number that ends in the code's four digits."""
    options = _completed(options, Options.from_entry(entry), Sender.FLASH_CALL)
    return OutboundMessage(kind=Kind.FLASH_CALL, text=code, targets=targets, options=options)


def number_check(entry: ConfigEntry, method: Kind, targets: tuple[Target, ...]) -> OutboundMessage:
    """Return a check of numbers."""
    options = _completed(SendOptions(), Options.from_entry(entry))
    return OutboundMessage(
        kind=method, text=NUMBER_CHECKS[method], targets=targets, options=options
    )


def _channel_of(channel: Channel, sender: str | None) -> Channel:
    """Return the channel that the sender's name chooses: `2WAY` means `Channel.TWO_WAY`."""
    if channel is Channel.VOICE:
        return channel
    word = (sender or "").upper()
    if word in _VOICE_SENDERS:
        raise validation_error(Reason.INVALID_SENDER, sender=word)
    return Channel.TWO_WAY if _is_two_way(sender) else channel


def _is_two_way(sender: str | None) -> bool:
    return (sender or "").upper() == Sender.TWO_WAY


def _sender(account: Options, options: SendOptions) -> str | None:
    """Return the sender's name; a blank one means the API's default sender."""
    return (options.sender or account.sender or "").strip() or None


def _completed(options: SendOptions, account: Options, sender: str | None = None) -> SendOptions:
    """Return the options with the sender's name, completed by the account's."""
    return replace(
        options,
        sender=sender,
        # A time without a zone is in Home Assistant's.
        send_at=options.send_at and dt_util.as_utc(options.send_at),
        transliterate=account.transliterate
        if options.transliterate is None
        else options.transliterate,
        test=options.test or account.test_mode,
    )


def _not_empty(message: str) -> str:
    if not message.strip():
        raise validation_error(Reason.EMPTY_MESSAGE)
    return message


def _refuse_service_word(text: str) -> None:
    """Refuse a text that orders a number check, or that transliteration left empty."""
    if not text.strip():
        raise validation_error(Reason.EMPTY_MESSAGE)
    if text.strip() in SERVICE_WORDS:
        raise validation_error(Reason.SERVICE_WORD, message=text.strip())
