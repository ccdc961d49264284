"""What an alarm shows of itself: its event, and the attributes of its sensor."""

from datetime import datetime
from typing import Any

from ..events import iso
from .happenings import Publish
from .plan import Plan, ResolvedStep
from .state import AlarmState, Phase, Run


def event_data(plan: Plan, run: Run, event: Publish) -> dict[str, Any]:
    """Return the bus event's data, without what names account and device."""
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
    """Return what the alarm's sensor tells beside its state."""
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
    """Return when it is given up if nobody answers, or when what was taken is past."""
    if run.state is AlarmState.ACKNOWLEDGED and run.since:
        return run.since + plan.hold
    if run.state is not AlarmState.RUNNING or not run.due_at or run.step >= len(steps):
        return None
    at = run.due_at
    first = run.step + 1 if run.phase is Phase.WAITING else run.step
    for step in steps[first:]:
        at += step.wait
    if not run.limited:
        for _ in range(plan.rounds - run.round):
            for step in steps:
                at += step.wait
    return at
