"""What a trigger takes, what the editor shows of it, and what its import needs."""

from collections.abc import Sequence
from pathlib import Path
import subprocess
import sys
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import trigger as trigger_helper
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
import yaml

from custom_components.smspilot.client import Kind
from custom_components.smspilot.outbound.result import STATUS_WORDS
from custom_components.smspilot.trigger_options import CHOICES

ROOT = Path(__file__).parent.parent
RECEIVED, CHANGED = "smspilot.message_received", "smspilot.message_status_changed"
GOOD = [
    (RECEIVED, ""),
    (RECEIVED, "options: {}"),
    (RECEIVED, "options: {from: [Никто, 12345, nobody@example.org]}"),
    (RECEIVED, "options: {match: regex, text: ['(да|нет)']}"),
    # What would be no pattern is a text like any other where none is meant.
    (RECEIVED, "options: {match: contains, text: '('}"),
    (RECEIVED, "options: {from: null, text: null}"),
    # As the editor's selector hands it on; what was entered for another choice stays there.
    (RECEIVED, "options: {from: {active_choice: recipients, recipients: [notify.papa]}}"),
    (RECEIVED, "options: {from: {active_choice: numbers, numbers: ['+79087964781']}}"),
    (RECEIVED, "options: {from: {active_choice: anyone, anyone: '*', numbers: [1]}}"),
    (RECEIVED, "options: {from: {active_choice: anyone}}"),
    (RECEIVED, "options: {from: {active_choice: recipients}}"),
    (RECEIVED, "options: {pin: true}"),
    (CHANGED, "options: {to: {active_choice: recipients, recipients: notify.papa}}"),
    (CHANGED, ""),
    (CHANGED, f"options: {{status: [{', '.join(STATUS_WORDS)}]}}"),
    (CHANGED, f"options: {{kind: [{', '.join(Kind)}]}}"),
]
BAD = [
    (RECEIVED, "options: {match: regex, text: '('}", "no regular expression"),
    (RECEIVED, "options: {match: regex, text: [да, 'a{2,1}']}", "no regular expression"),
    (RECEIVED, "options: {match: sounds_like}", "match"),
    (RECEIVED, "options: {kind: voice}", "kind"),
    (RECEIVED, "options: {max_age: soon}", "max_age"),
    (RECEIVED, "options: {max_age: -1}", "max_age"),
    (RECEIVED, "options: {max_age: 1.0e+20}", "too long"),
    (RECEIVED, "options: {text: yes}", "in quotes"),
    (RECEIVED, "options: {text: ['']}", "is empty"),
    (RECEIVED, "options: {text: {a: b}}", "text"),
    (RECEIVED, "options: {from: no}", "in quotes"),
    (RECEIVED, "options: {from: ' '}", "is empty"),
    (RECEIVED, "options: {from: {a: b}}", "from"),
    (RECEIVED, "options: {from: {active_choice: nobody, nobody: []}}", "from"),
    (RECEIVED, "options: {from: {active_choice: [], nobody: []}}", "from"),
    (RECEIVED, "options: {from: {active_choice: recipients, recipients: yes}}", "in quotes"),
    (RECEIVED, 'options: {text: ["\\u200d"]}', "is empty"),
    (RECEIVED, "options: {pin: '4711'}", "pin"),
    (RECEIVED, "options: {to: Папа}", "to"),
    (RECEIVED, "target: {entity_id: event.inbound}", "target"),
    (CHANGED, "options: {status: read}", "status"),
    (CHANGED, "options: {kind: reply}", "kind"),
    (CHANGED, "options: {from: Папа}", "from"),
    ("smspilot.message_sent", "", "smspilot.message_sent"),
]


async def validated(
    hass: HomeAssistant, client_maker: WebSocketGenerator, trigger: str, options: str
) -> dict[str, Any]:
    """Return the editor's error when it saves."""
    config: Any = parse_yaml(f"trigger: {trigger}\n{options}")
    client = await client_maker()
    await client.send_json_auto_id({"type": "validate_config", "triggers": config})
    answer: dict[str, Any] = (await client.receive_json())["result"]["triggers"]
    return answer


@pytest.mark.parametrize(("trigger", "options"), GOOD)
async def test_good_options(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, trigger: str, options: str
) -> None:
    """No account is needed to save an automation."""
    answer = await validated(hass, hass_ws_client, trigger, options)
    assert answer == {"valid": True, "error": None}


