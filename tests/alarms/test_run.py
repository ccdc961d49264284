"""The run of an alarm as a pure machine: generated happenings, times, kills and outages."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
import json
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from custom_components.smspilot.alarms.happenings import (
    Acknowledged,
    AlarmEvent,
    AnswersRead,
    Cancel,
    Declined,
    Effect,
    Ended,
    Happening,
    NotDelivered,
    NotifyFallback,
    Publish,
    Read,
    Recovered,
    Sent,
    Started,
    Ticked,
    Transmit,
    World,
)
from custom_components.smspilot.alarms.plan import Plan, ResolvedStep, StepRecipient
from custom_components.smspilot.alarms.run import advance, next_tick
from custom_components.smspilot.alarms.sends import Purpose, SendState
from custom_components.smspilot.alarms.state import AlarmState, Phase, Run
from custom_components.smspilot.alarms.steps import is_needed
from custom_components.smspilot.contacts.recipients import Channel, Recipient

BEGIN = datetime(2026, 11, 29, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def ours(name: str, channel: Channel = Channel.TWO_WAY) -> StepRecipient:
    recipient = Recipient(
        id=name,
        name=name,
        phones=(f"+7900{name}",),
        channel=channel,
        sender=None,
        assist=False,
        pin=None,
    )
    return StepRecipient(reference=name, name=name, channel=channel, ours=recipient)


def foreign(name: str) -> StepRecipient:
    return StepRecipient(reference=name, name=name, entity_id=f"notify.{name}")


def steps(
    *each: StepRecipient | tuple[StepRecipient, ...], wait: timedelta = 2 * MINUTE
) -> tuple[ResolvedStep, ...]:
    return tuple(
        ResolvedStep(recipients=one if isinstance(one, tuple) else (one,), wait=wait)
        for one in each
    )


PAPA, MAMA, APP = ours("papa"), ours("mama"), foreign("app")


class Desk:
    """Does what a run wants; remembers what went out and what was published."""

    def __init__(self, the_steps: tuple[ResolvedStep, ...], **plan: Any) -> None:
        self.plan = Plan(id="leak", name="Leak", **plan)
        self.steps = the_steps
        self.now = BEGIN
        self.run = Run()
        self.off_since: datetime | None = BEGIN - DAY
        self.sent: list[str] = []
        self.published: list[tuple[str, tuple[str, ...]]] = []
        self.fallbacks = 0
        # What the account's send to each recipient results in.
        self.answers: Callable[[str], SendState] = lambda _name: SendState.ACCEPTED

    @property
    def world(self) -> World:
        off_since = self.off_since if self.plan.sources else None
        return World(
            now=self.now,
            api_now=self.now,
            plan=self.plan,
            steps=self.steps,
            off_since=off_since,
        )

    def state(self) -> AlarmState:
        return self.run.state

    def happen(self, happening: Happening) -> None:
        self.run, effects = advance(self.run, happening, self.world)
        for effect in effects:
            self.do(effect)

    def do(self, effect: Effect) -> None:
        match effect:
            case Read():
                self.happen(AnswersRead())
            case Transmit(key):
                send = self.run.sends[key]
                state = self.answers(key.recipient)
                if state.may_have_reached:
                    purpose = "" if key.purpose is Purpose.STEP else f"{key.purpose}:"
                    self.sent.append(f"{purpose}{key.recipient}")
                self.happen(
                    Sent(
                        key=key,
                        attempt=send.attempt,
                        state=state,
                        reason=None if state.may_have_reached else state.value,
                        at=self.now,
                        ids=(f"{key.recipient}-{key.lap}-{key.step}",)
                        if state.may_have_reached
                        else (),
                        phones=(f"+7900{key.recipient}",) if send.channel else (),
                    )
                )
            case Publish(what, names):
                self.published.append((what, names))
            case NotifyFallback():
                self.fallbacks += 1

    def start(self, message: str = "Water", alarm_id: str = "A", **more: Any) -> None:
        self.happen(Started(alarm_id=alarm_id, message=message, **more))

    def wait(self, span: timedelta) -> None:
        """Let time pass, stopping at each moment that the run asks for."""
        end = self.now + span
        while (at := next_tick(self.run, self.world)) and at <= end:
            self.now = at
            self.happen(Ticked())
        self.now = end


def test_rounds_without_an_answer() -> None:
    """Every step in its time, every round; then it is published as unanswered."""
    desk = Desk(steps(PAPA, (MAMA, APP)), rounds=2)
    desk.start()
    assert desk.sent == ["papa"]
    desk.wait(2 * MINUTE)
    assert desk.sent == ["papa", "mama", "app"]
    desk.wait(4 * MINUTE)
    assert desk.sent == ["papa", "mama", "app"] * 2
    assert desk.state() is AlarmState.RUNNING
    desk.wait(2 * MINUTE)
    assert desk.state() is AlarmState.UNANSWERED
    desk.wait(3 * DAY)
    assert desk.sent == ["papa", "mama", "app"] * 2
    assert [what for what, _names in desk.published] == [
        "started", "step", "step", "step", "step", "unanswered",
    ]  # fmt: skip


def test_acknowledged() -> None:
    """A taker ends the steps; others are informed once, also those reached a moment later."""
    desk = Desk(steps((PAPA, MAMA), APP))
    desk.start()
    desk.happen(Acknowledged(by="papa", recipient="papa"))
    assert desk.state() is AlarmState.ACKNOWLEDGED
    assert desk.sent == ["papa", "mama", "taken:mama"]
    desk.happen(Acknowledged(by="mama", recipient="mama"))
    desk.wait(DAY)
    assert desk.sent == ["papa", "mama", "taken:mama"]
    assert desk.state() is AlarmState.IDLE
    assert desk.published[-2:] == [("acknowledged", ("papa",)), ("ended", ())]


def test_answer_after_all_rounds() -> None:
    """An answer after it was given up still takes it."""
    desk = Desk(steps(PAPA), rounds=1)
    desk.start()
    desk.wait(10 * MINUTE)
    assert desk.state() is AlarmState.UNANSWERED
    desk.happen(Acknowledged(by="papa", recipient="papa"))
    assert desk.state() is AlarmState.ACKNOWLEDGED


def test_declined() -> None:
    """A decline passes it on at once."""
    desk = Desk(steps(PAPA, MAMA))
    desk.start()
    desk.happen(Declined("papa", "papa"))
    assert desk.sent == ["papa", "mama"]
    assert desk.run.declined == ("papa",)
    # Late, and of a step that is over: what runs goes on.
    desk.happen(Declined("papa", "papa"))
    assert desk.sent == ["papa", "mama"]


def test_hold() -> None:
    """For ten minutes a start is the same alarm; its taker is informed once of another reason."""
    desk = Desk(steps(PAPA))
    desk.start()
    desk.happen(Acknowledged(by="papa", recipient="papa"))
    desk.start("Water", "B")
    desk.start("Water and smoke", "C")
    desk.start("Fire", "D")
    assert desk.sent == ["papa", "update:papa"]
    assert desk.run.alarm_id == "A"
    desk.wait(10 * MINUTE)
    desk.start("Fire", "E")
    assert desk.run.alarm_id == "E"
    assert desk.sent == ["papa", "update:papa", "papa"]


def test_flapping() -> None:
    """A source that comes and goes thirty times in a minute is one run, before and after."""
    desk = Desk(steps(PAPA, MAMA), sources=("x",))

    def flap() -> None:
        for number in range(30):
            desk.off_since = None
            desk.start(alarm_id=f"{number}", by_source=True, flap=number > 0)
            desk.wait(SECOND)
            desk.off_since = desk.now
            desk.happen(Ticked())
            desk.wait(SECOND)
        desk.off_since = None

    flap()
    assert desk.sent == ["papa"]
    desk.happen(Acknowledged(by="papa", recipient="papa"))
    flap()
    assert desk.sent == ["papa"]
    assert desk.run.alarm_id == "0"


def test_sources_end_it() -> None:
    """A minute without any source ends it, and all who were reached are informed once."""
    desk = Desk(steps(PAPA, MAMA), sources=("x",), end_message="Over")
    desk.off_since = None
    desk.start(by_source=True)
    desk.wait(30 * SECOND)
    desk.off_since = desk.now
    desk.wait(59 * SECOND)
    assert desk.state() is AlarmState.RUNNING
    desk.wait(SECOND)
    assert desk.state() is AlarmState.IDLE
    assert desk.sent == ["papa", "ended:papa"]


def test_sources_end_what_was_taken() -> None:
    """A taken alarm ends when the hold is over too: a start before would send no text."""
    desk = Desk(steps(PAPA), sources=("x",), end_message="Over")
    desk.off_since = None
    desk.start(by_source=True)
    desk.happen(Acknowledged(by="papa", recipient="papa"))
    desk.off_since = desk.now
    desk.wait(9 * MINUTE)
    assert desk.state() is AlarmState.ACKNOWLEDGED
    desk.wait(MINUTE)
    assert desk.state() is AlarmState.IDLE
    assert desk.sent == ["papa", "ended:papa"]


def test_action_is_not_ended_by_sources() -> None:
    """What an action started goes on although no source is on."""
    desk = Desk(steps(PAPA), sources=("x",), rounds=2)
    desk.start()
    desk.wait(3 * MINUTE)
    assert desk.sent == ["papa", "papa"]


def test_remind() -> None:
    """While a source is on the steps begin again, for a day; what was written before is past."""
    desk = Desk(steps(PAPA), sources=("x",), rounds=1)
    desk.off_since = None
    desk.start(by_source=True)
    desk.happen(Acknowledged(by="papa", recipient="papa"))
    desk.wait(30 * MINUTE)
    assert desk.sent == ["papa", "papa"]
    assert (desk.run.state, desk.run.acknowledged_before_by) == (AlarmState.RUNNING, "papa")
    assert desk.run.reached["papa"].since == desk.now
    desk.wait(3 * DAY)
    assert desk.state() is AlarmState.UNANSWERED
    # Every 32 minutes of the first day.
    assert 40 < len(desk.sent) < 48


def test_no_money() -> None:
    """The step is tried each minute; others are notified after one, no round is used up."""
    desk = Desk(steps(PAPA, MAMA), rounds=1)
    desk.answers = lambda name: SendState.ACCEPTED if name == "app" else SendState.POSTPONED
    desk.start()
    assert (desk.run.phase, desk.run.waiting_for, desk.fallbacks) == (
        Phase.POSTPONED,
        "postponed",
        0,
    )
    desk.wait(MINUTE)
    assert desk.fallbacks == 1
    desk.wait(5 * MINUTE)
    assert (desk.run.step, desk.run.round, desk.fallbacks) == (0, 1, 1)
    desk.answers = lambda _name: SendState.ACCEPTED
    desk.wait(MINUTE)
    assert desk.sent == ["papa"]
    assert desk.run.waiting_for is None
    desk.wait(2 * MINUTE)
    assert desk.sent == ["papa", "mama"]


def test_no_money_for_some() -> None:
    """Of a step with several, those not reached are tried each minute; none gets it twice."""
    desk = Desk(steps((PAPA, MAMA), ours("baba")), rounds=1)
    desk.answers = lambda name: SendState.POSTPONED if name == "mama" else SendState.ACCEPTED
    desk.start()
    assert (desk.sent, desk.run.phase) == (["papa"], Phase.POSTPONED)
    desk.wait(90 * SECOND)
    assert (desk.sent, desk.run.step, desk.fallbacks) == (["papa"], 0, 1)
    desk.answers = lambda _name: SendState.ACCEPTED
    desk.wait(MINUTE)
    assert (desk.sent, desk.run.phase) == (["papa", "mama"], Phase.WAITING)
    desk.wait(2 * MINUTE)
    assert desk.sent == ["papa", "mama", "baba"]
    assert desk.published == [
        ("started", ()),
        ("step", ("papa",)),
        ("step", ("mama",)),
        ("step", ("baba",)),
    ]


def test_no_money_for_a_day() -> None:
    """After a day without any way out it is unanswered."""
    desk = Desk(steps(PAPA))
    desk.answers = lambda _name: SendState.POSTPONED
    desk.start()
    desk.wait(DAY)
    assert desk.state() is AlarmState.UNANSWERED


def test_others_do_not_wait() -> None:
    """While ours cannot be sent, other integrations' entities of later steps are called in time."""
    desk = Desk(steps(PAPA, APP, MAMA), rounds=1)
    desk.answers = lambda name: SendState.ACCEPTED if name == "app" else SendState.POSTPONED
    desk.start()
    desk.wait(2 * MINUTE)
    assert desk.sent == ["app"]
    desk.wait(10 * MINUTE)
    assert desk.sent == ["app"]
    desk.answers = lambda _name: SendState.ACCEPTED
    desk.wait(3 * MINUTE)
    assert desk.sent == ["app", "papa", "mama"]


