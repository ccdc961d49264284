"""An alarm through the real Home Assistant: who is told, in which order, and what stops it."""

from homeassistant.core import HomeAssistant

from tests.common import Clock
from tests.simulator.simulator import Simulator

from .common import alarm, build

TWO_WAY = "two_way"


async def test_goes_on(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """From person to person, in rounds, until nobody is left; each send is one request."""
    house = await build(hass, simulator, clock, alarm(rounds=2))
    await house.leak()
    assert house.sent == [(TWO_WAY, "papa")]
    assert house.state() == "running"
    await house.wait()
    assert house.sent == [(TWO_WAY, "papa"), (TWO_WAY, "mama")]
    await house.wait()
    await house.wait()
    assert house.sent == [(TWO_WAY, "papa"), (TWO_WAY, "mama")] * 2
    await house.wait()
    assert house.state() == "unanswered"
    assert len(house.paid) == 4
    assert house.texts == [
        "leak. Answer this text to take it",
        "leak. Answer this text to take it",
        "Reminder 2: leak. Answer this text to take it",
        "Reminder 2: leak. Answer this text to take it",
    ]
