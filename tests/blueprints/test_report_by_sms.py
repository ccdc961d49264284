"""A report by SMS: its recipients, and how long it may be."""

from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.const import EVENT_SMS_RECEIVED
from tests.common import MAMA, PAPA, CapturedEvents, Clock, add_account, write
from tests.simulator.simulator import Simulator

from .common import PEOPLE, STRANGER, automate, journal, texts, write_early


async def report(hass: HomeAssistant, sim: Simulator, **inputs: Any) -> None:
    """Have a house that reports."""
    await add_account(hass, sim, people=PEOPLE)
    hass.states.async_set("sensor.kitchen", "21.5")
    await automate(hass, "report_by_sms", **inputs)


async def test_report(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The report is as the house is when it is asked for, and goes to its sender."""
    template = "Kitchen {{ states('sensor.kitchen') }}°\n"
    await report(hass, simulator, report=template, words=["status", "доклад"])
    hass.states.async_set("sensor.kitchen", "19.0")
    await write(simulator, MAMA, "5671 Доклад.")
    await write(simulator, STRANGER, "5671 Доклад.")
    await clock.advance(61)
    assert (journal(simulator), texts(simulator)) == ([("sms", MAMA)], ["Kitchen 19.0°"])
    await clock.advance(900)
    assert len(simulator.orders) == 1


async def test_no_report(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Strangers and those who may not get none, nor does an old request."""
    await report(hass, simulator, report="All is well", people=["notify.mama"])
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for phone in (STRANGER, PAPA):
        await write(simulator, phone, "5671 status")
    await clock.advance(61)
    await write_early(simulator, MAMA, "5671 status", 11)
    await clock.advance(61)
    assert [age > 600 for age in captured.of("age")] == [False, False, True]
    assert journal(simulator) == []


@pytest.mark.parametrize(
    ("template", "longest", "text", "parts"),
    [
        ("{{ 'x' * 500 }}", 335, "x" * 332 + "...", 3),
        ("{{ 'ы' * 500 }}", 335, "ы" * 332 + "...", 5),
        ("{{ 'x ' * 40 }}", 160, ("x " * 40).strip(), 1),
        ("{{ 'x' * 160 }}", 160, "x" * 160, 1),
        # What looks like a number is one to Home Assistant.
        ("{{ 21 }}", 160, "21", 1),
        ("{{ 21 }}, {{ 22 }}", 160, "21, 22", 1),
    ],
)
async def test_long_report(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    template: str,
    longest: int,
    text: str,
    parts: int,
) -> None:
    """A report never costs more than was chosen, and goes out whatever it looks like."""
    await report(hass, simulator, report=template, longest=longest)
    await write(simulator, PAPA, "5671 status")
    await clock.advance(61)
    assert texts(simulator) == [text]
    assert next(iter(simulator.messages.values())).parts == parts


async def test_report_is_refused(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A report that cannot be sent is logged, and the next one is sent."""
    await report(hass, simulator, report="All is well")
    balance, simulator.account.balance = simulator.account.balance, Decimal(0)
    await write(simulator, PAPA, "5671 status")
    await clock.advance(61)
    assert journal(simulator) == []
    assert "241" in caplog.text
    simulator.account.balance = balance
    await write(simulator, PAPA, "5671 status")
    await clock.advance(61)
    assert journal(simulator) == [("sms", PAPA)]
