"""Take a run through its steps; pure, each function changes the turn it is given."""

from datetime import datetime, timedelta
from typing import Final

from .happenings import DAY, MINUTE, Cancel, NotifyFallback, Read, World
from .plan import Party
from .sends import Outcome, Purpose, Send, SendKey
from .state import AlarmState, Phase, Run
from .turn import Turn, again

NOTHING: Final = timedelta(0)
SECOND: Final = timedelta(seconds=1)
# The text of a step that is overdue by more says when the alarm began.
LATE: Final = timedelta(minutes=5)
# Sends of older laps are dropped from the run.
LAPS_KEPT: Final = 3
# The reason to repeat a round where no send has one.
NOBODY_REACHED: Final = "nobody_reached"


def come_due(turn: Turn, due_at: datetime) -> None:
    """Begin the step whose time has come: the present or the next one."""
    overdue = turn.now - min(due_at, turn.run.held_since or due_at)
    turn.change(late=overdue > LATE)
    if turn.run.phase is Phase.WAITING:
        go_forward(turn)
    elif turn.run.phase in (Phase.READY, Phase.HELD):
        begin_step(turn)


def begin_step(turn: Turn) -> None:
    """Send the present step, after reading the answers if a recipient was reached."""
    turn.change(due_at=None)
    if turn.run.reached:
        turn.change(phase=Phase.READING)
        turn.wanted.append(Read())
    else:
        send_step(turn)


def send_step(turn: Turn) -> None:
    """Send to the step's recipients who were not sent to yet; go on where there are none."""
    # What was requested before a restart may have reached whoever is gone: that is found out.
    cancel_gone(turn)
    while True:
        parties = turn.world.parties(turn.run.step)
        fresh = [send for party in parties if (send := _send_for(turn, party))]
        for send in fresh:
            turn.transmit(send)
        if fresh or _gone(turn) or any(one.channel for one in turn.newly_reached()):
            turn.change(phase=Phase.SENDING)
            settle(turn)
            return
        if turn.run.limited or turn.run.step >= len(turn.world.steps):
            break
        turn.change(step=turn.run.step + 1)
    _end_round(turn)


def is_wanted(run: Run, world: World, key: SendKey) -> bool:
    """Return whether a send may be requested: a step's only while the alarm runs and plans it."""
    is_running = run.state is AlarmState.RUNNING
    return key.purpose is not Purpose.STEP or (is_running and world.plans(key))


def settle(turn: Turn) -> None:
    """Go on when every send of the step has its result."""
    run, sends = turn.run, turn.run.of_step()
    if any(one.outcome is Outcome.INTENDED for one in sends):
        return
    reached = any(one.outcome.reaches for one in sends)
    held = [one for one in sends if one.outcome is Outcome.HELD and one.channel]
    turn.publish_step(even_if_empty=not reached and not held)
    if held:
        # Also where others of the step are reached: whoever is left is tried for as long.
        _hold(turn, held[0].reason)
        return
    turn.change(ahead_step=None, ahead_at=None, late=False)
    if not reached:
        go_forward(turn)
        return
    turn.change(phase=Phase.WAITING, waiting_for=None, held_since=None)
    if run.passed_on:
        go_forward(turn)
        return
    steps = turn.world.steps
    wait = steps[run.step].wait if run.step < len(steps) else MINUTE
    turn.change(due_at=max(_requested_at(turn) + wait, turn.now + SECOND))


def _requested_at(turn: Turn) -> datetime:
    """Return when the step was requested: before a late response, or before a restart."""
    ours = [one for one in turn.run.of_step() if one.channel and one.outcome.reaches]
    reached = [turn.run.reached.get(one.key.recipient) for one in ours]
    ago = min((turn.world.api_now - one.last for one in reached if one), default=NOTHING)
    return turn.now - max(ago, NOTHING)


def cancel_gone(turn: Turn) -> None:
    """Cancel the step's sends to recipients that a changed plan no longer has in it."""
    turn.wanted += [Cancel(send.key) for send in _gone(turn)]


