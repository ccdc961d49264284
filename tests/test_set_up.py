"""An account is set up from the disk, without waiting for the API."""

import asyncio
from collections.abc import AsyncIterator
import threading

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_API_KEY, CONF_URL, CONF_WEBHOOK_ID, STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import DOMAIN, EVENT_MESSAGE_STATUS

from .common import PAPA, WEBHOOK_ID, CapturedEvents, Clock, act, add_account, person, state_of
from .simulator.model import DEFAULT_KEY, Blocked, Status
from .simulator.simulator import Simulator

BALANCE = "sensor.smspilot_5671_balance"
DELIVERY = "event.smspilot_5671_delivery"
# Far more than a set-up takes on a busy machine, and what the contract allows.
MOST = 5.0


@pytest.fixture(params=["hang", "reset", "http_500", "down", "dead key", "blocked"])
async def trouble(request: pytest.FixtureRequest, simulator: Simulator) -> AsyncIterator[str]:
    """Have an API that is of no use."""
    match request.param:
        case "down":
            await simulator.down()
        case "dead key":
            simulator.account.apikey = "OTHER" * 12 + "KEYS"
        case "blocked":
            simulator.account.blocked = Blocked()
        case kind:
            simulator.fault(kind, times=1000)
    yield request.param
    simulator.faults.clear()


def known_account(hass: HomeAssistant, sim: Simulator) -> MockConfigEntry:
    """Return an account that was set up before, as Home Assistant finds it at its start."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="SMSPILOT 5671",
        unique_id="5671",
        data={CONF_API_KEY: DEFAULT_KEY, CONF_URL: sim.url, CONF_WEBHOOK_ID: WEBHOOK_ID},
        subentries_data=[person("Папа", PAPA)],
    )
    entry.add_to_hass(hass)
    return entry


@pytest.mark.parametrize("core", [CoreState.running, CoreState.starting])
async def test_whatever_the_api_does(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, trouble: str, core: CoreState
) -> None:
    """Entities, actions and the webhook are there at once, and Home Assistant's start goes on."""
    entry = known_account(hass, simulator)
    hass.set_state(core)
    async with asyncio.timeout(MOST):
        assert await async_setup_component(hass, DOMAIN, {})
        # What Home Assistant's start waits for.
        await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert state_of(hass, "notify.papa").state != STATE_UNAVAILABLE
    assert state_of(hass, BALANCE).state == STATE_UNAVAILABLE
    assert hass.services.has_service(DOMAIN, "send_sms")
    assert WEBHOOK_ID in hass.data["webhook"]
    async with asyncio.timeout(MOST):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    assert state_of(hass, "notify.papa").state != STATE_UNAVAILABLE
    hass.set_state(CoreState.running)
    simulator.faults.clear()
    if trouble == "down":
        await simulator.up()
    await clock.advance(61)
    if trouble in ("dead key", "blocked"):
        return
    await clock.advance(1801)
    assert state_of(hass, BALANCE).state != STATE_UNAVAILABLE


async def test_dead_key_and_block_in_the_background(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """A refusal that comes late asks for a new key, or says why, all the same."""
    entry = known_account(hass, simulator)
    hanging = simulator.fault("hang", command="account")
    simulator.account.blocked = Blocked()
    assert await async_setup_component(hass, DOMAIN, {})
    assert not issue_registry.issues
    hanging.release()
    await clock.settle()
    assert issue_registry.async_get_issue(DOMAIN, f"account_blocked_{entry.entry_id}")
    simulator.account.blocked = None
    simulator.account.apikey = "OTHER" * 12 + "KEYS"
    assert await hass.config_entries.async_reload(entry.entry_id)
    await clock.settle()
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == ["reauth"]


async def test_alarm_in_the_first_second(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An alarm that comes before the API has said anything goes out, or says that it did not."""
    known_account(hass, simulator)
    hanging = simulator.fault("hang", command="account")
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.services.async_call(
        "notify",
        "send_message",
        {"entity_id": "notify.papa", "message": "Протечка!"},
        blocking=True,
    )
    assert [order.phone for order in simulator.orders] == [PAPA[1:]]
    hanging.release()
    await simulator.down()
    with pytest.raises(HomeAssistantError):
        await clock.finish(act(hass, "send_sms", phones=[PAPA], message="Дым!", retry_for=5))


async def test_one_request(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A set-up requests the account once, and nothing for entities that are disabled."""
    known_account(hass, simulator)
    assert await async_setup_component(hass, DOMAIN, {})
    await clock.settle()
    assert len(simulator.calls("account")) == 1
    assert simulator.calls("balance") == []


async def test_busy_threads(hass: HomeAssistant, simulator: Simulator) -> None:
    """Nor for Home Assistant's own threads, once they have set up what is not ours."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    assert await hass.config_entries.async_unload(entry.entry_id)
    stop = threading.Event()
    others = [hass.loop.run_in_executor(None, stop.wait) for _ in range(200)]
    try:
        async with asyncio.timeout(MOST):
            assert await hass.config_entries.async_setup(entry.entry_id)
            await act(hass, "send_sms", phones=[PAPA], message="Дым!")
    finally:
        stop.set()
        await asyncio.gather(*others)
    assert len(simulator.orders) == 2


async def test_status_read_during_a_reload(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """It is published when the entities are back, on the bus and to them."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)], enabled=[DELIVERY])
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    (order,) = simulator.orders
    await simulator.advance(order.server_id, Status.UNDELIVERED)
    hanging = simulator.fault("hang", command="check", when="after")
    await clock.advance(16)
    await hanging.reached.wait()
    assert await hass.config_entries.async_unload(entry.entry_id)
    hanging.release()
    await clock.settle()
    assert captured.of("status") == []
    assert await hass.config_entries.async_setup(entry.entry_id)
    await clock.settle()
    assert captured.of("status") == ["undelivered"]
    assert state_of(hass, DELIVERY).attributes["event_type"] == "undelivered"
