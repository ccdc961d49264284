"""Check whether alarms would get through: when they are saved, and then once a day."""

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
from .sending import AlarmContext


class Checks:
    """Schedules the checks of an account's alarms and keeps their results."""

    def __init__(self, context: AlarmContext, changed: Callable[[AlarmRunner], None]) -> None:
        """Have `changed` called after each check."""
        self._context = context
        self._changed = changed
        self._known: dict[str, Readiness] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        # The account's balance in RUB, None while it is unknown; set by the entry's set-up.
        self.balance: Callable[[], Decimal | None] = lambda: None

    def restore(self, table: Table) -> None:
        """Load the journal's table."""
        for key, data in table.items():
            try:
                self._known[key] = Readiness.from_stored(data)
            except LookupError, TypeError, ValueError:
                LOGGER.warning("The stored result of an alarm's check cannot be read")

    def table(self) -> Table:
        """Return the results as the journal stores them."""
        return {key: one.as_stored() for key, one in self._known.items()}

    def of(self, alarm_id: str) -> Readiness | None:
        """Return the result of an alarm's last check."""
        return self._known.get(alarm_id)

    @callback
    def plan(self, alarm: AlarmRunner, *, now: bool) -> None:
        """Schedule the check of an alarm: now, or a day after the last one."""
        known = self._known.get(alarm.plan.id)
        if known:
            self._apply(alarm, known)
        wait = 0.0
        if known and not now:
            wait = max((known.at + CHECK_INTERVAL - dt_util.utcnow()).total_seconds(), 0)
            wait = min(wait, CHECK_INTERVAL.total_seconds())
        self._schedule(alarm, wait)

    @callback
    def forget(self, alarm_id: str) -> None:
        """Forget an alarm that was removed."""
        if timer := self._timers.pop(alarm_id, None):
            timer()
        if self._known.pop(alarm_id, None):
            self._context.journal.put("alarm_checks", alarm_id, None)

    @callback
    def close(self) -> None:
        """Cancel all checks."""
        for timer in self._timers.values():
            timer()
        self._timers = {}

    @callback
    def _schedule(self, alarm: AlarmRunner, seconds: float) -> None:
        if timer := self._timers.pop(alarm.plan.id, None):
            timer()

        @callback
        def due(_now: datetime) -> None:
            self._context.hass.async_create_background_task(
                self._check(alarm), "smspilot alarm check"
            )

        self._timers[alarm.plan.id] = async_call_later(self._context.hass, seconds, due)

    async def _check(self, alarm: AlarmRunner) -> None:
        if (balance := self.balance()) is None:
            # The API has not responded to the account query yet: wait for that.
            self._schedule(alarm, ACCOUNT_INTERVAL.total_seconds())
            return
        found = await async_check(self._context, alarm, balance)
        if alarm.plan.id not in self._timers:
            return
        self._schedule(alarm, (CHECK_INTERVAL if found else RETRY_INTERVAL).total_seconds())
        if found:
            self._known[alarm.plan.id] = found
            self._context.journal.put("alarm_checks", alarm.plan.id, found.as_stored())
            self._apply(alarm, found)
            self._changed(alarm)

    @staticmethod
    def _apply(alarm: AlarmRunner, found: Readiness) -> None:
        alarm.problems = found.problems
        cost = found.round_cost
        alarm.max_cost = None if cost is None else cost * alarm.plan.rounds
