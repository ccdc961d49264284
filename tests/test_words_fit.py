"""Translations use the placeholders that the code passes, and name all its fields."""

import ast
from collections.abc import Iterator
from inspect import unwrap
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import config_validation as cv
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from custom_components.smspilot.alarm_form import SECTIONS, alarm_schema
from custom_components.smspilot.alarm_issues import ALARM_ISSUE_KEYS
from custom_components.smspilot.const import DOMAIN
from custom_components.smspilot.errors import Reason
from custom_components.smspilot.forms import options_schema, recipient_schema
from custom_components.smspilot.notices import ISSUES

type Json = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "custom_components" / DOMAIN
LANGUAGES = ("en", "ru")
# The placeholders of every error of the API or the network.
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
OF_AN_ERROR = {"account", "error", "message", "templates_url", "top_up_url"}
OF_A_SENDER = {"account", "error", "sender", "senders", "used_by"}
OF_AN_ISSUE = {
    "account_blocked": OF_AN_ERROR,
    "action_sender_refused": OF_A_SENDER,
    "assist_limit": {"account", "limit"},
    "code_guessed": {"account", "name"},
    "daily_limit": {"account", "limit"},
    "in_doubt": {"account", "names"},
    "inbound_address": {"account", "url", "settings_url"},
    "inbound_in_doubt": {"account", "names"},
    "inbound_list_capped": {"account"},
    "inbound_list_fails": {"account", "error"},
    "interrupted": {"account", "names"},
    "ip_not_allowed": OF_AN_ERROR,
    "low_balance": {"account", "balance", "days", "top_up_url"},
    "low_balance_new": {"account", "balance", "days", "top_up_url"},
    "low_balance_today": {"account", "balance", "top_up_url"},
    "low_balance_unknown": {"account", "balance", "top_up_url"},
    "no_money": OF_AN_ERROR,
    "notify_name_taken": {"account", "names"},
    "pushes_unconfirmed": {"account"},
    "rate_limit": {"account", "limit", "name"},
    "sender_refused": OF_A_SENDER,
    "test_mode": {"account"},
    "text_refused": OF_AN_ERROR,
}

OF_AN_ALARM = {
    "alarm_not_ready": {"alarm", "problems"},
    "alarm_too_often": {"alarm", "limit"},
    "alarm_unanswered": {"alarm", "message", "reached", "time"},
    "alarm_waits": {"alarm", "why"},
}


def words(language: str) -> Json:
    """Return the texts of a language."""
    texts: Json = json.loads((FOLDER / "translations" / f"{language}.json").read_text())
    return texts


def places(texts: Any) -> set[str]:
    """Return the placeholders of texts."""
    return set(re.findall(r"{(\w+)}", json.dumps(texts)))


def reasons() -> Iterator[tuple[str, set[str]]]:
    """Yield the errors that the code raises, with their placeholders."""
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="validation_error" | "action_error"),
                    args=[ast.Attribute(value=ast.Name(id="Reason"), attr=name)],
                    keywords=given,
                ):
                    yield Reason[name].value, {keyword.arg or "" for keyword in given}


def fields(described: Json) -> dict[str, Any]:
    """Return the fields of an action as its screen shows them, sections opened."""
    found: dict[str, Any] = {}
    for name, field in described.get("fields", {}).items():
        found |= field.get("fields", {name: field})
    return found


def keys(schema: Any) -> set[str]:
    """Return the fields that an action takes."""
    while isinstance(schema, vol.All):
        schema = unwrap(schema.validators[0])
    return {str(key) for key in schema.schema}


@pytest.mark.parametrize("language", LANGUAGES)
def test_errors_report_what_is_known(language: str) -> None:
    """The text of a reason has no placeholder that the code does not fill."""
    texts = words(language)["exceptions"]
    for key, given in (*reasons(), *((reason.value, {"error"}) for reason in OF_THE_SERVICE)):
        assert places(texts[key]) <= given, key
    used = {key for key, _ in reasons()} | {reason.value for reason in OF_THE_SERVICE}
    assert used == set(Reason)


