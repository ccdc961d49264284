"""Run random histories: `python -m tests.history [--seed N] [--examples 20]`."""

import argparse
import logging
import secrets
import sys

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import FIGURES, History

STEPS = 40


def run(number: int, examples: int, verbosity: Verbosity = Verbosity.normal) -> None:
    """Run some histories; a failure prints the shortest that still fails."""

    class Seeded(History):
        """The machine, with a seed of its own."""

    run_state_machine_as_test(
        seed(number)(Seeded),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=False,
            verbosity=verbosity,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def figures() -> str:
    """Return what has been done, in words."""
    return ", ".join(f"{name} {count}" for name, count in FIGURES.items())


def main() -> int:
    """Run one seed, and tell the figures on the last line."""
    parser = argparse.ArgumentParser(prog="history", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--examples", type=int, default=20, help="how many histories")
    parser.add_argument("--verbose", action="store_true", help="tell every step")
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    verbosity = Verbosity.debug if arguments.verbose else Verbosity.normal
    try:
        run(arguments.seed, arguments.examples, verbosity)
    except Exception:
        again = f"--seed {arguments.seed} --examples {arguments.examples}"
        sys.stdout.write(f"failed; again with: {again}\n{figures()}\n")
        raise
    sys.stdout.write(f"{figures()}\n")
    return 0


sys.exit(main())
