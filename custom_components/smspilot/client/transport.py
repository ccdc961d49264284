"""One request and its answer: nothing but a value or an error of ours comes out."""

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
import re
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from .errors import (
    REACTIONS,
    ApiError,
    ConnectionFailed,
    InvalidResponse,
    ResponseLost,
    ResponseTimeout,
)
from .models import Credentials, Json, integer, optional, rows, text

URL: Final = "https://smspilot.ru/api.php"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
# Longer than any answer worth having; the service itself gives a callback 30 s.
TIMEOUT: Final = timedelta(seconds=60)
CONNECT_TIMEOUT: Final = 20
# A thousand rows with texts stay far below; a larger answer is a mistake or an attack.
MAX_ANSWER: Final = 5 * 1024 * 1024
# Values made in one go: a few milliseconds.
AT_ONCE: Final = 250

# A backslash that escapes something, else a stray one.
ESCAPE: Final = re.compile(r'(\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))|\\')
TRAILING_COMMA: Final = re.compile(r",(?=\s*[\]}])")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's JSON and the service's time."""

    data: Any
    at: datetime | None


class Transport:
    """The way to the service and back."""

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
        self._clock: tuple[datetime, float] | None = None

    def now(self) -> datetime | None:
        """Return the service's time, by its last answer that told it."""
        if self._clock is None:
            return None
        at, when = self._clock
        return at + timedelta(seconds=monotonic() - when)

    async def read[T](self, params: dict[str, str], parse: Callable[[Answer], T]) -> T:
        """Ask for one value."""
        answer = await self._request(params)
        with _parsing():
            return parse(answer)

    async def read_list[T](
        self, params: dict[str, str], key: str, parse: Callable[[Json], T]
    ) -> tuple[tuple[T, ...], datetime | None]:
        """Ask for a list of values, and make them a few at a time: there may be thousands."""
        answer, found = await self._request(params), list[T]()
        with _parsing():
            for some in batched(rows(answer.data[key]), AT_ONCE, strict=False):
                if found:
                    await asyncio.sleep(0)
                found += map(parse, some)
        return tuple(found), answer.at

    async def _request(self, params: dict[str, str]) -> Answer:
        """Post a form, return the JSON, and raise what the service says is wrong."""
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
                status, date = response.status, response.headers.get("Date")
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
        if status != HTTPStatus.OK:
            msg = f"HTTP status {status}"
            raise InvalidResponse(msg)
        data = _parse(body)
        if isinstance(data, dict) and (error := data.get("error")):
            raise _api_error(error)
        if at := _date(date):
            self._clock = (at, monotonic())
        return Answer(data, at)


@contextmanager
def _parsing() -> Generator[None]:
    """Let nothing but a value or an error of ours out."""
    try:
        yield
    # What a changed answer can do to a parser; a time beyond all years is an ArithmeticError.
    except ArithmeticError, AttributeError, LookupError, TypeError, ValueError:
        # The answer may hold texts and numbers, so nothing of it is told.
        msg = "An answer of the service has another form than expected"
        raise InvalidResponse(msg) from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Return the answer's body, and refuse one that would fill the memory."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER:
            msg = "An answer of the service is too large"
            raise InvalidResponse(msg)
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
        msg = "An answer of the service is no JSON"
        raise InvalidResponse(msg) from None


def _api_error(error: Any) -> ApiError | InvalidResponse:
    """Return the service's error as the reaction it asks for."""
    try:
        code = integer(error["code"])
        return REACTIONS.get(code or 0, ApiError)(
            code,
            text(error.get("description")),
            text(error.get("description_ru")),
            phone=optional(error.get("phone")),
            status=optional(error.get("status")),
            status_ru=optional(error.get("status_ru")),
        )
    except ArithmeticError, AttributeError, LookupError, TypeError, ValueError:
        return InvalidResponse("An error of the service has another form than expected")


@lru_cache(maxsize=1)
def _date(header: str | None) -> datetime | None:
    """Return the service's time, where its answer tells it."""
    try:
        at = parsedate_to_datetime(header) if header else None
        # A zone of "-0000" makes a naive one.
        return at and at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError, ValueError:
        return None


def _cause(err: BaseException) -> str:
    """Return what went wrong, without an address that may hold a password."""
    return type(err).__name__
