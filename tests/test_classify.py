"""Who wrote, with which PIN, and what it answers: one decision that all read."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import EVENT_REPLY_RECEIVED, EVENT_SMS_RECEIVED
from custom_components.smspilot.inbound.classify import MAX_CODE, MIN_CODE, new_code, take_code

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    act,
    add_account,
    device_of,
    person,
    state_of,
    write,
)
from .simulator.model import Status
from .simulator.simulator import Simulator

PEOPLE = [person("Папа", PAPA, pin="4711"), person("Мама", MAMA)]


def ask(hass: HomeAssistant, **more: Any) -> asyncio.Task[dict[str, Any]]:
    data = {"phones": [MAMA], "question": "Топить баню?"} | more
    return hass.async_create_background_task(act(hass, "ask", **data), "ask")


@pytest.mark.parametrize("early", [1, 10, 58])
async def test_written_before_the_question(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, early: int
) -> None:
    """What was written seconds before a question, and read after it, is no answer to it."""
    await add_account(hass, simulator, people=PEOPLE)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    # The account was set up before it was written.
    simulator.clock_offset += timedelta(hours=1)
    asking = ask(hass)
    await clock.settle()
    written = simulator.now() - timedelta(seconds=early + 1)
    await simulator.receive(MAMA[1:], "да", created=written)
    await clock.advance(16)
    assert messages.of("message") == ["да"]
    assert not asking.done()
    asking.cancel()


async def test_to_the_minute(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A list without seconds: what was written in the question's minute may be its answer."""
    simulator.options.inbound_seconds = False
    await add_account(hass, simulator, people=PEOPLE)
    asking = ask(hass)
    await clock.settle()
    await write(simulator, MAMA, "да")
    await clock.advance(16)
    assert (await asking)["answer"] == "да"


