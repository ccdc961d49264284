"""Every promise in every world: histories in a set that has each pair of switches."""

from dataclasses import fields
from itertools import combinations
from pathlib import Path
import subprocess
import sys

import pytest

from .common import OTHER_HALF
from .history.covering import covering, worlds
from .history.dimensions import DIMENSIONS, LEFT_OUT, described
from .simulator import Options

ROOT = Path(__file__).parents[1]
# So many processes, half of them in each suite; each core takes the next one.
PARTS = 4
# Another one finds other histories; `scripts/soak` takes a fresh one each time.
SEED = 1


@pytest.mark.parametrize("part", range(OTHER_HALF, PARTS, 2))
def test_promises(part: int) -> None:
    """The service's ledger and the home's say the same, whatever the document leaves open."""
    arguments = ("--covering", f"{part}/{PARTS}", "--seed", str(SEED), "--no-shrink")
    done = subprocess.run(
        [sys.executable, "-m", "tests.history", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "doubles 0, losses 0, late 0, over the limit 0" in done.stdout


def test_each_pair_is_met() -> None:
    """No two values are never the case together."""
    met = {
        pair
        for world in worlds()
        for pair in combinations(((name, world[name]) for name in DIMENSIONS), 2)
    }
    sizes = {name: len(values) for name, values in DIMENSIONS.items()}
    assert len(met) == sum(one * other for one, other in combinations(sizes.values(), 2))


@pytest.mark.parametrize("seed", range(3))
def test_small(seed: int) -> None:
    """The set is not much larger than the two longest dimensions make it."""
    sizes = {name: len(values) for name, values in DIMENSIONS.items()}
    first, second, *_ = sorted(sizes.values(), reverse=True)
    assert len(covering(sizes, seed)) <= 1.4 * first * second


def test_each_switch_is_a_dimension() -> None:
    """Nothing that the simulator leaves open is forgotten."""
    used = {name for values in DIMENSIONS.values() for each in values for name in each}
    assert {each.name for each in fields(Options)} == (used | LEFT_OUT.keys()) - {
        "account.duplicate_guard",
        "clock",
    }
    assert not used & LEFT_OUT.keys()


def test_a_world_in_words() -> None:
    """A failure's report shows what was otherwise than usual."""
    assert described({}) == described(dict.fromkeys(DIMENSIONS, 0)) == "the likeliest"
    assert described({"zone": 1, "rows_twice": 1}) == "zone=3:00:00, rows_twice=True"
