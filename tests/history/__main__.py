"""Run random histories: `python -m tests.history [--seed N] [--examples 20]`.

Each lives in a world of its own. `--covering 2/8` lives in a part of the fixed set of worlds in
which each pair of switches is met, once in each; `--likeliest` in nothing but the likeliest.
"""

import argparse
import logging
import secrets
import sys

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings, strategies as st
from hypothesis.stateful import run_state_machine_as_test

from .base import FIGURES
from .covering import worlds
from .dimensions import Picture, told
from .machine import LIKELIEST, histories_in, pictures

STEPS = 40


def run(
    number: int,
    drawn: st.SearchStrategy[Picture],
    examples: int,
    verbosity: Verbosity = Verbosity.normal,
    *,
    shrink: bool = True,
) -> None:
    """Run some histories; a failure prints the shortest that still fails."""
    run_state_machine_as_test(
        seed(number)(histories_in(drawn)),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=False,
            verbosity=verbosity,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def cover(part: int, parts: int, number: int, verbosity: Verbosity, *, shrink: bool) -> None:
    """Run a history in each world of a part of the covering set."""
    for index, world in list(enumerate(worlds()))[part::parts]:
        try:
            run(number + index, st.just(world), 2, verbosity, shrink=shrink)
        except Exception:
            again = f"--covering {index}/{len(worlds())} --seed {number}"
            sys.stdout.write(f"failed in {told(world)}; again with: {again}\n")
            raise


def figures() -> str:
    """Return what has been done, in words."""
    FIGURES.update(dict.fromkeys(("doubles", "losses", "late", "over the limit"), 0))
    return ", ".join(f"{name} {count}" for name, count in FIGURES.items())


def main() -> int:
    """Run one seed, and tell the figures on the last line."""
    parser = argparse.ArgumentParser(prog="history", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--examples", type=int, default=20, help="how many histories")
    parser.add_argument("--verbose", action="store_true", help="tell every step")
    parser.add_argument(
        "--no-shrink", dest="shrink", action="store_false", help="do not look for a shorter one"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--likeliest", action="store_true", help="in the likeliest world only")
    which.add_argument("--covering", metavar="PART/PARTS", help="in a part of the fixed worlds")
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    verbosity = Verbosity.debug if arguments.verbose else Verbosity.normal
    number = arguments.seed
    try:
        if arguments.covering:
            part, parts = map(int, arguments.covering.split("/"))
            cover(part, parts, number, verbosity, shrink=arguments.shrink)
        else:
            drawn = st.just(LIKELIEST) if arguments.likeliest else pictures()
            run(number, drawn, arguments.examples, verbosity, shrink=arguments.shrink)
    except Exception:
        again = f"--seed {number} --examples {arguments.examples}"
        sys.stdout.write(f"failed; again with: {again}\n{figures()}\n")
        raise
    sys.stdout.write(f"{figures()}\n")
    return 0


sys.exit(main())
