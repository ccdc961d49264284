"""The button that shows whether a recipient is reached."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest

from .common import MAMA, PAPA, add_account, person, state_of
from .sending import requested
from .simulator.model import Kind
from .simulator.simulator import Simulator

PEOPLE = [person("Папа", PAPA, "+79080000002"), person("Мама", MAMA, channel="voice")]


async def press(hass: HomeAssistant, name: str) -> None:
    data = {"entity_id": f"button.{name}_test_message"}
    await hass.services.async_call("button", "press", data, blocking=True)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Home Assistant: test message"),
        ("ru", "Home Assistant: проверка связи"),
        ("de", "Home Assistant: test message"),
    ],
)
async def test_press(hass: HomeAssistant, simulator: Simulator, language: str, text: str) -> None:
    """A short text, by the recipient's channel, to all numbers."""
    hass.config.language = language
    await add_account(hass, simulator, people=PEOPLE)
    await press(hass, "papa")
    await press(hass, "mama")
    assert [(order.kind, order.text) for order in simulator.orders] == [
        (Kind.SMS, text),
        (Kind.SMS, text),
        (Kind.VOICE, text),
    ]
    assert requested(simulator) == ["send", "send"]


async def test_press_fails(hass: HomeAssistant, simulator: Simulator) -> None:
    """Pressing raises what is wrong."""
    await add_account(hass, simulator, people=PEOPLE)
    simulator.fault("error", code=223, command="send")
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, "papa")
    assert raised.value.translation_key == "text_refused"


async def test_press_is_a_notification(hass: HomeAssistant, simulator: Simulator) -> None:
    """The recipient's entity shows when they were last notified; no other entity changes."""
    await add_account(hass, simulator, people=PEOPLE)
    assert state_of(hass, "notify.papa").state == "unknown"
    await press(hass, "papa")
    assert dt_util.parse_datetime(state_of(hass, "notify.papa").state) is not None
    assert state_of(hass, "notify.mama").state == "unknown"
    simulator.fault("error", code=223, command="send")
    with pytest.raises(HomeAssistantError):
        await press(hass, "mama")
    assert state_of(hass, "notify.mama").state == "unknown"
