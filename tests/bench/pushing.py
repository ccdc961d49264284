"""The way in: from a push to its event, beside a bare webhook and a do-it-yourself automation."""

import asyncio
from collections.abc import Mapping
import os
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Self
from unittest.mock import patch
from urllib.parse import urlencode, urlsplit

from aiohttp.web import Request
from homeassistant.components import webhook
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import Event, HomeAssistant, callback

from custom_components.smspilot.const import (
    CONF_VERIFY_PUSHES,
    EVENT_MESSAGE_STATUS,
    EVENT_SMS_RECEIVED,
)
from custom_components.smspilot.runtime import poller
from custom_components.smspilot.runtime_data import SmspilotConfigEntry

from .clock import WARM, interleaved
from .home import Bench, rest
from .table import Table

STRANGER: Final = "79161112233"
ROUNDS: Final = 400
# Each leaves a message in the list that the next one reads.
VERIFIED_ROUNDS: Final = 30
EVENT_BARE: Final = "bench_bare"
EVENT_READ: Final = "bench_read"
EVENT_AUTOMATION: Final = "bench_automation"


class Line:
    """A connection to Home Assistant, kept open, that costs next to nothing."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._address = urlsplit(hass.config.external_url or "")

    async def __aenter__(self) -> Self:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(
            self._address.hostname, self._address.port
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()

    async def push(self, webhook_id: str, event: str, fields: Mapping[str, str]) -> float:
        """Push and return the seconds until the event."""
        fired_at: asyncio.Future[float] = self._hass.loop.create_future()

        @callback
        def on_event(_event: Event[dict[str, Any]]) -> None:
            if not fired_at.done():
                fired_at.set_result(perf_counter())

        stop = self._hass.bus.async_listen(event, on_event)
        body = urlencode(fields)
        request = (
            f"POST /api/webhook/{webhook_id} HTTP/1.1\r\nHost: {self._address.netloc}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        start = perf_counter()
        self._writer.write(request.encode())
        async with asyncio.timeout(10):
            end = await fired_at
            stop()
            head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        await self._reader.readexactly(int(length))
        return end - start


class Pushes:
    """Pushes to ours, and to what stands beside it."""

    def __init__(self, bench: Bench, entry: SmspilotConfigEntry, line: Line) -> None:
        self._bench = bench
        self._entry = entry
        self._account = entry.runtime_data.account
        self._line = line
        self._account_id = entry.unique_id or ""
        self._id = 900_000_000
        self._waiting: list[dict[str, str]] = []
        self.address: str = entry.data[CONF_WEBHOOK_ID]

    def inbound(self, message_id: str | None = None) -> dict[str, str]:
        """Return the fields of the push of an inbound message."""
        self._id += 1
        return {
            "id": message_id or str(self._id),
            "phone": STRANGER,
            "num": "79037676877",
            "message": "turn on the heating",
            "user_id": self._account_id,
        }

    async def written(self) -> str:
        """Send an inbound message, and return its id."""
        message = await self._bench.sim.control(
            "receive",
            phone=STRANGER,
            text="turn on the heating",
            account=int(self._account_id),
            push=False,
        )
        return str(message["id"])

    async def sent(self) -> dict[str, str]:
        """Send a message, and return the fields of the push of its status."""
        response = await self._bench.send(
            self._bench.text(), [self._bench.number()], config_entry_id=self._entry.entry_id
        )
        return _delivered(response["messages"][0]["message_id"])

    async def verified_inbound(self) -> float:
        """Push a message to ours, which asks the service first."""
        await rest(self._account.inbox.poller)
        fields = self.inbound(await self.written())
        return await self._line.push(self.address, EVENT_SMS_RECEIVED, fields)

    async def read_inbound(self) -> float:
        """Push a message to a webhook that asks the service first."""
        fields = self.inbound(await self.written())
        return await self._line.push(_webhook_id("read_inbound"), EVENT_READ, fields)

    async def unverified_status(self) -> float:
        """Push a status to ours, which takes it at its word."""
        return await self._line.push(self.address, EVENT_MESSAGE_STATUS, self._waiting.pop())

    async def prepare(self, count: int) -> None:
        """Send what statuses are pushed of afterwards."""
        self._waiting = [await self.sent() for _ in range(count)]

    async def verified_status(self) -> float:
        """Push a status to ours, which asks the service first."""
        await rest(self._account.deliveries.poller)
        fields = await self.sent()
        await self._bench.sim.control("advance", server_id=fields["server_id"], status=2)
        return await self._line.push(self.address, EVENT_MESSAGE_STATUS, fields)

    async def read_status(self) -> float:
        """Push a status to a webhook that asks the service first."""
        answer = await self._bench.post(
            send=self._bench.text(), to=self._bench.number().removeprefix("+")
        )
        fields = _delivered(answer["send"][0]["server_id"])
        await self._bench.sim.control("advance", server_id=fields["server_id"], status=2)
        return await self._line.push(_webhook_id("read_status"), EVENT_READ, fields)


async def measure(bench: Bench, entry: SmspilotConfigEntry, table: Table) -> None:
    """Measure the way in."""
    _stand_beside(bench)
    async with Line(bench.hass) as line:
        pushes = Pushes(bench, entry, line)
        await bench.change(entry, **{CONF_VERIFY_PUSHES: False})
        await pushes.prepare(ROUNDS + WARM)
        found = await interleaved(
            ROUNDS,
            {
                "bare": lambda: line.push(_webhook_id("bare"), EVENT_BARE, pushes.inbound()),
                "kept": lambda: line.push(_webhook_id("kept"), EVENT_BARE, pushes.inbound()),
                "automation": lambda: line.push(
                    "bench_automation", EVENT_AUTOMATION, pushes.inbound()
                ),
                "inbound": lambda: line.push(pushes.address, EVENT_SMS_RECEIVED, pushes.inbound()),
                "status": pushes.unverified_status,
            },
        )
        bare = found["bare"]
        # A message is on the disk before it is an event, so what is beside it keeps it too.
        kept, automation = found["kept"], found["automation"]
        inbound = "inbound push to event"
        table.ratio(inbound, found["inbound"], kept, "bare webhook that keeps it", goal=1.3)
        table.ratio(inbound, found["inbound"], automation, "automation that keeps nothing")
        table.ratio("status push to event", found["status"], bare, "bare webhook", goal=1.5)
        await bench.change(entry, **{CONF_VERIFY_PUSHES: True})
        # A home where little waits, as it is in most: what was pushed is asked about alone.
        verified = Pushes(bench, await bench.account(), line)
        # What is measured is a read, and not the second between two of them.
        with patch.object(poller, "COOLDOWN", 0):
            found = await interleaved(
                VERIFIED_ROUNDS,
                {
                    "inbound": verified.verified_inbound,
                    "bare inbound": pushes.read_inbound,
                    "status": verified.verified_status,
                    "bare status": pushes.read_status,
                },
            )
        for kind, goal in (("inbound", 1.5), ("status", 2)):
            table.ratio(
                f"the same, verified: {kind}",
                found[kind],
                found[f"bare {kind}"],
                "bare webhook that asks" + (" and keeps it" if kind == "inbound" else ""),
                goal=goal,
            )


def _delivered(server_id: object) -> dict[str, str]:
    """Return the fields of a push that says so."""
    return {"server_id": str(server_id), "phone": STRANGER, "status": "2", "error": "0"}


def _stand_beside(bench: Bench) -> None:
    """Register the bare webhooks: two take a push at its word, two ask the service."""
    diary = Path(bench.hass.config.path("bench.txt")).open("ab", buffering=0)  # noqa: SIM115

    def write(line: bytes) -> None:
        diary.write(line)
        os.fdatasync(diary.fileno())

    async def bare(hass: HomeAssistant, _webhook_id: str, request: Request) -> None:
        hass.bus.async_fire(EVENT_BARE, dict(await request.post()))

    async def kept(hass: HomeAssistant, webhook_id: str, request: Request) -> None:
        await hass.async_add_executor_job(write, repr(await request.post()).encode())
        await bare(hass, webhook_id, request)

    async def read_inbound(hass: HomeAssistant, _webhook_id: str, request: Request) -> None:
        pushed = await request.post()
        answer = await bench.post(inbound="1790000000")
        for row in answer["inbound"]:
            if row["id"] == pushed["id"]:
                await hass.async_add_executor_job(write, repr(row).encode())
                hass.bus.async_fire(EVENT_READ, row)

    async def read_status(hass: HomeAssistant, _webhook_id: str, request: Request) -> None:
        pushed = await request.post()
        answer = await bench.post(check=str(pushed["server_id"]))
        for row in answer["check"]:
            hass.bus.async_fire(EVENT_READ, row)

    for name, handler in (
        ("bare", bare),
        ("kept", kept),
        ("read_inbound", read_inbound),
        ("read_status", read_status),
    ):
        webhook.async_register(bench.hass, "bench", name, _webhook_id(name), handler)


def _webhook_id(name: str) -> str:
    """Return an id as long as Home Assistant's own: every letter of it is looked at."""
    return name.ljust(len(webhook.async_generate_id()), "_")
