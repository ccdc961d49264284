"""Bring messages from one status to the next, on command or by themselves."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .life import next_step, outcome, rings
from .model import FINAL, Message, Status

if TYPE_CHECKING:
    from .simulator import Simulator


class Journey:
    """The way of every message, and the timers of those that go by themselves."""

    def __init__(self, sim: Simulator) -> None:
        """Watch the messages."""
        self._sim = sim
        self._timers: dict[int, asyncio.TimerHandle] = {}
        sim.changed.connect(self._changed)

    def resume(self) -> None:
        """Set out again, after a restart or with another speed."""
        for message in self._sim.messages.values():
            self._set_timer(message)

    def stop(self) -> None:
        """Leave no timer behind."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    async def advance(self, server_id: int, status: int | None, error: int | None) -> Message:
        """Bring a message to a status and push it."""
        message = self._move(server_id, status, error)
        await self._sim.pusher.status(message)
        return message

    async def deliver(self, server_id: int) -> Message:
        """Bring a message to its end, and push every status it passes."""
        steps: list[Message] = []
        while (message := self._sim.messages[server_id]).status not in FINAL:
            steps.append(self._move(server_id, None, None))
        await self._sim.pusher.status(*steps)
        return message

    def release_due(self) -> None:
        """Send the scheduled messages whose time has come, also after a jump of the clock."""
        for message in self._sim.due():
            self._sim.task(self.advance(message.server_id, None, None))

    def _move(self, server_id: int, status: int | None, error: int | None) -> Message:
        sim = self._sim
        message = sim.messages[server_id]
        new, code = self._next(message, status)
        price = message.price
        refunded = new is Status.FAILED or (
            new is Status.UNDELIVERED and sim.options.refund_undelivered
        )
        if refunded and message.status is not new:
            # A failure is not charged (section 2).
            sim.accounts[message.account].balance += price
            price = Decimal()
        moved = replace(
            message,
            status=new,
            error=code if error is None else error,
            price=price,
            modified=sim.now(),
        )
        sim.update(moved)
        return moved

    def _next(self, message: Message, status: int | None) -> tuple[Status, int]:
        phone = self._sim.phone(message.phone)
        if status is None:
            return next_step(message, phone)
        new = Status(status)
        if new not in (Status.UNDELIVERED, Status.FAILED):
            return new, 0
        natural, code = outcome(message, phone)
        return new, code if natural is new else 604

    def _changed(self, topic: str, message: Any) -> None:
        if topic == "message":
            self._set_timer(message)

    def _set_timer(self, message: Message) -> None:
        sim = self._sim
        if (old := self._timers.pop(message.server_id, None)) is not None:
            old.cancel()
        if message.status in FINAL:
            return
        if message.status is Status.SCHEDULED and message.send_datetime is not None:
            seconds = max((message.send_datetime - sim.now()).total_seconds(), 0.0)
        elif sim.auto is not None:
            # Two steps lead to the end.
            seconds = sim.auto / 2
            if message.status is Status.SENT and rings(message, sim.phone(message.phone)):
                seconds = max(seconds, sim.ringing)
        else:
            return
        if sim.started:
            loop = asyncio.get_running_loop()
            self._timers[message.server_id] = loop.call_later(seconds, self._fire, message)

    def _fire(self, message: Message) -> None:
        self._timers.pop(message.server_id, None)
        if self._sim.messages[message.server_id].status is message.status:
            self._sim.task(self.advance(message.server_id, None, None))
