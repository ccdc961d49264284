"""The webhook's address for the API: Home Assistant Cloud's, else the external one, else none."""

from homeassistant.components import webhook
from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError

from .const import LOGGER


async def async_make_url(
    hass: HomeAssistant, webhook_id: str, known_cloudhook: str | None = None
) -> tuple[str | None, str | None]:
    """Return the webhook's address, and its cloudhook where that is the address.

    With a subscription to Home Assistant Cloud, a missing cloudhook is made. While the cloud is
    not connected, the known cloudhook stays the address: the user has pasted it at SMSPILOT.
    """
    cloudhook = await _async_cloudhook(hass, webhook_id, known_cloudhook)
    return cloudhook or _external_url(hass, webhook_id), cloudhook


def known_url(hass: HomeAssistant, webhook_id: str, known_cloudhook: str | None) -> str | None:
    """Return the webhook's address as far as it is known without a request to the cloud."""
    if known_cloudhook and "cloud" in hass.config.components:
        from homeassistant.components import cloud  # noqa: PLC0415 - only where it is set up

        if cloud.async_active_subscription(hass):
            return known_cloudhook
    return _external_url(hass, webhook_id)


async def async_delete_cloudhook(hass: HomeAssistant, webhook_id: str) -> None:
    """Delete the webhook's cloudhook, if any."""
    if "cloud" not in hass.config.components:
        return
    from hass_nabucasa import NabuCasaBaseError  # noqa: PLC0415 - likewise
    from homeassistant.components import cloud  # noqa: PLC0415 - only where it is set up

    try:
        await cloud.async_delete_cloudhook(hass, webhook_id)
    except (cloud.CloudNotAvailable, NabuCasaBaseError, TimeoutError, ValueError) as err:
        LOGGER.debug("The cloudhook was not deleted: %s", err)


async def _async_cloudhook(hass: HomeAssistant, webhook_id: str, known: str | None) -> str | None:
    if "cloud" not in hass.config.components:
        return None
    from hass_nabucasa import NabuCasaBaseError  # noqa: PLC0415 - likewise
    from homeassistant.components import cloud  # noqa: PLC0415 - only where it is set up

    if not cloud.async_active_subscription(hass):
        return None
    try:
        return await cloud.async_get_or_create_cloudhook(hass, webhook_id)
    except (cloud.CloudNotAvailable, NabuCasaBaseError, TimeoutError, ValueError) as err:
        LOGGER.debug("Home Assistant Cloud gives no address for now: %s", err)
        return known


def _external_url(hass: HomeAssistant, webhook_id: str) -> str | None:
    try:
        # As configured: http, a loopback address or an IP may lead here through a proxy.
        return webhook.async_generate_url(hass, webhook_id, allow_internal=False, allow_ip=True)
    except NoURLAvailableError:
        return None
