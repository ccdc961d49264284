"""The alarm that escalates: who is told, in which order, and what stops it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.smspilot.const import CONF_RATE_LIMIT, EVENT_REPLY_RECEIVED
from tests.common import MAMA, PAPA, Clock, Heard, add_account, person, write
from tests.simulator.model import Blocked, Template
from tests.simulator.simulator import Simulator

from .common import STRANGER, automate, journal, texts, write_early

GRANNY = "+79135550001"
PEOPLE = [person("Papa", PAPA), person("Mama", MAMA), person("Granny", GRANNY)]
LEAK = "binary_sensor.leak"
TO_PAPA = [("two_way", PAPA), ("voice", PAPA)]
TO_MAMA = [("two_way", MAMA), ("voice", MAMA)]


@dataclass
class House:
    """A house with the alarm, and what it did."""

    hass: HomeAssistant
    sim: Simulator
    clock: Clock
    entry: MockConfigEntry
    answered: list[ServiceCall]
    unanswered: list[ServiceCall]

    async def leak(self, state: str = "on") -> None:
        """Let water run, or mop it up."""
        self.hass.states.async_set(LEAK, state, {"friendly_name": "Kitchen leak"})
        await self.clock.settle()

    async def end(self, nth: int) -> None:
        """Let the nth message end as its phone has it, and the house hear of it."""
        await self.sim.deliver(self.sim.orders[nth].server_id)
        await self.clock.advance(16)

    def is_over(self) -> bool:
        """Return whether no alarm is running."""
        state = self.hass.states.get("automation.it")
        return state is not None and state.attributes["current"] == 0


async def build(
    hass: HomeAssistant,
    sim: Simulator,
    clock: Clock,
    *,
    people: Sequence[ConfigSubentryData] = PEOPLE,
    options: Mapping[str, Any] | None = None,
    **inputs: Any,
) -> House:
    """Build the house."""
    entry = await add_account(hass, sim, people=people, options=options)
    house = House(
        hass,
        sim,
        clock,
        entry,
        async_mock_service(hass, "test", "answered"),
        async_mock_service(hass, "test", "unanswered"),
    )
    await automate(
        hass,
        "alarm_that_escalates",
        danger=[{"trigger": "state", "entity_id": [LEAK], "to": "on"}],
        people=["notify.papa", "notify.mama"],
        answered=[{"action": "test.answered"}],
        unanswered=[{"action": "test.unanswered", "data": {"news": "{{ news }}"}}],
        **inputs,
    )
    return house


async def test_answer_by_text(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An answered text is all there is."""
    house = await build(hass, simulator, clock)
    await house.leak()
    assert journal(simulator) == [("two_way", PAPA)]
    assert texts(simulator)[0].startswith("Alarm: Kitchen leak, ")
    assert texts(simulator)[0].endswith(". Answer this text to stop the alarm.")
    await house.end(0)
    assert not house.is_over()
    await write(simulator, PAPA, "ok")
    await clock.advance(61)
    assert house.is_over()
    assert len(house.answered) == 1
    await clock.advance(900)
    assert journal(simulator) == [("two_way", PAPA)]
    assert house.unanswered == []


