"""One request and its response: nothing but a value or an error of ours comes out."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from itertools import batched
import json
import logging
import re
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from .errors import (
    REACTIONS,
    ApiError,
    ConnectionFailed,
    Fault,
    InvalidResponse,
    ResponseLost,
    ResponseTimeout,
)
from .models import Credentials
from .values import Json, integer, optional, rows, text

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
# A thousand rows with texts stay far below; a larger response is a mistake or an attack.
MAX_BODY: Final = 5 * 1024 * 1024
# Rows made in one go: a few milliseconds.
AT_ONCE: Final = 250

# A backslash that escapes something, else a stray one.
ESCAPE: Final = re.compile(r'(\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))|\\')
TRAILING_COMMA: Final = re.compile(r",(?=\s*[\]}])")
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
            data = _parse(body)
        except ResponseLost as err:
            if asyncio.get_running_loop().time() - started < SILENCE:
                raise
            raise ResponseTimeout(*err.args) from None
        if at := _date(date):
            self._clock = (at, monotonic())
        if isinstance(data, dict) and (error := _api_error(data.get("error"))):
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
                body = await _body(response)
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


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Return the response's body, and refuse one that would fill the memory."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise InvalidResponse(Fault.TOO_LARGE)
    return bytes(body)


def _parse(body: bytes) -> Any:
    """Return the JSON, also with the slips the document itself shows.

    Its examples have stray backslashes and trailing commas; strict parsing comes first.
    """
    try:
        string = body.decode("utf-8-sig")
        try:
            return json.loads(string)
        except ValueError:
            string = ESCAPE.sub(lambda found: found[1] or r"\\", string)
            return json.loads(TRAILING_COMMA.sub("", string))
    except ValueError, RecursionError:
        raise InvalidResponse(Fault.NOT_JSON) from None


def _api_error(error: Any) -> ApiError | InvalidResponse | None:
    """Return the API's error as the reaction it asks for; 0, and what is no error, mean none."""
    if not isinstance(error, dict):
        return None
    code = integer(error.get("code"))
    if code is None:
        return InvalidResponse(Fault.OTHER_FORM)
    description, description_ru = text(error.get("description")), text(error.get("description_ru"))
    if not code and not description and not description_ru:
        return None
    return REACTIONS.get(code, ApiError)(
        code,
        description,
        description_ru,
        phone=optional(error.get("phone")),
        status=optional(error.get("status")),
        status_ru=optional(error.get("status_ru")),
    )


@lru_cache(maxsize=1)
def _date(header: str | None) -> datetime | None:
    """Return the API's time, where its response tells it."""
    try:
        at = parsedate_to_datetime(header) if header else None
        # A zone of "-0000" makes a naive one.
        return at and at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError, ValueError:
        return None


def _cause(err: BaseException) -> str:
    """Return what went wrong, without an address that may hold a password."""
    return type(err).__name__