def test_refused_numbers() -> None:
    """A number that is refused is passed over; a round that reached no recipient does not count."""
    desk = Desk(steps(PAPA, MAMA), rounds=1)
    desk.answers = lambda name: SendState.REFUSED if name == "papa" else SendState.ACCEPTED
    desk.start()
    assert desk.sent == ["mama"]
    desk = Desk(steps(PAPA, MAMA), rounds=1)
    desk.answers = lambda _name: SendState.REFUSED
    desk.start()
    desk.wait(3 * MINUTE)
    assert (desk.run.state, desk.run.round, desk.run.lap) == (AlarmState.RUNNING, 1, 5)
    assert desk.fallbacks == 1
    desk.wait(DAY)
    assert desk.state() is AlarmState.UNANSWERED


def test_not_delivered() -> None:
    """What was not delivered is passed over at once when it was the step's last hope."""
    desk = Desk(steps((PAPA, MAMA), APP))
    desk.start()
    desk.happen(NotDelivered("papa-1-0"))
    assert desk.sent == ["papa", "mama"]
    desk.happen(NotDelivered("mama-1-0"))
    assert desk.sent == ["papa", "mama", "app"]


def test_no_template() -> None:
    """A refused 2WAY goes out as a plain SMS."""
    desk = Desk(steps(PAPA))
    channels: list[Channel | None] = []

    def answer(name: str) -> SendState:
        (send,) = desk.run.of_step()
        channels.append(send.channel)
        return SendState.ACCEPTED if send.channel is Channel.SMS else SendState.NO_TEMPLATE

    desk.answers = answer
    desk.start()
    assert channels == [Channel.TWO_WAY, Channel.SMS]
    assert desk.sent == ["papa"]


