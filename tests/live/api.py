"""The service asked by hand: an answer is kept as it came, whatever it is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import json
from time import monotonic
from typing import Any, Final

import aiohttp

from . import shapes

type Json = dict[str, Any]

URL: Final = "https://smspilot.ru/api.php"
TIMEOUT: Final = aiohttp.ClientTimeout(total=90, connect=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; `status` is 0 where none came."""

    status: int
    headers: Mapping[str, str]
    data: Any
    seconds: float
    # This machine's time when it came.
    at: datetime

    @property
    def error(self) -> Json:
        """Return the error of the application."""
        error = self.data.get("error") if isinstance(self.data, dict) else None
        return error if isinstance(error, dict) else {}

    @property
    def code(self) -> str:
        """Return the error's code, or what went wrong before there was one; "" is success."""
        if self.error:
            return shapes.code(self.error.get("code"))
        if self.status != 200:
            return f"HTTP {self.status}" if self.status else "no answer"
        return "" if self.data is not None else "no JSON"

    @property
    def date(self) -> datetime | None:
        """Return the service's time."""
        try:
            at = parsedate_to_datetime(self.headers.get("Date", ""))
        except ValueError:
            return None
        return at.replace(tzinfo=at.tzinfo or UTC)

    def value(self, name: str) -> str:
        """Return a value as text."""
        value = self.data.get(name) if isinstance(self.data, dict) else None
        return "" if value is None else str(value)

    def listed(self, name: str) -> list[Any]:
        """Return what stands in a list, a lone object as one."""
        value = self.data.get(name) if isinstance(self.data, dict) else None
        if value is None or value == "":
            return []
        return value if isinstance(value, list) else [value]

    def rows(self, name: str) -> list[Json]:
        """Return the rows of a list that are objects."""
        return [each for each in self.listed(name) if isinstance(each, dict)]


class Api:
    """The API, and all it has answered."""

    def __init__(
        self, session: aiohttp.ClientSession, key: str, url: str = URL, pause: float = 0.5
    ) -> None:
        """Ask with the key, no faster than one request in so many seconds."""
        self._session, self._key, self._pause = session, key, pause
        self.url = url
        self.replies: list[Reply] = []

    async def ask(self, url: str = "", sender: str = "", **params: str) -> Reply:
        """Send a form; `sender` is the parameter `from`."""
        form = {**params, **({"from": sender} if sender else {}), "format": "json"}
        begin = monotonic()
        status, headers, text = 0, dict[str, str](), ""
        try:
            async with self._session.post(
                url or self.url,
                data=form | {"apikey": self._key},
                allow_redirects=False,
                timeout=TIMEOUT,
            ) as response:
                text = await response.text(errors="replace")
                status, headers = response.status, dict(response.headers)
        except aiohttp.ClientError, OSError, TimeoutError:
            pass
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        reply = Reply(
            status=status,
            headers=headers,
            data=data,
            seconds=monotonic() - begin,
            at=datetime.now(UTC),
        )
        self.replies.append(reply)
        await asyncio.sleep(self._pause)
        return reply
