"""An alarm's plan: what its form saved, as one typed value with every default in one place."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..const import (
    CONF_CHANNEL,
    CONF_RECIPIENTS,
    CONF_WAIT,
    SUBENTRY_ALARM,
    SUBENTRY_RECIPIENT,
)
from ..contacts.recipients import Channel, Recipient
from ..text.periods import period

MAX_STEPS: Final = 20
MAX_ROUNDS: Final = 10
MIN_WAIT: Final = timedelta(seconds=10)
MAX_WAIT: Final = timedelta(days=1)
DEFAULT_WAIT: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The recipients that are notified together, and how long to wait for an answer.

    `recipients` are references (see `reference`); without a channel each gets their usual one.
    """

    recipients: tuple[str, ...]
    channel: Channel | None = None
    wait: timedelta = DEFAULT_WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How an alarm proceeds; `id` is its subentry's, `sources` and `fallback` are references."""

    id: str
    name: str
    sources: tuple[str, ...] = ()
    message: str = ""
    ends_with_sources: bool = True
    end_message: str = ""
    steps: tuple[Step, ...] = ()
    rounds: int = 3
    tell_others: bool = True
    code: bool = False
    pick_up: bool = False
    remind: timedelta = timedelta(minutes=30)
    hold: timedelta = timedelta(minutes=10)
    fallback: tuple[str, ...] = ()

    @classmethod
    def from_subentry(cls, subentry: ConfigSubentry) -> Self:
        """Read a subentry that the form saved; the title is its name, as the user can rename it."""
        given = {
            key: _FROM_STORED[key](value)
            for key, value in subentry.data.items()
            if key in _FROM_STORED
        }
        return cls(id=subentry.subentry_id, name=subentry.title, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecipient:
    """A recipient of a step as it is now: one of ours, or another integration's notify entity."""

    reference: str
    name: str
    channel: Channel | None = None
    ours: Recipient | None = None
    entity_id: str | None = None

    @property
    def foreign(self) -> bool:
        """Return whether another integration notifies them."""
        return self.ours is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedStep:
    """A step with those of its recipients that exist now."""

    recipients: tuple[StepRecipient, ...]
    wait: timedelta


def plans(entry: ConfigEntry) -> dict[str, Plan]:
    """Return the alarms of an account by id, in the order they were added."""
    return {
        subentry.subentry_id: Plan.from_subentry(subentry)
        for subentry in entry.subentries.values()
        if subentry.subentry_type == SUBENTRY_ALARM
    }


def resolve_steps(hass: HomeAssistant, entry: ConfigEntry, plan: Plan) -> tuple[ResolvedStep, ...]:
    """Return a plan's steps with those of their recipients that still exist."""
    return tuple(
        ResolvedStep(
            recipients=tuple(
                recipient
                for one in dict.fromkeys(step.recipients)
                if (recipient := resolve_recipient(hass, entry, one, step.channel))
            ),
            wait=step.wait,
        )
        for step in plan.steps
    )


def resolve_recipient(
    hass: HomeAssistant, entry: ConfigEntry, one: str, channel: Channel | None = None
) -> StepRecipient | None:
    """Return the recipient of a reference, or None where it no longer exists."""
    subentry = entry.subentries.get(one)
    if subentry and subentry.subentry_type == SUBENTRY_RECIPIENT:
        recipient = Recipient.from_subentry(subentry)
        usual = Channel.VOICE if recipient.channel is Channel.VOICE else Channel.TWO_WAY
        return StepRecipient(
            reference=one, name=recipient.name, channel=channel or usual, ours=recipient
        )
    entity_id = entity_of(hass, one)
    if entity_id is None:
        return None
    state = hass.states.get(entity_id)
    return StepRecipient(
        reference=one, name=state.name if state else entity_id, entity_id=entity_id
    )


def reference(hass: HomeAssistant, entry: ConfigEntry, entity_id: str) -> str:
    """Return the reference of an entity, which outlives its renaming.

    For a recipient of ours it is the subentry's id, for others the entity registry's id, for an
    entity that is not in the registry its entity id.
    """
    found = er.async_get(hass).async_get(entity_id)
    if found is None:
        return entity_id
    subentry = entry.subentries.get(found.config_subentry_id or "")
    if found.config_entry_id == entry.entry_id and subentry:
        return subentry.subentry_id
    return found.id


def entity_of(hass: HomeAssistant, one: str) -> str | None:
    """Return the entity id of a reference, or None where it no longer exists."""
    if found := er.async_get(hass).async_get(one):
        return found.entity_id
    return one if "." in one else None


def _step(data: Mapping[str, Any]) -> Step:
    channel = data.get(CONF_CHANNEL)
    return Step(
        recipients=tuple(data[CONF_RECIPIENTS]),
        channel=Channel(channel) if channel else None,
        wait=period(data[CONF_WAIT]) if CONF_WAIT in data else DEFAULT_WAIT,
    )


def _steps(stored: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(map(_step, stored))


def _text(stored: str | None) -> str:
    return stored or ""


# How each field of `Plan` is read from the subentry's data, where it has the same name.
_FROM_STORED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "sources": tuple,
    "message": _text,
    "ends_with_sources": bool,
    "end_message": _text,
    "steps": _steps,
    "rounds": int,
    "tell_others": bool,
    "code": bool,
    "pick_up": bool,
    "remind": period,
    "hold": period,
    "fallback": tuple,
}
