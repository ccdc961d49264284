"""Run random histories: `python -m tests.history [--minutes 1] [--seed N] [--examples 20]`."""

import argparse
import logging
import secrets
import sys
from time import monotonic

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
    """Run until the time is over."""
    parser = argparse.ArgumentParser(prog="history", description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--seed", type=int, help="repeat the run that printed it")
    parser.add_argument("--examples", type=int, default=20, help="histories a seed")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    end = monotonic() + arguments.minutes * 60
    while True:
        number = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
        try:
            run(
                number,
                arguments.examples,
                Verbosity.debug if arguments.verbose else Verbosity.normal,
            )
        except Exception:
            sys.stdout.write(f"seed {number} failed; again with: --seed {number}\n{figures()}\n")
            raise
        if arguments.seed is not None or monotonic() > end:
            sys.stdout.write(f"{figures()}\n")
            return 0


sys.exit(main())
