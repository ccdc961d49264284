"""One request and its response: nothing but a value or an error of ours comes out."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import batched
import logging
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from .errors import ConnectionFailed, Fault, InvalidResponse, ResponseLost, ResponseTimeout
from .models import Credentials
from .responses import date_of, error_of, parse_json, read_body
from .values import Json, rows

URL: Final = "https://smspilot.ru/api.php"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
# Longer than any response worth having; the API itself gives a callback 30 s.
TIMEOUT: Final = timedelta(seconds=60)
CONNECT_TIMEOUT: Final = 20
# The API responds within a second or two. What kept a request waiting for longer and then broke
# off may go on with it for as long again, so nothing can be concluded from the list of messages.
SILENCE: Final = 5.0
# What a gateway says that has waited for the API in vain, nginx's and Cloudflare's among them.
GATEWAY_TIMEOUTS: Final = frozenset((408, 499, 504, 522, 524, 598, 599))
# Rows made in one go: a few milliseconds.
AT_ONCE: Final = 250

# What a response of another form than expected can do to whoever reads it.
UNREADABLE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Response:
    """A response's JSON, and the API's time where it tells one."""

    data: Any
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Rows[T]:
    """The rows of a response that could be read, and the response."""

    rows: tuple[T, ...]
    response: Response


class Transport:
    """The way to the API and back."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        credentials: Credentials,
        *,
        url: str = URL,
        timeout: timedelta = TIMEOUT,
        debug: str | None = None,
        referrer: str | None = None,
    ) -> None:
        """Use the session; `debug` is an e-mail address, `referrer` a contract number (r)."""
        self._session = session
        self._timeout = aiohttp.ClientTimeout(
            total=timeout.total_seconds(), connect=CONNECT_TIMEOUT
        )
        self.credentials = credentials
        self.url = url
        self.debug = debug
        self.referrer = referrer
        # Where the API shall push to, for whoever sends; None while that is not known.
        self.push_url: str | None = None
        # The most rows of one response that could not be read, by the name of the list.
        self.unreadable_rows: dict[str, int] = {}
        self._clock: tuple[datetime, float] | None = None

    def now(self) -> datetime | None:
        """Return the API's time, by its last response that told it."""
        if self._clock is None:
            return None
        at, when = self._clock
        return at + timedelta(seconds=monotonic() - when)

    async def read[T](self, params: dict[str, str], parse: Callable[[Json], T]) -> T:
        """Request one value."""
        response = await self._request(params)
        with _reading():
            return parse(response.data)

    async def read_rows[T](
        self, params: dict[str, str], key: str, parse: Callable[[Json], T]
    ) -> Rows[T]:
        """Request a list; a row that cannot be read is counted and left out.

        Where there are rows and none can be read it is no list of the API's. The rows are made a
        few at a time: there may be thousands.
        """
        response, found = await self._request(params), list[T]()
        with _reading():
            listed = rows(response.data[key])
        for some in batched(listed, AT_ONCE, strict=False):
            if found:
                await asyncio.sleep(0)
            for row in some:
                try:
                    found.append(parse(row))
                except UNREADABLE:
                    continue
        if unreadable := len(listed) - len(found):
            self._count_unreadable(key, unreadable)
        if listed and not found:
            raise InvalidResponse(Fault.UNREADABLE_LIST, key)
        return Rows(tuple(found), response)

    def _count_unreadable(self, key: str, count: int) -> None:
        """Say once that rows are left out; what stands in them is nobody's business."""
        if key not in self.unreadable_rows:
            _LOGGER.warning("SMSPILOT lists rows that cannot be read (%s); they are left out", key)
        self.unreadable_rows[key] = max(count, self.unreadable_rows.get(key, 0))

    async def _request(self, params: dict[str, str]) -> Response:
        """Post a form, return the JSON, and raise what the API says is wrong."""
        started = asyncio.get_running_loop().time()
        try:
            status, date, body = await self._post(params)
            if status != HTTPStatus.OK:
                kind = ResponseTimeout if status in GATEWAY_TIMEOUTS else InvalidResponse
                raise kind(Fault.HTTP_STATUS, status)
            data = parse_json(body)
        except ResponseLost as err:
            if asyncio.get_running_loop().time() - started < SILENCE:
                raise
            raise ResponseTimeout(*err.args) from None
        if at := date_of(date):
            self._clock = (at, monotonic())
        if isinstance(data, dict) and (error := error_of(data.get("error"))):
            raise error
        return Response(data, at)

    async def _post(self, params: dict[str, str]) -> tuple[int, str | None, bytes]:
        """Return the HTTP status, the date and the body of the response."""
        form = {**params, **self.credentials.as_params(), "format": "json"}
        if self.debug:
            form["debug"] = self.debug
        if self.referrer:
            form["r"] = self.referrer
        try:
            async with self._session.post(
                self.url,
                data=urlencode(form).encode(),
                headers=FORM,
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                body = await read_body(response)
                return response.status, response.headers.get("Date"), body
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.InvalidURL,
            aiohttp.NonHttpUrlClientError,
        ) as err:
            raise ConnectionFailed(_cause(err)) from None
        except TimeoutError as err:
            raise ResponseTimeout(_cause(err)) from None
        # A closed session is a RuntimeError.
        except (aiohttp.ClientError, OSError, RuntimeError, ValueError) as err:
            raise ResponseLost(_cause(err)) from None


@contextmanager
def _reading() -> Generator[None]:
    """Let nothing but a value or an error of ours out."""
    try:
        yield
    except UNREADABLE:
        # The response may hold texts and numbers, so nothing of it is told.
        raise InvalidResponse(Fault.OTHER_FORM) from None


def _cause(err: BaseException) -> str:
    """Return what went wrong, without an address that may hold a password."""
    return type(err).__name__
