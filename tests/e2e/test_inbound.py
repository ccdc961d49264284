"""Triggers, a question and Assist in a real hass, from YAML as a person would write it."""

from pathlib import Path

import pytest

from .home import Home
from .log_check import complaints
from .service import Service

pytestmark = pytest.mark.usefixtures("socket_enabled")

ANNA = "+79087964781"
YAML = (Path(__file__).parent / "inbound.yaml").read_text()


async def add_anna(home: Home, service: Service) -> None:
    """Add the account, paste its address at the service, and add Anna, who may use Assist."""
    form = await home.start_flow("smspilot")
    answer = {"api_key": service.key, "advanced": {"url": service.url}}
    form = await home.answer_flow(form["flow_id"], answer)
    address = form["description_placeholders"]["webhook_url"]
    await service.control("account", inbound_url=address)
    result = await home.answer_flow(form["flow_id"], {})
    orders = {"assist": True, "pin": "4711"}
    person = {"name": "Anna", "phones": [ANNA], "orders": orders}
    await home.answer_flow(result["next_flow"][1], person, "subentries/flow")
    await home.until_state("notify.anna")


async def texts(service: Service) -> list[str]:
    """Return what was sent to Anna."""
    state = await service.state()
    return [message["text"] for message in state["messages"]]


async def say(service: Service, text: str) -> None:
    """Have Anna write."""
    await service.control("receive", phone=ANNA.removeprefix("+"), text=text)


async def test_by_sms() -> None:
    """Anna opens the gate, is asked, answers, and talks to Assist; a stranger does nothing."""
    async with Service(auto=0.5) as service, Home(yaml=YAML) as home:
        await add_anna(home, service)
        await service.control("receive", phone="79990001122", text="5671 open the gate")
        await say(service, "5671 Open the gate!")
        await home.until_state("input_boolean.gate", "on")
        await home.until_state("input_boolean.delivered", "on")
        assert await texts(service) == ["The gate is open"]

        await home.action("input_boolean", "turn_on", {"entity_id": "input_boolean.ask"})

        async def asked() -> bool:
            return "Heat the sauna?" in await texts(service)

        await home.until(asked, "the question")
        await say(service, "Yes!")
        await home.until_state("input_boolean.sauna", "on")

        await say(service, "5671 turn on the reading light")
        await say(service, "5671 4711 turn on the reading light")

        async def answered() -> bool:
            return len(await texts(service)) == 3

        await home.until(answered, "Assist's answer")
        assert (await texts(service))[-1] == "The light is on"
        await home.until_state("input_boolean.lamp", "on")
        found = [line for line in complaints(home.log(), secrets=()) if "PIN" not in line]
        assert found == []