@pytest.mark.parametrize("language", LANGUAGES)
def test_issues_report_what_is_known(language: str) -> None:
    """Neither has that of a repair, and each names its account."""
    texts = words(language)["issues"]
    of_a_balance = {"low_balance_new", "low_balance_today", "low_balance_unknown"}
    assert {*ISSUES} | of_a_balance == OF_AN_ISSUE.keys()
    assert set(ALARM_ISSUE_KEYS) == OF_AN_ALARM.keys()
    for key, given in OF_AN_ALARM.items():
        assert "alarm" in places(texts[key]["title"])
        assert places(texts[key]) <= given, key
    for key, given in OF_AN_ISSUE.items():
        assert "account" in places(texts[key]["title"])
        assert places(texts[key]) <= given, key
        # A phone shows about so much of it: what is the matter, rather than in which account.
        said = re.sub(r" \({account}\)$|{\w+}", "", texts[key]["title"])
        assert len(said) <= 31, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_options_have_one_name(language: str) -> None:
    """A text that names an option uses the label in its form."""
    texts = words(language)
    sections = texts["options"]["step"]["init"]["sections"].values()
    names = {name for section in sections for name in section["data"].values()}
    said = json.dumps(texts, ensure_ascii=False)
    sent = {
        *re.findall(r"(?<!\*)\*(\w[^*]*)\*(?!\*)", said),
        *re.findall(r"(?:option|настройк\w+) [“«]([^”»]+)", said),
    }
    # Those of the cabinet, and of our own button and action.
    others = {
        "Защита от дубликатов",
        texts["entity"]["button"]["test_message"]["name"],
        texts["services"]["send_sms"]["name"],
    }
    assert sent <= names | others
    assert len(sent & names) >= 5


async def test_actions_are_on_their_screens(hass: HomeAssistant) -> None:
    """The screen of an action has all its fields, and no more."""
    assert await async_setup_component(hass, DOMAIN, {})
    shown = load_yaml_dict(str(FOLDER / "services.yaml"))
    icons: Json = json.loads((FOLDER / "icons.json").read_text())
    actions = hass.services.async_services_for_domain(DOMAIN)
    assert set(actions) == {name for name in shown if not name.startswith(".")}
    for name, action in actions.items():
        # A target is shown by itself.
        of_target = set(map(str, cv.TARGET_SERVICE_FIELDS)) if "target" in shown[name] else set()
        # Recipients are chosen as a target; the field is for YAML.
        assert keys(action.schema) - of_target - {"recipients"} == fields(shown[name]).keys()
        sections = {key for key, field in shown[name]["fields"].items() if "fields" in field}
        assert sections == words("en")["services"][name].get("sections", {}).keys()
        assert sections == icons["services"][name].get("sections", {}).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms_name_their_fields(language: str) -> None:
    """Each option and each field of a recipient has its name and helps."""
    texts = words(language)
    steps = (
        (options_schema([]), texts["options"]["step"]["init"]),
        (recipient_schema([]), texts["config_subentries"]["recipient"]["step"]["user"]),
        (recipient_schema([]), texts["config_subentries"]["recipient"]["step"]["reconfigure"]),
    )
    for schema, step in steps:
        for name, value in schema.schema.items():
            if isinstance(value, section):
                part = step["sections"][name]
                assert keys(value.schema) == part["data"].keys() == part["data_description"].keys()
        beside = {
            str(name) for name, value in schema.schema.items() if not isinstance(value, section)
        }
        assert beside == step.get("data", {}).keys() == step.get("data_description", {}).keys()
    form = alarm_schema({}, {})
    for step in texts["config_subentries"]["alarm"]["step"].values():
        assert keys(form) - {*SECTIONS} == step["data"].keys()
        for name in SECTIONS:
            assert keys(form.schema[name].schema) == step["sections"][name]["data"].keys()
