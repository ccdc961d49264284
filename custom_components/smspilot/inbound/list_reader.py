"""One read of the inbound list: publish what is new, and note what it proves of pushes."""

from contextlib import aclosing
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..client import InboundList, Smspilot, SmspilotError
from ..const import LOGGER
from ..errors import reason_of
from ..events import SIGNAL_ERROR, SIGNAL_INBOUND_LIST, SIGNAL_OK, ListNews, Worked
from ..runtime.poller import Poller
from ..runtime.trail import async_trace
from .intake import Intake
from .listing import PagedList
from .memory import Memory

# How long the list may fail before that is worth a notice. Seconds, by the loop's clock.
FAILING_TIME: Final = 3600.0


class ListReader:
    """Reads the inbound list of an account, and knows whether it can be read."""

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
        """Have read nothing yet."""
        self._hass = hass
        self._entry = entry
        self._poller = poller
        self._memory = memory
        self._intake = intake
        self._list = PagedList(client, memory.window)
        # Since when the list cannot be read: it says nothing of what was pushed.
        self._failing_since: float | None = None
        # The pushes that this read should show.
        self._pushed: list[str] = []
        # Whether the last page had a message that no push announced.
        self._found_alone = False

    @property
    def is_failing(self) -> bool:
        """Return whether the list could not be read the last time."""
        return self._failing_since is not None

    async def async_read(self) -> bool:
        """Read what there is, publish what is new, and plan how to look for what was pushed.

        Return whether all of it was read.
        """
        asked, self._pushed = self._hass.loop.time(), self._memory.pushes.ids
        self._trace("read began", pushed=len(self._pushed))
        listed = new = 0
        pages = self._list.pages(self._is_suspect, whole=bool(self._pushed))
        try:
            async with aclosing(pages):
                async for page in pages:
                    listed += len(page.messages)
                    published = await self._take_page(page)
                    if published is None:
                        # Its listeners went meanwhile: it is read again when they are back.
                        self._poller.wake()
                        return False
                    new += published
        except SmspilotError as err:
            self._failed(err)
            return False
        self._trace("read ended", found=listed, new=new)
        self._works()
        self._judge_unconfirmed(self._memory.pushes.looked(asked))
        return True

    async def _take_page(self, page: InboundList) -> int | None:
        """Publish what is new on a page, and note what its pushes prove."""
        if self._poller.held:
            return None
        pushes, push_monitor = self._memory.pushes, self._memory.push_monitor
        at = page.at or self._memory.window.now
        published = await self._intake.take(page.messages, at)
        if published is None:
            return None
        self._found_alone = False
        for message in published:
            if push := pushes.pop(message.message_id):
                push_monitor.confirm(push.host)
            elif not pushes.is_full:
                self._found_alone = True
                push_monitor.expect(message.message_id, message.age)
        self._memory.window.was_read(at)
        return len(published)

    def _is_suspect(self) -> bool:
        """Return whether a full page may have hidden something that cannot wait."""
        return self._found_alone or any(one in self._memory.pushes for one in self._pushed)

    @callback
    def _failed(self, err: SmspilotError) -> None:
        now = self._hass.loop.time()
        self._trace("read failed", reason=reason_of(err).value)
        async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
        if self._failing_since is None:
            self._failing_since = now
        if now - self._failing_since >= FAILING_TIME:
            self._signal(ListNews.FAILING, err)

    @callback
    def _works(self) -> None:
        if self._failing_since is not None:
            self._failing_since = None
            worked = SIGNAL_OK.format(self._entry.entry_id)
            async_dispatcher_send(self._hass, worked, Worked.INBOUND)
            self._signal(ListNews.WORKING)

    @callback
    def _judge_unconfirmed(self, count: int) -> None:
        """Say what follows from so many pushes that the list has not shown within an hour."""
        # Where it shows its newest only, they may be genuine, and older than what it shows.
        if self._list.may_lack or (count and self._list.shows_newest):
            LOGGER.warning(
                "SMSPILOT lists only the newest messages; older ones that came since the last look"
                " may be missing"
            )
            self._signal(ListNews.CAPPED)
        elif count:
            self._memory.push_monitor.drop(count)

    def _signal(self, news: ListNews, err: SmspilotError | None = None) -> None:
        signal = SIGNAL_INBOUND_LIST.format(self._entry.entry_id)
        async_dispatcher_send(self._hass, signal, news, err)

    def _trace(self, step: str, **details: Any) -> None:
        async_trace(self._hass, self._entry.entry_id, step, **details)
