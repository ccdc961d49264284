"""What holds for every blueprint."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any
from urllib.parse import quote

from homeassistant.components.automation.helpers import async_get_blueprints as automations
from homeassistant.components.blueprint import Blueprint
from homeassistant.components.script.helpers import async_get_blueprints as scripts
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import selector
from homeassistant.util.yaml import Input, extract_inputs, parse_yaml
import pytest

from tests.docs.blueprints import (
    WORDS,
    Untranslated,
    read_by_people,
    sources,
    target,
    translated,
)

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
    names = ["low_balance", "order_by_sms", "report_by_sms", "self_test", "sim_is_alive"]
    assert [
        *(f"automation/smspilot/{name}{end}.yaml" for name in names for end in ("", "_ru")),
        "script/smspilot/confirm_by_sms.yaml",
        "script/smspilot/confirm_by_sms_ru.yaml",
    ] == FILES


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.stem)
def test_russian_is_in_step(source: Path) -> None:
    """What scripts/translate-blueprints would make is what is there."""
    words = json.loads(WORDS.read_text())
    assert target(source).read_text() == translated(source, words)


@pytest.mark.parametrize("file", [file for file in FILES if "_ru." in file])
def test_russian_is_russian(blueprint: Blueprint) -> None:
    """No English reaches a Russian family: neither a form nor a text."""
    for text in read_by_people(blueprint.data):
        assert re.search("[а-яё]", text.lower()), text


def test_english_left_is_found(tmp_path: Path) -> None:
    """A text without a translation ends the script, and this test with it."""
    file = tmp_path / "new.yaml"
    file.write_text("blueprint: {name: Something new, description: x, source_url: u}")
    with pytest.raises(Untranslated, match="Something new"):
        translated(file, {})


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


@pytest.mark.parametrize("file", FILES)
def test_button(file: str) -> None:
    """It can be imported with one click, from the README of its language."""
    readme = "README.ru.md" if "_ru." in file else "README.md"
    text = (Path(__file__).parents[2] / readme).read_text()
    assert f"({IMPORT}{quote(f'{SOURCE}/{file}', safe='')})" in text
