"""The way in: what people write, once each, oldest first, and only what the service confirms."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..client import InboundMessage, Smspilot, SmspilotError, Status
from ..const import (
    CONF_INBOUND_INTERVAL,
    CONF_VERIFY_PUSHES,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
    HORIZON,
)
from ..contacts.phones import from_service, masked
from ..events import SIGNAL_ERROR, SIGNAL_GUESSED, SIGNAL_OK, SIGNAL_STATUS, SentMessage
from ..runtime.announced import PAUSES, Announced
from ..runtime.cooperative import async_slices
from ..runtime.journal import Journal, Table, Tables, stored_time
from ..runtime.poller import Poller
from ..runtime.publisher import Publisher
from ..runtime.trail import async_trace
from .classify import Claimant, Classified, classify
from .push_monitor import PushMonitor
from .questions import Questions

# The list's times have minutes only, and say nothing of messages that came in late.
OVERLAP: Final = timedelta(minutes=10)
# Ids kept at most; those of the horizon, unless somebody floods the number.
MAX_KNOWN_IDS: Final = 10_000
INTERVAL_ASKING, INTERVAL_UNPROVEN, INTERVAL_PROVEN = 15, 60, 900


class Inbox:
    """The messages people write to an account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: Smspilot,
        journal: Journal,
        publisher: Publisher,
    ) -> None:
        """Know nothing yet."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._journal = journal
        self._publisher = publisher
        self._known: dict[str, str] = {}
        self._facts: dict[str, str] = {}
        # Whether the last read failed: it says nothing of what was pushed.
        self._away = False
        self._alarm: CALLBACK_TYPE | None = None
        self._last_read = hass.loop.time()
        self.poller = Poller(hass, "smspilot inbound", self._read)
        self._announced: Announced[None] = Announced(hass, self.poller)
        self.questions = Questions(hass, journal, self._questions_changed)
        # Whether a message waits for its question, which is being sent.
        self._put_off = False
        self.push_monitor = PushMonitor(hass, entry.entry_id, journal, self.poller, self.replan)
        self._claimants: list[Claimant] = []
        self._listeners: list[Callable[[Classified], None]] = []
        # Who wants frequent reads, and who waits for the end of the next one.
        self._wanted_by: set[str] = set()
        self._awaiting: list[asyncio.Future[bool]] = []
        self._stop_listening = async_dispatcher_connect(
            hass, SIGNAL_STATUS.format(entry.entry_id), self._status_changed
        )

    @callback
    def add_claimant(self, claimant: Claimant) -> CALLBACK_TYPE:
        """Ask somebody about each verified message before it is told; return what ends it.

        What is claimed is told, but not given to Assist.
        """
        self._claimants.append(claimant)
        return lambda: self._claimants.remove(claimant)

    @callback
    def add_listener(self, listener: Callable[[Classified], None]) -> CALLBACK_TYPE:
        """Give each message that nobody expected to somebody; return what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def wanted(self, source: str, wanted: bool) -> None:
        """Read often while a source wants it."""
        before = self.interval
        (self._wanted_by.add if wanted else self._wanted_by.discard)(source)
        if self.interval != before:
            self.replan()

    async def async_read_now(self, timeout: float) -> bool:  # noqa: ASYNC109 - how long to wait
        """Read the list now, and return whether that was done in time."""
        done: asyncio.Future[bool] = self._hass.loop.create_future()
        self._awaiting.append(done)
        self.poller.wake()
        try:
            async with asyncio.timeout(timeout):
                return await done
        except TimeoutError:
            return False
        finally:
            if done in self._awaiting:
                self._awaiting.remove(done)

    def restore(self, tables: Tables) -> None:
        """Take up what was known before the restart."""
        self._known = {str(key): str(value) for key, value in tables.get("known", {}).items()}
        self._facts = {str(key): str(value) for key, value in tables.get("inbox", {}).items()}
        self.push_monitor.restore(tables.get("proof", {}))
        self.questions.restore(tables.get("questions", {}))

    def tables(self) -> dict[str, Table]:
        """Return what is known, as it is stored."""
        return {
            "known": dict(self._known),
            "inbox": dict(self._facts),
            "proof": self.push_monitor.table(),
            "questions": self.questions.table(),
        }

    @property
    def now(self) -> datetime:
        """Return the service's time; the machine's, before it told any."""
        return self._client.now() or dt_util.utcnow()

    @property
    def interval(self) -> int:
        """Return the seconds between reads that no push woke; 0 for none."""
        chosen = self._entry.options.get(CONF_INBOUND_INTERVAL)
        if chosen is not None:
            return int(chosen)
        if self.questions.waiting or self._wanted_by:
            return INTERVAL_ASKING
        return INTERVAL_PROVEN if self.push_monitor.proven else INTERVAL_UNPROVEN

    async def begin(self) -> None:
        """Note where the list ends when an account is new: history is not replayed.

        What was pushed since it was set up is no history.
        """
        if "cursor" in self._facts:
            return
        start = self.now - OVERLAP
        inbox = await self._client.inbound_since(start)
        if inbox.at and inbox.at - OVERLAP < start:
            # The machine's clock is ahead: what it calls later is not all there is.
            inbox = await self._client.inbound_since(inbox.at - OVERLAP)
        for message in inbox.messages:
            if message.id not in self._announced:
                self._know(message)
        newest = max((message.created for message in inbox.messages), default=start)
        self._note("cursor", (inbox.at or newest).isoformat())
        await self._journal.flush()

    @callback
    def replan(self) -> None:
        """Have the next read an interval's time after the last one."""
        if self._alarm:
            self._alarm()
        seconds: float = self.interval
        if self._away:
            # Whatever the interval, what could not be read is read soon.
            soon = PAUSES[-1] if self._announced else INTERVAL_UNPROVEN
            seconds = min(seconds or soon, soon)
        wait = max(self._last_read + seconds - self._hass.loop.time(), 0)
        self._alarm = self.poller.wake_in(wait) if seconds else None

    @callback
    def push(self, message: InboundMessage) -> None:
        """Hear that somebody wrote; the list tells who, and what."""
        self.push_monitor.came(message.id)
        if message.id in self._known or message.id in self._announced:
            return
        # What cannot be told yet must not be known yet: a kill would lose it.
        if self._entry.options.get(CONF_VERIFY_PUSHES, True) or not self._publisher.started:
            # No stranger fills the memory while nothing can be read.
            if len(self._announced) < MAX_KNOWN_IDS:
                self._announced.add(message.id, None)
            self.poller.wake()
            return
        self._receive(message, message.created, verified=False)
        self._know(message)
        self.push_monitor.confirm()
        self._journal.flush()

    @callback
    def asked(self, rows: Iterable[SentMessage], text: str, ago: timedelta) -> None:
        """Remember 2WAY messages: what their numbers write next is the answer."""
        self.questions.asked(rows, text, self.now - ago)

    @callback
    def close(self, why: Exception) -> None:
        """End the clock and whoever waits."""
        self._stop_listening()
        self.poller.close()
        self.questions.close(why)

    async def _read(self) -> None:
        """Read the list, and tell who waits for that."""
        awaiting, self._awaiting = self._awaiting, []
        try:
            await self._read_list()
        finally:
            for done in awaiting:
                if not done.done():
                    done.set_result(not self._away)

    async def _read_list(self) -> None:
        """Read what came since the last time, tell what is new, and look for what was pushed."""
        pushed, now = self._announced.ids, self._hass.loop.time()
        try:
            await self.begin()
            inbox = await self._client.inbound_since(self._since())
        except SmspilotError as err:
            self._away = True
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
        else:
            if self._away:
                async_dispatcher_send(self._hass, SIGNAL_OK.format(self._entry.entry_id), "inbound")
            self._away = False
            if self.poller.held:
                # Its listeners went meanwhile: it is read again when they are back.
                self.poller.wake()
                return
            at = inbox.at or dt_util.utcnow()
            async for message in async_slices(sorted(inbox.messages, key=_by_id)):
                if message.id not in self._known:
                    self._take(message, at, pushed=message.id in self._announced)
                # A message of the future must not hide what comes before its time.
                seen = min(message.created, at).isoformat()
                if seen > self._facts.get("cursor", ""):
                    self._note("cursor", seen)
            self._forget(at)
            unseen = (message_id for message_id in pushed if message_id in self._announced)
            if dropped := self._announced.look_again(unseen, now):
                self.push_monitor.drop(dropped)
        finally:
            self._last_read = self._hass.loop.time()
            self.replan()
        await self._journal.flush()

    def _take(self, message: InboundMessage, at: datetime, *, pushed: bool) -> None:
        """Tell a message that is new, unless it is too old for anybody."""
        age = at - message.created
        if age > HORIZON:
            self._know(message)
            return
        if self.questions.is_asking(from_service(message.phone), age.total_seconds()):
            self._put_off = True
            return
        self._receive(message, at, verified=True)
        self._know(message)
        if pushed:
            self.push_monitor.confirm()
        elif len(self._announced) < MAX_KNOWN_IDS:
            self.push_monitor.expect(message.id, age)

    @callback
    def _receive(self, message: InboundMessage, at: datetime, *, verified: bool) -> None:
        """Decide what a message is, and tell who wrote what, and what it answers."""
        decided = classify(self._entry, self.questions, message, at, verified=verified)
        self.questions.take(decided)
        claimed = verified and any(claim(decided) for claim in self._claimants)
        event = EVENT_REPLY_RECEIVED if decided.question else EVENT_SMS_RECEIVED
        async_trace(
            self._hass,
            self._entry.entry_id,
            "message published",
            message_id=decided.message_id,
            phone=masked(decided.phone),
            reply_to=decided.question and decided.question.message_id,
            pin_ok=decided.pin_ok,
            claimed=claimed,
            reaction=decided.is_reaction,
        )
        self._publisher.inbound(event, decided.as_event())
        self.questions.hand_over(decided)
        if decided.ends_guessing:
            async_dispatcher_send(
                self._hass, SIGNAL_GUESSED.format(self._entry.entry_id), decided.phone
            )
        if not claimed and not decided.question and not decided.is_reaction:
            for listener in self._listeners:
                listener(decided)

    @callback
    def _questions_changed(self) -> None:
        """Read more often, or less; and what waited for its question."""
        self.replan()
        if self._put_off:
            self._put_off = False
            self.poller.wake()

    @callback
    def _status_changed(self, data: dict[str, Any]) -> None:
        """Close a question that never arrived."""
        if data["status_code"] in (Status.FAILED, Status.UNDELIVERED):
            self.questions.forget(data["message_id"])

    def _since(self) -> datetime:
        """Return from when on to read: the service's time, never the machine's."""
        since, now = dt_util.utcnow(), self._client.now()
        with suppress(TypeError, ValueError):
            since = stored_time(self._facts.get("cursor"))
        return (max(min(since, now), now - HORIZON) if now else since) - OVERLAP

    def _know(self, message: InboundMessage) -> None:
        self._announced.discard(message.id)
        self._known[message.id] = message.created.isoformat()
        self._journal.write("known", message.id, self._known[message.id])

    def _note(self, fact: str, value: str) -> None:
        self._facts[fact] = value
        self._journal.write("inbox", fact, value)

    def _forget(self, at: datetime) -> None:
        """Forget ids that no read shows any more."""
        cursor = at
        with suppress(TypeError, ValueError):
            cursor = stored_time(self._facts.get("cursor"))
        # From here the next read shows everything, also where the service's date was wrong once.
        shown = (cursor - 2 * OVERLAP).isoformat()
        horizon = min(shown, (at - HORIZON - 2 * OVERLAP).isoformat())
        old = [key for key, created in self._known.items() if created < horizon]
        rest = [key for key, created in self._known.items() if horizon <= created < shown]
        old += rest[: max(len(self._known) - len(old) - MAX_KNOWN_IDS, 0)]
        for message_id in old:
            if self._known.pop(message_id, None):
                self._journal.write("known", message_id, None)


def _by_id(message: InboundMessage) -> tuple[int, str]:
    """Return what sorts ids as the numbers they are."""
    return (len(message.id), message.id)
