"""Pushes that came before the response to the send they are about."""

from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..client import MessageRow, Status

# Seconds.
KEPT_FOR: Final = 60.0
# Forged pushes of ids that were never sent must not fill the memory.
MAX_KEPT: Final = 1000

# A push that counts without a read, or the status that a read has to verify.
type PushedStatus = MessageRow | Status


class EarlyPushes:
    """The pushes of the last minute about messages that are not tracked yet."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._pushes: dict[str, tuple[float, PushedStatus]] = {}

    def __len__(self) -> int:
        """Return the number of messages with a push."""
        return len(self._pushes)

    @callback
    def keep(self, message_id: str, pushed: PushedStatus) -> None:
        """Keep the last push of a message, but never replace a final status."""
        before = self.take(message_id)
        if before is not None and status_of(before).final:
            pushed = before
        now = self._hass.loop.time()
        while self._pushes:
            oldest = next(iter(self._pushes))
            if self._pushes[oldest][0] > now and len(self._pushes) < MAX_KEPT:
                break
            del self._pushes[oldest]
        self._pushes[message_id] = (now + KEPT_FOR, pushed)

    @callback
    def take(self, message_id: str) -> PushedStatus | None:
        """Remove and return the push of a message, None where there is none."""
        deadline, pushed = self._pushes.pop(message_id, (0.0, None))
        return pushed if deadline > self._hass.loop.time() else None


def status_of(pushed: PushedStatus) -> Status:
    """Return the status of a push."""
    return pushed.status if isinstance(pushed, MessageRow) else pushed
