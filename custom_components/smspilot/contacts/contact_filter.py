"""The contacts that a trigger is about: recipients, numbers, or anyone."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import ANYONE, DOMAIN
from .phones import MIN_DIGITS, UnreadablePhone, phone_readings
from .recipients import by_name, owners, same_name

_NOTIFY: Final = f"{Platform.NOTIFY}."


class ContactFilter:
    """The contacts of a trigger; names and entities are resolved anew for each message."""

    def __init__(
        self, hass: HomeAssistant, contacts: Sequence[str | int], entry_id: str | None = None
    ) -> None:
        """Keep the contacts as configured; without an entry they may belong to any account."""
        self._hass = hass
        self._contacts = contacts
        self._entry_id = entry_id

    def __bool__(self) -> bool:
        return bool(self._contacts)

    @callback
    def has(self, data: Mapping[str, Any]) -> bool:
        """Return whether an event is about one of the contacts."""
        return any(self._matches(one, data) for one in self._contacts)

    @callback
    def unknown(self) -> list[tuple[int, str]]:
        """Return the contacts that exist nowhere, with their position from 1."""
        numbered = enumerate(self._contacts, 1)
        return [(position, str(one)) for position, one in numbered if not self._is_known(one)]

    def _matches(self, one: str | int, data: Mapping[str, Any]) -> bool:
        text = str(one).strip()
        if text == ANYONE:
            return True
        entry = self._hass.config_entries.async_get_entry(data["entry_id"])
        sharing = owners(entry, data["phone"]) if entry else []
        if text.startswith(_NOTIFY):
            return self._recipient_id(text) in {
                data.get("recipient_id"),
                *(recipient.id for recipient in sharing),
            } - {None}
        try:
            # A number without a plus may have two readings; either may be the author's.
            return data["phone"] in phone_readings(self._hass, one)
        except UnreadablePhone:
            names = [data["recipient"] or "", *(recipient.name for recipient in sharing)]
            # Compare a short number, such as a bank's, but no sender that is a word: any sender can
            # choose one.
            is_short = text == data["phone"] and text.isdecimal()
            return is_short or any(same_name(name, text) for name in names if name)

    def _is_known(self, one: str | int) -> bool:
        text = str(one).strip()
        if text == ANYONE or (text.isdecimal() and len(text) < MIN_DIGITS):
            return True
        if text.startswith(_NOTIFY):
            return self._recipient_id(text) is not None
        try:
            return bool(phone_readings(self._hass, one))
        except UnreadablePhone:
            return any(by_name(entry, text) for entry in self._entries())

    def _recipient_id(self, entity_id: str) -> str | None:
        """Return the recipient of a notify entity."""
        entity = er.async_get(self._hass).async_get(entity_id)
        ids = {entry.entry_id for entry in self._entries()}
        return entity.config_subentry_id if entity and entity.config_entry_id in ids else None

    def _entries(self) -> list[ConfigEntry]:
        entries = self._hass.config_entries.async_entries(DOMAIN)
        return [entry for entry in entries if self._entry_id in (None, entry.entry_id)]
