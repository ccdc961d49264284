"""The address that a paid message names for its statuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from aiohttp import web

from . import shapes

_FIELDS = ("server_id", "phone", "status", "error")


class Pushes:
    """What was pushed, by how it looked."""

    def __init__(self) -> None:
        """Hear of nothing yet."""
        self._methods: list[str] = []
        self._types: list[str] = []
        self._names: set[str] = set()
        self._statuses: dict[str, list[str]] = {}

    @classmethod
    @asynccontextmanager
    async def received(cls, port: int) -> AsyncIterator[Self]:
        """Listen on a port of this machine."""
        pushes = cls()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", pushes._receive)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, port=port).start()
            yield pushes
        finally:
            await runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        posted = await request.post() if request.method == "POST" else {}
        params = {**request.query, **{name: str(value) for name, value in posted.items()}}
        if "server_id" in params:
            self._methods.append(request.method)
            if request.method == "POST":
                self._types.append(request.content_type)
            self._names |= params.keys()
            self._statuses.setdefault(params["server_id"], []).append(params.get("status", "none"))
        return web.Response()

    async def quiet(self, seconds: float) -> None:
        """Wait until none has come for so long: the last ones may be on their way."""
        count = -1
        while count != (count := sum(map(len, self._statuses.values()))):
            await asyncio.sleep(seconds)

    def words(self) -> str:
        """Return how pushes look, and in what order they came."""
        if not self._statuses:
            return "none came"
        orders = {self._order(each) for each in self._statuses.values()}
        names = shapes.names(self._names, _FIELDS)
        parts = [shapes.all_of([*self._methods, *self._types]), *sorted(orders)]
        if names != "the document's":
            parts.append(names)
        return ", ".join(parts)

    @staticmethod
    def _order(statuses: list[str]) -> str:
        once = "each status once" if len(set(statuses)) == len(statuses) else "statuses repeated"
        numbers = [int(each) for each in statuses if each.lstrip("-").isdecimal()]
        # Undelivered (-1) and failed (-2) come last.
        rank = [each if each >= 0 else 9 for each in numbers]
        return f"{once}, {'in order' if rank == sorted(rank) else 'not in order'}"
