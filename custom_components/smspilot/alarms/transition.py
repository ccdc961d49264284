"""One application of the transition function: the run so far, and the effects so far."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from ..contacts.recipients import Channel
from .happenings import AlarmEvent, Cancel, Effect, Publish, Transmit, World
from .sends import Purpose, Send, SendKey, SendState
from .state import AlarmState, Phase, Run

# For this long, messages about who took the alarm, or about its end, are retried.
NOTIFY_FOR: Final = timedelta(hours=1)


class Transition:
    """The run, which every change replaces, and the effects in their order."""

    def __init__(self, run: Run, world: World) -> None:
        self.run = run
        self.world = world
        self.plan = world.plan
        self.now = world.now
        self.effects: list[Effect] = []

    def is_in(self, phase: Phase) -> bool:
        """Return whether the alarm runs and is in this phase."""
        return self.run.state is AlarmState.RUNNING and self.run.phase is phase

    def lasted(self, span: timedelta) -> bool:
        """Return whether the present state has lasted for a span."""
        return self.run.since is None or self.now - self.run.since >= span

    def change(self, **changes: Any) -> None:
        """Replace fields of the run."""
        self.run = replace(self.run, **changes)

    def put(self, send: Send) -> None:
        """Add a send to the run, or replace it."""
        self.change(sends={**self.run.sends, send.key: send})

    def transmit(self, send: Send) -> None:
        """Add a send to the run and have it sent."""
        self.put(send)
        self.effects.append(Transmit(send.key))

    def publish(self, what: AlarmEvent, *names: str) -> None:
        """Have the bus event published."""
        self.effects.append(Publish(what, names))

    def newly_reached(self) -> list[Send]:
        """Return the sends of the present step that no event has named yet."""
        return [
            one for one in self.run.of_step() if one.state.may_have_reached and not one.published
        ]

    def publish_step(self, *, even_if_empty: bool = False) -> None:
        """Have the event of the present step published, with the recipients newly reached."""
        fresh = self.newly_reached()
        for one in fresh:
            self.put(replace(one, published=True))
        if fresh or even_if_empty:
            self.publish(AlarmEvent.STEP, *(one.name for one in fresh))

    def enter(self, state: AlarmState, **changes: Any) -> None:
        """Change to a state that is not running: cancel sends that were not requested yet."""
        self.publish_step()
        self.effects += [
            Cancel(key)
            for key, one in self.run.sends.items()
            if key.purpose is Purpose.STEP and one.state is SendState.INTENDED
        ]
        self.change(
            **{
                "state": state,
                "phase": Phase.READY,
                "since": self.now,
                "due_at": None,
                "ahead_step": None,
                "ahead_at": None,
                "waiting_for": None,
                "postponed_since": None,
                **changes,
            }
        )

    def give_up(self) -> None:
        """Become unanswered."""
        self.enter(AlarmState.UNANSWERED)
        self.publish(AlarmEvent.UNANSWERED)

    def end(self, message: str) -> None:
        """End the run, and send the end message, if any, to all recipients reached."""
        self.enter(AlarmState.IDLE, end_message=message)
        self.publish(AlarmEvent.ENDED)
        self.notify_end()

    def notify_others(self) -> None:
        """Notify the other recipients reached of who took the alarm."""
        run = self.run
        if run.state is AlarmState.ACKNOWLEDGED and self.plan.tell_others:
            self.notify(Purpose.TAKEN, [one for one in run.reached if one != run.acknowledger_id])

    def notify_end(self) -> None:
        """Send the end message to all recipients reached."""
        if self.run.state is AlarmState.IDLE and self.run.end_message:
            self.notify(Purpose.ENDED, list(self.run.reached))

    def notify(self, purpose: Purpose, recipients: list[str]) -> None:
        """Send to each recipient once, to those without a number by their own integration."""
        for recipient in recipients:
            key = SendKey(purpose=purpose, lap=self.run.lap, step=0, recipient=recipient)
            reached = self.run.reached.get(recipient)
            if reached and key not in self.run.sends:
                channel = Channel.SMS if reached.phones else None
                self.transmit(Send(key=key, name=reached.name, channel=channel))

    def notify_again(self) -> None:
        """Send again what provably was not sent, for as long as `NOTIFY_FOR`."""
        for send in to_notify_again(self.run, self.now):
            self.transmit(again(send))


def again(send: Send) -> Send:
    """Return the next attempt of a send that provably was not sent."""
    return replace(
        send, attempt=send.attempt + 1, state=SendState.INTENDED, reason=None, text="", ids=()
    )


def to_notify_again(run: Run, now: datetime) -> list[Send]:
    """Return the messages, other than those of steps, that could not be sent yet."""
    if run.since is None or now - run.since > NOTIFY_FOR:
        return []
    return [
        one
        for key, one in run.sends.items()
        if key.purpose is not Purpose.STEP and one.state is SendState.POSTPONED and one.channel
    ]
