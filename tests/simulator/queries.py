"""The commands that only read: `check`, `inbound`, `balance`, and none at all."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final

from .answers import Answer, Checked, InboundList, Info, Row, Value
from .choices import Kept, UnknownIds
from .errors import ApiError
from .incoming import Call
from .model import Account, Inbound, Kind, Message, Status
from .otherwise import listed_number, shown_number, stored_text
from .pricing import price
from .rows import columns, digest, moment, row, shuffled
from .sending import EMULATOR_ID, TEST_ID
from .state import State

_MAX_ROWS: Final = 1000
_LISTS: Final = ("all", "recent")


def check(state: State, account: Account, call: Call) -> Answer:
    """Answer `check` (section 2.2)."""
    fields = call.list("fields")
    if call.flag("test") and call.params["check"] in (str(TEST_ID), str(EMULATOR_ID)):
        return Checked(rows=[_test_row(state, account, call)], columns=columns(fields))
    rows = [
        row(state, each, fields) if isinstance(each, Message) else _unknown_row(each)
        for each in _page(call, _chosen(state, account, call))
    ]
    if call.params["check"].strip() in _LISTS:
        how = state.options.listed_numbers
        rows = [
            each | {"phone": listed_number(each["phone"], how)} if "phone" in each else each
            for each in rows
        ]
    return Checked(rows=rows, columns=columns(fields))


def _chosen(state: State, account: Account, call: Call) -> Iterable[Message | str]:
    """Return the messages asked for; an id instead of one the account does not have."""
    what = call.params["check"].strip()
    if what == "all":
        return _listed(state, state.messages_of(account))
    if what == "recent":
        since = state.now() - timedelta(days=1)
        return _listed(
            state, (each for each in state.messages_of(account) if each.created >= since)
        )
    if what == "packet":
        return _ordered(state, _packet(state, account, call.params.get("id", "")))
    return _by_ids(state, account, what)


def _packet(state: State, account: Account, packet_id: str) -> list[Message]:
    if not packet_id:
        raise ApiError(230)
    if not packet_id.isdecimal():
        raise ApiError(231)
    found = [state.messages[each] for each in state.packets.get(int(packet_id), [])]
    found = [each for each in found if not _is_late(state, each)]
    if not found or found[0].account != account.id:
        raise ApiError(304)
    return found


def _by_ids(state: State, account: Account, what: str) -> Iterable[Message | str]:
    if not what:
        raise ApiError(300)
    ids = [each.strip() for each in what.split(",")]
    if not all(each.isascii() and each.isdecimal() for each in ids):
        raise ApiError(303 if len(ids) > 1 else 301)
    rows: list[Message | str] = []
    for each in ids:
        message = state.messages.get(int(each))
        late = state.options.check_lag_ids and message is not None and _is_late(state, message)
        if message is not None and message.account == account.id and not late:
            rows.append(message)
        elif state.options.unknown_ids is UnknownIds.ERROR:
            raise ApiError(state.options.unknown_ids_code)
        elif state.options.unknown_ids is UnknownIds.ROW:
            rows.append(each)
    return shuffled(rows) if state.options.shuffle else rows


def _is_late(state: State, message: Message) -> bool:
    """Return whether a message is too young to be listed."""
    options = state.options
    waits = message.server_id % options.check_lag_every == 0
    return waits and state.now() - message.created < options.check_lag


def _listed(state: State, messages: Iterable[Message]) -> Iterable[Message]:
    """Return what a list shows of these, which come newest first."""
    options = state.options
    found = [each for each in messages if not _is_late(state, each)]
    if not options.check_lists_scheduled:
        found = [each for each in found if each.status is not Status.SCHEDULED]
    found = _capped(found, options.check_limit, options.check_kept, newest_first=True)
    if not options.check_newest_first:
        found.reverse()
    return _ordered(state, found)


def _capped[T](rows: Sequence[T], limit: int | None, kept: Kept, *, newest_first: bool) -> list[T]:
    """Return as many rows as there is place for; those at the front, the newest or the oldest."""
    front = kept is Kept.FIRST or (kept is Kept.NEWEST) == newest_first
    cut = 0 if front or limit is None else max(len(rows) - limit, 0)
    return list(rows[cut:][:limit])


def _ordered(state: State, messages: Iterable[Message]) -> Iterable[Message]:
    return shuffled(messages) if state.options.shuffle else messages


def _page[T](call: Call, rows: Iterable[T]) -> list[T]:
    limit, offset = (_number(call.params.get(name, "")) for name in ("limit", "offset"))
    limit = min(limit or _MAX_ROWS, _MAX_ROWS)
    return list(islice(rows, offset, offset + limit))


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() else 0


def _unknown_row(server_id: str) -> Row:
    return {"server_id": server_id, "phone": "", "price": "0.00", "status": "-2"}


def _test_row(state: State, account: Account, call: Call) -> Row:
    """Return the row that stands for every test message; none was ever stored."""
    server_id = int(call.params["check"])
    phone = state.phone(account.phone)
    now = state.now()
    message = Message(
        server_id=server_id,
        packet_id=server_id,
        account=account.id,
        phone=phone.number,
        text="test",
        kind=Kind.SMS,
        sender=account.default_sender,
        sender_orig="",
        parts=1,
        price=price(state.prices, Kind.SMS, phone.operator, 1),
        status=Status.DELIVERED,
        error=0,
        created=now,
        modified=now,
        country=phone.country,
        operator=phone.operator,
    )
    return row(state, message, call.list("fields"))


def inbound(state: State, account: Account, call: Call) -> Answer:
    """Answer `inbound` (section 6.2)."""
    options = state.options
    what = call.params["inbound"].strip()
    messages = listed(state, account, what)
    rows = [_inbound_row(state, each) for each in messages]
    if options.any_list_marks_seen or (what == "new" and options.new_marks_seen):
        for each in messages:
            state.keep_inbound(replace(each, seen=True))
    return InboundList(rows=rows)


def listed(state: State, account: Account, what: str) -> list[Inbound]:
    """Return what `inbound` shows to such a request."""
    options = state.options
    messages = [each for each in state.inbox_of(account) if not _is_unlisted(state, each)]
    if what == "new":
        messages = [each for each in messages if not each.seen]
    elif what != "all":
        since = _since(what)
        messages = [
            each
            for each in messages
            if each.created > since or (options.since_inclusive and each.created == since)
        ]
    if options.newest_first:
        messages.reverse()
    messages = _capped(
        messages, options.inbound_limit, options.inbound_kept, newest_first=options.newest_first
    )
    if options.inbound_shuffle:
        messages.sort(key=lambda each: digest(str(each.id)))
    return messages


def _is_unlisted(state: State, message: Inbound) -> bool:
    """Return whether a message is not in the list yet."""
    options, now = state.options, state.now()
    if message.listed_at is not None:
        return now < message.listed_at
    # A message of the future is not late.
    waits = options.inbound_lag and message.id % options.inbound_lag_every == 0
    return bool(waits) and now - message.created < options.inbound_lag


def _inbound_row(state: State, message: Inbound) -> Row:
    options = state.options
    created = moment(message.created)
    text = message.raw if options.list_keeps_prefix else message.text
    return {
        "id": str(message.id),
        "phone": shown_number(message.phone, options.inbound_numbers),
        "num": message.num,
        "text": stored_text(text, options.inbound_stored),
        "created": created if options.inbound_seconds else created[:-3],
        "seen": str(int(message.seen)),
    }


def _since(value: str) -> datetime:
    try:
        if value.isascii() and value.isdecimal():
            return datetime.fromtimestamp(int(value), UTC)
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ApiError(500) from error


def balance(state: State, account: Account, call: Call) -> Answer:
    """Answer `balance` (section 8): roubles, or how many SMS they buy."""
    if call.params["balance"] == "sms":
        each = min(state.prices[Kind.SMS].values())
        left = int(max(account.balance, Decimal()) / each)
        return Value(name="balance", value=str(left))
    return Value(name="balance", value=f"{account.balance:.2f}")


def info(state: State, account: Account, _: Call) -> Answer:
    """Answer the bare key (section 9)."""
    return Info(
        values={
            "id": str(account.id),
            "tariff_id": str(account.tariff_id),
            "email": account.email,
            "name": account.name,
            "phone": account.phone,
            "balance": f"{account.balance:.2f}",
            "date": moment(account.registered, state.options.zone),
            "default_sender": account.default_sender,
            "senders": ",".join(account.senders),
        }
    )