def test_eleventh_run() -> None:
    """From the eleventh run of a day on only the first step goes out."""
    desk = Desk(steps(PAPA, MAMA), rounds=2)
    for number in range(10):
        desk.start(alarm_id=str(number))
        desk.happen(Ended())
    desk.sent.clear()
    desk.start(alarm_id="10")
    desk.wait(10 * MINUTE)
    assert desk.sent == ["papa"]
    assert (desk.run.state, desk.run.first_step_only) == (AlarmState.UNANSWERED, True)
    desk.happen(Ended())
    desk.wait(DAY)
    desk.sent.clear()
    desk.start(alarm_id="11")
    desk.wait(2 * MINUTE)
    assert desk.sent == ["papa", "mama"]


def test_down_for_long() -> None:
    """What was due meanwhile goes on at once, each step once, and says that it is late."""
    desk = Desk(steps(PAPA, MAMA, APP), rounds=1)
    desk.start()
    desk.now += 20 * MINUTE
    seen: list[bool] = []
    desk.answers = lambda _name: seen.append(desk.run.late) or SendState.ACCEPTED  # type: ignore[func-returns-value]
    desk.happen(Recovered())
    assert desk.sent == ["papa", "mama"]
    desk.wait(2 * MINUTE)
    assert desk.sent == ["papa", "mama", "app"]
    assert seen == [True, False]


