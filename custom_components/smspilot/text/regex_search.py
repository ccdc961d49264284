"""Regular expressions in a message, within a bounded text and time.

A pattern such as `(a+)+$` and a text made for it keep Python's own `re` busy for years: it cannot
be stopped, and it blocks all threads while it searches. The package `regex` takes a time limit and
releases the interpreter's lock.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
import re
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from ..const import LOGGER

type Found = dict[str, Any]

# No genuine command is longer; the rest of a text is not searched.
MAX_SEARCHED: Final = 1000
# A usual search takes microseconds; one that takes so long may never end. Seconds.
SEARCH_TIME: Final = 0.2


def check_patterns(texts: Sequence[str]) -> None:
    """Raise Invalid where a text is no regular expression; slow, not for the event loop.

    It must be valid in Python's own `re` too, whose syntax is the documented one.
    """
    for text in texts:
        try:
            re.compile(text, re.IGNORECASE)
            # Automations are validated before the requirements are installed.
            with suppress(ImportError):
                _compiled([text])
        except Exception as err:
            # Both raise errors of their own, OverflowError and RecursionError.
            raise vol.Invalid(f"{text!r} is no regular expression: {err}") from err


def search(patterns: Sequence[Any], message: str) -> Found | None:
    """Return the groups and named groups of the first pattern found in a message.

    Slow, not for the event loop. Raises TimeoutError where none is found and one took too long.
    """
    timed_out = False
    for pattern in patterns:
        try:
            found = pattern.search(message[:MAX_SEARCHED], timeout=SEARCH_TIME)
        except TimeoutError:
            timed_out = True
            continue
        if found:
            return {"groups": list(found.groups()), "named_groups": found.groupdict()}
    if timed_out:
        raise TimeoutError
    return None


class RegexSearcher:
    """Search messages in an executor thread, one at a time, in the order they came."""

    def __init__(self, hass: HomeAssistant, texts: Sequence[str]) -> None:
        """Keep the patterns' texts; they are compiled for the first message."""
        self._hass = hass
        self._texts = texts
        self._patterns: list[Any] = []
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_warned = False

    @callback
    def begin(self, message: str, done: Callable[[Found | None], None]) -> None:
        """Start a search; `done` is called with the groups of the pattern found, or None."""
        task = self._hass.async_create_task(self._run(message, done), "smspilot search")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @callback
    def stop(self) -> None:
        """Cancel all searches."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, message: str, done: Callable[[Found | None], None]) -> None:
        groups = None
        async with self._lock:
            try:
                groups = await self._hass.async_add_executor_job(self._search, message)
            except TimeoutError:
                self._warn_once()
        done(groups)

    def _search(self, message: str) -> Found | None:
        self._patterns = self._patterns or _compiled(self._texts)
        return search(self._patterns, message)

    def _warn_once(self) -> None:
        """Warn without the message, which is private."""
        if not self._has_warned:
            self._has_warned = True
            LOGGER.warning(
                "A regular expression of a trigger was given up: it takes too long with a message"
                " somebody wrote"
            )


def _compiled(texts: Sequence[str]) -> list[Any]:
    # Automations import this module before the requirements are installed.
    import regex  # type: ignore[import-untyped]  # noqa: PLC0415

    return [regex.compile(text, regex.IGNORECASE) for text in texts]
