"""When alarms are checked: as soon as they are saved, and then once a day."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..runtime.journal import Table
from .readiness import (
    ACCOUNT_INTERVAL,
    CHECK_INTERVAL,
    RETRY_INTERVAL,
    Readiness,
    async_check,
)
from .runner import AlarmRunner
from .sending import Ways


class Checks:
    """What is known of the readiness of an account's alarms."""

    def __init__(self, ways: Ways, changed: Callable[[AlarmRunner], None]) -> None:
        """Know nothing yet; `changed` is called when something was found out."""
        self._ways = ways
        self._changed = changed
        self._known: dict[str, Readiness] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        # What the account has, RUB, where that is known; set with the account's first answer.
        self.balance: Callable[[], Decimal | None] = lambda: None

    def restore(self, table: Table) -> None:
        """Take up what was found out before the restart."""
        for key, data in table.items():
            try:
                self._known[key] = Readiness.from_stored(data)
            except LookupError, TypeError, ValueError:
                LOGGER.warning("What is known of an alarm's readiness cannot be read")

    def table(self) -> Table:
        """Return it as stored."""
        return {key: one.as_stored() for key, one in self._known.items()}

    def of(self, alarm_id: str) -> Readiness | None:
        """Return what was found out about an alarm last."""
        return self._known.get(alarm_id)

    @callback
    def plan(self, alarm: AlarmRunner, *, now: bool) -> None:
        """Check an alarm now, or a day after the last time."""
        known = self._known.get(alarm.plan.id)
        if known:
            self._take(alarm, known)
        wait = 0.0
        if known and not now:
            wait = max((known.at + CHECK_INTERVAL - dt_util.utcnow()).total_seconds(), 0)
            wait = min(wait, CHECK_INTERVAL.total_seconds())
        self._set(alarm, wait)

    @callback
    def forget(self, alarm_id: str) -> None:
        """Forget an alarm that is gone."""
        if timer := self._timers.pop(alarm_id, None):
            timer()
        if self._known.pop(alarm_id, None):
            self._ways.journal.put("alarm_checks", alarm_id, None)

    @callback
    def close(self) -> None:
        """Check nothing any more."""
        for timer in self._timers.values():
            timer()
        self._timers = {}

    @callback
    def _set(self, alarm: AlarmRunner, seconds: float) -> None:
        if timer := self._timers.pop(alarm.plan.id, None):
            timer()

        @callback
        def due(_now: datetime) -> None:
            self._ways.hass.async_create_background_task(self._check(alarm), "smspilot alarm check")

        self._timers[alarm.plan.id] = async_call_later(self._ways.hass, seconds, due)

    async def _check(self, alarm: AlarmRunner) -> None:
        if (balance := self.balance()) is None:
            # The account has not answered yet, so neither would it answer this.
            self._set(alarm, ACCOUNT_INTERVAL.total_seconds())
            return
        found = await async_check(self._ways, alarm, balance)
        if alarm.plan.id not in self._timers:
            return
        self._set(alarm, (CHECK_INTERVAL if found else RETRY_INTERVAL).total_seconds())
        if found:
            self._known[alarm.plan.id] = found
            self._ways.journal.put("alarm_checks", alarm.plan.id, found.as_stored())
            self._take(alarm, found)
            self._changed(alarm)

    @staticmethod
    def _take(alarm: AlarmRunner, found: Readiness) -> None:
        alarm.problems = found.problems
        cost = found.round_cost
        alarm.most_cost = None if cost is None else cost * alarm.plan.rounds
