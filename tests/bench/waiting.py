"""Messages on their way: what they take up, and what a round of them costs."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import gc
from pathlib import Path
from statistics import median
from time import perf_counter
import tracemalloc
from typing import Final

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.helpers.storage import STORAGE_DIR

from custom_components.smspilot.const import DOMAIN
from custom_components.smspilot.runtime_data import SmspilotConfigEntry

from .clock import Lag
from .home import Bench, read_all, rest
from .table import Table, milliseconds

COUNT: Final = 5000
PASSES: Final = 3
# How many lives of a message show what one writes.
LIVES: Final = 3


async def measure(bench: Bench, table: Table) -> None:
    """Measure what waits."""
    entry = await bench.account()
    await _memory(bench, entry, table)
    await _rounds(bench, entry, table)
    await _writes(bench, entry, table)
    await bench.hass.config_entries.async_remove(entry.entry_id)


async def arrive(bench: Bench, entry: SmspilotConfigEntry) -> None:
    """Have all messages arrive at their phones, so that the next round finds them all changed."""
    await bench.sim.control("settings", auto=0.001)
    last = max(dict(entry.runtime_data.account.deliveries.table()))
    form = {"apikey": entry.data["api_key"], "check": last, "fields": "status"}
    while (await bench.post(**form))["check"][0]["status"] != "2":
        await asyncio.sleep(0.2)
    await asyncio.sleep(1)
    await bench.sim.control("settings", auto=None)


async def restart(bench: Bench, entry: SmspilotConfigEntry) -> None:
    """Close an account and open it again, from what is stored."""
    entries = bench.hass.config_entries
    await entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await entries.async_set_disabled_by(entry.entry_id, None)


async def _memory(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    # What is kept only once, whatever waits, is kept now.
    await bench.send(bench.text(), bench.numbers(COUNT), config_entry_id=entry.entry_id)
    numbers = bench.numbers(COUNT)
    await _settled(bench, entry)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await bench.send(bench.text(), numbers, config_entry_id=entry.entry_id)
    await _settled(bench, entry)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    each = (after - before) / COUNT
    table.number(f"{COUNT:,} waiting messages: each", each, "bytes", goal=1000)
    await empty(bench, entry)


async def _rounds(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    times: dict[str, list[float]] = {"round": [], "reload": [], "restart": [], "arrival": []}
    lags: dict[str, list[float]] = {name: [] for name in (*times, "send")}
    requests: list[int] = []

    @contextmanager
    def watched(name: str) -> Iterator[None]:
        gc.collect()
        start = perf_counter()
        with Lag() as lag:
            yield
        if name in times:
            times[name].append(perf_counter() - start)
        lags[name].append(lag.most)

    for _ in range(PASSES):
        for _ in range(COUNT // 1000):
            with watched("send"):
                await bench.send(bench.text(), bench.numbers(1000), config_entry_id=entry.entry_id)
        await rest(entry.runtime_data.account.deliveries.poller)
        await bench.requests()
        with watched("round"):
            await read_all(entry.runtime_data.account)
        requested = [one for one in await bench.requests() if one["command"] == "check"]
        # Another account may look for what is in doubt.
        asked = [one for one in requested if one["params"]["check"] != "recent"]
        requests.append(len(asked))
        with watched("reload"):
            await bench.hass.config_entries.async_reload(entry.entry_id)
        with watched("restart"):
            await restart(bench, entry)
        await rest(entry.runtime_data.account.deliveries.poller)
        await arrive(bench, entry)
        with watched("arrival"):
            await read_all(entry.runtime_data.account)
        await empty(bench, entry)
    table.number("requests a round", median(requests), "", goal=COUNT / 1000)
    for name, what in (("reload", "reload of the entry"), ("restart", "closed and opened again")):
        table.number(what, median(times[name]), "s", goal=0.5)
    for name, what in (
        ("round", "a round without news"),
        ("reload", "a reload"),
        ("restart", "closed and opened again"),
        ("arrival", "all of them delivered at once"),
    ):
        table.number(
            f"event loop blocked at most: {what}",
            median(lags[name]) * 1000,
            "ms",
            goal=20,
            beside=f"in {milliseconds(median(times[name]))}",
        )
    table.number("event loop blocked by 1,000 new recipients", median(lags["send"]) * 1000, "ms")


async def _writes(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    """Count what the life of a message writes: sent by us, by the service, delivered."""
    journal = Path(bench.hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry.entry_id}.journal"))
    # The journal begins anew, and is not folded meanwhile.
    await restart(bench, entry)
    for poller in (
        entry.runtime_data.account.deliveries.poller,
        entry.runtime_data.account.inbox.poller,
    ):
        await rest(poller)
    before = _lines(journal)
    for _ in range(LIVES):
        response = await bench.send(bench.text(), bench.numbers(1), config_entry_id=entry.entry_id)
        for status in (1, 2):
            server_id = response["messages"][0]["message_id"]
            await bench.sim.control("advance", server_id=server_id, status=status)
            await read_all(entry.runtime_data.account)
    # Each write is a line.
    written = [line for line in _lines(journal)[len(before) :] if line.strip()]
    table.number("a message's life: writes", len(written) / LIVES, "", goal=4)
    table.number("a message's life: journal", sum(map(len, written)) / LIVES, "bytes")


async def empty(bench: Bench, entry: SmspilotConfigEntry) -> None:
    """Have everything delivered and published."""
    deliveries = entry.runtime_data.account.deliveries
    while deliveries.pending:
        await arrive(bench, entry)
        await read_all(entry.runtime_data.account)
    await _settled(bench, entry)


async def _settled(bench: Bench, entry: SmspilotConfigEntry) -> None:
    await bench.hass.async_block_till_done()
    await asyncio.sleep(1)
    await entry.runtime_data.account.journal._jobs.async_wait_idle()
    gc.collect()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return []
