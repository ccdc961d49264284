"""The script that asks before something is done."""

import asyncio
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.common import MAMA, PAPA, Clock, add_account, write
from tests.simulator.model import Blocked
from tests.simulator.simulator import Simulator

from .common import PEOPLE, journal, texts


async def script(hass: HomeAssistant, sim: Simulator, **inputs: Any) -> dict[str, list[Any]]:
    """Have a script that confirms, and return what it did after a yes and otherwise."""
    await add_account(hass, sim, people=PEOPLE)
    config = {
        "use_blueprint": {
            "path": "smspilot/confirm_by_sms.yaml",
            "input": {
                "person": "notify.papa",
                "question": "Heat the sauna?",
                "confirmed": [{"action": "test.confirmed"}],
                "otherwise": [{"action": "test.otherwise"}],
                **inputs,
            },
        }
    }
    assert await async_setup_component(hass, "script", {"script": {"confirm": config}})
    return {name: async_mock_service(hass, "test", name) for name in ("confirmed", "otherwise")}


def confirm(hass: HomeAssistant, **fields: Any) -> asyncio.Task[Any]:
    """Run the script as an automation does that wants its response."""
    call = hass.services.async_call(
        "script", "confirm", fields, blocking=True, return_response=True
    )
    return hass.async_create_background_task(call, "confirm")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("Yes", "yes"), ("NO!", "no"), ("let me think", "other"), ("1", "other"), (None, "no_answer")],
)
async def test_confirm(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, said: str | None, outcome: str
) -> None:
    """Only a yes confirms; the caller of the script gets the answer as it was texted."""
    done = await script(hass, simulator)
    asking = confirm(hass)
    await clock.settle()
    assert (journal(simulator), texts(simulator)) == ([("two_way", PAPA)], ["Heat the sauna?"])
    if said:
        await write(simulator, PAPA, said)
        await clock.advance(16)
    else:
        await write(simulator, MAMA, "5671 yes")
        await clock.advance(601)
    result = await asking
    assert (result["outcome"], result["confirmed"]) == (outcome, outcome == "yes")
    assert result["answer"] == said
    assert len(done["confirmed"]) == int(outcome == "yes")
    assert len(done["otherwise"]) == int(outcome != "yes")


async def test_confirm_cannot_ask(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A question that cannot be sent confirms nothing and holds up nothing."""
    done = await script(hass, simulator)
    simulator.account.blocked = Blocked()
    assert await confirm(hass) == {
        "answered": None,
        "answer_id": None,
        "confirmed": False,
        "outcome": "not_asked",
    }
    assert [len(calls) for calls in done.values()] == [0, 1]


async def test_confirm_sends_the_given_question_to_the_given_recipient(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An automation may ask another one something else, and two people are asked at once."""
    done = await script(hass, simulator)
    first, second = confirm(hass), confirm(hass, person="notify.mama", question="Close the gate?")
    await clock.settle()
    assert sorted(journal(simulator)) == [("two_way", PAPA), ("two_way", MAMA)]
    assert sorted(texts(simulator)) == ["Close the gate?", "Heat the sauna?"]
    await write(simulator, MAMA, "yes")
    await clock.advance(16)
    assert (await second)["confirmed"]
    assert not first.done()
    await write(simulator, PAPA, "no")
    await clock.advance(16)
    assert not (await first)["confirmed"]
    assert [len(calls) for calls in done.values()] == [1, 1]
