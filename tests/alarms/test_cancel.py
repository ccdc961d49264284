"""After an acknowledgement nothing: also not what waits in the outbox for its moment."""

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from tests.common import Clock, act
from tests.simulator.simulator import Simulator

from .common import House, alarm, build, step
from .test_survives import issues

TO_PAPA, TO_MAMA = ("two_way", "papa"), ("two_way", "mama")


async def acknowledged(house: House) -> None:
    """Take it at home."""
    await act(house.hass, "acknowledge_alarm", respond=False, alarm="sensor.leak", by="Guard")
    await house.clock.settle()


async def removed(house: House) -> None:
    """Remove the alarm."""
    (subentry,) = (one for one in house.entry.subentries.values() if one.title == "Leak")
    house.hass.config_entries.async_remove_subentry(house.entry, subentry.subentry_id)
    await house.clock.settle()


async def ended(house: House) -> None:
    """Say that the danger is over."""
    await house.end()


ENDS = pytest.mark.parametrize("end", [acknowledged, ended, removed])
End = Callable[[House], Awaitable[None]]


@ENDS
async def test_waits_for_a_connection(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, end: End
) -> None:
    """A text that waits for a connection never goes out, and nothing is wrong."""
    house = await build(hass, simulator, clock)
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
async def test_waits_for_a_look(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, end: End
) -> None:
    """One whose response was lost is looked for, and never requested a second time."""
    house = await build(hass, simulator, clock)
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


async def test_a_new_run_at_once(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What an earlier run still waits for keeps nothing of a new one back."""
    house = await build(hass, simulator, clock)
    simulator.fault("hang", when="before", command="send")
    await house.start()
    await house.end()
    await house.start()
    await house.pass_by(1)
    assert house.sent == [TO_PAPA]


async def test_out_of_the_plan(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A recipient removed while the text waits gets none, and the next one follows."""
    house = await build(hass, simulator, clock)
    await simulator.down()
    await house.leak()
    await house.pass_by(1)
    (subentry,) = (one for one in house.entry.subentries.values() if one.title == "Leak")
    data = {**subentry.data, "steps": [step("mama"), step("baba")]}
    hass.config_entries.async_update_subentry(house.entry, subentry, data=data)
    await clock.settle()
    await simulator.up()
    await house.wait(30)
    assert house.sent == [("two_way", "baba")]


async def test_out_of_the_plan_and_restarted(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """So it is where Home Assistant is restarted in between."""
    house = await build(hass, simulator, clock)
    await simulator.down()
    await house.leak()
    await house.pass_by(1)
    (subentry,) = (one for one in house.entry.subentries.values() if one.title == "Leak")
    data = {**subentry.data, "steps": [step("mama"), step("baba")]}
    hass.config_entries.async_update_subentry(house.entry, subentry, data=data)
    await house.kill(down=10)
    await simulator.up()
    await house.wait(30)
    assert "papa" not in [name for _kind, name in house.sent]
    assert house.sent
