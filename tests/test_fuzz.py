"""Anything in: a value or an error of ours out, soon, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
import json
import re
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
from hypothesis import given, settings, strategies as st
import phonenumbers
import pytest

from custom_components.smspilot.client import Credentials, Kind, Smspilot, SmspilotError
from custom_components.smspilot.contacts.phones import UnreadablePhone, parse_phone
from custom_components.smspilot.push_body import MalformedPush
from custom_components.smspilot.webhook import InboundPush, StatusPush, parse

from .simulator.examples import EXAMPLES

# Seconds; far more than any answer takes on a busy machine.
SOON = 5.0
PHONE = "79087964781"

# Valid values that are not expected there.
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 1.5, 10**30, float("inf"), float("nan")),
    *("", " ", "0", "-2", "2", "null", "NaN", "-Infinity", "1e999999999", "1e-999999999"),
    *("9" * 30, "100000000000000000", "1_0", "١٢", "²", "\x00", "\ud800", "🙂"),
    *("2021-13-45 99:99", "2021-01-01 10:00", "0001-01-01T00:00:00+23:59"),
    *("9999-12-31T23:59:59-23:59", "9999-12-31", "10", "1970-W01", "T"),
    *('{"net": [1]}', "net=x;mcc", "+" + PHONE, PHONE, "HLR"),
    *([], {}, [[]], {"": ""}, [PHONE], {"error": {"code": 106}}, {"code": "x"}),
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner)
)
ENDLESS = st.sampled_from(["9", "[", '{"a":', "=;"]).map(lambda piece: piece * 10_000)
JUNK = st.sampled_from(ODD) | ENDLESS | VALUES
ANSWERS = [json.loads(each.answer) for each in EXAMPLES if "format=json" in each.query]


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Go through all places of a JSON value, as container and key."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from spots(value[key])


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """Return a JSON value with some of it replaced, dropped, wrapped or turned."""
    value = deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        if not (places := [*spots(value)]):
            return draw(JUNK)
        container, key = draw(st.sampled_from(places))
        match draw(st.integers(0, 5)):
            case 0:
                del container[key]
            case 1:
                container[key] = [container[key]]
            case 2 if isinstance(container, dict):
                container[draw(st.text(max_size=5))] = container.pop(key)
            case _:
                container[key] = draw(JUNK)
    return value


@st.composite
def scratched(draw: st.DrawFn, data: bytes) -> bytes:
    """Return bytes with a few of them cut out or put in."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 5))
        data = data[:start] + draw(st.binary(max_size=5)) + data[end:]
    return data


BODIES = st.one_of(
    st.binary(max_size=200),
    JUNK.map(json.dumps).map(str.encode),
    st.sampled_from(ANSWERS).flatmap(spoilt).map(json.dumps).map(str.encode),
    st.sampled_from([json.dumps(each).encode() for each in ANSWERS]).flatmap(scratched),
)
DATES = st.none() | st.sampled_from(
    ["Mon, 20 Sep 2021 10:00:00 GMT", "Mon, 20 Sep 2021 10:00:00 -0000", "x"]
)


class Oracle:
    """A service that answers every request with the bytes laid before it."""

    body = b""
    headers = ""
    url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.body)}\r\n".encode()
                writer.write(head + self.headers.encode("latin-1") + b"\r\n" + self.body)
                await writer.drain()
        except asyncio.IncompleteReadError, ConnectionError:
            writer.close()


@pytest.fixture
async def oracle(socket_enabled: None) -> AsyncIterator[tuple[Oracle, Smspilot]]:
    async with consulted() as both:
        yield both


