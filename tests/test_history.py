"""Random histories, and the comparison that judges them: it must notice what it is there for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
import subprocess
import sys
from typing import Any

import pytest

from .history.ledgers import Books, Fate, Published
from .history.limits import Limits
from .simulator.model import Kind, Message, Order, Status
from .simulator.simulator import Simulator

ROOT = Path(__file__).parents[1]
PHONE = "+79087964781"
# Another one finds other histories; `scripts/soak` takes a fresh one each time.
SEED, EXAMPLES = 20261123, 12


def test_histories() -> None:
    """Both ledgers say the same at the end of each history; other worlds are in test_worlds."""
    arguments = ("--likeliest", "--seed", str(SEED), "--examples", str(EXAMPLES), "--no-shrink")
    done = subprocess.run(
        [sys.executable, "-m", "tests.history", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "doubles 0, losses 0" in done.stdout


class Story:
    """One outbound message, delivered, and one inbound message, all published."""

    def __init__(self, limits: Limits = (0, 0)) -> None:
        self.sim = Simulator()
        self.books = Books()
        self.books.open(self.sim, lambda: limits)
        self.ordered = self.books.order(PHONE, "1", 0)
        self.ordered.fate, self.ordered.message_id = Fate.TAKEN, "1"
        self.accept(1)
        self.publish_status(1, Status.DELIVERED)

    async def write(self) -> None:
        """Send an inbound message."""
        await self.sim.receive(PHONE[1:], "Алло 2!", account=5671)
        self.publish_message(self.sim.inbox[-1].id)

    def accept(self, server_id: int, kind: Kind = Kind.SMS) -> None:
        """Have the service accept and deliver a message."""
        sim, now = self.sim, self.sim.now()
        common: dict[str, Any] = {
            "server_id": server_id,
            "account": 5671,
            "phone": PHONE[1:],
            "text": "Алло 1!",
            "kind": kind,
            "sender": "INFORM",
            "price": 1,
        }
        sim.orders.append(Order(**common, packet=1, time=now))
        message = Message(
            **common,
            packet_id=1,
            sender_orig="",
            parts=1,
            status=Status.ACCEPTED,
            error=0,
            created=now,
            modified=now,
        )
        sim.store(message)
        sim.update(replace(message, status=Status.DELIVERED))

    def publish_status(self, server_id: int, status: Status) -> None:
        """Record a status event."""
        data = {"message_id": str(server_id), "status_code": int(status), "final": status != 1}
        self.books.record(Published("message_status", data))

    def publish_message(self, message_id: int, **other: Any) -> None:
        """Record the event of an inbound message."""
        fields = {"message_id": str(message_id), "phone": PHONE, "message": "Алло 2!"}
        about = {"age": 0, "verified": True, "reply_to": None}
        self.books.record(Published("sms_received", {**fields, **about, **other}))

    def forget(self, index: int) -> None:
        """Remove a recorded event."""
        del self.books.published[index]

    def crash(self) -> None:
        """Crash when nothing is under way."""
        self.books.settled()
        self.books.crashed()

    @property
    def message_id(self) -> int:
        """Return the id of what was written."""
        return self.sim.inbox[-1].id


def sent_twice(story: Story) -> None:
    story.accept(2)
    story.publish_status(2, Status.DELIVERED)


def not_sent(story: Story) -> None:
    story.sim.orders.clear()
    story.sim.messages.clear()


def refused_and_sent(story: Story) -> None:
    story.ordered.fate, story.ordered.message_id = Fate.REFUSED, None


def published_twice(story: Story) -> None:
    story.publish_message(story.message_id)


def published_again_after_a_crash(story: Story) -> None:
    story.crash()
    story.publish_message(story.message_id)


def another_text(story: Story) -> None:
    story.forget(-1)
    story.publish_message(story.message_id, message="Открой ворота")


def another_number(story: Story) -> None:
    story.forget(-1)
    story.publish_message(story.message_id, phone="+79990001122")


def too_old(story: Story) -> None:
    story.forget(-1)
    story.publish_message(story.message_id, age=900)


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda story: None, ""),
        (sent_twice, "DOUBLE"),
        (not_sent, "LOST"),
        (refused_and_sent, "DOUBLE"),
        (lambda story: story.forget(-1), "LOST"),
        (published_twice, "DOUBLE"),
        (too_old, "an age"),
        (published_again_after_a_crash, "DOUBLE"),
        (another_text, "FORGED"),
        (another_number, "FORGED"),
        (lambda story: story.publish_message(99999), "FORGED"),
        (lambda story: story.forget(0), "LOST"),
        (lambda story: story.publish_status(1, Status.UNDELIVERED), "FORGED"),
        (lambda story: story.publish_status(1, Status.SENT), "BACKWARDS"),
    ],
)
async def test_comparison(spoil: Callable[[Story], None], word: str) -> None:
    """One thing that is wrong is noticed, and named as what it is."""
    story = Story()
    await story.write()
    spoil(story)
    problems = story.books.compare([])
    assert bool(problems) is bool(word), problems
    assert not word or any(each.startswith(word) for each in problems), problems


@pytest.mark.parametrize(
    ("limits", "urgent", "over"),
    [
        ((0, 0), False, False),
        ((2, 2), False, False),
        ((1.5, 0), False, True),
        ((0, 1), False, True),
        ((1.5, 1), True, False),
    ],
)
async def test_limits(*, limits: Limits, urgent: bool, over: bool) -> None:
    """What goes out over a limit is noticed, but for what is urgent."""
    story = Story(limits)
    story.books.order(PHONE, "1", 0, urgent=urgent)
    story.accept(2)
    problems = [each for each in story.books.wrong if each.startswith("OVER THE LIMIT")]
    assert bool(problems) is over


async def test_cut_short_by_a_crash() -> None:
    """An event that a crash cut short may be published again."""
    story = Story()
    await story.write()
    story.books.crashed()
    # What is settled now does not count: the first event was cut short.
    story.books.settled()
    story.publish_message(story.message_id)
    assert story.books.compare([]) == []


@pytest.mark.parametrize("crashed", [False, True])
async def test_one_answer(*, crashed: bool) -> None:
    """A question has one answer, and another one where a crash cut the first short."""
    story = Story()
    story.accept(2, Kind.TWO_WAY)
    question = {"reply_to": {"message_id": "2"}}
    for _ in range(2):
        await story.write()
    first, second = (message.id for message in story.sim.inbox)
    del story.books.published[-2:]
    story.publish_message(first, **question)
    if crashed:
        story.books.crashed()
        story.publish_message(first)
    story.publish_message(second, **question)
    doubles = [each for each in story.books.compare([]) if "was answered by" in each]
    assert len(doubles) == (0 if crashed else 1)
