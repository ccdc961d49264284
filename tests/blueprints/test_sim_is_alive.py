"""A SIM far away: checked, and reported when it is dead or unknown."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
import pytest

from tests.common import MAMA, Clock, add_account, person
from tests.simulator.simulator import Simulator

from .common import PEOPLE, automate, journal, noon, texts, tomorrow

PANEL = "+79135550001"


async def panel(hass: HomeAssistant, sim: Simulator, **inputs: Any) -> None:
    """Have an alarm panel with a SIM, and Mama notified when it is dead."""
    await add_account(hass, sim, people=[*PEOPLE, person("Panel", PANEL)])
    await automate(hass, "sim_is_alive", **{"phones": [PANEL], "people": ["notify.mama"], **inputs})


async def check(hass: HomeAssistant, sim: Simulator, clock: Clock) -> None:
    """Let the last check come to its end."""
    await sim.deliver(sim.orders[-1].server_id)
    await clock.advance(6)


@pytest.mark.parametrize("inputs", [{}, {"method": "hlr"}, {"phones": ["Panel"]}])
async def test_sim_is_alive(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    notifications: list[ServiceCall],
    inputs: dict[str, Any],
) -> None:
    """A SIM that answers is checked once a day, without a message."""
    await panel(hass, simulator, **inputs)
    for days in range(2):
        await noon(hass, clock, tomorrow() + timedelta(days=days))
        await check(hass, simulator, clock)
        await clock.advance(1801)
    assert journal(simulator) == [(inputs.get("method", "ping"), PANEL)] * 2
    assert notifications == []


async def test_sim_is_checked_on_chosen_days(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """On other days it is left alone."""
    first = tomorrow()
    await panel(hass, simulator, weekdays=[f"{first + timedelta(days=2):%a}".lower()])
    for days, checks in enumerate((0, 0, 1)):
        await noon(hass, clock, first + timedelta(days=days))
        assert len(simulator.orders) == checks


@pytest.mark.parametrize(("method", "on"), [("ping", False), ("hlr", True)])
async def test_sim_is_dead(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    notifications: list[ServiceCall],
    method: str,
    on: bool,
) -> None:
    """Two checks in a row that find it dead are reported, by SMS and on the screen.

    The first recipient of the list may be removed.
    """
    phone = simulator.phone(PANEL[1:])
    phone.on, phone.in_service = on, not on
    await panel(hass, simulator, method=method, people=["notify.gone", "notify.mama"])
    await noon(hass, clock, tomorrow())
    await check(hass, simulator, clock)
    await clock.advance(1799)
    assert journal(simulator) == [(method, PANEL)]
    await clock.advance(2)
    assert journal(simulator) == [(method, PANEL)] * 2
    await check(hass, simulator, clock)
    assert journal(simulator)[2:] == [("sms", MAMA)]
    assert texts(simulator)[-1] == "Panel is not in the network."
    assert [call.data["message"] for call in notifications] == ["Panel is not in the network."]


async def test_sim_was_in_a_tunnel(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, notifications: list[ServiceCall]
) -> None:
    """A SIM that is there at the second look is alive."""
    simulator.phone(PANEL[1:]).on = False
    await panel(hass, simulator)
    await noon(hass, clock, tomorrow())
    await check(hass, simulator, clock)
    simulator.phone(PANEL[1:]).on = True
    await clock.advance(1801)
    await check(hass, simulator, clock)
    assert journal(simulator) == [("ping", PANEL)] * 2
    assert notifications == []


async def test_check_has_no_result(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, notifications: list[ServiceCall]
) -> None:
    """An operator that does not respond is reported as well, and not as a dead SIM."""
    await panel(hass, simulator, offline="dead", failed="{{ name }}: unknown")
    await noon(hass, clock, tomorrow())
    for pause in (601, 1801, 601):
        assert notifications == []
        await clock.advance(pause)
    assert journal(simulator) == [("ping", PANEL), ("ping", PANEL), ("sms", MAMA)]
    assert [call.data["message"] for call in notifications] == ["Panel: unknown"]


async def test_check_is_refused(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, notifications: list[ServiceCall]
) -> None:
    """Without money neither check nor text goes out; the screen shows it, for each SIM."""
    simulator.account.balance = Decimal(0)
    await panel(hass, simulator, phones=["nobody", PANEL])
    await noon(hass, clock, tomorrow())
    await clock.advance(1801)
    await clock.advance(1801)
    assert journal(simulator) == []
    assert [call.data["message"] for call in notifications] == [
        "SIM nobody could not be checked.",
        f"SIM {PANEL} could not be checked.",
    ]


async def test_owner_is_gone(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, notifications: list[ServiceCall]
) -> None:
    """Where no recipient is left to text, the screen shows it."""
    await panel(hass, simulator)
    er.async_get(hass).async_remove("notify.mama")
    await noon(hass, clock, tomorrow())
    await clock.advance(1801)
    assert [call.data["message"] for call in notifications] == [
        f"SIM {PANEL} could not be checked."
    ]
