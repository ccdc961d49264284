"""Call listeners when something has changed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

type Listener = Callable[[str, Any], None]


class Changes:
    """A list of listeners; each is called with the topic and the value."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def connect(self, listener: Listener) -> Callable[[], None]:
        """Add a listener and return a function that removes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def __call__(self, topic: str, value: Any) -> None:  # any record
        """Call all listeners."""
        for listener in tuple(self._listeners):
            listener(topic, value)

    @contextmanager
    def queue(self) -> Iterator[asyncio.Queue[tuple[str, Any]]]:
        """Collect all changes while the context lasts."""
        queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        disconnect = self.connect(lambda topic, value: queue.put_nowait((topic, value)))
        try:
            yield queue
        finally:
            disconnect()

    async def wait_for(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Return as soon as the condition is true; it is checked after each change."""
        with self.queue() as queue:
            async with asyncio.timeout(seconds):
                while not condition():
                    await queue.get()
