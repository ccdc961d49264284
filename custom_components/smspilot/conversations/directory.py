"""The conversations of an account: its recipients, and the other numbers in the API's lists."""

from collections.abc import Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..contacts.recipients import Channel, by_id, recipients
from .lines import Json


def account_fields(hass: HomeAssistant, entry: ConfigEntry) -> Json:
    """Return the fields of the account that the card shows."""
    registry = er.async_get(hass)

    def sensor(key: str) -> str | None:
        return registry.async_get_entity_id(Platform.SENSOR, DOMAIN, f"{entry.entry_id}_{key}")

    return {
        "entry_id": entry.entry_id,
        "title": entry.title,
        "balance": sensor("balance"),
        "spent_today": sensor("spent_today"),
    }


def phones_of(entry: ConfigEntry, conversation: str) -> tuple[str, ...]:
    """Return the numbers of a conversation, whose id is a recipient's or a number."""
    recipient = by_id(entry, conversation)
    return recipient.phones if recipient else (conversation,)


def conversation_fields(
    hass: HomeAssistant, entry: ConfigEntry, phones: Iterable[str]
) -> list[Json]:
    """Return the conversations of all recipients, and of the numbers that belong to none."""
    registry = er.async_get(hass)
    every = recipients(entry)
    saved = {phone for recipient in every for phone in recipient.phones}
    return [
        *(
            {
                "id": recipient.id,
                "name": recipient.name,
                "phones": list(recipient.phones),
                "recipient": True,
                "writable": True,
                "entity_id": registry.async_get_entity_id(
                    Platform.NOTIFY, DOMAIN, f"{recipient.id}_notify"
                ),
                "two_way": recipient.channel is Channel.TWO_WAY,
                "sender": recipient.sender,
            }
            for recipient in every
        ),
        *(
            {
                "id": phone,
                "name": phone,
                "phones": [phone],
                "recipient": False,
                # A sender that is a word cannot be texted.
                "writable": phone.startswith("+"),
                "entity_id": None,
                "two_way": False,
                "sender": None,
            }
            for phone in phones
            if phone not in saved
        ),
    ]
