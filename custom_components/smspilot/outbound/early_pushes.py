"""Pushes that were faster than the response to the send they are about."""

from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..client import MessageRow, Status

# Seconds.
KEPT_FOR: Final = 60.0
# No stranger fills the memory with ids that nobody sent.
MAX_KEPT: Final = 1000

# A push that is taken at its word, or only what it says.
type News = MessageRow | Status


class EarlyPushes:
    """What was said for a minute of messages that nobody here has sent yet."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Have heard nothing yet."""
        self._hass = hass
        self._news: dict[str, tuple[float, News]] = {}

    def __len__(self) -> int:
        """Return of how many messages something was said."""
        return len(self._news)

    @callback
    def keep(self, server_id: str, news: News) -> None:
        """Keep what was said last, but a final status in any case."""
        before = self.take(server_id)
        if before is not None and status_of(before).final:
            news = before
        now = self._hass.loop.time()
        while self._news:
            oldest = next(iter(self._news))
            if self._news[oldest][0] > now and len(self._news) < MAX_KEPT:
                break
            del self._news[oldest]
        self._news[server_id] = (now + KEPT_FOR, news)

    @callback
    def take(self, server_id: str) -> News | None:
        """Return what was said of a message that was sent now, and forget it."""
        deadline, news = self._news.pop(server_id, (0.0, None))
        return news if deadline > self._hass.loop.time() else None


def status_of(news: News) -> Status:
    """Return the status that a push told."""
    return news.status if isinstance(news, MessageRow) else news
