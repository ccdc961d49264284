"""What those who look at an account's conversations see, as it happens."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..client import Smspilot
from ..events import (
    SIGNAL_ERROR,
    SIGNAL_INBOUND,
    SIGNAL_PEOPLE,
    SIGNAL_SENT,
    SIGNAL_STATUS,
    SentText,
)
from .directory import account_fields, conversation_fields, phones_of
from .history import History
from .lines import Json, Known, Line, from_event, sent, with_status
from .reader import Reader

# Seconds between reads, however many look and however often they come and go.
READ_INTERVAL: Final = 60.0
# Seconds that what was read is kept for who comes back.
FORGET_AFTER: Final = 600.0

type Listener = Callable[[Json], None]


class Conversations:
    """The conversations of an account: read while somebody looks, and kept in memory only."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: Smspilot,
        *,
        known: Callable[[str], Known],
    ) -> None:
        """Read nothing until somebody looks; `known` tells what we know of a message."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._known = known
        self._listeners: set[Listener] = set()
        self._stop: list[CALLBACK_TYPE] = []
        self._timer: CALLBACK_TYPE | None = None
        self._task: asyncio.Task[None] | None = None
        self._last_read = -READ_INTERVAL
        self._is_closed = False
        self._begin()

    def _begin(self) -> None:
        self._reader = Reader(self._entry, self._client, self._known)
        self._is_loaded = False
        self._has_problem = False

    @callback
    def subscribe(self, listener: Listener) -> CALLBACK_TYPE:
        """Tell a listener all there is, then what changes; return what ends it."""
        self._listeners.add(listener)
        self._wake()
        listener(self._everything())

        @callback
        def unsubscribe() -> None:
            self._listeners.discard(listener)
            if not self._listeners:
                self._plan()

        return unsubscribe

    async def page(self, conversation: str, before: str | None, limit: int) -> Json:
        """Return messages of a conversation older than the message whose sort key is `before`."""
        self._wake()
        if self._task:
            await asyncio.wait([self._task])
        return await self._reader.page(phones_of(self._entry, conversation), before, limit)

    @callback
    def close(self) -> None:
        """End every look."""
        self._is_closed = True
        for listener in self._listeners.copy():
            listener({"closed": True})
        self._listeners.clear()
        if self._task:
            self._task.cancel()
        self._forget()

    @property
    def _history(self) -> History:
        return self._reader.history

    @callback
    def _wake(self) -> None:
        """Hear what happens from now on, and read unless that was a moment ago."""
        if not self._stop:
            entry_id = self._entry.entry_id
            connect = partial(async_dispatcher_connect, self._hass)
            self._stop = [
                connect(SIGNAL_SENT.format(entry_id), self._sent),
                connect(SIGNAL_STATUS.format(entry_id), self._changed),
                connect(SIGNAL_INBOUND.format(entry_id), self._received),
                connect(SIGNAL_PEOPLE.format(entry_id), self._tell_everything),
            ]
        self._plan()

    @callback
    def _plan(self, _now: datetime | None = None) -> None:
        """Read when a minute is over, as long as somebody looks; forget when nobody does."""
        if self._timer:
            self._timer()
            self._timer = None
        if self._task or self._is_closed:
            return
        wait = self._last_read + READ_INTERVAL - self._hass.loop.time()
        if self._is_loaded and not self._listeners:
            self._timer = async_call_later(self._hass, FORGET_AFTER, self._forget)
        elif wait > 0:
            self._timer = async_call_later(self._hass, wait, self._plan)
        else:
            self._task = self._hass.async_create_background_task(
                self._read(), "smspilot conversations"
            )
            self._task.add_done_callback(self._done)

    @callback
    def _done(self, _task: asyncio.Task[None]) -> None:
        self._task = None
        if self._stop:
            self._plan()

    @callback
    def _forget(self, _now: datetime | None = None) -> None:
        for stop in (*self._stop, *([self._timer] if self._timer else [])):
            stop()
        self._stop, self._timer = [], None
        self._begin()

    async def _read(self) -> None:
        self._last_read = self._hass.loop.time()
        before = self._is_loaded, self._has_problem
        news = await self._reader.read()
        self._is_loaded, self._has_problem = True, bool(news.errors)
        for error in news.errors:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), error)
        if news.is_shifted or before != (True, self._has_problem):
            self._tell_everything()
        else:
            self._tell(news.changed)

    @callback
    def _sent(self, message: SentText) -> None:
        self._take([sent(message, row, self._reader.now) for row in message.rows])

    @callback
    def _changed(self, data: dict[str, Any]) -> None:
        """Take the status of a message that is shown."""
        line = self._history.get(f"out:{data['message_id']}")
        if line is None:
            return
        zone = self._history.zone
        if line.zoned and (sent_at := dt_util.parse_datetime(data["sent_at"] or "")):
            self._history.learn_zone(sent_at, line.at)
        self._take([with_status(line, data, self._known(line.message_id))])
        if zone != self._history.zone:
            self._tell_everything()

    @callback
    def _received(self, _event: str, data: dict[str, Any]) -> None:
        if line := from_event(data):
            self._take([line])

    @callback
    def _take(self, lines: Iterable[Line]) -> None:
        self._tell({line.id for line in lines if self._history.add(line)})
        self._history.trim()

    @callback
    def _tell(self, changed: Iterable[str]) -> None:
        """Tell what has changed: the messages, and the conversations they stand in."""
        lines = [line for one in changed if (line := self._history.get(one))]
        if not lines or not self._is_loaded:
            return
        ids = {line.id for line in lines}
        phones = {line.phone for line in lines}
        message = {
            "messages": [row for row in self._history.of(phones) if row["id"] in ids],
            "conversations": self._conversations(phones),
        }
        for listener in self._listeners.copy():
            listener(message)

    @callback
    def _tell_everything(self) -> None:
        if self._listeners:
            message = self._everything()
            for listener in self._listeners.copy():
                listener(message)

    def _everything(self) -> Json:
        return {
            "account": account_fields(self._hass, self._entry),
            "conversations": self._conversations(),
            "loading": not self._is_loaded,
            "problem": self._has_problem,
        }

    def _conversations(self, phones: Iterable[str] | None = None) -> list[Json]:
        """Return the conversations, or those with any of the numbers."""
        strangers = self._history.phones if phones is None else phones
        return [
            {**fields, "last": self._history.last(fields["phones"])}
            for fields in conversation_fields(self._hass, self._entry, strangers)
            if phones is None or not set(phones).isdisjoint(fields["phones"])
        ]
