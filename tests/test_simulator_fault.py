"""What goes wrong on demand, and what is left of the order then."""

import asyncio
import json
from typing import Any
from xml.etree import ElementTree as ET

from aiohttp import (
    ClientConnectionError,
    ClientConnectorError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
)
import pytest

from tests.simulator import DEFAULT_KEY, Fault, FaultKind, Simulator
from tests.simulator.errors import ERRORS, ApiError
from tests.simulator.formats import write
from tests.simulator.incoming import read
from tests.simulator.service import refusal
from tests.simulator.state import State

SEND = {"apikey": DEFAULT_KEY, "send": "Hello", "to": "79087964781", "format": "json"}


async def post(sim: Simulator, **params: str) -> tuple[ClientResponse, bytes]:
    async with (
        ClientSession(timeout=ClientTimeout(total=5)) as session,
        session.post(sim.url, data=SEND | params, allow_redirects=False) as response,
    ):
        return response, await response.read()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_reset(simulator: Simulator, when: str) -> None:
    fault = simulator.fault("reset", when=when, command="send")

    with pytest.raises(ClientConnectionError):
        await post(simulator)

    assert fault.fired == 1
    assert len(simulator.orders) == (when == "after")
    assert (await post(simulator))[0].status == 200


@pytest.mark.parametrize("when", ["before", "after"])
async def test_hang_until_the_client_gives_up(simulator: Simulator, when: str) -> None:
    fault = simulator.fault("hang", when=when)
    async with ClientSession(timeout=ClientTimeout(total=0.2)) as session:
        with pytest.raises(TimeoutError):
            await session.post(simulator.url, data=SEND)
    fault.release()
    assert (await post(simulator))[0].status == 200
    assert len(simulator.orders) == (2 if when == "after" else 1)


async def test_hang_until_released(simulator: Simulator) -> None:
    lost = simulator.fault("hang")
    late = simulator.fault("hang", when="after")
    first = asyncio.create_task(post(simulator))
    await lost.reached.wait()
    second = asyncio.create_task(post(simulator))
    await simulator.changed.wait_for(lambda: simulator.orders)
    await late.reached.wait()
    simulator.faults.release()
    with pytest.raises(ClientConnectionError):
        await first
    assert b"server_id" in (await second)[1]


