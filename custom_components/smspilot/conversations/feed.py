"""Send an account's conversations, and their changes, to the open cards."""

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
    SIGNAL_ENTRY_UPDATED,
    SIGNAL_ERROR,
    SIGNAL_INBOUND,
    SIGNAL_SENT,
    SIGNAL_STATUS,
    SentText,
)
from .directory import account_fields, conversation_fields, phones_of
from .history import History
from .lines import Json, Known, Line, from_event, sent, with_status
from .reader import Reader

# Seconds between reads, however many cards are open and however often they are opened.
READ_INTERVAL: Final = 60.0
# Seconds that the conversations are kept after the last card was closed.
FORGET_AFTER: Final = 600.0

type Listener = Callable[[Json], None]


class Conversations:
    """The conversations of an account: read while a card is open, and kept in memory only."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: Smspilot,
        *,
        known: Callable[[str], Known],
    ) -> None:
        """Read nothing until a card subscribes; `known` returns what we stored of a message."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._known = known
        self._listeners: set[Listener] = set()
        self._disconnects: list[CALLBACK_TYPE] = []
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._task: asyncio.Task[None] | None = None
        self._last_read = -READ_INTERVAL
        self._is_closed = False
        self._reset()

    def _reset(self) -> None:
        self._reader = Reader(self._entry, self._client, self._known)
        self._is_loaded = False
        self._has_problem = False

    @callback
    def subscribe(self, listener: Listener) -> CALLBACK_TYPE:
        """Call a listener with everything, then with each change; return the unsubscriber."""
        self._listeners.add(listener)
        self._activate()
        listener(self._everything())

        @callback
        def unsubscribe() -> None:
            self._listeners.discard(listener)
            if not self._listeners:
                self._schedule()

        return unsubscribe

    async def page(self, conversation: str, before: str | None, limit: int) -> Json:
        """Return messages of a conversation older than the message whose sort key is `before`."""
        self._activate()
        if self._task:
            await asyncio.wait([self._task])
        return await self._reader.page(phones_of(self._entry, conversation), before, limit)

    @callback
    def close(self) -> None:
        """Inform every card that the account is closed, and forget the conversations."""
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
    def _activate(self) -> None:
        """Follow the account's messages, and read unless the last read was within a minute."""
        if not self._disconnects:
            entry_id = self._entry.entry_id
            connect = partial(async_dispatcher_connect, self._hass)
            self._disconnects = [
                connect(SIGNAL_SENT.format(entry_id), self._message_sent),
                connect(SIGNAL_STATUS.format(entry_id), self._status_changed),
                connect(SIGNAL_INBOUND.format(entry_id), self._message_received),
                connect(SIGNAL_ENTRY_UPDATED.format(entry_id), self._publish_everything),
            ]
        self._schedule()

    @callback
    def _schedule(self, _now: datetime | None = None) -> None:
        """Read each minute while a card is open; forget everything later when none is."""
        if self._cancel_timer:
            self._cancel_timer()
            self._cancel_timer = None
        if self._task or self._is_closed:
            return
        wait = self._last_read + READ_INTERVAL - self._hass.loop.time()
        if self._is_loaded and not self._listeners:
            self._cancel_timer = async_call_later(self._hass, FORGET_AFTER, self._forget)
        elif wait > 0:
            self._cancel_timer = async_call_later(self._hass, wait, self._schedule)
        else:
            self._task = self._hass.async_create_background_task(
                self._read(), "smspilot conversations"
            )
            self._task.add_done_callback(self._read_done)

    @callback
    def _read_done(self, _task: asyncio.Task[None]) -> None:
        self._task = None
        if self._disconnects:
            self._schedule()

    @callback
    def _forget(self, _now: datetime | None = None) -> None:
        for stop in filter(None, (*self._disconnects, self._cancel_timer)):
            stop()
        self._disconnects, self._cancel_timer = [], None
        self._reset()

    async def _read(self) -> None:
        self._last_read = self._hass.loop.time()
        before = self._is_loaded, self._has_problem
        result = await self._reader.read()
        self._is_loaded, self._has_problem = True, bool(result.errors)
        for error in result.errors:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), error)
        if result.is_shifted or before != (True, self._has_problem):
            self._publish_everything()
        else:
            self._publish(result.changed)

    @callback
    def _message_sent(self, message: SentText) -> None:
        self._add([sent(message, row, self._reader.now) for row in message.rows])

    @callback
    def _status_changed(self, data: dict[str, Any]) -> None:
        """Update the status of a message that is shown."""
        line = self._history.get(f"out:{data['message_id']}")
        if line is None:
            return
        zone = self._history.zone
        if line.zoned and (sent_at := dt_util.parse_datetime(data["sent_at"] or "")):
            self._history.learn_zone(sent_at, line.at)
        self._add([with_status(line, data, self._known(line.message_id))])
        if zone != self._history.zone:
            self._publish_everything()

    @callback
    def _message_received(self, _event: str, data: dict[str, Any]) -> None:
        if line := from_event(data):
            self._add([line])

    @callback
    def _add(self, lines: Iterable[Line]) -> None:
        self._publish({line.id for line in lines if self._history.add(line)})
        self._history.trim()

    @callback
    def _publish(self, changed: Iterable[str]) -> None:
        """Send the changed messages, and their conversations, to the cards."""
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
    def _publish_everything(self) -> None:
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
        """Return all conversations, or those with any of the numbers."""
        strangers = self._history.phones if phones is None else phones
        return [
            {**fields, "last": self._history.last(fields["phones"])}
            for fields in conversation_fields(self._hass, self._entry, strangers)
            if phones is None or not set(phones).isdisjoint(fields["phones"])
        ]
