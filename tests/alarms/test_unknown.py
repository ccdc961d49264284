"""What a run does not know yet: a response on its way, a restart before the result."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smspilot.const import DOMAIN
from tests.common import Clock
from tests.simulator.simulator import Simulator

from .common import MAMA, NUMBERS, PAPA, SMOKE, TO_MAMA, TO_PAPA, House, alarm, build, step


async def test_answered_before_the_response(simulator: Simulator, house: House) -> None:
    """An answer that comes before the API's response takes it."""
    simulator.fault("slow", when="after", command="send", seconds=45)
    await house.leak()
    await house.pass_by(5)
    await house.write(PAPA, "ok")
    await house.wait(30)
    assert (house.state(), house.attribute("acknowledged_by")) == ("acknowledged", "Papa")
    await house.wait(600)
    assert house.sent == [TO_PAPA]


async def test_declined_before_the_response(simulator: Simulator, house: House) -> None:
    """A decline passes it on as soon as the response is there."""
    simulator.fault("slow", when="after", command="send", seconds=45)
    await house.leak()
    await house.pass_by(5)
    await house.write(PAPA, "не могу")
    await house.wait(45)
    assert house.sent == [TO_PAPA, TO_MAMA]
    assert house.texts[-1] == "leak. Cannot: Papa. Answer this text to take it"


async def test_not_answered_before_the_request(simulator: Simulator, house: House) -> None:
    """What was written before the request was made is no answer to it."""
    await simulator.down()
    await house.leak()
    await house.pass_by(5)
    await house.write(PAPA, "ok")
    await simulator.up()
    await house.wait(90)
    assert house.state() == "running"
    assert house.sent == [TO_PAPA]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_answered_and_killed(simulator: Simulator, when: str, house: House) -> None:
    """A kill before the response: an answer written while Home Assistant was down counts."""
    simulator.fault("hang", when=when, command="send")
    await house.leak()
    await house.pass_by(5)
    await house.write(PAPA, "ok")
    simulator.faults.clear()
    await house.kill(down=300)
    await house.wait(30)
    assert (house.state(), house.attribute("acknowledged_by")) == ("acknowledged", "Papa")
    assert TO_MAMA not in house.sent


async def test_read_first_after_a_restart(simulator: Simulator, house: House) -> None:
    """What was answered while Home Assistant was down is read before what waited goes out."""
    await house.leak()
    await house.wait(115)
    await simulator.down()
    await house.pass_by(8)
    await house.write(PAPA, "ok")
    await simulator.up()
    await house.kill(down=60)
    await house.wait(30)
    assert house.state() == "acknowledged"
    assert house.sent == [TO_PAPA]


async def test_restart_without_a_connection(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What waited for a connection goes out after the restart, once, and nothing is called lost."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    await simulator.down()
    await house.leak()
    await house.pass_by(3)
    await house.kill(down=30)
    await house.wait(130)
    assert house.attribute("waiting_for") == "cannot_connect"
    await simulator.up()
    await house.wait(65)
    assert house.sent == [TO_PAPA]
    keys = {one.translation_key for one in ir.async_get(hass).issues.values() if one.active}
    assert "interrupted" not in keys
    assert {domain for domain, _ in ir.async_get(hass).issues} <= {DOMAIN}


@pytest.mark.parametrize("down", [0, 600])
async def test_next_step_after_a_doubt(simulator: Simulator, down: float, house: House) -> None:
    """The next step counts from when the text may have gone out, not from when that is known."""
    simulator.fault("hang", when="after", command="send")
    await house.leak()
    if down:
        await house.kill(down=down)
        simulator.faults.clear()
        await house.wait(5)
    else:
        await house.wait(150)
    assert house.sent == [TO_PAPA, TO_MAMA]


async def test_two_alarms(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An answer takes the alarm requested last, also before its response is there."""
    fire = alarm("Fire", step("papa"), sources=[SMOKE])
    house = await build(hass, simulator, clock, alarm(), fire)
    await house.leak()
    await house.pass_by(60)
    simulator.fault("slow", when="after", command="send", seconds=45)
    await house.leak(source=SMOKE)
    await house.pass_by(5)
    await house.write(PAPA, "ok")
    await house.wait(30)
    assert (house.state("leak"), house.state("fire")) == ("running", "acknowledged")
    await house.write(MAMA, "ok")
    await house.wait(30)
    assert house.state("leak") == "running"


async def test_answer_of_a_recipient_in_doubt(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A recipient who may have the text can take it, and is informed who took it."""
    house = await build(hass, simulator, clock, alarm("Leak", step("papa", wait={"minutes": 20})))
    simulator.fault("hang", when="before", command="send")
    await house.leak()
    await house.wait(200)
    assert ("step", "Papa") in house.events()
    await house.write(PAPA, "ok")
    await house.wait(30)
    assert house.attribute("acknowledged_by") == "Papa"


async def test_recipient_in_doubt_is_informed(simulator: Simulator, house: House) -> None:
    """A recipient who may have the text is informed who took it."""
    simulator.fault("hang", when="before", command="send")
    await house.leak()
    await house.wait(200)
    await house.write(MAMA, "ok")
    await house.wait(30)
    assert house.attribute("acknowledged_by") == "Mama"
    assert house.sent[-1] == ("sms", "papa")
    assert house.texts[-1] == "Mama takes it: leak"


async def test_killed_while_it_is_taken(simulator: Simulator, house: House) -> None:
    """A recipient of a request is informed who took it, also after a restart."""
    simulator.fault("hang", when="after", command="send")
    await house.leak()
    await house.acknowledge()
    simulator.faults.clear()
    await house.kill(down=30)
    await house.wait(30)
    assert house.sent == [TO_PAPA, ("sms", "papa")]
    assert house.texts[-1] == "Guard takes it: leak"


async def test_out_of_the_plan(simulator: Simulator, house: House) -> None:
    """A recipient of a request can take it, also where a changed plan no longer has them."""
    simulator.fault("hang", when="after", command="send")
    await house.leak()
    simulator.faults.clear()
    await house.change_steps(step("mama"), step("baba"))
    await house.kill(down=30)
    await house.wait(30)
    assert house.sent[0] == TO_PAPA
    await house.write(PAPA, "ok")
    await house.wait(30)
    assert house.attribute("acknowledged_by") == "Papa"


async def test_taken_by_another_after_a_restart(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A recipient without a result when it is taken is informed once the result is known."""
    house = await build(hass, simulator, clock, alarm("Leak", step("papa", "mama")))
    simulator.fault("hang", when="after", command="send", skip=1)
    await house.leak()
    first = house.sent[0][1]
    await house.pass_by(5)
    await house.write(NUMBERS[first], "ok")
    simulator.faults.clear()
    await house.kill(down=30)
    await house.wait(30)
    assert house.attribute("acknowledged_by") == first.capitalize()
    assert house.sent[2:] == [("sms", "mama" if first == "papa" else "papa")]
