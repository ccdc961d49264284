"""Long work in steps, so that whatever else Home Assistant does has its turn in between."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import Final

# Nobody sees a lamp come on so much later, not even when several have such a step.
STEP: Final = 0.005


async def in_steps[T](items: Iterable[T]) -> AsyncGenerator[T]:
    """Go through items, and pause for a moment whenever that has taken a step's time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + STEP
    for item in items:
        yield item
        if loop.time() > end:
            await asyncio.sleep(0)
            end = loop.time() + STEP
