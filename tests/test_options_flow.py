"""The form of the options."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_DEBUG_EMAIL,
    CONF_INBOUND_INTERVAL,
    CONF_LONG_TEXTS,
    CONF_LOW_BALANCE,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_RATE_LIMIT,
    CONF_REFERRER,
    CONF_SENDER,
    CONF_TEST_MODE,
    CONF_TRANSLITERATE,
    CONF_TWO_WAY_TEMPLATE,
    CONF_VERIFY_PUSHES,
)
from custom_components.smspilot.form_checks import nested
from custom_components.smspilot.forms import OPTION_SECTIONS

from .common import WEBHOOK_ID, add_account
from .flows import Json, check, fields
from .simulator import Simulator

HOME = "https://home.example"
OPTIONS: Json = {
    CONF_SENDER: "test",
    CONF_TEST_MODE: True,
    CONF_MESSAGE_TEMPLATE: "Home: {message} ({time})",
    CONF_TWO_WAY_TEMPLATE: "Home asks: {message}",
    CONF_LONG_TEXTS: "refuse",
    CONF_MAX_PARTS: 3,
    CONF_TRANSLITERATE: True,
    CONF_VERIFY_PUSHES: False,
    CONF_INBOUND_INTERVAL: 30,
    CONF_LOW_BALANCE: 99.5,
    CONF_DAILY_LIMIT: 1000,
    CONF_RATE_LIMIT: 5,
    CONF_REFERRER: "17",
    CONF_DEBUG_EMAIL: "debug@example.com",
}


@pytest.fixture
def home(hass: HomeAssistant) -> str:
    """Give the home an address that the service can call."""
    hass.config.external_url = HOME
    return HOME


async def options_step(hass: HomeAssistant, entry: MockConfigEntry) -> Mapping[str, Any]:
    """Open the options."""
    return check(await hass.config_entries.options.async_init(entry.entry_id), "options")


async def test_options_are_kept(hass: HomeAssistant, simulator: Simulator, home: str) -> None:
    """Every option is shown with what it is worth, and kept flat as it was entered."""
    entry = await add_account(hass, simulator)
    step = await options_step(hass, entry)
    assert list(step["data_schema"].schema) == ["sending", "receiving", "limits", "advanced"]
    assert {key: shown for key, (shown, _) in fields(step).items()} == {
        CONF_SENDER: None,
        CONF_TEST_MODE: False,
        CONF_MESSAGE_TEMPLATE: "{message}",
        CONF_TWO_WAY_TEMPLATE: "{message}",
        CONF_LONG_TEXTS: "cut",
        CONF_MAX_PARTS: 0,
        CONF_TRANSLITERATE: False,
        CONF_VERIFY_PUSHES: True,
        CONF_INBOUND_INTERVAL: None,
        CONF_LOW_BALANCE: 50,
        CONF_DAILY_LIMIT: 500,
        CONF_RATE_LIMIT: 30,
        CONF_REFERRER: None,
        CONF_DEBUG_EMAIL: None,
    }
    # In a block, to be copied.
    address = step["description_placeholders"]["address"]
    assert address == f"```\n{home}/api/webhook/{WEBHOOK_ID}\n```"
    form = nested(OPTIONS, OPTION_SECTIONS)
    result = await hass.config_entries.options.async_configure(step["flow_id"], form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(entry.options) == OPTIONS
    assert all(type(entry.options[key]) is type(OPTIONS[key]) for key in OPTIONS)

    step = await options_step(hass, entry)
    assert {key: shown for key, (shown, _) in fields(step).items()} == OPTIONS


async def test_options_are_cleared(hass: HomeAssistant, simulator: Simulator) -> None:
    """An empty field is an option that is not set any more."""
    entry = await add_account(hass, simulator, options=OPTIONS)
    step = await options_step(hass, entry)
    form = {CONF_SENDER: " ", CONF_DEBUG_EMAIL: "", CONF_MESSAGE_TEMPLATE: "", CONF_REFERRER: " "}
    form = nested(form, OPTION_SECTIONS)
    await hass.config_entries.options.async_configure(step["flow_id"], form)
    assert dict(entry.options) == {
        CONF_TEST_MODE: False,
        CONF_LONG_TEXTS: "cut",
        CONF_TRANSLITERATE: False,
        CONF_VERIFY_PUSHES: True,
    }


@pytest.mark.parametrize(
    ("name", "value", "part", "error"),
    [
        (CONF_MESSAGE_TEMPLATE, "Home", "sending", "invalid_template"),
        (CONF_TWO_WAY_TEMPLATE, "{time}", "sending", "invalid_template"),
        (CONF_SENDER, "GOLOS", "sending", "invalid_sender"),
        # Nothing is rounded, and the error of a number out of bounds is ours.
        (CONF_MAX_PARTS, 11, "sending", "invalid_max_parts"),
        (CONF_MAX_PARTS, -1, "sending", "invalid_max_parts"),
        (CONF_MAX_PARTS, 2.5, "sending", "invalid_max_parts"),
        (CONF_INBOUND_INTERVAL, 4, "receiving", "invalid_interval"),
        (CONF_INBOUND_INTERVAL, 5.5, "receiving", "invalid_interval"),
        (CONF_INBOUND_INTERVAL, 86401, "receiving", "invalid_interval"),
        (CONF_INBOUND_INTERVAL, -1, "receiving", "invalid_interval"),
        (CONF_LOW_BALANCE, -1, "limits", "invalid_amount"),
        (CONF_DAILY_LIMIT, -0.01, "limits", "invalid_amount"),
        (CONF_DAILY_LIMIT, 1e9, "limits", "invalid_amount"),
        (CONF_RATE_LIMIT, -1, "limits", "invalid_rate_limit"),
        (CONF_RATE_LIMIT, 0.5, "limits", "invalid_rate_limit"),
        (CONF_RATE_LIMIT, 1001, "limits", "invalid_rate_limit"),
        (CONF_REFERRER, "friend", "advanced", "invalid_referrer"),
        (CONF_DEBUG_EMAIL, "nobody", "advanced", "invalid_email"),
    ],
)
async def test_options_are_wrong(
    hass: HomeAssistant, simulator: Simulator, name: str, value: Any, part: str, error: str
) -> None:
    """A form that complains changes nothing, opens the section, and shows what was entered."""
    entry = await add_account(hass, simulator)
    step = await options_step(hass, entry)
    form = {part: {name: value}}
    step = check(
        await hass.config_entries.options.async_configure(step["flow_id"], form), "options"
    )
    assert step["errors"] == {part: error}
    assert step["data_schema"].schema[part].options == {"collapsed": False}
    assert fields(step)[name][0] == value
    assert not entry.options


@pytest.mark.parametrize("value", [0, 5, 86400])
async def test_intervals(hass: HomeAssistant, simulator: Simulator, value: int) -> None:
    """Nothing but pushes, and every interval between its bounds, may be chosen."""
    entry = await add_account(hass, simulator)
    step = await options_step(hass, entry)
    await hass.config_entries.options.async_configure(
        step["flow_id"], {"receiving": {CONF_INBOUND_INTERVAL: value}}
    )
    assert entry.options[CONF_INBOUND_INTERVAL] == value


async def test_options_without_the_service(hass: HomeAssistant, simulator: Simulator) -> None:
    """Options open also when the account's senders were never learnt, or it is disabled."""
    await simulator.down()
    entry = await add_account(hass, simulator)
    for _ in range(2):
        step = await options_step(hass, entry)
        assert fields(step)[CONF_SENDER][1].config["options"] == []
        hass.config_entries.options.async_abort(step["flow_id"])
        await hass.config_entries.async_unload(entry.entry_id)
