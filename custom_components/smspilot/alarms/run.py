"""The transition function of a run: pure, from a happening to a new run and its effects.

It knows neither Home Assistant nor the API. The caller writes the new run to the disk before it
executes the effects.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .happenings import (
    DAY,
    RETRY_AFTER,
    Acknowledged,
    AlarmEvent,
    AnswersRead,
    Declined,
    Effect,
    Ended,
    Happening,
    NotDelivered,
    Read,
    Recovered,
    Sent,
    Started,
    Ticked,
    Transmit,
    World,
    WrongCodes,
)
from .results import take_failure, take_result
from .sends import Purpose, SendState
from .state import AlarmState, Phase, Run
from .steps import (
    begin_step,
    cancel_unplanned,
    come_due,
    go_forward,
    notify_ahead,
    send_step,
    settle,
)
from .transition import Transition, to_notify_again

# From the 11th run of a day on only the first step is sent, so that a source that keeps turning on
# and off does not cost a fortune.
MAX_RUNS_A_DAY: Final = 10
# Sources end a run once all of them have been off for this long.
ENDS_AFTER: Final = timedelta(minutes=1)


def advance(  # noqa: C901 - a case for each happening
    run: Run, happening: Happening, world: World
) -> tuple[Run, list[Effect]]:
    """Return the run after a happening, and the effects to execute."""
    transition = Transition(run, world)
    match happening:
        case Started():
            _start(transition, happening)
        case Ticked():
            _tick(transition)
        case Recovered():
            _recover(transition)
        case AnswersRead():
            if transition.is_in(Phase.READING):
                send_step(transition)
        case Sent():
            take_result(transition, happening)
        case NotDelivered(message_id):
            take_failure(transition, message_id)
        case Acknowledged():
            _acknowledge(transition, happening)
        case Declined():
            _decline(transition, happening)
        case WrongCodes(phone, count):
            tried = {phone: run.wrong_codes.get(phone, 0) + count}
            transition.change(wrong_codes=run.wrong_codes | tried)
        case Ended(message):
            if run.alive:
                transition.end(message)
    return transition.run, transition.effects


def next_tick(run: Run, world: World) -> datetime | None:
    """Return the next time at which `Ticked` may change the run."""
    plan, times = world.plan, list[datetime | None]()
    if run.state is AlarmState.RUNNING:
        times += [run.due_at, run.ahead_at]
    elif run.alive and run.since:
        times.append(run.since + plan.hold)
        if plan.remind:
            times.append(run.since + plan.remind)
    if run.alive and world.off_since:
        times.append(world.off_since + ENDS_AFTER)
    if to_notify_again(run, world.now):
        times.append(world.now + RETRY_AFTER)
    return min((at for at in times if at and at > world.now), default=None)


def _start(transition: Transition, start: Started) -> None:
    run, is_update = transition.run, False
    same_danger = run.state is AlarmState.RUNNING or (
        run.state is AlarmState.UNANSWERED and start.flap
    )
    if run.state is AlarmState.ACKNOWLEDGED and not transition.lasted(transition.plan.hold):
        same_danger = True
        is_update = start.message != run.message and not run.update_sent
    if same_danger:
        by_source = run.by_source or start.by_source
        transition.change(message=start.message, by_source=by_source)
        if is_update and run.acknowledger_id:
            transition.change(update_sent=True)
            transition.notify(Purpose.UPDATE, [run.acknowledger_id])
        return
    starts = (*(one for one in run.starts if transition.now - one < DAY), transition.now)
    transition.run = Run(
        alarm_id=start.alarm_id,
        state=AlarmState.RUNNING,
        message=start.message,
        code=start.code,
        started_at=transition.now,
        since=transition.now,
        by_source=start.by_source,
        first_step_only=len(starts) > MAX_RUNS_A_DAY,
        starts=starts,
    )
    transition.publish(AlarmEvent.STARTED)
    begin_step(transition)


def _acknowledge(transition: Transition, taken: Acknowledged) -> None:
    if transition.run.state in (AlarmState.RUNNING, AlarmState.UNANSWERED):
        transition.enter(
            AlarmState.ACKNOWLEDGED, acknowledged_by=taken.by, acknowledger_id=taken.recipient
        )
        transition.publish(AlarmEvent.ACKNOWLEDGED, taken.by)
        transition.notify_others()


def _decline(transition: Transition, declined: Declined) -> None:
    run = transition.run
    if run.state not in (AlarmState.RUNNING, AlarmState.UNANSWERED):
        return
    transition.change(declined=tuple(dict.fromkeys((*run.declined, declined.name))))
    transition.publish(AlarmEvent.DECLINED, declined.name)
    if not any(one.key.recipient == declined.recipient for one in run.of_step()):
        return
    if transition.is_in(Phase.WAITING):
        go_forward(transition)
    elif run.state is AlarmState.RUNNING:
        transition.change(passed_on=True)


def _tick(transition: Transition) -> None:
    run = transition.run
    transition.notify_again()
    if _is_over(transition):
        transition.end(transition.plan.end_message)
    elif run.state is AlarmState.RUNNING and _is_stale(transition):
        transition.give_up()
    elif run.state is AlarmState.RUNNING:
        notify_ahead(transition)
        cancel_unplanned(transition)
        if run.due_at and transition.now >= run.due_at:
            come_due(transition, run.due_at)
    elif _is_forgotten(transition):
        transition.end("")
    elif run.alive and _must_remind(transition):
        _remind(transition)


def _recover(transition: Transition) -> None:
    """Repeat what is safe to repeat after a restart, and go on with what is overdue."""
    run = transition.run
    # A machine without a clock battery may have stored a time that is far ahead.
    max_wait = max([RETRY_AFTER, *(step.wait for step in transition.world.steps)])
    if run.due_at and run.due_at - transition.now > max_wait:
        transition.change(due_at=transition.now)
    for send in [one for one in run.sends.values() if one.state is SendState.INTENDED]:
        if send.channel is None:
            # It is unknown whether the other integration sent it: do not send it twice.
            transition.put(replace(send, state=SendState.IN_DOUBT))
        elif run.state is not AlarmState.RUNNING or send.key.purpose is not Purpose.STEP:
            transition.effects.append(Transmit(send.key))
    under_way = any(one.state is SendState.INTENDED for one in transition.run.of_step())
    if transition.is_in(Phase.SENDING) and not under_way:
        settle(transition)
    elif transition.is_in(Phase.READING) or transition.is_in(Phase.SENDING):
        # Read the answers that came meanwhile before what was under way goes on.
        transition.change(phase=Phase.READING)
        transition.effects.append(Read())
    _tick(transition)


def _is_stale(transition: Transition) -> bool:
    """Return whether the run began more than a day ago and no source is on."""
    began = transition.run.started_at
    return bool(began and transition.now - began > DAY and not transition.world.on)


def _is_over(transition: Transition) -> bool:
    """Return whether the sources end the run: all have been off for a minute."""
    run, off_since = transition.run, transition.world.off_since
    return bool(
        run.alive
        and transition.plan.ends_with_sources
        and run.by_source
        and off_since
        and transition.now - off_since >= ENDS_AFTER
        and (run.state is not AlarmState.ACKNOWLEDGED or transition.lasted(transition.plan.hold))
    )


def _is_forgotten(transition: Transition) -> bool:
    """Return whether the run was acknowledged, `hold` has passed, and no source can end it."""
    run, plan = transition.run, transition.plan
    if run.state is not AlarmState.ACKNOWLEDGED or transition.world.on:
        return False
    ends_by_sources = plan.ends_with_sources and run.by_source and transition.world.off_since
    return transition.lasted(plan.hold) and not ends_by_sources


def _must_remind(transition: Transition) -> bool:
    remind, began = transition.plan.remind, transition.run.started_at
    young = began and transition.now - began < DAY
    return bool(remind and transition.world.on and young and transition.lasted(remind))


def _remind(transition: Transition) -> None:
    """Begin the steps again; texts written before do not answer the reminder."""
    run, since = transition.run, transition.world.api_now
    if run.state is AlarmState.ACKNOWLEDGED:
        transition.change(
            acknowledged_before_by=run.acknowledged_by, acknowledged_before_at=run.since
        )
    transition.change(
        state=AlarmState.RUNNING,
        since=transition.now,
        lap=run.lap + 1,
        round=1,
        step=0,
        acknowledged_by=None,
        acknowledger_id=None,
        declined=(),
        passed_on=False,
        update_sent=False,
        reached={key: replace(one, since=since) for key, one in run.reached.items()},
    )
    begin_step(transition)
