"""The form of a recipient."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntryState
from homeassistant.const import (
    CONF_NAME,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import (
    CONF_ASSIST,
    CONF_CHANNEL,
    CONF_PHONES,
    CONF_PIN,
    CONF_SENDER,
    SUBENTRY_RECIPIENT,
)
from custom_components.smspilot.forms import RECIPIENT_SECTIONS

from .common import MAMA, PAPA, add_account, person
from .flows import Json, check, fields
from .simulator import Simulator


async def recipient_step(
    hass: HomeAssistant, entry: MockConfigEntry, subentry_id: str | None = None
) -> Mapping[str, Any]:
    """Open the form of a recipient, a new one where none is named."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_RECIPIENT),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id}
        if subentry_id
        else {"source": SOURCE_USER},
    )
    return check(result, "config_subentries.recipient")


async def save(hass: HomeAssistant, step: Mapping[str, Any], form: Json) -> Mapping[str, Any]:
    """Send in the form of a recipient."""
    result = await hass.config_entries.subentries.async_configure(step["flow_id"], form)
    await hass.async_block_till_done()
    if result["type"] is FlowResultType.CREATE_ENTRY:
        return result
    return check(result, "config_subentries.recipient")


async def test_recipient_is_added(hass: HomeAssistant, simulator: Simulator) -> None:
    """A recipient is kept with numbers as E.164, each once."""
    entry = await add_account(hass, simulator)
    step = await recipient_step(hass, entry)
    assert step["description_placeholders"]["account"] == "5671"
    # The first field is there to be typed into; orders wait in their section.
    assert fields(step)[CONF_PHONES][0] == [""]
    assert step["data_schema"].schema["orders"].options == {"collapsed": True}
    assert step["data_schema"].schema[CONF_SENDER].config["options"] == ["INFORM", "test"]
    result = await save(
        hass,
        step,
        {
            CONF_NAME: "  Папа ",
            CONF_PHONES: ["8 (908) 796-47-81", "79087964781", " ", "+7 916 123 12 12"],
            CONF_CHANNEL: "voice",
            CONF_SENDER: "test",
            "orders": {CONF_ASSIST: True, CONF_PIN: "\u200b 0042\ufeff "},
        },
    )
    assert result["description_placeholders"] == {"name": "Папа"}
    assert result["title"] == "Папа"
    [subentry] = entry.subentries.values()
    assert subentry.subentry_type == SUBENTRY_RECIPIENT
    assert subentry.title == "Папа"
    assert dict(subentry.data) == {
        CONF_NAME: "Папа",
        CONF_PHONES: [PAPA, MAMA],
        CONF_CHANNEL: "voice",
        CONF_SENDER: "test",
        CONF_ASSIST: True,
        CONF_PIN: "0042",
    }
    assert hass.states.get("notify.papa")


async def test_recipient_needs_little(hass: HomeAssistant, simulator: Simulator) -> None:
    """A name and a number are enough."""
    entry = await add_account(hass, simulator)
    await save(
        hass, await recipient_step(hass, entry), {CONF_NAME: "Mama", CONF_PHONES: ["79161231212"]}
    )
    [subentry] = entry.subentries.values()
    assert dict(subentry.data) == {
        CONF_NAME: "Mama",
        CONF_PHONES: [MAMA],
        CONF_CHANNEL: "sms",
        CONF_ASSIST: False,
    }


