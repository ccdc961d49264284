"""What goes wrong: answers, the network, the machine and its clock; and what the owner changes."""

import asyncio
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .base import FIGURES, TURNS, Base
from .disk import MODES

# The day of the sensor must not end within a history.
LONGEST: Final = 15 * 3600
ANSWERLESS = (
    "reset",
    "html",
    "http_500",
    "http_502_html",
    "http_503_html",
    "http_404_html",
    "redirect",
    "truncated",
    "empty",
    "not_utf8",
    "huge",
    "sloppy_json",
)
# A gateway that times out while the API goes on working responds with these, or breaks off late.
IMPATIENT = ("http_504_html", "http_408_html", "http_524_html")
BROKEN_OFF = ("reset", "http_502_html", "http_503_html")
# Other JSON than expected; the last one takes a message and names no id.
BODIES = (
    "[]",
    "{}",
    "null",
    '{"send":[]}',
    '{"send":[{"phone":"79087964781","status":"0"}]}',
)
CODES = (101, 106, 110, 112, 113, 116, 212, 223, 241, 243, 302, 999)
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"sender": "test", "message_template": "Дом: {message}"},
    {"two_way_template": "{message} Ответьте.", "max_parts": 1},
    {"test_mode": True},
    {"rate_limit": 2},
    {"daily_limit": 12},
    {"inbound_interval": 5},
)
# These options weaken a promise; which one is only known in the likeliest world.
WEAKENING: tuple[dict[str, Any], ...] = ({"inbound_interval": 0}, {"verify_pushes": False})
COMMANDS = st.sampled_from(["send", "send", "check", "inbound", None])


class Trouble(Base):
    """Faults of network, API, disk and machine, and changes by the owner."""

    @rule(
        kind=st.sampled_from(ANSWERLESS),
        when=st.sampled_from(["before", "after"]),
        command=COMMANDS,
        times=st.integers(1, 3),
        skip=st.integers(0, 1),
    )
    def fault(self, kind: str, when: str, command: str | None, times: int, skip: int) -> None:
        """Spoil answers, or have requests never arrive."""
        FIGURES["faults"] += 1
        self.sim.fault(kind, when=when, command=command, times=times, skip=skip)

    @rule(
        how=st.tuples(st.sampled_from(IMPATIENT), st.sampled_from([0.0, 20.0, 55.0]))
        | st.tuples(st.sampled_from(BROKEN_OFF), st.sampled_from([20.0, 55.0])),
        when=st.sampled_from(["before", "after", "late"]),
        command=COMMANDS,
        late=st.sampled_from([1.0, 30.0, 90.0]),
    )
    def give_up(self, how: tuple[str, float], when: str, command: str | None, late: float) -> None:
        """Have a gateway time out, whatever the API makes of the request."""
        FIGURES["faults"] += 1
        kind, delay = how
        self.sim.fault(kind, when=when, command=command, delay=delay, late=late)

    @rule(
        body=st.sampled_from(BODIES),
        when=st.sampled_from(["before", "after"]),
        command=st.sampled_from(["send", "send", "check", "inbound", "account"]),
    )
    def answer_otherwise(self, body: str, when: str, command: str) -> None:
        """Answer in another form than expected."""
        FIGURES["faults"] += 1
        self.sim.fault("other_json", when=when, command=command, body=body)

    @rule(
        kind=st.sampled_from(["hang", "slow", "stall"]),
        when=st.sampled_from(["before", "after"]),
        command=st.sampled_from(["send", "send", "check", "inbound"]),
        seconds=st.sampled_from([5.0, 90.0, 400.0]),
    )
    def delay(self, kind: str, when: str, command: str, seconds: float) -> None:
        """Delay a request or its answer."""
        FIGURES["faults"] += 1
        self.sim.fault(kind, when=when, command=command, seconds=seconds)

    @rule(code=st.sampled_from(CODES), command=st.sampled_from(["send", "send", "check"]))
    def refuse(self, code: int, command: str) -> None:
        """Have the service refuse a request."""
        FIGURES["faults"] += 1
        self.sim.fault("error", command=command, code=code)

    @rule(clear=st.booleans(), turns=TURNS)
    def release(self, clear: bool, turns: int | None) -> None:
        """Let what hangs go on."""
        (self.sim.faults.clear if clear else self.sim.faults.release)()
        self.run(asyncio.sleep(0), turns)

    @rule(how=st.sampled_from(["up", "up", "down", "silence"]), turns=TURNS)
    def network(self, how: str, turns: int | None) -> None:
        """Close the port, never respond, or work again."""
        sim = self.sim
        ways = {"up": sim.up, "down": sim.down, "silence": sim.silence}
        self.run(ways[how](), turns)

    @rule(turns=TURNS)
    def reload(self, turns: int | None) -> None:
        """Reload the entry."""
        FIGURES["reloads"] += 1
        self.run(self.world.reload(), turns)

    @rule(options=st.sampled_from(OPTIONS), turns=TURNS)
    def options(self, options: dict[str, Any], turns: int | None) -> None:
        """Save other options."""
        self.run(self.world.save(options), turns)

    @precondition(lambda self: not self.world.switched)
    @rule(options=st.sampled_from(WEAKENING), turns=TURNS)
    def weaken(self, options: dict[str, Any], turns: int | None) -> None:
        """Save an option that promises less, once what was forged before has come."""
        self.run(self.world.settle())
        self.run(self.world.save(options), turns)

    @rule(channel=st.sampled_from(["sms", "two_way", "voice"]), turns=TURNS)
    def person(self, channel: str, turns: int | None) -> None:
        """Save a person with another channel."""
        self.run(self.world.change_granny(channel), turns)

    @precondition(lambda self: self.world.has_date)
    @rule(seconds=st.sampled_from([-900, 0, 900]))
    def set_clock(self, seconds: float) -> None:
        """Have the machine's clock be wrong, or right again."""
        FIGURES["clocks set"] += 1
        self.world.clock.set(seconds)

    @precondition(lambda self: self.world.clock.ahead < LONGEST)
    @rule(seconds=st.sampled_from([1, 2, 5, 16, 31, 61, 61, 130, 310, 901, 3601]))
    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.run(self.world.wait(seconds), None)

    @rule(
        how=st.sampled_from(["now", "now", "torn", "between", "power"]),
        fraction=st.floats(0, 1),
        late=st.booleans(),
        turns=TURNS,
    )
    def crash(self, how: str, fraction: float, late: bool, turns: int | None) -> None:
        """Crash, by a kill or a power cut."""
        FIGURES["crashes"] += 1
        self.run(self.world.crash(how, fraction, late=late), turns)

    @rule(mode=st.sampled_from(["well", "well", *MODES]))
    def disk(self, mode: str) -> None:
        """Have the disk be slow, hang, be full, read-only or broken; or well again."""
        FIGURES["disks failing"] += mode != "well"
        self.world.clock.disk.become(mode)

    @rule(turns=TURNS)
    def start(self, turns: int | None) -> None:
        """End the start of Home Assistant."""
        self.run(self.world.begin(), turns)
