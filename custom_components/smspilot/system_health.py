"""System health: whether the API is reachable, and how many accounts get pushes or poll."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .account import ACCOUNTS
from .client.transport import URL
from .const import DOMAIN


@callback
def async_register(_hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the information."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the values that the page shows."""
    accounts = hass.data.get(ACCOUNTS, {}).values()
    urls = {account.client.url for account in accounts} or {URL}
    return {
        "reachable": system_health.async_check_can_reach_url(hass, min(urls)),
        "accounts": len(hass.config_entries.async_entries(DOMAIN)),
        "push": sum(account.inbox.push_monitor.proven for account in accounts),
        "poll": sum(not account.inbox.push_monitor.proven for account in accounts),
    }
