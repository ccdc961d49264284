"""Regular expressions in a message, within a bounded text and time.

A pattern such as `(a+)+$` and a text that somebody made for it keep Python's own `re` busy for
years. It cannot be stopped, and holds the interpreter meanwhile, also from a thread. The package
`regex` takes a limit of time, and lets everybody else work while it searches.
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

# No order of a person's is longer; a longer text is made to be hard to search.
MAX_SEARCHED: Final = 1000
# A pattern that fits takes microseconds; one that takes so long would take for ever. In seconds.
SEARCH_TIME: Final = 0.2


def check_patterns(texts: Sequence[str]) -> None:
    """Raise Invalid where a text is no regular expression; may take its time.

    Python's own syntax counts too: it is the one people know, and need not be looked up twice.
    """
    for text in texts:
        try:
            re.compile(text, re.IGNORECASE)
            # Automations are validated before the requirements are installed.
            with suppress(ImportError):
                _compiled([text])
        except Exception as err:
            # Both have errors of their own, and overflows, and the limit of recursion.
            raise vol.Invalid(f"{text!r} is no regular expression: {err}") from err


def search(patterns: Sequence[Any], message: str) -> Found | None:
    """Return the groups of the first pattern that fits somewhere, by place and by name.

    May take its time, hence not for the event loop. Raises TimeoutError where none fits and one
    was given up.
    """
    given_up = False
    for pattern in patterns:
        try:
            found = pattern.search(message[:MAX_SEARCHED], timeout=SEARCH_TIME)
        except TimeoutError:
            given_up = True
            continue
        if found:
            return {"groups": list(found.groups()), "named_groups": found.groupdict()}
    if given_up:
        raise TimeoutError
    return None


class RegexSearcher:
    """Search messages beside the event loop, in the order they came in."""

    def __init__(self, hass: HomeAssistant, texts: Sequence[str]) -> None:
        """Keep the texts; they are compiled for the first message."""
        self._hass = hass
        self._texts = texts
        self._patterns: list[Any] = []
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_complained = False

    @callback
    def begin(self, message: str, done: Callable[[Found | None], None]) -> None:
        """Search a message, and hand over the groups of the pattern that fits, or None."""
        task = self._hass.async_create_task(self._run(message, done), "smspilot search")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @callback
    def stop(self) -> None:
        """Find nothing more."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, message: str, done: Callable[[Found | None], None]) -> None:
        groups = None
        async with self._turn:
            try:
                groups = await self._hass.async_add_executor_job(self._search, message)
            except TimeoutError:
                self._complain("was given up: it takes too long with a message somebody wrote")
        done(groups)

    def _search(self, message: str) -> Found | None:
        self._patterns = self._patterns or _compiled(self._texts)
        return search(self._patterns, message)

    def _complain(self, why: str) -> None:
        """Say it once, and nothing of the message."""
        if not self._has_complained:
            self._has_complained = True
            LOGGER.warning("A regular expression of a trigger %s", why)


def _compiled(texts: Sequence[str]) -> list[Any]:
    # Automations import this module before the requirements are installed.
    import regex  # type: ignore[import-untyped]  # noqa: PLC0415

    return [regex.compile(text, regex.IGNORECASE) for text in texts]
