"""Whether the service is reachable, and how messages come in."""

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.smspilot.const import DOMAIN

from .common import add_account
from .simulator.simulator import Simulator


async def test_health(hass: HomeAssistant, simulator: Simulator) -> None:
    """The page counts accounts and asks whether the service answers."""
    assert await async_setup_component(hass, "system_health", {})
    await add_account(hass, simulator)
    await hass.async_block_till_done(wait_background_tasks=True)
    info = await get_system_health_info(hass, DOMAIN)
    assert await info.pop("reachable") == "ok"
    assert info == {"accounts": 1, "push": 0, "poll": 1}
