"""After an acknowledgement nothing: also not what waits in the outbox for its moment."""

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from tests.common import Clock, act
from tests.simulator.simulator import Simulator

from .common import TO_MAMA, TO_PAPA, House, alarm, build, step
from .test_survives import issues


async def acknowledged(house: House) -> None:
    """Take it at home."""
    await house.acknowledge()


async def removed(house: House) -> None:
    """Remove the alarm."""
    house.hass.config_entries.async_remove_subentry(house.entry, house.subentry.subentry_id)
    await house.clock.settle()


async def ended(house: House) -> None:
    """Say that the danger is over."""
    await house.end()


ENDS = pytest.mark.parametrize("end", [acknowledged, ended, removed])
End = Callable[[House], Awaitable[None]]


@ENDS
async def test_waits_for_a_connection(
    hass: HomeAssistant, simulator: Simulator, end: End, house: House
) -> None:
    """A text that waits for a connection never goes out, and nothing is wrong."""
    await simulator.down()
    await house.leak()
    await house.pass_by(1)
    await end(house)
    await simulator.up()
    await house.wait(600)
    assert house.paid == []
    assert issues(hass) == set()


@ENDS
async def test_waits_for_its_turn(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, end: End
) -> None:
    """So does one that waits for another send of the same text."""
    house = await build(hass, simulator, clock, options={"rate_limit": 0, "daily_limit": 0})
    simulator.fault("slow", when="after", command="send", seconds=5)
    text = "leak. Answer this text to take it"
    same: Any = {"phones": ["papa"], "message": text, "two_way": True}
    task = hass.async_create_task(act(hass, "send_sms", **same))
    await house.clock.settle()
    await house.leak()
    await house.pass_by(1)
    assert len(house.paid) == 1
    await end(house)
    await house.wait(300)
    await task
    assert len(house.paid) == 1
    assert issues(hass) == set()


@ENDS
async def test_waits_for_a_read(simulator: Simulator, end: End, house: House) -> None:
    """One whose response was lost is reconciled, and never requested a second time."""
    simulator.fault("reset", when="before", command="send")
    await house.leak()
    assert len(house.paid) == 1
    await end(house)
    await house.wait(300)
    assert len(house.paid) == 1
    assert house.sent == []


async def test_only_what_waits(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A request on its way is followed: a recipient it reached is informed who took it."""
    plan = alarm("Leak", step("papa", "mama"))
    house = await build(hass, simulator, clock, plan)
    simulator.fault("slow", when="after", command="send", seconds=5, skip=1)
    await house.leak()
    assert len(house.paid) == 2
    await acknowledged(house)
    await house.wait(30)
    assert sorted(house.sent) == [("sms", "mama"), ("sms", "papa"), TO_MAMA, TO_PAPA]


async def test_part_of_a_step(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Of a step under way only recipients whose text was sent are informed."""
    plan = alarm("Leak", step("papa", "mama"))
    house = await build(hass, simulator, clock, plan)
    simulator.fault("reset", when="before", command="send", skip=1)
    await house.leak()
    await house.write(f"+{simulator.orders[0].phone}", "ok")
    await house.wait(300)
    assert house.state() == "acknowledged"
    assert len(house.sent) == 1
    assert house.attribute("waiting_for") is None
    assert issues(hass) == set()


async def test_a_new_run_at_once(simulator: Simulator, house: House) -> None:
    """What an earlier run still waits for keeps nothing of a new one back."""
    simulator.fault("hang", when="before", command="send")
    await house.start()
    await house.end()
    await house.start()
    await house.pass_by(1)
    assert house.sent == [TO_PAPA]


async def test_out_of_the_plan(simulator: Simulator, house: House) -> None:
    """A recipient removed while the text waits gets none, and the next one follows."""
    await simulator.down()
    await house.leak()
    await house.pass_by(1)
    await house.change_steps(step("mama"), step("baba"))
    await simulator.up()
    await house.wait(30)
    assert house.sent == [("two_way", "baba")]


async def test_out_of_the_plan_and_restarted(simulator: Simulator, house: House) -> None:
    """So it is where Home Assistant is restarted in between."""
    await simulator.down()
    await house.leak()
    await house.pass_by(1)
    await house.change_steps(step("mama"), step("baba"))
    await house.kill(down=10)
    await simulator.up()
    await house.wait(30)
    assert "papa" not in [name for _kind, name in house.sent]
    assert house.sent
