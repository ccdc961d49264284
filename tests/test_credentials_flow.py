"""The forms for new credentials of an account: reauth and reconfigure."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    CONF_API_KEY,
    CONF_PASSWORD,
    CONF_URL,
    CONF_WEBHOOK_ID,
)
from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.const import (
    CONF_LEGACY_NAME,
    CONF_LOGIN,
    DOMAIN,
    SECTION_ADVANCED,
)

from .common import PAPA, WEBHOOK_ID, Clock, add_account, person
from .flows import OTHER_KEY, check, credentials, submit
from .simulator import DEFAULT_KEY, Simulator


async def test_reauth(hass: HomeAssistant, simulator: Simulator) -> None:
    """A key that is refused is replaced; the account keeps everything else."""
    simulator.account.apikey = OTHER_KEY
    entry = await add_account(hass, simulator, people=[person("Papa", PAPA)])
    assert entry.state is ConfigEntryState.LOADED
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "reauth_confirm"

    step = await submit(hass, flow, {SECTION_ADVANCED: {}})
    assert step["errors"] == {"base": "credentials_required"}
    assert step["description_placeholders"]["account"] == "SMSPILOT 5671"
    step = await submit(hass, step, {CONF_API_KEY: DEFAULT_KEY})
    assert step["errors"] == {"base": "invalid_auth"}
    assert entry.data[CONF_API_KEY] == DEFAULT_KEY
    # The form need not repeat the address.
    result = await submit(hass, step, {CONF_API_KEY: f"{OTHER_KEY}\n"})
    assert result["reason"] == "reauth_successful"
    assert dict(entry.data) == {
        CONF_API_KEY: OTHER_KEY,
        CONF_URL: simulator.url,
        CONF_WEBHOOK_ID: WEBHOOK_ID,
        CONF_LEGACY_NAME: DOMAIN,
    }
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED
    assert (state := hass.states.get("sensor.smspilot_5671_balance"))
    assert state.state == "2936.81"
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_same_key_works_again(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, source: str
) -> None:
    """A key that was refused for a while and is entered again connects the account at once."""
    entry = await add_account(hass, simulator)
    simulator.account.apikey = OTHER_KEY
    await clock.advance(1801)
    assert hass.states.is_state("sensor.smspilot_5671_balance", "unavailable")
    simulator.account.apikey = DEFAULT_KEY
    step: Mapping[str, Any] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)[0]
    if source == "reconfigure":
        step = check(await entry.start_reconfigure_flow(hass))
    result = await submit(hass, step, {CONF_API_KEY: DEFAULT_KEY})
    assert result["reason"] == f"{source}_successful"
    await clock.settle()
    assert hass.states.is_state("sensor.smspilot_5671_balance", "2936.81")


async def test_reauth_with_a_new_password(hass: HomeAssistant, simulator: Simulator) -> None:
    """A new password is enough where the login is known; a key may take their place."""
    account = simulator.account
    data = {CONF_API_KEY: "", CONF_LOGIN: account.login, CONF_PASSWORD: account.password}
    entry = await add_account(hass, simulator, data=data)
    account.password = "new one"
    step = check(await entry.start_reauth_flow(hass))
    form = {SECTION_ADVANCED: {CONF_PASSWORD: "new one"}}
    assert (await submit(hass, step, form))["reason"] == "reauth_successful"
    assert entry.data[CONF_LOGIN] == account.login
    assert entry.data[CONF_PASSWORD] == "new one"

    step = check(await entry.start_reauth_flow(hass))
    assert (await submit(hass, step, credentials(simulator)))["reason"] == "reauth_successful"
    assert entry.data[CONF_API_KEY] == DEFAULT_KEY
    assert not {CONF_LOGIN, CONF_PASSWORD} & set(entry.data)


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_credentials_of_another_account(
    hass: HomeAssistant, simulator: Simulator, source: str
) -> None:
    """Credentials that belong to another account are not mixed up."""
    simulator.add_account(id=777, apikey=OTHER_KEY)
    entry = await add_account(hass, simulator)
    step = check(
        await (
            entry.start_reauth_flow(hass)
            if source == "reauth"
            else entry.start_reconfigure_flow(hass)
        )
    )
    result = await submit(hass, step, {CONF_API_KEY: OTHER_KEY})
    assert result["reason"] == "unique_id_mismatch"
    assert result["description_placeholders"] == {"account": "SMSPILOT 5671", "other": "777"}
    assert entry.data[CONF_API_KEY] == DEFAULT_KEY


async def test_reconfigure_keeps_the_key(hass: HomeAssistant, simulator: Simulator) -> None:
    """The address may change alone; the key is not shown, and an empty field keeps it."""
    entry = await add_account(hass, simulator)
    step = check(await entry.start_reconfigure_flow(hass))
    assert step["step_id"] == "reconfigure"
    assert DEFAULT_KEY not in str(step["data_schema"].schema)
    async with Simulator() as moved:
        result = await submit(hass, step, {SECTION_ADVANCED: {CONF_URL: moved.url}})
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
        assert entry.data[CONF_API_KEY] == DEFAULT_KEY
        assert entry.data[CONF_URL] == moved.url
        assert entry.state is ConfigEntryState.LOADED
        assert not simulator.calls()


async def test_reconfigure_with_a_new_key(hass: HomeAssistant, simulator: Simulator) -> None:
    """A new key is taken only when it works."""
    entry = await add_account(hass, simulator)
    step = check(await entry.start_reconfigure_flow(hass))
    step = await submit(hass, step, {CONF_API_KEY: OTHER_KEY})
    assert step["errors"] == {"base": "invalid_auth"}
    assert entry.data[CONF_API_KEY] == DEFAULT_KEY
    simulator.account.apikey = OTHER_KEY
    result = await submit(hass, step, {CONF_API_KEY: OTHER_KEY})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_API_KEY] == OTHER_KEY
    await hass.async_block_till_done(wait_background_tasks=True)
