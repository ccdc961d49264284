"""The simulator: the service's state, listening."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from .control import Control
from .faults import Fault, FaultKind, Faults, When
from .life import next_step, outcome
from .model import FINAL, SERVICE_NUMBER, Account, Command, Inbound, Message, Push, Status
from .pushing import Pusher
from .server import Front
from .state import State, without_prefix

_HOST: Final = "127.0.0.1"


class Simulator(State):
    """SMSPILOT API-1 on a port of this machine."""

    def __init__(
        self,
        *,
        host: str = _HOST,
        port: int = 0,
        control_port: int | None = None,
        auto: float | None = None,
    ) -> None:
        """Prepare; `auto` is after how many seconds a message arrives by itself."""
        super().__init__()
        self.host = host
        self.port = port
        self.control_port = control_port
        self.auto = auto
        self.faults = Faults()
        self.pusher = Pusher(self)
        self._front = Front(self, Control(self))
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self.changed.connect(self._go_on)

    @property
    def url(self) -> str:
        """Return the address of the API."""
        return f"{self.origin}/api.php"

    @property
    def origin(self) -> str:
        """Return the address of the server."""
        return f"http://{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Listen."""
        await self._front.start()
        # After a restart from a file messages may still be on their way.
        for message in list(self.messages.values()):
            self._go_on("message", message)

    async def stop(self) -> None:
        """Stop listening and leave nothing running."""
        self.faults.clear()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._front.stop()
        await self.pusher.close()

    async def down(self) -> None:
        """Close the port: no connection can be made."""
        await self._front.close_port()

    async def up(self) -> None:
        """Open the same port again."""
        await self._front.open_port()

    def fault(
        self,
        kind: FaultKind | str,
        *,
        when: When | str = When.BEFORE,
        command: Command | str | None = None,
        times: int = 1,
        **values: Any,  # noqa: ANN401  # any field of Fault
    ) -> Fault:
        """Queue something to go wrong."""
        fault = Fault(
            kind=FaultKind(kind),
            when=When(when),
            command=None if command is None else Command(command),
            times=times,
            **values,
        )
        return self.faults.add(fault)

    async def advance(
        self, server_id: int | str, status: int | None = None, error: int | None = None
    ) -> Message:
        """Bring a message to a status, the next one by nature where none is given, and push it."""
        message = self._moved(int(server_id), status, error)
        await self.pusher.status(message)
        return message

    async def deliver(self, server_id: int | str) -> Message:
        """Bring a message to its end by way of every status, and push them all."""
        steps: list[Message] = []
        while (message := self.messages[int(server_id)]).status not in FINAL:
            steps.append(self._moved(message.server_id, None, None))
        await self.pusher.status(*steps)
        return message

    def _moved(self, server_id: int, status: int | None, error: int | None) -> Message:
        message = self.messages[server_id]
        phone = self.phone(message.phone)
        if status is None:
            new, code = next_step(message, phone)
        else:
            new = Status(status)
            natural, natural_error = outcome(message, phone)
            code = natural_error if new is natural else 604
            code = code if new in (Status.UNDELIVERED, Status.FAILED) else 0
        price = message.price
        if new is Status.FAILED and message.status is not Status.FAILED:
            # A failure is not charged (section 2).
            self.accounts[message.account].balance += price
            price = Decimal()
        moved = replace(
            message,
            status=new,
            error=code if error is None else error,
            price=price,
            modified=self.now(),
        )
        self.update(moved)
        return moved

    def _go_on(self, topic: str, message: Any) -> None:  # noqa: ANN401  # any record
        """Set the timer of a message that moves by itself."""
        if topic != "message" or message.status in FINAL:
            return
        if message.status is Status.SCHEDULED:
            wait = (message.send_datetime - self.now()).total_seconds()
            self._later(max(wait, 0.0), message)
        elif self.auto is not None:
            self._later(self.auto / 2, message)

    def _later(self, seconds: float, message: Message) -> None:
        def fire() -> None:
            self._timers.discard(timer)
            now = self.messages.get(message.server_id)
            if now is not None and now.status is message.status:
                self.task(self.advance(message.server_id))

        try:
            timer = asyncio.get_running_loop().call_later(seconds, fire)
        except RuntimeError:
            # Not started yet: `start` will set it.
            return
        self._timers.add(timer)

    async def release_due(self) -> None:
        """Send the scheduled messages whose time has come, also after a jump of the clock."""
        for message in self.due():
            await self.advance(message.server_id)

    def task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside, ended with the simulator."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def receive(
        self,
        phone: str,
        text: str,
        *,
        num: str = SERVICE_NUMBER,
        account: Account | int | None = None,
        created: datetime | None = None,
        push: bool = True,
    ) -> Inbound | None:
        """Take a message somebody sent to the service number; None where nobody is found for it."""
        if isinstance(account, int):
            account = self.accounts[account]
        if account is None:
            routed = self.route(phone, text)
            if routed is None:
                self.changed("lost", text)
                return None
            account, rest = routed
        else:
            rest = without_prefix(account, text) or text
        inbound = Inbound(
            id=self.next_inbound_id,
            account=account.id,
            phone=phone,
            num=num,
            raw=text,
            text=rest,
            created=created or self.now(),
        )
        self.next_inbound_id += 1
        self.keep_inbound(inbound)
        if push:
            await self.pusher.inbound(account, inbound)
        return inbound

    async def flush_pushes(self, *, reverse: bool = False) -> None:
        """Make the pushes that were held."""
        await self.pusher.flush(reverse=reverse)

    async def push_status(
        self, url: str | None = None, *, method: str = "get", **params: str
    ) -> Push:
        """Push any status to an address, the last callback by default: a forged one, for a test."""
        return await self.pusher.call(url or self.last_callback, method, params)

    async def push_inbound(
        self, url: str | None = None, *, method: str = "post", **params: str
    ) -> Push:
        """Push any inbound message to an address, the account's by default."""
        return await self.pusher.call(url or self.account.inbound_url or "", method, params)

    @property
    def last_callback(self) -> str:
        """Return the address the last message named for its status."""
        callbacks = (each.callback for each in reversed(self.messages.values()))
        return next((each for each in callbacks if each), self.account.status_url or "")
