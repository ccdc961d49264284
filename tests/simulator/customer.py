"""A customer of the service: sends requests, and takes pushes."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

type Ask = Callable[..., Coroutine[Any, Any, Any]]
type Params = dict[str, str]


@dataclass(slots=True)
class Customer:
    """A customer's server."""

    url: str = ""
    # Method, path, query, form.
    got: list[tuple[str, str, Params, Params]] = field(default_factory=list)
    # The same as it came over the wire: the first line without its version, and the body.
    wire: list[tuple[str, str]] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)
    # Where there is one, pushes are answered only once it is set.
    answers_after: asyncio.Event | None = None

    async def page(self, request: web.Request) -> web.Response:
        """Take a push."""
        # First the form: a body in parts is read once only.
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.wire.append((f"{request.method} {request.raw_path}", await request.text()))
        self.got.append((request.method, request.path, dict(request.query), form))
        self.authorization.append(request.headers.get("Authorization"))
        if self.answers_after:
            await self.answers_after.wait()
        return web.Response(text="OK")
