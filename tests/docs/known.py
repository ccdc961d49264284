"""What there is: read off the integration itself, while it runs."""

import ast
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import re
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any, Final

from homeassistant import loader
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er, service, trigger
from pytest_homeassistant_custom_component.common import async_test_home_assistant
import voluptuous as vol

from custom_components.smspilot import const
from custom_components.smspilot.const import DOMAIN
from custom_components.smspilot.forms import credentials_schema, options_schema, recipient_schema
from tests.common import add_account, person
from tests.e2e import config_folder
from tests.simulator.simulator import Simulator

ROOM: Final = config_folder.INTEGRATION
ACCOUNT: Final = "5671"
# The recipients of the examples.
PEOPLE: Final = ("Papa", "Mama", "Anna", "Boris")

# How the screen calls things, by their keys; of each language.
type Labels = dict[str, str]
type Languages = Mapping[str, Labels]


@dataclass(frozen=True, kw_only=True)
class Known:
    """The names of everything a person may use."""

    actions: Mapping[str, set[str]]  # with their fields
    triggers: Mapping[str, set[str]]  # with their options
    events: set[str]
    ids: set[str]  # of entities and services
    options: Languages
    settings: Languages  # of an account and a recipient
    entities: Languages
    words: set[str]  # whatever the source calls by a name


@asynccontextmanager
async def home() -> AsyncIterator[tuple[HomeAssistant, Known]]:
    """Run a home with an account and people, and return what is in it."""
    with TemporaryDirectory(prefix="docs-") as name:
        folder = Path(name)
        config_folder.write(folder, "", reachable=True)
        copytree(ROOM.parents[1] / "blueprints", folder / "blueprints")
        async with async_test_home_assistant(config_dir=name) as hass, Simulator() as sim:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            people = [person(name, f"+7908796478{at}") for at, name in enumerate(PEOPLE)]
            entry = await add_account(hass, sim, people=people, account_id=ACCOUNT)
            yield hass, await _known(hass, entry)
            await hass.async_stop(force=True)


async def _known(hass: HomeAssistant, entry: ConfigEntry) -> Known:
    """Ask the home what there is."""
    actions = (await service.async_get_all_descriptions(hass))[DOMAIN]
    triggers = await trigger.async_get_all_descriptions(hass)
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    all_services = hass.services.async_services().items()
    services = {f"{domain}.{name}" for domain, names in all_services for name in names}
    # What the notify services of a second account are called.
    second = {name.replace(".smspilot", f".smspilot_{ACCOUNT}") for name in services}
    texts = {each: _texts(each) for each in ("en", "ru")}
    return Known(
        # Where a target is chosen, `recipients` does the same in YAML.
        actions={
            f"{DOMAIN}.{name}": _fields(info) | ({"recipients"} if "target" in info else set())
            for name, info in actions.items()
        },
        triggers={
            name: _fields(info)
            for name, info in triggers.items()
            if info and name.startswith(f"{DOMAIN}.")
        },
        events={value for name, value in vars(const).items() if name.startswith("EVENT_")},
        ids=services | second | {entity.entity_id for entity in entities},
        options={
            each: _labels(options_schema(()), text["options"]) for each, text in texts.items()
        },
        settings={
            each: _labels(credentials_schema("", {}), text["config"])
            | _labels(recipient_schema(()), text["config_subentries"]["recipient"])
            for each, text in texts.items()
        },
        entities={each: _names(entities, text["entity"]) for each, text in texts.items()},
        words={*_words(), *_keys(texts["en"])},
    )


def _texts(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((ROOM / f"translations/{language}.json").read_text("utf-8"))
    return texts


def _fields(info: Mapping[str, Any]) -> set[str]:
    """Return the fields of an action or a trigger, those in sections too."""
    fields: set[str] = set()
    for name, field in info["fields"].items():
        fields |= _fields(field) if field and "fields" in field else {name}
    return fields


def _labels(schema: vol.Schema, texts: Mapping[str, Any]) -> Labels:
    """Return how a form calls its fields, those in sections too."""
    form, labels = texts["step"].get("user") or texts["step"]["init"], dict[str, str]()
    for key, field in schema.schema.items():
        if isinstance(field, section):
            names = form["sections"][str(key)]["data"]
            labels |= {str(each): names[str(each)] for each in field.schema.schema}
        else:
            labels[str(key)] = form["data"][str(key)]
    return labels


def _names(entities: Iterable[er.RegistryEntry], texts: Mapping[str, Any]) -> Labels:
    """Return how the entities of the account and of the first of its people are called."""
    mine = re.compile(rf"\w+\.(smspilot_{ACCOUNT}|{PEOPLE[0].lower()})(_|$)")
    return {
        entity.entity_id: texts[entity.domain][entity.translation_key]["name"]
        if entity.translation_key
        else entity.entity_id
        for entity in entities
        if mine.match(entity.entity_id)
    }


def _keys(texts: Mapping[str, Any]) -> Iterator[str]:
    """Return every key of the translations: Home Assistant's own names among them."""
    for key, text in texts.items():
        yield key
        if isinstance(text, Mapping):
            yield from _keys(text)


def _words() -> Iterator[str]:
    """Return every text in the source, every word in its YAML, every setting of its card."""
    for file in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for file in ROOM.glob("*.yaml"):
        yield from re.findall(r"\w+", file.read_text("utf-8"))
    for file in ROOM.glob("frontend/*.js"):
        yield from re.findall(r'name: "(\w+)"', file.read_text("utf-8"))
