"""What the tests of the blueprints share."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from tests.common import MAMA, PAPA, Clock, person, write
from tests.simulator.simulator import Simulator

FOLDER = Path(__file__).parents[2] / "blueprints"
STRANGER = "+79990001122"
PEOPLE = [person("Папа", PAPA), person("Мама", MAMA)]


async def automate(hass: HomeAssistant, blueprint: str, **inputs: Any) -> None:
    """Set up an automation from a blueprint, as the editor saves it."""
    automation = {
        "id": "it",
        "alias": "It",
        "use_blueprint": {"path": f"smspilot/{blueprint}.yaml", "input": inputs},
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    assert hass.states.is_state("automation.it", "on")


async def write_early(sim: Simulator, phone: str, text: str, minutes: int) -> None:
    """Have a message come that is read so many minutes later, by the service's clock."""
    await write(sim, phone, text)
    sim.clock_offset += timedelta(minutes=minutes)


def journal(sim: Simulator) -> list[tuple[str, str]]:
    """Return what was paid: its kind and its number."""
    return [(order.kind.value, f"+{order.phone}") for order in sim.orders]


def texts(sim: Simulator) -> list[str]:
    """Return the words that were paid."""
    return [order.text for order in sim.orders]


async def noon(hass: HomeAssistant, clock: Clock, day: date) -> None:
    """Let it be noon of a day."""
    moment = datetime.combine(day, time(12), tzinfo=dt_util.get_default_time_zone())
    async_fire_time_changed(hass, moment)
    await clock.settle()


def tomorrow() -> date:
    return dt_util.now().date() + timedelta(days=1)
