"""The HTTP side: one page, and everything that can happen to it."""

import asyncio
from collections.abc import Mapping
from email.utils import format_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aiohttp import web

from .control import Control
from .errors import ApiError
from .faults import HUGE, Fault, FaultKind, When
from .formats import write
from .incoming import Call, read
from .model import Request
from .page import Page
from .service import answer, refusal

if TYPE_CHECKING:
    from .simulator import Simulator

_NOT_FOUND: Final = (
    "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n"
    "<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)
_BAD_GATEWAY: Final = _NOT_FOUND.replace("404 Not Found", "502 Bad Gateway")
_MAINTENANCE: Final = "<html><body><h1>Технические работы</h1></body></html>"
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

    async def start(self) -> None:
        """Listen on the port, a free one where none was named."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_route("GET", "/api.php", self._page)
        app.router.add_route("POST", "/api.php", self._page)
        self._add_pages(app)
        app.router.add_route("*", "/{path:.*}", self._nowhere)
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
        for runner in (self._runner, self._control_runner):
            if runner:
                await runner.cleanup()
        self._runner = self._control_runner = self._site = None

    async def open_port(self) -> None:
        """Listen, on the same port as before if there was one."""
        if self._runner and not self._site:
            self._site = web.TCPSite(
                self._runner, self._sim.host, self._sim.port, reuse_address=True
            )
            await self._site.start()
            self._sim.port = self._runner.addresses[0][1]

    @property
    def is_open(self) -> bool:
        """Tell whether a connection can be made."""
        return self._site is not None

    async def close_port(self) -> None:
        """Refuse connections."""
        if self._site:
            await self._site.stop()
            self._site = None

    async def _page(self, request: web.Request) -> web.StreamResponse:
        call = await self._read(request)
        fault = self._sim.faults.take(call.command)
        if fault is None:
            return await self._answer(call)
        if fault.when is When.BEFORE:
            if fault.kind is FaultKind.SLOW:
                await asyncio.sleep(fault.seconds)
                return await self._answer(call)
            if fault.kind is FaultKind.HANG:
                await fault.released.wait()
            return self._failed(request, call, fault, b"")
        response = await self._answer(call)
        if fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return response
        if fault.kind is FaultKind.HANG:
            await fault.released.wait()
            return response if self._sim.started else self._failed(request, call, fault, b"")
        return self._failed(request, call, fault, _body(response))

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
        return format_datetime(self._sim.now() + self._sim.date_offset, usegmt=True)

    def _failed(
        self, request: web.Request, call: Call, fault: Fault, good: bytes
    ) -> web.StreamResponse:
        """Return what stands in the place of the answer."""
        bodies: Mapping[FaultKind, bytes] = {
            FaultKind.TRUNCATED: (good or b'{"send":[{"server_id":"182132632","phone"')[:-7],
            FaultKind.EMPTY: b"",
            FaultKind.NOT_UTF8: '{"error":{"code":110,"description_ru":"Ошибка"}}'.encode("cp1251"),
            FaultKind.OTHER_JSON: fault.body.encode(),
            FaultKind.SLOPPY_JSON: _sloppy(good),
            FaultKind.HUGE: b'{"send":"' + b"x" * HUGE + b'"}',
        }
        pages: Mapping[FaultKind, tuple[int, str]] = {
            FaultKind.HTML: (200, _MAINTENANCE),
            FaultKind.HTTP_500: (500, ""),
            FaultKind.HTTP_502_HTML: (502, _BAD_GATEWAY),
            FaultKind.HTTP_404_HTML: (404, _NOT_FOUND),
        }
        if fault.kind in bodies:
            return self._response(bodies[fault.kind], "application/json")
        if fault.kind in pages:
            status, page = pages[fault.kind]
            return self._response(page.encode(), "text/html", status=status)
        if fault.kind is FaultKind.REDIRECT:
            response = self._response(b"", "text/html", status=302)
            response.headers["Location"] = fault.location
            return response
        if fault.kind is FaultKind.ERROR:
            error = ApiError(fault.code, phone=fault.phone)
            text, content_type = write(self._sim, call, refusal(self._sim, call, error))
            return self._response(text.encode(call.charset, "replace"), content_type, call.charset)
        if request.transport:
            request.transport.abort()
        return web.Response()

    async def _nowhere(self, _: web.Request) -> web.Response:
        return self._response(_NOT_FOUND.encode(), "text/html", status=404)


def _body(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""


def _sloppy(good: bytes) -> bytes:
    """Spoil JSON the way the document's examples are spoilt."""
    text = (good or '{"error":{"code":110,"description_ru":"Ошибка/сбой"}}'.encode()).decode()
    text = text.replace("\\/", "/").replace("/", "\\")
    return (text[:-1] + "," + text[-1:]).encode()
