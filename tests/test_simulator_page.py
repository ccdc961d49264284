"""The phone page's own server side: its parts, what it gets, what it may do."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import json
from pathlib import Path
import re
from typing import Any

from aiohttp import ClientConnectorError, ClientSession, ClientWebSocketResponse
import pytest

from tests.simulator import DEFAULT_KEY, Simulator, Status

PHONE = "79087964781"
FOLDER = Path(__file__).parent / "simulator" / "page"


async def send(sim: Simulator, **params: str) -> str:
    data = {"apikey": DEFAULT_KEY, "send": "Hello", "to": PHONE, "format": "json", **params}
    async with ClientSession() as session, session.post(sim.url, data=data) as response:
        server_id: str = (await response.json())["send"][0]["server_id"]
        return server_id


class Live:
    """The page's websocket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket

    async def until(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Return the first state that fulfils a condition."""
        while True:
            received = await self._socket.receive_json(timeout=10)
            if "state" in received and condition(received["state"]):
                state: dict[str, Any] = received["state"]
                return state

    async def perform(self, what: str, **body: Any) -> dict[str, Any]:
        """Do something and return what came of it."""
        await self._socket.send_str(json.dumps({"id": 7, "do": what, "body": body}))
        while "id" not in (received := await self._socket.receive_json(timeout=10)):
            pass
        answer: dict[str, Any] = received
        return answer


@asynccontextmanager
async def page(sim: Simulator) -> AsyncIterator[Live]:
    async with ClientSession() as session, session.ws_connect(f"{sim.origin}/page/live") as socket:
        yield Live(socket)


@pytest.fixture
async def live(simulator: Simulator) -> AsyncIterator[Live]:
    async with page(simulator) as live:
        yield live


async def test_its_parts(simulator: Simulator) -> None:
    kinds = {"/": "text/html", "/page/page.css": "text/css", "/page/page.js": "javascript"}
    async with ClientSession() as session:
        for path, kind in kinds.items():
            async with session.get(simulator.origin + path) as response:
                assert response.status == 200
                assert kind in response.content_type
                assert response.headers["Cache-Control"] == "no-cache"


def test_nothing_from_outside() -> None:
    for name in ("index.html", "page.css", "page.js"):
        text = (FOLDER / name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//cdn|@import|\bimport\b", text), name


def test_both_languages_have_all_words() -> None:
    script = (FOLDER / "page.js").read_text("utf-8")
    english, russian = re.findall(r"^  (?:en|ru): \{(.*?)^  \},", script, re.MULTILINE | re.DOTALL)
    words = re.compile(r"(?:^|, |^ +)\"?([\w-]+)\"?: \"", re.MULTILINE)
    assert words.findall(english) == words.findall(russian)
    used = set(re.findall(r"\bword\(\"(\w+)\"", script))
    used |= set(
        re.findall(r"data-(?:word|label)=\"(\w+)\"", (FOLDER / "index.html").read_text("utf-8"))
    )
    assert used <= set(words.findall(english))


async def test_alarm_reports_what_happens(simulator: Simulator, live: Live) -> None:
    state = await live.until(lambda _: True)
    assert state["accounts"][0]["balance"] == "2936.81"
    assert state["phones"] == []
    assert [each["id"] for each in state["accounts"]] == [5671]

    simulator.phone(PHONE).owner = "Anna"
    server_id = await send(simulator)
    state = await live.until(lambda state: state["messages"])
    assert state["messages"][0]["server_id"] == int(server_id)
    assert state["phones"][0]["owner"] == "Anna"
    assert (state["spent"], state["accounts"][0]["balance"]) == ("1.31", "2935.50")

    await simulator.advance(server_id, Status.UNDELIVERED, error=600)
    state = await live.until(lambda state: state["messages"][0]["status"] == Status.UNDELIVERED)
    assert state["messages"][0]["error_ru"] == "Истекло время жизни сообщения"
    await simulator.receive(PHONE, "5671 on")
    state = await live.until(lambda state: state["inbox"])
    assert (state["inbox"][0]["raw"], state["inbox"][0]["text"]) == ("5671 on", "on")


async def test_it_does_what_it_is_ordered(simulator: Simulator, live: Live) -> None:
    answer = await live.perform("receive", phone=PHONE, text="5671 on")
    assert answer["result"]["text"] == "on"
    assert (await live.perform("receive", phone="79160000000", text="hello"))["result"] is None
    assert "Nothing" in (await live.perform("phone", number=PHONE, Nothing=1))["error"]
    assert "error" in await live.perform("nothing_of_the_kind")
    await live.perform("fault", kind="slow", seconds=8)
    state = await live.until(lambda state: state["faults"])
    assert state["faults"] == ["slow"]


async def test_the_service_may_be_down_while_the_page_is_open(simulator: Simulator) -> None:
    async with page(simulator) as live:
        await live.perform("down")
        await live.until(lambda state: not state["up"])
        with pytest.raises(ClientConnectorError):
            await send(simulator)
        await live.perform("up")
        await live.until(lambda state: state["up"])
        await send(simulator)
        await live.perform("down")
    await simulator.changed.wait_for(lambda: simulator.is_up)
    await send(simulator)


async def test_a_call_rings_while_the_page_is_open(simulator: Simulator) -> None:
    simulator.auto = 0.02
    async with page(simulator) as live:
        server_id = await send(simulator, **{"from": "GOLOS"})
        await live.until(
            lambda state: [each["status"] for each in state["messages"]] == [Status.SENT]
        )
        refused = {"server_id": int(server_id), "status": -1, "error": 605}
        assert (await live.perform("advance", **refused))["result"]["error"] == 605
        text = await send(simulator)
        await simulator.changed.wait_for(
            lambda: simulator.messages[int(text)].status is Status.DELIVERED
        )
        server_id = await send(simulator, **{"from": "GOLOS"})
        await live.until(lambda state: state["messages"][-1]["status"] == Status.SENT)
    await simulator.changed.wait_for(
        lambda: simulator.messages[int(server_id)].status is Status.DELIVERED
    )


async def test_the_last_status_first(simulator: Simulator) -> None:
    callback = "http://127.0.0.1:9/"  # a closed port: what counts is the order
    simulator.options.push_reversed = True
    server_id = await send(simulator, callback=callback)
    await simulator.advance(server_id)
    assert not simulator.pushes
    await simulator.advance(server_id)
    assert [push.params["status"] for push in simulator.pushes] == ["2", "1"]
    server_id = await send(simulator, callback=callback)
    await simulator.advance(server_id)
    simulator.options.push_reversed = False
    await simulator.advance(server_id)
    assert [push.params["status"] for push in simulator.pushes] == ["2", "1", "1", "2"]


async def test_it_stops_while_the_page_is_open(socket_enabled: None) -> None:
    async with Simulator() as sim, page(sim) as live:
        await live.until(lambda _: True)
        await sim.stop()
        assert not sim.is_up
