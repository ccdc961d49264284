"""The simulator's own pages under `/control/`: JSON in, JSON out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from .codec import change, to_json, values_for
from .faults import Fault
from .memory import dump
from .model import Account, Kind, Phone

if TYPE_CHECKING:
    from .simulator import Simulator

type Body = dict[str, Any]
type Handler = Callable[[Body], Awaitable[Any]]

_PREFIX: Final = "/control"


class Refused(Exception):
    """What was asked cannot be done."""


class Control:
    """What a test in another process, or the phone's page, can do."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._handlers: dict[str, Handler] = {
            "receive": self._receive,
            "advance": self._advance,
            "deliver": self._deliver,
            "fault": self._fault,
            "faults/clear": self._clear_faults,
            "faults/release": self._release_faults,
            "settings": self._settings,
            "account": self._account,
            "phone": self._phone,
            "push/status": self._push_status,
            "push/inbound": self._push_inbound,
            "pushes/flush": self._flush,
            "down": self._down,
            "up": self._up,
            "silence": self._silence,
            "forget": self._forget,
        }

    def routes(self) -> list[web.RouteDef]:
        """Return the pages; those that change something take POST."""
        posts = [web.post(f"{_PREFIX}/{name}", self._page(name)) for name in self._handlers]
        return [web.get(f"{_PREFIX}/state", self._state_page), *posts]

    async def perform(self, name: str, body: Body) -> Any:
        """Do what a page does, and return its answer; what cannot be done raises `Refused`."""
        try:
            result = await self._handlers[name](body)
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"{type(error).__name__}: {error}") from error
        self._sim.changed("control", name)
        return to_json(result)

    def _page(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def page(request: web.Request) -> web.Response:
            try:
                body = await request.json() if request.can_read_body else {}
                return web.json_response(await self.perform(name, body))
            except (ValueError, Refused) as error:
                return web.json_response({"error": str(error)}, status=400)

        return page

    async def _state_page(self, _: web.Request) -> web.Response:
        return web.json_response(to_json(self._state()))

    def _state(self) -> Body:
        sim = self._sim
        return dump(sim) | {
            "url": sim.url,
            "now": sim.now(),
            "auto": sim.auto,
            "requests": sim.requests,
            "pushes": sim.pushes,
            "unknown": sim.unknown,
            "faults": [each.kind for each in sim.faults.waiting],
            "resolve": sim.pusher.resolve,
        }

    async def _receive(self, body: Body) -> object:
        return await self._sim.receive(**body)

    async def _advance(self, body: Body) -> object:
        return await self._sim.advance(**body)

    async def _deliver(self, body: Body) -> object:
        return await self._sim.deliver(**body)

    async def _fault(self, body: Body) -> object:
        fault = Fault(**values_for(Fault, body))
        return {"kind": self._sim.faults.add(fault).kind}

    async def _clear_faults(self, _: Body) -> None:
        self._sim.faults.clear()

    async def _release_faults(self, _: Body) -> None:
        self._sim.faults.release()

    async def _settings(self, body: Body) -> object:
        sim = self._sim
        if "auto" in body:
            auto = body.pop("auto")
            sim.auto = None if auto is None else float(auto)
        if "clock_offset" in body:
            sim.clock_offset = timedelta(seconds=body.pop("clock_offset"))
        if "date_offset" in body:
            sim.date_offset = timedelta(seconds=body.pop("date_offset"))
        if "resolve" in body:
            sim.pusher.resolve = dict(body.pop("resolve"))
        for kind, of_kind in body.pop("prices", {}).items():
            sim.prices[Kind(kind)] |= {name: Decimal(str(each)) for name, each in of_kind.items()}
        change(sim.options, body)
        sim.changed("settings", sim.options)
        return sim.options

    async def _account(self, body: Body) -> Account:
        sim = self._sim
        account = sim.accounts.get(body.get("id", sim.account.id))
        if account is None:
            return sim.add_account(**values_for(Account, body))
        change(account, body)
        sim.changed("account", account)
        return account

    async def _phone(self, body: Body) -> Phone:
        phone = self._sim.phone(body["number"])
        change(phone, body)
        self._sim.changed("phone", phone)
        return phone

    async def _push_status(self, body: Body) -> object:
        return await self._sim.push_status(**body)

    async def _push_inbound(self, body: Body) -> object:
        return await self._sim.push_inbound(**body)

    async def _flush(self, body: Body) -> None:
        await self._sim.flush_pushes(**body)

    async def _down(self, body: Body) -> None:
        """Close the port, once this answer is out; open it again after `seconds`."""
        self._away(self._sim.down, body.get("seconds"))

    async def _silence(self, body: Body) -> None:
        """Accept connections without a response, once this response is out."""
        self._away(self._sim.silence, body.get("seconds"))

    def _away(self, go: Callable[[], Awaitable[None]], seconds: float | None) -> None:
        async def gone() -> None:
            await go()
            if seconds is not None:
                await asyncio.sleep(float(seconds))
                await self._sim.up()

        self._sim.task(gone())

    async def _up(self, _: Body) -> None:
        await self._sim.up()

    async def _forget(self, _: Body) -> None:
        """Forget the records of what happened, not the state."""
        for records in (self._sim.requests, self._sim.pushes, self._sim.unknown):
            records.clear()
