"""What can go wrong between the client and the service, and that no request is ever repeated."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
import gzip
import ipaddress
import logging
from pathlib import Path
import ssl
from traceback import format_exception
from typing import Any, override

from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.smspilot.client import (
    AccountBlocked,
    ApiError,
    CallbackRefused,
    ConnectionFailed,
    Credentials,
    DeliveryFailed,
    DuplicateRefused,
    InvalidCredentials,
    InvalidRequest,
    InvalidResponse,
    IpNotAllowed,
    NoMoney,
    RecipientRefused,
    ResponseLost,
    ResponseTimeout,
    SenderRefused,
    ServiceFailed,
    Smspilot,
    SmspilotError,
    TextRefused,
    UnreadableRows,
)
from custom_components.smspilot.errors import problem_from_error

from .simulator.errors import texts
from .simulator.model import DEFAULT_KEY, Blocked
from .simulator.simulator import Simulator

PAPA = "79087964781"
TEXT = "Протечка!"
KEY = Credentials(api_key=DEFAULT_KEY)

# The table of the vendor's error codes, by what there is to do about them.
REACTIONS: dict[type[ApiError], tuple[int, ...]] = {
    InvalidCredentials: (100, 101, 102, 400, 401),
    IpNotAllowed: (113,),
    AccountBlocked: (103, 104, 105, 106, 107, 117, 122, 242),
    NoMoney: (112, 241),
    RecipientRefused: (108, 111, 210, 211, 212, 213, 214, 215),
    SenderRefused: (115, 116, 200, 201, 202, 203, 204, 226),
    TextRefused: (223, 224, 225, 227, 247, 248),
    DuplicateRefused: (118, 243),
    InvalidRequest: (
        *(10, 11, 12, 13, 14, 109, 220, 221, 230, 231, 240, 250, 270, 275),
        *(300, 301, 302, 303, 304, 500),
    ),
    CallbackRefused: (260,),
    ServiceFailed: (110,),
    DeliveryFailed: (600, 601, 602, 603, 604, 605),
    # Unknown ones.
    ApiError: (1, 99, 119, 205, 216, 305, 606, 715),
}


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[Smspilot]:
    async with connected(simulator.url) as client:
        yield client


@asynccontextmanager
async def connected(
    url: str, *, seconds: float = 30, resolver: AbstractResolver | None = None
) -> AsyncIterator[Smspilot]:
    """Have a client of an address, with a session of its own."""
    async with ClientSession(connector=TCPConnector(resolver=resolver)) as session:
        yield Smspilot(session, KEY, url=url, timeout=timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("code", "reaction"),
    [(code, reaction) for reaction, codes in REACTIONS.items() for code in codes],
)
async def test_code(
    simulator: Simulator, client: Smspilot, code: int, reaction: type[ApiError]
) -> None:
    """Each code is one reaction, with the service's own words."""
    simulator.fault("error", code=code, phone=PAPA)
    with pytest.raises(SmspilotError) as raised:
        await client.send(TEXT, [PAPA])
    err = raised.value
    assert type(err) is reaction
    assert isinstance(err, ApiError)
    english, russian = texts(code)
    assert (err.code, err.description, err.description_ru) == (code, english, russian)
    problem = problem_from_error(err)
    languages = map(problem.text, ("en", "ru", "de"))
    assert [*languages] == [english, russian, english]
    assert err.phone == PAPA
    assert str(err) == f"{code}: {english}"
    assert len(simulator.requests) == 1


async def test_why_blocked(simulator: Simulator, client: Smspilot) -> None:
    simulator.account.blocked = Blocked()
    with pytest.raises(AccountBlocked) as raised:
        await client.account()
    assert (raised.value.code, raised.value.status) == (106, "-5")
    assert raised.value.status_ru == "Проблемы с эл. почтой"


async def test_refused_before_a_request(simulator: Simulator, client: Smspilot) -> None:
    """A wrong key, and an address that is not in the list, are two things."""
    simulator.account.allowed_ips = ["192.0.2.1"]
    with pytest.raises(IpNotAllowed):
        await client.balance()
    for wrong in (
        Credentials(api_key="F" * 64),
        Credentials(login="info@example.com", password="wrong"),
        Credentials(),
    ):
        client.credentials = wrong
        with pytest.raises(InvalidCredentials):
            await client.balance()


@pytest.mark.parametrize(
    ("description", "russian", "english"),
    [
        ({"description": "Refused"}, "Refused", "Refused"),
        ({"description_ru": "Отказ"}, "Отказ", "Отказ"),
        ({}, "", ""),
    ],
)
async def test_words_of_one_language(
    description: dict[str, str], russian: str, english: str
) -> None:
    problem = problem_from_error(ApiError(1, **{"description": "", **description}))
    assert (problem.text("ru"), problem.text("en")) == (russian, english)


