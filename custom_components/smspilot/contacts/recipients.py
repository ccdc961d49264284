"""The people of an account: its recipient subentries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Self

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.util import slugify

from ..const import (
    CONF_ASSIST,
    CONF_CHANNEL,
    CONF_PHONES,
    CONF_PIN,
    CONF_SENDER,
    SUBENTRY_RECIPIENT,
)
from ..text.normalising import visible
from .phones import masked

# What slugify makes of a name without any letter it knows.
UNSLUGGABLE: Final = "unknown"


class Channel(StrEnum):
    """How notify reaches a recipient."""

    SMS = "sms"
    TWO_WAY = "two_way"
    VOICE = "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person: numbers as E.164, the first where one is asked for."""

    id: str
    name: str
    phones: tuple[str, ...]
    channel: Channel
    sender: str | None
    assist: bool
    pin: str | None

    @classmethod
    def from_subentry(cls, subentry: ConfigSubentry) -> Self:
        """Read what the recipient's form saved."""
        data: Mapping[str, Any] = subentry.data
        return cls(
            id=subentry.subentry_id,
            # Home Assistant can rename it without our form.
            name=subentry.title,
            phones=tuple(data[CONF_PHONES]),
            channel=Channel(data.get(CONF_CHANNEL, Channel.SMS)),
            sender=data.get(CONF_SENDER) or None,
            assist=data.get(CONF_ASSIST, False),
            pin=data.get(CONF_PIN) or None,
        )

    def without_pin(self, message: str) -> str | None:
        """Return the message without the person's PIN, or None where it does not begin so."""
        pin = self.pin or ""
        # Marks that show nothing may stand before it, as before any text that was pasted.
        shown = (place for place, one in enumerate(message) if visible(one).strip())
        message = message[next(shown, 0) :]
        rest = message[len(pin) :]
        # A phone may have written the first letter as a capital.
        if not pin or message[: len(pin)].casefold() != pin.casefold():
            return None
        # 4711 does not begin 47110: that is another number, which the message may be about.
        is_cut = any(kind(pin[-1]) and kind(rest[:1]) for kind in (str.isdecimal, str.isalpha))
        return None if is_cut else rest.lstrip()


def recipients(entry: ConfigEntry) -> list[Recipient]:
    """Return the account's people, the one added first first."""
    return [Recipient.from_subentry(subentry) for subentry in _people(entry)]


def owners(entry: ConfigEntry, phone: str) -> list[Recipient]:
    """Return everybody who has the number."""
    return [
        Recipient.from_subentry(subentry)
        for subentry in entry.subentries.values()
        if subentry.subentry_type == SUBENTRY_RECIPIENT and phone in subentry.data[CONF_PHONES]
    ]


def by_id(entry: ConfigEntry, recipient_id: str) -> Recipient | None:
    """Return the recipient of that id, whatever their name; no id reads as a number."""
    found = (one for one in _people(entry) if one.subentry_id == recipient_id)
    return next(map(Recipient.from_subentry, found), None)


def by_name(entry: ConfigEntry, name: str) -> Recipient | None:
    """Return the recipient of that name, whatever its case and outer spaces."""
    found = (one for one in _people(entry) if same_name(one.title, name))
    return next(map(Recipient.from_subentry, found), None)


def same_name(one: str, other: str) -> bool:
    """Return whether two names are the same to a person, or to an entity id."""
    if one.strip().casefold() == other.strip().casefold():
        return True
    return (slug := _slug(one)) == _slug(other) and slug != UNSLUGGABLE


def recipient_name(entry: ConfigEntry, phone: str, recipient_id: str | None = None) -> str | None:
    """Return who it was meant for, else whose number it is."""
    subentry = entry.subentries.get(recipient_id or "")
    if subentry and subentry.subentry_type == SUBENTRY_RECIPIENT:
        return subentry.title
    people = owners(entry, phone)
    return people[0].name if people else None


def recipient_id_of(entry: ConfigEntry, phone: str, recipient_id: str | None = None) -> str | None:
    """Return the id of whom it was meant for, else of whose number it is."""
    if recipient_id and by_id(entry, recipient_id):
        return recipient_id
    people = owners(entry, phone)
    return people[0].id if people else None


def display_name(entry: ConfigEntry, phone: str, recipient_id: str | None = None) -> str:
    """Return whose number it is, as an error or a log may say: a name, else a masked number."""
    return recipient_name(entry, phone, recipient_id) or masked(phone)


def _people(entry: ConfigEntry) -> Iterator[ConfigSubentry]:
    subentries = entry.subentries.values()
    return (one for one in subentries if one.subentry_type == SUBENTRY_RECIPIENT)


# A village has hundreds of names; more than are kept would be made anew for every number.
@lru_cache(maxsize=4096)
def _slug(name: str) -> str:
    return slugify(name)