def _gone(turn: Turn) -> list[Send]:
    return [
        send
        for send in turn.run.of_step()
        if send.outcome is Outcome.INTENDED and send.channel and not turn.world.plans(send.key)
    ]


def go_forward(turn: Turn) -> None:
    """Go on with the next step, or the next round."""
    turn.change(step=turn.run.step + 1, passed_on=False)
    if turn.run.limited or turn.run.step >= len(turn.world.steps):
        _end_round(turn)
    else:
        begin_step(turn)


def notify_ahead(turn: Turn) -> None:
    """Notify the other integrations' entities of later steps while ours are held."""
    while (at := turn.run.ahead_at) and turn.now >= at:
        number, steps = turn.run.ahead_step or 0, turn.world.steps
        if number >= len(steps) or turn.run.limited:
            turn.change(ahead_at=None)
            return
        for party in steps[number].parties:
            key = _key(turn, number, party)
            if party.foreign and key not in turn.run.sends:
                turn.transmit(Send(key=key, name=party.name, channel=None))
        turn.change(ahead_step=number + 1, ahead_at=at + steps[number].wait)


def _send_for(turn: Turn, party: Party) -> Send | None:
    """Return the send to a recipient in this step, unless it was made."""
    key = _key(turn, turn.run.step, party)
    before = turn.run.sends.get(key)
    if before is None:
        return Send(key=key, name=party.name, channel=party.channel)
    if party.foreign:
        return None
    if before.outcome is Outcome.INTENDED:
        # From before a restart: the outbox knows whether it was requested.
        return before
    return again(before) if before.outcome is Outcome.HELD else None


def _hold(turn: Turn, reason: str | None) -> None:
    """Hold the step and try again in a minute, as the account can send nothing."""
    run, steps = turn.run, turn.world.steps
    since = run.held_since or turn.now
    turn.change(phase=Phase.HELD, due_at=turn.now + MINUTE, held_since=since, waiting_for=reason)
    if run.ahead_step is None and run.step < len(steps):
        turn.change(ahead_step=run.step + 1, ahead_at=turn.now + steps[run.step].wait)
    _notify_or_give_up(turn, since)


def _notify_or_give_up(turn: Turn, since: datetime) -> None:
    """Notify the fallback entities after a minute, and give up after a day."""
    if turn.now - since >= DAY:
        turn.give_up()
    elif turn.now - since >= MINUTE and not turn.run.fallback_notified:
        turn.change(fallback_notified=True)
        turn.wanted.append(NotifyFallback())


def _end_round(turn: Turn) -> None:
    """Begin the next round, or give up; a round that reached no recipient does not count."""
    run = turn.run
    lap = [one for key, one in run.sends.items() if _is_of_lap(key, run.lap)]
    reached = any(one.outcome.reaches for one in lap)
    if reached and (run.limited or run.round >= turn.plan.rounds):
        turn.change(step=max(run.step - 1, 0))
        turn.give_up()
        return
    kept = {
        key: one
        for key, one in run.sends.items()
        if key.lap > run.lap - LAPS_KEPT or key.purpose is not Purpose.STEP
    }
    turn.change(lap=run.lap + 1, step=0, phase=Phase.READY, due_at=turn.now, sends=kept)
    if reached:
        turn.change(round=run.round + 1)
        begin_step(turn)
        return
    since = run.held_since or turn.now
    reason = next((one.reason for one in lap if one.reason), NOBODY_REACHED)
    turn.change(due_at=turn.now + MINUTE, held_since=since, waiting_for=reason)
    _notify_or_give_up(turn, since)


def _is_of_lap(key: SendKey, lap: int) -> bool:
    return key.purpose is Purpose.STEP and key.lap == lap


def _key(turn: Turn, step: int, party: Party) -> SendKey:
    lap = turn.run.lap
    return SendKey(purpose=Purpose.STEP, lap=lap, step=step, recipient=party.reference)