FAULTS: list[tuple[str, type[SmspilotError]]] = [
    ("reset", ResponseLost),
    ("hang", ResponseTimeout),
    ("html", InvalidResponse),
    ("http_500", InvalidResponse),
    ("http_502_html", InvalidResponse),
    ("http_404_html", InvalidResponse),
    ("redirect", InvalidResponse),
    ("truncated", InvalidResponse),
    ("empty", InvalidResponse),
    ("not_utf8", InvalidResponse),
    ("other_json", InvalidResponse),
    ("huge", InvalidResponse),
]


@pytest.mark.parametrize(("kind", "error"), FAULTS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_answer_lost(
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    error: type[SmspilotError],
    when: str,
) -> None:
    """The error has the reason, one request was made, and no log has the key or the text."""
    caplog.set_level(logging.DEBUG)
    fault = simulator.fault(kind, when=when)
    async with connected(simulator.url, seconds=0.5 if kind == "hang" else 30) as client:
        with pytest.raises(SmspilotError) as raised:
            await client.send(TEXT, [PAPA])
    assert type(raised.value) is error
    assert fault.fired == len(simulator.requests) == 1
    assert len(simulator.orders) == (when == "after")
    said = f"{raised.value!r} {''.join(format_exception(raised.value))} {caplog.text}"
    assert not any(secret in said for secret in (DEFAULT_KEY, TEXT, PAPA, simulator.url))


async def test_no_redirect(simulator: Simulator, client: Smspilot) -> None:
    """The key goes nowhere else."""
    async with Simulator() as elsewhere:
        simulator.fault("redirect", location=elsewhere.url)
        with pytest.raises(InvalidResponse, match="302"):
            await client.balance()
        assert elsewhere.requests == []


@pytest.mark.parametrize("body", ["[]", "null", "1", '""', "{}", '{"send": 1}', '{"send": [1]}'])
@pytest.mark.parametrize("error", ["", '"error": "no"', '"error": {"text": 1}', '"error": [1]'])
async def test_other_json(simulator: Simulator, client: Smspilot, body: str, error: str) -> None:
    """What is JSON, but none of the API's."""
    simulator.fault("other_json", body=f"{{{error}}}" if error else body)
    with pytest.raises(InvalidResponse) as raised:
        await client.send(TEXT, [PAPA])
    has_rows = not error and body == '{"send": [1]}'
    assert type(raised.value) is (UnreadableRows if has_rows else InvalidResponse)


async def test_refused_connection(simulator: Simulator, client: Smspilot) -> None:
    await simulator.down()
    with pytest.raises(ConnectionFailed):
        await client.send(TEXT, [PAPA])
    await simulator.up()
    await client.send(TEXT, [PAPA])
    assert len(simulator.orders) == 1


class Resolver(AbstractResolver):
    """A name server that does what a test wants."""

    def __init__(self, work: Callable[[], Awaitable[Any]]) -> None:
        self._work = work

    @override
    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        await self._work()
        raise OSError("Name or service not known")

    @override
    async def close(self) -> None:
        """Have nothing to close."""


async def test_no_such_name() -> None:
    resolver = Resolver(lambda: asyncio.sleep(0))
    async with connected("http://sms.example/api.php", resolver=resolver) as client:
        with pytest.raises(ConnectionFailed):
            await client.send(TEXT, [PAPA])


async def test_connecting_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """While there is no connection nothing went out."""
    monkeypatch.setattr("custom_components.smspilot.client.transport.CONNECT_TIMEOUT", 0.05)
    resolver = Resolver(asyncio.Event().wait)
    async with connected("http://sms.example/api.php", resolver=resolver) as client:
        with pytest.raises(ConnectionFailed):
            await client.send(TEXT, [PAPA])


@pytest.mark.parametrize(
    "url", ["ftp://me:secret@sms.example", "http://", "nonsense", "http://me:secret@[::1"]
)
async def test_no_address(url: str) -> None:
    """It is not shown: it may hold a password."""
    async with connected(url) as client:
        with pytest.raises(ConnectionFailed) as raised:
            await client.send(TEXT, [PAPA])
    assert "secret" not in "".join(format_exception(raised.value))


async def test_closed_session() -> None:
    async with connected("http://127.0.0.1:9") as client:
        pass
    with pytest.raises(ResponseLost):
        await client.balance()


@pytest.mark.parametrize("trusted", [True, False])
async def test_tls(tmp_path: Path, socket_enabled: None, *, trusted: bool) -> None:
    """An untrusted certificate gets no request."""
    context, certificate = make_tls(tmp_path)
    async with answering(b'{"balance": "1.00"}', tls=context) as server:
        url = server.url.replace("http", "https")
        connector = TCPConnector(
            ssl=ssl.create_default_context(cafile=str(certificate)) if trusted else True
        )
        async with ClientSession(connector=connector) as session:
            client = Smspilot(session, KEY, url=url)
            if trusted:
                await client.balance()
            else:
                with pytest.raises(ConnectionFailed):
                    await client.balance()
    assert len(server.requests) == trusted


async def test_no_tls(simulator: Simulator) -> None:
    async with connected(simulator.url.replace("http", "https")) as client:
        with pytest.raises(ConnectionFailed):
            await client.balance()


async def test_kept_connection_is_closed(socket_enabled: None) -> None:
    """A connection that the service closed meanwhile: the request is lost, not repeated."""
    answer = b'{"balance": "1.00"}'
    async with answering(answer, keep=True) as server, connected(server.url) as client:
        await client.balance()
        server.body = None
        with pytest.raises(ResponseLost) as raised:
            await client.send(TEXT, [PAPA])
    assert type(raised.value) is ResponseLost
    assert len(server.requests) == 2
    assert server.connections == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Length: 400\r\n", b'{"balance": "1.00"}'),
        ("Transfer-Encoding: chunked\r\n", b"zz\r\n"),
        ("Content-Encoding: gzip\r\n", b'{"balance": "1.00"}'),
        ("Content-Encoding: nonsense\r\n", b"\x00"),
        ("Content-Encoding: gzip\r\n", gzip.compress(b" " * 50 * 1024 * 1024)),
        ("X: " + "x" * 100_000 + "\r\n", b'{"balance": "1.00"}'),
    ],
    ids=["cut", "chunks", "no gzip", "unknown encoding", "bomb", "header"],
)
async def test_broken_answer(socket_enabled: None, headers: str, body: bytes) -> None:
    async with answering(body, headers=headers) as server, connected(server.url) as client:
        with pytest.raises(ResponseLost):
            await client.balance()
        assert len(server.requests) == 1


