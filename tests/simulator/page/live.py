"""Serve the phone page, send it each change, and execute its commands."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from tests.simulator.control import Control, Refused

from .view import view

if TYPE_CHECKING:
    from tests.simulator.simulator import Simulator

_FOLDER: Final = Path(__file__).parent
_FILES: Final = {"/": "index.html", "/page/page.css": "page.css", "/page/page.js": "page.js"}
# Changes within this time are sent together.
_PAUSE: Final = 0.05
# While a page is open, a call rings long enough to be taken or refused.
_RINGING: Final = 20.0


class Page:
    """The page, and the websocket of each browser that shows it.

    Changes and commands go over the websocket: unlike requests, it stays open while the port is
    closed.
    """

    def __init__(self, sim: Simulator, control: Control) -> None:
        self._sim = sim
        self._control = control
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the page, its parts, and its websocket."""
        parts = [web.get(path, self._part(name)) for path, name in _FILES.items()]
        return [*parts, web.get("/page/live", self._live)]

    async def close(self) -> None:
        """Close the websockets."""
        for socket in tuple(self._sockets):
            await socket.close()

    @staticmethod
    def _part(name: str) -> Callable[[web.Request], Awaitable[web.FileResponse]]:
        async def part(_: web.Request) -> web.FileResponse:
            return web.FileResponse(_FOLDER / name, headers={"Cache-Control": "no-cache"})

        return part

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        self._sim.ringing = _RINGING
        sending = self._sim.task(self._send_changes(socket))
        try:
            async for frame in socket:
                self._sim.task(self._perform(socket, frame.json()))
        finally:
            sending.cancel()
            self._sockets.discard(socket)
            if not self._sockets and self._sim.started:
                await self._left_alone()
        return socket

    async def _left_alone(self) -> None:
        """End what only a page can end, now that none is open."""
        self._sim.ringing = 0.0
        await self._sim.up()

    async def _send_changes(self, socket: web.WebSocketResponse) -> None:
        """Send the state, and again after each change."""
        with self._sim.changed.queue() as changes, suppress(ConnectionResetError):
            while not socket.closed:
                await socket.send_json({"state": view(self._sim)})
                await changes.get()
                await asyncio.sleep(_PAUSE)
                while not changes.empty():
                    changes.get_nowait()

    async def _perform(self, socket: web.WebSocketResponse, order: dict[str, Any]) -> None:
        """Execute a command of the page, named as under `/control/`, and send the result."""
        answer = {"id": order["id"]}
        try:
            answer["result"] = await self._control.perform(order["do"], order.get("body", {}))
        except Refused as refused:
            answer["error"] = str(refused)
        with suppress(ConnectionResetError):
            await socket.send_json(answer)
