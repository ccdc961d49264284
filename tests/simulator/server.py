"""The HTTP side: one page, and everything that can happen to it."""

import asyncio
from email.utils import format_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aiohttp import web

from .choices import DateHeader
from .control import Control
from .errors import ApiError
from .failing import half, nginx, spoilt
from .faults import Fault, FaultKind, When
from .formats import write
from .incoming import Call, read
from .model import Request
from .page import Page
from .service import answer, refusal
from .silence import Silence

if TYPE_CHECKING:
    from .simulator import Simulator

_LARGEST_BODY: Final = 16 * 1024 * 1024


class Front:
    """Listen, read, let faults happen, answer."""

    def __init__(self, sim: Simulator, control: Control) -> None:
        """Prepare the pages."""
        self._sim = sim
        self._control = control
        self._phones = Page(sim, control)
        self._runner: web.AppRunner | None = None
        self._control_runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._silence: Silence | None = None

    async def start(self) -> None:
        """Listen on the port, a free one where none was named."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_route("GET", "/api.php", self._page)
        app.router.add_route("POST", "/api.php", self._page)
        self._add_pages(app)
        app.router.add_route("*", "/{path:.*}", self._nowhere)
        app.on_response_prepare.append(self._prepared)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await self.open_port()
        if self._sim.control_port is not None:
            app = web.Application()
            self._add_pages(app)
            self._control_runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
            await self._control_runner.setup()
            await web.TCPSite(self._control_runner, self._sim.host, self._sim.control_port).start()

    def _add_pages(self, app: web.Application) -> None:
        app.add_routes([*self._control.routes(), *self._phones.routes()])

    async def stop(self) -> None:
        """Close everything."""
        await self._phones.close()
        self._end_silence()
        for runner in (self._runner, self._control_runner):
            if runner:
                await runner.cleanup()
        self._runner = self._control_runner = self._site = None

    async def open_port(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._end_silence()
        if self._runner and not self._site:
            self._site = web.TCPSite(
                self._runner, self._sim.host, self._sim.port, reuse_address=True
            )
            await self._site.start()
            self._sim.port = self._runner.addresses[0][1]

    @property
    def is_open(self) -> bool:
        """Return whether a connection can be made."""
        return self._site is not None

    async def close_port(self) -> None:
        """Refuse connections."""
        self._end_silence()
        if self._site:
            await self._site.stop()
            self._site = None

    async def fall_silent(self) -> None:
        """Accept connections, and never respond."""
        await self.close_port()
        self._silence = Silence()
        await self._silence.begin(self._sim.host, self._sim.port)

    def _end_silence(self) -> None:
        if self._silence:
            self._silence.end()
            self._silence = None

    async def _page(self, request: web.Request) -> web.StreamResponse:
        call = await self._read(request)
        fault = self._sim.faults.take(call.command)
        if fault is None:
            response = await self._answer(call)
            await asyncio.sleep(self._sim.options.answer_delay)
            return response
        late = self._sim.task(self._answer_late(call, fault)) if fault.when is When.LATE else None
        good = await self._answer(call) if fault.when is When.AFTER else None
        await fault.wait()
        if late and fault.released.is_set():
            # A client that breaks off before its timeout has an API that is no slower.
            await late
        if fault.kind is FaultKind.SLOW and fault.when is not When.LATE:
            return good or await self._answer(call)
        if fault.kind is FaultKind.HANG and good and self._sim.started:
            return good
        if fault.kind is FaultKind.STALL:
            return await self._stall(request, fault, _body(good))
        return self._failed(request, call, fault, _body(good))

    async def _answer_late(self, call: Call, fault: Fault) -> None:
        """Execute a request whose client has given up."""
        await fault.pause(fault.delay + fault.late)
        await self._answer(call)

    async def _read(self, request: web.Request) -> Call:
        body = await request.read()
        content_type = request.headers.get("Content-Type", "")
        query = request.raw_path.partition("?")[2]
        call = read(query, body, content_type, request.remote or "")
        record = Request(
            method=request.method,
            path=request.path,
            query=MappingProxyType(call.query),
            form=MappingProxyType(call.form),
            params=MappingProxyType(call.params),
            command=call.command,
            content_type=content_type.partition(";")[0],
            headers=MappingProxyType(dict(request.headers)),
            remote=call.remote,
            time=self._sim.now(),
        )
        self._sim.requests.append(record)
        self._sim.unknown.extend(call.unknown)
        self._sim.changed("request", record)
        return call

    async def _answer(self, call: Call) -> web.Response:
        self._sim.release_due()
        text, content_type = write(self._sim, call, answer(self._sim, call))
        return self._response(text.encode(call.charset, "replace"), content_type, call.charset)

    def _response(
        self, body: bytes, content_type: str, charset: str = "utf-8", status: int = 200
    ) -> web.Response:
        headers = {
            "Content-Type": f"{content_type}; charset={charset.lower()}",
            "Date": self._date(),
            "Server": "nginx",
        }
        response = web.Response(body=body, headers=headers, status=status)
        response.force_close()
        return response

    def _date(self) -> str:
        if self._sim.options.date_header is DateHeader.UNREADABLE:
            return "yesterday"
        return format_datetime(self._sim.now() + self._sim.date_offset, usegmt=True)

    def _failed(
        self, request: web.Request, call: Call, fault: Fault, good: bytes
    ) -> web.StreamResponse:
        """Return what stands in the place of the answer."""
        if fault.kind is FaultKind.ERROR:
            error = ApiError(fault.code, phone=fault.phone)
            text, content_type = write(self._sim, call, refusal(self._sim, call, error))
            return self._response(text.encode(call.charset, "replace"), content_type, call.charset)
        if (instead := spoilt(fault, good)) is None:
            return self._broken(request)
        status, body, content_type = instead
        response = self._response(body, content_type, status=status)
        if fault.kind is FaultKind.REDIRECT:
            response.headers["Location"] = fault.location
        return response

    async def _stall(self, request: web.Request, fault: Fault, good: bytes) -> web.StreamResponse:
        """Begin a response, and break it off when the fault is released."""
        begun = half(good)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = 2 * len(begun)
        await response.prepare(request)
        await response.write(begun)
        await fault.released.wait()
        return self._broken(request)

    def _broken(self, request: web.Request) -> web.StreamResponse:
        if request.transport:
            request.transport.abort()
        return web.Response()

    async def _prepared(self, _: web.Request, response: web.StreamResponse) -> None:
        # aiohttp adds the header where there is none.
        if self._sim.options.date_header is DateHeader.MISSING:
            response.headers.pop("Date", None)

    async def _nowhere(self, _: web.Request) -> web.Response:
        return self._response(nginx("404 Not Found").encode(), "text/html", status=404)


def _body(response: web.Response | None) -> bytes:
    return response.body if response and isinstance(response.body, bytes) else b""
