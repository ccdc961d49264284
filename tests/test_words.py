"""Every word a person may see is there, in both languages."""

import ast
from collections.abc import Iterator
from importlib import import_module
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from custom_components.smspilot import PLATFORMS
from custom_components.smspilot.const import DOMAIN
from custom_components.smspilot.errors import Reason
from custom_components.smspilot.forms import options_schema, recipient_schema
from custom_components.smspilot.receipt import STATUS_WORDS
from custom_components.smspilot.repairs import ISSUES

type Json = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "custom_components" / DOMAIN
LANGUAGES = ("en", "ru")
# What every error of the service or of the network is told with.
OF_THE_SERVICE = {
    Reason.ACCOUNT_BLOCKED,
    Reason.CANNOT_CONNECT,
    Reason.DUPLICATE,
    Reason.INVALID_AUTH,
    Reason.INVALID_RESPONSE,
    Reason.IP_NOT_ALLOWED,
    Reason.NO_MONEY,
    Reason.RECIPIENT_REFUSED,
    Reason.REFUSED,
    Reason.SENDER_REFUSED,
    Reason.TEXT_REFUSED,
}
OF_AN_ERROR = {"account", "error", "senders", "templates_url", "top_up_url"}
OF_AN_ISSUE = {
    "account_blocked": OF_AN_ERROR,
    "daily_limit": {"account", "limit"},
    "inbound_address": {"account", "url", "settings_url"},
    "ip_not_allowed": OF_AN_ERROR,
    "low_balance": {"account", "balance", "days", "top_up_url"},
    "no_money": OF_AN_ERROR,
    "pushes_unconfirmed": {"account"},
    "rate_limit": {"account", "limit"},
    "sender_refused": OF_AN_ERROR,
    "test_mode": {"account"},
    "text_refused": OF_AN_ERROR,
}


def words(language: str) -> Json:
    """Return the texts of a language."""
    texts: Json = json.loads((FOLDER / "translations" / f"{language}.json").read_text())
    return texts


def icons() -> Json:
    """Return the icons."""
    found: Json = json.loads((FOLDER / "icons.json").read_text())
    return found


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Go through all texts with where they stand."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}")
    else:
        yield path, node


def places(texts: Any) -> set[str]:
    """Return the placeholders of texts."""
    return set(re.findall(r"{(\w+)}", json.dumps(texts)))


def reasons() -> Iterator[tuple[str, set[str]]]:
    """Go through the errors the code raises with what it tells of them."""
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="mistake" | "failure"),
                    args=[ast.Attribute(value=ast.Name(id="Reason"), attr=name)],
                    keywords=given,
                ):
                    yield Reason[name].value, {keyword.arg or "" for keyword in given}


def descriptions() -> Iterator[tuple[str, Any]]:
    """Go through the descriptions of all entities; not all are instances of their class."""
    for platform in PLATFORMS:
        module = import_module(f"custom_components.{DOMAIN}.{platform}")
        for value in vars(module).values():
            for each in value if isinstance(value, tuple) else (value,):
                if hasattr(each, "translation_key") and hasattr(each, "key"):
                    yield platform, each


def fields(described: Json) -> dict[str, Any]:
    """Return the fields of an action as its screen shows them, sections opened."""
    found: dict[str, Any] = {}
    for name, field in described.get("fields", {}).items():
        found |= field.get("fields", {name: field})
    return found


def keys(schema: Any) -> set[str]:
    """Return the fields that an action takes."""
    if isinstance(schema, vol.All):
        schema = schema.validators[0]
    return {str(key) for key in schema.schema}


