"""The contacts and accounts of a trigger: numbers, names and entities in any spelling."""

from textwrap import dedent
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..common import MAMA, PAPA, add_account, person
from ..simulator.simulator import Simulator
from .common import STRANGER, automate, fire, fires, make_entry, unknown


@pytest.mark.parametrize(
    ("sender", "message", "expected"),
    [
        # Without `from` it fires for recipients only.
        ("", {}, True),
        ("from: []", {}, True),
        ("", {"phone": STRANGER, "recipient": None}, False),
        ("from: []", {"phone": STRANGER, "recipient": None}, False),
        ('from: "*"', {"phone": STRANGER, "recipient": None}, True),
        ('from: ["*"]', {"phone": "Sberbank", "recipient": None}, True),
        ('from: "*"', {}, True),
        # Numbers in any form, integers of YAML too; strangers' as well.
        ("from: 79087964781", {}, True),
        ("from: 89087964781", {}, True),
        ("from: [8 908 796-47-81]", {}, True),
        (f'from: "{STRANGER}"', {"phone": STRANGER, "recipient": None}, True),
        (f'from: "{STRANGER}"', {}, False),
        ("from: [+7 (916) 123-12-12, 79087964781]", {}, True),
        ("from: 900", {"phone": "900", "recipient": None}, True),
        # Names, however they are written.
        ("from: Папа", {}, True),
        ('from: " ПАПА "', {}, True),
        ("from: papa", {}, True),
        ("from: [Мама, Папа]", {}, True),
        ("from: Мама", {}, False),
        # A sender that is a word is no recipient, whatever it calls itself.
        ("from: Sberbank", {"phone": "Sberbank", "recipient": None}, False),
        ("from: Папа", {"phone": "Папа", "recipient": None}, False),
        ("from: Папа", {"phone": "Papa", "recipient": None}, False),
    ],
)
async def test_from(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sender: str,
    message: dict[str, Any],
    expected: bool,
) -> None:
    assert await fires(hass, sender, **message) is expected


@pytest.mark.parametrize(
    ("name", "phone", "expected"),
    [
        # A person is all their numbers; a number is all its people.
        ("Папа", PAPA, True),
        ("Папа", STRANGER, True),
        ("Папе позвонить", PAPA, True),
        ("Папе позвонить", STRANGER, False),
        ("Мама", PAPA, False),
    ],
)
async def test_shared_numbers(hass: HomeAssistant, name: str, phone: str, expected: bool) -> None:
    hass.config.country = "RU"
    make_entry(
        hass,
        "5671",
        person("Папа", PAPA, STRANGER),
        person("Мама", MAMA),
        person("Папе позвонить", PAPA),
    )
    assert await fires(hass, f"from: {name}", phone=phone, recipient="Папа") is expected


async def test_unknown_name(hass: HomeAssistant, issue_registry: ir.IssueRegistry) -> None:
    """The issue names the automation, and is deleted when a recipient has the name."""
    hass.config.country = "RU"
    calls = await automate(
        hass, "message_received", "from: [Дядя, 12345678, Мама, 900, notify.uncle]"
    )
    assert unknown(issue_registry) == ["“Дядя”, No.\u00a02, “Мама”, “notify.uncle”"]
    entry = make_entry(hass, "5671", person("Папа", PAPA), person("Мама", MAMA))
    hass.config_entries.async_update_entry(entry, title="Дом")
    await hass.async_block_till_done()
    assert unknown(issue_registry) == ["“Дядя”, No.\u00a02, “notify.uncle”"]
    (issue,) = issue_registry.issues.values()
    assert (issue.translation_placeholders or {})["automation"] == "By SMS"
    await fire(hass, {})
    assert calls == []
    subentry = next(iter(entry.subentries.values()))
    hass.config_entries.async_update_subentry(entry, subentry, title="Дядя")
    await fire(hass, {"recipient": "Дядя"})
    assert len(calls) == 1
    await hass.services.async_call("automation", "turn_off", {"entity_id": "automation.by_sms"})
    await hass.async_block_till_done()
    assert unknown(issue_registry) == []


async def test_typo_that_is_put_right(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry
) -> None:
    """The issue lives as long as the mistake: it goes with the account's people, and comes back."""
    await automate(hass, "message_received", "from: Мамма")
    await automate_again(hass, "from: [Мама, Папа]")
    assert unknown(issue_registry) == []
    subentry = next(iter(entry.subentries.values()))
    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await hass.async_block_till_done()
    assert unknown(issue_registry) == ["“Папа”"]


