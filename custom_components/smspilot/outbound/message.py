"""What goes out, to the letter: made from what a person asked for, refused before it costs."""

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
from ..text.segments import framed, measure, shortened
from ..text.transliteration import transliterate
from .targets import Target

# The API refuses longer texts: ten parts are 670 Cyrillic letters.
MAX_PARTS: Final = 10
# Words that would make something else of a text than the action says.
_OTHER_KINDS: Final = (Sender.VOICE_FEMALE, Sender.VOICE_MALE, Sender.FLASH_CALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """How something is sent; each kind takes what concerns it.

    `sender` and `transliterate` None leave it to the account. `send_at` is aware.
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
        """Take them from the fields of an action, which have the same names."""
        return cls(**{one.name: data[one.name] for one in fields(cls) if one.name in data})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A text, a call or a check on its way.

    A second message of the same `key` within 72 hours is never requested again. `cut` tells
    whether a part of the text was left out.
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
    """Return what a channel makes of a text, in the account's template.

    What goes beyond `cut_at` parts is left out, and what is too long at all, if the account's
    options say so. `complete` adds to the text what must not be cut off, such as a code.
    """
    account = Options.from_entry(entry)
    options = _checked(account, options or SendOptions())
    # Blanks in place of a name leave it to SMSPILOT.
    sender = (options.sender or account.sender or "").strip() or None
    match _channel(channel, sender):
        case Channel.SMS:
            kind, template = Kind.SMS, account.message_template
        case Channel.TWO_WAY:
            sender = Sender.TWO_WAY
            kind, template = Kind.TWO_WAY, account.two_way_template
        case Channel.VOICE:
            return _call(account, complete(text), targets, options)
        case never:
            assert_never(never)

    def write(text: str) -> str:
        written = without_lone_surrogates(_framed(template, complete(text)))
        return transliterate(written) if options.transliterate else written

    written, is_cut = _within(write, text, account, cut_at)
    _check_words(written)
    return OutboundMessage(
        kind=kind,
        text=written,
        targets=targets,
        options=replace(options, sender=sender),
        cut=is_cut,
    )


def _call(
    account: Options, text: str, targets: tuple[Target, ...], options: SendOptions
) -> OutboundMessage:
    """Return a call that speaks a text, however long it is."""
    spoken = without_lone_surrogates(_framed(account.message_template, text))
    _check_words(spoken)
    options = replace(options, sender=options.voice)
    return OutboundMessage(kind=Kind.VOICE, text=spoken, targets=targets, options=options)


def _within(
    write: Callable[[str], str], text: str, account: Options, cut_at: int
) -> tuple[str, bool]:
    """Return what is written, within the parts it may have, and whether something was left out."""
    written = write(text)
    parts, most = measure(written).parts, account.max_parts or MAX_PARTS
    if parts <= min(cut_at or most, most):
        return written, False
    if account.long_texts is LongTexts.REFUSE and not cut_at:
        raise validation_error(Reason.TOO_LONG, parts=str(parts), max_parts=str(most))
    return write(shortened(text, min(cut_at or most, most), write)), True


def flash_call(
    entry: ConfigEntry, code: str, targets: tuple[Target, ...], options: SendOptions
) -> OutboundMessage:
    """Return a call from a number that ends in the four digits of the code."""
    options = replace(_checked(Options.from_entry(entry), options), sender=Sender.FLASH_CALL)
    return OutboundMessage(kind=Kind.FLASH_CALL, text=code, targets=targets, options=options)


def number_check(entry: ConfigEntry, method: Kind, targets: tuple[Target, ...]) -> OutboundMessage:
    """Return a check of numbers."""
    options = _checked(Options.from_entry(entry), SendOptions())
    return OutboundMessage(
        kind=method, text=NUMBER_CHECKS[method], targets=targets, options=options
    )


def _channel(channel: Channel, sender: str | None) -> Channel:
    """Return the channel that is really meant: `2WAY` in place of a name makes a question."""
    if channel is Channel.VOICE:
        return channel
    word = (sender or "").upper()
    if word in _OTHER_KINDS:
        raise validation_error(Reason.INVALID_SENDER, sender=word)
    return Channel.TWO_WAY if word == Sender.TWO_WAY else channel


def _checked(account: Options, options: SendOptions) -> SendOptions:
    """Return the options as they count, with what the account's own options add."""
    return replace(
        options,
        # A time without a zone is Home Assistant's.
        send_at=options.send_at and dt_util.as_utc(options.send_at),
        transliterate=account.transliterate
        if options.transliterate is None
        else options.transliterate,
        test=options.test or account.test_mode,
    )


def _framed(template: str, message: str) -> str:
    """Return the message in the account's template of the kind."""
    if not message.strip():
        raise validation_error(Reason.EMPTY_MESSAGE)
    return framed(template, message, dt_util.utcnow())


def _check_words(text: str) -> None:
    """Refuse a text that would buy a number check, or of which the alphabet left nothing."""
    if not text.strip():
        raise validation_error(Reason.EMPTY_MESSAGE)
    if text.strip() in SERVICE_WORDS:
        raise validation_error(Reason.SERVICE_WORD, message=text.strip())
