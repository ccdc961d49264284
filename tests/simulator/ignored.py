"""The parameters of a request that the service would ignore without an error."""

from collections.abc import Iterator, Mapping
from typing import Final

from .fields import FACT_FIELDS, MESSAGE_FIELDS, PUSH_FIELDS, fields_of
from .model import Command

type Note = tuple[str, str]
type Params = Mapping[str, str]

_COMMON: Final = frozenset(
    {"apikey", "login", "password", "format", "charset", "lang", "debug", "test", "cost", "r"}
)
_OWN: Final[Mapping[Command, frozenset[str]]] = {
    Command.SEND: frozenset(
        {"send", "to", "from", "send_datetime", "ttl", "fields", "callback", "callback_method"}
    ),
    Command.CHECK: frozenset({"check", "fields", "limit", "offset", "id"}),
    Command.INBOUND: frozenset({"inbound"}),
    Command.BALANCE: frozenset({"balance"}),
    Command.ACCOUNT: frozenset(),
}
_KNOWN: Final = _COMMON.union(*_OWN.values())
# Section 3 lists fewer parameters than section 1.
_NOT_FOR_CHECKS: Final = frozenset({"from", "send_datetime", "ttl"})
_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "format": frozenset({"json", "xml", "text", "v"}),
    "lang": frozenset({"en", "ru"}),
    "test": frozenset({"0", "1"}),
    "cost": frozenset({"0", "1"}),
    "callback_method": frozenset({"get", "post"}),
    "balance": frozenset({"rur", "sms"}),
}
_LIMITS: Final[Mapping[str, int]] = {"limit": 1000, "offset": 10**9}
_CODE_LENGTH: Final = 4


def ignored(command: Command, params: Params) -> Iterator[Note]:
    """Name the parameters without effect, and why."""
    yield from _by_name(command, params)
    if "lang" in params and params.get("format") in ("json", "xml"):
        yield "lang", "only for the formats text and v"
    if "apikey" in params:
        yield from ((each, "beside an apikey") for each in ("login", "password") if each in params)
    if command is Command.SEND:
        yield from _of_send(params)
    if command is Command.CHECK:
        yield from _of_check(params)
    if command in (Command.SEND, Command.CHECK):
        known = {"all", *MESSAGE_FIELDS, *FACT_FIELDS}
        asked = (each.strip() for each in params.get("fields", "").split(","))
        yield from (
            ("fields", f"unknown field {each}") for each in asked if each and each not in known
        )


def _by_name(command: Command, params: Params) -> Iterator[Note]:
    for name, value in params.items():
        if name not in _KNOWN:
            yield name, "unknown"
        elif name not in _COMMON | _OWN[command]:
            yield name, f"senseless for {command}"
        elif name in _VALUES and value not in _VALUES[name]:
            yield name, "unknown value"


def _of_send(params: Params) -> Iterator[Note]:
    if params["send"] in ("HLR", "PING", "HLRVIP"):
        for name in _NOT_FOR_CHECKS & params.keys():
            yield name, "senseless for a number check"
    if "callback_method" in params and "callback" not in params:
        yield "callback_method", "without a callback"
    if params.get("from") == "FLASHCALL":
        if len(params["send"]) != _CODE_LENGTH or not params["send"].isdecimal():
            yield "send", "a code has four digits"
        if "," in params.get("to", ""):
            yield "to", "a code goes to one number"
    asked = fields_of(params.get("callback"))
    yield from (
        ("callback", f"unknown field {each}") for each in asked if each not in ("all", *PUSH_FIELDS)
    )


def _of_check(params: Params) -> Iterator[Note]:
    if "id" in params and params["check"] != "packet":
        yield "id", "only for check=packet"
    for name, most in _LIMITS.items():
        value = params.get(name, "0")
        if not (value.isascii() and value.isdecimal()) or int(value) > most:
            yield name, "no number in bounds"
