"""The simulator: the service's state, listening."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .control import Control
from .faults import Fault, FaultKind, Faults, When
from .journey import Journey
from .memory import Memory
from .model import SERVICE_NUMBER, Account, Command, Inbound, Message, Push
from .pushing import Pusher
from .server import Front
from .state import State, without_prefix


class Simulator(State):
    """SMSPILOT API-1 on a port of this machine."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        control_port: int | None = None,
        auto: float | None = None,
        state_file: Path | None = None,
    ) -> None:
        """Prepare; `auto` is after how many seconds a message has arrived by itself."""
        super().__init__()
        self.host = host
        self.port = port
        self.control_port = control_port
        self.started = False
        self.faults = Faults()
        self.pusher = Pusher(self)
        self._auto = auto
        self._ringing = 0.0
        self._journey = Journey(self)
        self._front = Front(self, Control(self))
        self._tasks: set[asyncio.Task[Any]] = set()
        self._memory = Memory(self, state_file) if state_file else None

    @property
    def url(self) -> str:
        """Return the address of the API."""
        return f"{self.origin}/api.php"

    @property
    def origin(self) -> str:
        """Return the address of the server."""
        return f"http://{self.host}:{self.port}"

    @property
    def auto(self) -> float | None:
        """Return after how many seconds a message has arrived by itself."""
        return self._auto

    @auto.setter
    def auto(self, seconds: float | None) -> None:
        self._auto = seconds
        self._journey.resume()

    @property
    def ringing(self) -> float:
        """Return for how many seconds at least a call rings."""
        return self._ringing

    @ringing.setter
    def ringing(self, seconds: float) -> None:
        self._ringing = seconds
        self._journey.resume()

    @property
    def is_up(self) -> bool:
        """Return whether the port is open."""
        return self._front.is_open

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
        self.started = True
        self._journey.resume()

    async def stop(self) -> None:
        """Stop listening and leave nothing running."""
        self.started = False
        self.faults.clear()
        self._journey.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._front.stop()
        await self.pusher.close()
        if self._memory:
            self._memory.save()

    async def down(self) -> None:
        """Close the port: no connection can be made."""
        await self._front.close_port()

    async def silence(self) -> None:
        """Accept connections and never respond, until it is `up` (or `down`) again."""
        await self._front.fall_silent()

    async def up(self) -> None:
        """Open the same port again."""
        await self._front.open_port()

    def fault(
        self,
        kind: FaultKind | str,
        *,
        when: When | str = When.BEFORE,
        command: Command | str | None = None,
        **values: Any,
    ) -> Fault:
        """Queue something to go wrong; `values` are any other fields of a fault."""
        fault = Fault(
            kind=FaultKind(kind),
            when=When(when),
            command=None if command is None else Command(command),
            **values,
        )
        return self.faults.add(fault)

    async def advance(
        self, server_id: int | str, status: int | None = None, error: int | None = None
    ) -> Message:
        """Bring a message to a status, the next one by nature where none is given, and push it."""
        return await self._journey.advance(int(server_id), status, error)

    async def deliver(self, server_id: int | str) -> Message:
        """Bring a message to its end by way of every status, and push them all."""
        return await self._journey.deliver(int(server_id))

    def release_due(self) -> None:
        """Send the scheduled messages whose time has come."""
        self._journey.release_due()

    async def receive(
        self,
        phone: str,
        text: str,
        *,
        num: str = SERVICE_NUMBER,
        account: Account | int | None = None,
        created: datetime | None = None,
        listed_after: float | None = None,
        push: bool = True,
    ) -> Inbound | None:
        """Receive a message to the service number; None where it belongs to no account.

        `listed_after` is after how many seconds the list shows it, regardless of the options.
        """
        if isinstance(account, int):
            account = self.accounts[account]
        if account is None:
            routed = self.route(phone, text)
            if routed is None:
                return None
            account, rest = routed
        else:
            rest = without_prefix(account, text) or text
        inbound = Inbound(
            id=self.new_inbound_id(),
            account=account.id,
            phone=phone,
            num=num,
            raw=text,
            text=rest,
            created=created or self.now(),
            listed_at=(
                None if listed_after is None else self.now() + timedelta(seconds=listed_after)
            ),
        )
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
        """Return the callback of the last message that named one."""
        callbacks = (each.callback for each in reversed(self.messages.values()))
        return next((each for each in callbacks if each), self.account.status_url or "")

    def task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something in the background; it is cancelled when the simulator stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
