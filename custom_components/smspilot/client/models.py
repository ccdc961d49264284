"""The API's codes and values; each `from_api` parses one part of a response."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Final, Self, override

from .values import Json, identifier, moment, money, required, text


class Status(IntEnum):
    """The status of a message (section 2).

    A code that the document does not list is a status too: not `known` and not `final`.
    For the other places of a new one see "How to add something" in docs/developing.md.
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
        """Return whether the document lists the status."""
        return self._value_ in _STATUSES

    @property
    def progress(self) -> int | None:
        """Return the rank of the status, 0 to 3, where a later one is higher; None if unknown."""
        return len(_PROGRESS) if self.final else _PROGRESS.get(self)

    @property
    def final(self) -> bool:
        """Return whether no other status follows."""
        return self in (Status.FAILED, Status.UNDELIVERED, Status.DELIVERED)


_STATUSES: Final[Mapping[int, Status]] = {status.value: status for status in Status}
_PROGRESS: Final = {Status.SCHEDULED: 0, Status.ACCEPTED: 1, Status.SENT: 2}


class Kind(StrEnum):
    """What a message is; its price and statuses depend on it."""

    SMS = "sms"
    TWO_WAY = "two_way"
    VOICE = "voice"
    FLASH_CALL = "flash_call"
    HLR = "hlr"
    PING = "ping"
    HLRVIP = "hlrvip"


# Texts that order a number check in place of a message (section 3).
NUMBER_CHECKS: Final = {Kind.HLR: "HLR", Kind.PING: "PING", Kind.HLRVIP: "HLRVIP"}
SERVICE_WORDS: Final = frozenset(NUMBER_CHECKS.values())
_BY_SERVICE_WORD: Final = {word: kind for kind, word in NUMBER_CHECKS.items()}


class Sender(StrEnum):
    """Reserved sender names that choose another kind of message (sections 4, 5, 7)."""

    TWO_WAY = "2WAY"
    VOICE_FEMALE = "GOLOS"
    VOICE_MALE = "GOLOSM"
    FLASH_CALL = "FLASHCALL"


_BY_SENDER: Final[Mapping[str, Kind]] = {
    Sender.TWO_WAY: Kind.TWO_WAY,
    Sender.VOICE_FEMALE: Kind.VOICE,
    Sender.VOICE_MALE: Kind.VOICE,
    Sender.FLASH_CALL: Kind.FLASH_CALL,
}


def kind_of(text: str | None, *senders: str | None) -> Kind | None:
    """Return the kind by a message's text, else by the first reserved one of its senders."""
    if check := _BY_SERVICE_WORD.get((text or "").strip()):
        return check
    found = (_BY_SENDER.get((sender or "").upper()) for sender in senders)
    return next(filter(None, found), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The API key, or a login (e-mail) and its password."""

    # Left out of `repr`, which tracebacks show.
    api_key: str | None = field(default=None, repr=False)
    login: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def as_params(self) -> dict[str, str]:
        """Return the parameters that authenticate a request."""
        if self.api_key:
            return {"apikey": self.api_key}
        return {"login": self.login or "", "password": self.password or ""}


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
        """Parse the response; raise where `id` or `balance` is missing."""
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
    """A message to the account (section 6); `created` is in UTC.

    `to_the_minute` says that the API gave the time without seconds.
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
        """Parse a row of the list; raise where id, phone, text or time is missing."""
        message_id, created = identifier(row["id"]), moment(row["created"])
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
    """The list of inbound messages (section 6.2), and the API's time of the response."""

    messages: tuple[InboundMessage, ...]
    at: datetime | None
