"""Why did nothing happen? The trail in the diagnostics says it, and nothing private."""

from decimal import Decimal
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.runtime.trail import MAX_STEPS

from .common import PAPA, Clock, act, add_account, person, serve_webhook, set_up_again, write
from .simulator.simulator import Simulator

GUIDE = Path(__file__).parents[1] / "docs/developing.md"
AUTOMATION = {
    "id": "gate",
    "alias": "Gate",
    "triggers": [
        {
            "trigger": "smspilot.message_received",
            "options": {"from": "Папа", "text": "Открой ворота"},
        }
    ],
    "actions": [{"event": "gate_opened"}],
}


async def trail(hass_client: ClientSessionGenerator, entry_id: str) -> list[dict[str, Any]]:
    """Return the trail, as a person downloads it."""
    client = await hass_client()
    page = await client.get(f"/api/diagnostics/config_entry/{entry_id}")
    steps: list[dict[str, Any]] = (await page.json())["data"]["trail"]
    return steps


@pytest.fixture(autouse=True)
async def components(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> None:
    """Have diagnostics and an automation, and let pushes in."""
    await async_setup_component(hass, "diagnostics", {})
    await async_setup_component(hass, "automation", {"automation": [AUTOMATION]})
    await serve_webhook(hass, hass_client)


async def test_a_message_fires_no_trigger(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, hass_client: ClientSessionGenerator
) -> None:
    """The example of docs/developing.md: it was published, and its text was another one."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await clock.advance(2)
    await write(simulator, PAPA, "Закрой ворота")
    await clock.advance(2)
    steps = await trail(hass_client, entry.entry_id)
    came = next(at for at, one in enumerate(steps) if one["step"] == "push came")
    names = [one["step"] for one in steps[came:]]
    (miss,) = (one for one in steps if one["step"] == "trigger did not fire")
    assert miss["reason"] == "wrong_text"
    example = GUIDE.read_text().partition("<!-- trail -->")[2].partition("<!-- /trail -->")[0]
    assert names == re.findall(r'"step": "([^"]+)"', example)


async def test_a_send(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, hass_client: ClientSessionGenerator
) -> None:
    """What was requested, what came of each number, and what its phone said."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await act(hass, "send_sms", phones=["Папа"], message="Протечка в ванной")
    await simulator.deliver(simulator.orders[-1].server_id)
    await clock.advance(60)
    steps = await trail(hass_client, entry.entry_id)
    assert {"request made", "accepted", "status published"} <= {one["step"] for one in steps}


async def test_nothing_private(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, hass_client: ClientSessionGenerator
) -> None:
    """No text, number or name; and no more than so many steps."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA, pin="4711")])
    for number in range(30):
        await write(simulator, PAPA, f"4711 Открой ворота {number}")
        await act(hass, "send_sms", phones=[PAPA], message=f"Ворота открыты {number}", urgent=True)
        await clock.advance(2)
    client = await hass_client()
    await client.post(
        f"/api/webhook/{entry.data['webhook_id']}",
        data={"server_id": "+79995550123 secret", "phone": "79995550123", "status": "2"},
    )
    await clock.advance(2)
    steps = await trail(hass_client, entry.entry_id)
    assert len(steps) <= MAX_STEPS
    # The fractions of a second may be any digits, those of the PIN too.
    text = str([one | {"at": None} for one in steps])
    for secret in ("4711", "орота", PAPA[1:], "9995550123", "secret", entry.data["webhook_id"]):
        assert secret not in text


async def test_forgotten(
    hass: HomeAssistant, simulator: Simulator, hass_client: ClientSessionGenerator
) -> None:
    """The trail of an account goes with it."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await act(hass, "send_sms", phones=["Папа"], message="Протечка в ванной")
    assert "accepted" in {one["step"] for one in await trail(hass_client, entry.entry_id)}
    await hass.config_entries.async_remove(entry.entry_id)
    await set_up_again(hass, entry)
    assert "accepted" not in {one["step"] for one in await trail(hass_client, entry.entry_id)}


async def test_a_notice_leaves_one_line(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, hass_client: ClientSessionGenerator
) -> None:
    """A notice that stays does not fill the trail, however often its cause is looked at."""
    options = {"low_balance": "50"}
    simulator.account.balance = Decimal(20)
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)], options=options)
    for number in range(5):
        await act(hass, "send_sms", phones=["Папа"], message=f"Протечка {number}")
        await clock.advance(2)
    steps = await trail(hass_client, entry.entry_id)
    notices = [one["notice"] for one in steps if one["step"] == "notice raised"]
    assert notices == ["low_balance"]
