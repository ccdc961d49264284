"""Serve the phone page, tell it what happens, do what it says."""

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
# One picture for a burst of changes.
_PAUSE: Final = 0.05
# While somebody looks at the phones, a call rings long enough to be taken or refused.
_RINGING: Final = 20.0


class Page:
    """The page and those who look at it.

    It tells and is told over one websocket: unlike requests, that goes on while the port is closed.
    """

    def __init__(self, sim: Simulator, control: Control) -> None:
        """Start with nobody looking."""
        self._sim = sim
        self._control = control
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the page, its parts, and its websocket."""
        parts = [web.get(path, self._part(name)) for path, name in _FILES.items()]
        return [*parts, web.get("/page/live", self._live)]

    async def close(self) -> None:
        """Hang up."""
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
        telling = self._sim.task(self._tell(socket))
        try:
            async for frame in socket:
                self._sim.task(self._perform(socket, frame.json()))
        finally:
            telling.cancel()
            self._sockets.discard(socket)
            if not self._sockets and self._sim.started:
                await self._left_alone()
        return socket

    async def _left_alone(self) -> None:
        """Let nothing last that only a page can end."""
        self._sim.ringing = 0.0
        await self._sim.up()

    async def _tell(self, socket: web.WebSocketResponse) -> None:
        """Tell everything, and again after each change."""
        with self._sim.changed.queue() as changes, suppress(ConnectionResetError):
            while not socket.closed:
                await socket.send_json({"state": view(self._sim)})
                await changes.get()
                await asyncio.sleep(_PAUSE)
                while not changes.empty():
                    changes.get_nowait()

    async def _perform(self, socket: web.WebSocketResponse, order: dict[str, Any]) -> None:
        """Do what the page says, in the words of `/control/`, and tell what came of it."""
        answer = {"id": order["id"]}
        try:
            answer["result"] = await self._control.perform(order["do"], order.get("body", {}))
        except Refused as refused:
            answer["error"] = str(refused)
        with suppress(ConnectionResetError):
            await socket.send_json(answer)
