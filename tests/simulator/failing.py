"""What stands in the place of an answer that is spoilt."""

from collections.abc import Callable, Mapping
from typing import Final

from .faults import HUGE, Fault, FaultKind

_HEAD: Final = b'{"send":[{"server_id":"182132632","phone"'
_ERROR: Final = '{"error":{"code":110,"description_ru":"Ошибка"}}'
_MAINTENANCE: Final = "<html><body><h1>Технические работы</h1></body></html>"


def nginx(title: str) -> str:
    """Return a page of the web server itself."""
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n"
        "</body>\r\n</html>\r\n"
    )


_PAGES: Final[Mapping[FaultKind, tuple[int, str]]] = {
    FaultKind.HTML: (200, _MAINTENANCE),
    FaultKind.HTTP_500: (500, ""),
    FaultKind.HTTP_502_HTML: (502, nginx("502 Bad Gateway")),
    FaultKind.HTTP_503_HTML: (503, nginx("503 Service Temporarily Unavailable")),
    FaultKind.HTTP_504_HTML: (504, nginx("504 Gateway Time-out")),
    FaultKind.HTTP_408_HTML: (408, nginx("408 Request Time-out")),
    FaultKind.HTTP_524_HTML: (524, nginx("524 A Timeout Occurred")),
    FaultKind.HTTP_404_HTML: (404, nginx("404 Not Found")),
    FaultKind.REDIRECT: (302, ""),
}
_BODIES: Final[Mapping[FaultKind, Callable[[Fault, bytes], bytes]]] = {
    FaultKind.TRUNCATED: lambda _, good: (good or _HEAD)[:-7],
    FaultKind.EMPTY: lambda _, __: b"",
    FaultKind.NOT_UTF8: lambda _, __: _ERROR.encode("cp1251"),
    FaultKind.OTHER_JSON: lambda fault, _: fault.body.encode(),
    FaultKind.SLOPPY_JSON: lambda _, good: _sloppy(good),
    FaultKind.HUGE: lambda _, __: b'{"send":"' + b"x" * HUGE + b'"}',
}


def spoilt(fault: Fault, good: bytes) -> tuple[int, bytes, str] | None:
    """Return status, body and type of the answer; None where the connection breaks instead."""
    if fault.kind in _PAGES:
        status, page = _PAGES[fault.kind]
        return status, page.encode(), "text/html"
    if fault.kind in _BODIES:
        return 200, _BODIES[fault.kind](fault, good), "application/json"
    return None


def half(good: bytes) -> bytes:
    """Return how an answer begins that never ends."""
    return good[: len(good) // 2] or _HEAD


def _sloppy(good: bytes) -> bytes:
    """Spoil JSON the way the document's examples are spoilt."""
    text = (good or '{"error":{"code":110,"description_ru":"Ошибка/сбой"}}'.encode()).decode()
    text = text.replace("\\/", "/").replace("/", "\\")
    return (text[:-1] + "," + text[-1:]).encode()
