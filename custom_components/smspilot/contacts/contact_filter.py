"""Whom a trigger means: numbers, recipients' names, or anyone."""

from collections.abc import Mapping, Sequence
from typing import Any

from homeassistant.core import HomeAssistant, callback

from ..const import ANYONE, DOMAIN, LOGGER
from .phones import UnreadablePhone, phone_readings
from .recipients import by_name, owners, same_name


class ContactFilter:
    """The people of a trigger; who has a name is looked up when a message comes."""

    def __init__(self, hass: HomeAssistant, wanted: Sequence[str | int]) -> None:
        """Keep the numbers and names as a person wrote them."""
        self._hass = hass
        self._wanted = wanted
        self._said: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._wanted)

    @callback
    def has(self, data: Mapping[str, Any]) -> bool:
        """Return whether an event is about one of them."""
        return any(self._is(place, one, data) for place, one in enumerate(self._wanted, 1))

    def _is(self, place: int, one: str | int, data: Mapping[str, Any]) -> bool:
        if str(one).strip() == ANYONE:
            return True
        try:
            # Of two readings the one counts that has just written.
            return data["phone"] in phone_readings(self._hass, one)
        except UnreadablePhone:
            return self._is_called(place, str(one), data)

    def _is_called(self, place: int, name: str, data: Mapping[str, Any]) -> bool:
        phone, entries = data["phone"], self._hass.config_entries.async_entries(DOMAIN)
        names = [data["recipient"]] if data["recipient"] else []
        known = False
        for entry in entries:
            known = known or by_name(entry, name) is not None
            if entry.entry_id == data["entry_id"]:
                names += [person.name for person in owners(entry, phone)]
        if any(same_name(person, name) for person in names):
            return True
        if known:
            return False
        # A service's short number is no phone number; a word is whatever its sender chooses.
        if phone == name.strip() and phone.isdecimal():
            return True
        label = f'"{name}"' if any(map(str.isalpha, name)) else f"No. {place}"
        self._say(place, "%s of a trigger is neither a number nor a recipient's name", label)
        return False

    def _say(self, place: int, text: str, *args: str) -> None:
        """Say it once."""
        if place not in self._said:
            self._said.add(place)
            LOGGER.warning(text, *args)
