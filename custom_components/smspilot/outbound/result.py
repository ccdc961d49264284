"""The result of a send: one row per number, with the same fields in responses and in events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from ..client import Kind, MessageRow, Problem, Status
from ..client.rows import NO_FACTS
from ..client.values import money, optional
from ..const import CURRENCY
from ..contacts.phones import from_service
from ..contacts.recipients import display_name, recipient_name
from ..events import iso, number
from ..runtime.journal import Table, stored_time

type Json = dict[str, Any]

_WORDS: Final = {status: status.name.lower() for status in Status}
_NUMBER: Final = _WORDS | {Status.UNDELIVERED: "not_in_service", Status.DELIVERED: "in_service"}
_ONLINE: Final = _WORDS | {Status.UNDELIVERED: "offline", Status.DELIVERED: "online"}
_BY_KIND: Final = {Kind.HLR: _NUMBER, Kind.HLRVIP: _NUMBER, Kind.PING: _ONLINE}

# Names or reasons listed in one error; an error of a thousand names could not be read.
MAX_NAMED: Final = 20

STATUS_WORDS: Final = sorted({*_WORDS.values(), *_NUMBER.values(), *_ONLINE.values()})


def word(status: Status, kind: Kind | None) -> str | None:
    """Return the name of a status by the kind of message; None of an unknown status."""
    return (_BY_KIND.get(kind, _WORDS) if kind else _WORDS).get(status)


@dataclass(slots=True, kw_only=True)
class Row:
    """A message of a send result; its status is updated until it is final.

    `phone` is E.164, or as given where it could not be parsed. `message_id` is None where nothing
    went out, or where it is `in_doubt`. `due_at` is when the API is to send it.
    """

    phone: str
    kind: Kind
    recipient_id: str | None = None
    message_id: str | None = None
    packet_id: str | None = None
    status: Status = Status.FAILED
    price: Decimal | None = None
    error: Problem | None = None
    # Whether the error's text names the target itself.
    named: bool = False
    in_doubt: bool = False
    test: bool = False
    sent_at: datetime | None = None
    due_at: datetime | None = None
    changed_at: datetime | None = None
    facts: Mapping[str, str] = NO_FACTS

    @property
    def refused(self) -> bool:
        """Return whether nothing went out, or that is unknown."""
        return self.message_id is None or self.status is Status.FAILED

    def as_dict(self, entry: ConfigEntry, language: str) -> Json:
        """Return the row's fields in a response."""
        status = None if self.in_doubt else self.status
        common = self._common_fields(entry, language, status)
        return {**common, "test": self.test, **self.facts}

    def as_event(self, entry: ConfigEntry, language: str) -> Json:
        """Return the row's fields in an event."""
        return {
            **self._common_fields(entry, language, self.status),
            "sent_at": iso(self.sent_at),
            "changed_at": iso(self.changed_at or dt_util.utcnow()),
        }

    def _common_fields(self, entry: ConfigEntry, language: str, status: Status | None) -> Json:
        return {
            "message_id": self.message_id,
            "packet_id": self.packet_id,
            "phone": self.phone,
            "recipient": recipient_name(entry, self.phone, self.recipient_id),
            "kind": self.kind.value,
            **status_fields(status, self.kind),
            "price": number(self.price),
            "error": error_fields(self.error, language),
        }

    def as_stored(self) -> Table:
        """Return the row as JSON values."""
        return {
            "packet": self.packet_id,
            "phone": self.phone,
            "who": self.recipient_id,
            "kind": self.kind.value,
            "status": int(self.status),
            "price": None if self.price is None else str(self.price),
            "sent": iso(self.sent_at),
            "due": iso(self.due_at),
        }

    @classmethod
    def from_stored(cls, message_id: str, data: Table) -> Self:
        """Parse a stored row; raise `LookupError`, `TypeError` or `ValueError`."""
        return cls(
            message_id=message_id,
            packet_id=optional(data["packet"]),
            phone=str(data["phone"]),
            recipient_id=optional(data["who"]),
            kind=Kind(data["kind"]),
            status=Status(data["status"]),
            price=money(data["price"]),
            sent_at=stored_time(data["sent"]),
            due_at=stored_time(data["due"]),
        )


@dataclass(slots=True, kw_only=True)
class SendResult:
    """The result of a send; money in RUB."""

    rows: list[Row]
    packet_id: str | None = None
    cost: Decimal | None = None
    balance: Decimal | None = None

    def as_dict(self, entry: ConfigEntry, language: str) -> Json:
        """Return the fields of an action's response."""
        return {
            "packet_id": self.packet_id,
            "cost": number(self.cost),
            "balance": number(self.balance),
            "currency": CURRENCY,
            "messages": [row.as_dict(entry, language) for row in self.rows],
        }


def refused_row(named: str, kind: Kind, why: str, recipient_id: str | None = None) -> Row:
    """Return the row of a target that was refused here, before any request."""
    error = Problem(code=None, description=why, description_ru="")
    return Row(phone=named, kind=kind, recipient_id=recipient_id, error=error, named=True)


def status_fields(status: Status | None, kind: Kind | None) -> Json:
    """Return the fields of a status in responses and events; all None for None."""
    if status is None:
        return dict.fromkeys(("status", "status_code", "final"))
    return {
        "status": word(status, kind),
        "status_code": int(status),
        "final": status.final,
    }


def error_fields(error: Problem | None, language: str) -> Json | None:
    """Return an error's value in responses and events."""
    return None if error is None else {"code": error.code, "description": error.text(language)}


def reasons(entry: ConfigEntry, rows: Iterable[Row], language: str) -> str:
    """Return the reasons why rows did not go out, each with its recipients and masked numbers."""
    names_by_reason: dict[str, dict[str, None]] = {}
    for row in rows:
        why = row.error.text(language) if row.error else word(row.status, row.kind) or "–"
        names = names_by_reason.setdefault(why, {})
        if not row.named:
            names[display_name(entry, row.phone, row.recipient_id)] = None
    texts = (
        f"{listed(names, ', ')}: {why}" if names else why for why, names in names_by_reason.items()
    )
    return listed(texts, "; ")


def status_row(entry: ConfigEntry, message: MessageRow, kind: Kind | None, language: str) -> Json:
    """Return the fields of a row of the API's list in a response of `get_status`.

    A row without a number stands for an id that the API does not know.
    """
    phone = from_service(message.phone) or None
    return {
        "message_id": message.id,
        "packet_id": None,
        "phone": phone,
        "recipient": phone and recipient_name(entry, phone),
        "kind": kind,
        **status_fields(message.status if phone else None, kind),
        "price": number(message.price) if phone else None,
        "error": error_fields(message.problem, language),
        "test": False,
        "message": message.message,
        "sender": message.sender,
        "sender_original": message.sender_original,
        "parts": message.parts,
        "country": message.country,
        "operator": message.operator,
        "sent_at": iso(message.created),
        "changed_at": iso(message.modified),
    }


def listed(texts: Iterable[str], separator: str = ", ") -> str:
    """Join texts, with an ellipsis for those beyond `MAX_NAMED`."""
    every = list(texts)
    return separator.join([*every[:MAX_NAMED], *(["…"] if len(every) > MAX_NAMED else [])])
