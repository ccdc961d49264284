"""One odd row or field of a response costs nothing but itself, in every list the API has."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
import json
import logging
from typing import Any

from aiohttp import ClientSession
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smspilot.client import (
    Credentials,
    InvalidResponse,
    ResponseLost,
    ResponseTimeout,
    Smspilot,
    SmspilotError,
)

from .simulator.model import DEFAULT_KEY
from .simulator.simulator import Simulator
from .test_fuzz import JUNK, Oracle, consulted

PAPA, MAMA = "79087964781", "79161231212"
SENT = {"server_id": "11", "phone": PAPA, "price": "1.31", "status": "0", "error": "0"}
WRITTEN = {"id": "8", "phone": PAPA, "text": "Да", "created": "2021-09-20 20:15"}
# What must be there, and readable, for a row to be one.
NEEDED = {
    "send": ("phone", "status"),
    "check": ("phone", "status"),
    "inbound": ("id", "phone", "text", "created"),
}
ROWS: dict[str, dict[str, Any]] = {
    "send": SENT,
    "check": SENT | {"message": "Дом", "created": "2021-09-20 20:15", "parts": "1"},
    "inbound": WRITTEN | {"num": "79085086507", "seen": "0"},
}


async def read(client: Smspilot, key: str) -> tuple[Any, ...]:
    """Return the rows of a list that could be read."""
    match key:
        case "send":
            return (await client.send("Дом", [PAPA, MAMA])).messages
        case "check":
            return await client.check(["11", "12"])
        case _:
            return (await client.inbound_all()).messages


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[Smspilot]:
    async with ClientSession() as session:
        yield Smspilot(session, Credentials(api_key=DEFAULT_KEY), url=simulator.url)


type Answers = Callable[[str, float], Awaitable[None]]


@pytest.fixture
async def answers(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Answers]:
    """Return a function that requests from a server that waits so long, then writes its bytes."""
    loop = asyncio.get_running_loop()
    real, passed, response, silence = loop.time, 0.0, "", 0.0
    monkeypatch.setattr(loop, "time", lambda: real() + passed)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal passed
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
        await reader.readexactly(int(length.split(b":")[1]))
        passed += silence
        writer.write(response.encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api.php"
    async with ClientSession() as session:
        client = Smspilot(session, Credentials(api_key=DEFAULT_KEY), url=url)

        async def send(body: str, seconds: float) -> None:
            nonlocal response, silence
            response, silence = body, seconds
            await client.send("Дом", [PAPA])

        yield send
    server.close()
    server.close_clients()
    await server.wait_closed()


@pytest.fixture
async def oracle(socket_enabled: None) -> AsyncIterator[tuple[Oracle, Smspilot]]:
    async with consulted() as both:
        yield both


async def test_accepted_with_odd_figures(simulator: Simulator, client: Smspilot) -> None:
    """What was accepted was accepted, whatever its amounts look like."""
    row = SENT | {"price": "1.31 RUB", "error": "none"}
    body = {"send": [row], "balance": "20 006.97", "cost": "N/A", "error": "none"}
    simulator.fault("other_json", body=json.dumps(body))
    response = await client.send("Дом", [PAPA])
    (message,) = response.messages
    assert (message.id, message.phone, message.price, message.problem) == ("11", PAPA, None, None)
    assert (response.cost, response.balance) == (None, None)


@pytest.mark.parametrize("error", [0, "0", {"code": "0"}, {"code": 0, "description": ""}, [], "no"])
async def test_no_error(simulator: Simulator, client: Smspilot, error: object) -> None:
    """Not everything under `error` is one."""
    simulator.fault("other_json", body=json.dumps({"send": [SENT], "error": error}))
    assert len((await client.send("Дом", [PAPA])).messages) == 1


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize("odd", [{}, "row", 7, None, [1], {"server_id": "12"}])
async def test_odd_row(
    simulator: Simulator, client: Smspilot, caplog: pytest.LogCaptureFixture, key: str, odd: object
) -> None:
    """It is left out, counted, said once, and costs the others nothing."""
    body = json.dumps({key: [odd, ROWS[key], odd]})
    for _ in range(3):
        simulator.fault("other_json", body=body)
        (row,) = await read(client, key)
        assert row.phone == PAPA
    assert client.unreadable_rows == {key: 2}
    (said,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert key in said.getMessage()


@pytest.mark.parametrize(
    ("key", "field"), [(key, field) for key, fields in NEEDED.items() for field in fields]
)
@pytest.mark.parametrize("value", [None, [], {}, "", "…"])
async def test_row_without(
    simulator: Simulator, client: Smspilot, key: str, field: str, value: object
) -> None:
    """A row without its number, status or date, or with an unreadable one."""
    odd = ROWS[key] | {field: value}
    if value is None:
        del odd[field]
    simulator.fault("other_json", body=json.dumps({key: [odd, ROWS[key]]}))
    rows = await read(client, key)
    readable = (
        value in ("", "…") and field in ("phone", "text", "id") and (field, value) != ("id", "")
    )
    assert len(rows) == 1 + readable


@pytest.mark.parametrize("key", ROWS)
async def test_nothing_but_odd_rows(simulator: Simulator, client: Smspilot, key: str) -> None:
    """A list of which nothing can be read is none of the API's."""
    simulator.fault("other_json", body=json.dumps({key: [{}, "row"]}))
    with pytest.raises(InvalidResponse):
        await read(client, key)


