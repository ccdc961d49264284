"""One read of the inbound list: publish new messages, and note what it proves about pushes."""

from contextlib import aclosing
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..client import InboundList, Smspilot, SmspilotError
from ..const import LOGGER
from ..errors import reason_of
from ..events import SIGNAL_ERROR, SIGNAL_INBOUND_LIST, SIGNAL_OK, ListState, Success
from ..runtime.poller import Poller
from ..runtime.trail import async_trace
from .intake import Intake
from .listing import PagedList
from .memory import Memory

# How long reads may fail before that is worth a notice. Seconds, on the event loop's clock.
FAILING_TIME: Final = 3600.0


class ListReader:
    """Reads the inbound list of an account, and reports when that fails and works again."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: Smspilot,
        *,
        poller: Poller,
        memory: Memory,
        intake: Intake,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._poller = poller
        self._memory = memory
        self._intake = intake
        self._list = PagedList(client, memory.window)
        self._failing_since: float | None = None
        # The pushed messages that the current read should show.
        self._pushed: list[str] = []
        # Whether the last page had a new message without a push.
        self._found_unpushed = False

    @property
    def is_failing(self) -> bool:
        """Return whether the last read failed."""
        return self._failing_since is not None

    async def async_read(self) -> bool:
        """Read the list, publish what is new, and schedule a read for pushes not listed yet.

        Return whether the whole list was read.
        """
        requested_at, self._pushed = self._hass.loop.time(), self._memory.pushes.ids
        self._trace("read began", pushed=len(self._pushed))
        listed = new = 0
        pages = self._list.pages(self._is_suspect, whole=bool(self._pushed))
        try:
            async with aclosing(pages):
                async for page in pages:
                    listed += len(page.messages)
                    published = await self._publish_page(page)
                    if published is None:
                        # The entry was unloaded during the read: read again once it is loaded.
                        self._poller.wake()
                        return False
                    new += published
        except SmspilotError as err:
            self._report_failure(err)
            return False
        self._trace("read ended", found=listed, new=new)
        self._report_recovery()
        self._judge_unconfirmed(self._memory.pushes.list_was_read(requested_at))
        return True

    async def _publish_page(self, page: InboundList) -> int | None:
        """Publish what is new on a page, and confirm the pushes of its messages."""
        if self._poller.is_paused:
            return None
        pushes, push_monitor = self._memory.pushes, self._memory.push_monitor
        at = page.at or self._memory.window.now
        published = await self._intake.async_publish_new(page.messages, at)
        if published is None:
            return None
        new = {message.message_id: message for message in published}
        for message_id in (one.id for one in page.messages if one.id in self._memory.window):
            # Also for messages published before: a kill may have left their push awaited.
            if push := pushes.pop(message_id):
                push_monitor.confirm(push.host)
                new.pop(message_id, None)
        self._found_unpushed = bool(new) and not pushes.is_full
        if self._found_unpushed:
            for message in new.values():
                push_monitor.expect(message.message_id, message.age)
        self._memory.window.was_read(at)
        return len(published)

    def _is_suspect(self) -> bool:
        """Return whether what a full page may have cut off should be read at once."""
        return self._found_unpushed or any(one in self._memory.pushes for one in self._pushed)

    @callback
    def _report_failure(self, err: SmspilotError) -> None:
        now = self._hass.loop.time()
        self._trace("read failed", reason=reason_of(err).value)
        async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since >= FAILING_TIME:
            self._signal(ListState.FAILING, err)

    @callback
    def _report_recovery(self) -> None:
        if self._failing_since is not None:
            self._failing_since = None
            worked = SIGNAL_OK.format(self._entry.entry_id)
            async_dispatcher_send(self._hass, worked, Success.INBOUND)
            self._signal(ListState.WORKING)

    @callback
    def _judge_unconfirmed(self, count: int) -> None:
        """Decide whether pushes not listed within an hour are forged, or the list is cut short."""
        # A list cut to its newest messages may not show genuine ones that are older.
        if self._list.may_lack or (count and self._list.shows_newest):
            LOGGER.warning(
                "SMSPILOT lists only the newest messages; older ones that came since the last read"
                " may be missing"
            )
            self._signal(ListState.CAPPED)
        elif count:
            self._memory.push_monitor.drop(count)

    def _signal(self, state: ListState, err: SmspilotError | None = None) -> None:
        signal = SIGNAL_INBOUND_LIST.format(self._entry.entry_id)
        async_dispatcher_send(self._hass, signal, state, err)

    def _trace(self, step: str, **details: Any) -> None:
        async_trace(self._hass, self._entry.entry_id, step, **details)
