"""The choice of a sender in the forms of an account and its recipients."""

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
    """Return the account's senders by the last poll, its default first."""
    account = (
        entry.runtime_data.coordinator.data if entry.state is ConfigEntryState.LOADED else None
    )
    return [account.default_sender, *account.senders] if account else []


def sender_names(senders: Iterable[str]) -> list[str]:
    """Return the senders, each once, without empty and reserved ones."""
    names = dict.fromkeys(filter(None, senders))
    return [name for name in names if name.upper() not in SERVICE_SENDERS]


def sender_selector(senders: Iterable[str]) -> SelectSelector:
    """Return a selector of senders that also takes other names."""
    return SelectSelector(
        SelectSelectorConfig(
            options=sender_names(senders),
            custom_value=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
