"""A small set of worlds in which each pair of values is met together at least once."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Final

from .dimensions import DIMENSIONS, Picture

# The same set everywhere; another seed makes another one.
SEED: Final = 20261129

type _Value = tuple[str, int]
type _Pair = tuple[_Value, _Value]


def covering(sizes: Mapping[str, int], seed: int = SEED) -> list[Picture]:
    """Return worlds, each begun with a pair that is still missing and filled up greedily."""
    random = Random(seed)
    names = list(sizes)
    missing = {
        ((one, i), (other, j)): None
        for one, other in combinations(names, 2)
        for i in range(sizes[one])
        for j in range(sizes[other])
    }
    worlds: list[Picture] = []
    while missing:
        world = dict(next(iter(missing)))
        rest = [name for name in names if name not in world]
        random.shuffle(rest)
        for name in rest:
            world[name] = _best(name, sizes[name], world, missing, random)
        for pair in combinations(((name, world[name]) for name in names), 2):
            missing.pop(pair, None)
        worlds.append({name: world[name] for name in names})
    return worlds


def _best(
    name: str, size: int, world: Picture, missing: Mapping[_Pair, None], random: Random
) -> int:
    """Return the value that meets most of the world's others for the first time."""
    values = random.sample(range(size), size)
    return max(
        values,
        key=lambda value: sum(_pair((name, value), each) in missing for each in world.items()),
    )


_PLACES: Final = {name: place for place, name in enumerate(DIMENSIONS)}


def _pair(one: _Value, other: _Value) -> _Pair:
    return (one, other) if _PLACES[one[0]] < _PLACES[other[0]] else (other, one)


def worlds() -> Sequence[Picture]:
    """Return the set that CI lives in."""
    return covering({name: len(values) for name, values in DIMENSIONS.items()})
