"""What can go wrong with a request, queued until it is met."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from .model import Command

HUGE: Final = 6 * 1024 * 1024


class FaultKind(StrEnum):
    """The ways a request can fail."""

    RESET = "reset"
    HANG = "hang"
    SLOW = "slow"
    HTML = "html"
    HTTP_500 = "http_500"
    HTTP_502_HTML = "http_502_html"
    HTTP_503_HTML = "http_503_html"
    HTTP_504_HTML = "http_504_html"
    # Gateways that waited too long: for the request itself, or for the API.
    HTTP_408_HTML = "http_408_html"
    HTTP_524_HTML = "http_524_html"
    HTTP_404_HTML = "http_404_html"
    REDIRECT = "redirect"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    NOT_UTF8 = "not_utf8"
    OTHER_JSON = "other_json"
    # The document's own slips: a stray backslash and a trailing comma.
    SLOPPY_JSON = "sloppy_json"
    HUGE = "huge"
    # Half of the answer, then nothing until it is released.
    STALL = "stall"
    ERROR = "error"


class When(StrEnum):
    """Whether the request is carried out although its answer is lost."""

    BEFORE = "before"
    AFTER = "after"
    # `late` seconds after it has failed, when the client has gone.
    LATE = "late"


@dataclass(slots=True, kw_only=True, eq=False)
class Fault:
    """One thing to go wrong, `times` times."""

    kind: FaultKind
    when: When = When.BEFORE
    command: Command | None = None
    times: int = 1
    # How many matching requests pass before.
    skip: int = 0
    # How late `slow` answers.
    seconds: float = 0.0
    # Seconds without a response before the request fails, as with a gateway's timeout.
    delay: float = 0.0
    # Of how much later it is carried out all the same, with `when="late"`.
    late: float = 30.0
    code: int = 110
    phone: str | None = None
    # The body of `other_json`.
    body: str = "[]"
    location: str = "http://127.0.0.1:9/elsewhere"
    fired: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Say nothing for as long as this lasts."""
        if self.kind is FaultKind.HANG:
            await self.released.wait()
        else:
            await self.pause(self.delay + self.seconds)

    async def pause(self, seconds: float) -> None:
        """Wait so long, unless this is released before."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.released.wait(), seconds)

    def release(self) -> None:
        """Let the requests that hang on this go on."""
        self.released.set()


class Faults:
    """The queue of faults."""

    def __init__(self) -> None:
        """Start with none."""
        self._queue: list[Fault] = []
        self._hanging: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Queue a fault."""
        self._queue.append(fault)
        return fault

    def take(self, command: Command) -> Fault | None:
        """Return the fault that meets a request of this command, if any."""
        for fault in self._queue:
            if fault.command in (None, command):
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.fired += 1
                fault.reached.set()
                if fault.fired >= fault.times:
                    self._queue.remove(fault)
                if fault not in self._hanging:
                    self._hanging.append(fault)
                return fault
        return None

    def release(self) -> None:
        """Let everything go on that hangs."""
        for fault in self._hanging:
            fault.release()
        self._hanging.clear()

    def clear(self) -> None:
        """Forget what is queued and release what hangs."""
        self._queue.clear()
        self.release()

    @property
    def waiting(self) -> list[Fault]:
        """Return what has not been met yet."""
        return list(self._queue)
