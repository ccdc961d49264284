"""The simulator by itself: its own pages, and a restart from its file."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
import signal
import sys
from typing import Any

from aiohttp import ClientConnectionError, ClientConnectorError, ClientError, ClientSession
import pytest

from tests.simulator import DEFAULT_KEY, Kind, OddRow, Simulator, Status, Stored

type Control = Callable[..., Coroutine[Any, Any, Any]]

PHONE = "79087964781"
ROOT = Path(__file__).parent.parent


def controlled(session: ClientSession, origin: str) -> Control:
    async def call(page: str, **body: Any) -> Any:
        if page == "state":
            async with session.get(f"{origin}/control/state") as response:
                return await response.json()
        async with session.post(f"{origin}/control/{page}", json=body) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return answer

    return call


@pytest.fixture
async def control(simulator: Simulator) -> AsyncIterator[Control]:
    async with ClientSession() as session:
        yield controlled(session, simulator.origin)


async def send(url: str, **params: str) -> Any:
    data = {"apikey": DEFAULT_KEY, "send": "Hello", "to": PHONE, "format": "json", **params}
    async with ClientSession() as session, session.post(url, data=data) as response:
        return await response.json()


async def test_state(simulator: Simulator, control: Control) -> None:
    await send(simulator.url)
    await simulator.receive(PHONE, "5671 on")

    state = await control("state")

    assert [each["id"] for each in state["accounts"]] == [5671, 10000]
    assert state["messages"][0]["text"] == "Hello"
    assert state["orders"][0]["price"] == "1.31"
    assert state["inbox"][0]["text"] == "on"
    assert state["requests"][0]["command"] == "send"
    assert state["options"]["push_timeout"] == 30
    assert state["url"] == simulator.url


async def test_everything_by_http(simulator: Simulator, control: Control) -> None:
    server_id = (await send(simulator.url))["send"][0]["server_id"]
    assert (await control("advance", server_id=server_id))["status"] == 1
    assert (await control("advance", server_id=server_id, status=-1, error=603))["error"] == 603
    other = (await send(simulator.url))["send"][0]["server_id"]
    assert (await control("deliver", server_id=other))["status"] == 2
    assert (await control("receive", phone=PHONE, text="5671 on"))["text"] == "on"

    await control("account", balance="7.50", templates=[{"text": "x", "survey": True}])
    assert simulator.account.balance == Decimal("7.50")
    assert simulator.account.templates is not None
    assert simulator.account.templates[0].survey
    await control("account", blocked={"code": 107, "status": None, "status_ru": None})
    assert (await send(simulator.url))["error"]["code"] == 107
    await control("account", blocked=None, templates=None)
    assert (await control("account", id=9, apikey="B" * 64))["id"] == 9
    await control("phone", number=PHONE, on=False, outcome=-1)
    assert simulator.phone(PHONE).outcome is Status.UNDELIVERED

    await control("settings", unknown_ids="missing", auto=2, clock_offset=60, cost_extra="0.10")
    assert simulator.auto == 2
    await control("settings", auto=None, prices={"sms": {"Теле2": "2.00"}})
    assert (await send(simulator.url))["cost"] == "2.10"
    await control("fault", kind="error", code=110, command="send")
    assert (await send(simulator.url))["error"]["code"] == 110
    await control("fault", kind="http_500", times=5)
    await control("faults/clear")
    assert "send" in await send(simulator.url)
    await control("forget")
    assert (await control("state"))["requests"] == []


@pytest.mark.parametrize(
    ("page", "body"),
    [
        ("advance", {"server_id": 5}),
        ("advance", {"id": 5}),
        ("settings", {"typo": 1}),
        ("settings", {"unknown_ids": "typo"}),
        ("fault", {"kind": "typo"}),
        ("phone", {"on": True}),
    ],
)
async def test_wrong_bodies(simulator: Simulator, page: str, body: dict[str, Any]) -> None:
    url = f"{simulator.origin}/control/{page}"
    async with ClientSession() as session, session.post(url, json=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_second_port(socket_enabled: None, unused_tcp_port: int) -> None:
    async with Simulator(control_port=unused_tcp_port) as sim, ClientSession() as session:
        control = controlled(session, f"http://127.0.0.1:{unused_tcp_port}")
        await control("down")
        with pytest.raises(ClientConnectorError):
            await send(sim.url)
        await control("up")
        assert "send" in await send(sim.url)


async def test_silence_and_switches(socket_enabled: None, unused_tcp_port: int) -> None:
    async with Simulator(control_port=unused_tcp_port) as sim, ClientSession() as session:
        control = controlled(session, f"http://127.0.0.1:{unused_tcp_port}")
        await control(
            "settings",
            stored="html_escaped",
            check_lag=660,
            odd_row="id_zero",
            figures={"cost": "N/A"},
        )
        assert sim.options.stored is Stored.HTML_ESCAPED
        assert sim.options.check_lag == timedelta(minutes=11)
        assert sim.options.odd_row is OddRow.ID_ZERO
        assert sim.options.figures == {"cost": "N/A"}
        await control("silence")
        while sim.is_up:
            await asyncio.sleep(0.01)
        waiting = asyncio.create_task(send(sim.url))
        await asyncio.sleep(0.05)
        await control("up")
        with pytest.raises(ClientConnectionError):
            await waiting
        assert (await send(sim.url))["cost"] == "N/A"


async def test_restart_from_a_file(socket_enabled: None, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    first = Simulator(state_file=path)
    first.phone(PHONE).refuses_calls = True
    first.options.cost_extra = Decimal("0.10")
    first.prices[Kind.VOICE]["*"] = Decimal("0.70")
    first.account.inbound_url = "http://127.0.0.1:9/"
    async with first:
        await send(first.url, to=f"{PHONE},79161231212,79999999999", send="ёЖ 🙂")
        await send(first.url, **{"from": "2WAY"})
        await first.advance(182000001)
        await first.receive("Sberbank", "5671 code", push=False)

    second = Simulator(state_file=path)

    for name in (
        "accounts",
        "phones",
        "messages",
        "packets",
        "inbox",
        "orders",
        "options",
        "prices",
    ):
        assert getattr(second, name) == getattr(first, name), name
    async with second:
        assert (await send(second.url))["send"][0]["server_id"] == "182000005"
        inbound = await second.receive(PHONE, "yes", push=False)
        assert inbound is not None
        assert inbound.id == 12346


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[tuple[Process, str]]:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulator", "--port", "0", *arguments, cwd=ROOT, stdout=PIPE
    )
    assert running.stdout is not None
    url = (await running.stdout.readline()).decode().split(": ")[1].strip()
    assert DEFAULT_KEY in (await running.stdout.readline()).decode()
    try:
        yield running, url.removesuffix("/api.php")
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGTERM)
        await running.wait()


async def until(origin: str, *, reachable: bool) -> None:
    """Ask until the port is open, or closed; only a connection shows it."""
    while True:
        try:
            await send(f"{origin}/api.php")
        except ClientConnectorError:
            if not reachable:
                return
        except ClientError:
            # It was closed in the middle of an answer.
            pass
        else:
            if reachable:
                return
        await asyncio.sleep(0.01)


async def test_process(socket_enabled: None, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    async with process("--auto", "0", "--state", str(path)) as (running, origin):
        async with ClientSession() as session:
            server_id = (await send(f"{origin}/api.php"))["send"][0]["server_id"]
            await controlled(session, origin)("advance", server_id=server_id)
        running.terminate()
        assert await running.wait() == 0

    async with (
        process("--auto", "0", "--state", str(path)) as (_, origin),
        ClientSession() as session,
    ):
        state = await controlled(session, origin)("state")
        assert [each["status"] for each in state["messages"]] == [1]
        assert state["accounts"][0]["balance"] == "2935.50"
        await controlled(session, origin)("down", seconds=0.5)
        async with asyncio.timeout(10):
            await until(origin, reachable=False)
            await until(origin, reachable=True)
