"""Helpers of the tests of forms: the fields of a step, and that all its words exist."""

from collections.abc import Mapping
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.const import CONF_API_KEY, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section

from custom_components.smspilot.const import DOMAIN, SECTION_ADVANCED

from .simulator import DEFAULT_KEY, Simulator

type Json = dict[str, Any]

OTHER_KEY = "OTHER" * 12 + "KEYS"


TEXTS = Path(__file__).parents[1] / "custom_components" / DOMAIN / "translations"


def check(result: Mapping[str, Any], group: str = "config") -> Mapping[str, Any]:
    """Return a step, all of whose texts are translated, with their placeholders."""
    for language in ("en", "ru"):
        texts = json.loads((TEXTS / f"{language}.json").read_text())
        for part in group.split("."):
            texts = texts[part]
        if result["type"] is FlowResultType.ABORT:
            said: Any = texts["abort"][result["reason"]]
        else:
            step = texts["step"][result["step_id"]]
            said = [step, *(texts["error"][key] for key in (result["errors"] or {}).values())]
            for key, value in result["data_schema"].schema.items():
                where, names = step, [str(key)]
                if isinstance(value, section):
                    where, names = step["sections"][key], [*map(str, value.schema.schema)]
                assert all(where["data"][name] for name in names)
                assert all(where["data_description"][name] for name in names)
        needed = set(re.findall(r"{(\w+)}", json.dumps(said)))
        assert needed <= set(result.get("description_placeholders") or {})
    return result


def fields(step: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the fields of a step, sections opened: what the page shows, and its selector."""
    found: dict[str, tuple[Any, Any]] = {}
    for key, value in step["data_schema"].schema.items():
        shown = (key.description or {}).get("suggested_value")
        if isinstance(value, section):
            # Of a section it looks at nothing else.
            for name, selector in value.schema.schema.items():
                found[str(name)] = ((shown or {}).get(str(name)), selector)
        else:
            found[str(key)] = (shown, value)
    return found


def credentials(sim: Simulator, **given: str) -> Json:
    """Return the first form, filled in for the simulator; the default key where nothing is."""
    key = {CONF_API_KEY: given.pop(CONF_API_KEY)} if CONF_API_KEY in given else {}
    if not key and not given:
        key = {CONF_API_KEY: DEFAULT_KEY}
    return {**key, SECTION_ADVANCED: {CONF_URL: sim.url, **given}}


async def submit(hass: HomeAssistant, step: Mapping[str, Any], form: Json) -> Mapping[str, Any]:
    """Send in a form of an account."""
    result = await hass.config_entries.flow.async_configure(step["flow_id"], form)
    await hass.async_block_till_done()
    return result if result["type"] is FlowResultType.CREATE_ENTRY else check(result)
