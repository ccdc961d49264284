"""The command `send`: refuse, price, store, charge."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from .answers import Answer, Sent, Value
from .errors import ApiError
from .incoming import Call, kind_of
from .model import Account, Kind, Message, Order, Status
from .pricing import parts, price
from .rows import columns, row
from .state import State

TEST_ID: Final = 1000
EMULATOR_ID: Final = 10000
_TEXTS: Final = frozenset({Kind.SMS, Kind.TWO_WAY})
_LATIN: Final = re.compile(r"[A-Za-z]")
_CYRILLIC: Final = re.compile(r"[А-Яа-яЁё]")
_RUSSIAN_LENGTH: Final = 11
_SHORTEST, _LONGEST = 10, 15
_MAX_TTL: Final = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
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


def send(state: State, account: Account, call: Call) -> Answer:
    """Answer `send` (sections 1, 3, 4, 5, 7)."""
    draft = _draft(state, account, call)
    test = call.flag("test") or account.emulator
    messages = _messages(state, account, draft, call)
    good = [each for each in messages if each.status is not Status.FAILED]
    bad = [each for each in messages if each.status is Status.FAILED]
    cost = sum((each.price for each in good), start=Decimal()) + state.options.cost_extra
    refused = len(bad) > len(good) or (
        len(bad) == len(good) and state.options.equal_counts_refused
    )
    if refused and state.options.refused_list_sends_good and not test and not call.flag("cost"):
        _accept(state, account, good, cost)
    if refused:
        raise ApiError(bad[0].error, phone=bad[0].phone)
    if call.flag("cost"):
        return Value(name="cost", value=f"{cost:.2f}")
    if test:
        shared = EMULATOR_ID if account.emulator else TEST_ID
        messages = [replace(each, server_id=shared, packet_id=shared) for each in messages]
    else:
        if cost > account.balance:
            raise ApiError(state.options.no_money_code)
        messages = _accept(state, account, messages, cost)
    fields = call.list("fields")
    head = {
        "balance": f"{account.balance:.2f}",
        "cost": f"{cost:.2f}",
        "server_packet_id": str(messages[0].packet_id),
    }
    return Sent(
        rows=[row(state, each, fields) for each in messages],
        head={name: value for name, value in head.items() if name not in state.options.omit},
        columns=columns(fields),
    )


def _accept(
    state: State, account: Account, messages: list[Message], cost: Decimal
) -> list[Message]:
    """Number, store and charge."""
    packet_id = 0
    numbered: list[Message] = []
    for each in messages:
        server_id = state.new_server_id()
        packet_id = packet_id or server_id
        message = replace(each, server_id=server_id, packet_id=packet_id)
        numbered.append(message)
        if message.status is not Status.FAILED:
            state.orders.append(
                Order(
                    server_id=server_id,
                    packet=packet_id,
                    account=account.id,
                    phone=message.phone,
                    kind=message.kind,
                    text=message.text,
                    sender=message.sender,
                    price=message.price,
                    time=message.created,
                )
            )
        state.store(message)
    account.balance -= cost
    state.changed("account", account)
    return numbered


def _draft(state: State, account: Account, call: Call) -> _Draft:
    text = call.params["send"]
    if not text.strip():
        raise ApiError(220)
    sender = call.params.get("from") or account.default_sender
    kind = kind_of(text, sender)
    count = parts(text)
    if count > state.options.max_parts:
        raise ApiError(221)
    used, original = _sender(state, account, kind, sender)
    return _Draft(
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
        ).lower(),
    )


def _sender(state: State, account: Account, kind: Kind, sender: str) -> tuple[str, str]:
    """Return the sender used, and the one asked for where it was replaced."""
    if kind is not Kind.SMS or sender in account.senders or sender == account.default_sender:
        return sender, ""
    if state.options.strict_senders:
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


def _messages(state: State, account: Account, draft: _Draft, call: Call) -> list[Message]:
    """Return a message for each number, in the order of the list, priced or refused."""
    numbers = call.list("to")
    if not numbers:
        raise ApiError(210)
    now = state.now()
    refused_text = _text_error(state, account, draft)
    status = Status.SCHEDULED if draft.send_datetime else Status.ACCEPTED
    seen: set[str] = set()
    messages: list[Message] = []
    for given in numbers:
        number = re.sub(r"\D", "", given) if state.options.lenient_phones else given
        error = _number_error(state, account, draft, number, seen) or refused_text
        seen.add(number)
        phone = state.phone(number) if not error else None
        messages.append(
            Message(
                server_id=0,
                packet_id=0,
                account=account.id,
                phone=number,
                text=draft.text,
                kind=draft.kind,
                sender=draft.sender,
                sender_orig=draft.sender_orig,
                parts=draft.parts,
                price=(
                    price(state.prices, draft.kind, phone.operator, draft.parts)
                    if phone
                    else Decimal()
                ),
                status=Status.FAILED if error else status,
                error=error,
                created=now,
                modified=now,
                send_datetime=draft.send_datetime,
                ttl=draft.ttl,
                callback=draft.callback,
                callback_method=draft.callback_method,
                country=phone.country if phone else "",
                operator=phone.operator if phone else "",
            )
        )
    return messages


def _number_error(
    state: State, account: Account, draft: _Draft, number: str, seen: set[str]
) -> int:
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
    guarded = account.duplicate_guard and draft.kind in _TEXTS
    return 243 if guarded and state.sent_lately(account, number, draft.text) else 0


def _text_error(state: State, account: Account, draft: _Draft) -> int:
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
        if (re.fullmatch(each.text, draft.text, re.DOTALL) if each.regex else each.text == draft.text)
    ]
    if draft.kind is Kind.TWO_WAY and not any(each.survey for each in matching):
        return 227
    return 0 if matching else 223
