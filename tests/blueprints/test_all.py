"""What holds for every blueprint."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from homeassistant.components.automation.helpers import async_get_blueprints as automations
from homeassistant.components.blueprint import Blueprint
from homeassistant.components.script.helpers import async_get_blueprints as scripts
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import selector
from homeassistant.util.yaml import Input, extract_inputs, parse_yaml
import pytest

from .common import FOLDER

FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.yaml"))
SOURCE = "https://github.com/ha-smspilot/ha-smspilot/blob/main/blueprints"
IMPORT = "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="


@pytest.fixture
async def blueprint(hass: HomeAssistant, file: str) -> Blueprint:
    """Return a blueprint as Home Assistant reads it."""
    kind, path = file.split("/", 1)
    shelf = {"automation": automations, "script": scripts}[kind](hass)
    return await shelf.async_get_blueprint(path)


def steps(node: Any) -> Iterator[dict[str, Any]]:
    """Go through everything that is a trigger, a condition or an action, or part of one."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from steps(each)


def domains(blueprint: Blueprint, entity_ids: Any) -> set[str]:
    """Return the domains of entities, also of those that a person chooses."""
    if isinstance(entity_ids, Input):
        (name,) = extract_inputs(entity_ids)
        filters = blueprint.inputs[name]["selector"]["entity"]["filter"]
        return {domain for each in filters for domain in each["domain"]}
    listed = entity_ids if isinstance(entity_ids, list) else [entity_ids]
    return {str(entity_id).partition(".")[0] for entity_id in listed}


def test_all_are_there() -> None:
    assert FILES == [
        "automation/smspilot/alarm_that_escalates.yaml",
        "automation/smspilot/low_balance.yaml",
        "automation/smspilot/order_by_sms.yaml",
        "automation/smspilot/report_by_sms.yaml",
        "automation/smspilot/self_test.yaml",
        "automation/smspilot/sim_is_alive.yaml",
        "script/smspilot/confirm_by_sms.yaml",
    ]


@pytest.mark.parametrize("file", FILES)
def test_names(blueprint: Blueprint, file: str) -> None:
    """It says what it is, where it comes from, and what it needs."""
    assert blueprint.name.endswith(" (SMSPILOT)")
    assert len(blueprint.metadata["description"]) > 100
    assert blueprint.metadata["source_url"] == f"{SOURCE}/{file}"
    assert blueprint.metadata["homeassistant"] == {"min_version": "2026.8.0"}


@pytest.mark.parametrize("file", FILES)
def test_inputs(blueprint: Blueprint) -> None:
    """Each has a name, a field of its kind that takes its default, and is used."""
    used = extract_inputs(
        {key: blueprint.data[key] for key in blueprint.data if key != "blueprint"}
    )
    assert set(blueprint.inputs) == used
    for config in blueprint.inputs.values():
        assert config["name"]
        if "default" in config:
            field: Any = selector(config["selector"])
            field(config["default"])


@pytest.mark.parametrize("file", FILES)
def test_import(blueprint: Blueprint) -> None:
    """It is the same after Home Assistant has written it down again."""
    assert parse_yaml(blueprint.yaml()) == blueprint.data


@pytest.mark.parametrize("file", FILES)
def test_triggers(blueprint: Blueprint) -> None:
    """None fires twice for one message, and no message is dropped behind another one."""
    triggers = [step for step in steps(blueprint.data) if isinstance(step.get("trigger"), str)]
    for trigger in triggers:
        if trigger["trigger"] == "smspilot.message_received":
            assert blueprint.data["mode"] == "queued"
        if trigger["trigger"] == "state":
            assert "event" not in domains(blueprint, trigger["entity_id"])


@pytest.mark.parametrize("file", [file for file in FILES if "alarm" in file])
def test_alarm(blueprint: Blueprint) -> None:
    """Whatever an alarm sends is urgent, and where it fails the alarm goes on."""
    sent = [step for step in steps(blueprint.data) if "smspilot." in str(step.get("action"))]
    assert len(sent) == 3
    for step in sent:
        assert step["continue_on_error"]
        assert step["data"]["urgent"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("readme", ["README.md", "README.ru.md"])
def test_button(file: str, readme: str) -> None:
    """It can be imported with one click."""
    text = (Path(__file__).parents[2] / readme).read_text()
    assert f"({IMPORT}{quote(f'{SOURCE}/{file}', safe='')})" in text
