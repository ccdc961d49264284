"""An order by SMS: from which senders, and what is sent back."""

from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.smspilot.const import DOMAIN, EVENT_SMS_RECEIVED
from tests.common import MAMA, PAPA, CapturedEvents, Clock, add_account, person, write
from tests.simulator.model import Template
from tests.simulator.simulator import Simulator

from .common import PEOPLE, STRANGER, automate, journal, texts, write_early

OPEN = [{"action": "test.open", "data": {"by": "{{ trigger.recipient }}"}}]
SURE = "Open the gate, are you sure?"


async def orders(clock: Clock, seconds: float = 61) -> None:
    """Let orders come in, and what they start come to its end, which takes moments."""
    await clock.advance(seconds)
    for _ in range(4):
        await clock.advance(0.5)


async def gate(hass: HomeAssistant, sim: Simulator, **inputs: Any) -> list[ServiceCall]:
    """Have a gate that opens by SMS, and return when it did."""
    await add_account(hass, sim, people=PEOPLE)
    opened = async_mock_service(hass, "test", "open")
    # These tests ask without a number unless it is about the number.
    inputs = {"code": "{code}" in inputs.get("question", ""), **inputs}
    await automate(hass, "order_by_sms", words=["open the gate"], actions=OPEN, **inputs)
    return opened


async def test_order(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An order is done once, and confirmed to its sender."""
    opened = await gate(hass, simulator)
    await write(simulator, PAPA, "5671 Open the gate!")
    await write(simulator, PAPA, "5671 Close the gate")
    await write(simulator, STRANGER, "5671 Open the gate")
    await orders(clock)
    assert [call.data["by"] for call in opened] == ["Папа"]
    assert (journal(simulator), texts(simulator)) == ([("sms", PAPA)], ["Done."])
    await clock.advance(900)
    assert len(opened) == 1


async def test_no_order(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Strangers, recipients who may not, and old messages open nothing and are not answered."""
    opened = await gate(hass, simulator, people=["notify.papa"])
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, STRANGER, "5671 open the gate")
    await write(simulator, MAMA, "5671 open the gate")
    await orders(clock)
    await write_early(simulator, PAPA, "5671 open the gate", 11)
    await orders(clock)
    assert [age > 600 for age in captured.of("age")] == [False, False, True]
    assert opened == []
    assert journal(simulator) == []
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert len(opened) == 1