@pytest.mark.parametrize(("trigger", "options", "error"), BAD)
async def test_bad_options(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, trigger: str, options: str, error: str
) -> None:
    """What cannot work is said when it is saved."""
    answer = await validated(hass, hass_ws_client, trigger, options)
    assert not answer["valid"]
    assert error in answer["error"]


async def test_bad_pattern_at_start(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """One bad automation keeps no other from running."""
    options = {"match": "regex", "text": "("}
    automations = [
        {"alias": alias, "triggers": [{"trigger": RECEIVED, "options": more}], "actions": []}
        for alias, more in (("Bad", options), ("Good", {}))
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    assert hass.states.is_state("automation.bad", "unavailable")
    assert hass.states.is_state("automation.good", "on")
    assert "no regular expression" in caplog.text


async def test_lone_surrogates(hass: HomeAssistant) -> None:
    """Escapes of YAML can spell half an emoji, which no log and no browser could be sent."""
    options = 'options: {config_entry_id: "\\ud83d", from: ["\\ud800"], text: "\\ud83d\\ude42"}'
    config: Any = parse_yaml(f"platform: {RECEIVED}\n{options}")
    (valid,) = await trigger_helper.async_validate_trigger_config(hass, [config])
    assert valid["options"]["config_entry_id"] == "\ufffd"
    assert (valid["options"]["from"], valid["options"]["text"]) == (["\ufffd"], ["🙂"])


def names(options: Sequence[Any]) -> list[str]:
    return [option if isinstance(option, str) else option["value"] for option in options]


async def test_editor(hass: HomeAssistant) -> None:
    """The editor has a field for every option, and offers what is taken."""
    assert await async_setup_component(hass, "automation", {})
    await trigger_helper.async_validate_trigger_config(hass, [{"platform": RECEIVED}])
    descriptions = await trigger_helper.async_get_all_descriptions(hass)
    received = descriptions[RECEIVED]
    changed = descriptions[CHANGED]
    assert received is not None
    assert changed is not None
    assert list(received["fields"]) == [
        "from",
        "text",
        "match",
        "kind",
        "max_age",
        "pin",
        "config_entry_id",
    ]
    assert list(changed["fields"]) == ["status", "kind", "to", "config_entry_id"]
    for field in (received["fields"]["from"], changed["fields"]["to"]):
        assert tuple(field["selector"]["choose"]["choices"]) == CHOICES
    choices = {
        name: names(field["selector"]["select"]["options"])
        for name, field in changed["fields"].items()
        if "select" in field["selector"]
    }
    assert sorted(choices["status"]) == STATUS_WORDS
    assert choices["kind"] == list(Kind)


async def test_defaults_are_what_the_editor_shows(hass: HomeAssistant) -> None:
    """A field that is ticked and left alone changes nothing."""
    fields = yaml.safe_load((ROOT / "custom_components/smspilot/triggers.yaml").read_text())
    shown = {
        name: field["default"]
        for name, field in fields["message_received"]["fields"].items()
        if "default" in field
    }
    config: list[dict[str, Any]] = [
        {"platform": RECEIVED},
        {"platform": RECEIVED, "options": shown},
    ]
    bare, ticked = await trigger_helper.async_validate_trigger_config(hass, config)
    assert bare["options"] == ticked["options"]


IMPORT = """
import importlib.metadata, re, sys
import homeassistant.helpers.trigger, homeassistant.setup

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"gsm0338", "hassil", "phonenumbers", "text_unidecode"}:
            raise ModuleNotFoundError(name)

for name in [name for name in sys.modules if name.startswith("text_unidecode")]:
    del sys.modules[name]
sys.meta_path.insert(0, Absent())
import custom_components.smspilot.trigger

def needs(name, seen):
    name = re.sub("[-_.]+", "-", name).lower()
    if name in seen:
        return
    seen.add(name)
    try:
        requires = importlib.metadata.requires(name) or ()
    except importlib.metadata.PackageNotFoundError:
        return
    for line in requires:
        if "extra ==" not in line:
            needs(re.match("[A-Za-z0-9._-]+", line)[0], seen)

core = set()
needs("homeassistant", core)
packages = importlib.metadata.packages_distributions()
used = {name.partition(".")[0] for name in sys.modules}
print(sorted(
    name for name in used - {"custom_components", "tests"}
    if name in packages
    and not {re.sub("[-_.]+", "-", one).lower() for one in packages[name]} & core
))
"""


def test_import_needs_no_package() -> None:
    """Automations import the trigger before any requirement is installed.

    What it uses beside the standard library comes with Home Assistant.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "[]\n"
