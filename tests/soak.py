"""Try for long what CI tries in short, and tell the figures: `scripts/soak [minutes]`."""

import argparse
import asyncio
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


def run(module: str, *arguments: str) -> None:
    """Run a module of the tests, whose figures stand on its last line."""
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


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
    run("tests.load", "--scale", str(min(minutes / LOAD_FROM, 1.0)))
    say("Kill -9 of a real Home Assistant")
    asyncio.run(kill(minutes * KILLING))
    left = max(minutes - (monotonic() - begin) / 60, 0.5)
    say(f"Random histories, {left:.1f} minutes")
    run("tests.history", "--minutes", f"{left:.2f}")
    say(f"Passed, {(monotonic() - begin) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
