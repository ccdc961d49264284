"""Assist by SMS: only those who may, only now, and one answer."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import override

from homeassistant.components import conversation
from homeassistant.components.assist_pipeline.pipeline import (
    async_get_pipeline,
    async_update_pipeline,
)
from homeassistant.components.conversation.models import (
    AbstractConversationAgent,
    ConversationInput,
    ConversationResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import intent, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import (
    CONF_ASSIST,
    CONF_DAILY_LIMIT,
    CONF_INBOUND_INTERVAL,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_PIN,
    CONF_VERIFY_PUSHES,
    EVENT_SMS_RECEIVED,
)

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    act,
    add_account,
    kill,
    person,
    restart,
    serve_webhook,
    state_of,
    write,
)
from .simulator.model import SERVICE_NUMBER
from .simulator.simulator import Simulator

ASSISTED = [person("Папа", PAPA, **{CONF_ASSIST: True}), person("Мама", MAMA)]
WITH_PIN = [person("Папа", PAPA, **{CONF_ASSIST: True, CONF_PIN: "4711"})]


SORRY = "Home Assistant could not do that. See its log for the reason, or try again later"


class Agent(AbstractConversationAgent):
    """An agent that keeps its inputs."""

    def __init__(self, answer: str = "Свет включён") -> None:
        self.inputs: list[ConversationInput] = []
        self.answer = answer
        self.error: BaseException | None = None
        self._free = asyncio.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    @property
    @override
    def supported_languages(self) -> list[str]:
        return ["en", "ru"]

    @override
    async def async_process(self, user_input: ConversationInput) -> ConversationResult:
        self.inputs.append(user_input)
        await self._free.wait()
        if self.error:
            raise self.error
        response = intent.IntentResponse(language=user_input.language)
        response.async_set_speech(self.answer)
        return ConversationResult(response=response, conversation_id=user_input.conversation_id)


@pytest.fixture
async def agent(hass: HomeAssistant) -> Agent:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "assist_pipeline", {})
    agent, entry = Agent(), MockConfigEntry()
    entry.add_to_hass(hass)
    conversation.async_set_agent(hass, entry, agent)
    preferred = async_get_pipeline(hass)
    await async_update_pipeline(hass, preferred, conversation_engine=entry.entry_id)
    return agent


async def test_answer(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """A text is an order, its answer one SMS, and the conversation goes on for ten minutes."""
    preferred = async_get_pipeline(hass)
    await async_update_pipeline(hass, preferred, conversation_language="ru", language="ru")
    await add_account(hass, simulator, people=ASSISTED)
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(61)
    assert [each.text for each in agent.inputs] == ["Включи свет"]
    assert agent.inputs[0].language == "ru"
    assert [(order.phone, order.text) for order in simulator.orders] == [(PAPA[1:], "Свет включён")]
    await write(simulator, PAPA, "5671 А на кухне?")
    await clock.advance(61)
    await clock.advance(700)
    await write(simulator, PAPA, "5671 Привет")
    await clock.advance(61)
    ids = [each.conversation_id for each in agent.inputs]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5671 4711 Включи свет", ["Включи свет"]),
        ("5671 4711Включи свет", ["Включи свет"]),
        ("5671 Включи свет", []),
        ("5671 0000 Включи свет", []),
        ("5671 Включи свет 4711", []),
        ("5671 4711", []),
    ],
)
async def test_pin(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    text: str,
    expected: list[str],
) -> None:
    """Without the PIN there is no answer; with it no other recipient can read it."""
    await add_account(hass, simulator, people=WITH_PIN)
    events = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, text)
    await clock.advance(61)
    assert [each.text for each in agent.inputs] == expected
    assert len(simulator.orders) == len(expected)
    if expected:
        assert events.of("message") == expected


async def test_not_every_sender(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """Others, strangers, replies, old messages and the service itself are no orders."""
    people = [*ASSISTED, person("Сервис", f"+{SERVICE_NUMBER}", **{CONF_ASSIST: True})]
    entry = await add_account(hass, simulator, people=people)
    await write(simulator, SERVICE_NUMBER, "5671 Включи свет")
    await write(simulator, MAMA, "5671 Включи свет")
    await write(simulator, "+79990001122", "5671 Включи свет")
    await act(hass, "send_sms", phones=["Папа"], message="Топить?", two_way=True)
    await write(simulator, PAPA, "Да")
    await clock.advance(61)
    await write(simulator, PAPA, "5671 Включи свет")
    simulator.clock_offset += timedelta(minutes=11)
    await clock.advance(61)
    await hass.config_entries.async_unload(entry.entry_id)
    assert agent.inputs == []
    assert len(simulator.orders) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2222 Включи свет", ["Включи свет"]), ("1111 Включи свет", []), ("Включи свет", [])],
)
async def test_pin_of_another(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    text: str,
    expected: list[str],
) -> None:
    """On a shared number the PIN of a recipient without Assist does not count."""
    people = [
        person("Сын", PAPA, **{CONF_PIN: "1111"}),
        person("Папа", PAPA, **{CONF_ASSIST: True, CONF_PIN: "2222"}),
    ]
    await add_account(hass, simulator, people=people)
    await write(simulator, PAPA, f"5671 {text}")
    await clock.advance(61)
    assert [each.text for each in agent.inputs] == expected


async def test_unverified(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A push that the list did not confirm is no command."""
    await serve_webhook(hass, hass_client_no_auth)
    await add_account(hass, simulator, people=ASSISTED, options={CONF_VERIFY_PUSHES: False})
    events = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(61)
    assert events.of("verified") == [False]
    assert agent.inputs == []