@pytest.mark.parametrize(
    ("form", "errors", "unread"),
    [
        ({CONF_NAME: " "}, {CONF_NAME: "invalid_name"}, None),
        ({CONF_NAME: "8 908 796-47-81"}, {CONF_NAME: "invalid_name"}, None),
        ({CONF_NAME: "8-999"}, {CONF_NAME: "invalid_name"}, None),
        ({CONF_NAME: "*"}, {CONF_NAME: "invalid_name"}, None),
        ({CONF_NAME: "\u200b\u2800"}, {CONF_NAME: "invalid_name"}, None),
        # It is taken off the text before the PIN is compared.
        ({"orders": {CONF_PIN: "5671"}}, {"orders": "invalid_pin"}, None),
        ({"orders": {CONF_PIN: "5671 22"}}, {"orders": "invalid_pin"}, None),
        ({CONF_NAME: "mama"}, {CONF_NAME: "name_in_use"}, None),
        ({CONF_NAME: " MAMA "}, {CONF_NAME: "name_in_use"}, None),
        ({CONF_NAME: "Мама"}, {CONF_NAME: "name_in_use"}, None),
        ({CONF_SENDER: "golos"}, {CONF_SENDER: "invalid_sender"}, None),
        ({CONF_PHONES: []}, {CONF_PHONES: "phone_required"}, ""),
        ({CONF_PHONES: [" "]}, {CONF_PHONES: "phone_required"}, ""),
        ({CONF_PHONES: [PAPA, "12", "no"]}, {CONF_PHONES: "invalid_phone"}, "12, no"),
        (
            {CONF_NAME: "", CONF_PHONES: ["no"]},
            {CONF_NAME: "invalid_name", CONF_PHONES: "invalid_phone"},
            "no",
        ),
    ],
)
async def test_recipient_is_wrong(
    hass: HomeAssistant,
    simulator: Simulator,
    form: Json,
    errors: dict[str, str],
    unread: str | None,
) -> None:
    """All errors are shown at their fields at once, and no recipient is added."""
    entry = await add_account(hass, simulator, people=[person("Mama", MAMA)])
    step = await recipient_step(hass, entry)
    step = await save(hass, step, {CONF_NAME: "Papa", CONF_PHONES: [PAPA]} | form)
    assert step["errors"] == errors
    orders = step["data_schema"].schema["orders"].options
    assert orders == {"collapsed": "orders" not in errors}
    assert unread in (None, step["description_placeholders"]["phone"])
    assert len(entry.subentries) == 1
    result = await save(hass, step, {CONF_NAME: "Papa", CONF_PHONES: [PAPA]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_number_with_two_readings(hass: HomeAssistant, simulator: Simulator) -> None:
    """A number that may be two is refused until a plus decides."""
    entry = await add_account(hass, simulator)
    step = await recipient_step(hass, entry)
    # A line in Moscow, or one in Germany.
    ambiguous = "495 325-28-88"
    step = await save(hass, step, {CONF_NAME: "Oma", CONF_PHONES: [ambiguous]})
    assert step["errors"] == {CONF_PHONES: "invalid_phone"}
    assert step["description_placeholders"]["phone"] == ambiguous
    result = await save(hass, step, {CONF_NAME: "Oma", CONF_PHONES: [f"+7 {ambiguous}"]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_recipient_is_changed(hass: HomeAssistant, simulator: Simulator) -> None:
    """A recipient is renamed and given other numbers; the entity stays."""
    entry = await add_account(
        hass, simulator, people=[person("Papa", PAPA, sender="test"), person("Mama", MAMA)]
    )
    papa, mama = entry.subentries.values()
    registry = er.async_get(hass)
    unique_id = registry.async_get("notify.papa").unique_id  # type: ignore[union-attr]

    step = await recipient_step(hass, entry, papa.subentry_id)
    assert step["step_id"] == "reconfigure"
    assert fields(step)[CONF_NAME][0] == "Papa"
    assert fields(step)[CONF_PHONES][0] == [PAPA]
    step = await save(hass, step, {CONF_NAME: "mama", CONF_PHONES: [PAPA]})
    assert step["errors"] == {CONF_NAME: "name_in_use"}
    # Its own name, otherwise written, is no other's.
    result = await save(hass, step, {CONF_NAME: "PAPA", CONF_PHONES: [MAMA]})
    assert result["reason"] == "reconfigure_successful"
    changed = entry.subentries[papa.subentry_id]
    assert changed.title == "PAPA"
    assert dict(changed.data) == {
        CONF_NAME: "PAPA",
        CONF_PHONES: [MAMA],
        CONF_CHANNEL: "sms",
        CONF_ASSIST: False,
    }
    assert entry.subentries[mama.subentry_id] == mama
    assert registry.async_get("notify.papa").unique_id == unique_id  # type: ignore[union-attr]
    assert entry.state is ConfigEntryState.LOADED


async def test_orders_of_a_recipient(hass: HomeAssistant, simulator: Simulator) -> None:
    """The section of orders is open where they are allowed."""
    entry = await add_account(hass, simulator, people=[person("Papa", PAPA, assist=True, pin="42")])
    [papa] = entry.subentries.values()
    step = await recipient_step(hass, entry, papa.subentry_id)
    assert step["data_schema"].schema["orders"].options == {"collapsed": False}
    assert {key: fields(step)[key][0] for key in (CONF_ASSIST, CONF_PIN)} == {
        CONF_ASSIST: True,
        CONF_PIN: "42",
    }
    assert set(RECIPIENT_SECTIONS["orders"]) == {CONF_ASSIST, CONF_PIN}
