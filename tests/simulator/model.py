"""What the service knows: accounts, phones, messages, and the records it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Final

# 64 letters and digits, as the keys of the service.
DEFAULT_KEY: Final = "SIMULATOR0SIMULATOR0SIMULATOR0SIMULATOR0SIMULATOR0SIMULATOR0SIMU"
# The vendor's public key: its account acts as in the test mode, always.
EMULATOR_KEY: Final = "XXXXXXXXXXXXYYYYYYYYYYYYZZZZZZZZXXXXXXXXXXXXYYYYYYYYYYYYZZZZZZZZ"
SERVICE_NUMBER: Final = "79533984570"


class Status(IntEnum):
    """Where a message is (section 2)."""

    FAILED = -2
    UNDELIVERED = -1
    ACCEPTED = 0
    SENT = 1
    DELIVERED = 2
    SCHEDULED = 3


FINAL: Final = frozenset({Status.FAILED, Status.UNDELIVERED, Status.DELIVERED})


class Kind(StrEnum):
    """What was bought."""

    SMS = "sms"
    TWO_WAY = "two_way"
    VOICE = "voice"
    FLASH_CALL = "flash_call"
    HLR = "hlr"
    PING = "ping"
    HLRVIP = "hlrvip"


CHECKS: Final = frozenset({Kind.HLR, Kind.PING, Kind.HLRVIP})
CALLS: Final = frozenset({Kind.VOICE, Kind.FLASH_CALL})


class Command(StrEnum):
    """What a request asks for."""

    SEND = "send"
    CHECK = "check"
    INBOUND = "inbound"
    BALANCE = "balance"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text approved in the cabinet, literal or a regular expression."""

    text: str
    regex: bool = False
    survey: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Why an account is refused."""

    code: int = 106
    status: int | None = -5
    status_ru: str | None = "Проблемы с эл. почтой"


@dataclass(slots=True, kw_only=True)
class Account:
    """A customer of the service with the settings of the cabinet."""

    id: int = 5671
    apikey: str = DEFAULT_KEY
    login: str = "info@example.com"
    password: str = "cabinet-password"  # a made-up one
    tariff_id: int = 5
    email: str = "info@example.com"
    name: str = " Иванов Сергей Николаевич "
    phone: str = "79087964781"
    balance: Decimal = Decimal("2936.81")
    registered: datetime = datetime(2010, 6, 3, 9, 45, 41, tzinfo=UTC)
    default_sender: str = "INFORM"
    senders: list[str] = field(default_factory=lambda: ["INFORM", "test"])
    # None is a business account: any text goes.
    templates: list[Template] | None = None
    contacts: list[str] = field(default_factory=list)
    # Empty: from anywhere.
    allowed_ips: list[str] = field(default_factory=list)
    blocked: Blocked | None = None
    duplicate_guard: bool = False
    status_url: str | None = None
    status_method: str = "get"
    inbound_url: str | None = None
    emulator: bool = False


@dataclass(slots=True, kw_only=True)
class Phone:
    """A subscriber's phone and how it takes what is sent to it."""

    number: str
    # Whose it is; the service does not know, the phone page shows it.
    owner: str = ""
    on: bool = True
    in_service: bool = True
    blacklisted: bool = False
    supported: bool = True
    refuses_calls: bool = False
    country: str = "Россия"
    operator: str = "Теле2"
    imsi: str = "250200000000001"
    msc: str = "79520001500"
    mcc: str = "250"
    mnc: str = "20"
    roaming_country: str = ""
    roaming_operator: str = ""
    # A fixed outcome, regardless of the other fields.
    outcome: Status | None = None
    outcome_error: int = 604


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something ordered; replaced by a newer one when its status changes."""

    server_id: int
    packet_id: int
    account: int
    phone: str
    text: str
    kind: Kind
    sender: str
    sender_orig: str
    parts: int
    price: Decimal
    status: Status
    error: int
    created: datetime
    modified: datetime
    send_datetime: datetime | None = None
    ttl: int | None = None
    callback: str | None = None
    callback_method: str = "get"
    country: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A message to the service number."""

    id: int
    account: int
    phone: str
    num: str
    # As it was sent, and with the account's prefix removed.
    raw: str
    text: str
    created: datetime
    seen: bool = False
    # From when on the list shows it; None: as the options say.
    listed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A line of the ledger: what was accepted and paid."""

    server_id: int
    packet: int
    account: int
    phone: str
    kind: Kind
    text: str
    sender: str
    price: Decimal
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    params: Mapping[str, str]
    command: Command
    content_type: str
    headers: Mapping[str, str]
    remote: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A call the service made to the customer, and what it was answered."""

    url: str
    method: str
    params: Mapping[str, str]
    # None: no answer; then `failure` says why.
    status: int | None
    body: str
    failure: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A parameter the real service would ignore without an error."""

    command: Command
    name: str
    value: str
    reason: str
