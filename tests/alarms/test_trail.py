"""Why did an alarm go on, or not? The trail in the diagnostics says it, and nothing private."""

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.common import Clock
from tests.simulator.simulator import Simulator
from tests.test_trail import trail

from .common import PAPA, alarm, build


async def test_a_run(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, hass_client: ClientSessionGenerator
) -> None:
    """Each transition of a run leaves a step, without a name, a text or a number."""
    await async_setup_component(hass, "diagnostics", {})
    house = await build(hass, simulator, clock, alarm(code=True, end_message="Dry again"))
    await house.leak()
    await house.start(message="Fire")
    code = house.texts[0][-3:]
    await house.write(PAPA, "111" if code != "111" else "222")
    await house.wait()
    await house.write(PAPA, "не могу")
    await house.write(PAPA, code)
    await house.wait(30)
    steps = await trail(hass_client, house.entry.entry_id)
    ours = [one for one in steps if one["step"].startswith("alarm ")]
    names = [one["step"] for one in ours if one["step"] != "alarm went on"]
    assert names[:2] == ["alarm started", "alarm step"]
    assert names[-1] == "alarm acknowledged"
    assert {"alarm not started", "alarm code wrong"} <= {*names}
    assert {one["reason"] for one in ours if one["step"] == "alarm not started"} == {"is_running"}
    assert {one["alarm_id"] for one in ours} == {house.attribute("alarm_id")}
    for secret in ("Papa", "Mama", "leak", "Fire", PAPA[1:], code):
        assert secret not in str([{**one, "at": "", "alarm_id": ""} for one in ours])
