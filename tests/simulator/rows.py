"""Show a message as the service does: strings only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
import hashlib
import json

from .answers import Row
from .errors import texts
from .fields import FACT_FIELDS, MESSAGE_FIELDS, PUSH_FIELDS
from .model import Kind, Message, Phone, Status
from .options import Facts, Options
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
    return sorted(items, key=lambda each: hashlib.blake2b(_id(each).encode()).digest())


def _id(item: Message | Row | str) -> str:
    if isinstance(item, Message):
        return str(item.server_id)
    return item if isinstance(item, str) else item["server_id"]


def row(state: State, message: Message, fields: list[str]) -> Row:
    """Return the asked attributes of a message."""
    values = _values(message, state.options)
    shown = columns(fields)
    result = {each: values[each] for each in shown if each in values}
    if message.status is Status.FAILED:
        # A refused row tells why, asked or not (section 1.2).
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


def _values(message: Message, options: Options) -> Row:
    error_en, error_ru = texts(message.error) if message.error else ("", "")
    return {
        "server_id": str(message.server_id),
        "phone": message.phone,
        "price": f"{message.price:.2f}",
        "status": str(int(message.status)),
        "sender": message.sender,
        "sender_orig": message.sender_orig,
        "message": message.text,
        "created": moment(message.created, options.zone),
        "modified": moment(message.modified, options.zone),
        "send_datetime": moment(message.send_datetime) if message.send_datetime else "",
        "parts": str(message.parts),
        "country": message.country,
        "operator": message.operator,
        "error": str(message.error),
        "error_en": error_en,
        "error_ru": error_ru,
    }


def push_params(state: State, message: Message, fields: Iterable[str]) -> Row:
    """Return what a status push carries (section 2.1)."""
    values = _values(message, state.options)
    shown = ["server_id", "phone", "status", "error"]
    if message.error:
        shown += ["error_en", "error_ru"]
    asked = set(fields)
    shown += [each for each in PUSH_FIELDS if each in asked or "all" in asked]
    return {each: values[each] for each in shown}
