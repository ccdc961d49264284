"""The address the service shall call: Home Assistant Cloud's, else the external one, else none."""

from homeassistant.components import webhook
from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError

from .const import LOGGER


async def async_make_url(
    hass: HomeAssistant, webhook_id: str, known_cloudhook: str | None = None
) -> tuple[str | None, str | None]:
    """Return the webhook's address, and its cloudhook where that is the address.

    A cloudhook is made where a subscription has none yet. While the cloud is not connected the
    one that is known counts, so that an address that was pasted stays what it is.
    """
    cloudhook = await _async_cloudhook(hass, webhook_id, known_cloudhook)
    return cloudhook or _external_url(hass, webhook_id), cloudhook


def known_url(hass: HomeAssistant, webhook_id: str, known_cloudhook: str | None) -> str | None:
    """Return the webhook's address without asking anybody, so far as it is known."""
    if known_cloudhook and "cloud" in hass.config.components:
        from homeassistant.components import cloud  # noqa: PLC0415 - only where it is set up

        if cloud.async_active_subscription(hass):
            return known_cloudhook
    return _external_url(hass, webhook_id)


async def async_delete_cloudhook(hass: HomeAssistant, webhook_id: str) -> None:
    """Delete the webhook's cloudhook, whether there is one or not."""
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
        # At its word: http, a loopback address or a bare IP may lead here through a proxy.
        return webhook.async_generate_url(hass, webhook_id, allow_internal=False, allow_ip=True)
    except NoURLAvailableError:
        return None
