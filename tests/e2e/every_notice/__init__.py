"""Raises every notice of the integration that nothing has raised, to look at its words."""

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv, issue_registry as ir
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA = cv.empty_config_schema("every_notice")
DOMAIN = "smspilot"


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Have an action for it."""

    async def raise_all(call: ServiceCall) -> None:
        issues, raised = ir.async_get(hass).issues, "every_notice_"
        known = {issue.translation_key for issue in issues.values() if issue.active}
        texts = await async_get_translations(hass, hass.config.language, "issues", {DOMAIN})
        keys = {key.split(".")[3] for key in texts if key.endswith(".description")}
        for key in sorted(keys - known):
            ir.async_create_issue(
                hass,
                DOMAIN,
                raised + key,
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=key,
                translation_placeholders=call.data["placeholders"] | call.data.get(key, {}),
            )

    hass.services.async_register("every_notice", "raise", raise_all)
    return True
