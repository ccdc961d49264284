"""The Russian blueprints, run from their own files: what a Russian family reads and writes."""

from typing import Any

from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.smspilot.const import CONF_LOW_BALANCE
from tests.common import PAPA, Clock, act, add_account, write
from tests.simulator.simulator import Simulator

from .common import PEOPLE, automate, noon, texts, tomorrow
from .test_order_by_sms import UNLOCKED, orders

OPEN = [{"action": "test.open"}]


@pytest.mark.parametrize(
    ("actions", "answer"), [(OPEN, "Готово."), ([UNLOCKED, *OPEN], "Не сделано.")]
)
async def test_order(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, actions: list[Any], answer: str
) -> None:
    await add_account(hass, simulator, people=PEOPLE)
    async_mock_service(hass, "test", "open")
    hass.states.async_set("lock.gate", "locked")
    await automate(hass, "order_by_sms_ru", words=["открой ворота"], actions=actions)
    await write(simulator, PAPA, "5671 Открой ворота!")
    await orders(clock)
    assert texts(simulator) == [answer]


async def test_order_with_a_question(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The yes of the form's default is a Russian one, with the question's number."""
    await add_account(hass, simulator, people=PEOPLE)
    opened = async_mock_service(hass, "test", "open")
    question = "Открыть? Ответьте да {code}"
    inputs = {"words": ["открой ворота"], "actions": OPEN, "question": question}
    await automate(hass, "order_by_sms_ru", **inputs)
    await write(simulator, PAPA, "5671 открой ворота")
    await orders(clock)
    code = texts(simulator)[0].removeprefix("Открыть? Ответьте да ")
    await write(simulator, PAPA, f"Да {code}")
    await orders(clock, 16)
    assert len(opened) == 1
    assert texts(simulator)[1:] == ["Готово."]


async def test_report(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    await add_account(hass, simulator, people=PEOPLE)
    await automate(hass, "report_by_sms_ru", report="Всё хорошо")
    await write(simulator, PAPA, "5671 Статус")
    await orders(clock)
    assert texts(simulator) == ["Всё хорошо"]


async def test_self_test(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What it warns of is in Russian too."""
    await add_account(hass, simulator, people=PEOPLE)
    warned = async_mock_service(hass, "test", "warn")
    warning = [{"action": "test.warn", "data": {"problem": "{{ problem }}"}}]
    await automate(
        hass, "self_test_ru", person="notify.papa", patience={"minutes": 1}, warning=warning
    )
    await noon(hass, clock, tomorrow())
    await orders(clock)
    assert texts(simulator) == ["Самопроверка дома."]
    assert [call.data["problem"] for call in warned] == ["SMS не дошло."]


async def test_sim(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    await add_account(hass, simulator, people=PEOPLE)
    simulator.fault("error", code=211, command="send", times=2)
    await automate(
        hass, "sim_is_alive_ru", phones=["+79990001122"], people=["notify.papa"], actions=[]
    )
    await noon(hass, clock, tomorrow())
    await orders(clock, 1801)
    assert texts(simulator)[-1] == "SIM +79990001122: проверить не удалось."


async def test_low_balance(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    await add_account(hass, simulator, people=PEOPLE, options={CONF_LOW_BALANCE: 50})
    await automate(
        hass,
        "low_balance_ru",
        low_balance="binary_sensor.smspilot_5671_low_balance",
        balance="sensor.smspilot_5671_balance",
        people=["notify.papa"],
    )
    simulator.account.balance = type(simulator.account.balance)("49.25")
    await act(hass, "get_account")
    await orders(clock)
    assert texts(simulator) == ["На счёте SMSPILOT заканчиваются деньги, осталось 49,25 ₽."]


@pytest.mark.parametrize(("said", "outcome"), [("Да!", "yes"), ("нет", "no")])
async def test_confirm(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, said: str, outcome: str
) -> None:
    """The answers of the form's defaults are Russian ones; what the script returns is not."""
    await add_account(hass, simulator, people=PEOPLE)
    use = {"path": "smspilot/confirm_by_sms_ru.yaml", "input": {"person": "notify.papa"}}
    assert await async_setup_component(hass, "script", {"script": {"ask": {"use_blueprint": use}}})
    assert er.async_get(hass).async_get("script.ask")
    assert hass.services.supports_response("script", "ask") is SupportsResponse.OPTIONAL
    asking = hass.async_create_background_task(
        hass.services.async_call("script", "ask", blocking=True, return_response=True), "ask"
    )
    await clock.settle()
    assert texts(simulator) == ["Дома никого нет. Убавить отопление? Ответьте «да» или «нет»."]
    await write(simulator, PAPA, said)
    await orders(clock, 16)
    result: Any = await asking
    assert result["outcome"] == outcome
