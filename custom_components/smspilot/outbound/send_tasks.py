"""The tasks of sends under way: each outlives its caller, and a message's key has only one."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..const import LOGGER
from ..errors import Reason, action_error, localized
from .result import SendResult, reasons

type SendTask = asyncio.Task[SendResult]


class SendTasks:
    """The sends of an account that are under way."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._tasks: set[SendTask] = set()
        self._by_key: dict[str, SendTask] = {}
        self._cancels: dict[str, Callable[[], None]] = {}
        # The error of sends after `close`.
        self._closed: Exception | None = None

    @callback
    def check_open(self) -> None:
        """Raise the error of `close` once that was called."""
        if self._closed:
            raise self._closed

    def of_key(self, key: str | None) -> SendTask | None:
        """Return the send under way of a message with the key."""
        return None if key is None else self._by_key.get(key)

    @callback
    def begin(
        self,
        send: Coroutine[Any, Any, SendResult],
        key: str | None,
        cancel: Callable[[], None],
    ) -> SendTask:
        """Run a send in a task, and return the task; `cancel` makes the send begin no request."""
        task = self._hass.async_create_background_task(send, "smspilot send")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if key is not None:
            self._by_key[key] = task
            self._cancels[key] = cancel
            task.add_done_callback(lambda _task: self._forget(key))
        return task

    @callback
    def cancel(self, key: str) -> None:
        """Let the send of a key, if it is under way, begin no further request.

        Its caller gets an error for what was not requested; requests under way are completed.
        """
        if cancel := self._cancels.get(key):
            cancel()

    async def async_wait(self, task: SendTask) -> SendResult:
        """Return the result of a send; cancelling this does not cancel the send."""
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.add_done_callback(self._log_result)
            raise
        if task.cancelled():
            raise self._closed or action_error(Reason.ACCOUNT_CLOSED, account=self._entry.title)
        return task.result()

    @callback
    def close(self, why: Exception) -> None:
        """Cancel every send; the callers get `why`, and the journal keeps the records."""
        self._closed = why
        for task in self._tasks:
            task.cancel()

    @callback
    def _forget(self, key: str) -> None:
        del self._by_key[key], self._cancels[key]

    @callback
    def _log_result(self, task: SendTask) -> None:
        """Log what went wrong with a send whose caller was cancelled."""
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, HomeAssistantError):
            why = localized(self._hass, error)
        elif error:
            LOGGER.error("Unexpected error in smspilot send", exc_info=error)
            return
        elif refused := [row for row in task.result().rows if row.refused]:
            why = reasons(self._entry, refused, self._hass.config.language)
        else:
            return
        LOGGER.error("A message failed after its caller stopped waiting: %s", why)
