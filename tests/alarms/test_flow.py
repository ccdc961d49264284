"""The form of an alarm: what it saves, what it refuses, and that a renaming changes nothing."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.alarms.plan import Plan, Step
from custom_components.smspilot.const import SUBENTRY_ALARM
from tests.common import Clock
from tests.simulator.simulator import Simulator

from .common import IDS, LEAK, House, build

FORM: Mapping[str, Any] = {
    "name": "Fire ",
    "start": {"sources": [LEAK], "ends_with_sources": True},
    "steps": [{"recipients": ["notify.papa"]}],
    "rounds": 3,
    "answers": {"tell_others": True, "code": False, "pick_up": False},
    "afterwards": {"remind": {"minutes": 30}, "hold": {"minutes": 10}},
}


async def add(house: House, form: Mapping[str, Any]) -> Any:
    """Fill in the form of a new alarm."""
    subentries = house.hass.config_entries.subentries
    flow = await subentries.async_init(
        (house.entry.entry_id, SUBENTRY_ALARM), context={"source": SOURCE_USER}
    )
    assert flow["type"] is FlowResultType.FORM
    result = await subentries.async_configure(flow["flow_id"], dict(form))
    await house.clock.settle()
    return result


def saved(entry: MockConfigEntry, name: str) -> Plan:
    (subentry,) = (one for one in entry.subentries.values() if one.title == name)
    return Plan.from_subentry(subentry)


async def test_defaults(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A name and one step are enough; the rest has its defaults, and it works at once."""
    house = await build(hass, simulator, clock)
    result = await add(house, {"name": "Fire", "steps": [{"recipients": ["notify.mama"]}]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    plan = saved(house.entry, "Fire")
    assert plan == Plan(id=plan.id, name="Fire", steps=(Step(recipients=(IDS["mama"],)),))
    await house.start("fire")
    assert house.sent == [("two_way", "mama")]


async def test_everything(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Everything the form says is kept, flat; entities by what a renaming does not change."""
    house = await build(hass, simulator, clock)
    registry = er.async_get(hass)
    app = registry.async_get_or_create("notify", "mobile_app", "phone", suggested_object_id="phone")
    sensor = registry.async_get_or_create(
        "binary_sensor", "zha", "water", suggested_object_id="water"
    )
    form = {
        "name": "Fire",
        "start": {
            "sources": [sensor.entity_id, LEAK],
            "message": " Fire! ",
            "ends_with_sources": False,
            "end_message": "Over",
        },
        "steps": [
            {"recipients": ["notify.papa", app.entity_id], "wait": {"seconds": 30}},
            {"recipients": ["notify.mama"], "channel": "voice", "wait": {"hours": 1}},
        ],
        "rounds": 10,
        "answers": {"tell_others": False, "code": True, "pick_up": True},
        "afterwards": {
            "remind": {"seconds": 0},
            "hold": {"hours": 1},
            "fallback": [app.entity_id],
        },
    }
    result = await add(house, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = (one for one in house.entry.subentries.values() if one.title == "Fire")
    assert dict(subentry.data) == {
        "name": "Fire",
        "sources": [sensor.id, LEAK],
        "message": "Fire!",
        "ends_with_sources": False,
        "end_message": "Over",
        "steps": [
            {"recipients": [IDS["papa"], app.id], "wait": {"seconds": 30}},
            {"recipients": [IDS["mama"]], "channel": "voice", "wait": {"hours": 1}},
        ],
        "rounds": 10,
        "tell_others": False,
        "code": True,
        "pick_up": True,
        "remind": {"seconds": 0},
        "hold": {"hours": 1},
        "fallback": [app.id],
    }
    # Renamed, all of it is found again, in the form and by the alarm.
    registry.async_update_entity(app.entity_id, new_entity_id="notify.my_phone")
    registry.async_update_entity("notify.papa", new_entity_id="notify.father")
    registry.async_update_entity(sensor.entity_id, new_entity_id="binary_sensor.bath")
    await house.clock.settle()
    flow = await house.entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert flow["data_schema"]
    suggested = {
        str(key): key.description["suggested_value"]
        for key in flow["data_schema"].schema
        if key.description and "suggested_value" in key.description
    }
    assert suggested["steps"][0]["recipients"] == ["notify.father", "notify.my_phone"]
    # The page takes what a section shows from here, and from nowhere else.
    assert suggested["start"] == {
        "sources": ["binary_sensor.bath", LEAK],
        "message": "Fire!",
        "ends_with_sources": False,
        "end_message": "Over",
    }
    assert suggested["answers"] == {"tell_others": False, "code": True, "pick_up": True}
    assert suggested["afterwards"]["fallback"] == ["notify.my_phone"]
    assert suggested["afterwards"]["hold"] == {"hours": 1}
    await house.leak(source="binary_sensor.bath")
    assert house.state("fire") == "running"
    assert house.sent == [("two_way", "papa")]


async def test_changed(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Saved again as it is shown, an alarm stays as it was."""
    house = await build(hass, simulator, clock)
    subentry = house.subentry
    before = saved(house.entry, "Leak")
    flow = await house.entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    form = {
        **FORM,
        "name": "Leak",
        "steps": [
            {"recipients": ["notify.papa"], "wait": {"minutes": 2}},
            {"recipients": ["notify.mama"], "wait": {"minutes": 2}},
        ],
    }
    result = await hass.config_entries.subentries.async_configure(flow["flow_id"], form)
    assert result["reason"] == "reconfigure_successful"
    assert saved(house.entry, "Leak") == before


def wrong(**more: Any) -> dict[str, Any]:
    return {**FORM, **more}


@pytest.mark.parametrize(
    ("form", "errors", "number"),
    [
        (wrong(steps=[]), {"steps": "no_steps"}, "0"),
        (wrong(steps=[{"recipients": []}]), {"steps": "no_recipients"}, "1"),
        (
            wrong(steps=[{"recipients": ["notify.papa"]}, {"recipients": ["light.lamp"]}]),
            {"steps": "invalid_recipient"},
            "2",
        ),
        (wrong(steps=[{"recipients": ["notify.gone"]}]), {"steps": "invalid_recipient"}, "1"),
        (
            wrong(steps=[{"recipients": ["notify.papa"], "wait": {"seconds": 9}}]),
            {"steps": "invalid_wait"},
            "1",
        ),
        (
            wrong(steps=[{"recipients": ["notify.papa"], "wait": {"hours": 25}}]),
            {"steps": "invalid_wait"},
            "1",
        ),
        (wrong(steps=[{"recipients": ["notify.papa"]}] * 21), {"steps": "too_many_steps"}, "21"),
        (wrong(name="Leak"), {"name": "name_in_use"}, "–"),
        (wrong(name="papa"), {"name": "name_in_use"}, "–"),
        (wrong(name="+7 908 796-47-81"), {"name": "invalid_name"}, "–"),
        (wrong(name=" "), {"name": "invalid_name"}, "–"),
        (wrong(start={"message": "{{ oops"}), {"start": "invalid_message"}, "–"),
        (wrong(afterwards={"fallback": ["notify.papa"]}), {"afterwards": "invalid_fallback"}, "–"),
        (wrong(afterwards={"remind": {"hours": 25}}), {"afterwards": "invalid_duration"}, "–"),
    ],
)
async def test_refused(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    form: dict[str, Any],
    errors: dict[str, str],
    number: str,
) -> None:
    """What the list's own dialog lets through is refused, and the step is named."""
    house = await build(hass, simulator, clock)
    result = await add(house, form)
    assert result["errors"] == errors
    for name in errors.keys() & {"start", "answers", "afterwards"}:
        assert result["data_schema"].schema[name].options == {"collapsed": False}
    assert result["description_placeholders"]["step"] == number
    flow_id = result["flow_id"]
    result = await hass.config_entries.subentries.async_configure(flow_id, dict(FORM))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Fire"
