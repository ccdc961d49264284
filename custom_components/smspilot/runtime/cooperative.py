"""Long work in steps, so that whatever else Home Assistant does has its turn in between."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from time import perf_counter, sleep
from typing import Final

# Nobody sees a lamp come on so much later, not even when several have such a step.
STEP: Final = 0.005
# Of two threads the waiting one gets its turn after 5 ms, for every call of the system anew.
TURN: Final = 0.001
PAUSE: Final = 0.0001


async def async_slices[T](items: Iterable[T]) -> AsyncGenerator[T]:
    """Go through items, and pause for a moment whenever that has taken a step's time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + STEP
    for item in items:
        yield item
        if loop.time() > end:
            await asyncio.sleep(0)
            end = loop.time() + STEP


def thread_slices[T](items: Iterable[T]) -> Iterator[T]:
    """Go through items beside the event loop, and let it have its turn now and then."""
    end = perf_counter() + TURN
    for item in items:
        yield item
        if perf_counter() > end:
            sleep(PAUSE)
            end = perf_counter() + TURN
