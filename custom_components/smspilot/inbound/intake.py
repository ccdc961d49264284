"""Publish new messages, each once: classify, write to the disk, publish."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import batched
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..client import InboundMessage
from ..const import EVENT_REPLY_RECEIVED, EVENT_SMS_RECEIVED, LOGGER
from ..contacts.phones import from_service, masked
from ..events import SIGNAL_GUESSED
from ..runtime.journal import Journal
from ..runtime.poller import Poller
from ..runtime.publisher import Publisher
from ..runtime.trail import async_trace
from .classify import Claimant, Classified, classify
from .memory import Memory
from .publications import Publication

# How many messages are written and published together, the event loop waiting for each publishing.
MAX_BATCH: Final = 20


class Intake:
    """Decides what is done with each message of an account, and publishes the new ones."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        journal: Journal,
        publisher: Publisher,
        poller: Poller,
        memory: Memory,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._journal = journal
        self._publisher = publisher
        self._poller = poller
        self._window = memory.window
        self._questions = memory.questions
        self._pushes = memory.pushes
        self._publications = memory.publications
        self.claimants: list[Claimant] = []
        self.listeners: list[Callable[[Classified], None]] = []
        # One list at a time, so that the first of two answers is the one that counts.
        self._lock = asyncio.Lock()
        # Classified and not published yet, and whether it is claimed.
        self._decided: list[tuple[Classified, bool]] = []
        # Whether a message was left for later, as a question to its number is being sent.
        self.has_put_off = False

    async def async_publish_new(
        self, messages: Iterable[InboundMessage], at: datetime, *, verified: bool = True
    ) -> list[Classified] | None:
        """Publish the new messages, oldest first, and return them; `at` is the API's time.

        Also publish those that were decided before and not published, because the entry was
        unloaded or Home Assistant was killed. Return None where the entry was unloaded during the
        write: the rest stays new.
        """
        published: list[Classified] = []
        async with self._lock:
            # By id, with whether they are verified. The list may not show the former ones again.
            former = self._publications.to_decide_again
            fresh = {one.message.id: (one.message, one.verified) for one in former}
            fresh |= {one.id: (one, verified) for one in messages if one.id not in self._window}
            for batch in batched(sorted(fresh.values(), key=_by_time), MAX_BATCH, strict=False):
                for message, is_verified in batch:
                    self._decide(message, at, verified=is_verified)
                if not self._decided:
                    continue
                # On the disk first, so that after a kill it is not published again.
                await self._journal.async_sync()
                if self._poller.is_paused:
                    self.undo()
                    return None
                published += self._publish()
        return published

    @callback
    def undo(self) -> None:
        """Undo what was decided for messages not yet published; the next read publishes them."""
        self._publications.undo()
        self._decided.clear()

    def _decide(self, message: InboundMessage, at: datetime, *, verified: bool) -> None:
        phone, age = from_service(message.phone), at - message.created
        if self._window.is_too_old(message, at):
            self._pushes.pop(message.id)
            self._publications.end([message.id])
            self._skip(message, "too old")
            return
        if message.id not in self._pushes and verified and self._window.is_history(message):
            self._window.remember(message, phone)
            self._skip(message, "before the set-up")
            return
        decided = classify(self._entry, self._questions, message, at, verified=verified)
        # A command or a reaction is published at once: it answers no question.
        may_answer = not decided.pin_ok and not decided.is_reaction
        if may_answer and self._questions.is_asking(phone, age.total_seconds()):
            self.has_put_off = True
            self._skip(message, "a question is being sent")
            return
        self._questions.apply(decided)
        self._window.remember(message, phone, listed=verified)
        is_claimed = verified and self._is_claimed(decided)
        self._publications.add(
            Publication(
                message=message,
                verified=verified,
                question=decided.question or decided.missed_code,
                is_claimed=is_claimed,
            )
        )
        self._decided.append((decided, is_claimed))

    def _is_claimed(self, message: Classified) -> bool:
        # A claimant is called once for each message.
        if self._publications.is_claimed(message.message_id):
            return True
        try:
            return any(claim(message) for claim in self.claimants)
        except Exception:  # noqa: BLE001 - a failing claimant must not stop the messages after it
            LOGGER.exception("Unexpected error in a claimant of an inbound message")
            return False

    @callback
    def _publish(self) -> list[Classified]:
        published = [message for message, _is_claimed in self._decided]
        for message, is_claimed in self._decided:
            # Each by itself: a kill among the events leaves one message in doubt.
            self._publications.begin(message.message_id)
            self._publish_one(message, is_claimed=is_claimed)
        self._decided.clear()
        self._publications.end(message.message_id for message in published)
        # At once: after a kill before this write it is unknown whether they were published.
        self._journal.flush()
        return published

    def _publish_one(self, message: Classified, *, is_claimed: bool) -> None:
        async_trace(
            self._hass,
            self._entry.entry_id,
            "message published",
            message_id=message.message_id,
            phone=masked(message.phone),
            answers=message.question and message.question.message_id,
            pin_ok=message.pin_ok,
            claimed=is_claimed,
            reaction=message.is_reaction,
        )
        event = EVENT_REPLY_RECEIVED if message.question else EVENT_SMS_RECEIVED
        self._publisher.inbound(event, message.as_event())
        self._questions.end_wait(message)
        if message.ends_guessing:
            signal = SIGNAL_GUESSED.format(self._entry.entry_id)
            async_dispatcher_send(self._hass, signal, message.phone)
        if not (is_claimed or message.question or message.is_reaction):
            for listener in self.listeners:
                listener(message)

    def _skip(self, message: InboundMessage, reason: str) -> None:
        async_trace(
            self._hass,
            self._entry.entry_id,
            "message not published",
            message_id=message.id,
            reason=reason,
        )


def add_to[T](items: list[T], item: T) -> CALLBACK_TYPE:
    """Add an item to a list, and return a callback that removes it."""
    items.append(item)

    @callback
    def remove() -> None:
        items.remove(item)

    return remove


def _by_time(fresh: tuple[InboundMessage, bool]) -> tuple[datetime, int, str]:
    """Return a sort key: the time, then the id in numeric order."""
    message, _is_verified = fresh
    return (message.created, len(message.id), message.id)
