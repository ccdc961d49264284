"""The action `ask`: send a question, and return the answer."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import CONF_VERIFY_PUSHES, EVENT_SMS_RECEIVED

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    Hold,
    act,
    add_account,
    person,
    serve_webhook,
    write,
)
from .simulator.model import Blocked, Kind
from .simulator.simulator import Simulator

PEOPLE = [person("Папа", PAPA), person("Мама", MAMA)]
ANSWERS = [
    {"id": "yes", "sentences": ["Да", "Топи", "Хорошо[, топи]"]},
    {"id": "no", "sentences": ["Нет", "Не надо"]},
]
NOTHING = {
    "answered": False,
    "answer": None,
    "answer_id": None,
    "message_id": None,
    "phone": None,
    "answered_at": None,
}


def ask(hass: HomeAssistant, **more: Any) -> asyncio.Task[dict[str, Any]]:
    data = {"phones": ["Папа"], "question": "Топить баню?", "answers": ANSWERS} | more
    return hass.async_create_background_task(act(hass, "ask", **data), "ask")


@pytest.mark.parametrize(
    ("said", "answer_id"),
    [("Да", "yes"), ("  да!! ", "yes"), ("ТОПИ.", "yes"), ("нет", "no"), ("Сам решай", None)],
)
async def test_answer(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, said: str, answer_id: str | None
) -> None:
    """The answer ends the wait, whether a sentence fits or not."""
    await add_account(hass, simulator, people=PEOPLE)
    asking = ask(hass)
    await clock.settle()
    assert [order.kind for order in simulator.orders] == [Kind.TWO_WAY]
    message_id = await write(simulator, PAPA, said)
    await clock.advance(16)
    answer = await asking
    assert answer == {
        "answered": True,
        "answer": said,
        "answer_id": answer_id,
        "message_id": message_id,
        "phone": PAPA,
        "answered_at": answer["answered_at"],
    }


async def test_code_of_a_long_question(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The question is cut, and not the number that its answer must contain."""
    await add_account(hass, simulator)
    asking = hass.async_create_background_task(
        act(hass, "ask", phones=[PAPA], question="Открыть ворота? " * 60, code=True), "ask"
    )
    await clock.settle()
    (text,) = [order.text for order in simulator.orders]
    code = text[-3:]
    assert code.isdecimal()
    assert text[:-4].endswith("…")
    await write(simulator, PAPA, f"да {code}")
    await clock.advance(61)
    assert (await asking)["answer"] == "да"


async def test_no_answer(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """No answer in time is no error."""
    await add_account(hass, simulator, people=PEOPLE)
    assert await clock.finish(act(hass, "ask", phones=[PAPA], question="Ау?"), step=100) == NOTHING
    assert len(simulator.orders) == 1


async def test_not_sent(hass: HomeAssistant, simulator: Simulator) -> None:
    """What cannot be asked is an error."""
    await add_account(hass, simulator, people=PEOPLE)
    simulator.account.blocked = Blocked()
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "ask", phones=[PAPA], question="Ау?")
    assert raised.value.translation_key == "account_blocked"
    with pytest.raises(ServiceValidationError):
        await act(hass, "ask", phones=[PAPA, MAMA], question="Ау?")
    with pytest.raises(ServiceValidationError):
        await act(hass, "ask", phones=["nobody"], question="Ау?")
    assert simulator.orders == []


async def test_answer_faster_than_the_disk(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    hold: Hold,
) -> None:
    """An answer that is faster than a slow disk is not missed."""
    await serve_webhook(hass, hass_client_no_auth)
    await add_account(hass, simulator, people=PEOPLE, options={CONF_VERIFY_PUSHES: False})
    fault = simulator.fault("hang", when="after", command="send")
    asking = ask(hass, timeout={"seconds": 1})
    await fault.reached.wait()
    hold("append")
    fault.release()
    await hold.reached()
    await write(simulator, PAPA, "Да")
    hold.release()
    assert (await asking)["answer_id"] == "yes"


