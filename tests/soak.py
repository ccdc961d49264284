"""Run for longer what CI runs shortly, and print the figures: `scripts/soak [minutes]`."""

import argparse
import asyncio
from collections import Counter
import re
import secrets
import subprocess
import sys
from time import monotonic
from typing import Final

from .e2e.crash import Crashes

# Of the time: how much for kills of a real Home Assistant, and for properties; histories take the
# rest.
KILLING: Final = 0.3
TRYING: Final = 0.1
# The load as it stands in the issue takes two minutes and a half.
LOAD_FROM: Final = 10.0

# Histories a process.
EXAMPLES: Final = "30"

type Figures = Counter[str]


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def start(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the tests."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], check=False, capture_output=True, text=True
    )


def run(module: str, *arguments: str) -> str:
    """Run a module of the tests and return its figures, which stand on its last line."""
    done = start(module, *arguments)
    if done.returncode:
        say(done.stdout + done.stderr)
        raise SystemExit(f"{module} {' '.join(arguments)} failed")
    return done.stdout.splitlines()[-1]


def bear(scale: float) -> tuple[Figures, int]:
    """Bear the load; return the figures, and the longest block of the event loop in ms."""
    line = run("tests.load", "--scale", str(scale))
    say(line)
    counts = {name: int(count) for name, count in re.findall(r"'([\w ]+)': (\d+)", line)}
    longest, over = re.findall(r"loop (\d+) ms of its own work, (\d+) over", line)[0]
    if over != "0":
        raise SystemExit(f"The event loop was blocked for {longest} ms")
    names = {"messages": "accepted", "inbound": "inbound", "forged": "forged"}
    return Counter({names[name]: counts[name] for name in names}), int(longest)


async def kill(minutes: float) -> Figures:
    """Kill a real Home Assistant at every chosen moment, then at random ones."""
    seed, end = secrets.randbelow(2**32), monotonic() + minutes * 60
    try:
        async with Crashes(seed) as crashes:
            for moment in crashes.moments:
                await crashes.survive(moment)
            while monotonic() < end:
                await crashes.survive(crashes.anything)
            say(f"{crashes.kills} kills, {len(crashes.moments)} of them at chosen moments")
            return Counter(
                crashes=crashes.kills,
                orders=len(crashes.books.ordered),
                accepted=len(crashes.sim.orders),
                inbound=len(crashes.sim.inbox),
                events=len(crashes.books.published),
            )
    except BaseException:
        say(f"kills with seed {seed} failed")
        raise


def run_histories(minutes: float) -> Figures:
    """Run random histories in random worlds, each seed in a process of its own.

    A failure is reported and the rest goes on; at the end the first failure is shortened.
    """
    figures: Figures = Counter()
    failed: list[str] = []
    end = monotonic() + minutes * 60
    while not figures or monotonic() < end:
        seed = str(secrets.randbelow(2**32))
        done = start("tests.history", "--seed", seed, "--examples", EXAMPLES, "--no-shrink")
        line = done.stdout.splitlines()[-1]
        figures.update({name: int(count) for name, count in re.findall(r"(\D+) (\d+),? ?", line)})
        if done.returncode:
            failed.append(seed)
            say(f"seed {seed} failed: {line}")
    if failed:
        say(f"Failed: {', '.join(failed)}. The first of them, with fewer switches and steps:")
        run("tests.history", "--seed", failed[0], "--examples", EXAMPLES)
        raise SystemExit("It did not fail again")
    return figures


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=20.0)
    minutes = parser.parse_args().minutes
    begin = monotonic()
    say("Load: 10,000 statuses, 2,000 messages, 5,000 forgeries in a minute, 50 automations")
    figures, block = bear(min(minutes / LOAD_FROM, 1.0))
    say("Kill -9 of a real Home Assistant")
    figures += asyncio.run(kill(minutes * KILLING))
    say("Properties of the tests, with random examples")
    try_properties(minutes * TRYING)
    left = max(minutes - (monotonic() - begin) / 60, 0.5)
    say(f"Random histories, {left:.1f} minutes")
    figures += run_histories(left)
    say(f"Passed, {(monotonic() - begin) / 60:.1f} minutes: {summary(figures, block)}")


def try_properties(minutes: float) -> None:
    """Try the properties of the tests with random examples, at least once."""
    which = ("-q", "-m", "hypothesis", "--ignore", "tests/e2e")
    end = monotonic() + minutes * 60
    while True:
        seed = str(secrets.randbelow(2**32))
        random = ("--hypothesis-profile", "random", "--hypothesis-seed", seed)
        say(run("pytest", *which, *random))
        if monotonic() >= end:
            return


def summary(figures: Figures, block: int) -> str:
    """Return the figures of all in words."""
    return (
        f"{figures['runs']} random histories in worlds with {figures['switches']} switches, "
        f"{figures['faults']} faults injected, "
        f"{figures['crashes']} crashes survived, {figures['reloads']} reloads, "
        f"{figures['keys rotated']} keys rotated, {figures['clocks set']} clocks set; "
        f"{figures['accepted']} messages out and {figures['inbound']} in, "
        f"{figures['forged']} forged; doubles {figures['doubles']}, losses {figures['losses']}, "
        f"late {figures['late']}, over the limit {figures['over the limit']}; "
        f"longest block of the event loop {block} ms"
    )


if __name__ == "__main__":
    main()
