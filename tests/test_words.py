"""Every word a person sees is there, in both languages, and every thing has its picture."""

import ast
from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.smspilot.alarm_issues import ALARM_ISSUE_KEYS
from custom_components.smspilot.const import DOMAIN
from custom_components.smspilot.errors import Reason
from custom_components.smspilot.notices import ISSUES
from custom_components.smspilot.outbound.result import STATUS_WORDS

from .common import PAPA, add_account, person
from .simulator.simulator import Simulator

ROOM = Path(__file__).parents[1] / "custom_components" / DOMAIN
LANGUAGES = ("en", "ru")


def words(language: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((ROOM / f"translations/{language}.json").read_text())
    return data


def icons() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((ROOM / "icons.json").read_text())
    return data


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path, node


def test_same_keys_and_placeholders() -> None:
    english, russian = dict(leaves(words("en"))), dict(leaves(words("ru")))
    assert english.keys() == russian.keys()
    for key, text in english.items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", russian[key])), key


def test_russian_is_russian() -> None:
    """No text was left in English, but for names that stay what they are."""
    same = {
        key
        for key, text in leaves(words("ru"))
        if not re.search("[а-яё]", text.lower())
        and re.search(r"[a-z]{4}", re.sub(r"{\w+}", "", text))
    }
    names = ("assist", "ping", "hlr", "flash", "e-mail", "email", "sms", "url", "webhook")
    left = {key for key in same if not any(name in key.lower() for name in names)}
    texts = dict(leaves(words("ru")))
    assert {key: texts[key] for key in left if "SMSPILOT" not in texts[key]} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_money_says_its_unit_once(language: str) -> None:
    """An amount that is filled in has its unit already, and stays on one line with it."""
    texts = dict(leaves(words(language)))
    assert texts.pop("common.money") == "{amount}\u00a0₽"
    assert not [key for key, text in texts.items() if re.search(r"}\s*(₽|RUB|руб)", text)]


def test_no_line_begins_with_a_dash() -> None:
    """As printers set Russian, a dash stays on the line of the word before it."""
    russian = dict(leaves(words("ru")))
    assert not [key for key, text in russian.items() if re.search("[^\u00a0]—", text)]


def test_one_word_for_what_is_left_out() -> None:
    """In Russian the help of a field always says alike what happens without it."""
    russian = dict(leaves(words("ru")))
    others = re.compile("Если (пусто|не заполнить|не выбрать|оставить)|По умолчанию")
    assert {key: text for key, text in russian.items() if others.search(text)} == {}


def test_no_words_in_the_code() -> None:
    """Russian stands in code only where input is recognised, never where texts are shown."""
    recognised = {"text/reactions.py", "alarms/answers.py"}
    for file in ROOM.rglob("*.py"):
        if str(file.relative_to(ROOM)) not in recognised:
            tree = ast.parse(file.read_text())
            prose = {
                id(node.value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and id(node) not in prose:
                    assert not re.search("[а-яё]{2}", str(node.value).lower()), file


@pytest.mark.parametrize("language", LANGUAGES)
def test_exceptions_and_issues(language: str) -> None:
    texts = words(language)
    assert set(texts["exceptions"]) == {reason.value for reason in Reason}
    # That of a trigger belongs to no account.
    assert set(texts["issues"]) == {
        *ISSUES,
        *ALARM_ISSUE_KEYS,
        "low_balance_new",
        "low_balance_today",
        "low_balance_unknown",
        "unknown_contacts",
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["services", "triggers"])
def test_actions_and_triggers(language: str, kind: str) -> None:
    """Each has a name, each field has help, each choice has words, each has an icon."""
    described = {
        name: info
        for name, info in load_yaml_dict(str(ROOM / f"{kind}.yaml")).items()
        if not name.startswith(".")
    }
    texts, selectors = words(language)[kind], words(language)["selector"]
    assert set(texts) == set(described) == set(icons()[kind])
    for name, info in described.items():
        fields: dict[str, Any] = {}
        for key, field in ((info or {}).get("fields") or {}).items():
            fields |= (field or {}).get("fields", {key: field})
        assert set(texts[name].get("fields", {})) == set(fields)
        for key, field in fields.items():
            assert {"name", "description"} <= set(texts[name]["fields"][key]), (name, key)
            select = ((field or {}).get("selector") or {}).get("select") or {}
            if translation := select.get("translation_key"):
                options = {
                    option if isinstance(option, str) else option["value"]
                    for option in select["options"]
                }
                assert options == set(selectors[translation]["options"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms(language: str) -> None:
    """Every field of every form has a name and help."""
    texts = words(language)
    forms = [
        *texts["config"]["step"].items(),
        *texts["options"]["step"].items(),
        *texts["config_subentries"]["recipient"]["step"].items(),
        *texts["config_subentries"]["alarm"]["step"].items(),
    ]
    for name, form in forms:
        assert form.get("data", {}).keys() == form.get("data_description", {}).keys(), name
        for section in form.get("sections", {}).values():
            assert section["data"].keys() == section["data_description"].keys(), name


async def test_entities(
    hass: HomeAssistant, simulator: Simulator, entity_registry: er.EntityRegistry
) -> None:
    """Every entity has its name and icon, every event type its word; first ids are English."""
    hass.config.language = "ru"
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    entities = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    ids = {entity.entity_id for entity in entities}
    assert ids == {
        "binary_sensor.smspilot_5671_low_balance",
        "button.papa_test_message",
        "event.papa_delivery",
        "event.papa_inbound",
        "event.smspilot_5671_delivery",
        "event.smspilot_5671_inbound",
        "notify.papa",
        "sensor.smspilot_5671_balance",
        "sensor.smspilot_5671_last_push",
        "sensor.smspilot_5671_pending_messages",
        "sensor.smspilot_5671_sms_left",
        "sensor.smspilot_5671_spent_today",
    }
    keyed = [entity for entity in entities if entity.translation_key]
    assert len(keyed) == len(ids) - 1  # the notify entity has the person's name
    for language in LANGUAGES:
        texts = words(language)["entity"]
        for entity in keyed:
            assert texts[entity.domain][entity.translation_key or ""]["name"]
    for entity in keyed:
        # A device class brings its own.
        assert entity.original_device_class or entity.domain in icons()["entity"]
    assert {
        entity.entity_id: entity.entity_category for entity in entities if entity.entity_category
    } == {
        "button.papa_test_message": EntityCategory.CONFIG,
        "sensor.smspilot_5671_last_push": EntityCategory.DIAGNOSTIC,
        "sensor.smspilot_5671_pending_messages": EntityCategory.DIAGNOSTIC,
    }
    assert {entity.entity_id for entity in entities if entity.disabled} == {
        "event.papa_delivery",
        "event.smspilot_5671_delivery",
        "sensor.smspilot_5671_last_push",
        "sensor.smspilot_5671_sms_left",
    }
    states = words("ru")["entity"]["event"]["delivery"]["state_attributes"]["event_type"]["state"]
    assert set(states) == set(STATUS_WORDS)


def test_quality_scale() -> None:
    """Every rule is done, or exempt with a reason."""
    rules = load_yaml_dict(str(ROOM / "quality_scale.yaml"))["rules"]
    for rule, status in rules.items():
        exempt = isinstance(status, dict) and status["status"] == "exempt" and status["comment"]
        assert status == "done" or exempt, rule
