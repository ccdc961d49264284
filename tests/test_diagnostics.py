"""Diagnostics have counts and ages, and no texts, numbers or keys."""

import json
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import CONF_PIN

from .common import PAPA, WEBHOOK_ID, act, add_account, person
from .simulator.model import DEFAULT_KEY
from .simulator.simulator import Simulator

SECRETS = (
    PAPA,
    PAPA[1:],
    "Папа",
    DEFAULT_KEY,
    WEBHOOK_ID,
    "Протечка",
    "4711",
    "info@example",
    "Дом",
)


async def test_no_recipient_is_notified(
    hass: HomeAssistant, simulator: Simulator, hass_client: ClientSessionGenerator
) -> None:
    """Account and recipient, redacted to the last digit."""
    for component in ("diagnostics", "webhook"):
        assert await async_setup_component(hass, component, {})
    client = await hass_client()
    entry = await add_account(
        hass,
        simulator,
        people=[person("Папа", PAPA, **{CONF_PIN: "4711"})],
        options={"message_template": "Дом: {message}", "debug_email": "info@example.com"},
    )
    await act(hass, "send_sms", phones=["Папа"], message="Протечка!")
    simulator.fault("error", code=106, command="account")
    with pytest.raises(HomeAssistantError):
        await act(hass, "get_account")
    pages = [f"/api/diagnostics/config_entry/{entry.entry_id}"]
    registry = dr.async_get(hass)
    pages += [
        f"{pages[0]}/device/{device.id}"
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
    ]
    devices: list[Any] = []
    for page in pages:
        data: dict[str, Any] = (await (await client.get(page)).json())["data"]
        text = json.dumps(data, ensure_ascii=False)
        assert not [secret for secret in SECRETS if secret in text]
        assert REDACTED not in text
        assert data["outbox"] == {"pending": 1, "unresolved": 0}
        (error,) = data["errors"]
        assert error.pop("age") < 60
        assert error == {"reason": "account_blocked", "code": 106}
        assert data["recipients"][0]["phones"] == 1
        devices.append(data.get("recipient"))
    assert [device for device in devices if device] == [data["recipients"][0]]