async def test_text_does_not_arrive(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Who cannot be reached is called, then the next one is told; picking up ends it."""
    simulator.phone(PAPA[1:]).on = False
    house = await build(hass, simulator, clock)
    await house.leak()
    await house.end(0)
    assert journal(simulator) == TO_PAPA
    assert texts(simulator)[1].startswith("Alarm: Kitchen leak, ")
    assert "Answer" not in texts(simulator)[1]
    await house.end(1)
    assert journal(simulator) == [*TO_PAPA, ("two_way", MAMA)]
    await house.end(2)
    await clock.advance(121)
    assert journal(simulator) == [*TO_PAPA, *TO_MAMA]
    await house.end(3)
    assert house.is_over()
    assert len(house.answered) == 1


async def test_text_is_slow(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Where nobody knows whether the text arrived, the call comes when patience is over."""
    house = await build(hass, simulator, clock, patience={"minutes": 1})
    await house.leak()
    await clock.advance(59)
    assert journal(simulator) == [("two_way", PAPA)]
    await clock.advance(2)
    assert journal(simulator) == TO_PAPA
    await clock.advance(181)
    assert journal(simulator) == [*TO_PAPA, ("two_way", MAMA)]


async def test_picking_up_need_not_count(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An answering machine picks up and stops nothing; a text does."""
    house = await build(hass, simulator, clock, pick_up=False)
    await house.leak()
    await house.end(0)
    await clock.advance(121)
    await house.end(1)
    assert journal(simulator) == TO_PAPA
    await clock.advance(121)
    assert journal(simulator) == [*TO_PAPA, ("two_way", MAMA)]
    await house.end(2)
    await clock.advance(121)
    await house.end(3)
    await write(simulator, MAMA, "ok")
    await clock.advance(61)
    assert house.is_over()
    assert len(house.answered) == 1
    assert journal(simulator) == [*TO_PAPA, *TO_MAMA]


async def test_nobody_answers(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The house gives up after so many rounds, and says so."""
    for phone in (PAPA, MAMA):
        simulator.phone(phone[1:]).on = False
    house = await build(hass, simulator, clock, rounds=2)
    await house.leak()
    for nth in range(8):
        assert len(simulator.orders) == nth + 1
        await house.end(nth)
        # A pause between the rounds, and after the last one.
        if nth in {3, 7}:
            assert len(simulator.orders) == nth + 1
            assert not house.is_over()
            await clock.advance(121)
    assert house.is_over()
    assert journal(simulator) == [*TO_PAPA, *TO_MAMA] * 2
    assert house.answered == []
    assert [call.data["news"] for call in house.unanswered] == [texts(simulator)[-1]]


async def test_answer_while_another_is_called(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Whoever has been told may answer at any time; nothing is sent after that."""
    simulator.phone(PAPA[1:]).refuses_calls = True
    house = await build(hass, simulator, clock)
    await house.leak()
    await house.end(0)
    await clock.advance(121)
    await house.end(1)
    assert journal(simulator) == [*TO_PAPA, ("two_way", MAMA)]
    await write(simulator, PAPA, "ok")
    await clock.advance(61)
    await clock.advance(60)
    assert house.is_over()
    assert journal(simulator) == [*TO_PAPA, ("two_way", MAMA)]
    assert len(house.answered) == 1


async def test_messages_that_are_no_answer(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Nobody stops an alarm but those on its list, and not with what they wrote before it."""
    house = await build(hass, simulator, clock)
    heard = Heard(hass, EVENT_REPLY_RECEIVED)
    await write(simulator, PAPA, "5671 hello")
    await clock.advance(61)
    await house.leak()
    await house.end(0)
    await write(simulator, STRANGER, "5671 ok")
    await write(simulator, GRANNY, "5671 ok")
    await write_early(simulator, PAPA, "5671 heat the sauna", 5)
    await clock.advance(61)
    assert heard.of("message") == ["heat the sauna"]
    assert heard.of("age")[0] >= 300
    assert await hass.config_entries.async_reload(house.entry.entry_id)
    await clock.advance(45)
    assert journal(simulator) == [("two_way", PAPA)]
    await clock.advance(16)
    assert journal(simulator) == TO_PAPA


async def test_one_alarm_at_a_time(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The house acts each time; who is being alarmed is not alarmed twice at once."""
    closed = async_mock_service(hass, "test", "close")
    house = await build(hass, simulator, clock, house=[{"action": "test.close"}])
    for state in ("on", "off", "on"):
        hass.states.async_set(LEAK, state)
    await clock.settle()
    await house.leak("off")
    await house.leak()
    assert len(closed) == 3
    assert journal(simulator) == [("two_way", PAPA)]
    await house.end(0)
    await write(simulator, PAPA, "ok")
    await clock.advance(61)
    assert house.is_over()
    assert len(house.answered) == 1
    await clock.advance(61)
    await house.leak("off")
    await house.leak()
    await house.end(1)
    assert journal(simulator) == [("two_way", PAPA)] * 2
    assert not house.is_over()


async def test_valve_comes_first(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The valve closes before a text goes out, and all the more where none can."""
    simulator.account.balance = Decimal(0)
    sent: list[int] = []

    async def close(_call: ServiceCall) -> None:
        sent.append(len(simulator.requests))

    hass.services.async_register("test", "close", close)
    house = await build(hass, simulator, clock, house=[{"action": "test.close"}])
    await house.leak()
    for _pause in range(3):
        assert house.unanswered == []
        await clock.advance(121)
    assert sent == [0]
    assert journal(simulator) == []
    # Each round everybody: a text, the plain one, a call.
    assert len(simulator.calls("send")) == 3 * 2 * 3
    assert len(house.unanswered) == 1
    assert house.is_over()


@pytest.mark.parametrize("problem", [HomeAssistantError("stuck"), ValueError("stuck")])
async def test_valve_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    problem: Exception,
) -> None:
    """A valve that is stuck keeps nobody from hearing of it, and is told in the log."""

    async def close(_call: ServiceCall) -> None:
        raise problem

    hass.services.async_register("test", "close", close)
    house = await build(hass, simulator, clock, house=[{"action": "test.close"}])
    await house.leak()
    assert journal(simulator) == [("two_way", PAPA)]
    await house.end(0)
    await write(simulator, PAPA, "ok")
    await clock.advance(61)
    assert house.is_over()
    assert len(house.answered) == 1
    assert "stuck" in caplog.text


async def test_valve_is_gone(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Not even an action that does not exist holds back a text."""
    house = await build(hass, simulator, clock, house=[{"action": "test.close"}])
    await house.leak()
    assert journal(simulator) == [("two_way", PAPA)]


async def test_no_survey_template(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Where no 2WAY text may be sent the news goes out as a plain one, and is called too."""
    simulator.account.templates = [Template(text="Alarm: .*", regex=True)]
    house = await build(hass, simulator, clock)
    await house.leak()
    assert journal(simulator) == [("sms", PAPA)]
    assert "Answer" not in texts(simulator)[0]
    await house.end(0)
    await clock.advance(121)
    assert journal(simulator) == [("sms", PAPA), ("voice", PAPA)]


async def test_first_one_is_gone(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A person who was removed costs the next one nothing."""
    house = await build(hass, simulator, clock)
    er.async_get(hass).async_remove("notify.papa")
    await house.leak()
    assert journal(simulator) == [("two_way", MAMA)]


async def test_account_is_blocked(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An account that is let go again during the alarm alarms."""
    simulator.account.blocked = Blocked()
    house = await build(hass, simulator, clock)
    await house.leak()
    assert journal(simulator) == []
    simulator.account.blocked = None
    await clock.advance(121)
    assert journal(simulator) == [("two_way", PAPA)]


async def test_limits_hold_back_no_alarm(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An alarm is urgent."""
    simulator.phone(PAPA[1:]).on = False
    house = await build(hass, simulator, clock, options={CONF_RATE_LIMIT: 1})
    await house.leak()
    await house.end(0)
    assert journal(simulator) == TO_PAPA


async def test_two_numbers(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Both numbers of a person are told; the one that picks up is enough."""
    people = [person("Papa", PAPA, GRANNY), person("Mama", MAMA)]
    simulator.phone(PAPA[1:]).on = False
    house = await build(hass, simulator, clock, people=people)
    await house.leak()
    for nth in (0, 1):
        await simulator.deliver(simulator.orders[nth].server_id)
    await clock.advance(16)
    await clock.advance(121)
    for nth in (2, 3):
        await simulator.deliver(simulator.orders[nth].server_id)
    await clock.advance(16)
    assert house.is_over()
    assert len(house.answered) == 1
    assert sorted(journal(simulator)) == sorted([*TO_PAPA, ("two_way", GRANNY), ("voice", GRANNY)])
