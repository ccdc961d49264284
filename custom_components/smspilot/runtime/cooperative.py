"""Long work in slices, so that the rest of Home Assistant runs in between."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from time import perf_counter, sleep
from typing import Final

# Seconds. A lamp that comes on so much later is not noticed, even where several slices add up.
LOOP_SLICE: Final = 0.005
# Seconds. A thread that computes keeps the interpreter from the event loop for up to 5 ms, again
# after each system call of the loop; a short sleep hands it over earlier.
THREAD_SLICE: Final = 0.001
THREAD_SLEEP: Final = 0.0001


async def async_slices[T](items: Iterable[T]) -> AsyncGenerator[T]:
    """Yield items in the event loop, and let other tasks run after each slice of time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LOOP_SLICE
    for item in items:
        yield item
        if loop.time() > end:
            await asyncio.sleep(0)
            end = loop.time() + LOOP_SLICE


def thread_slices[T](items: Iterable[T]) -> Iterator[T]:
    """Yield items in a thread, and let the event loop run after each slice of time."""
    end = perf_counter() + THREAD_SLICE
    for item in items:
        yield item
        if perf_counter() > end:
            sleep(THREAD_SLEEP)
            end = perf_counter() + THREAD_SLICE
