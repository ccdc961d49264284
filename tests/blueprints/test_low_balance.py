"""Low balance: one warning, and never missed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_restore_cache

from custom_components.smspilot.const import CONF_DAILY_LIMIT
from tests.common import MAMA, PAPA, Clock, act, add_account
from tests.simulator.model import Kind
from tests.simulator.simulator import Simulator

from .common import PEOPLE, automate, journal, texts

LOW = "binary_sensor.smspilot_5671_low_balance"
WARNING = "The money at SMSPILOT is running out: {} RUB are left."


async def purse(
    hass: HomeAssistant,
    sim: Simulator,
    balance: str,
    people: tuple[str, ...] = ("notify.papa", "notify.mama"),
    **more: Any,
) -> MockConfigEntry:
    """Have so much money, and get a warning when it runs out."""
    sim.account.balance = Decimal(balance)
    sim.prices[Kind.SMS] = {"*": Decimal("2.50")}
    entry = await add_account(hass, sim, people=PEOPLE, **more)
    await automate(
        hass,
        "low_balance",
        low_balance=LOW,
        balance="sensor.smspilot_5671_balance",
        people=[*people],
    )
    return entry


async def test_low_balance(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The warning is sent once, before the money is gone."""
    entry = await purse(hass, simulator, "51.00", options={CONF_DAILY_LIMIT: 3})
    await clock.advance(61)
    assert journal(simulator) == []
    await act(hass, "send_sms", phones=[PAPA], message="Проверка")
    await clock.advance(59)
    assert len(simulator.orders) == 1
    await clock.advance(2)
    assert sorted(journal(simulator)[1:]) == [("sms", PAPA), ("sms", MAMA)]
    assert set(texts(simulator)[1:]) == {WARNING.format("48.5")}
    # A reload, a service that is away for a while, the next send: it is known.
    assert await hass.config_entries.async_reload(entry.entry_id)
    await clock.advance(61)
    await simulator.down()
    await clock.advance(1801)
    assert hass.states.is_state(LOW, "unavailable")
    await simulator.up()
    await clock.advance(1801)
    assert hass.states.is_state(LOW, "on")
    await act(hass, "send_sms", phones=[PAPA], message="Проверка", urgent=True)
    await clock.advance(61)
    assert len(simulator.orders) == 4


async def test_low_balance_again(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Money that was paid in runs out another time."""
    await purse(hass, simulator, "51.00")
    await act(hass, "send_sms", phones=[PAPA], message="Проверка")
    await clock.advance(61)
    assert len(simulator.orders) == 3
    simulator.account.balance = Decimal("51.00")
    await clock.advance(1801)
    assert hass.states.is_state(LOW, "off")
    await act(hass, "send_sms", phones=[PAPA], message="Проверка!")
    await clock.advance(61)
    assert len(simulator.orders) == 6


async def test_low_balance_with_a_removed_recipient(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The first recipient of the list may be removed; the others are warned."""
    await purse(hass, simulator, "51.00", people=("notify.gone", "notify.mama"))
    await act(hass, "send_sms", phones=[PAPA], message="Проверка")
    await clock.advance(61)
    await clock.advance(2)
    assert journal(simulator)[1:] == [("sms", MAMA)]


@pytest.mark.parametrize(
    ("balance", "days_ago", "warned"),
    [("40.00", None, True), ("40.00", 2, False), ("40.00", 8, True), ("60.00", None, False)],
)
async def test_low_balance_at_the_start(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    balance: str,
    days_ago: int | None,
    warned: bool,
) -> None:
    """What happened unseen is reported after the start, unless it was reported lately."""
    hass.set_state(CoreState.starting)
    if days_ago:
        before = dt_util.utcnow() - timedelta(days=days_ago)
        state = State("automation.it", "on", {"last_triggered": before.isoformat()})
        mock_restore_cache(hass, [state])
    await purse(hass, simulator, balance)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await clock.advance(61)
    assert len(simulator.orders) == (2 if warned else 0)


async def test_low_balance_behind_an_outage(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Where the first request failed, the warning is sent as soon as the balance is known."""
    await simulator.down()
    await purse(hass, simulator, "40.00")
    await clock.advance(61)
    assert hass.states.is_state(LOW, "unavailable")
    await simulator.up()
    await clock.advance(1801)
    await clock.advance(61)
    assert len(simulator.orders) == 2


async def test_no_money_at_all(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Where not even that text can be paid, the log says so."""
    await purse(hass, simulator, "51.00")
    simulator.account.balance = Decimal("1.00")
    await clock.advance(1801)
    await clock.advance(61)
    assert journal(simulator) == []
    assert "241" in caplog.text
