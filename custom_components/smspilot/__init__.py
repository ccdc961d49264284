"""SMSPILOT: SMS, calls and number checks for Home Assistant."""

from importlib import import_module
from typing import Final

from homeassistant.const import CONF_NAME, CONF_WEBHOOK_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr, discovery
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.typing import ConfigType

from .account import async_close_account, async_get_account
from .alarm_actions import async_setup_alarm_actions
from .alarm_issues import AlarmIssues
from .assist import async_start_assist
from .const import CONF_LEGACY_NAME, DOMAIN, ENTRY_VERSION, SUBENTRY_ALARM, SUBENTRY_RECIPIENT
from .contacts.phones import all_countries, load_country
from .coordinator import AccountCoordinator
from .entity import account_device, subentry_device
from .events import SIGNAL_ENTRY_UPDATED
from .frontend.register import async_register_card
from .issues import IssueReporter
from .notices import async_forget_issues
from .runtime.cooperative import thread_slices
from .runtime.journal import Journal
from .runtime.trail import async_forget_trail
from .runtime_data import RuntimeData, SmspilotConfigEntry
from .services import async_setup_services
from .webhook import PushReceiver
from .webhook_url import async_delete_cloudhook
from .websocket_api import async_setup_websocket

PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NOTIFY,
    Platform.SENSOR,
)

# The manifest's requirements; automations import this module before they are installed.
LIBRARIES: Final = ("gsm0338", "phonenumbers", "regex", "text_unidecode")

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Set up the actions and the card, which do not depend on an account."""
    await hass.async_add_import_executor_job(_import_libraries, hass.config.country)
    async_setup_services(hass)
    async_setup_websocket(hass)
    await async_register_card(hass)
    async_setup_alarm_actions(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmspilotConfigEntry) -> bool:
    """Set up an account from the disk, without waiting for the network."""
    account = await async_get_account(hass, entry)
    account.apply()
    coordinator = AccountCoordinator(hass, entry, account.client)
    push_receiver = PushReceiver(account)
    entry.runtime_data = RuntimeData(
        account=account, coordinator=coordinator, push_receiver=push_receiver
    )
    IssueReporter(account, coordinator).start()
    AlarmIssues(account).start()
    account.alarms.checks.balance = lambda: coordinator.data.balance if coordinator.data else None
    push_receiver.open()
    async_start_assist(account)

    _register_devices(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    account.start()
    # In the background: it gets the balance, and starts reauth or raises a repair issue.
    entry.async_create_background_task(hass, coordinator.async_refresh(), "smspilot account")
    _discover_legacy_notify(hass, entry)
    entry.async_on_unload(entry.add_update_listener(_async_update))
    return True


async def async_migrate_entry(_hass: HomeAssistant, entry: SmspilotConfigEntry) -> bool:
    """Accept an entry of another minor version unchanged, and refuse another major version."""
    return entry.version == ENTRY_VERSION


async def async_unload_entry(hass: HomeAssistant, entry: SmspilotConfigEntry) -> bool:
    """Unload the entry; sends and waiting actions go on unless the entry is disabled."""
    account = entry.runtime_data.account
    account.pause()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if not unloaded:
        account.start()
    elif entry.disabled_by:
        await async_close_account(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: SmspilotConfigEntry) -> None:
    """Delete the account's files, cloudhook, repair issues and trail."""
    account = await async_close_account(hass, entry)
    # An entry that was never loaded has no account, and none must be started now.
    journal = account.journal if account else Journal(hass, entry.entry_id)
    await journal.remove()
    await async_delete_cloudhook(hass, entry.data[CONF_WEBHOOK_ID])
    async_forget_issues(hass, entry)
    async_forget_trail(hass, entry.entry_id)


def _import_libraries(country: str | None) -> None:
    """Import libraries, and load their data, that would block the event loop at first use."""
    for name in LIBRARIES:
        import_module(name)
    # A number may be of any country.
    for one in thread_slices(all_countries(country)):
        load_country(one)


async def _async_update(hass: HomeAssistant, entry: SmspilotConfigEntry) -> None:
    """Apply options and subentries in place; only credentials and the API's URL need a reload."""
    runtime = entry.runtime_data
    if runtime.account.needs_reload:
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    runtime.account.apply()
    _register_devices(hass, entry)
    async_dispatcher_send(hass, SIGNAL_ENTRY_UPDATED.format(entry.entry_id))
    if runtime.legacy:
        await runtime.legacy.async_register_services()
    runtime.coordinator.async_update_listeners()


def _register_devices(hass: HomeAssistant, entry: SmspilotConfigEntry) -> None:
    """Register the devices, the account's first, to which those of the subentries are linked."""
    registry = dr.async_get(hass)
    registry.async_get_or_create(config_entry_id=entry.entry_id, **account_device(entry))
    for subentry in entry.subentries.values():
        if subentry.subentry_type in (SUBENTRY_RECIPIENT, SUBENTRY_ALARM):
            registry.async_get_or_create(
                config_entry_id=entry.entry_id,
                config_subentry_id=subentry.subentry_id,
                **subentry_device(entry, subentry),
            )


def _discover_legacy_notify(hass: HomeAssistant, entry: SmspilotConfigEntry) -> None:
    """Set up the legacy notify services; those of the first account have no id in their names.

    The name is stored in the entry, because automations use it: it must not change when another
    account is removed.
    """
    name = entry.data.get(CONF_LEGACY_NAME)
    if name is None:
        accounts = hass.config_entries.async_entries(DOMAIN)
        # The bare name belongs to the entry that stores it, else to the one added first.
        first = next(one for one in accounts if one.data.get(CONF_LEGACY_NAME, DOMAIN) == DOMAIN)
        name = DOMAIN if first is entry else f"{DOMAIN}_{entry.unique_id}"
        data = {**entry.data, CONF_LEGACY_NAME: name}
        hass.config_entries.async_update_entry(entry, data=data)
    entry.async_create_background_task(
        hass,
        discovery.async_load_platform(
            hass, Platform.NOTIFY, DOMAIN, {CONF_NAME: name, "entry_id": entry.entry_id}, {}
        ),
        "smspilot legacy notify",
    )