async def automate_again(hass: HomeAssistant, options: str) -> None:
    """Save another form of the automation, as its editor does."""
    automation = {
        "alias": "By SMS",
        "triggers": [
            {"trigger": "smspilot.message_received", "options": parse_yaml(dedent(options))}
        ],
        "actions": [{"action": "test.run"}],
    }
    with patch(
        "homeassistant.config.load_yaml_config_file", return_value={"automation": [automation]}
    ):
        await hass.services.async_call("automation", "reload", blocking=True)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    "form", ["[{0}]", "{0}", "{{active_choice: recipients, recipients: [{0}]}}"]
)
async def test_renamed_recipient(
    hass: HomeAssistant,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    issue_registry: ir.IssueRegistry,
    form: str,
) -> None:
    """A renaming changes nothing for a trigger that was set up in the editor."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA), person("Мама", MAMA)])
    calls = await automate(hass, "message_received", "from: " + form.format("notify.papa"))
    about = {"entry_id": entry.entry_id}
    await fire(hass, about, {**about, "phone": MAMA, "recipient": "Мама"})
    assert len(calls) == 1
    subentry = next(iter(entry.subentries.values()))
    hass.config_entries.async_update_subentry(
        entry, subentry, title="Николай", data={**subentry.data, "phones": [STRANGER]}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    await fire(hass, {**about, "phone": STRANGER, "recipient": "Николай"}, about)
    assert len(calls) == 2
    assert unknown(issue_registry) == []
    entity_registry.async_remove("notify.papa")
    await hass.async_block_till_done()
    assert unknown(issue_registry) == ["“notify.papa”"]


@pytest.mark.parametrize(
    ("sender", "message", "expected"),
    [
        ("{active_choice: anyone, anyone: '*'}", {"phone": STRANGER, "recipient": None}, True),
        ("{active_choice: anyone}", {"phone": STRANGER, "recipient": None}, True),
        ("{active_choice: recipients}", {"phone": STRANGER, "recipient": None}, False),
        ("{active_choice: recipients}", {}, True),
        ("{active_choice: numbers, numbers: [8 908 796-47-81]}", {}, True),
        ("{active_choice: numbers, numbers: ['+79990001122'], anyone: '*'}", {}, False),
    ],
)
async def test_choice_of_the_editor(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    sender: str,
    message: dict[str, Any],
    expected: bool,
) -> None:
    assert await fires(hass, f"from: {sender}", **message) is expected


async def test_gone_account(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """A trigger of an account that was removed says so, once."""
    await automate(hass, "message_received", "config_entry_id: gone")
    await fire(hass, {}, {})
    assert caplog.text.count("A trigger is for the account gone, which is gone") == 1


async def test_script_that_waits(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    """What is wrong with the trigger of a script is logged once, however often the script runs."""
    make_entry(hass, "5671", person("Папа", PAPA))
    options = [{"from": ["Мамма"]}, {"config_entry_id": "gone"}]
    waits = [
        {
            "wait_for_trigger": {"trigger": "smspilot.message_received", "options": one},
            "timeout": {"milliseconds": 1},
        }
        for one in options
    ]
    config = {"wait": {"sequence": waits}}
    assert await async_setup_component(hass, "script", {"script": config})
    for _ in range(3):
        await hass.services.async_call("script", "wait", blocking=True)
    assert caplog.text.count("contacts that are unknown: Мамма") == 1
    assert caplog.text.count("A trigger is for the account gone, which is gone") == 1


@pytest.mark.parametrize("country", ["DE", "AT", "LU", "KZ", "RU"])
async def test_bare_integer(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, country: str
) -> None:
    """A number without its plus may be two; it is the one that has just written."""
    hass.config.country = country
    make_entry(hass, "5671", person("Папа", PAPA))
    calls = await automate(hass, "message_received", f"from: {PAPA.removeprefix('+')}")
    await fire(hass, {}, {"phone": MAMA, "recipient": None})
    assert len(calls) == 1
    assert "of a trigger" not in caplog.text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ["5671", "5672"]),
        ("config_entry_id: entry_5672", ["5672"]),
        ("config_entry_id: nobody", []),
        # Names are those of the account that was written to.
        ("from: Папа", ["5671"]),
        ("{from: Папа, config_entry_id: entry_5672}", []),
    ],
)
async def test_two_accounts(
    hass: HomeAssistant, entry: MockConfigEntry, options: str, expected: list[str]
) -> None:
    make_entry(hass, "5672", person("Дача", PAPA))
    calls = await automate(hass, "message_received", options)
    second = {"entry_id": "entry_5672", "account_id": "5672", "recipient": "Дача"}
    await fire(hass, {}, second)
    assert [call.data["trigger"]["account_id"] for call in calls] == expected
