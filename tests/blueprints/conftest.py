"""A home into which the blueprints were imported."""

from collections.abc import AsyncIterator
from pathlib import Path
import shutil

from homeassistant.core import HomeAssistant, ServiceCall
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from .common import FOLDER


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Return a config folder with the blueprints in it, as they lie in the repository."""
    shutil.copytree(FOLDER, tmp_path / FOLDER.name)
    return str(tmp_path)


@pytest.fixture(autouse=True)
async def _put_away(hass: HomeAssistant) -> AsyncIterator[None]:
    """Leave no automation behind that waits for its time of day."""
    yield
    if hass.services.has_service("automation", "turn_off"):
        target = {"entity_id": "all", "stop_actions": True}
        await hass.services.async_call("automation", "turn_off", target, blocking=True)


@pytest.fixture
def notifications(hass: HomeAssistant) -> list[ServiceCall]:
    """Return what the house notes on its own screen."""
    return async_mock_service(hass, "persistent_notification", "create")
