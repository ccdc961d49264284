"""The actions of alarms, readiness, and what entities, diagnostics and logbook say."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.alarm_sentences import alarm_sentence
from tests.common import Clock, act
from tests.simulator.simulator import Simulator

from .common import PAPA, alarm, app, build, registered, step

NOT_READY = "alarm_not_ready"


async def test_start(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """It returns once the run is on the disk; started while it runs, it is the same run."""
    house = await build(hass, simulator, clock, alarm(sources=[]))
    response = await house.start(message="Fire")
    assert response == {
        "alarm_id": house.attribute("alarm_id"),
        "state": "running",
        "steps": 2,
        "most_cost": house.attribute("most_cost"),
    }
    assert house.texts == ["Fire. Answer this text to take it"]
    again = await house.start(message="Fire in the attic")
    assert again["alarm_id"] == response["alarm_id"]
    assert len(house.paid) == 1
    await house.end(message="It was the toast.")
    assert house.state() == "idle"
    assert house.texts[-1] == "It was the toast."
    assert house.sent[-1] == ("sms", "papa")
    # Without a run it does nothing, and is no error.
    await house.end(message="Really.")
    assert len(house.paid) == 2
    # A new one is another run; without a message it has the alarm's name.
    fresh = await house.start()
    assert fresh["alarm_id"] != response["alarm_id"]
    assert house.texts[-1] == "Leak. Answer this text to take it"


async def test_which_alarm(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Exactly one alarm is meant, by its sensor, its device or a target."""
    house = await build(hass, simulator, clock, alarm("Leak"), alarm("Fire", sources=[]))
    device_id = registered(hass, "sensor.leak").device_id
    assert device_id
    response = await act(hass, "start_alarm", device_id=device_id)
    assert response["alarm_id"]
    for wrong in (
        {},
        {"alarm": "sensor.smspilot_5671_balance"},
        {"alarm": "button.leak_acknowledge"},
        {"alarm": "sensor.gone"},
        {"entity_id": ["sensor.leak", "sensor.fire"]},
        {"alarm": "sensor.leak", "entity_id": "sensor.fire"},
        {"alarm": "sensor.leak", "config_entry_id": "other"},
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await act(hass, "start_alarm", **wrong)
        assert raised.value.translation_key == "one_alarm"
    with pytest.raises(ServiceValidationError, match="data is invalid"):
        await act(hass, "start_alarm", entity_id="all")
    assert house.state("fire") == "idle"


async def test_rehearsal(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Every step of one round at once, as a test: nothing is sent, paid or begun."""
    steps = [step("papa", "notify.app"), step("mama", channel="sms"), step("baba", channel="voice")]
    house = await build(hass, simulator, clock, alarm("Leak", *steps))
    calls = app(hass)
    simulator.phone(PAPA[1:]).blacklisted = True
    response = await house.start(test=True)
    assert response["alarm_id"] is None
    assert (response["state"], response["steps"]) == ("idle", 3)
    rows = {row["recipient"]: row for row in response["messages"]}
    assert [row["kind"] for row in response["messages"]] == ["two_way", "sms", "voice"]
    assert rows["Papa"]["error"]["code"] == 212 or "212" in rows["Papa"]["error"]["description"]
    assert rows["Mama"]["test"] is True
    assert all("test" in one.params for one in house.paid)
    assert (house.sent, calls, house.events()) == ([], [], [])
    assert house.state() == "idle"


async def test_devices(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An alarm is a device of its own, without an area, under its account."""
    house = await build(hass, simulator, clock)
    sensor, button = registered(hass, "sensor.leak"), registered(hass, "button.leak_acknowledge")
    device = dr.async_get(hass).async_get(sensor.device_id or "")
    assert device
    assert (device.name, device.area_id) == ("Leak", None)
    assert button.device_id == device.id
    state = hass.states.get("sensor.leak")
    assert state
    assert state.name == "Leak"
    assert state.attributes["options"] == ["idle", "running", "acknowledged", "unanswered"]
    await house.leak()
    assert {one["device_id"] for one in house.published.data} == {device.id}


async def test_most_cost(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What all rounds cost at most is known as soon as the alarm was checked."""
    house = await build(hass, simulator, clock, alarm(rounds=2))
    await house.wait(15)
    cost = house.attribute("most_cost")
    assert cost == pytest.approx(2 * 2 * 3.13, abs=5)
    await house.leak()
    assert house.paid[-1].params.get("cost") is None


async def test_ready(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What would not get through is a repair issue that names the step, checked once a day."""
    simulator.phone(PAPA[1:]).blacklisted = True
    house = await build(hass, simulator, clock, alarm("Leak", step("papa"), step("gone")))
    await house.wait(15)
    (issue,) = [
        one for (_, _), one in ir.async_get(hass).issues.items() if one.translation_key == NOT_READY
    ]
    assert issue.translation_placeholders
    problems = issue.translation_placeholders["problems"]
    assert "Step 1: 212" in problems
    assert "Step 2: whoever it names is gone" in problems
    # Saving it checks it anew.
    simulator.phone(PAPA[1:]).blacklisted = False
    await house.change_steps(step("papa"))
    await house.wait(2)
    assert not [
        one for one in ir.async_get(hass).issues.values() if one.translation_key == NOT_READY
    ]
    simulator.requests.clear()
    await house.wait(24 * 3600, step=3600)
    assert len([one for one in simulator.calls("send") if "cost" in one.params]) == 1
    assert house.paid == []


async def test_balance(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A balance below what one round costs is one too."""
    simulator.account.balance = Decimal("0.5")
    house = await build(hass, simulator, clock)
    await house.wait(15)
    (issue,) = [
        one for one in ir.async_get(hass).issues.values() if one.translation_key == NOT_READY
    ]
    assert issue.translation_placeholders
    assert "0.50\u00a0₽" in issue.translation_placeholders["problems"]


async def test_diagnostics(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hass_client: ClientSessionGenerator,
) -> None:
    """Diagnostics show what an alarm does, and no name, number or text."""
    assert await async_setup_component(hass, "diagnostics", {})
    house = await build(hass, simulator, clock, alarm(message="Secret water"))
    await house.leak()
    found = await get_diagnostics_for_config_entry(hass, hass_client, house.entry)
    (shown,) = cast("list[dict[str, Any]]", found["alarms"])
    assert shown["state"] == "running"
    assert shown["sends"] == {"accepted": 1}
    for secret in ("Secret", "Papa", "79087964781", "leak"):
        assert secret not in str(shown)


async def test_story(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The logbook's lines read as a story."""
    house = await build(
        hass,
        simulator,
        clock,
        alarm("Leak", step("papa"), step("papa", channel="voice"), step("mama")),
    )
    await house.leak()
    await house.wait()
    await house.wait()
    await house.write("+79161231212", "еду")
    await house.wait(20)

    def lines() -> list[str]:
        began = house.published.data[0]["started_at"]
        at = datetime.fromisoformat(began) + timedelta(minutes=4)
        return [alarm_sentence(hass, one, at.timestamp()) for one in house.published.data]

    assert lines() == [
        "started: leak",
        "Papa: texted",
        "Papa: called",
        "Mama: texted",
        "Mama took it after 4 min",
    ]


async def test_russian(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Everything is said in the home's language."""
    hass.config.language = "ru"
    house = await build(hass, simulator, clock)
    await house.leak()
    await house.wait()
    await house.write(PAPA, "еду")
    await house.wait(20)
    assert house.texts[0] == "leak. Займётесь? Ответьте на это SMS"
    assert house.texts[-1] == "Займётся Papa: leak"