async def test_order_while_a_question_is_sent(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Only what may be the answer waits until the question is known to be sent."""
    people = [person("Папа", PAPA, pin="4711")]
    await add_account(hass, simulator, people=people)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    sending = simulator.fault("hang", when="after", command="send")
    asking = ask(hass)
    await clock.settle()
    await write(simulator, PAPA, "5671 4711 Закрой кран")
    await write(simulator, PAPA, "Понравилось «Топить баню?»")
    await write(simulator, PAPA, "Да")
    await clock.advance(10)
    assert captured.of("message") == []
    await clock.advance(50)
    assert captured.of("message") == ["Закрой кран", "Понравилось «Топить баню?»"]
    sending.release()
    await clock.advance(16)
    assert (await asking)["answer_id"] == "yes"


async def test_two_questions_queue(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The second question to a number is sent when the first is over; another number waits not."""
    await add_account(hass, simulator, people=PEOPLE)
    first, second = ask(hass), ask(hass, question="Точно?")
    other = ask(hass, phones=["Мама"])
    await clock.settle()
    assert sorted(order.text for order in simulator.orders) == ["Топить баню?", "Топить баню?"]
    await write(simulator, PAPA, "да")
    await clock.advance(16)
    assert (await first)["answer_id"] == "yes"
    await write(simulator, PAPA, "нет")
    await write(simulator, MAMA, "да")
    await clock.advance(16)
    assert (await second)["answer_id"] == "no"
    assert (await other)["phone"] == MAMA


async def test_survives_reload_not_disabling(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A reload ends no question; disabling does, with an error."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    asking = ask(hass)
    await clock.settle()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await write(simulator, PAPA, "да")
    await clock.advance(16)
    assert (await asking)["answer_id"] == "yes"
    asking = ask(hass)
    await clock.settle()
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    with pytest.raises(HomeAssistantError) as raised:
        await asking
    assert raised.value.translation_key == "account_closed"


async def test_ended_by_the_automation(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A stopped automation asks no longer: the next question goes out at once."""
    await add_account(hass, simulator, people=PEOPLE)
    asking = ask(hass)
    await clock.settle()
    asking.cancel()
    second = ask(hass, question="Точно?")
    await clock.settle()
    assert [order.text for order in simulator.orders] == ["Топить баню?", "Точно?"]
    await write(simulator, PAPA, "да")
    await clock.advance(16)
    assert (await second)["answer_id"] == "yes"


async def test_asks_starve_reads(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An `ask` after another one to the same number gets its answer."""
    await add_account(hass, simulator, people=PEOPLE)
    simulator.requests.clear()
    asking = []
    for number in range(12):
        asking.append(
            hass.async_create_background_task(
                act(hass, "ask", phones=[f"+7908796{number:04}"], question=f"Дома? {number}"), "ask"
            )
        )
        await clock.advance(10)
    assert len(simulator.calls("inbound")) >= 4
    for one in asking:
        one.cancel()


async def test_short_asks_starve_reads(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Likewise with a short timeout."""
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    simulator.requests.clear()
    await write(simulator, MAMA, "5671 Открой ворота")
    for number in range(10):
        asking = hass.async_create_background_task(
            act(hass, "ask", phones=[PAPA], question=f"Дома? {number}", timeout={"seconds": 10}),
            "ask",
        )
        for _ in range(4):
            await clock.advance(3)
        await asking
    assert captured.of("message") == ["Открой ворота"]


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("verify", [True, False])
async def test_reply_during_reload(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, verify: bool
) -> None:
    """An answer that comes while the entry reloads ends the question."""
    entry = await add_account(hass, simulator, people=PEOPLE, options={"verify_pushes": verify})
    asking = hass.async_create_background_task(
        act(hass, "ask", phones=[PAPA], question="Дома?"), "ask"
    )
    await clock.settle()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await write(simulator, PAPA, "да")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await clock.advance(2)
    await clock.advance(2)
    assert (await asking)["answer"] == "да"


async def test_question_answered_before_known(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A two-way question twice; the answer is published once, kill between."""
    await add_account(hass, simulator, people=PEOPLE)
    fault = simulator.fault("hang", when="after", command="send")
    asking = hass.async_create_background_task(
        act(hass, "ask", phones=[PAPA], question="Дома?"), "ask"
    )
    await fault.reached.wait()
    await write(simulator, PAPA, "да")
    await clock.advance(20)
    fault.release()
    for _ in range(5):
        await clock.advance(16)
    assert asking.done()
    assert (await asking)["answer"] == "да"