async def test_ten_an_hour(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """No sender can make a home spend without a limit."""
    await add_account(hass, simulator, people=ASSISTED)
    for number in range(12):
        await write(simulator, PAPA, f"5671 {number}")
    await clock.advance(61)
    assert len(agent.inputs) == 10
    assert len(simulator.orders) == 10
    await clock.advance(3600)
    await write(simulator, PAPA, "5671 снова")
    await clock.advance(61)
    assert len(agent.inputs) == 11


async def test_ten_an_hour_by_a_wrong_clock(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An hour is an hour, whatever year the machine thought it was."""
    await add_account(hass, simulator, people=ASSISTED)
    present = dt_util.utcnow
    with monkeypatch.context() as wrong:
        wrong.setattr(dt_util, "utcnow", lambda: present() + timedelta(days=300))
        for number in range(10):
            await write(simulator, PAPA, f"5671 {number}")
        await clock.advance(61)
    await clock.advance(3600)
    await write(simulator, PAPA, "5671 снова")
    await clock.advance(61)
    assert len(agent.inputs) == 11


async def test_long_answer(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """A long answer is cut at three parts."""
    agent.answer = "Температура в доме. " * 50
    await add_account(hass, simulator, people=ASSISTED)
    await write(simulator, PAPA, "5671 Как дома?")
    await clock.advance(61)
    (message,) = simulator.messages.values()
    assert message.parts == 3
    assert message.text.endswith("…")


@pytest.mark.parametrize("max_parts", [0, 1])
async def test_long_answer_in_its_template(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent, max_parts: int
) -> None:
    """The account's template is part of what is cut."""
    agent.answer = "Температура в доме. " * 50
    options = {CONF_MESSAGE_TEMPLATE: "Дом, {time}: {message} Конец", CONF_MAX_PARTS: max_parts}
    await add_account(hass, simulator, people=ASSISTED, options=options)
    await write(simulator, PAPA, "5671 Как дома?")
    await clock.advance(61)
    (message,) = simulator.messages.values()
    assert message.parts == (max_parts or 3)
    assert message.text.endswith("… Конец")


async def test_agent_is_gone(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An agent that is there no longer is one line of the log, and an answer that says so."""
    await add_account(hass, simulator, people=ASSISTED)
    await async_update_pipeline(hass, async_get_pipeline(hass), conversation_engine="nobody")
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(61)
    assert [order.text for order in simulator.orders] == [SORRY]
    assert caplog.text.count("Assist could not carry out an order of Папа") == 1


def respond_with(agent: Agent, change: Callable[[intent.IntentResponse], None]) -> None:
    """Have the agent respond with whatever `change` makes of an empty response."""

    async def process(user_input: ConversationInput) -> ConversationResult:
        response = intent.IntentResponse(language=user_input.language)
        change(response)
        return ConversationResult(response=response)

    agent.async_process = process  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda response: None, "Assist said nothing to that"),
        (lambda response: response.async_set_speech(" \n"), "Assist said nothing to that"),
        (
            lambda response: response.async_set_speech("<speak>On <b>now</b></speak>", "ssml"),
            "On now",
        ),
        (
            lambda response: response.async_set_error(
                intent.IntentResponseErrorCode.FAILED_TO_HANDLE, ""
            ),
            SORRY,
        ),
    ],
)
async def test_agent_says_nothing(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    change: Callable[[intent.IntentResponse], None],
    text: str,
) -> None:
    """An order is never answered with silence."""
    respond_with(agent, change)
    await add_account(hass, simulator, people=ASSISTED)
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(61)
    assert [order.text for order in simulator.orders] == [text]


async def test_no_assist(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A home without Assist says so."""
    await add_account(hass, simulator, people=ASSISTED)
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(61)
    assert [order.text for order in simulator.orders] == [SORRY]
    assert "an order of Папа (Assist is not set up)" in caplog.text


async def test_agent_that_cannot_be_cancelled(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """An agent that hangs, whatever is done to it, delays the next order by two minutes only."""
    end, process = asyncio.Event(), agent.async_process

    async def hang(user_input: ConversationInput) -> ConversationResult:
        agent.async_process = process  # type: ignore[method-assign]
        while not end.is_set():
            with suppress(asyncio.CancelledError):
                await end.wait()
        return await process(user_input)

    agent.async_process = hang  # type: ignore[method-assign]
    await add_account(hass, simulator, people=ASSISTED)
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(61)
    await clock.advance(121)
    await write(simulator, PAPA, "5671 Ещё")
    await clock.advance(61)
    assert [order.text for order in simulator.orders] == [SORRY, "Свет включён"]
    end.set()
    await clock.settle()


async def test_assist_while_reloading(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """What is read while the entry reloads reaches Assist and the entities, too."""
    entry = await add_account(hass, simulator, people=ASSISTED, options={CONF_INBOUND_INTERVAL: 10})
    await clock.advance(1)
    slow = simulator.fault("hang", when="after", command="account")
    task = hass.async_create_background_task(
        hass.config_entries.async_reload(entry.entry_id), "test"
    )
    await clock.settle()
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(11)
    slow.release()
    await task
    await clock.advance(61)
    assert state_of(hass, "event.papa_inbound").attributes.get("message") == "Включи свет"
    assert [each.text for each in agent.inputs] == ["Включи свет"]


async def test_shared_number_second_pin(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """Two share a number, each with a PIN of their own."""
    people = [
        person("Папа", PAPA, assist=False, pin="47"),
        person("Мама", PAPA, assist=True, pin="47-11"),
    ]
    await add_account(hass, simulator, people=people)
    await write(simulator, PAPA, "5671 47-11 Включи свет")
    await clock.advance(61)
    assert [each.text for each in agent.inputs] == ["Включи свет"]


async def test_one_after_the_other(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """Two orders within seconds are carried out in turn, in one conversation, over a reload."""
    entry = await add_account(hass, simulator, people=ASSISTED)
    agent.hold()
    for text in ("раз", "два", "три"):
        await write(simulator, PAPA, f"5671 {text}")
    await clock.advance(61)
    assert [each.text for each in agent.inputs] == ["раз"]
    assert await hass.config_entries.async_reload(entry.entry_id)
    agent.release()
    await clock.settle()
    await clock.settle()
    assert [each.text for each in agent.inputs] == ["раз", "два", "три"]
    assert len({each.conversation_id for each in agent.inputs}) == 1
    assert len(simulator.orders) == 3


@pytest.mark.parametrize(
    "error", [RuntimeError("Секрет"), TimeoutError(), KeyError(), asyncio.CancelledError()]
)
async def test_agent_that_raises(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    caplog: pytest.LogCaptureFixture,
    error: BaseException,
) -> None:
    """Whatever an agent raises is one line of ours and an answer that says so."""
    await add_account(hass, simulator, people=ASSISTED)
    agent.error = error
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(61)
    assert [order.text for order in simulator.orders] == [SORRY]
    ours = [one.getMessage() for one in caplog.records if "smspilot" in one.name]
    assert sum("could not carry out" in line for line in ours) == 1
    assert not [line for line in ours if "Секрет" in line]
    agent.error = None
    await write(simulator, PAPA, "5671 Включи свет")
    await clock.advance(61)
    assert len(simulator.orders) == 2


async def test_sentence_trigger(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """A sentence of an automation fires by SMS as it does by voice, a language model preferred."""
    automation = {
        "triggers": {"trigger": "conversation", "command": "open the gate"},
        "actions": [
            {"event": "opened"},
            {"set_conversation_response": "Opening"},
        ],
    }
    await add_account(hass, simulator, people=ASSISTED)
    assert await async_setup_component(hass, "automation", {"automation": automation})
    opened = async_capture_events(hass, "opened")
    await write(simulator, PAPA, "5671 Open the gate!")
    await clock.advance(61)
    await hass.async_block_till_done()
    await clock.settle()
    assert len(opened) == 1
    assert agent.inputs == []
    assert [order.text for order in simulator.orders] == ["Opening"]


async def test_share_of_the_limit(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Answers spend a fifth of the daily limit; then orders are carried out without."""
    await add_account(hass, simulator, people=ASSISTED, options={CONF_DAILY_LIMIT: 20})
    for number in range(8):
        await write(simulator, PAPA, f"5671 {number}")
    await clock.advance(61)
    await clock.settle()
    assert len(agent.inputs) == 8
    assert 1 <= len(simulator.orders) <= 3
    assert sum(message.price for message in simulator.messages.values()) <= 4
    keys = [issue.translation_key for issue in issue_registry.issues.values()]
    assert keys == ["assist_limit"]
    assert caplog.text.count("their share of the daily limit") == 1


@pytest.mark.parametrize("end", [restart, kill], ids=lambda one: one.__name__)
async def test_share_of_the_limit_over_a_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    end: Callable[..., Awaitable[object]],
) -> None:
    """What answers have spent of the day's share is not forgotten."""
    entry = await add_account(hass, simulator, people=ASSISTED, options={CONF_DAILY_LIMIT: 20})
    for number in range(8):
        await write(simulator, PAPA, f"5671 {number}")
    await clock.advance(61)
    await clock.settle()
    before = len(simulator.orders)
    people = dict(entry.subentries)
    again = await end(hass, entry, clock)
    if isinstance(again, MockConfigEntry):
        for one in people.values():
            hass.config_entries.async_add_subentry(again, one)
    # Not within the second in which all others were written.
    simulator.clock_offset += timedelta(seconds=61)
    await clock.advance(61)
    await write(simulator, PAPA, "5671 снова")
    await clock.advance(61)
    await clock.settle()
    assert agent.inputs[-1].text == "снова"
    assert len(simulator.orders) == before


async def test_order_behind_a_slow_agent(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, agent: Agent
) -> None:
    """An order that has waited for ten minutes opens no gate, and its sender is informed."""
    await add_account(hass, simulator, people=ASSISTED)
    agent.hold()
    for number in range(7):
        await write(simulator, PAPA, f"5671 {number}")
    await clock.advance(61)
    for _ in range(6):
        await clock.advance(121)
    agent.release()
    await clock.settle()
    await clock.settle()
    assert [each.text for each in agent.inputs] == ["0", "1", "2", "3", "4"]
    assert [order.text for order in simulator.orders] == [SORRY] * 7


@pytest.mark.parametrize(
    ("text", "late", "reason"),
    [
        ("5671 Включи свет", 0, "the PIN is wrong or missing"),
        ("5671 4711 Включи свет", 700, "too old"),
    ],
)
async def test_why_not(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    agent: Agent,
    caplog: pytest.LogCaptureFixture,
    text: str,
    late: int,
    reason: str,
) -> None:
    """Why Assist did not get a message is a line of the trail."""
    await add_account(hass, simulator, people=WITH_PIN)
    await write(simulator, PAPA, text)
    simulator.clock_offset += timedelta(seconds=late)
    await clock.advance(61)
    assert agent.inputs == []
    (line,) = [one for one in caplog.messages if "order not taken" in one]
    assert reason in line