@pytest.mark.parametrize(
    ("kind", "status", "piece"),
    [
        (FaultKind.HTML, 200, b"<html>"),
        (FaultKind.HTTP_500, 500, b""),
        (FaultKind.HTTP_502_HTML, 502, b"502 Bad Gateway"),
        (FaultKind.HTTP_404_HTML, 404, b"nginx"),
        (FaultKind.REDIRECT, 302, b""),
        (FaultKind.TRUNCATED, 200, b'{"send":[{"server_id"'),
        (FaultKind.EMPTY, 200, b""),
        (FaultKind.NOT_UTF8, 200, "Ошибка".encode("cp1251")),
        (FaultKind.OTHER_JSON, 200, b"[]"),
        (FaultKind.SLOPPY_JSON, 200, b",}"),
        (FaultKind.HUGE, 200, b"x" * 5 * 1024 * 1024),
        (FaultKind.ERROR, 200, b'"code":110'),
        (FaultKind.SLOW, 200, b'"status":"0"'),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_answers(
    simulator: Simulator,
    kind: FaultKind,
    status: int,
    piece: bytes,
    when: str,
) -> None:
    simulator.fault(kind, when=when, command="send")

    response, body = await post(simulator)

    assert response.status == status
    assert piece in body
    accepted = when == "after" or kind is FaultKind.SLOW
    assert len(simulator.orders) == accepted
    assert b'"status":"0"' in (await post(simulator))[1]


async def test_empty_page_has_no_body(simulator: Simulator) -> None:
    simulator.fault("empty")
    assert (await post(simulator))[1] == b""


async def test_any_error(simulator: Simulator) -> None:
    simulator.fault("error", code=604, phone="79087964781")
    _, body = await post(simulator)
    assert '"phone":"79087964781"' in body.decode()
    assert "Невозможно доставить" in body.decode()


@pytest.mark.parametrize(("code", "texts"), ERRORS.items())
def test_every_error_in_every_format(code: int, texts: tuple[str, str]) -> None:
    text, russian = texts
    state = State()

    def error_text(params: str) -> str:
        call = read(params, b"", "", "127.0.0.1")
        return write(state, call, refusal(state, call, ApiError(code)))[0]

    assert error_text("format=text") == error_text("lang=en") == f"ERROR={code}: {text.upper()}"
    assert error_text("lang=ru") == f"ERROR={code}: {russian}"
    assert error_text("format=v") == text
    assert error_text("format=v&lang=ru") == russian
    values = {"description": text, "description_ru": russian, "ip": "127.0.0.1"}
    error = json.loads(error_text("format=json"))["error"]
    assert error == {"code": str(code) if code == 111 else code, **values}
    tree = ET.fromstring(error_text("format=xml"))  # noqa: S314
    assert tree.tag == "error"
    assert {each.tag: each.text for each in tree} == {"code": str(code), **values}


async def test_only_the_command_meant(simulator: Simulator) -> None:
    fault = simulator.fault("http_500", command="send", times=2, skip=1)

    async def statuses(times: int) -> list[int]:
        return [(await post(simulator))[0].status for _ in range(times)]

    async with ClientSession() as session:
        params: dict[str, Any] = {"apikey": DEFAULT_KEY, "balance": "rur"}
        async with session.post(simulator.url, data=params) as response:
            assert response.status == 200
    assert await statuses(4) == [200, 500, 500, 200]
    assert fault.fired == 2


async def test_redirect_leads_elsewhere(simulator: Simulator) -> None:
    simulator.fault("redirect", location="http://127.0.0.1:9/login")
    response, _ = await post(simulator)
    assert response.headers["Location"] == "http://127.0.0.1:9/login"


async def test_port_closed_and_open_again(simulator: Simulator) -> None:
    url = simulator.url
    await simulator.down()
    with pytest.raises(ClientConnectorError):
        await post(simulator)
    await simulator.up()
    assert simulator.url == url
    assert (await post(simulator))[0].status == 200


async def test_stop_releases_what_hangs(socket_enabled: None) -> None:
    sim = Simulator()
    await sim.start()
    fault: Fault = sim.fault("hang", when="after")
    waiting = asyncio.create_task(post(sim))
    await fault.reached.wait()
    await sim.stop()
    with pytest.raises(ClientConnectionError):
        await waiting


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.HTTP_502_HTML, 502),
        (FaultKind.HTTP_503_HTML, 503),
        (FaultKind.HTTP_504_HTML, 504),
        (FaultKind.HTTP_408_HTML, 408),
        (FaultKind.HTTP_524_HTML, 524),
    ],
)
async def test_gateway_gives_up_before_the_api(
    simulator: Simulator, kind: FaultKind, status: int
) -> None:
    simulator.fault(kind, when="late", command="send", delay=0.05, late=0.5)
    response, body = await post(simulator)
    assert (response.status, response.content_type) == (status, "text/html")
    assert str(status).encode() in body
    assert not simulator.orders
    await simulator.changed.wait_for(lambda: simulator.orders)
    assert len(simulator.messages) == 1


@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1), ("late", 1)])
async def test_breaks_after_a_silence(simulator: Simulator, when: str, orders: int) -> None:
    fault = simulator.fault("reset", when=when, delay=0.1, late=0.0)
    begin = simulator.now()
    with pytest.raises(ClientConnectionError):
        await post(simulator)
    assert (simulator.now() - begin).total_seconds() >= 0.1
    if orders:
        await simulator.changed.wait_for(lambda: simulator.orders)
    assert len(simulator.orders) == orders
    assert fault.fired == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_answer_never_ends(simulator: Simulator, when: str) -> None:
    fault = simulator.fault("stall", when=when)
    async with ClientSession(timeout=ClientTimeout(total=0.2)) as session:
        response = await session.post(simulator.url, data=SEND)
        assert response.status == 200
        with pytest.raises(TimeoutError):
            await response.read()
    fault.release()
    assert len(simulator.orders) == (when == "after")


async def test_port_takes_connections_and_says_nothing(simulator: Simulator) -> None:
    url = simulator.url
    await simulator.silence()
    async with ClientSession(timeout=ClientTimeout(total=0.2)) as session:
        with pytest.raises(TimeoutError):
            await session.post(simulator.url, data=SEND)
    waiting = asyncio.create_task(post(simulator))
    await asyncio.sleep(0.05)
    await simulator.up()
    with pytest.raises(ClientConnectionError):
        await waiting
    assert not simulator.requests
    assert simulator.url == url
    assert (await post(simulator))[0].status == 200
