"""Serve the conversations card and have Home Assistant's frontend load it."""

import hashlib
from pathlib import Path
from typing import Final

from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant

from ..const import DOMAIN

MODULE: Final = Path(__file__).with_name("conversations.js")
URL: Final = f"/{DOMAIN}/{MODULE.name}"


async def async_register_card(hass: HomeAssistant) -> None:
    """Serve the card's module and add it to the frontend, where that is set up."""
    if "frontend" not in hass.config.components:
        return
    # Imported only where it is set up: its requirements may not be installed.
    from homeassistant.components.frontend import add_extra_js_url  # noqa: PLC0415

    await hass.http.async_register_static_paths([StaticPathConfig(URL, str(MODULE))])
    # Browsers cache by URL: another content needs another one.
    version = await hass.async_add_executor_job(_version)
    add_extra_js_url(hass, f"{URL}?v={version}")


def _version() -> str:
    return hashlib.sha256(MODULE.read_bytes()).hexdigest()[:12]
