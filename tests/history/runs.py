"""Run histories with a seed: in random worlds, or once in each world of the covering set."""

import sys

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings, strategies as st
from hypothesis.stateful import run_state_machine_as_test

from tests.draws import draw_no_constants_of_ours

from .base import FIGURES
from .covering import worlds
from .dimensions import Picture, described
from .machine import histories_in

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
    draw_no_constants_of_ours()
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
            sys.stdout.write(f"failed in {described(world)}; again with: {again}\n")
            raise


def figures() -> str:
    """Return what has been done, in words."""
    FIGURES.update(dict.fromkeys(("doubles", "losses", "late", "over the limit"), 0))
    return ", ".join(f"{name} {count}" for name, count in FIGURES.items())