async def test_order_of_a_renamed_recipient(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Permission belongs to a recipient, whatever they or their device are called now."""
    opened = await gate(hass, simulator, people=["notify.papa"])
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    subentry = next(one for one in entry.subentries.values() if one.title == "Папа")
    data = {**subentry.data, "name": "Дед"}
    hass.config_entries.async_update_subentry(entry, subentry, data=data, title="Дед")
    await clock.settle()
    devices = dr.async_get(hass)
    entity = er.async_get(hass).async_get("notify.papa")
    assert entity
    assert entity.device_id
    devices.async_update_device(entity.device_id, name_by_user="Grandfather")
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert [call.data["by"] for call in opened] == ["Дед"]


@pytest.mark.parametrize(
    ("inputs", "answers"),
    [
        ({}, ["Not done."]),
        ({"failed": "{{ 'The gate is stuck' }}"}, ["The gate is stuck"]),
        ({"answers": "failed"}, ["Not done."]),
        ({"answers": "never"}, []),
    ],
)
async def test_order_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    inputs: dict[str, Any],
    answers: list[str],
) -> None:
    """The sender of an order that failed gets an error, no confirmation."""
    await gate(hass, simulator, **inputs)

    async def stuck(_call: ServiceCall) -> None:
        raise HomeAssistantError("rust")

    hass.services.async_register("test", "open", stuck)
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert texts(simulator) == answers
    assert "rust" in caplog.text


@pytest.mark.parametrize("answers", ["failed", "never"])
async def test_silent_order(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, answers: str
) -> None:
    """A confirmation that is switched off costs nothing."""
    opened = await gate(hass, simulator, answers=answers)
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert len(opened) == 1
    assert journal(simulator) == []


async def test_answer_reports_what_came_of_it(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The answer is made after the order was done."""
    await gate(hass, simulator, done="The gate is {{ states('cover.gate') }}.")

    async def move(_call: ServiceCall) -> None:
        hass.states.async_set("cover.gate", "open")

    hass.services.async_register("test", "open", move)
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert texts(simulator) == ["The gate is open."]


@pytest.mark.parametrize(
    ("said", "count", "answer"),
    [("Yes!", 1, "Done."), ("no", 0, "Not done."), ("who is this?", 0, "Not done.")],
)
async def test_are_you_sure(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, said: str, count: int, answer: str
) -> None:
    """What needs a confirmation is done after a yes, and not before."""
    opened = await gate(hass, simulator, question=SURE)
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert (journal(simulator), texts(simulator)) == ([("two_way", PAPA)], [SURE])
    assert opened == []
    await write(simulator, PAPA, said)
    await orders(clock, 16)
    assert len(opened) == count
    assert texts(simulator) == [SURE, answer]


async def test_confirmation_of_another_sender(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """No other sender's yes counts, and no answer is a no."""
    opened = await gate(hass, simulator, question=SURE, patience={"minutes": 2})
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    await write(simulator, MAMA, "5671 yes")
    await write(simulator, STRANGER, "5671 yes")
    await orders(clock)
    assert texts(simulator) == [SURE]
    await orders(clock)
    assert texts(simulator) == [SURE, "Not done."]
    await write(simulator, PAPA, "yes")
    await orders(clock)
    assert opened == []


async def test_confirmation_cannot_be_asked(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Where the question is refused nothing is done, and the sender is informed."""
    opened = await gate(hass, simulator, question=SURE)
    simulator.account.templates = [Template(text=".*", regex=True)]
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert opened == []
    assert (journal(simulator), texts(simulator)) == ([("sms", PAPA)], ["Not done."])


async def test_orders_queue(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """None is lost behind a question; one that waited too long is not done."""
    opened = await gate(hass, simulator, question=SURE, patience={"minutes": 6})
    for phone in (PAPA, MAMA, PAPA):
        await write(simulator, phone, "5671 open the gate")
    await orders(clock)
    assert journal(simulator) == [("two_way", PAPA)]
    await orders(clock, 361)
    assert journal(simulator)[1:] == [("sms", PAPA), ("two_way", MAMA)]
    await write(simulator, MAMA, "yes")
    # Every third read looks only behind the newest moment, which is still that of the orders here.
    for _ in range(2):
        await orders(clock, 16)
    assert [call.data["by"] for call in opened] == ["Мама"]
    # Papa's second order: seven minutes are over, it is asked for; after ten it would not be.
    assert journal(simulator)[3:] == [("sms", MAMA), ("two_way", PAPA)]


async def locked(hass: HomeAssistant, sim: Simulator, actions: list[Any], **inputs: Any) -> None:
    """Have a gate whose lock is a condition among the actions."""
    await add_account(hass, sim, people=PEOPLE)
    hass.states.async_set("lock.gate", "locked")
    await automate(hass, "order_by_sms", words=["open the gate"], actions=actions, **inputs)


UNLOCKED = {"condition": "state", "entity_id": "lock.gate", "state": "unlocked"}


@pytest.mark.parametrize(
    "actions",
    [
        [UNLOCKED, *OPEN],
        [{"condition": "template", "value_template": "{{ false }}"}, *OPEN],
        [{"if": [UNLOCKED], "then": OPEN}],
        [{"stop": "The gate is locked"}, *OPEN],
        [{"stop": "The gate is locked", "error": True}, *OPEN],
        [{"action": "test.nothing_like_it"}],
        [{"variables": {"x": "{{ 1 / 0 }}"}}, *OPEN],
        [{"wait_for_trigger": [{"trigger": "event", "event_type": "x"}], "timeout": "01:00:00"}],
    ],
)
async def test_nothing_was_done(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, actions: list[Any]
) -> None:
    """A condition that is false, a stop, an error, or no end: no confirmation is sent."""
    opened = async_mock_service(hass, "test", "open")
    await locked(hass, simulator, actions)
    await write(simulator, PAPA, "5671 open the gate")
    for _ in range(5):
        await orders(clock)
    assert opened == []
    assert texts(simulator) == ["Not done."]


@pytest.mark.parametrize("actions", [[UNLOCKED, *OPEN], [{"if": [UNLOCKED], "then": OPEN}]])
async def test_condition_is_true(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, actions: list[Any]
) -> None:
    opened = async_mock_service(hass, "test", "open")
    await locked(hass, simulator, actions)
    hass.states.async_set("lock.gate", "unlocked")
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert len(opened) == 1
    assert texts(simulator) == ["Done."]


@pytest.mark.parametrize(
    ("opens", "answer"), [(True, "Done."), (False, "Not done.")], ids=["opens", "stays shut"]
)
async def test_proof(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, opens: bool, answer: str
) -> None:
    """Where a state that proves it is chosen, that decides, in the time it may take."""
    opened = async_mock_service(hass, "test", "open")
    proof = [{"condition": "state", "entity_id": "cover.gate", "state": "open"}]
    await locked(hass, simulator, OPEN, proof=proof, limit={"seconds": 30})
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    await clock.advance(5)
    assert len(opened) == 1
    assert texts(simulator) == []
    if opens:
        hass.states.async_set("cover.gate", "open")
    for _ in range(40):
        await clock.advance(1)
    assert texts(simulator) == [answer]


async def test_old_order_in_the_queue(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Nine minutes old when it came and six in the queue: too old, and said so."""
    opened = await gate(hass, simulator, question=SURE, patience={"minutes": 6})
    await write(simulator, PAPA, "5671 open the gate")
    await write_early(simulator, MAMA, "5671 open the gate", 9)
    await orders(clock)
    assert journal(simulator) == [("two_way", PAPA)]
    await orders(clock, 361)
    await clock.advance(5)
    assert opened == []
    assert journal(simulator) == [("two_way", PAPA), ("sms", PAPA), ("sms", MAMA)]


async def test_twelve_orders(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """However many come at once, each is done and answered."""
    opened = await gate(hass, simulator)
    for _ in range(12):
        await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    for _ in range(40):
        await clock.advance(0.5)
    assert len(opened) == 12
    assert texts(simulator) == ["Done."] * 12


async def test_forged_yes(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A sender that is forged does not see the question's number, and opens nothing."""
    opened = await gate(hass, simulator, question="Open the gate? Answer yes {code}.")
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    (question,) = texts(simulator)
    code = question.removeprefix("Open the gate? Answer yes ").removesuffix(".")
    await write(simulator, PAPA, "yes")
    await orders(clock, 16)
    assert opened == []
    await write(simulator, PAPA, f"yes {code}")
    await orders(clock, 16)
    assert len(opened) == 1
    assert texts(simulator)[1:] == ["Done."]


async def test_pin(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """With a PIN no order without it opens."""
    await add_account(hass, simulator, people=[person("Папа", PAPA, pin="4711")])
    opened = async_mock_service(hass, "test", "open")
    await automate(hass, "order_by_sms", words=["open the gate"], actions=OPEN, pin=True)
    await write(simulator, PAPA, "5671 open the gate")
    await orders(clock)
    assert opened == []
    await write(simulator, PAPA, "5671 4711 open the gate")
    await orders(clock)
    assert len(opened) == 1
    assert texts(simulator) == ["Done."]


async def test_order_waited_too_long(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An order that waited behind another for more than ten minutes opens nothing."""
    opened = await gate(hass, simulator, question=SURE, patience={"minutes": 11})
    for phone in (PAPA, MAMA):
        await write(simulator, phone, "5671 open the gate")
    await orders(clock)
    await orders(clock, 661)
    assert opened == []
    assert journal(simulator) == [("two_way", PAPA), ("sms", PAPA), ("sms", MAMA)]
    assert texts(simulator)[1:] == ["Not done.", "Not done."]
