"""The one class that talks to the service."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import batched
import json
import re
from time import monotonic
from typing import Any, Final

import aiohttp

from .errors import (
    REACTIONS,
    AnswerLost,
    AnswerTimeout,
    ApiError,
    ConnectionFailed,
    InvalidResponse,
)
from .models import (
    Account,
    Credentials,
    InboundMessage,
    Inbox,
    Json,
    Kind,
    Message,
    Receipt,
    Sender,
    integer,
    money,
    optional,
    rows,
    text,
)

URL: Final = "https://smspilot.ru/api.php"
# Longer than any answer worth having; the service itself gives a callback 30 s.
TIMEOUT: Final = timedelta(seconds=60)
CONNECT_TIMEOUT: Final = 20
# A thousand rows with texts stay far below; a larger answer is a mistake or an attack.
MAX_ANSWER: Final = 5 * 1024 * 1024
# Values made in one go: a few milliseconds.
AT_ONCE: Final = 250
# Section 2.2: no more rows than this in an answer, nor ids in a question.
PAGE: Final = 1000

# A backslash that escapes something, else a stray one.
ESCAPE: Final = re.compile(r'(\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))|\\')
TRAILING_COMMA: Final = re.compile(r",(?=\s*[\]}])")

RECEIPT_FIELDS: Final = ("server_id", "phone", "price", "status", "error", "error_en", "error_ru")
NUMBER_CHECKS: Final = {Kind.HLR: "HLR", Kind.PING: "PING", Kind.HLRVIP: "HLRVIP"}
SERVICE_WORDS: Final = frozenset(NUMBER_CHECKS.values())


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer's JSON and the service's time."""

    data: Any
    at: datetime | None


