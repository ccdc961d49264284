"""The account whose messages fire the triggers."""

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..common import MAMA, PAPA, person
from .common import make_entry


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Return an account that is known, and not set up."""
    hass.config.country = "RU"
    return make_entry(hass, "5671", person("Папа", PAPA), person("Мама", MAMA))
