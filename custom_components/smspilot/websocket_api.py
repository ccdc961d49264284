"""The websocket commands of the conversations card, for administrators only."""

from typing import Any

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ActiveConnection
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from .account import Account
from .client import SmspilotError
from .const import DOMAIN
from .conversations.lines import Json
from .errors import error_from_api
from .runtime_data import SmspilotConfigEntry

DEFAULT_LIMIT = 60
MAX_LIMIT = 500


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Register the commands."""
    websocket_api.async_register_command(hass, websocket_subscribe)
    websocket_api.async_register_command(hass, websocket_messages)


def _account(hass: HomeAssistant, entry_id: str | None) -> Account | None:
    """Return the account of the entry, or the first one where none is named."""
    entries: list[SmspilotConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    found = (entry for entry in entries if entry_id in (None, "", entry.entry_id))
    entry = next(found, None)
    return entry.runtime_data.account if entry else None


@websocket_api.require_admin
@websocket_api.websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/conversations/subscribe",
        vol.Optional(ATTR_CONFIG_ENTRY_ID): vol.Any(None, str),
    }
)
@callback
def websocket_subscribe(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Send an account's conversations, and then their changes."""
    account = _account(hass, msg.get(ATTR_CONFIG_ENTRY_ID))
    if account is None:
        connection.send_error(msg["id"], websocket_api.ERR_NOT_FOUND, "No such account")
        return

    @callback
    def send(event: Json) -> None:
        connection.send_event(msg["id"], event)

    connection.send_result(msg["id"])
    connection.subscriptions[msg["id"]] = account.conversations.subscribe(send)


@websocket_api.require_admin
@websocket_api.websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/conversations/messages",
        vol.Optional(ATTR_CONFIG_ENTRY_ID): vol.Any(None, str),
        vol.Required("conversation"): str,
        vol.Optional("before"): str,
        vol.Optional("limit", default=DEFAULT_LIMIT): vol.All(int, vol.Range(1, MAX_LIMIT)),
    }
)
@websocket_api.async_response
async def websocket_messages(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Send the newest messages of a conversation, or those before a given one."""
    account = _account(hass, msg.get(ATTR_CONFIG_ENTRY_ID))
    if account is None:
        connection.send_error(msg["id"], websocket_api.ERR_NOT_FOUND, "No such account")
        return
    try:
        page = await account.conversations.page(
            msg["conversation"], msg.get("before"), msg["limit"]
        )
    except SmspilotError as err:
        account.report(err)
        raise error_from_api(hass, err) from err
    connection.send_result(msg["id"], page)
