"""The self-test: silent when all is well, and never when it is not."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.common import MAMA, PAPA, Clock, add_account, state_of, write
from tests.simulator.model import Template
from tests.simulator.simulator import Simulator

from .common import PEOPLE, automate, journal, noon, texts, tomorrow


async def self_test(hass: HomeAssistant, sim: Simulator, **inputs: Any) -> None:
    """Have the house test itself."""
    await add_account(hass, sim, people=PEOPLE)
    await automate(hass, "self_test", person="notify.papa", **inputs)


async def test_self_test(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, notifications: list[ServiceCall]
) -> None:
    """A text that arrives is all there is, once a month."""
    await self_test(hass, simulator)
    await noon(hass, clock, tomorrow())
    assert (journal(simulator), texts(simulator)) == ([("sms", PAPA)], ["Self-test of the house."])
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(16)
    assert notifications == []
    assert state_of(hass, "automation.it").attributes["current"] == 0
    last = dt_util.as_local(state_of(hass, "automation.it").attributes["last_triggered"]).date()
    for days in (2, 29):
        await noon(hass, clock, last + timedelta(days=days))
    assert len(simulator.orders) == 1
    # A house that was off that day makes up for it.
    await noon(hass, clock, last + timedelta(days=32))
    assert len(simulator.orders) == 2


def sender_expired(sim: Simulator) -> None:
    sim.options.strict_senders = True


def template_expired(sim: Simulator) -> None:
    sim.account.templates = [Template(text="Дом: .*", regex=True)]


def money_gone(sim: Simulator) -> None:
    sim.account.balance = Decimal(0)


@pytest.mark.parametrize("cause", [sender_expired, template_expired, money_gone])
@pytest.mark.parametrize("ask", [False, True])
async def test_self_test_cannot_send(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    notifications: list[ServiceCall],
    cause: Callable[[Simulator], None],
    ask: bool,
) -> None:
    """What the service refuses is a warning the same minute."""
    await add_account(hass, simulator, people=PEOPLE, options={"sender": "Nobody!!"})
    await automate(hass, "self_test", person="notify.papa", ask=ask)
    cause(simulator)
    await noon(hass, clock, tomorrow())
    refused = not (ask and cause is sender_expired)
    assert len(simulator.orders) == int(not refused)
    problems = [call.data["message"] for call in notifications]
    text = "The text could not be sent. Settings → System → Repairs and the log say why."
    assert problems == [text] * int(refused)


async def test_self_test_does_not_arrive(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, notifications: list[ServiceCall]
) -> None:
    """A text that does not arrive is a warning, with the reason where there is one."""
    simulator.phone(PAPA[1:]).on = False
    await self_test(hass, simulator)
    await noon(hass, clock, tomorrow())
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(16)
    (call,) = notifications
    assert call.data["message"].startswith("The text has not arrived. ")
    assert len(call.data["message"]) > len("The text has not arrived. ")


async def test_self_test_is_slow(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A text of unknown status after half an hour is a warning, by the action that was chosen."""
    warned = async_mock_service(hass, "test", "warn")
    warning = [{"action": "test.warn", "data": {"problem": "{{ problem }}"}}]
    await self_test(hass, simulator, warning=warning)
    await noon(hass, clock, tomorrow())
    await clock.advance(1799)
    assert warned == []
    await clock.advance(2)
    assert [call.data["problem"] for call in warned] == ["The text has not arrived."]


@pytest.mark.parametrize("answered", [True, False])
async def test_self_test_of_both_ways(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    notifications: list[ServiceCall],
    answered: bool,
) -> None:
    """Whatever is answered is good; no answer is a warning."""
    await self_test(hass, simulator, ask=True, message="Self-test: answer, please.")
    await noon(hass, clock, tomorrow())
    assert journal(simulator) == [("two_way", PAPA)]
    await write(simulator, PAPA if answered else MAMA, "here" if answered else "5671 here")
    await clock.advance(16)
    await clock.advance(1801)
    assert [call.data["message"] for call in notifications] == (
        [] if answered else ["The text was sent, but no answer has come."]
    )


async def test_self_test_of_a_removed_recipient(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, notifications: list[ServiceCall]
) -> None:
    """A removed recipient is a warning too."""
    await self_test(hass, simulator)
    er.async_get(hass).async_remove("notify.papa")
    await noon(hass, clock, tomorrow())
    assert len(notifications) == 1