@pytest.mark.parametrize("size", [5 * 1024 * 1024, 5 * 1024 * 1024 + 1])
async def test_large_answer(socket_enabled: None, size: int) -> None:
    """No response fills the memory."""
    body = b'{"balance": "1.00"}'.ljust(size)
    async with answering(body) as server, connected(server.url) as client:
        if size <= 5 * 1024 * 1024:
            await client.balance()
        else:
            with pytest.raises(InvalidResponse, match="too_large"):
                await client.balance()


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("Mon, 20 Sep 2021 10:00:00 GMT", datetime(2021, 9, 20, 10, tzinfo=UTC)),
        ("Mon, 20 Sep 2021 13:00:00 +0300", datetime(2021, 9, 20, 10, tzinfo=UTC)),
        ("Mon, 20 Sep 2021 10:00:00 -0000", datetime(2021, 9, 20, 10, tzinfo=UTC)),
        ("Mon, 20 Sep 2021 10:00:00 +9999", None),
        ("Mon, 99 Sep 2021 10:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("yesterday", None),
        ("", None),
    ],
)
async def test_date(socket_enabled: None, date: str, read: datetime | None) -> None:
    """An unreadable date is None; the response counts all the same."""
    body = b'{"inbound": []}'
    async with (
        answering(body, headers=f"Date: {date}\r\n") as server,
        connected(server.url) as client,
    ):
        inbox = await client.inbound_all()
        assert inbox.at == read
        assert read is None or (inbox.at and inbox.at.tzinfo is UTC)
        assert (client.now() is None) == (read is None)


class Server:
    """A service of few words: the same bytes to every request, or none and the line closed."""

    def __init__(self, body: bytes, *, headers: str, keep: bool) -> None:
        self.body: bytes | None = body
        self.headers = headers
        self.keep = keep
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer) and self.keep:
                pass
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
        self.requests.append(await reader.readexactly(int(length.split(b":")[1])))
        if self.body is None:
            return False
        headers = self.headers
        if "Content-Length" not in headers and "chunked" not in headers:
            headers += f"Content-Length: {len(self.body)}\r\n"
        if not self.keep:
            headers += "Connection: close\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\n{headers}\r\n".encode() + self.body)
        await writer.drain()
        return True


@asynccontextmanager
async def answering(
    body: bytes, *, headers: str = "", keep: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Have such a service on a free port."""
    service = Server(body, headers=headers, keep=keep)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0, ssl=tls)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api.php"
    try:
        yield service
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


def make_tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return the context of a server, and the certificate it shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    return context, public
