"""A house with the alarm that most tests need."""

from homeassistant.core import HomeAssistant
import pytest

from tests.common import Clock
from tests.simulator.simulator import Simulator

from .common import House, build


@pytest.fixture
async def house(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> House:
    """Build a house whose alarm texts Papa, and Mama two minutes later."""
    return await build(hass, simulator, clock)
