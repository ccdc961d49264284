"""Registers the actions, and calls each with the account that it names."""

from collections.abc import Callable, Coroutine
from typing import Any

from homeassistant.const import (
    ATTR_CONFIG_ENTRY_ID,
)
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import service
import voluptuous as vol

from .account import Account
from .client import SmspilotError
from .const import (
    DOMAIN,
)
from .errors import error_from_api
from .read_actions import (
    async_check_administrator,
    async_get_account,
    async_get_inbound,
    async_get_status,
)
from .runtime_data import SmspilotConfigEntry
from .schemas import (
    ASK_SCHEMA,
    CALL_SCHEMA,
    CHECK_NUMBER_SCHEMA,
    FLASH_CALL_SCHEMA,
    GET_ACCOUNT_SCHEMA,
    GET_INBOUND_SCHEMA,
    GET_STATUS_SCHEMA,
    SEND_SMS_SCHEMA,
    refusing,
)
from .send_actions import (
    async_ask,
    async_call,
    async_check_number,
    async_estimate_cost,
    async_flash_call,
    async_send_sms,
)

type Handler = Callable[[Account, ServiceCall], Coroutine[Any, Any, ServiceResponse]]


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    optional, only = SupportsResponse.OPTIONAL, SupportsResponse.ONLY
    actions: tuple[tuple[str, Handler, vol.Schema | vol.All, SupportsResponse], ...] = (
        ("send_sms", async_send_sms, SEND_SMS_SCHEMA, optional),
        ("call", async_call, CALL_SCHEMA, optional),
        ("flash_call", async_flash_call, FLASH_CALL_SCHEMA, optional),
        ("check_number", async_check_number, CHECK_NUMBER_SCHEMA, optional),
        ("estimate_cost", async_estimate_cost, SEND_SMS_SCHEMA, only),
        ("get_status", async_get_status, GET_STATUS_SCHEMA, only),
        ("get_inbound", _for_administrators(async_get_inbound), GET_INBOUND_SCHEMA, only),
        ("ask", async_ask, ASK_SCHEMA, only),
        ("get_account", _for_administrators(async_get_account), GET_ACCOUNT_SCHEMA, only),
    )
    for name, handler, schema, response in actions:
        handle = _on_account(handler)
        hass.services.async_register(DOMAIN, name, handle, refusing(schema), response)


def _for_administrators(handler: Handler) -> Handler:
    """Wrap a handler so that it raises for users who are not administrators."""

    async def handle(account: Account, call: ServiceCall) -> ServiceResponse:
        await async_check_administrator(call)
        return await handler(account, call)

    return handle


def _on_account(
    handler: Handler,
) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    """Wrap a handler so that it gets the account, and raises errors of Home Assistant."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        entry: SmspilotConfigEntry = service.async_get_config_entry(
            call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
        )
        account = entry.runtime_data.account
        try:
            return await handler(account, call)
        except SmspilotError as err:
            account.report(err)
            raise error_from_api(call.hass, err) from err

    return handle
