"""The targets that an action, a notify service or an alarm names, as numbers and recipients."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
import re
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from ..contacts.phones import AmbiguousPhone, UnreadablePhone, masked, parse_phone, quotable
from ..contacts.recipients import Recipient, by_id, by_name, owners
from ..errors import Reason, validation_error
from ..runtime.cooperative import async_slices

# Between several numbers or names in one text.
_SEPARATORS: Final = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True)
class Target:
    """A number as E.164, and the recipient's id where it was named by name or entity."""

    phone: str
    recipient_id: str | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """The numbers that were named, and other named things, each with why it is refused."""

    to: tuple[Target, ...]
    refused: tuple[tuple[str, HomeAssistantError], ...] = ()


async def resolve_targets(
    hass: HomeAssistant,
    entry: ConfigEntry,
    entities: Iterable[object] = (),
    phones: Iterable[object] = (),
    *,
    apart: bool = False,
    wrote: Callable[[str], bool] = lambda _phone: False,
) -> Targets:
    """Return the numbers of recipients and the numbers that are named, each once.

    Raises `ServiceValidationError` where nothing is named. With `apart` a number is returned once
    for each of its recipients, whose channels may differ. `wrote` says whether a message came from
    a number lately, which decides between two readings of an integer.
    """
    to: dict[Target | str, Target] = {}
    refused: list[tuple[str, HomeAssistantError]] = []
    named: list[tuple[object, int | None]] = [
        *((entity_id, None) for entity_id in entities),
        *_split(entry, phones),
    ]
    if not named:
        raise validation_error(Reason.NO_TARGET)
    # Parsing hundreds of numbers takes too long for one turn of the event loop.
    async for given, position in async_slices(named):
        if position is None:
            found: Recipient | str | HomeAssistantError = _by_entity(hass, entry, given)
        else:
            found = _by_phone_or_name(hass, entry, given, position, wrote)
        match found:
            case Recipient():
                for phone in found.phones:
                    target = Target(phone, found.id)
                    to.setdefault(target if apart else phone, target)
            case str():
                to.setdefault(found, Target(found))
            case _:
                refused.append((str(given), found))
    return Targets(tuple(to.values()), tuple(refused))


def single_target(targets: Targets) -> Targets:
    """Return the first number of the only recipient; raise where several targets are named."""
    recipients = {target.recipient_id or target.phone for target in targets.to}
    if len(recipients) + len(targets.refused) > 1:
        raise validation_error(Reason.ONE_NUMBER)
    return Targets(targets.to[:1], targets.refused)


def _by_entity(
    hass: HomeAssistant, entry: ConfigEntry, given: object
) -> Recipient | HomeAssistantError:
    """Return the recipient of a notify entity of the account, or why it is refused."""
    entity_id = given.strip().lower() if isinstance(given, str) else ""
    found = er.async_get(hass).async_get(entity_id)
    ours = found and found.domain == Platform.NOTIFY and found.config_entry_id == entry.entry_id
    subentry = entry.subentries.get((found and found.config_subentry_id) or "") if ours else None
    if subentry is None:
        return validation_error(Reason.UNKNOWN_RECIPIENT, recipient=quotable(given) or "–")
    return Recipient.from_subentry(subentry)


def _split(entry: ConfigEntry, phones: Iterable[object]) -> Iterator[tuple[object, int]]:
    """Yield numbers and names, each with its position among the given texts, counted from 1."""
    for position, value in enumerate(phones, 1):
        parts = [value]
        # A name may hold a separator.
        if isinstance(value, str) and _SEPARATORS.search(value) and not by_name(entry, value):
            parts = [part.strip() for part in _SEPARATORS.split(value) if part.strip()] or [value]
        yield from ((part, position) for part in parts)


def _by_phone_or_name(
    hass: HomeAssistant,
    entry: ConfigEntry,
    value: object,
    position: int,
    wrote: Callable[[str], bool],
) -> Recipient | str | HomeAssistantError:
    """Return a number, the recipient of a name or an id, or why the value is refused."""

    def is_known(phone: str) -> bool:
        return bool(owners(entry, phone)) or wrote(phone)

    try:
        return parse_phone(hass, value, is_known)
    except AmbiguousPhone:
        return validation_error(Reason.AMBIGUOUS_PHONE, phone=masked(value))
    except UnreadablePhone:
        if isinstance(value, str) and (found := by_id(entry, value) or by_name(entry, value)):
            return found
        if name := quotable(value):
            return validation_error(Reason.UNKNOWN_CONTACT, name=name)
        return validation_error(Reason.INVALID_PHONE, position=str(position))
