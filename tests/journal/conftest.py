"""Fixtures of the tests of the journal."""

from collections.abc import AsyncIterator
from pathlib import Path

from homeassistant.core import HomeAssistant
import pytest

from ..common import disk_rests
from .common import ENTRY, Home


@pytest.fixture
def folder(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(".storage"))


@pytest.fixture
def snapshot(folder: Path) -> Path:
    return folder / f"smspilot.{ENTRY}"


@pytest.fixture
def journal(folder: Path) -> Path:
    return folder / f"smspilot.{ENTRY}.journal"


@pytest.fixture(autouse=True)
async def _disk_rests(hass: HomeAssistant) -> AsyncIterator[None]:
    """Leave no thread behind."""
    yield
    await disk_rests(hass)


@pytest.fixture
def home(hass: HomeAssistant) -> Home:
    return Home(hass)
