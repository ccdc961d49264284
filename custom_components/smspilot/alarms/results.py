"""Apply the results of a run's messages; pure, each function changes the given transition."""

from dataclasses import replace
from typing import Final

from ..contacts.recipients import Channel
from .happenings import Sent
from .sends import Purpose, Reached, Send, SendState
from .state import AlarmState, Phase, Run
from .steps import go_forward, settle
from .transition import Transition, again

# Attempts to reword a text that the API refuses as a duplicate.
MAX_ATTEMPTS: Final = 4


def take_result(transition: Transition, sent: Sent) -> None:
    """Apply the result of an attempt, once."""
    run = transition.run
    send = run.sends.get(sent.key)
    if not send or send.attempt != sent.attempt or send.state is not SendState.INTENDED:
        return
    transition.put(replace(send, state=sent.state, reason=sent.reason, ids=sent.ids))
    if sent.key.purpose is not Purpose.STEP:
        return
    if sent.state.may_have_reached:
        transition.run = reach(transition.run, send, sent)
    if run.state is not AlarmState.RUNNING:
        # The step was under way when the alarm was acknowledged or ended.
        transition.notify_others()
        transition.notify_end()
    elif sent.state is SendState.DUPLICATE and sent.attempt < MAX_ATTEMPTS:
        transition.transmit(again(send))
    elif sent.state is SendState.NO_TEMPLATE:
        transition.transmit(replace(again(send), channel=Channel.SMS))
    elif run.phase is Phase.SENDING:
        settle(transition)


def reach(run: Run, send: Send, sent: Sent) -> Run:
    """Return the run after a send has reached its recipient, as far as is known."""
    before = run.reached.get(send.key.recipient)
    fresh = Reached(name=send.name, phones=sent.phones, since=sent.at, last=sent.at)
    if before:
        fresh = replace(fresh, since=min(before.since, sent.at), count=before.count + 1)
    return replace(run, reached={**run.reached, send.key.recipient: fresh})


def take_failure(transition: Transition, message_id: str) -> None:
    """Note that a message was not delivered; go on where the step reached no one else."""
    send = next((one for one in transition.run.sends.values() if message_id in one.ids), None)
    if send is None or message_id in send.failed:
        return
    send = replace(send, failed=(*send.failed, message_id))
    if {*send.failed} == {*send.ids} and send.state is SendState.ACCEPTED:
        send = replace(send, state=SendState.UNDELIVERED)
    transition.put(send)
    if transition.is_in(Phase.WAITING) and not any(
        one.state.may_have_reached for one in transition.run.of_step()
    ):
        go_forward(transition)