def test_down_for_a_day() -> None:
    """What began before a day ago goes on only while a source is on."""
    for on in (True, False):
        desk = Desk(steps(PAPA, MAMA), sources=("x",))
        desk.off_since = None
        desk.start(by_source=True)
        desk.now += DAY + MINUTE
        desk.off_since = None if on else desk.now
        desk.happen(Recovered())
        assert desk.sent == (["papa", "mama"] if on else ["papa"])


PLANS = st.lists(
    st.lists(st.sampled_from(range(5)), min_size=1, max_size=3, unique=True),
    min_size=1,
    max_size=4,
)


class Machine(RuleBasedStateMachine):
    """Anything happens, at any time, to an alarm whose house is killed now and then."""

    PARTIES = (PAPA, MAMA, ours("baba", Channel.VOICE), APP, foreign("telegram"))

    @initialize(
        data=PLANS,
        rounds=st.integers(1, 3),
        with_sources=st.booleans(),
        tell_others=st.booleans(),
        end_message=st.sampled_from(["", "Over"]),
    )
    def begin(
        self,
        data: list[list[int]],
        rounds: int,
        with_sources: bool,
        tell_others: bool,
        end_message: str,
    ) -> None:
        self.plan = Plan(
            id="leak",
            name="Leak",
            rounds=rounds,
            sources=("x",) if with_sources else (),
            tell_others=tell_others,
            end_message=end_message,
        )
        self.steps = steps(*(tuple(self.PARTIES[one] for one in step) for step in data))
        self.now = BEGIN
        self.off_since: datetime | None = BEGIN
        self.run = Run()
        self.effects: list[Effect] = []
        self.numbers = count()
        # By run and key: the attempts that were requested, and which of them went out.
        self.requested: set[tuple[Any, ...]] = set()
        self.gone: Counter[tuple[Any, ...]] = Counter()
        self.results: dict[tuple[Any, ...], SendState] = {}
        self.closed: dict[str, int] = {}

    @property
    def world(self) -> World:
        return World(
            now=self.now,
            api_now=self.now,
            plan=self.plan,
            steps=self.steps,
            off_since=self.off_since if self.plan.sources else None,
        )

    def happen(self, happening: Happening) -> None:
        before = self.run
        self.run, effects = advance(self.run, happening, self.world)
        # What the disk keeps is what there is.
        assert Run.from_stored(json.loads(json.dumps(self.run.as_stored()))) == self.run
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Publish) and effect.type is AlarmEvent.ACKNOWLEDGED:
                assert isinstance(happening, Acknowledged)
                assert before.state in (AlarmState.RUNNING, AlarmState.UNANSWERED)

    @rule(flap=st.booleans(), message=st.sampled_from(["Water", "Fire"]))
    def start(self, flap: bool, message: str) -> None:
        if self.plan.sources:
            self.off_since = None
        by_source = bool(self.plan.sources)
        alarm_id = f"{next(self.numbers)}"
        self.happen(Started(alarm_id=alarm_id, message=message, by_source=by_source, flap=flap))

    @rule()
    def sources_off(self) -> None:
        self.off_since = self.off_since or self.now
        self.happen(Ticked())

    @rule(seconds=st.sampled_from([1, 30, 60, 120, 600, 1800, 7200, 90000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.happen(Ticked())

    @rule()
    def to_the_next_tick(self) -> None:
        if at := next_tick(self.run, self.world):
            self.now = at
            self.happen(Ticked())

    @precondition(lambda self: self.effects)
    @rule(
        which=st.integers(0, 9),
        state=st.sampled_from(
            [SendState.ACCEPTED] * 4
            + [SendState.REFUSED, SendState.POSTPONED, SendState.IN_DOUBT, SendState.NO_TEMPLATE]
        ),
    )
    def work(self, which: int, state: SendState) -> None:
        """Do one of the effects."""
        effect = self.effects.pop(which % len(self.effects))
        if isinstance(effect, Read):
            self.happen(AnswersRead())
        if not isinstance(effect, Transmit | Cancel):
            return
        key = effect.key
        send = self.run.sends.get(key)
        if send is None or send.state is not SendState.INTENDED:
            return
        if send.channel is not Channel.TWO_WAY and state is SendState.NO_TEMPLATE:
            state = SendState.REFUSED
        if not is_needed(self.run, self.world, key):
            # The send checks once more, just before the request.
            state = SendState.CANCELLED
        name = (self.run.alarm_id, key, send.attempt)
        # The way out knows its keys: the same one is never requested again.
        if name not in self.results:
            self.results[name] = state
            if state.may_have_reached:
                self.gone[self.run.alarm_id, key] += 1
        self.happen(
            Sent(
                key=key,
                attempt=send.attempt,
                state=self.results[name],
                at=self.now,
                reason="why",
                ids=("-".join(map(str, name)),),
                phones=("+7900",) if send.channel else (),
            )
        )

    @rule(recipient=st.sampled_from(["papa", "mama", "baba"]))
    def answer(self, recipient: str) -> None:
        if recipient in self.run.reached:
            self.happen(Acknowledged(by=recipient, recipient=recipient))

    @rule(recipient=st.sampled_from(["papa", "mama", "baba"]))
    def decline(self, recipient: str) -> None:
        self.happen(Declined(recipient, recipient))

    @rule(which=st.integers(0, 9))
    def not_delivered(self, which: int) -> None:
        ids = [one for send in self.run.sends.values() for one in send.ids]
        if ids:
            self.happen(NotDelivered(ids[which % len(ids)]))

    @rule(message=st.sampled_from(["", "Safe"]))
    def end(self, message: str) -> None:
        self.happen(Ended(message))

    @rule(seconds=st.sampled_from([0, 60, 600, 100000]))
    def killed(self, seconds: int) -> None:
        """Begin again with what the disk has; a request may have left, its result is lost."""
        for effect in self.effects:
            if isinstance(effect, Transmit) and (send := self.run.sends.get(effect.key)):
                name = (self.run.alarm_id, effect.key, send.attempt)
                needed = is_needed(self.run, self.world, effect.key)
                if send.state is SendState.INTENDED and needed and name not in self.results:
                    self.results[name] = SendState.ACCEPTED
                    self.gone[self.run.alarm_id, effect.key] += 1
                break
        self.effects = []
        self.now += timedelta(seconds=seconds)
        self.run = Run.from_stored(json.loads(json.dumps(self.run.as_stored())))
        self.happen(Recovered())

    @invariant()
    def nothing_twice(self) -> None:
        if hasattr(self, "gone"):
            assert not [key for key, times in self.gone.items() if times > 1]

    @rule(data=PLANS)
    def another_plan(self, data: list[list[int]]) -> None:
        self.steps = steps(*(tuple(self.PARTIES[one] for one in step) for step in data))
        self.happen(Ticked())

    @invariant()
    def reached_are_known(self) -> None:
        """Check that an accepted text makes its recipient reached, once nothing is under way."""
        if not hasattr(self, "gone") or self.effects:
            return
        texted = {
            key.recipient
            for alarm_id, key in self.gone
            if alarm_id == self.run.alarm_id and key.purpose is Purpose.STEP
        }
        assert texted <= {*self.run.reached} | {"app", "telegram"}

    @invariant()
    def never_stuck(self) -> None:
        """Whatever runs has something to do, or a time when it goes on."""
        if not hasattr(self, "run") or self.run.state is not AlarmState.RUNNING:
            return
        work = any(isinstance(one, Read | Transmit | Cancel) for one in self.effects)
        due = self.run.due_at is not None
        assert work or due, self.run

    @invariant()
    def no_step_after_the_end(self) -> None:
        """No step is begun unless it runs."""
        if hasattr(self, "run") and self.run.state is not AlarmState.RUNNING:
            assert self.run.due_at is None


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=300, stateful_step_count=60)


def test_stored() -> None:
    """A run is the same after it was stored."""
    run = replace(Run(), starts=(BEGIN,), due_at=BEGIN)
    assert Run.from_stored(json.loads(json.dumps(run.as_stored()))) == run