async def test_the_question_that_is_waited_for(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A 2WAY text that goes out meanwhile takes no answer from who waits."""
    await add_account(hass, simulator, people=PEOPLE)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    asking = ask(hass)
    await clock.settle()
    simulator.clock_offset += timedelta(seconds=5)
    await clock.advance(5)
    await act(hass, "send_sms", phones=[MAMA], message="Ужин готов", two_way=True)
    await write(simulator, MAMA, "да")
    await clock.advance(16)
    assert (await asking)["answer"] == "да"
    assert [reply["message"] for reply in replies.of("reply_to")] == ["Топить баню?"]


async def test_undelivered_question(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A question that never arrived takes no order hours later."""
    await add_account(hass, simulator, people=PEOPLE)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await act(hass, "send_sms", phones=[MAMA], message="Дома?", two_way=True)
    await simulator.advance(simulator.orders[0].server_id, Status.UNDELIVERED, error=604)
    simulator.clock_offset += timedelta(hours=1)
    await clock.advance(3600)
    await write(simulator, MAMA, "Открой ворота")
    await clock.advance(61)
    assert messages.of("message") == ["Открой ворота"]


async def test_order_with_a_pin(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What begins with the sender's PIN is an order, whatever question is open."""
    await add_account(hass, simulator, people=PEOPLE)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await act(hass, "send_sms", phones=[PAPA], message="Дома?", two_way=True)
    await write(simulator, PAPA, "4711 Включи отопление")
    await clock.advance(61)
    assert messages.of("message") == ["Включи отопление"]
    assert messages.of("pin_ok") == [True]
    await write(simulator, PAPA, "да")
    await clock.advance(61)
    assert replies.of("message") == ["да"]
    assert replies.of("pin_ok") == [False]


@pytest.mark.parametrize(
    ("text", "name", "pin_ok"),
    [
        ("4711 Открой", "Папа", True),
        ("Открой", "Дочь", None),
        ("1234 Открой", "Сын", True),
        ("9999 Открой", "Дочь", None),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
async def test_shared_number(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    text: str,
    name: str,
    pin_ok: bool | None,
    *,
    reverse: bool,
) -> None:
    """Of several who share a number the PIN decides, else the first who has none."""
    people = [
        person("Папа", PAPA, pin="4711"),
        person("Сын", PAPA, pin="1234"),
        person("Дочь", PAPA),
    ]
    entry = await add_account(hass, simulator, people=people[::-1] if reverse else people)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, f"5671 {text}")
    await clock.advance(61)
    assert (captured.of("recipient"), captured.of("pin_ok")) == ([name], [pin_ok])
    assert captured.of("device_id") == [device_of(hass, entry, name)]
    entities = ("event.papa_inbound", "event.syn_inbound", "event.doch_inbound")
    shown = [state_of(hass, one).attributes["recipient"] for one in entities]
    assert shown == [name] * 3


async def test_only_the_contract_number(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A text that is only the contract number says nothing."""
    simulator.options.list_keeps_prefix = True
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await simulator.receive(MAMA[1:], "5671", account=5671)
    await clock.advance(61)
    assert captured.of("message") == [""]


@pytest.mark.parametrize("reaction", ["Понравилось «Топить баню?»", "Gefällt „Топить баню?“"])
async def test_reaction(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, reaction: str
) -> None:
    """A phone's reaction to a question is published, and does not answer it."""
    await add_account(hass, simulator, people=PEOPLE)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    asking = ask(hass)
    await clock.settle()
    await write(simulator, MAMA, reaction)
    await clock.advance(16)
    assert messages.of("message") == [reaction]
    await write(simulator, MAMA, "Нет")
    await clock.advance(16)
    assert (await asking)["answer"] == "Нет"


async def test_code(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A question with a code takes the answer that has it, and no other."""
    await add_account(hass, simulator, people=PEOPLE)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    answers = [{"id": "yes", "sentences": ["да"]}]
    asking = ask(hass, question="Открыть? Ответьте: да {code}", answers=answers, code=True)
    await clock.settle()
    (order,) = simulator.orders
    code = order.text.removeprefix("Открыть? Ответьте: да ")
    assert 100 <= int(code) <= 999
    await write(simulator, MAMA, "да")
    await clock.advance(16)
    assert (messages.of("message"), messages.of("reply_to")) == (["да"], [None])
    await write(simulator, MAMA, f"Да, {code}.")
    await clock.advance(16)
    answer = await asking
    assert (answer["answer_id"], answer["answered"]) == ("yes", True)
    assert code not in answer["answer"]
    assert replies.of("message") == [answer["answer"]]


async def test_code_at_the_end(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Where the question does not say where, the code is its end."""
    await add_account(hass, simulator, people=PEOPLE)
    asking = ask(hass, code=True)
    await clock.settle()
    assert simulator.orders[0].text.removeprefix("Топить баню? ").isdecimal()
    asking.cancel()


@pytest.mark.parametrize("at_once", [False, True])
async def test_guessed_three_times(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, at_once: bool
) -> None:
    """Three wrong numbers end a question, in one text or in three; the right one comes too late."""
    await add_account(hass, simulator, people=PEOPLE)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    asking = ask(hass, code=True, timeout={"hours": 1})
    await clock.settle()
    code = int(simulator.orders[0].text[-3:])
    wrong = [str(100 + (code - 100 + step) % 900) for step in (1, 2, 3)]
    texts = [" ".join((*wrong, str(code)))] if at_once else wrong
    for text in texts:
        await write(simulator, MAMA, f"да {text}")
        await clock.advance(16)
    assert asking.done()
    assert (await asking)["answered"] is False
    await write(simulator, MAMA, f"да {code}")
    await clock.advance(61)
    assert replies.data == []


async def test_code_is_no_pin(hass: HomeAssistant) -> None:
    """The answer to a question with a code is no order, whatever the recipients' PINs are."""
    people = [person("Папа", PAPA, pin=str(pin)) for pin in range(MIN_CODE, MAX_CODE)]
    entry = MockConfigEntry(unique_id="5671", subentries_data=people)
    assert new_code(entry) == str(MAX_CODE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("да 345", "да"),
        ("345 да", "да"),
        ("да, 345!", "да !"),
        ("345", ""),
        ("да 1345", None),
        ("да 34", None),
        ("да 0345", None),
        ("100 200 345", "100 200"),
        ("100 200 300 345", None),
        ("12 1000 да 345", "12 1000 да"),
    ],
)
def test_take_code(text: str, found: str | None) -> None:
    """The code is a number of its own, and one of three at most."""
    assert take_code(text, "345", 3)[0] == found


@pytest.mark.parametrize(
    "answers",
    [
        [{"id": "yes", "sentences": [True, "да"]}],
        [{"id": True, "sentences": ["да"]}],
        [{"id": "no", "sentences": False}],
    ],
)
async def test_unquoted_answers(
    hass: HomeAssistant, simulator: Simulator, answers: list[dict[str, Any]]
) -> None:
    """What YAML makes of a bare yes or off is refused before anything is sent."""
    await add_account(hass, simulator, people=PEOPLE)
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "ask", phones=[MAMA], question="Топить?", answers=answers)
    assert raised.value.translation_key == "unquoted_answer"
    assert simulator.requests == []


async def test_get_inbound_shows_no_pin(hass: HomeAssistant, simulator: Simulator) -> None:
    """The list on demand is shown as events are: without contract number and PIN."""
    simulator.options.list_keeps_prefix = True
    await add_account(hass, simulator, people=PEOPLE)
    await write(simulator, PAPA, "5671 4711 Включи свет")
    (row,) = (await act(hass, "get_inbound", scope="all"))["messages"]
    assert (row["recipient"], row["message"]) == ("Папа", "Включи свет")


async def test_by_id(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A recipient who was renamed to nothing is still a recipient."""
    entry: MockConfigEntry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    mama = next(one for one in entry.subentries.values() if one.title == "Мама")
    hass.config_entries.async_update_subentry(entry, mama, title="")
    await hass.async_block_till_done()
    await write(simulator, MAMA, "5671 Привет")
    await clock.advance(61)
    assert captured.of("recipient_id") == [mama.subentry_id]
    assert captured.of("device_id") == [device_of(hass, entry, "")]
