"""What the tests of triggers share: an account, an automation, and the events it waits for."""

from textwrap import dedent
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import issue_registry as ir, translation
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.smspilot.const import (
    DOMAIN,
    EVENT_MESSAGE_STATUS,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
)

from ..common import PAPA

STRANGER = "+79990001122"


MESSAGE = {
    "account_id": "5671",
    "message_id": "42",
    "phone": PAPA,
    "recipient": "Папа",
    "recipient_id": "papa",
    "pin_ok": None,
    "message": "Открой ворота",
    "service_number": "+79533984570",
    "received_at": "2026-11-23T09:34:00+00:00",
    "age": 3,
    "verified": True,
    "reply_to": None,
}


STATUS = {
    "account_id": "5671",
    "message_id": "43",
    "packet_id": "44",
    "kind": "sms",
    "phone": PAPA,
    "recipient": "Папа",
    "status": "delivered",
    "status_code": 2,
    "final": True,
    "price": 3.5,
    "error": None,
    "sent_at": "2026-11-23T09:34:00+00:00",
    "changed_at": "2026-11-23T09:34:30+00:00",
}


def make_entry(hass: HomeAssistant, account_id: str, *people: Any) -> MockConfigEntry:
    entry = MockConfigEntry(
        domain=DOMAIN,
        entry_id=f"entry_{account_id}",
        unique_id=account_id,
        subentries_data=[*people],
    )
    entry.add_to_hass(hass)
    return entry


async def automate(hass: HomeAssistant, trigger: str, options: str = "") -> list[ServiceCall]:
    """Set up an automation as a person writes it, and return what it does."""
    automation: Any = parse_yaml(
        dedent("""
            id: by_sms
            alias: By SMS
            mode: queued
            max: 100
            triggers:
              - trigger: smspilot.{trigger}
                id: first
                options: {{}}
            actions:
              - action: test.run
                data:
                  said: "{{{{ trigger.message | default('') }}}}"
                  trigger: "{{{{ trigger }}}}"
        """).format(trigger=trigger)
    )
    if options:
        automation["triggers"][0]["options"] = parse_yaml(dedent(options))
    else:
        del automation["triggers"][0]["options"]
    calls = async_mock_service(hass, "test", "run")
    # As they are where the integration is loaded.
    await translation.async_load_integrations(hass, {DOMAIN})
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    assert hass.states.is_state("automation.by_sms", "on")
    return calls


async def fire(hass: HomeAssistant, *messages: dict[str, Any], event: str = "") -> None:
    """Fire what people wrote."""
    for more in messages:
        kind = event or (EVENT_REPLY_RECEIVED if more.get("reply_to") else EVENT_SMS_RECEIVED)
        data = STATUS if kind == EVENT_MESSAGE_STATUS else MESSAGE
        about = {"entry_id": "entry_5671", **data, **more}
        if kind != EVENT_MESSAGE_STATUS and about["recipient"] is None:
            about["recipient_id"] = None
        hass.bus.async_fire(kind, about)
    await hass.async_block_till_done()


async def fires(hass: HomeAssistant, options: str, **message: Any) -> bool:
    """Return whether a message fires the trigger."""
    calls = await automate(hass, "message_received", options)
    await fire(hass, message)
    return len(calls) == 1


def unknown(registry: ir.IssueRegistry) -> list[str]:
    """Return the names in the issues of automations."""
    return [
        str((issue.translation_placeholders or {})["names"])
        for issue in registry.issues.values()
        if issue.translation_key == "unknown_contacts"
    ]
