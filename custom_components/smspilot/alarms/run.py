"""The transition function of a run: pure, from a happening to a new run and its effects.

It knows neither Home Assistant nor the API. The caller writes the new run to the disk before it
executes the effects.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from .happenings import (
    DAY,
    MINUTE,
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
from .sends import Outcome, Purpose
from .state import AlarmState, Phase, Run
from .steps import (
    begin_step,
    cancel_gone,
    come_due,
    go_forward,
    notify_ahead,
    send_step,
    settle,
)
from .turn import Turn, to_notify_again

# From the 11th run of a day on only the first step is sent, so that a source that keeps turning on
# and off does not cost a fortune.
MAX_RUNS_A_DAY: Final = 10


def advance(  # noqa: C901 - a case for each happening
    run: Run, happening: Happening, world: World
) -> tuple[Run, list[Effect]]:
    """Return the run after a happening, and the effects to execute."""
    turn = Turn(run, world)
    match happening:
        case Started():
            _start(turn, happening)
        case Ticked():
            _tick(turn)
        case Recovered():
            _recover(turn)
        case AnswersRead():
            if turn.is_in(Phase.READING):
                send_step(turn)
        case Sent():
            take_result(turn, happening)
        case NotDelivered(message_id):
            take_failure(turn, message_id)
        case Acknowledged():
            _acknowledge(turn, happening)
        case Declined():
            _decline(turn, happening)
        case WrongCodes(phone, count):
            tried = {phone: run.wrong_codes.get(phone, 0) + count}
            turn.change(wrong_codes=run.wrong_codes | tried)
        case Ended(message):
            if run.alive:
                turn.end(message)
    return turn.run, turn.wanted


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
        times.append(world.off_since + MINUTE)
    if to_notify_again(run, world.now):
        times.append(world.now + MINUTE)
    return min((at for at in times if at and at > world.now), default=None)


def _start(turn: Turn, start: Started) -> None:
    run, news = turn.run, False
    same_danger = run.state is AlarmState.RUNNING or (
        run.state is AlarmState.UNANSWERED and start.flap
    )
    if run.state is AlarmState.ACKNOWLEDGED and not turn.lasted(turn.plan.hold):
        same_danger = True
        news = start.message != run.message and not run.news_sent
    if same_danger:
        by_source = run.by_source or start.by_source
        turn.change(message=start.message, by_source=by_source)
        if news and run.taker:
            turn.change(news_sent=True)
            turn.notify(Purpose.NEWS, [run.taker])
        return
    starts = (*(one for one in run.starts if turn.now - one < DAY), turn.now)
    turn.run = Run(
        alarm_id=start.alarm_id,
        state=AlarmState.RUNNING,
        message=start.message,
        code=start.code,
        started_at=turn.now,
        since=turn.now,
        by_source=start.by_source,
        limited=len(starts) > MAX_RUNS_A_DAY,
        starts=starts,
    )
    turn.publish(AlarmEvent.STARTED)
    begin_step(turn)


def _acknowledge(turn: Turn, taken: Acknowledged) -> None:
    if turn.run.state in (AlarmState.RUNNING, AlarmState.UNANSWERED):
        turn.enter(AlarmState.ACKNOWLEDGED, acknowledged_by=taken.by, taker=taken.recipient)
        turn.publish(AlarmEvent.ACKNOWLEDGED, taken.by)
        turn.notify_others()


def _decline(turn: Turn, declined: Declined) -> None:
    run = turn.run
    if run.state not in (AlarmState.RUNNING, AlarmState.UNANSWERED):
        return
    turn.change(declined=tuple(dict.fromkeys((*run.declined, declined.name))))
    turn.publish(AlarmEvent.DECLINED, declined.name)
    if not any(one.key.recipient == declined.recipient for one in run.of_step()):
        return
    if turn.is_in(Phase.WAITING):
        go_forward(turn)
    elif run.state is AlarmState.RUNNING:
        turn.change(passed_on=True)


def _tick(turn: Turn) -> None:
    run = turn.run
    turn.notify_again()
    if _is_over(turn):
        turn.end(turn.plan.end_message)
    elif run.state is AlarmState.RUNNING and _is_stale(turn):
        turn.give_up()
    elif run.state is AlarmState.RUNNING:
        notify_ahead(turn)
        cancel_gone(turn)
        if run.due_at and turn.now >= run.due_at:
            come_due(turn, run.due_at)
    elif _is_forgotten(turn):
        turn.end("")
    elif run.alive and _must_remind(turn):
        _remind(turn)


def _recover(turn: Turn) -> None:
    """Repeat what is safe to repeat after a restart, and go on with what is overdue."""
    run = turn.run
    # A machine without a clock battery may have stored a time that is far ahead.
    longest = max((step.wait for step in turn.world.steps), default=MINUTE)
    if run.due_at and run.due_at - turn.now > max(longest, MINUTE):
        turn.change(due_at=turn.now)
    for send in [one for one in run.sends.values() if one.outcome is Outcome.INTENDED]:
        if send.channel is None:
            # It is unknown whether the other integration sent it: do not send it twice.
            turn.put(replace(send, outcome=Outcome.IN_DOUBT))
        elif run.state is not AlarmState.RUNNING or send.key.purpose is not Purpose.STEP:
            turn.wanted.append(Transmit(send.key))
    if turn.is_in(Phase.SENDING) and not _is_under_way(turn):
        settle(turn)
    elif turn.is_in(Phase.READING) or turn.is_in(Phase.SENDING):
        # Read the answers that came meanwhile before what was under way goes on.
        turn.change(phase=Phase.READING)
        turn.wanted.append(Read())
    _tick(turn)


def _is_under_way(turn: Turn) -> bool:
    return any(one.outcome is Outcome.INTENDED for one in turn.run.of_step())


def _is_stale(turn: Turn) -> bool:
    """Return whether the run began more than a day ago and no source is on."""
    began = turn.run.started_at
    return bool(began and turn.now - began > DAY and not turn.world.on)


def _is_over(turn: Turn) -> bool:
    """Return whether the sources end the run: all have been off for a minute."""
    run, off_since = turn.run, turn.world.off_since
    return bool(
        run.alive
        and turn.plan.ends_with_sources
        and run.by_source
        and off_since
        and turn.now - off_since >= MINUTE
        and (run.state is not AlarmState.ACKNOWLEDGED or turn.lasted(turn.plan.hold))
    )


def _is_forgotten(turn: Turn) -> bool:
    """Return whether the run was acknowledged, `hold` has passed, and no source can end it."""
    run = turn.run
    if run.state is not AlarmState.ACKNOWLEDGED or turn.world.on:
        return False
    ends_by_sources = turn.plan.ends_with_sources and run.by_source and turn.world.off_since
    return turn.lasted(turn.plan.hold) and not ends_by_sources


def _must_remind(turn: Turn) -> bool:
    remind, began = turn.plan.remind, turn.run.started_at
    young = began and turn.now - began < DAY
    return bool(remind and turn.world.on and young and turn.lasted(remind))


def _remind(turn: Turn) -> None:
    """Begin the steps again; texts written before do not answer the reminder."""
    run, since = turn.run, turn.world.api_now
    if run.state is AlarmState.ACKNOWLEDGED:
        turn.change(taken_by=run.acknowledged_by, taken_at=run.since)
    turn.change(
        state=AlarmState.RUNNING,
        since=turn.now,
        lap=run.lap + 1,
        round=1,
        step=0,
        acknowledged_by=None,
        taker=None,
        declined=(),
        passed_on=False,
        news_sent=False,
        reached={key: replace(one, since=since) for key, one in run.reached.items()},
    )
    begin_step(turn)
