"""Take a run through its steps; pure, each function changes the given transition."""

from datetime import datetime, timedelta
from typing import Final

from ..errors import Reason
from .happenings import DAY, RETRY_AFTER, Cancel, NotifyFallback, Read, World
from .plan import StepRecipient
from .sends import Purpose, Send, SendKey, SendState
from .state import AlarmState, Phase, Run
from .transition import Transition, again

NOTHING: Final = timedelta(0)
SECOND: Final = timedelta(seconds=1)
# The wait after a step that a changed plan no longer has.
WAIT_OF_NO_STEP: Final = timedelta(minutes=1)
# The fallback entities are notified once nothing could be sent for this long.
FALLBACK_AFTER: Final = timedelta(minutes=1)
# If a step is later than this, its text says when the alarm began.
LATE: Final = timedelta(minutes=5)
# Sends of older laps are dropped from the run.
LAPS_KEPT: Final = 3
# The reason to repeat a round where no send has one.
NONE_REACHED: Final = "none_reached"
# Why a run can wait, apart from that; the translations have words for these.
WAITING_REASONS: Final = frozenset(
    {
        Reason.ACCOUNT_BLOCKED,
        Reason.CANNOT_CONNECT,
        Reason.INVALID_AUTH,
        Reason.IP_NOT_ALLOWED,
        Reason.NO_MONEY,
        Reason.RECIPIENT_REFUSED,
        Reason.REFUSED,
        Reason.SENDER_REFUSED,
        Reason.TEXT_REFUSED,
    }
)


def come_due(transition: Transition, due_at: datetime) -> None:
    """Begin the step whose time has come: the present or the next one."""
    overdue = transition.now - min(due_at, transition.run.postponed_since or due_at)
    transition.change(late=overdue > LATE)
    if transition.run.phase is Phase.WAITING:
        go_forward(transition)
    elif transition.run.phase in (Phase.READY, Phase.POSTPONED):
        begin_step(transition)


def begin_step(transition: Transition) -> None:
    """Send the present step, after reading the answers if a recipient was reached."""
    transition.change(due_at=None)
    if transition.run.reached:
        transition.change(phase=Phase.READING)
        transition.effects.append(Read())
    else:
        send_step(transition)


def send_step(transition: Transition) -> None:
    """Send to the step's recipients without a send so far; go on where there are none."""
    # What was requested before a restart may have reached a removed recipient: that is found out.
    cancel_unplanned(transition)
    while True:
        recipients = transition.world.recipients(transition.run.step)
        fresh = [send for recipient in recipients if (send := _send_for(transition, recipient))]
        for send in fresh:
            transition.transmit(send)
        if (
            fresh
            or _unplanned(transition)
            or any(one.channel for one in transition.newly_reached())
        ):
            transition.change(phase=Phase.SENDING)
            settle(transition)
            return
        if transition.run.first_step_only or transition.run.step >= len(transition.world.steps):
            break
        transition.change(step=transition.run.step + 1)
    _end_round(transition)


def is_needed(run: Run, world: World, key: SendKey) -> bool:
    """Return whether a send may be requested: a step's only while the alarm runs and plans it."""
    is_running = run.state is AlarmState.RUNNING
    return key.purpose is not Purpose.STEP or (is_running and world.has_recipient(key))


def settle(transition: Transition) -> None:
    """Go on when every send of the step has its result."""
    run, sends = transition.run, transition.run.of_step()
    if any(one.state is SendState.INTENDED for one in sends):
        return
    reached = any(one.state.may_have_reached for one in sends)
    postponed = [one for one in sends if one.state is SendState.POSTPONED and one.channel]
    transition.publish_step(even_if_empty=not reached and not postponed)
    if postponed:
        # Even if some recipients were reached, the step waits while the rest are tried again.
        _postpone(transition, postponed[0].reason)
        return
    transition.change(ahead_step=None, ahead_at=None, late=False)
    if not reached:
        go_forward(transition)
        return
    transition.change(phase=Phase.WAITING, waiting_for=None, postponed_since=None)
    if run.passed_on:
        go_forward(transition)
        return
    steps = transition.world.steps
    wait = steps[run.step].wait if run.step < len(steps) else WAIT_OF_NO_STEP
    transition.change(due_at=max(_requested_at(transition) + wait, transition.now + SECOND))


def _requested_at(transition: Transition) -> datetime:
    """Return when the step was requested: before a late response, or before a restart."""
    ours = [one for one in transition.run.of_step() if one.channel and one.state.may_have_reached]
    reached = [transition.run.reached.get(one.key.recipient) for one in ours]
    ago = min((transition.world.api_now - one.last for one in reached if one), default=NOTHING)
    return transition.now - max(ago, NOTHING)


