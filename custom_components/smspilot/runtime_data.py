"""The runtime data of a config entry; the account in it outlives a reload."""

from dataclasses import dataclass

from homeassistant.components.notify import BaseNotificationService
from homeassistant.config_entries import ConfigEntry

from .account import Account
from .coordinator import AccountCoordinator
from .webhook import PushReceiver

type SmspilotConfigEntry = ConfigEntry[RuntimeData]


@dataclass(slots=True, kw_only=True)
class RuntimeData:
    """The parts of a loaded entry."""

    account: Account
    coordinator: AccountCoordinator
    push_receiver: PushReceiver
    # The legacy notify services, once Home Assistant has set them up.
    legacy: BaseNotificationService | None = None
