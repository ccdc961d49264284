"""What an alarm publishes: its event, its sensor's attributes, its steps on the trail."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ..events import iso
from .happenings import Effect, Happening, NotifyFallback, Publish, Started
from .plan import Plan, ResolvedStep
from .state import AlarmState, Phase, Run


def event_data(plan: Plan, run: Run, event: Publish) -> dict[str, Any]:
    """Return the bus event's data, without the account and device fields."""
    return {
        "alarm": plan.name,
        "alarm_id": run.alarm_id,
        "type": event.type.value,
        "state": run.state.value,
        "message": run.message,
        "step": run.step + 1,
        "round": run.round,
        "recipient": ", ".join(event.names) or None,
        "acknowledged_by": run.acknowledged_by,
        "started_at": iso(run.started_at),
    }


def attributes(plan: Plan, run: Run, steps: tuple[ResolvedStep, ...]) -> dict[str, Any]:
    """Return the attributes of the alarm's sensor."""
    if run.state is AlarmState.IDLE:
        nothing = dict.fromkeys(("alarm_id", "message", "step", "round", "started_at", "ends_at"))
        return {**nothing, "reached": [], "acknowledged_by": None, "waiting_for": None}
    return {
        "alarm_id": run.alarm_id,
        "message": run.message,
        "step": run.step + 1,
        "round": run.round,
        "reached": [one.name for one in run.reached.values()],
        "acknowledged_by": run.acknowledged_by,
        "waiting_for": run.waiting_for,
        "started_at": iso(run.started_at),
        "ends_at": iso(ends_at(plan, run, steps)),
    }


def ends_at(plan: Plan, run: Run, steps: tuple[ResolvedStep, ...]) -> datetime | None:
    """Return when a running alarm becomes unanswered, or when `hold` ends after an answer."""
    if run.state is AlarmState.ACKNOWLEDGED and run.since:
        return run.since + plan.hold
    if run.state is not AlarmState.RUNNING or not run.due_at or run.step >= len(steps):
        return None
    at = run.due_at
    first = run.step + 1 if run.phase is Phase.WAITING else run.step
    for step in steps[first:]:
        at += step.wait
    if not run.first_step_only:
        for _ in range(plan.rounds - run.round):
            for step in steps:
                at += step.wait
    return at


def steps_taken(
    before: Run, run: Run, happening: Happening, effects: Iterable[Effect]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the steps for the trail that follow from a transition of the run."""
    where = {"alarm_id": run.alarm_id, "number": run.step + 1, "round": run.round}
    taken = [
        (f"alarm {one.type}", where | {"recipients": len(one.names)})
        for one in effects
        if isinstance(one, Publish)
    ]
    if any(isinstance(one, NotifyFallback) for one in effects):
        taken.append(("alarm fallback", where))
    if run.waiting_for and run.waiting_for != before.waiting_for:
        taken.append(("alarm postponed", where | {"reason": run.waiting_for}))
    if run.wrong_codes != before.wrong_codes and run.alarm_id == before.alarm_id:
        taken.append(("alarm code wrong", where))
    if isinstance(happening, Started) and run.alarm_id == before.alarm_id:
        taken.append(("alarm not started", where | {"reason": f"is_{run.state}"}))
    if not taken and _position(run) != _position(before):
        taken.append(("alarm went on", where | {"state": run.state, "phase": run.phase}))
    return taken


def _position(run: Run) -> tuple[object, ...]:
    return run.state, run.phase, run.lap, run.step
