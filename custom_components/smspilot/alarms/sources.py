"""What starts an alarm: sensors and panels, from the disk's knowledge of what was on."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from .plan import entity_of

# Those of binary sensors and input booleans, and of alarm panels.
ON: Final = (STATE_ON, "triggered")
NO_STATE: Final = (STATE_UNAVAILABLE, STATE_UNKNOWN)
# What was off for less only flickers.
FLAP: Final = timedelta(minutes=1)


class Sources:
    """The sources of an alarm; what has no state stays as it was known.

    `turned_on` is called for each that turns on, with whether it was off only for a moment;
    `turned_off` for each that turns off. Both are called after `on` and `off_since` have changed.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        turned_on: Callable[[bool], None],
        turned_off: Callable[[], None],
    ) -> None:
        """Watch nothing yet."""
        self._hass = hass
        self._turned_on = turned_on
        self._turned_off = turned_off
        self._stop: CALLBACK_TYPE | None = None
        self._by_entity: dict[str, str] = {}
        self._off_at: dict[str, datetime] = {}
        # References of those that were on when they last had a state.
        self.on: set[str] = set()
        self.off_since: datetime | None = dt_util.utcnow()

    def restore(self, on: Iterable[str]) -> None:
        """Take up what was on before the restart."""
        self.on = {*on}
        self.off_since = None if self.on else self.off_since

    @callback
    def watch(self, references: Iterable[str]) -> bool:
        """Watch these from now on; return whether one is on that was not known to be."""
        self.stop()
        self._by_entity = {
            entity_id: one for one in references if (entity_id := entity_of(self._hass, one))
        }
        if gone := self.on.difference(references):
            self.on -= gone
        self.off_since = None if self.on else (self.off_since or dt_util.utcnow())
        self._stop = async_track_state_change_event(self._hass, self._by_entity, self._changed)
        known = {*self.on}
        for entity_id in self._by_entity:
            if state := self._hass.states.get(entity_id):
                self._take(entity_id, state.state)
        return bool(self.on - known)

    @callback
    def stop(self) -> None:
        """Watch nothing any more."""
        if self._stop:
            self._stop()
            self._stop = None

    @property
    def names(self) -> list[str]:
        """Return the names of those that are on."""
        states = (
            self._hass.states.get(entity_id)
            for entity_id, one in self._by_entity.items()
            if one in self.on
        )
        return [state.name for state in states if state]

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is None or not self._take(state.entity_id, state.state):
            return
        one = self._by_entity[state.entity_id]
        if one in self.on:
            was_off = self._off_at.pop(one, None)
            self._turned_on(bool(was_off and dt_util.utcnow() - was_off < FLAP))
        else:
            self._off_at[one] = dt_util.utcnow()
            self._turned_off()

    @callback
    def _take(self, entity_id: str, state: str) -> bool:
        """Take a state, and return whether it is another one than was known."""
        one = self._by_entity[entity_id]
        if state in NO_STATE or (state in ON) == (one in self.on):
            return False
        if state in ON:
            self.on.add(one)
            self.off_since = None
        else:
            self.on.discard(one)
            self.off_since = None if self.on else dt_util.utcnow()
        return True