def test_languages_say_the_same() -> None:
    """Nothing is missing in either language, and all tell the same facts."""
    english, russian = (dict(leaves(words(language))) for language in LANGUAGES)
    assert english.keys() == russian.keys()
    for path, text in english.items():
        assert places(text) == places(russian[path]), path
    assert [path for path, text in russian.items() if not text or text == english[path]] == [
        path for path in russian if english[path] in ("FlashCall", "SMS")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_errors_have_words(language: str) -> None:
    """Each reason has its text, which tells no more than the code knows."""
    texts = words(language)["exceptions"]
    assert texts.keys() == {reason.value for reason in Reason}
    for key, given in (*reasons(), *((reason.value, {"error"}) for reason in OF_THE_SERVICE)):
        assert places(texts[key]) <= given, key
    known = {key for key, _ in reasons()} | {reason.value for reason in OF_THE_SERVICE}
    assert known == texts.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_issues_have_words(language: str) -> None:
    """Each repair has its text, which tells no more than the code knows."""
    texts = words(language)["issues"]
    assert texts.keys() == set(ISSUES) == OF_AN_ISSUE.keys()
    for key, given in OF_AN_ISSUE.items():
        assert "account" in places(texts[key]["title"])
        assert places(texts[key]) <= given, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_entities_have_words_and_icons(language: str) -> None:
    """Each entity has a name, each event its words, and each an icon."""
    texts, drawn = words(language)["entity"], icons()["entity"]
    seen: set[tuple[str, str]] = set()
    for platform, description in descriptions():
        if (key := description.translation_key) is None:
            continue
        seen.add((platform, key))
        assert texts[platform][key]["name"]
        assert drawn[platform][key]["default"]
        if event_types := getattr(description, "event_types", None):
            states = texts[platform][key]["state_attributes"]["event_type"]["state"]
            assert states.keys() == set(event_types)
    assert seen == {(platform, key) for platform, all_keys in texts.items() for key in all_keys}
    assert seen == {(platform, key) for platform, all_keys in drawn.items() for key in all_keys}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_actions_have_words_and_icons(hass: HomeAssistant, language: str) -> None:
    """Each action and field is on the screen, has its words, and an icon."""
    assert await async_setup_component(hass, DOMAIN, {})
    actions = hass.services.async_services_for_domain(DOMAIN)
    shown = load_yaml_dict(str(FOLDER / "services.yaml"))
    texts, drawn = words(language)["services"], icons()["services"]
    assert set(actions) == texts.keys() == drawn.keys()
    assert set(actions) == {name for name in shown if not name.startswith(".")}
    for name, action in actions.items():
        assert keys(action.schema) == fields(shown[name]).keys() == texts[name]["fields"].keys()
        for field in texts[name]["fields"].values():
            assert field["name"]
            assert field["description"]
        sections = {key for key, field in shown[name]["fields"].items() if "fields" in field}
        assert sections == texts[name].get("sections", {}).keys()
        assert sections == drawn[name].get("sections", {}).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms_have_words(language: str) -> None:
    """Each option and each field of a recipient has its name and helps."""
    texts = words(language)
    steps = (
        (options_schema([]), texts["options"]["step"]["init"]),
        (recipient_schema([]), texts["config_subentries"]["recipient"]["step"]["user"]),
        (recipient_schema([]), texts["config_subentries"]["recipient"]["step"]["reconfigure"]),
    )
    for schema, step in steps:
        assert keys(schema) == step["data"].keys() == step["data_description"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_choices_have_words(language: str) -> None:
    """Each word that can be chosen from is translated, on screens and in triggers."""
    texts = words(language)
    for file in ("services.yaml", "triggers.yaml"):
        for described in load_yaml_dict(str(FOLDER / file)).values():
            for field in fields(described).values():
                select = (field.get("selector") or {}).get("select") or {}
                if key := select.get("translation_key"):
                    assert texts["selector"][key]["options"].keys() == set(select["options"])
    assert texts["selector"]["status"]["options"].keys() == set(STATUS_WORDS)
    shown = load_yaml_dict(str(FOLDER / "triggers.yaml"))
    assert shown.keys() == texts["triggers"].keys() == icons()["triggers"].keys()
    for name, described in shown.items():
        assert described["fields"].keys() == texts["triggers"][name]["fields"].keys()
