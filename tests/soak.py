"""Try for long what CI tries in short, and tell the figures: `scripts/soak [minutes]`."""

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

# Of the time: how much for kills of a real Home Assistant; histories take the rest.
KILLING: Final = 0.3
# The load as it stands in the issue takes two minutes and a half.
LOAD_FROM: Final = 10.0


def say(text: str) -> None:
    """Tell how it goes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(module: str, *arguments: str) -> str:
    """Run a module of the tests and return its figures, which stand on its last line."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], check=False, capture_output=True, text=True
    )
    if done.returncode:
        say(done.stdout + done.stderr)
        raise SystemExit(f"{module} {' '.join(arguments)} failed")
    return done.stdout.splitlines()[-1]


def tell_stories(minutes: float) -> str:
    """Run random histories, each seed in a process of its own; return the figures of all."""
    figures: Counter[str] = Counter()
    end = monotonic() + minutes * 60
    while not figures or monotonic() < end:
        line = run("tests.history", "--seed", str(secrets.randbelow(2**32)), "--examples", "30")
        figures.update({name: int(count) for name, count in re.findall(r"(\D+) (\d+),? ?", line)})
    return ", ".join(f"{name} {count}" for name, count in figures.items())


async def kill(minutes: float) -> None:
    """Kill a real Home Assistant at every chosen moment, then at random ones."""
    seed, end = secrets.randbelow(2**32), monotonic() + minutes * 60
    try:
        async with Crashes(seed) as crashes:
            for moment in crashes.moments:
                await crashes.survive(moment)
            while monotonic() < end:
                await crashes.survive(crashes.anything)
            say(
                f"kills {crashes.kills} ({len(crashes.moments)} chosen), "
                f"orders {len(crashes.books.ordered)}, accepted {len(crashes.sim.orders)}, "
                f"inbound {len(crashes.sim.inbox)}, told {len(crashes.books.told)}, "
                "doubles 0, losses 0"
            )
    except BaseException:
        say(f"kills with seed {seed} failed")
        raise


def main() -> None:
    """Run all three."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=20.0)
    minutes = parser.parse_args().minutes
    begin = monotonic()
    say("Load: 10,000 statuses, 2,000 messages, 5,000 forgeries in a minute, 50 automations")
    say(run("tests.load", "--scale", str(min(minutes / LOAD_FROM, 1.0))))
    say("Kill -9 of a real Home Assistant")
    asyncio.run(kill(minutes * KILLING))
    left = max(minutes - (monotonic() - begin) / 60, 0.5)
    say(f"Random histories, {left:.1f} minutes")
    say(tell_stories(left))
    say(f"Passed, {(monotonic() - begin) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
