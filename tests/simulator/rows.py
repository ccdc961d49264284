"""Show a message as the service does: strings only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
import hashlib
import json

from .answers import Row
from .choices import Facts, LatePrice, PseudoSenders
from .errors import texts
from .fields import FACT_FIELDS, MESSAGE_FIELDS, PUSH_FIELDS
from .model import CHECKS, SERVICE_NUMBER, Kind, Message, Phone, Status
from .otherwise import shown_number, stored_text
from .state import State

DEFAULT_COLUMNS = ("server_id", "phone", "price", "status")


def moment(value: datetime, zone: timedelta = timedelta()) -> str:
    """Write a time as the service does."""
    return (value + zone).strftime("%Y-%m-%d %H:%M:%S")


def columns(fields: list[str]) -> tuple[str, ...]:
    """Return what is shown of each message."""
    if "all" in fields:
        return MESSAGE_FIELDS
    known = tuple(each for each in fields if each in MESSAGE_FIELDS or each in FACT_FIELDS)
    return known or DEFAULT_COLUMNS


def shuffled[T: (Message, Message | str, Row)](items: Iterable[T]) -> list[T]:
    """Bring messages into an order that looks random, yet is the same on the next page."""
    return sorted(items, key=lambda each: digest(_id(each)))


def digest(name: str) -> bytes:
    """Return where something stands in an order that looks random."""
    return hashlib.blake2b(name.encode()).digest()


def _id(item: Message | Row | str) -> str:
    if isinstance(item, Message):
        return str(item.server_id)
    return item if isinstance(item, str) else item["server_id"]


def row(state: State, message: Message, fields: list[str]) -> Row:
    """Return the asked attributes of a message."""
    values = _values(state, message)
    shown = columns(fields)
    result = {each: values[each] for each in shown if each in values}
    if message.status is Status.FAILED:
        # A refused row has the error fields, requested or not (section 1.2).
        result |= {each: values[each] for each in ("error", "error_en", "error_ru")}
    if message.kind is Kind.HLRVIP and message.status in (Status.DELIVERED, Status.UNDELIVERED):
        _add_facts(result, state, message, fields)
    return result


def _add_facts(result: Row, state: State, message: Message, fields: list[str]) -> None:
    facts = phone_facts(state.phone(message.phone))
    match state.options.facts:
        case Facts.FIELDS:
            asked = FACT_FIELDS if "all" in fields else fields
            result |= {each: facts[each] for each in asked if each in facts}
        case Facts.JSON if "message" in result:
            result["message"] = json.dumps(facts, ensure_ascii=False)
        case Facts.KEY_VALUE if "message" in result:
            result["message"] = ";".join(f"{name}={value}" for name, value in facts.items())
        case _:
            pass


def phone_facts(phone: Phone) -> Row:
    """Return what HLRVIP finds out (section 3.3)."""
    return {
        "imsi": phone.imsi,
        "msc": phone.msc,
        "mcc": phone.mcc,
        "mnc": phone.mnc,
        "cn": phone.country,
        "net": phone.operator,
        "gcn": phone.roaming_country,
        "gnet": phone.roaming_operator,
    }


def _values(state: State, message: Message) -> Row:
    options = state.options
    error_en, error_ru = texts(message.error) if message.error else ("", "")
    created = moment(message.created, options.zone)
    return {
        "server_id": str(message.server_id),
        "phone": shown_number(message.phone, options.numbers),
        "price": _price(state, message),
        "status": str(int(message.status)),
        "sender": _sender(state, message),
        "sender_orig": message.sender_orig if options.replaced_sender_shown else "",
        "message": _text(state, message),
        "created": created if options.check_seconds else created[:-3],
        "modified": moment(message.modified, options.zone),
        "send_datetime": moment(message.send_datetime) if message.send_datetime else "",
        "parts": str(message.parts),
        "country": message.country,
        "operator": message.operator,
        "error": str(message.error),
        "error_en": error_en,
        "error_ru": error_ru,
    }


def _price(state: State, message: Message) -> str:
    late = state.options.late_price
    if late is LatePrice.NO or message.status not in (Status.ACCEPTED, Status.SCHEDULED):
        return f"{message.price:.2f}"
    return "0.00" if late is LatePrice.ZERO else ""


def _sender(state: State, message: Message) -> str:
    """Return the sender that is shown; a 2WAY message and a call have one of the service's own."""
    shown = state.options.pseudo_senders
    if message.kind is Kind.SMS or message.kind in CHECKS or shown is PseudoSenders.AS_SENT:
        return message.sender
    if shown is PseudoSenders.NUMBER:
        return SERVICE_NUMBER
    return state.accounts[message.account].default_sender


def _text(state: State, message: Message) -> str:
    """Return the text as it was stored, or what a number check has found out."""
    options = state.options
    found = message.status in (Status.DELIVERED, Status.UNDELIVERED)
    if options.check_shows_result and message.kind in CHECKS and found:
        return f"{message.operator} ({message.country})" if message.operator else ""
    return stored_text(message.text, options.stored)


def push_params(state: State, message: Message, fields: Iterable[str]) -> Row:
    """Return what a status push carries (section 2.1)."""
    values = _values(state, message)
    shown = ["server_id", "phone", "status", "error"]
    if message.error:
        shown += ["error_en", "error_ru"]
    asked = set(fields)
    shown += [each for each in PUSH_FIELDS if each in asked or "all" in asked]
    return {each: values[each] for each in shown}
