"""The command `send`: refuse, price, store, charge."""

from dataclasses import replace
from decimal import Decimal
import re
from typing import Final

from .answers import Answer, Sent, Value
from .draft import TEXT_ERRORS, Draft, draft_of, number_error, text_error
from .errors import ApiError
from .incoming import Call
from .model import Account, Message, Order, Status
from .pricing import price
from .rows import columns, row, shuffled
from .state import State

_DUPLICATE: Final = 243
_TWICE: Final = 214
TEST_ID: Final = 1000
EMULATOR_ID: Final = 10000


def send(state: State, account: Account, call: Call) -> Answer:
    """Answer `send` (sections 1, 3, 4, 5, 7)."""
    draft = draft_of(state, account, call)
    test = call.flag("test") or account.emulator
    messages = _messages(state, account, draft, call)
    good = [each for each in messages if each.status is not Status.FAILED]
    bad = [each for each in messages if each.status is Status.FAILED]
    cost = sum((each.price for each in good), start=Decimal()) + state.options.cost_extra
    refused = _is_refused(state, good, bad)
    if refused and state.options.refused_list_sends_good and not test and not call.flag("cost"):
        _accept(state, account, good, cost)
    if refused:
        raise _error(state, bad)
    if call.flag("cost"):
        return Value(name="cost", value=f"{cost:.2f}")
    if test:
        shared = EMULATOR_ID if account.emulator else TEST_ID
        messages = [replace(each, server_id=shared, packet_id=shared) for each in messages]
    else:
        if cost > account.balance:
            raise ApiError(state.options.no_money_code)
        if state.options.refused_again:
            messages += _again(messages)
        messages = _accept(state, account, messages, cost)
    fields = call.list("fields")
    shown = shuffled(messages) if state.options.shuffle else messages
    head = {
        "balance": f"{account.balance:.2f}",
        "cost": f"{cost:.2f}",
        "server_packet_id": str(messages[0].packet_id),
    }
    return Sent(
        rows=[row(state, each, fields) for each in shown],
        head={name: value for name, value in head.items() if name not in state.options.omit},
        columns=columns(fields),
    )


def _is_refused(state: State, good: list[Message], bad: list[Message]) -> bool:
    """Return whether a list is answered with one error instead of rows."""
    options = state.options
    if options.duplicate_refuses_list and any(each.error == _DUPLICATE for each in bad):
        return True
    return len(bad) > len(good) or (len(bad) == len(good) and options.equal_counts_refused)


def _error(state: State, bad: list[Message]) -> ApiError:
    first = bad[0]
    if state.options.duplicate_refuses_list:
        first = next((each for each in bad if each.error == _DUPLICATE), first)
    named = state.options.text_errors_name_phone or first.error not in TEXT_ERRORS
    return ApiError(first.error, phone=first.phone if named else None)


def _accept(
    state: State, account: Account, messages: list[Message], cost: Decimal
) -> list[Message]:
    """Give ids, store and charge."""
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


def _again(messages: list[Message]) -> list[Message]:
    """Return a refusal for each accepted number, as its own duplicate."""
    return [
        replace(each, status=Status.FAILED, error=_TWICE, price=Decimal())
        for each in messages
        if each.status is not Status.FAILED
    ]


def _messages(state: State, account: Account, draft: Draft, call: Call) -> list[Message]:
    """Return a message for each number, in the order of the list, priced or refused."""
    numbers = call.list("to")
    if not numbers:
        raise ApiError(210)
    now = state.now()
    options = state.options
    looked_at = (options.cost_checks_texts or not call.flag("cost")) and (
        options.test_checks_texts or not call.flag("test")
    )
    refused_text = text_error(state, account, draft) if looked_at else 0
    status = Status.SCHEDULED if draft.send_datetime else Status.ACCEPTED
    seen: set[str] = set()
    messages: list[Message] = []
    for given in numbers:
        number = re.sub(r"\D", "", given) if options.lenient_phones else given
        error = number_error(state, account, draft, number, seen) or refused_text
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
