"""The API's values, each made by one `from_api` from whatever the API responds."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
import json
import logging
from types import MappingProxyType
from typing import Any, Final, Self, override

from .values import Json, integer, is_scalar, moment, money, optional, required, text

_LOGGER: Final = logging.getLogger(__name__)

# Section 3.3. The document calls the service centre `mnc` a second time and writes `gscn`.
HLRVIP_FACTS: Final = ("imsi", "msc", "mcc", "mnc", "cn", "net", "gcn", "gscn", "gnet")

# Most messages share it.
NO_FACTS: Final[Mapping[str, str]] = MappingProxyType({})


class Status(IntEnum):
    """What became of a message (section 2).

    A code that the document does not know is a status too: not `known` and not `final`.
    """

    FAILED = -2
    UNDELIVERED = -1
    ACCEPTED = 0
    SENT = 1
    DELIVERED = 2
    SCHEDULED = 3

    @classmethod
    @override
    def _missing_(cls, value: object) -> Self | None:
        """Keep the code of a newer API."""
        if not isinstance(value, int):
            return None
        status = int.__new__(cls, value)
        status._name_, status._value_ = "UNKNOWN", value
        return status

    @property
    def known(self) -> bool:
        """Return whether it is one of the document's."""
        return self._value_ in _STATUSES

    @property
    def final(self) -> bool:
        """Return whether nothing follows."""
        return self in (Status.FAILED, Status.UNDELIVERED, Status.DELIVERED)


_STATUSES: Final[Mapping[int, Status]] = {status.value: status for status in Status}


class Kind(StrEnum):
    """What a message is; its price and statuses depend on it."""

    SMS = "sms"
    TWO_WAY = "two_way"
    VOICE = "voice"
    FLASH_CALL = "flash_call"
    HLR = "hlr"
    PING = "ping"
    HLRVIP = "hlrvip"


class Sender(StrEnum):
    """Words in place of a sender's name that choose another kind of message."""

    TWO_WAY = "2WAY"
    VOICE_FEMALE = "GOLOS"
    VOICE_MALE = "GOLOSM"
    FLASH_CALL = "FLASHCALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The API key, or a login (e-mail) and its password."""

    # What a traceback or a debugger shows is soon in somebody's report.
    api_key: str | None = field(default=None, repr=False)
    login: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def as_params(self) -> dict[str, str]:
        """Return the parameters that prove whose request it is."""
        if self.api_key:
            return {"apikey": self.api_key}
        return {"login": self.login or "", "password": self.password or ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a message was refused or not delivered: the API's code and words."""

    code: int | None
    description: str
    description_ru: str

    @classmethod
    def from_api(cls, row: Json) -> Self | None:
        """Read `error`, `error_en` and `error_ru`; 0, nothing and what is no code mean none."""
        code = integer(row.get("error"))
        english, russian = text(row.get("error_en")), text(row.get("error_ru"))
        if not code and not english and not russian:
            return None
        return cls(code=code or None, description=english, description_ru=russian)

    def text(self, language: str) -> str:
        """Return the API's own words in the language, else in the other one."""
        russian, english = self.description_ru, self.description
        return (russian or english) if language.startswith("ru") else (english or russian)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One row of a response to `send` or `check` (sections 1 and 2), or a pushed status (2.1).

    `id` is None for what was not accepted; `phone` is empty for an id that the API does not know.
    `price` is in RUB. `created` and `modified` are as the API gives them; it names no zone.
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
        """Read a row; without a phone (even an empty one) and a status it is none."""
        server_id = text(row.get("server_id"))
        return cls(
            id=server_id if server_id not in ("", "0") else None,
            phone=required(row, "phone").lstrip("+"),
            status=_status(row["status"]),
            price=money(row.get("price")),
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
class SendResponse:
    """The response to `send` (section 1): amounts in RUB.

    A number whose row could not be read is missing among the messages.
    """

    messages: tuple[MessageRow, ...]
    cost: Decimal | None
    balance: Decimal | None
    packet_id: str | None

    @classmethod
    def from_api(cls, data: Json, messages: tuple[MessageRow, ...]) -> Self:
        """Read what stands beside the rows; older responses name no packet."""
        return cls(
            messages=messages,
            cost=money(data.get("cost")),
            balance=money(data.get("balance")),
            packet_id=optional(data.get("server_packet_id")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """The owner of the key (section 9): balance in RUB, `registered` without a stated zone."""

    id: str
    name: str
    email: str
    phone: str
    balance: Decimal | None
    tariff_id: str
    default_sender: str
    senders: tuple[str, ...]
    registered: datetime | None

    @classmethod
    def from_api(cls, data: Json) -> Self:
        """Read the response; the senders are one string, separated by commas."""
        if not (account_id := required(data, "id")):
            raise ValueError
        senders = (name.strip() for name in text(data.get("senders")).split(","))
        return cls(
            id=account_id,
            name=text(data.get("name")).strip(),
            email=text(data.get("email")).strip(),
            phone=text(data.get("phone")).strip(),
            balance=money(data["balance"]),
            tariff_id=text(data.get("tariff_id")),
            default_sender=text(data.get("default_sender")).strip(),
            senders=tuple(name for name in senders if name),
            registered=moment(data.get("date")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A message somebody wrote to the account (section 6): `created` is UTC.

    `to_the_minute` is where its time has no seconds.
    """

    id: str
    phone: str
    service_number: str
    message: str
    created: datetime
    seen: bool
    to_the_minute: bool = False

    @classmethod
    def from_api(cls, row: Json) -> Self:
        """Read a row of the list; without id, phone, text and time it is none."""
        message_id, created = required(row, "id"), moment(row["created"])
        if not message_id or created is None:
            raise ValueError
        return cls(
            id=message_id,
            phone=required(row, "phone"),
            service_number=text(row.get("num")),
            message=required(row, "text"),
            created=created,
            seen=text(row.get("seen")) not in ("", "0"),
            to_the_minute=text(row["created"]).count(":") == 1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundList:
    """The list of inbound messages (section 6.2), and the API's time when it was made."""

    messages: tuple[InboundMessage, ...]
    at: datetime | None


def _status(value: Any) -> Status:
    number = integer(value)
    if number is None:
        raise ValueError
    if (status := _STATUSES.get(number)) is None:
        _LOGGER.debug("The API tells a status that its document does not know: %s", number)
        status = Status(number)
    return status


def _facts(row: Json) -> Mapping[str, str]:
    """Return HLRVIP's extra facts, whether fields of their own or inside `message`."""
    inside = row.get("message")
    if (facts := _known(row)) or not isinstance(inside, str):
        return facts
    found: Any = None
    with suppress(ValueError, RecursionError):
        found = json.loads(inside)
    if not isinstance(found, dict):
        pairs = (part.partition("=") for part in inside.replace(";", "\n").splitlines())
        found = {key.strip(): value.strip() for key, sign, value in pairs if sign}
    return _known(found)


def _known(values: Json) -> Mapping[str, str]:
    """Return the facts among the values; a text of somebody's may look like some, and not be."""
    found = {key: values[key] for key in HLRVIP_FACTS if key in values}
    facts = {key: text(value) for key, value in found.items() if value != "" and is_scalar(value)}
    return facts or NO_FACTS
