"""Read a `send`, and refuse what is wrong with it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import re
from typing import Final
from urllib.parse import urlsplit

from .errors import ApiError
from .incoming import Call, kind_of
from .model import CALLS, Account, Kind
from .pricing import parts
from .state import State

_TEXTS: Final = frozenset({Kind.SMS, Kind.TWO_WAY})
_LATIN: Final = re.compile(r"[A-Za-z]")
_CYRILLIC: Final = re.compile(r"[А-Яа-яЁё]")
_RUSSIAN_LENGTH: Final = 11
_SHORTEST, _LONGEST = 10, 15
_MAX_TTL: Final = 1440
# What is refused of a text, whatever number it goes to.
TEXT_ERRORS: Final = frozenset({223, 227, 248})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A `send` that was found in order, but for its numbers."""

    text: str
    kind: Kind
    sender: str
    sender_orig: str
    parts: int
    send_datetime: datetime | None
    ttl: int | None
    callback: str | None
    callback_method: str


def draft_of(state: State, account: Account, call: Call) -> Draft:
    """Read everything of a `send` but its numbers."""
    text = call.params["send"]
    if not text.strip():
        raise ApiError(220)
    sender = call.params.get("from") or account.default_sender
    kind = kind_of(text, sender)
    count = parts(text)
    if count > state.options.max_parts:
        raise ApiError(221)
    strict = state.options.strict_senders and (
        state.options.cost_checks_senders or not call.flag("cost")
    )
    used, original = _sender(account, kind, sender, strict=strict)
    return Draft(
        text=text,
        kind=kind,
        sender=used,
        sender_orig=original,
        parts=count,
        send_datetime=_send_datetime(state, call.params.get("send_datetime", "")),
        ttl=_ttl(call.params.get("ttl", "")),
        callback=_callback(call.params.get("callback", "")) or account.status_url,
        callback_method=(
            call.params.get("callback_method", "get")
            if call.params.get("callback")
            else account.status_method
        ),
    )


def _sender(account: Account, kind: Kind, sender: str, *, strict: bool) -> tuple[str, str]:
    """Return the sender used, and the one asked for where it was replaced."""
    if kind is not Kind.SMS or sender in account.senders or sender == account.default_sender:
        return sender, ""
    if strict:
        well_formed = re.fullmatch(r"[A-Za-z0-9 ._&!-]{1,11}|\d{10,15}", sender)
        raise ApiError(116 if well_formed else 115)
    return account.default_sender, sender


def _send_datetime(state: State, value: str) -> datetime | None:
    if not value:
        return None
    try:
        if value.isdecimal():
            when = datetime.fromtimestamp(int(value), UTC)
        else:
            when = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ApiError(250) from error
    if when < state.now() - timedelta(seconds=1):
        raise ApiError(250)
    return when


def _ttl(value: str) -> int | None:
    if not value:
        return None
    if not value.isdecimal() or not 1 <= int(value) <= _MAX_TTL:
        raise ApiError(270)
    return int(value)


def _callback(value: str) -> str:
    if value:
        try:
            url = urlsplit(value)
            good = url.scheme in ("http", "https") and bool(url.hostname)
            # Reading the port is what finds a bad one.
            good = good and url.port != 0
        except ValueError as error:
            raise ApiError(260) from error
        if not good:
            raise ApiError(260)
    return value


def number_error(state: State, account: Account, draft: Draft, number: str, seen: set[str]) -> int:
    """Return why a number is refused, 0 where it is not."""
    if not (number.isascii() and number.isdecimal()) or number.startswith(("0", "89")):
        return 111
    russian = number.startswith("7") and len(number) != _RUSSIAN_LENGTH
    if russian or not _SHORTEST <= len(number) <= _LONGEST:
        return 215
    if number in seen:
        return 214
    # Looking must not make a phone: a list of a thousand strangers may be refused as a whole.
    if (phone := state.phones.get(number)) is not None:
        if phone.blacklisted:
            return 212
        if not phone.supported:
            return 213
    guarded = account.duplicate_guard and (
        draft.kind in _TEXTS or (state.options.duplicate_guards_calls and draft.kind in CALLS)
    )
    return 243 if guarded and state.sent_lately(account, number, draft.text) else 0


def text_error(state: State, account: Account, draft: Draft) -> int:
    """Return why a text is refused, whatever number it goes to; 0 where it is not."""
    if draft.kind not in _TEXTS:
        return 0
    if state.options.refuse_mixed_alphabets and any(
        _LATIN.search(word) and _CYRILLIC.search(word) for word in re.findall(r"\w+", draft.text)
    ):
        return 248
    if account.templates is None:
        return 0
    matching = [
        each
        for each in account.templates
        if (
            re.fullmatch(each.text, draft.text, re.DOTALL)
            if each.regex
            else each.text == draft.text
        )
    ]
    if draft.kind is Kind.TWO_WAY and not any(each.survey for each in matching):
        return 227
    return 0 if matching else 223