ODD_FIELDS: dict[str, tuple[object, ...]] = {
    "price": ("NaN", "-Infinity", "1e99", "1.31 RUB", [], {"a": 1}),
    "created": ("9" * 30, "yesterday", "31.12.2026", [1]),
    "parts": ("two", {}, "Infinity"),
    "message": ([], {"net": []}, True),
    "server_id": ([], {}, None, "0"),
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, odd in ODD_FIELDS.items() for value in odd]
)
async def test_odd_field(simulator: Simulator, client: Smspilot, field: str, value: object) -> None:
    """An unreadable amount, time or text is None, and the row is returned."""
    simulator.fault("other_json", body=json.dumps({"check": [ROWS["check"] | {field: value}]}))
    (row,) = await client.check(["11"])
    assert getattr(row, {"server_id": "id"}.get(field, field)) is None
    assert row.phone == PAPA


@pytest.mark.parametrize(
    ("field", "value"), [("date", "June"), ("senders", ["INFORM"]), ("name", {}), ("balance", "?")]
)
async def test_odd_account(
    simulator: Simulator, client: Smspilot, field: str, value: object
) -> None:
    """An unreadable registration date does not hide the balance, nor another field."""
    body = {"id": "5671", "balance": "12.50", "senders": "INFORM", "date": "2010-06-03 09:45:41"}
    simulator.fault("other_json", body=json.dumps(body | {field: value}))
    account = await client.account()
    assert account.id == "5671"
    assert account.balance == (None if field == "balance" else Decimal("12.50"))
    assert (account.registered is None) == (field == "date")


@given(
    key=st.sampled_from([*ROWS]),
    spoilt=st.lists(st.none() | st.dictionaries(st.sampled_from([*SENT, *WRITTEN]), JUNK)),
)
@settings(max_examples=150)
async def test_good_rows_among_odd_ones(
    oracle: tuple[Oracle, Smspilot], key: str, spoilt: list[dict[str, Any] | None]
) -> None:
    """Whatever stands beside them, good rows are read, in their order, and the rest is counted."""
    service, client = oracle
    id_key = "id" if key == "inbound" else "server_id"
    good = [ROWS[key] | {id_key: f"10{at}"} for at, odd in enumerate(spoilt) if odd is None]
    rows = [
        ROWS[key] | {id_key: f"10{at}"} if odd is None else ROWS[key] | {id_key: "7"} | odd
        for at, odd in enumerate(spoilt)
    ]
    service.body = json.dumps({key: rows}).encode()
    client.unreadable_rows.clear()
    try:
        found = await read(client, key)
    except SmspilotError:
        assert not good
        return
    expected = [row[id_key] for row in good]
    assert [row.id for row in found if row.id in expected] == expected
    assert client.unreadable_rows.get(key, 0) == len(rows) - len(found)


@pytest.mark.parametrize("status", [408, 499, 504, 522, 524, 598, 599])
async def test_gateway_timeout(answers: Answers, status: int) -> None:
    """A gateway that waited in vain knows no more than we do when we did."""
    with pytest.raises(ResponseTimeout):
        await answers(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n", 0)


@pytest.mark.parametrize("silence", [0, 55])
@pytest.mark.parametrize(
    ("response", "error"),
    [
        ("", ResponseLost),
        ("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", InvalidResponse),
        ("HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n", InvalidResponse),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ResponseLost),
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", InvalidResponse),
        ("nonsense\r\n\r\n", ResponseLost),
    ],
)
async def test_broken_after_delay(
    answers: Answers, response: str, error: type[SmspilotError], silence: float
) -> None:
    """A request that fails promptly has ended; after seconds it may still be under way."""
    with pytest.raises(SmspilotError) as raised:
        await answers(response, silence)
    assert type(raised.value) is (ResponseTimeout if silence else error)
