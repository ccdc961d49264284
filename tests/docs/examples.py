"""Every example in YAML is one that Home Assistant takes."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final

from homeassistant import config as conf_util, loader
from homeassistant.components.automation import config as automation
from homeassistant.components.script import config as script
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.template import is_template_string
from homeassistant.helpers.trigger import async_validate_trigger_config
from homeassistant.setup import async_setup_component
import voluptuous as vol

from .names import ELSEWHERE
from .page import At, Complaint, Example, Page, Use

# By which of its keys a thing is known; what has none of them is configuration.
KINDS: Final = {
    "automation": {"actions", "conditions", "triggers", "use_blueprint"},
    "script": {"sequence"},
    "triggers": {"trigger"},
    "actions": {"action", "choose", "if", "parallel", "repeat", "wait_for_trigger"},
    "card": {"type"},  # the page's own matter
}


async def check(hass: HomeAssistant, pages: Iterable[Page]) -> AsyncIterator[Complaint]:
    """Complain of YAML that cannot be read, and of what Home Assistant refuses in it."""
    for name in ("automation", "homeassistant", "script"):
        await async_setup_component(hass, name, {})
    for page in pages:
        for line, example in page.examples:
            async for at, wrong in _wrong(hass, example):
                yield Complaint(page.path, line + at, wrong)


async def _wrong(hass: HomeAssistant, example: Example) -> AsyncIterator[At[str]]:
    """Return what is wrong with an example: with its parts, else with the whole."""
    if example.error:
        yield At(1, example.error)
        return
    good = True
    for line, use in example.uses:
        look = _wrong_action if use.kind == "action" else _wrong_trigger
        for wrong in await look(hass, use, alone=use.node is example.parsed):
            good = False
            yield At(line, f"{use.name}: {wrong}")
    if good:
        try:
            await _validate(hass, example.parsed)
        except (vol.Invalid, HomeAssistantError, loader.IntegrationNotFound) as err:
            yield At(1, str(err))


async def _wrong_trigger(hass: HomeAssistant, use: Use, *, alone: bool) -> list[str]:
    try:
        await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA(use.node))
    except (vol.Invalid, HomeAssistantError) as err:
        return [str(err)]
    return []


async def _wrong_action(hass: HomeAssistant, use: Use, *, alone: bool) -> list[str]:
    """Return what the action itself would refuse; one that stands alone shows what comes back."""
    domain, _, name = use.name.partition(".")
    if ELSEWHERE.fullmatch(use.name) or is_template_string(use.name):
        return []
    await async_setup_component(hass, domain, {})
    action = hass.services.async_services_for_domain(domain).get(name)
    if not action:
        return ["no such action"]
    answers = action.supports_response is SupportsResponse.ONLY
    if answers and not alone and "response_variable" not in use.node:
        return ["wants a response_variable"]
    data = {**(use.node.get("data") or {}), **(use.node.get("target") or {})}
    try:
        if action.schema:
            action.schema(data)
    except (vol.Invalid, ServiceValidationError) as refusal:
        err = refusal.__cause__ if isinstance(refusal, ServiceValidationError) else refusal
        assert isinstance(err, vol.Invalid)
        errors = err.errors if isinstance(err, vol.MultipleInvalid) else [err]
        return [str(each) for each in errors if not _is_template(data, each.path)]
    return []


def _is_template(node: Any, path: Iterable[Any]) -> bool:
    """Return whether what was refused is only known when it runs."""
    for step in path:
        try:
            node = node[step]
        except KeyError, IndexError, TypeError:
            break
    return isinstance(node, str) and is_template_string(node)


async def _validate(hass: HomeAssistant, node: Any) -> None:
    """Have Home Assistant validate what a person would paste somewhere."""
    nodes = node if isinstance(node, list) else [node]
    kinds = {_kind(each) for each in nodes}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if not kind:
        raise HomeAssistantError("this can be pasted nowhere as a whole")
    if kind in ("actions", "triggers"):
        nodes, kind = [{kind: nodes}], "automation"
    for each in nodes:
        if kind == "automation":
            whole = each if "use_blueprint" in each else {"triggers": [], "actions": [], **each}
            await automation.async_validate_config_item(hass, "", whole)
        elif kind == "script":
            await script.async_validate_config_item(hass, "example", each)
        elif kind == "configuration":
            await _validate_configuration(hass, each)


def _kind(node: Any) -> str:
    """Return where a person would paste something."""
    if not isinstance(node, Mapping):
        return ""
    return next((kind for kind, keys in KINDS.items() if keys & node.keys()), "configuration")


async def _validate_configuration(hass: HomeAssistant, node: Mapping[str, Any]) -> None:
    """Have Home Assistant validate what goes into configuration.yaml."""
    for domain, config in node.items():
        if domain in ("automation", "script"):
            await _validate(hass, list(config.values()) if domain == "script" else config)
            continue
        integration = await loader.async_get_integration(hass, domain)
        info = await conf_util.async_process_component_config(hass, {domain: config}, integration)
        for wrong in info.exception_info_list:
            raise HomeAssistantError(str(wrong.exception))
