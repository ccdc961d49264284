"""The service's values, each made by one `from_api` from whatever the service answers."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import IntEnum, StrEnum
import json
from types import MappingProxyType
from typing import Any, Self

type Json = Mapping[str, Any]

# Section 3.3. The document calls the service centre `mnc` a second time and writes `gscn`.
HLRVIP_FACTS = ("imsi", "msc", "mcc", "mnc", "cn", "net", "gcn", "gscn", "gnet")

# Most messages share it.
NO_FACTS: Mapping[str, str] = MappingProxyType({})

# What JSON says a text or a number with; a tuple is asked faster than a union.
PLAIN = (str, int, float, Decimal)
# An exponent can make a few characters an amount of gigabytes.
MAX_DIGITS = 18
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Status(IntEnum):
    """What became of a message (section 2)."""

    FAILED = -2
    UNDELIVERED = -1
    ACCEPTED = 0
    SENT = 1
    DELIVERED = 2
    SCHEDULED = 3

    @property
    def final(self) -> bool:
        """Return whether nothing follows."""
        return self in (Status.FAILED, Status.UNDELIVERED, Status.DELIVERED)


_STATUSES: Mapping[int, Status] = {status.value: status for status in Status}


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
        """Return the parameters that prove who asks."""
        if self.api_key:
            return {"apikey": self.api_key}
        return {"login": self.login or "", "password": self.password or ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a message was refused or not delivered: the service's code and words."""

    code: int | None
    description: str
    description_ru: str

    @classmethod
    def from_api(cls, row: Json) -> Self | None:
        """Read `error`, `error_en` and `error_ru`; 0 and nothing mean none."""
        code = integer(row.get("error"))
        english, russian = text(row.get("error_en")), text(row.get("error_ru"))
        if not code and not english and not russian:
            return None
        return cls(code=code or None, description=english, description_ru=russian)

    def text(self, language: str) -> str:
        """Return the service's own words in the language, else in the other one."""
        russian, english = self.description_ru, self.description
        return (russian or english) if language.startswith("ru") else (english or russian)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row of an answer to `send` or `check` (sections 1 and 2).

    `id` is None for what was not accepted. `price` is in RUB. `created` and `modified` are as
    the service gives them; it does not say in which zone.
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
        """Read a row; only phone and status must be there."""
        server_id = text(row.get("server_id"))
        return cls(
            id=server_id if server_id not in ("", "0") else None,
            phone=text(row["phone"]).lstrip("+"),
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
class Receipt:
    """The answer to `send` (section 1): money in RUB."""

    messages: tuple[Message, ...]
    cost: Decimal | None
    balance: Decimal | None
    packet_id: str | None

    @classmethod
    def from_api(cls, data: Json) -> Self:
        """Read the answer; older ones name no packet."""
        return cls(
            messages=tuple(Message.from_api(row) for row in rows(data["send"])),
            cost=money(data.get("cost")),
            balance=money(data.get("balance")),
            packet_id=optional(data.get("server_packet_id")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The owner of the key (section 9): balance in RUB, `registered` without a stated zone."""

    id: str
    name: str
    email: str
    phone: str
    balance: Decimal
    tariff_id: str
    default_sender: str
    senders: tuple[str, ...]
    registered: datetime | None

    @classmethod
    def from_api(cls, data: Json) -> Self:
        """Read the answer; the senders are one string, separated by commas."""
        balance = money(data["balance"])
        account_id = text(data["id"])
        if balance is None or not account_id:
            raise ValueError
        senders = (name.strip() for name in text(data.get("senders")).split(","))
        return cls(
            id=account_id,
            name=text(data.get("name")).strip(),
            email=text(data.get("email")).strip(),
            phone=text(data.get("phone")).strip(),
            balance=balance,
            tariff_id=text(data.get("tariff_id")),
            default_sender=text(data.get("default_sender")).strip(),
            senders=tuple(name for name in senders if name),
            registered=moment(data.get("date")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A message somebody wrote to the account (section 6): `created` is UTC."""

    id: str
    phone: str
    service_number: str
    message: str
    created: datetime
    seen: bool

    @classmethod
    def from_api(cls, row: Json) -> Self:
        """Read a row of the list."""
        message_id, phone, created = text(row["id"]), text(row["phone"]), moment(row["created"])
        if not message_id or created is None:
            raise ValueError
        return cls(
            id=message_id,
            phone=phone,
            service_number=text(row.get("num")),
            message=text(row["text"]),
            created=created,
            seen=text(row.get("seen")) not in ("", "0"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The list of inbound messages, and the service's time when it was made.

    `unreadable` is how many of its rows make no sense; they are left out.
    """

    messages: tuple[InboundMessage, ...]
    at: datetime | None
    unreadable: int = 0


def rows(value: Any) -> list[Json]:
    """Return a list also of a lone object, and an empty one of nothing."""
    if value is None or value == "":
        return []
    if isinstance(value, Mapping):
        # PHP turns a list with gaps into an object of rows.
        nested = list(value.values())
        return nested if nested and all(isinstance(row, Mapping) for row in nested) else [value]
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise TypeError
    return value


def text(value: Any) -> str:
    """Return a string of a string or a number, and "" of nothing."""
    if value is None:
        return ""
    if not _plain(value):
        raise TypeError
    return whole(str(value))


def whole(string: str) -> str:
    """Join or replace half an emoji, as escapes of JSON and of templates can spell it.

    Nobody could send or store one.
    """
    if string.isascii():
        return string
    return string.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def optional(value: Any) -> str | None:
    """Return the text, or None where it is empty."""
    return text(value) or None


def integer(value: Any) -> int | None:
    """Return the whole number, or None of nothing."""
    amount = money(value)
    return None if amount is None else int(amount)


def money(value: Any) -> Decimal | None:
    """Return an exact amount in RUB, or None of nothing."""
    if value is None or value == "":
        return None
    try:
        amount = Decimal(text(value).strip().replace(",", "."))
    except InvalidOperation as err:
        raise ValueError from err
    if not amount.is_finite() or abs(amount.adjusted()) > MAX_DIGITS:
        raise ValueError
    return amount


def moment(value: Any) -> datetime | None:
    """Return an aware time, or None of nothing; the seconds may be missing."""
    if not (string := text(value).strip()) or string.startswith("0000"):
        return None
    if string.isdecimal():
        return EPOCH + timedelta(seconds=int(string))
    time = datetime.fromisoformat(string)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _status(value: Any) -> Status:
    """Return the status; one the document does not know is at least not final."""
    number = integer(value)
    if number is None:
        raise ValueError
    return _STATUSES.get(number, Status.ACCEPTED)


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
    facts = {key: text(value) for key, value in found.items() if value != "" and _plain(value)}
    return facts or NO_FACTS


def _plain(value: Any) -> bool:
    return isinstance(value, PLAIN) and not isinstance(value, bool)
