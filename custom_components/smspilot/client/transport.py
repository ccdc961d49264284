"""One HTTP request and its response; every failure is raised as a `SmspilotError`."""

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

from .errors import (
    ConnectionFailed,
    Fault,
    InvalidResponse,
    ResponseLost,
    ResponseTimeout,
    UnreadableRows,
)
from .models import Credentials
from .responses import date_of, error_of, parse_json, read_body
from .values import Json, rows

URL: Final = "https://smspilot.ru/api.php"
FORM_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded"}
# The API responds within seconds; it gives a callback 30 s itself.
TIMEOUT: Final = timedelta(seconds=60)
# Seconds.
CONNECT_TIMEOUT: Final = 20
# The API responds within a second or two. A request that fails only after this many seconds may
# still be processed, so the list of messages proves nothing yet: the failure counts as a timeout.
MAX_PROMPT_FAILURE: Final = 5.0
# HTTP statuses of gateways that got no response from the API, nginx and Cloudflare among them.
GATEWAY_TIMEOUTS: Final = frozenset((408, 499, 504, 522, 524, 598, 599))
# Rows parsed before the event loop gets its turn: a few milliseconds of work.
PARSE_BATCH: Final = 250

# What a parser raises for a response of another form than documented.
PARSE_ERRORS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Response:
    """A response's JSON, and the API's time by its `Date` header, if any."""

    data: Any
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Rows[T]:
    """A response, those of its rows that could be parsed, and how many could not."""

    rows: tuple[T, ...]
    unreadable: int
    response: Response


class Transport:
    """Sends requests to the API and parses its responses."""

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
        # The callback's address for callers that send; None while it is not known.
        self.push_url: str | None = None
        # The largest number of unreadable rows that one response had, by the name of the list.
        self.unreadable_rows: dict[str, int] = {}
        self._clock: tuple[datetime, float] | None = None

    def now(self) -> datetime | None:
        """Return the API's present time by its last response with a date, or None."""
        if self._clock is None:
            return None
        at, when = self._clock
        return at + timedelta(seconds=monotonic() - when)

    async def read[T](self, params: dict[str, str], parse: Callable[[Json], T]) -> T:
        """Make a request, and return what `parse` makes of the response."""
        response = await self._request(params)
        with _parse_errors_as_invalid_response():
            return parse(response.data)

    async def read_rows[T](
        self, params: dict[str, str], key: str, parse: Callable[[Json], T]
    ) -> Rows[T]:
        """Request the list under a key; rows that cannot be parsed are counted and left out.

        Raises `UnreadableRows` where there are rows and none can be parsed.
        """
        response, found = await self._request(params, key), list[T]()
        with _parse_errors_as_invalid_response():
            listed = rows(response.data[key])
        for batch in batched(listed, PARSE_BATCH, strict=False):
            if found:
                # A long list must not hold up the event loop.
                await asyncio.sleep(0)
            for row in batch:
                try:
                    found.append(parse(row))
                except PARSE_ERRORS:
                    continue
        if unreadable := len(listed) - len(found):
            self._count_unreadable(key, unreadable)
        if listed and not found:
            raise UnreadableRows(Fault.UNREADABLE_LIST, key)
        return Rows(tuple(found), unreadable, response)

    def _count_unreadable(self, key: str, count: int) -> None:
        """Keep the count, and log the first time without the rows, which hold private texts."""
        if key not in self.unreadable_rows:
            _LOGGER.warning("SMSPILOT lists rows that cannot be read (%s); they are left out", key)
        self.unreadable_rows[key] = max(count, self.unreadable_rows.get(key, 0))

    async def _request(self, params: dict[str, str], key: str | None = None) -> Response:
        """Post the parameters, return the parsed response, and raise the API's error.

        An error beside rows under the key is that of the other rows: these are accepted all the
        same.
        """
        started = asyncio.get_running_loop().time()
        try:
            status, date, body = await self._post(params)
            if status != HTTPStatus.OK:
                kind = ResponseTimeout if status in GATEWAY_TIMEOUTS else InvalidResponse
                raise kind(Fault.HTTP_STATUS, status)
            data = parse_json(body)
        except ResponseLost as err:
            if asyncio.get_running_loop().time() - started < MAX_PROMPT_FAILURE:
                raise
            raise ResponseTimeout(*err.args) from None
        if at := date_of(date):
            self._clock = (at, monotonic())
        if isinstance(data, dict) and (error := error_of(data.get("error"))):
            has_rows = key and isinstance(data.get(key), dict | list) and data[key]
            if not has_rows:
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
                headers=FORM_HEADERS,
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
def _parse_errors_as_invalid_response() -> Generator[None]:
    try:
        yield
    except PARSE_ERRORS:
        # The response may hold texts and numbers, so the error quotes nothing of it.
        raise InvalidResponse(Fault.OTHER_FORM) from None


def _cause(err: BaseException) -> str:
    """Return the error's name; its text may hold an address with a password."""
    return type(err).__name__
