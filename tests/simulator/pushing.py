"""Call the customer: statuses and inbound messages."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from yarl import URL

from .choices import Pushes
from .fields import fields_of
from .model import FINAL, Account, Inbound, Message, Push
from .otherwise import shown_number
from .push_bodies import body_of, form_of
from .rows import push_params
from .state import State

# As many at once as one customer's server can be asked to bear.
_AT_ONCE: Final = 50
_NO_DELAY: Final = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A push to be made."""

    url: str
    method: str
    params: Mapping[str, str]


class Pusher:
    """Makes pushes as the options say, and records the responses to them."""

    def __init__(self, state: State) -> None:
        """Remember where the records go."""
        self._state = state
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self.held: list[_Call] = []
        # Of a message not at its end yet, where the last status is to come first.
        self._late: dict[int, list[_Call]] = {}
        # Where the customer's public origins really listen: {"https://home.example": "http://127.0.0.1:8123"}.
        self.resolve: dict[str, str] = {}

    async def close(self) -> None:
        """End the session."""
        if self._session:
            await self._session.close()
            self._session = None

    async def status(self, *messages: Message) -> None:
        """Push the statuses of a message, oldest first."""
        calls: list[_Call] = []
        extra = self._state.options.push_extra
        for each in messages:
            if not each.callback:
                continue
            call = _Call(
                url=each.callback,
                method=each.callback_method,
                params=push_params(self._state, each, fields_of(each.callback)) | extra,
            )
            late = self._late.pop(each.server_id, [])
            if not self._state.options.push_reversed:
                calls += [*late, call]
            elif each.status in FINAL:
                calls += [call, *reversed(late)]
            else:
                self._late[each.server_id] = [*late, call]
        await self._make(calls)

    async def inbound(self, account: Account, message: Inbound) -> None:
        """Push an inbound message (section 6.1)."""
        if account.inbound_url:
            options = self._state.options
            params = {
                "phone": shown_number(message.phone, options.inbound_numbers),
                "message": message.text,
                "user_id": str(account.id),
                "id": str(message.id),
                "num": message.num,
            } | options.push_extra
            await self._make([_Call(url=account.inbound_url, method="post", params=params)])

    async def flush(self, *, reverse: bool = False) -> None:
        """Make the pushes that were held."""
        calls, self.held = self.held, []
        for each in reversed(calls) if reverse else calls:
            await self.call(each.url, each.method, each.params)

    async def _make(self, calls: list[_Call]) -> None:
        options = self._state.options
        calls = [each for each in calls for _ in range(options.push_copies)]
        if options.pushes is Pushes.HOLD:
            self.held += calls
        elif options.pushes is Pushes.ON:
            if options.push_delay > _NO_DELAY:
                await asyncio.sleep(options.push_delay)
            for each in calls:
                await self.call(each.url, each.method, each.params)

    async def call(self, url: str, method: str, params: Mapping[str, str]) -> Push:
        """Make one push and return what came of it."""
        status, body, failure = None, "", ""
        async with self._slots:
            try:
                status, body = await self._request(url, method, params)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                failure = f"{type(error).__name__}: {error}"
        push = Push(
            url=url,
            method=method.upper(),
            params=params,
            status=status,
            body=body,
            failure=failure,
            time=self._state.now(),
        )
        self._state.pushes.append(push)
        self._state.changed("push", push)
        return push

    async def _request(self, url: str, method: str, params: Mapping[str, str]) -> tuple[int, str]:
        target = self._target(url)
        data, content_type = None, ""
        if method == "post":
            data, content_type = body_of(params, self._state.options.push_body)
        else:
            parts = urlsplit(target)
            query = "&".join(each for each in (parts.query, form_of(params)) if each)
            target = urlunsplit(parts._replace(query=query))
        headers = {"Content-Type": content_type} if data else {}
        timeout = aiohttp.ClientTimeout(total=self._state.options.push_timeout)
        # Already quoted: a second quoting would change what the customer gets.
        address = URL(target, encoded=target.isascii())
        async with self._client().request(
            "POST" if data is not None else "GET",
            address,
            data=data,
            headers=headers,
            timeout=timeout,
        ) as response:
            return response.status, await response.text(errors="replace")

    def _target(self, url: str) -> str:
        for origin, real in self.resolve.items():
            if url.startswith(origin):
                return real + url.removeprefix(origin)
        return url

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            # The threaded resolver leaves nothing running behind a test.
            connector = aiohttp.TCPConnector(
                resolver=aiohttp.ThreadedResolver(), force_close=True, limit=_AT_ONCE
            )
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session
