"""The entities that start an alarm, and which of them were on before a restart."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from .plan import entity_of

# Of binary sensors and input booleans, and of alarm panels.
ON: Final = (STATE_ON, "triggered")
NO_STATE: Final = (STATE_UNAVAILABLE, STATE_UNKNOWN)
# A source that was off for less time flaps: it does not start a new run.
FLAP: Final = timedelta(minutes=1)


class Sources:
    """Watches the sources of an alarm; one without a state counts as it last was.

    `turned_on` is called for each source that turns on, with whether it flaps; `turned_off` for
    each that turns off. Both are called after `on` and `off_since` have changed.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        turned_on: Callable[[bool], None],
        turned_off: Callable[[], None],
    ) -> None:
        self._hass = hass
        self._turned_on = turned_on
        self._turned_off = turned_off
        self._untrack: CALLBACK_TYPE | None = None
        self._by_entity: dict[str, str] = {}
        self._off_at: dict[str, datetime] = {}
        # References of the sources that are on, or were when they last had a state.
        self.on: set[str] = set()
        self.off_since: datetime | None = dt_util.utcnow()

    def restore(self, on: Iterable[str]) -> None:
        """Set which sources were on before the restart."""
        self.on = {*on}
        self.off_since = None if self.on else self.off_since

    @callback
    def track(self, references: Iterable[str]) -> bool:
        """Track these sources; return whether one is on that was off or not tracked before."""
        self.stop()
        self._by_entity = {
            entity_id: one for one in references if (entity_id := entity_of(self._hass, one))
        }
        self.on &= {*references}
        self.off_since = None if self.on else (self.off_since or dt_util.utcnow())
        self._untrack = async_track_state_change_event(
            self._hass, self._by_entity, self._state_changed
        )
        known = {*self.on}
        for entity_id in self._by_entity:
            if state := self._hass.states.get(entity_id):
                self._update(entity_id, state.state)
        return bool(self.on - known)

    @callback
    def stop(self) -> None:
        """Stop tracking."""
        if self._untrack:
            self._untrack()
            self._untrack = None

    @property
    def names(self) -> list[str]:
        """Return the names of the sources that are on."""
        states = (
            self._hass.states.get(entity_id)
            for entity_id, one in self._by_entity.items()
            if one in self.on
        )
        return [state.name for state in states if state]

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is None or not self._update(state.entity_id, state.state):
            return
        one = self._by_entity[state.entity_id]
        if one in self.on:
            was_off = self._off_at.pop(one, None)
            self._turned_on(bool(was_off and dt_util.utcnow() - was_off < FLAP))
        else:
            self._off_at[one] = dt_util.utcnow()
            self._turned_off()

    @callback
    def _update(self, entity_id: str, state: str) -> bool:
        """Note the state of a source, and return whether it turned on or off."""
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
