"""How cost grows: processor time of this process, which holds Home Assistant and no service."""

import asyncio
from collections.abc import Awaitable, Callable
import gc
from itertools import batched
from time import process_time
from typing import Any, Final

from .home import Bench, answered, read_all, rest
from .table import Table
from .waiting import arrive, restart

SIZES: Final = (1, 10, 100, 1000, 10_000)
AT_ONCE: Final = 25
STRANGER: Final = "79161112233"


async def measure(bench: Bench, table: Table) -> None:
    """Measure how cost grows."""
    curves: dict[str, dict[int, float]] = {}
    for size in SIZES:
        for what, seconds in {**await _out(bench, size), **await _in(bench, size)}.items():
            curves.setdefault(what, {})[size] = seconds
    for what, curve in curves.items():
        table.curve(what, curve)


async def _out(bench: Bench, size: int) -> dict[str, float]:
    """Send to so many numbers, wait, restart, and have all delivered."""
    entry = await bench.account()
    phones = bench.numbers(size)
    found = {
        "recipients of a send": await _cost(
            lambda: bench.send(bench.text(), phones, config_entry_id=entry.entry_id)
        )
    }
    await rest(entry.runtime_data.account.deliveries.poller)
    found["waiting messages: a round"] = await _cost(lambda: read_all(entry.runtime_data.account))
    found["waiting messages: a restart"] = await _cost(lambda: restart(bench, entry))
    await rest(entry.runtime_data.account.deliveries.poller)
    await arrive(bench, entry)
    found["waiting messages: all delivered"] = await _cost(
        lambda: read_all(entry.runtime_data.account)
    )
    await bench.hass.config_entries.async_remove(entry.entry_id)
    return found


async def _in(bench: Bench, size: int) -> dict[str, float]:
    """Have so many messages written, and read them at once."""
    entry = await bench.account()
    account_id = int(entry.unique_id or 0)
    for some in batched(range(size), AT_ONCE, strict=False):
        await asyncio.gather(
            *(
                bench.sim.control(
                    "receive", phone=STRANGER, text=f"Text {at}", account=account_id, push=False
                )
                for at in some
            )
        )
    poller = entry.runtime_data.account.inbox.poller

    async def read() -> None:
        poller.wake()
        await answered(poller)

    await rest(poller)
    found = {"inbound messages of a read": await _cost(read)}
    await bench.hass.config_entries.async_remove(entry.entry_id)
    return found


async def _cost(work: Callable[[], Awaitable[Any]]) -> float:
    """Return the processor time of a work; no collection of the whole house falls in by chance."""
    gc.collect()
    start = process_time()
    await work()
    return process_time() - start
