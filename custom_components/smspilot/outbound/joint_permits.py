"""Permits of messages that belong together, such as a text by two channels: all of them or none."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from homeassistant.exceptions import HomeAssistantError

from ..client import ConnectionFailed
from .permits import Permits
from .send_tasks import SendTask
from .submission import Submission


async def async_take_together(
    permits: Permits, submissions: Sequence[Submission], begin: Callable[[Submission], SendTask]
) -> None:
    """Take the permits of all numbers, or refuse them together.

    Without a connection each message takes its permits later, before its request. `begin` runs the
    submissions also where the caller is cancelled: they request nothing then, and delete what the
    journal has of them.
    """

    async def write() -> None:
        for one in submissions:
            await one.async_write()

    unpermitted = ((one.message, one.numbers) for one in submissions)
    try:
        with suppress(ConnectionFailed):
            await permits.async_take(*unpermitted, before_read=write)
    except BaseException:
        for one in submissions:
            one.timing.cancel()
            # A closed account begins nothing; the next start reports what the journal has.
            with suppress(HomeAssistantError):
                begin(one).add_done_callback(_take_error)
        raise


def _take_error(task: SendTask) -> None:
    """Retrieve the error of a cancelled send, so that asyncio does not log it."""
    if not task.cancelled():
        task.exception()
