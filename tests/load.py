"""Much at once, and the longest block of the event loop: `python -m tests.load [--scale 1]`."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import gc
import logging
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from threading import get_ident
from time import monotonic, perf_counter, thread_time
from typing import Any, Final

import aiohttp
from homeassistant.const import CONF_API_KEY, CONF_URL, CONF_WEBHOOK_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import DOMAIN

from .common import WEBHOOK_ID, person
from .e2e.service import Service
from .simulator.model import DEFAULT_KEY

# The issue's own figures: each message has two statuses.
STATUSES, INBOUND, FORGED, AUTOMATIONS = 10_000, 2_000, 5_000, 50
ANNA: Final = "+79087964781"
CHUNK: Final = 500
# The minute in which all of it comes.
MINUTE: Final = 60.0
# Late results are not lost; a slow machine only takes longer.
PATIENCE: Final = 300.0
BEAT: Final = 0.002
# No block of the event loop is longer.
ALLOWED: Final = 0.05
# The generation of garbage that is all of it.
FULL: Final = 2


class Heart:
    """Beats in the loop, and notes when it could not.

    What counts is the loop's own work between two beats: on a busy machine the whole process
    waits its turn, and now and then the interpreter looks through all objects of Home Assistant
    for garbage, which the integration cannot change.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.longest_wait = 0.0
        self.longest_collection = 0.0
        self.over = 0
        self._thread = get_ident()
        self._collection = self._begun = 0.0

    async def beat(self) -> None:
        """Beat until cancelled."""
        gc.callbacks.append(self._collect)
        last, worked = perf_counter(), thread_time()
        try:
            while True:
                await asyncio.sleep(BEAT)
                now, work = perf_counter(), thread_time()
                block = work - worked - self._collection
                self.longest = max(self.longest, block)
                self.longest_wait = max(self.longest_wait, now - last - BEAT)
                self.over += block > ALLOWED
                last, worked, self._collection = now, work, 0.0
        finally:
            gc.callbacks.remove(self._collect)

    def _collect(self, phase: str, info: dict[str, int]) -> None:
        if info["generation"] < FULL or get_ident() != self._thread:
            return
        if phase == "start":
            self._begun = thread_time()
        else:
            self._collection += thread_time() - self._begun
            self.longest_collection = max(self.longest_collection, self._collection)


