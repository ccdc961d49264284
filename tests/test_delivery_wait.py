"""When the `wait` of a send ends: by push, poll, time limit, and with the account."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.smspilot.const import (
    CONF_SENDER,
    EVENT_MESSAGE_STATUS,
)

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    add_account,
)
from .delivering import checks, the_id
from .sending import alarm, caught
from .simulator.model import Status
from .simulator.simulator import Simulator


async def _waiting(hass: HomeAssistant, clock: Clock, *phones: str, wait: Any = 60) -> Any:
    task = asyncio.get_running_loop().create_task(caught(alarm(hass, *phones, wait=wait)))
    await clock.settle()
    assert not task.done()
    return task


@pytest.mark.usefixtures("_webhook_server")
async def test_wait_ends_by_push(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An action that waits returns as soon as every row is final."""
    await add_account(hass, simulator)
    task = await _waiting(hass, clock, PAPA, MAMA)
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.settle()
    assert not task.done()
    await simulator.advance(simulator.orders[1].server_id, Status.UNDELIVERED, error=602)
    await clock.advance(1)
    response = await task
    assert [row["status"] for row in response["messages"]] == ["delivered", "undelivered"]
    assert response["messages"][1]["error"]["code"] == 602


async def test_wait_ends_by_poll(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without pushes the clock's read ends it; there is no loop of its own."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    task = await _waiting(hass, clock, PAPA)
    await simulator.deliver(the_id(simulator))
    await clock.advance(15.1)
    assert (await task)["messages"][0]["status"] == "delivered"
    assert checks(simulator) == 1


@pytest.mark.parametrize("wait", [20, "00:00:20", {"seconds": 20}])
async def test_wait_ends_by_time(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, wait: Any
) -> None:
    """When the wait ends, the rows have the statuses of then; later ones are still published."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    task = await _waiting(hass, clock, PAPA, wait=wait)
    await simulator.advance(the_id(simulator))
    await clock.advance(15.1)
    await clock.advance(4)
    assert not task.done()
    await clock.advance(1)
    assert (await task)["messages"][0]["status"] == "sent"
    await simulator.deliver(the_id(simulator))
    await clock.advance(20)
    assert captured.of("status") == ["sent", "delivered"]


@pytest.mark.parametrize("end", ["remove", "disable", "stop"])
async def test_wait_ends_with_the_account(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, end: str
) -> None:
    """Removal, disabling and stop end a wait, and say so."""
    entry = await add_account(hass, simulator)
    task = await _waiting(hass, clock, PAPA, MAMA)
    if end == "remove":
        await hass.config_entries.async_remove(entry.entry_id)
    elif end == "disable":
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    else:
        await hass.async_stop(force=True)
    error = await task
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "account_closed"


async def test_wait_outlives_a_reload(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Neither options nor people nor a reload end a wait."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    task = await _waiting(hass, clock, PAPA)
    hass.config_entries.async_update_entry(entry, options={CONF_SENDER: "test"})
    await clock.settle()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await clock.settle()
    assert not task.done()
    await simulator.deliver(the_id(simulator))
    await clock.advance(15.1)
    assert (await task)["messages"][0]["status"] == "delivered"
    assert captured.of("status") == ["delivered"]


async def test_wait_for_nothing(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Rows that are final in the send result are not waited for; nor are tests."""
    await add_account(hass, simulator)
    await alarm(hass, PAPA, test=True, wait=3600)
    await alarm(hass, PAPA, wait=0)
    simulator.phone(PAPA[1:]).blacklisted = True
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA, wait=3600)
