"""The senders an account may choose from, in the forms of the account and of its recipients."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .form_checks import SERVICE_SENDERS

if TYPE_CHECKING:
    from .runtime_data import SmspilotConfigEntry


def known_senders(entry: SmspilotConfigEntry) -> list[str]:
    """Return the names an account may send from, so far as they are known without asking."""
    account = (
        entry.runtime_data.coordinator.data if entry.state is ConfigEntryState.LOADED else None
    )
    return [account.default_sender, *account.senders] if account else []


def sender_names(senders: Iterable[str]) -> list[str]:
    """Return the senders there are; words that make a message something else are none."""
    names = dict.fromkeys(filter(None, senders))
    return [name for name in names if name.upper() not in SERVICE_SENDERS]


def sender_selector(senders: Iterable[str]) -> SelectSelector:
    """Return the choice of a sender."""
    return SelectSelector(
        SelectSelectorConfig(
            options=sender_names(senders),
            custom_value=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
