"""The recipients of an account: its subentries of that type."""

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
from ..text.normalising import without_beginning
from .phones import masked

# The slug of every name that has no letter `slugify` can convert: it makes no two names the same.
UNSLUGGABLE: Final = "unknown"


class Channel(StrEnum):
    """How notify reaches a recipient."""

    SMS = "sms"
    TWO_WAY = "two_way"
    VOICE = "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A saved person; `phones` are E.164, the first is used where one number is needed."""

    id: str
    name: str
    phones: tuple[str, ...]
    channel: Channel
    sender: str | None
    assist: bool
    pin: str | None

    @classmethod
    def from_subentry(cls, subentry: ConfigSubentry) -> Self:
        """Read a subentry that the recipient's form saved."""
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
        """Return the message without the recipient's PIN; None where it does not begin with it."""
        return without_beginning(message, self.pin) if self.pin else None


def recipients(entry: ConfigEntry) -> list[Recipient]:
    """Return the account's recipients in the order they were added."""
    return [Recipient.from_subentry(subentry) for subentry in _subentries(entry)]


def owners(entry: ConfigEntry, phone: str) -> list[Recipient]:
    """Return all recipients with this number."""
    return [
        Recipient.from_subentry(subentry)
        for subentry in entry.subentries.values()
        if subentry.subentry_type == SUBENTRY_RECIPIENT and phone in subentry.data[CONF_PHONES]
    ]


def by_id(entry: ConfigEntry, recipient_id: str) -> Recipient | None:
    """Return the recipient with this id."""
    found = (one for one in _subentries(entry) if one.subentry_id == recipient_id)
    return next(map(Recipient.from_subentry, found), None)


def by_name(entry: ConfigEntry, name: str) -> Recipient | None:
    """Return the recipient with this name, compared by `same_name`."""
    found = (one for one in _subentries(entry) if same_name(one.title, name))
    return next(map(Recipient.from_subentry, found), None)


def same_name(one: str, other: str) -> bool:
    """Return whether two names differ only in case and outer spaces, or have the same slug."""
    if one.strip().casefold() == other.strip().casefold():
        return True
    return (slug := _slug(one)) == _slug(other) and slug != UNSLUGGABLE


def recipient_name(entry: ConfigEntry, phone: str, recipient_id: str | None = None) -> str | None:
    """Return the name of the recipient with this id, else of the first with this number."""
    subentry = entry.subentries.get(recipient_id or "")
    if subentry and subentry.subentry_type == SUBENTRY_RECIPIENT:
        return subentry.title
    sharing = owners(entry, phone)
    return sharing[0].name if sharing else None


def recipient_id_of(entry: ConfigEntry, phone: str, recipient_id: str | None = None) -> str | None:
    """Return this id where such a recipient exists, else that of the first with this number."""
    if recipient_id and by_id(entry, recipient_id):
        return recipient_id
    sharing = owners(entry, phone)
    return sharing[0].id if sharing else None


def display_name(entry: ConfigEntry, phone: str, recipient_id: str | None = None) -> str:
    """Return a recipient for an error or a log: their name, else the masked number."""
    return recipient_name(entry, phone, recipient_id) or masked(phone)


def _subentries(entry: ConfigEntry) -> Iterator[ConfigSubentry]:
    subentries = entry.subentries.values()
    return (one for one in subentries if one.subentry_type == SUBENTRY_RECIPIENT)


# Names are compared for every target of every send; thousands cover a village's recipients.
@lru_cache(maxsize=4096)
def _slug(name: str) -> str:
    return slugify(name)