@asynccontextmanager
async def consulted() -> AsyncIterator[tuple[Oracle, Smspilot]]:
    oracle = Oracle()
    server = await asyncio.start_server(oracle.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api.php"
    async with ClientSession() as session:
        yield oracle, Smspilot(session, Credentials(api_key="key"), url=url)
    server.close()
    server.close_clients()
    await server.wait_closed()


async def ask_everything(client: Smspilot) -> list[Any]:
    """Put the same answer before every way to read one; return the values."""
    since = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
    found: list[Any] = []
    for ask in (
        lambda: client.send("Hello", [PHONE]),
        lambda: client.cost("Hello", [PHONE]),
        lambda: client.check_numbers(Kind.HLRVIP, [PHONE]),
        lambda: client.check(["1"]),
        client.balance,
        client.sms_left,
        client.account,
        lambda: client.inbound_since(since),
    ):
        start = monotonic()
        try:
            found.append(await ask())
        except SmspilotError as err:
            found.append(str(err))
        assert monotonic() - start < SOON
    return found


def check_value(value: Any) -> None:
    """Fail on what would harm the user of the value."""
    if is_dataclass(value):
        for field in fields(value):
            check_value(getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            check_value(each)
    elif isinstance(value, dict):
        check_value(tuple(value.values()))
    elif isinstance(value, str):
        # Half an emoji cannot be stored.
        value.encode()
    elif isinstance(value, Decimal):
        assert value.is_finite()
        assert len(f"{value:.2f}") < 30
    elif isinstance(value, datetime):
        assert value.utcoffset() == timedelta()
    elif isinstance(value, int):
        assert abs(value) < 10**20


@given(body=BODIES, date=DATES)
@settings(max_examples=250)
async def test_any_answer(oracle: tuple[Oracle, Smspilot], body: bytes, date: str | None) -> None:
    """Whatever the response: a harmless value, or an error of the client's."""
    service, client = oracle
    service.body, service.headers = body, f"Date: {date}\r\n" if date else ""
    for value in await ask_everything(client):
        check_value(value)
    now = client.now()
    assert now is None or now.tzinfo


@given(
    body=st.binary(max_size=100),
    encoding=st.sampled_from(["gzip", "deflate", "br", "zstd", "identity", "x"]),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
)
@settings(max_examples=40)
async def test_any_headers(
    oracle: tuple[Oracle, Smspilot], body: bytes, encoding: str, header: str
) -> None:
    service, client = oracle
    service.body = body
    service.headers = f"Content-Encoding: {encoding}\r\n{header}\r\nDate: {header}\r\n"
    await ask_everything(client)


SIZE = 1024 * 1024
LARGE = [
    b"[" * SIZE,
    b'{"a":' * (SIZE // 5),
    b"\\" * SIZE,
    b'"' * SIZE,
    b'"' + b"\\" * SIZE,
    b"," * SIZE,
    b", " * (SIZE // 2),
    b"," + b" " * SIZE,
    b'{"balance":' + b"9" * SIZE + b"}",
    b'{"balance":"' + b"9" * SIZE + b'"}',
    b'{"check":[' + b'{"phone":"1","status":"1"},' * (SIZE // 27) + b"]}",
    b'{"inbound":[{"id":"1","phone":"1","text":"","created":"' + b"9" * SIZE + b'"}]}',
    b'{"senders":"' + b"," * SIZE + b'","id":"1","balance":"1"}',
    json.dumps({"check": [{"phone": "1", "status": "1", "message": "=;" * SIZE}]}).encode(),
]


@pytest.mark.parametrize("body", LARGE, ids=range(len(LARGE)))
async def test_large_answer(oracle: tuple[Oracle, Smspilot], body: bytes) -> None:
    """Nor does anything take long."""
    service, client = oracle
    service.body = body
    await ask_everything(client)


COUNTRIES = st.sampled_from([None, "RU", "KZ", "DE", "US", "XX", ""])
NUMBERS = st.one_of(
    st.text(),
    st.text("+0123456789 ()-.٠²#*;,x", max_size=20),
    st.from_regex(r"(\+|8|00)?[ (]?\d{3}[) -]{0,2}\d{3}[- ]?\d{2}[- ]?\d{2}", fullmatch=True),
    st.integers(),
    st.integers(10**9, 10**12),
    st.integers(4200, 4400).map(lambda digits: 10**digits),
    JUNK,
    st.binary(),
)


@given(value=NUMBERS, country=COUNTRIES)
@settings(max_examples=1500)
def test_any_phone(value: object, country: str | None) -> None:
    """A number in the one form, the same when it is read again, or none."""
    hass = cast("HomeAssistant", SimpleNamespace(config=SimpleNamespace(country=country)))
    try:
        phone = parse_phone(hass, value)
    except UnreadablePhone:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{5,14}", phone)
    # A national prefix may be cut off again from digits that are no phone number.
    if phonenumbers.is_valid_number(phonenumbers.parse(phone)):
        assert parse_phone(hass, phone) == phone


NAMES = st.sampled_from(
    [
        *("server_id", "phone", "status", "error", "error_en", "error_ru", "price", "parts"),
        *("id", "message", "user_id", "num", "created", "modified", "sender", "imsi", "net"),
    ]
)
WORDS = st.text() | st.sampled_from(ODD).map(str) | ENDLESS
PUSHES = st.one_of(
    st.dictionaries(NAMES | st.text(), WORDS),
    st.fixed_dictionaries(
        {"server_id": st.just("12") | WORDS, "phone": WORDS}
        | {"status": st.sampled_from(["-2", "0", "1", "2", "3"]) | WORDS},
        optional={"message": WORDS, "created": WORDS, "price": WORDS, "error": WORDS},
    ),
    st.fixed_dictionaries(
        {"id": st.integers(0).map(str) | st.text("012²١", min_size=1) | WORDS}
        | {"phone": st.just(PHONE) | WORDS, "message": WORDS},
        optional={"user_id": WORDS, "num": WORDS},
    ),
)


@given(push=PUSHES)
@settings(max_examples=800)
def test_any_push(push: dict[str, str]) -> None:
    """Whatever a push says: it is one, it is nothing, or it is refused."""
    try:
        parsed = parse(push, datetime.now(UTC))
    except MalformedPush:
        return
    assert isinstance(parsed, StatusPush | InboundPush) or not push
    check_value(parsed)
    if isinstance(parsed, InboundPush):
        assert len(parsed.message.id) <= 64
        # It is sorted by its number.
        int(parsed.message.id)
