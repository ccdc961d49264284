"""What the tests of the way out share: an alarm, and what became of it."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .common import Clock, act
from .simulator.model import DEFAULT_KEY, Request
from .simulator.simulator import Simulator

TEXT = "Протечка!"
BABA = "+79135550001"
BAD = ("+79990000001", "+79990000002", "+79990000003")
# A list that shows no message.
NOTHING = '{"check": []}'


async def alarm(hass: HomeAssistant, *phones: object, **more: Any) -> dict[str, Any]:
    """Send an alarm."""
    return await act(hass, "send_sms", phones=list(phones), message=TEXT, **more)


async def result(clock: Clock, sending: Awaitable[dict[str, Any]], step: float = 5) -> Any:
    """Return the rows of the response by number, or the key of the error."""

    async def work() -> dict[str, Any]:
        return await sending

    try:
        response = await clock.finish(work(), step=step)
    except HomeAssistantError as err:
        return err.translation_key
    return {row["phone"]: row for row in response["messages"]}


async def accept(hass: HomeAssistant, sim: Simulator, *phones: str) -> None:
    """Have the service accept only these, as if the rest of the order had been lost."""
    numbers = ",".join(phone[1:] for phone in phones)
    form = {"send": TEXT, "to": numbers, "apikey": DEFAULT_KEY, "format": "json"}
    async with async_get_clientsession(hass).post(sim.url, data=form) as response:
        assert response.status == 200
    del sim.requests[-1]


async def caught(sending: Awaitable[Any]) -> Any:
    """Return what came of it, an error too."""
    try:
        return await sending
    except HomeAssistantError as err:
        return err


def once(sim: Simulator, *phones: str) -> None:
    """Check that each number got exactly one message."""
    assert sorted(order.phone for order in sim.orders) == sorted(phone[1:] for phone in phones)


def ids(sim: Simulator) -> dict[str, str]:
    """Return the id of each number's message."""
    return {f"+{order.phone}": str(order.server_id) for order in sim.orders}


def paid(sim: Simulator) -> list[Request]:
    """Return the requests that order something."""
    return [call for call in sim.calls("send") if "cost" not in call.params]


def requested(sim: Simulator) -> list[str]:
    """Return the requests, in the API's words."""
    return [
        "cost" if "cost" in request.params else str(request.command) for request in sim.requests
    ]


async def result_of(future: asyncio.Future[Any]) -> Any:
    """Return the result of a future, as a coroutine does."""
    return await future
