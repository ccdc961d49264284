"""A client for Home Assistant's websocket."""

import asyncio
from collections.abc import Callable
import json
from typing import Any, Self

import aiohttp

type Event = dict[str, Any]


class CommandError(Exception):
    """A command was refused."""


class Subscription:
    """What a subscription got and no test has taken yet."""

    def __init__(self, what: str) -> None:
        """Start with nothing."""
        self.events: list[Event] = []
        self._what = what
        self._arrived = asyncio.Event()

    def add(self, event: Event) -> None:
        """Keep an event for a waiting test."""
        self.events.append(event)
        self._arrived.set()

    async def take(
        self, where: Callable[[Event], bool] = lambda _: True, *, timeout: float = 15
    ) -> Event:
        """Wait for an event and take it out; others that came before it stay."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    for index, event in enumerate(self.events):
                        if where(event):
                            return self.events.pop(index)
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            message = f"no such event of {self._what} in {timeout} s; there were: {self.events}"
            raise TimeoutError(message) from None


class Websocket:
    """One connection, used as an asynchronous context manager."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        """Remember where to connect to."""
        self._session, self._url, self._token = session, url, token
        self._results: dict[int, asyncio.Future[Any]] = {}
        self._subscriptions: dict[int, Subscription] = {}

    async def __aenter__(self) -> Self:
        """Connect and log in."""
        self._socket = await self._session.ws_connect(f"{self._url}/api/websocket", max_msg_size=0)
        await self._socket.receive_json()  # auth_required
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        if (answer := await self._socket.receive_json())["type"] != "auth_ok":
            raise CommandError(answer)
        self._last_id = 0
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._socket.close()
        await self._listener

    async def command(self, kind: str, /, **fields: Any) -> Any:
        """Send a command and return its result."""
        return await self._send(kind, fields, None)

    async def subscribe(self, kind: str, /, **fields: Any) -> Subscription:
        """Send a command that goes on sending events."""
        subscription = Subscription(f"{kind} {fields}")
        await self._send(kind, fields, subscription)
        return subscription

    async def subscribe_events(self, event_type: str) -> Subscription:
        """Listen to a type of event on the bus."""
        return await self.subscribe("subscribe_events", event_type=event_type)

    async def subscribe_trigger(self, *triggers: dict[str, Any]) -> Subscription:
        """Listen to triggers as an automation does; an event has `variables` and `context`."""
        return await self.subscribe("subscribe_trigger", trigger=list(triggers))

    async def _send(
        self, kind: str, fields: dict[str, Any], subscription: Subscription | None
    ) -> Any:
        """Send a command and wait for its result."""
        self._last_id += 1
        message_id = self._last_id
        if subscription:  # before it is sent: the first event may overtake this task
            self._subscriptions[message_id] = subscription
        self._results[message_id] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": message_id, "type": kind} | fields)
        async with asyncio.timeout(60):
            return await self._results[message_id]

    async def _listen(self) -> None:
        """Hand each message to its waiter."""
        async for frame in self._socket:
            received = json.loads(frame.data)
            for message in received if isinstance(received, list) else [received]:
                self._hand_on(message)
        for result in self._results.values():
            if not result.done():
                result.set_exception(ConnectionError("Home Assistant closed the websocket"))

    def _hand_on(self, message: dict[str, Any]) -> None:
        """Hand on one message."""
        if message["type"] == "event" and (subscription := self._subscriptions.get(message["id"])):
            subscription.add(message["event"])
        elif message["type"] == "result" and not (result := self._results[message["id"]]).done():
            if message["success"]:
                result.set_result(message["result"])
            else:
                result.set_exception(CommandError(message["error"]))
