"""Time: of works that take turns, and how late the event loop is at most."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from time import perf_counter
from typing import Any, Self

# Rounds that fill caches first.
WARM = 2
# What a work leaves to be done is done in so many seconds, and not counted as the next one's.
CALM = 0.001
# How often the loop is sampled.
BEAT = 0.001

# Something to be timed, or that returns the seconds it took.
type Work = Callable[[], Awaitable[Any]]


async def interleaved(rounds: int, works: Mapping[str, Work]) -> dict[str, list[float]]:
    """Return the seconds of each work in each turn; in a turn all meet the same noise."""
    times: dict[str, list[float]] = {name: [] for name in works}
    order, chance = list(works), Random(len(works))
    for turn in range(-WARM, rounds):
        for name in order:
            await _calm()
            took = await timed(works[name])
            if turn >= 0:
                times[name].append(took)
        # None always comes after the same one, or after itself.
        chance.shuffle(order)
    return times


async def timed(work: Work) -> float:
    """Return the seconds a work took."""
    start = perf_counter()
    took = await work()
    return took if isinstance(took, float) else perf_counter() - start


async def _calm() -> None:
    """Have done what the last work left to be done; a processor that rests begins slowly."""
    end = perf_counter() + CALM
    while perf_counter() < end:
        await asyncio.sleep(0)


class Lag:
    """How late a timer of the event loop is at most: so long was it blocked."""

    def __init__(self) -> None:
        self.most = 0.0
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        """Begin to sample."""
        self._plan()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop sampling."""
        self._beat.cancel()

    def _plan(self) -> None:
        self._due = perf_counter() + BEAT
        self._beat = self._loop.call_later(BEAT, self._sample)

    def _sample(self) -> None:
        self.most = max(self.most, perf_counter() - self._due)
        self._plan()
