"""What core's ntfy asks of its server, answered at once: `python -m tests.bench.ntfy`."""

import asyncio
import sys
from typing import Any, Final

from aiohttp import WSMsgType, web

STATS: Final = dict.fromkeys(
    (
        *("messages", "messages_remaining", "emails", "emails_remaining", "calls"),
        *("calls_remaining", "reservations", "reservations_remaining"),
        *("attachment_total_size", "attachment_total_size_remaining"),
    ),
    0,
)
LIMITS: Final = dict.fromkeys(
    (
        *("messages", "messages_expiry_duration", "emails", "calls", "reservations"),
        *("attachment_total_size", "attachment_file_size", "attachment_expiry_duration"),
        "attachment_bandwidth",
    ),
    0,
)
ACCOUNT: Final[dict[str, Any]] = {
    "username": "*",
    "role": "anonymous",
    "limits": {"basis": "ip", **LIMITS},
    "stats": STATS,
}
VERSION: Final = {"version": "2.17.0", "commit": "0", "date": "2026-01-01"}


async def _account(_: web.Request) -> web.Response:
    return web.json_response(ACCOUNT)


async def _version(_: web.Request) -> web.Response:
    return web.json_response(VERSION)


async def _auth(_: web.Request) -> web.Response:
    return web.json_response({"success": True})


async def _topic(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.CLOSE:
            break
    return socket


async def _run() -> None:
    app = web.Application()
    app.add_routes(
        [
            web.get("/v1/account", _account),
            web.get("/v1/version", _version),
            web.get("/{topic}/auth", _auth),
            web.get("/{topic}/ws", _topic),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}/\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_run())
