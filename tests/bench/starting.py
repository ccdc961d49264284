"""A start: import, set-up and idle memory beside core's ntfy."""

import asyncio
from collections.abc import Awaitable, Callable
import gc
from pathlib import Path
import sys
import tracemalloc
from types import MappingProxyType
from typing import Any, Final

from aiontfy.update import LatestRelease, UpdateChecker
from homeassistant.components import ntfy as core_ntfy
from homeassistant.components.ntfy import NTFY_KEY
from homeassistant.components.ntfy.coordinator import NtfyLatestReleaseUpdateCoordinator
from homeassistant.config_entries import ConfigEntry, ConfigSubentryData
from homeassistant.const import CONF_URL, CONF_VERIFY_SSL

from tests.e2e.config_folder import INTEGRATION
from tests.e2e.service import ROOT

from .clock import interleaved, timed
from .home import Bench, make_entry, ntfy
from .table import Table

# What a running home has imported before: these cost neither of the two anything.
THERE: Final = (
    "homeassistant.bootstrap",
    "homeassistant.components.binary_sensor",
    "homeassistant.components.button",
    "homeassistant.components.camera",
    "homeassistant.components.conversation",
    "homeassistant.components.diagnostics",
    "homeassistant.components.event",
    "homeassistant.components.http",
    "homeassistant.components.image",
    "homeassistant.components.notify.legacy",
    "homeassistant.components.recorder",
    "homeassistant.components.repairs",
    "homeassistant.components.sensor",
    "homeassistant.components.system_health",
    "homeassistant.components.update",
    "homeassistant.components.webhook",
    "homeassistant.helpers.network",
    "homeassistant.helpers.trigger",
)
# What Home Assistant imports of a package, where there is such a file.
PLATFORMS: Final = (
    *("binary_sensor", "button", "config_flow", "diagnostics", "event", "logbook", "notify"),
    *("repairs", "sensor", "system_health", "trigger", "update"),
)
# Imports what is there once, and what is measured in a copy of the process for each round.
IMPORT: Final = """
import importlib, os, sys, time
rounds, there, *packages = sys.argv[1:]
for name in there.split(","):
    importlib.import_module(name)
for _ in range(int(rounds)):
    for modules in packages:
        if not os.fork():
            start = time.perf_counter()
            for name in modules.split(","):
                importlib.import_module(name)
            print(time.perf_counter() - start, flush=True)
            os._exit(0)
        os.wait()
"""
IMPORTS: Final = 9
ENTRIES: Final = 5

type Make = Callable[[], Awaitable[ConfigEntry[Any]]]


async def measure(bench: Bench, table: Table) -> None:
    """Measure a start."""
    ours = _modules("custom_components.smspilot", INTEGRATION)
    theirs = _modules("homeassistant.components.ntfy", Path(core_ntfy.__file__).parent)
    imported = await _imported(ours, theirs)
    table.ratio("import of the package", imported[::2], imported[1::2], "ntfy", goal=1)
    async with ntfy() as url:
        # There is no request for ntfy's latest release.
        latest = NtfyLatestReleaseUpdateCoordinator(bench.hass, UpdateChecker(bench.session))
        latest.data = LatestRelease(tag_name="v2.17.0", name="2.17.0", html_url=url, body="")
        bench.hass.data[NTFY_KEY] = latest
        await _entries(bench, url, table)


async def _entries(bench: Bench, url: str, table: Table) -> None:
    count = iter(range(1_000_000))

    async def new_ntfy() -> ConfigEntry[Any]:
        topic = f"topic{next(count)}"
        data = MappingProxyType({"topic": topic})
        return make_entry(
            "ntfy",
            title=topic,
            unique_id=topic,
            data={CONF_URL: url, CONF_VERIFY_SSL: True, "username": None, "token": None},
            options={},
            subentries=[
                ConfigSubentryData(data=data, subentry_type="topic", title=topic, unique_id=topic)
            ],
        )

    async def set_up(make: Make) -> float:
        entry = await make()
        took = await timed(lambda: bench.hass.config_entries.async_add(entry))
        await bench.hass.async_block_till_done()
        await bench.hass.config_entries.async_remove(entry.entry_id)
        await bench.hass.async_block_till_done()
        return took

    found = await interleaved(
        15, {"ours": lambda: set_up(bench.new_account), "ntfy": lambda: set_up(new_ntfy)}
    )
    table.ratio("set-up of an entry", found["ours"], found["ntfy"], "ntfy", goal=1)
    beside = await _memory(bench, new_ntfy)
    ours = await _memory(bench, bench.new_account)
    table.number(
        "memory of an idle entry", ours / 1024, "KiB", beside=f"ntfy {beside / 1024:.0f} KiB"
    )


async def _memory(bench: Bench, make: Make) -> float:
    """Return the bytes of an entry with one recipient, or one topic."""

    async def add() -> ConfigEntry[Any]:
        entry = await make()
        await bench.hass.config_entries.async_add(entry)
        return entry

    entries = [await add()]
    await _settled(bench)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    entries += [await add() for _ in range(ENTRIES)]
    await _settled(bench)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    for entry in entries:
        await bench.hass.config_entries.async_remove(entry.entry_id)
    await bench.hass.async_block_till_done()
    return (after - before) / ENTRIES


async def _settled(bench: Bench) -> None:
    await bench.hass.async_block_till_done()
    await asyncio.sleep(1)
    gc.collect()


def _modules(package: str, folder: Path) -> str:
    found = [name for name in PLATFORMS if (folder / f"{name}.py").exists()]
    return ",".join([package, *(f"{package}.{name}" for name in found)])


async def _imported(*packages: str) -> list[float]:
    """Return the seconds that the packages take, one after the other in each round."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", IMPORT, str(IMPORTS), ",".join(THERE), *packages),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    return [float(line) for line in output.split()]