class Smspilot:
    """An account at SMSPILOT.RU, API-1.

    Every method makes exactly one request and never repeats it. All raise `ConnectionFailed`
    where no connection was made, `AnswerLost` (`AnswerTimeout`, `InvalidResponse`) where
    it is unknown what became of the request, and an `ApiError` where the service says no.
    """

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

    async def send(
        self,
        message: str,
        to: Sequence[str],
        *,
        sender: str | None = None,
        send_at: datetime | None = None,
        time_to_live: timedelta | None = None,
        test: bool = False,
        callback: str | None = None,
        fields: Sequence[str] = RECEIPT_FIELDS,
    ) -> Receipt:
        """Send a text to numbers, international without a plus (section 1; 2WAY: section 7).

        `send_at` is aware; `time_to_live` 1 to 1440 minutes. A text that the service would
        take for a number check is a `ValueError`.
        """
        params = _order(message, to, sender, send_at, time_to_live, test=test)
        params["fields"] = ",".join(fields)
        return await self._buy(params, callback)

    async def cost(
        self,
        message: str,
        to: Sequence[str],
        *,
        sender: str | None = None,
        test: bool = False,
    ) -> Decimal:
        """Return what a send would cost in RUB; sends nothing (section 1.3)."""
        params = _order(message, to, sender, None, None, test=test)
        return await self._read({**params, "cost": "1"}, _amount("cost"))

    async def check_cost(self, method: Kind, to: Sequence[str]) -> Decimal:
        """Return what a check of numbers would cost in RUB; checks nothing (sections 1.3, 3)."""
        params = {"send": NUMBER_CHECKS[method], "to": ",".join(to), "cost": "1"}
        return await self._read(params, _amount("cost"))

    async def call(
        self,
        message: str,
        to: Sequence[str],
        *,
        voice: Sender = Sender.VOICE_FEMALE,
        send_at: datetime | None = None,
        time_to_live: timedelta | None = None,
        test: bool = False,
        callback: str | None = None,
    ) -> Receipt:
        """Have a robot call numbers and speak the text, Russian or English (section 4)."""
        return await self.send(
            message,
            to,
            sender=voice,
            send_at=send_at,
            time_to_live=time_to_live,
            test=test,
            callback=callback,
        )

    async def flash_call(
        self,
        code: str,
        to: str,
        *,
        time_to_live: timedelta | None = None,
        test: bool = False,
        callback: str | None = None,
    ) -> Receipt:
        """Have a number call that ends in the four digits of the code (section 5)."""
        return await self.send(
            code,
            [to],
            sender=Sender.FLASH_CALL,
            time_to_live=time_to_live,
            test=test,
            callback=callback,
        )

    async def check_numbers(
        self, method: Kind, to: Sequence[str], *, test: bool = False, callback: str | None = None
    ) -> Receipt:
        """Ask the operators about numbers: HLR, PING or HLRVIP (section 3)."""
        params = {"send": NUMBER_CHECKS[method], "to": ",".join(to)} | _test(test=test)
        params["fields"] = ",".join(RECEIPT_FIELDS)
        return await self._buy(params, callback)

    async def check(
        self, ids: Sequence[str], *, fields: Sequence[str] = ("all",), test: bool = False
    ) -> tuple[Message, ...]:
        """Return what became of messages, 1,000 ids at most (section 2.2)."""
        params = {"check": ",".join(ids), "fields": ",".join(fields)}
        return await self._check(params | _test(test=test))

    async def check_packet(
        self,
        packet_id: str,
        *,
        fields: Sequence[str] = ("all",),
        limit: int = PAGE,
        offset: int = 0,
    ) -> tuple[Message, ...]:
        """Return what became of all messages of one send (section 2.2)."""
        params = {"check": "packet", "id": packet_id} | _page(fields, limit, offset)
        return await self._check(params)

    async def check_recent(
        self, *, fields: Sequence[str] = ("all",), limit: int = PAGE, offset: int = 0
    ) -> tuple[Message, ...]:
        """Return the messages of the last day, in no stated order (section 2.2)."""
        return await self._check({"check": "recent"} | _page(fields, limit, offset))

    async def check_all(
        self, *, fields: Sequence[str] = ("all",), limit: int = PAGE, offset: int = 0
    ) -> tuple[Message, ...]:
        """Return the account's messages, in no stated order (section 2.2)."""
        return await self._check({"check": "all"} | _page(fields, limit, offset))

    async def balance(self) -> Decimal:
        """Return the balance in RUB (section 8)."""
        return await self._read({"balance": "rur"}, _amount("balance"))

    async def sms_left(self) -> int:
        """Return how many SMS the balance lasts for, about (section 8)."""
        return await self._read({"balance": "sms"}, lambda answer: _count(answer.data))

    async def account(self) -> Account:
        """Return the owner, the balance and the senders (section 9)."""
        return await self._read({}, lambda answer: Account.from_api(answer.data))

    async def inbound_since(self, since: datetime) -> Inbox:
        """Return the messages people wrote since then, in no stated order (section 6.2)."""
        return await self._inbound(str(int(since.timestamp())))

    async def inbound_new(self) -> Inbox:
        """Return the messages nobody has seen yet (section 6.2)."""
        return await self._inbound("new")

    async def inbound_all(self) -> Inbox:
        """Return all messages people wrote (section 6.2)."""
        return await self._inbound("all")

    async def _inbound(self, which: str) -> Inbox:
        messages, at = await self._list({"inbound": which}, "inbound", InboundMessage.from_api)
        return Inbox(messages=messages, at=at)

    async def _check(self, params: dict[str, str]) -> tuple[Message, ...]:
        messages, _at = await self._list(params, "check", Message.from_api)
        return messages

    async def _buy(self, params: dict[str, str], callback: str | None) -> Receipt:
        if callback:
            params |= {"callback": callback, "callback_method": "post"}
        return await self._read(params, lambda answer: Receipt.from_api(answer.data))

    async def _read[T](self, params: dict[str, str], parse: Callable[[_Answer], T]) -> T:
        """Ask for one value."""
        answer = await self._request(params)
        with _parsing():
            return parse(answer)

    async def _list[T](
        self, params: dict[str, str], key: str, parse: Callable[[Json], T]
    ) -> tuple[tuple[T, ...], datetime | None]:
        """Ask for a list of values, and make them a few at a time: there may be thousands."""
        answer, found = await self._request(params), list[T]()
        with _parsing():
            for some in batched(rows(answer.data[key]), AT_ONCE, strict=False):
                found += map(parse, some)
                await asyncio.sleep(0)
        return tuple(found), answer.at

    async def _request(self, params: dict[str, str]) -> _Answer:
        """Post a form, return the JSON, and raise what the service says is wrong."""
        form = {**params, **self.credentials.as_params(), "format": "json"}
        if self.debug:
            form["debug"] = self.debug
        if self.referrer:
            form["r"] = self.referrer
        try:
            async with self._session.post(
                self.url, data=form, allow_redirects=False, timeout=self._timeout
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
            raise AnswerTimeout(_cause(err)) from None
        # A closed session is a RuntimeError.
        except (aiohttp.ClientError, OSError, RuntimeError, ValueError) as err:
            raise AnswerLost(_cause(err)) from None
        if status != HTTPStatus.OK:
            msg = f"HTTP status {status}"
            raise InvalidResponse(msg)
        data = _parse(body)
        if isinstance(data, dict) and (error := data.get("error")):
            raise _api_error(error)
        if at := _date(date):
            self._clock = (at, monotonic())
        return _Answer(data, at)


def _order(
    message: str,
    to: Sequence[str],
    sender: str | None,
    send_at: datetime | None,
    time_to_live: timedelta | None,
    *,
    test: bool,
) -> dict[str, str]:
    """Return the parameters of a message."""
    if message.strip() in SERVICE_WORDS:
        msg = "The service would take this text for a number check"
        raise ValueError(msg)
    params = {"send": text(message), "to": ",".join(to)}
    if sender:
        params["from"] = sender
    if send_at is not None:
        params["send_datetime"] = send_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if time_to_live is not None:
        params["ttl"] = str(int(time_to_live.total_seconds() // 60))
    return params | _test(test=test)


def _test(*, test: bool) -> dict[str, str]:
    return {"test": "1"} if test else {}


def _page(fields: Sequence[str], limit: int, offset: int) -> dict[str, str]:
    return {"fields": ",".join(fields), "limit": str(limit), "offset": str(offset)}


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


def _amount(key: str) -> Callable[[_Answer], Decimal]:
    """Return a parser of an amount under the key."""

    def parse(answer: _Answer) -> Decimal:
        if (amount := money(answer.data[key])) is None:
            raise ValueError
        return amount

    return parse


def _count(data: Json) -> int:
    if (count := integer(data["balance"])) is None:
        raise ValueError
    return count


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


def _date(header: str | None) -> datetime | None:
    """Return the service's time, where its answer tells it."""
    try:
        at = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    # A zone of "-0000" makes a naive one.
    return at and at.replace(tzinfo=at.tzinfo or UTC)


def _cause(err: BaseException) -> str:
    """Return what went wrong, without an address that may hold a password."""
    return type(err).__name__
