"""The rows of outbound messages, and the response to a send (sections 1 to 5)."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
import json
import logging
from types import MappingProxyType
from typing import Any, Final, Self

from .models import Status
from .values import (
    Json,
    identifier,
    integer,
    is_scalar,
    moment,
    money,
    optional,
    price,
    required,
    text,
)

_LOGGER: Final = logging.getLogger(__name__)

# Section 3.3. The document calls the service centre `mnc` a second time and writes `gscn`.
HLRVIP_FACTS: Final = ("imsi", "msc", "mcc", "mnc", "cn", "net", "gcn", "gscn", "gnet")

# Shared by most messages, to save memory.
NO_FACTS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a message was refused or not delivered: the API's code and descriptions."""

    code: int | None
    description: str
    description_ru: str

    @classmethod
    def from_api(cls, row: Json) -> Self | None:
        """Parse `error`, `error_en` and `error_ru`; None where there is no code but 0, no text."""
        code = integer(row.get("error"))
        english, russian = text(row.get("error_en")), text(row.get("error_ru"))
        if not code and not english and not russian:
            return None
        return cls(code=code or None, description=english, description_ru=russian)

    def text(self, language: str) -> str:
        """Return the API's description in the language, else in its other language."""
        russian, english = self.description_ru, self.description
        return (russian or english) if language.startswith("ru") else (english or russian)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One row of a response to `send` or `check` (sections 1 and 2), or a pushed status (2.1).

    `id` is None for a message that was not accepted; `phone` is empty for an id that the API does
    not know. `price` is in RUB. `created` and `modified` are taken as UTC: the document names
    no zone.
    """

    id: str | None
    phone: str
    status: Status
    price: Decimal | None
    problem: Problem | None
    message: str | None
    sender: str | None
    sender_original: str | None
    parts: int | None
    country: str | None
    operator: str | None
    created: datetime | None
    modified: datetime | None
    facts: Mapping[str, str]

    @classmethod
    def from_api(cls, row: Json) -> Self:
        """Parse a row; raise where `phone` (it may be empty) or `status` is missing."""
        return cls(
            id=identifier(row.get("server_id")) or None,
            phone=required(row, "phone").lstrip("+"),
            status=_status(row["status"]),
            price=price(row.get("price")),
            problem=Problem.from_api(row),
            message=optional(row.get("message")),
            sender=optional(row.get("sender")),
            sender_original=optional(row.get("sender_orig")),
            parts=integer(row.get("parts")),
            country=optional(row.get("country")),
            operator=optional(row.get("operator")),
            created=moment(row.get("created")),
            modified=moment(row.get("modified")),
            facts=_facts(row),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """A page of the list of messages (section 2.2); `unreadable` rows are missing in it."""

    messages: tuple[MessageRow, ...]
    unreadable: int = 0

    def __len__(self) -> int:
        """Return how many rows the API listed."""
        return len(self.messages) + self.unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResponse:
    """The response to `send` (section 1); amounts in RUB.

    Rows that could not be parsed are missing in `messages`.
    """

    messages: tuple[MessageRow, ...]
    cost: Decimal | None
    balance: Decimal | None
    packet_id: str | None

    @classmethod
    def from_api(cls, data: Json, messages: tuple[MessageRow, ...]) -> Self:
        """Parse the fields beside the rows; older responses name no packet."""
        return cls(
            messages=messages,
            cost=price(data.get("cost")),
            balance=money(data.get("balance")),
            packet_id=optional(data.get("server_packet_id")),
        )


def _status(value: Any) -> Status:
    number = integer(value)
    if number is None:
        raise ValueError
    if not (status := Status(number)).known:
        _LOGGER.debug("The response has a status that the document does not list: %s", number)
    return status


def _facts(row: Json) -> Mapping[str, str]:
    """Return HLRVIP's extra facts: fields of the row, or JSON or `key=value` in `message`."""
    inside = row.get("message")
    if (facts := _facts_among(row)) or not isinstance(inside, str):
        return facts
    found: Any = None
    with suppress(ValueError, RecursionError):
        found = json.loads(inside)
    if not isinstance(found, dict):
        pairs = (part.partition("=") for part in inside.replace(";", "\n").splitlines())
        found = {key.strip(): value.strip() for key, sign, value in pairs if sign}
    return _facts_among(found)


def _facts_among(values: Json) -> Mapping[str, str]:
    found = {key: values[key] for key in HLRVIP_FACTS if key in values}
    facts = {key: text(value) for key, value in found.items() if value != "" and is_scalar(value)}
    return facts or NO_FACTS
