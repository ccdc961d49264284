"""Whose conversations an account has: its recipients, and everybody else who is in the lists."""

from collections.abc import Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..contacts.recipients import Channel, by_id, recipients
from .lines import Json


def account_fields(hass: HomeAssistant, entry: ConfigEntry) -> Json:
    """Return what the card needs to know of the account."""
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
    """Return the numbers of a conversation: those of a recipient, or a stranger's one."""
    person = by_id(entry, conversation)
    return person.phones if person else (conversation,)


def conversation_fields(
    hass: HomeAssistant, entry: ConfigEntry, phones: Iterable[str]
) -> list[Json]:
    """Return the conversations of all recipients, and of the numbers that are nobody's."""
    registry = er.async_get(hass)
    people = recipients(entry)
    saved = {phone for person in people for phone in person.phones}
    return [
        *(
            {
                "id": person.id,
                "name": person.name,
                "phones": list(person.phones),
                "recipient": True,
                "writable": True,
                "entity_id": registry.async_get_entity_id(
                    Platform.NOTIFY, DOMAIN, f"{person.id}_notify"
                ),
                "two_way": person.channel is Channel.TWO_WAY,
                "sender": person.sender,
            }
            for person in people
        ),
        *(
            {
                "id": phone,
                "name": phone,
                "phones": [phone],
                "recipient": False,
                # A word is who sent it; no text can go there.
                "writable": phone.startswith("+"),
                "entity_id": None,
                "two_way": False,
                "sender": None,
            }
            for phone in phones
            if phone not in saved
        ),
    ]
