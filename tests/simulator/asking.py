"""Fixtures of the simulator's own tests: ask it, be pushed to."""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from .customer import Ask, Customer
from .model import DEFAULT_KEY
from .simulator import Simulator


@pytest.fixture
async def ask(simulator: Simulator) -> AsyncIterator[Ask]:
    """Return a function that asks the service with these parameters (`sender` is `from`)."""
    async with ClientSession() as session:

        async def post(apikey: str | None = DEFAULT_KEY, **params: str) -> Any:
            data = {"format": "json", **params}
            if apikey is not None:
                data["apikey"] = apikey
            if sender := data.pop("sender", ""):
                data["from"] = sender
            async with session.post(simulator.url, data=data) as response:
                return await response.json()

        yield post


@pytest.fixture
async def customer(socket_enabled: None) -> AsyncIterator[Customer]:
    """Run a customer's server, which takes pushes."""
    server_of = Customer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server_of.page)
    async with TestServer(app, host="127.0.0.1") as server:
        server_of.url = str(server.make_url("/sms-status.php"))
        yield server_of
