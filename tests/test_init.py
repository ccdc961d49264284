"""An account's life: it always loads, it leaves nothing behind, and it comes back by itself."""

import asyncio
from pathlib import Path
from types import MappingProxyType

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigSubentry,
)
from homeassistant.const import CONF_API_KEY, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import (
    CONF_LOW_BALANCE,
    CONF_TEST_MODE,
    DOMAIN,
    EVENT_MESSAGE_STATUS,
    EVENT_SMS_RECEIVED,
)

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    Hold,
    act,
    add_account,
    person,
    serve_webhook,
    state_of,
    write,
)
from .simulator.model import Blocked
from .simulator.options import Pushes
from .simulator.simulator import Simulator

LOADED = ConfigEntryState.LOADED
BALANCE = "sensor.smspilot_5671_balance"
PENDING = "sensor.smspilot_5671_pending_messages"


def files(hass: HomeAssistant, entry_id: str) -> list[str]:
    folder = Path(hass.config.path(".storage"))
    return [path.name for path in folder.glob("*") if entry_id in path.name]


def devices(registry: dr.DeviceRegistry, entry: ConfigEntry) -> set[str | None]:
    found = dr.async_entries_for_config_entry(registry, entry.entry_id)
    return {device.name for device in found}


async def test_without_network(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A known account loads without network: sending raises, and all comes up by itself."""
    await simulator.down()
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    assert entry.state is LOADED
    assert state_of(hass, BALANCE).state == STATE_UNAVAILABLE
    assert state_of(hass, "notify.papa").state != STATE_UNAVAILABLE
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "send_sms", phones=[PAPA], message="Протечка!", retry_for=0)
    assert raised.value.translation_key == "cannot_connect"
    for _ in range(3):
        await clock.advance(1801)
    await simulator.up()
    await clock.advance(1801)
    assert state_of(hass, BALANCE).state != STATE_UNAVAILABLE
    said = [record.message for record in caplog.records if record.levelname in ("ERROR", "INFO")]
    assert sum("Error fetching smspilot data" in text for text in said) == 1
    assert sum("Fetching smspilot data recovered" in text for text in said) == 1


async def test_dead_key(hass: HomeAssistant, simulator: Simulator) -> None:
    """A key that is refused asks for a new one, and is asked for once."""
    entry = await add_account(
        hass, simulator, people=[person("Папа", PAPA)], data={CONF_API_KEY: "F" * 64}
    )
    assert entry.state is LOADED
    assert state_of(hass, BALANCE).state == STATE_UNAVAILABLE
    assert state_of(hass, "notify.papa").state != STATE_UNAVAILABLE
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    assert raised.value.translation_key == "invalid_auth"
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == ["reauth"]


async def test_key_works_again(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """A key that was refused for a while is not asked for any longer than that."""
    await add_account(hass, simulator)
    key, simulator.account.apikey = simulator.account.apikey, "OTHER" * 12 + "KEYS"
    await clock.advance(1801)
    assert hass.config_entries.flow.async_progress()
    simulator.account.apikey = key
    await clock.advance(1801)
    assert not hass.config_entries.flow.async_progress()
    assert not issue_registry.issues


async def test_blocked(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """A blocked account says why, and forgets it when it is free again."""
    simulator.account.blocked = Blocked()
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    assert entry.state is LOADED
    assert state_of(hass, BALANCE).state == STATE_UNAVAILABLE
    assert state_of(hass, "notify.papa").state != STATE_UNAVAILABLE
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    assert raised.value.translation_key == "account_blocked"
    issue = issue_registry.async_get_issue(DOMAIN, f"account_blocked_{entry.entry_id}")
    assert issue
    assert issue.translation_placeholders
    assert "106" in issue.translation_placeholders["error"]
    simulator.account.blocked = None
    await clock.advance(1801)
    assert not issue_registry.issues
    assert state_of(hass, BALANCE).state != STATE_UNAVAILABLE
    assert hass.config_entries.flow.async_progress() == []


@pytest.mark.parametrize(
    ("version", "minor_version", "state"),
    [
        (1, 2, LOADED),
        (2, 1, ConfigEntryState.MIGRATION_ERROR),
        (0, 1, ConfigEntryState.MIGRATION_ERROR),
    ],
)
async def test_other_versions(
    hass: HomeAssistant,
    simulator: Simulator,
    version: int,
    minor_version: int,
    state: ConfigEntryState,
) -> None:
    """An entry of another version loads or waits, and neither it nor its files are touched."""
    entry = await add_account(hass, simulator)
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, version=version, minor_version=minor_version)
    before = entry.as_dict(), files(hass, entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id) is (state is LOADED)
    assert entry.state is state
    assert (entry.as_dict(), files(hass, entry.entry_id)) == before


async def test_reload_keeps_what_waits(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A reload ends no wait and forgets no message."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    waiting = hass.async_create_background_task(
        act(hass, "send_sms", phones=[PAPA], message="Протечка!", wait=600), "wait"
    )
    await clock.settle()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(31)
    assert (await waiting)["messages"][0]["status"] == "delivered"
    assert captured.of("status") == ["delivered"]


async def test_reload_misses_nothing(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """What was pushed while the webhook was unregistered is read at once, not by the next poll."""
    await serve_webhook(hass, hass_client_no_auth)
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    statuses = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    await write(simulator, PAPA, "5671 раз")
    for _ in range(4):
        await clock.advance(3600)
    for _ in range(4):
        await clock.advance(2)
    simulator.options.pushes = Pushes.OFF
    await write(simulator, PAPA, "5671 два")
    await simulator.deliver(simulator.orders[0].server_id)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await clock.advance(2)
    assert messages.of("message") == ["раз", "два"]
    assert statuses.of("status") == ["delivered"]


@pytest.mark.parametrize("ending", ["disable", "remove", "stop"])
async def test_wait_ends(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, ending: str
) -> None:
    """Disabling, removal and stop end a wait with an error that says so."""
    entry = await add_account(hass, simulator)
    waiting = hass.async_create_background_task(
        act(hass, "send_sms", phones=[PAPA], message="Протечка!", wait=600), "wait"
    )
    await clock.settle()
    match ending:
        case "disable":
            user = ConfigEntryDisabler.USER
            await hass.config_entries.async_set_disabled_by(entry.entry_id, user)
        case "remove":
            await hass.config_entries.async_remove(entry.entry_id)
        case _:
            hass.bus.async_fire("homeassistant_stop")
    with pytest.raises(HomeAssistantError) as raised:
        await waiting
    assert raised.value.translation_key == "account_closed"


async def test_removal_leaves_nothing(
    hass: HomeAssistant,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    issue_registry: ir.IssueRegistry,
) -> None:
    """No service, entity, device, issue or file outlives its account; added again, it is as new."""
    entry = await add_account(
        hass, simulator, people=[person("Папа", PAPA)], options={CONF_TEST_MODE: True}
    )
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!", test=False)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.services.has_service("notify", "smspilot_papa")
    assert issue_registry.issues
    assert await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert devices(device_registry, entry) == set()
    assert not entity_registry.entities
    assert not issue_registry.issues
    assert not [name for name in hass.services.async_services()["notify"] if DOMAIN in name]
    assert files(hass, entry.entry_id) == []
    again = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    assert devices(device_registry, again) == {"SMSPILOT 5671", "Папа"}
    assert state_of(hass, PENDING).state == "0"
    assert state_of(hass, "notify.papa")
    assert not [entity for entity in entity_registry.entities if entity.endswith("_2")]
    assert hass.services.has_service("notify", "smspilot_papa")


async def test_people_in_place(
    hass: HomeAssistant, simulator: Simulator, device_registry: dr.DeviceRegistry
) -> None:
    """A recipient that is added, renamed or removed needs no reload."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    added = ConfigSubentry(
        data=MappingProxyType({"name": "Мама", "phones": [MAMA]}),
        subentry_type="recipient",
        title="Мама",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(entry, added)
    await hass.async_block_till_done(wait_background_tasks=True)
    await hass.services.async_call(
        "notify", "send_message", {"entity_id": "notify.mama", "message": "Привет"}, blocking=True
    )
    await hass.services.async_call(
        "notify", "smspilot_mama", {"message": "Привет снова"}, blocking=True
    )
    assert [order.phone for order in simulator.orders] == [MAMA[1:]] * 2
    data = {"name": "Мамочка", "phones": [MAMA]}
    hass.config_entries.async_update_subentry(entry, added, data=data, title="Мамочка")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.services.has_service("notify", "smspilot_mamochka")
    assert not hass.services.has_service("notify", "smspilot_mama")
    assert devices(device_registry, entry) == {"SMSPILOT 5671", "Папа", "Мамочка"}
    hass.config_entries.async_remove_subentry(entry, added.subentry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get("notify.mama") is None
    assert not hass.services.has_service("notify", "smspilot_mamochka")
    assert devices(device_registry, entry) == {"SMSPILOT 5671", "Папа"}
    assert simulator.calls("account") == []


async def test_options_in_place(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """Options count from the next message on, and no entity shows an event again."""
    entry = await add_account(hass, simulator)
    hass.config_entries.async_update_entry(
        entry, options={"sender": "test", "message_template": "Дом: {message}", "test_mode": True}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue_registry.async_get_issue(DOMAIN, f"test_mode_{entry.entry_id}")
    response = await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    (request,) = simulator.requests
    assert request.form["send"] == "Дом: Протечка!"
    assert request.form["from"] == "test"
    assert request.form["test"] == "1"
    assert response["messages"][0]["test"] is True
    assert simulator.orders == []
    hass.config_entries.async_update_entry(entry, options={CONF_LOW_BALANCE: 10_000})
    await clock.settle()
    assert state_of(hass, "binary_sensor.smspilot_5671_low_balance").state == "on"
    assert issue_registry.async_get_issue(DOMAIN, f"low_balance_{entry.entry_id}")
    hass.config_entries.async_update_entry(entry, options={})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not issue_registry.issues


async def test_two_accounts(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Two accounts live side by side, and one goes without the other."""
    simulator.add_account(id=777, apikey="B" * 64)
    first = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    second = await add_account(
        hass,
        simulator,
        people=[person("Папа", MAMA)],
        account_id="777",
        data={CONF_API_KEY: "B" * 64, "webhook_id": "7" * 64},
    )
    with pytest.raises(HomeAssistantError):
        await act(hass, "send_sms", phones=["Папа"], message="Кому?")
    await act(hass, "send_sms", config_entry_id=second.entry_id, phones=["Папа"], message="Второй")
    assert [(order.account, order.phone) for order in simulator.orders] == [(777, MAMA[1:])]
    assert hass.services.has_service("notify", "smspilot_papa")
    assert hass.services.has_service("notify", "smspilot_777_papa")
    captured = CapturedEvents(hass, "smspilot_sms_received")
    await write(simulator, "+79990001122", "777 Привет")
    await clock.advance(61)
    assert captured.of("account_id") == ["777"]
    assert devices(device_registry, first) == {"SMSPILOT 5671", "Папа"}
    assert devices(device_registry, second) == {"SMSPILOT 777", "Папа"}
    assert await hass.config_entries.async_remove(first.entry_id)
    assert devices(device_registry, first) == set()
    assert devices(device_registry, second) == {"SMSPILOT 777", "Папа"}
    assert hass.services.has_service("notify", "smspilot_777_papa")
    await act(hass, "send_sms", phones=["Папа"], message="Остался")
    assert simulator.orders[-1].account == 777


async def test_setup_is_cut_short(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hold: Hold,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An account whose setup was given up half-way begins anew, and forgets nothing."""
    entry = await add_account(hass, simulator)
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    user = ConfigEntryDisabler.USER
    await hass.config_entries.async_set_disabled_by(entry.entry_id, user)
    hold("load")
    task = asyncio.get_running_loop().create_task(
        hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    )
    await hold.reached()
    task.cancel()
    await asyncio.wait([task])
    # Home Assistant shows the issue, and how it came.
    caplog.clear()
    hold.release()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    for _ in range(2):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await clock.settle()
        assert state_of(hass, PENDING).state == "1"
        await hass.config_entries.async_set_disabled_by(entry.entry_id, user)
        await hass.config_entries.async_set_disabled_by(entry.entry_id, None)


@pytest.mark.parametrize("turns", range(0, 60, 4))
async def test_unload_at_any_moment(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, turns: int
) -> None:
    """An entry that is unloaded before it is all there leaves no legacy service behind."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    for _ in range(turns):
        await asyncio.sleep(0)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await clock.settle()
    assert not [name for name in hass.services.async_services()["notify"] if DOMAIN in name]
    assert await hass.config_entries.async_setup(entry.entry_id)
    await clock.settle()
    assert hass.services.has_service("notify", "smspilot_papa")
