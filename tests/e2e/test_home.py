"""The real Home Assistant of these tests does what they rely on."""

from http import HTTPStatus

import pytest

from .home import Home, HomeError, RequestError

pytestmark = pytest.mark.usefixtures("socket_enabled")

YAML = """\
input_boolean:
  lamp:
    name: Lamp
automation:
  - alias: Light up
    triggers:
      - trigger: event
        event_type: evening
    actions:
      - action: input_boolean.turn_on
        target:
          entity_id: input_boolean.lamp
"""


async def test_it_acts_reports_and_survives_a_power_cut() -> None:
    """An automation works, its events are shown, and a killed home comes back as it was."""
    async with Home(yaml=YAML) as home:
        await home.action("input_boolean", "turn_off", {"entity_id": "input_boolean.lamp"})
        async with home.websocket() as websocket:
            changes = await websocket.subscribe_events("state_changed")
            switched = await websocket.subscribe_trigger(
                {"trigger": "state", "entity_id": "input_boolean.lamp", "to": "on"}
            )
            await home.rest("POST", "/api/events/evening", {})
            await changes.take(lambda event: event["data"]["entity_id"] == "input_boolean.lamp")
            variables = (await switched.take())["variables"]
            assert variables["trigger"]["from_state"]["state"] == "off"
        await home.kill()
        await home.start()
        assert await home.state("input_boolean.lamp")
        await home.restart()
        assert (await home.state("input_boolean.none")) is None
        assert home.log().count("Skipping pip installation") == 3


async def test_flows_and_responses() -> None:
    """Flows of an account and its options, and an action's response, come as the page sees them."""
    async with Home() as home:
        dice = {"name": "Dice", "minimum": 1, "maximum": 6}
        made = await home.flow("random", {"next_step_id": "sensor"}, dice)
        assert (made["type"], made["title"]) == ("create_entry", "Dice")
        await home.until_state("sensor.dice")
        entry_id = made["result"]["entry_id"]
        changed = await home.flow(entry_id, {"minimum": 3, "maximum": 3}, kind="options/flow")
        assert changed["type"] == "create_entry"
        await home.until_state("sensor.dice", "3")
        said = await home.action("conversation", "process", {"text": "hello"}, return_response=True)
        assert said["response"]["language"] == "en"
        with pytest.raises(RequestError) as refused:
            await home.action("homeassistant", "no_such_action")
        assert refused.value.status == HTTPStatus.BAD_REQUEST


async def test_it_says_why_it_does_not_start() -> None:
    """A home that cannot start shows its log instead of a mere timeout."""
    with pytest.raises(HomeError, match=r"given\.yaml"):
        async with Home(yaml="automation: ["):
            pass
