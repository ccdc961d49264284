"""Have Home Assistant's pages load the card, where there are any."""

import hashlib
from pathlib import Path
from typing import Final

from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant

from ..const import DOMAIN

MODULE: Final = Path(__file__).with_name("conversations.js")
URL: Final = f"/{DOMAIN}/{MODULE.name}"


async def async_register_card(hass: HomeAssistant) -> None:
    """Serve the card's module, and name it to every page; a headless home has none."""
    if "frontend" not in hass.config.components:
        return
    # Only where it is set up: its requirements are not ours.
    from homeassistant.components.frontend import add_extra_js_url  # noqa: PLC0415

    await hass.http.async_register_static_paths([StaticPathConfig(URL, str(MODULE))])
    # A browser keeps what it has loaded; another content has another address.
    version = await hass.async_add_executor_job(_version)
    add_extra_js_url(hass, f"{URL}?v={version}")


def _version() -> str:
    return hashlib.sha256(MODULE.read_bytes()).hexdigest()[:12]