@dataclass(slots=True)
class Figures:
    """What was measured."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    heart: Heart = field(default_factory=Heart)
    reads: dict[str, int] = field(default_factory=dict)
    megabytes: list[float] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)

    def words(self) -> str:
        """Return all of it as a line."""
        return (
            f"{self.counts} in {self.seconds:.0f} s; longest block of the loop "
            f"{self.heart.longest * 1000:.0f} ms of its own work, {self.heart.over} over 50 ms "
            f"(with the machine's other work: {self.heart.longest_wait * 1000:.0f} ms; longest "
            f"collection of garbage: {self.heart.longest_collection * 1000:.0f} ms); "
            f"reads {self.reads}; memory {self.megabytes} MB; objects {self.objects}; "
            f"left behind {self.left}"
        )

    def weigh(self) -> None:
        """Note what is in memory."""
        gc.collect()
        self.megabytes.append(_megabytes())
        self.objects.append(len(gc.get_objects()))


def automations() -> list[dict[str, Any]]:
    """Return automations with triggers; each message fires one of them."""
    half = AUTOMATIONS // 2
    mark_run = {"event": "load_acted"}
    return [
        *(
            {
                "alias": f"Order {each}",
                "triggers": {
                    "trigger": "smspilot.message_received",
                    "options": {"from": "*", "text": f"order {each} ", "match": "contains"},
                },
                "actions": mark_run,
                "mode": "parallel",
                "max": 1000,
            }
            for each in range(half)
        ),
        *(
            {
                "alias": f"Delivery {each}",
                "triggers": {
                    "trigger": "smspilot.message_status_changed",
                    "options": {"status": "delivered", "to": f"+7911{each:07}"},
                },
                "actions": mark_run,
                "mode": "parallel",
                "max": 1000,
            }
            for each in range(half)
        ),
    ]


@asynccontextmanager
async def loaded(hass: HomeAssistant, service: Service) -> AsyncIterator[MockConfigEntry]:
    """Set up an account and the automations."""
    url = f"{hass.config.external_url}/api/webhook/{WEBHOOK_ID}"
    await service.control("account", inbound_url=url, balance="1000000")
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="SMSPILOT 5671",
        unique_id="5671",
        data={CONF_API_KEY: DEFAULT_KEY, CONF_URL: service.url, CONF_WEBHOOK_ID: WEBHOOK_ID},
        options={"rate_limit": 0, "daily_limit": 0},
        subentries_data=[person("Anna", ANNA)],
    )
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, DOMAIN, {})
    assert await async_setup_component(hass, "automation", {"automation": automations()})
    await hass.async_block_till_done()
    try:
        yield entry
    finally:
        await hass.config_entries.async_remove(entry.entry_id)


async def load(hass: HomeAssistant, service: Service, scale: float) -> Figures:
    """Send, then let statuses, messages and forgeries come, and wait for the last event."""
    figures = Figures()
    messages, inbound = int(STATUSES / 2 * scale), int(INBOUND * scale)
    forged = int(FORGED * scale)
    finals: list[str] = []
    received: list[str] = []
    acted = 0

    @callback
    def collect_status(event: Event[dict[str, Any]]) -> None:
        if event.data["final"]:
            finals.append(event.data["message_id"])

    @callback
    def collect(event: Event[dict[str, Any]]) -> None:
        received.append(event.data["message"])

    @callback
    def act(_event: Event) -> None:
        nonlocal acted
        acted += 1

    hass.bus.async_listen(f"{DOMAIN}_message_status", collect_status)
    hass.bus.async_listen(f"{DOMAIN}_sms_received", collect)
    hass.bus.async_listen("load_acted", act)
    async with loaded(hass, service) as entry:
        await asyncio.sleep(2)
        figures.weigh()
        beating = asyncio.create_task(figures.heart.beat())
        ids = await _send(hass, messages)
        await service.control("forget")
        driver = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.load", "--drive", service.url.removesuffix("/api.php")),
            *("--webhook", f"{hass.config.external_url}/api/webhook/{WEBHOOK_ID}"),
            *("--inbound", str(inbound), "--forged", str(forged), "--scale", str(scale)),
            cwd=Path(__file__).parents[1],
        )
        begin = monotonic()
        while len(finals) < messages or len(received) < inbound or driver.returncode is None:
            await asyncio.sleep(0.1)
            figures.seconds = monotonic() - begin
            done = f"{len(finals)} ends and {len(received)} messages were published"
            assert figures.seconds < PATIENCE, done
            assert driver.returncode in (None, 0), done
        # Whatever a forgery woke has read in vain.
        await asyncio.sleep(60 if scale >= 1 else 5)
        beating.cancel()
        assert sorted(finals) == sorted(ids), "not every final status was published exactly once"
        words = [f"order {each % (AUTOMATIONS // 2)} {each}" for each in range(inbound)]
        assert sorted(received) == sorted(words), "not every message was published exactly once"
        figures.reads, pushes = await _requests(service)
        figures.counts = {
            "messages": messages,
            "final statuses": len(finals),
            "inbound": len(received),
            "forged": forged,
            "automation runs": acted,
            "pushes": pushes,
        }
        figures.left = _left(entry)
    # The disk's thread has deleted the files, and ends in a moment.
    await asyncio.sleep(1)
    figures.weigh()
    return figures


async def _send(hass: HomeAssistant, count: int) -> list[str]:
    """Send that many messages, in lists as long as the service takes."""
    ids: list[str] = []
    for begin in range(0, count, CHUNK):
        phones = [f"+7911{each:07}" for each in range(begin, min(begin + CHUNK, count))]
        data = {"phones": phones, "message": "Attention"}
        response: Any = await hass.services.async_call(
            DOMAIN, "send_sms", data, blocking=True, return_response=True
        )
        ids += [row["message_id"] for row in response["messages"]]
    return ids


async def _requests(service: Service) -> tuple[dict[str, int], int]:
    """Return the requests to the service, and how often it pushed."""
    state = await service.state()
    commands = [each["command"] for each in state["requests"]]
    reads = {each: commands.count(each) for each in ("check", "inbound", "send")}
    return reads, len(state["pushes"])


def _left(entry: MockConfigEntry) -> dict[str, int]:
    """Return what an account still holds in memory that grows with the load."""
    account = entry.runtime_data.account
    return {
        "pending": account.deliveries.pending,
        "early": len(account.deliveries._early),
        "kept events": len(account.publisher._kept),
    }


def _megabytes() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


async def drive(service: str, address: str, inbound: int, forged: int, scale: float) -> None:
    """Do what would cost the home's own process time: the service's side, and the enemy's."""
    connector = aiohttp.TCPConnector(limit=20)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def control(page: str, body: dict[str, Any]) -> None:
            async with session.post(f"{service}/control/{page}", json=body) as response:
                assert response.ok, await response.text()

        async def forge(number: int) -> None:
            status = {"server_id": str(182000001 + number), "phone": ANNA[1:], "status": "2"}
            words = {"id": str(900000 + number), "phone": ANNA[1:], "message": "order 1 forged"}
            async with session.post(address, data=words if number % 2 else status) as response:
                assert response.status == 200, response.status

        async def spread(work: list[Any]) -> None:
            """Do it all within the minute, evenly, as far as the machine can."""
            begin = monotonic()
            for done, each in enumerate(work):
                ahead = begin + MINUTE * 0.8 * scale * done / len(work) - monotonic()
                if ahead > 0:
                    await asyncio.sleep(ahead)
                await each()

        def receiving(number: int) -> Any:
            text = f"5671 order {number % (AUTOMATIONS // 2)} {number}"
            return lambda: control("receive", {"phone": ANNA[1:], "text": text})

        await control("settings", {"auto": 10})
        await asyncio.gather(
            spread([receiving(each) for each in range(inbound)]),
            spread([lambda each=each: forge(each) for each in range(forged)]),
        )


async def measure(scale: float) -> Figures:
    """Run the load in a core of this process against a service in another one."""
    from .outside import home  # noqa: PLC0415 - the driver needs no core

    with TemporaryDirectory(prefix="load-") as folder:
        async with Service(auto=0) as service, home(Path(folder)) as hass:
            return await load(hass, service, scale)


def main() -> None:
    """Measure, or drive."""
    parser = argparse.ArgumentParser(prog="load", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--drive", metavar="URL", help="(used by the program itself)")
    parser.add_argument("--webhook")
    parser.add_argument("--inbound", type=int, default=0)
    parser.add_argument("--forged", type=int, default=0)
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    if arguments.drive:
        asyncio.run(
            drive(
                arguments.drive,
                arguments.webhook,
                arguments.inbound,
                arguments.forged,
                arguments.scale,
            )
        )
        return
    figures = asyncio.run(measure(arguments.scale))
    sys.stdout.write(f"{figures.words()}\n")


if __name__ == "__main__":
    main()