def cancel_unplanned(transition: Transition) -> None:
    """Cancel the step's sends to recipients that a changed plan no longer has in it."""
    transition.effects += [Cancel(send.key) for send in _unplanned(transition)]


def _unplanned(transition: Transition) -> list[Send]:
    return [
        send
        for send in transition.run.of_step()
        if send.state is SendState.INTENDED
        and send.channel
        and not transition.world.has_recipient(send.key)
    ]


def go_forward(transition: Transition) -> None:
    """Go on with the next step, or the next round."""
    transition.change(step=transition.run.step + 1, passed_on=False)
    if transition.run.first_step_only or transition.run.step >= len(transition.world.steps):
        _end_round(transition)
    else:
        begin_step(transition)


def notify_ahead(transition: Transition) -> None:
    """Notify the other integrations' entities of later steps while ours are postponed."""
    while (at := transition.run.ahead_at) and transition.now >= at:
        number, steps = transition.run.ahead_step or 0, transition.world.steps
        if number >= len(steps) or transition.run.first_step_only:
            transition.change(ahead_at=None)
            return
        for recipient in steps[number].recipients:
            key = _key(transition, number, recipient)
            if recipient.foreign and key not in transition.run.sends:
                transition.transmit(Send(key=key, name=recipient.name, channel=None))
        transition.change(ahead_step=number + 1, ahead_at=at + steps[number].wait)


def _send_for(transition: Transition, recipient: StepRecipient) -> Send | None:
    """Return the send to a recipient in this step, unless it was made."""
    key = _key(transition, transition.run.step, recipient)
    before = transition.run.sends.get(key)
    if before is None:
        return Send(key=key, name=recipient.name, channel=recipient.channel)
    if recipient.foreign:
        return None
    if before.state is SendState.INTENDED:
        # From before a restart: the outbox knows whether it was requested.
        return before
    return again(before) if before.state is SendState.POSTPONED else None


def _postpone(transition: Transition, reason: str | None) -> None:
    """Try the step again in a minute, as the account can send nothing."""
    run, steps = transition.run, transition.world.steps
    since = run.postponed_since or transition.now
    transition.change(
        phase=Phase.POSTPONED,
        due_at=transition.now + RETRY_AFTER,
        postponed_since=since,
        waiting_for=reason,
    )
    if run.ahead_step is None and run.step < len(steps):
        transition.change(ahead_step=run.step + 1, ahead_at=transition.now + steps[run.step].wait)
    _notify_or_give_up(transition, since)


def _notify_or_give_up(transition: Transition, since: datetime) -> None:
    """Notify the fallback entities after a minute, and give up after a day."""
    if transition.now - since >= DAY:
        transition.give_up()
    elif transition.now - since >= FALLBACK_AFTER and not transition.run.fallback_notified:
        transition.change(fallback_notified=True)
        transition.effects.append(NotifyFallback())


def _end_round(transition: Transition) -> None:
    """Begin the next round, or give up; a round that reached no recipient does not count."""
    run = transition.run
    lap = [one for key, one in run.sends.items() if _is_of_lap(key, run.lap)]
    reached = any(one.state.may_have_reached for one in lap)
    if reached and (run.first_step_only or run.round >= transition.plan.rounds):
        # The sensor shows the last step that there was.
        transition.change(step=max(run.step - 1, 0))
        transition.give_up()
        return
    kept = {
        key: one
        for key, one in run.sends.items()
        if key.lap > run.lap - LAPS_KEPT or key.purpose is not Purpose.STEP
    }
    transition.change(lap=run.lap + 1, step=0, phase=Phase.READY, due_at=transition.now, sends=kept)
    if reached:
        transition.change(round=run.round + 1)
        begin_step(transition)
        return
    since = run.postponed_since or transition.now
    reason = next((one.reason for one in lap if one.reason in WAITING_REASONS), NONE_REACHED)
    transition.change(
        due_at=transition.now + RETRY_AFTER, postponed_since=since, waiting_for=reason
    )
    _notify_or_give_up(transition, since)


def _is_of_lap(key: SendKey, lap: int) -> bool:
    return key.purpose is Purpose.STEP and key.lap == lap


def _key(transition: Transition, step: int, recipient: StepRecipient) -> SendKey:
    lap = transition.run.lap
    return SendKey(purpose=Purpose.STEP, lap=lap, step=step, recipient=recipient.reference)
