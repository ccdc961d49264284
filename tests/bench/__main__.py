"""Measure, print, and say whether the goals are met: `scripts/bench [--check]`."""

import argparse
import asyncio
from collections.abc import Sequence
import sys

from homeassistant.runner import create_event_loop

from . import delaying, growing, pushing, sending, starting, waiting
from .home import MAIN, PEOPLE, bench
from .table import Table

PARTS = ("sending", "pushing", "delaying", "waiting", "starting", "growing")


async def _measure(parts: Sequence[str], table: Table) -> None:
    async with bench() as found:
        entry = await found.account(len(PEOPLE), MAIN)
        await found.hass.async_block_till_done()
        if "sending" in parts:
            await sending.measure(found, entry, table)
        if "pushing" in parts:
            await pushing.measure(found, entry, table)
        # What still waits would be read while others are measured.
        await waiting.empty(found, entry)
        if "delaying" in parts:
            await delaying.measure(found, table)
        if "waiting" in parts:
            await waiting.measure(found, table)
        if "starting" in parts:
            await starting.measure(found, table)
        if "growing" in parts:
            await growing.measure(found, table)


def main() -> int:
    """Measure and print; return 1 where a goal is missed and that is asked for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where a goal is not met")
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all without")
    arguments = parser.parse_args()
    table = Table()
    loop = create_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_measure(arguments.parts or PARTS, table))
    finally:
        sys.stdout.write(table.text())
    return 1 if arguments.check and not table.met else 0


if __name__ == "__main__":
    sys.exit(main())
