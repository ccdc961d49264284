"""What nobody knows the outcome of: looked for, ever rarer, until it shows up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send

from .client import Message, Smspilot, SmspilotError, Status
from .const import LOGGER
from .dispatch import Known, Pair, find
from .doorbell import Alarm, Doorbell
from .intents import RECENT, Intent, Intents
from .phones import to_service
from .receipt import Row, named
from .signals import SIGNAL_ERROR

# At these ages, in seconds.
LOOK_AGES: Final = (60, 120, 300, 600, 1200, 1800, 3600)
# As long as the list cannot be read at all.
LOOK_AGAIN: Final = 300
# What was lost at about the same time shares its looks.
SHARED: Final = 5

# With how long ago they were ordered.
type Taken = Callable[[list[Row], Intent, timedelta], None]


class Lost:
    """The orders of an account whose answers were lost for good."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        client: Smspilot,
        intents: Intents,
        known: Known,
        taken: Taken,
    ) -> None:
        """Look for nothing yet; `taken` hears of what did go out."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._intents = intents
        self._known = known
        self._taken = taken
        self.bell = Doorbell(hass, "smspilot lost answers", self._look)
        self._alarm = Alarm(hass, self.bell, self.bell.ring)

    def look_later(self) -> None:
        """Begin to look."""
        self._alarm.set(LOOK_AGES[0])

    async def _look(self) -> None:
        """Look for everything at once."""
        if not (lost := self._intents.lost()):
            return
        pairs = [(to_service(one.phone), intent.text) for intent in lost for one in intent.lost]
        found: dict[Pair, Message] | None = None
        try:
            found = await find(self._client, pairs, self._known)
        except SmspilotError as err:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
        for intent in lost:
            rest = self._adopt(intent, found) if found else intent
            if rest.lost:
                self._go_on(rest, looked=found is not None)

    def _adopt(self, intent: Intent, found: dict[Pair, Message]) -> Intent:
        """Take what the service's list shows of an order, and return what is known of it now."""
        rows, ids = [], dict(intent.ids)
        for addressee in intent.lost:
            message = found.get((to_service(addressee.phone), intent.text))
            if message is None or message.id is None or self._known(message.id):
                continue
            if self._intents.is_under_way(addressee.phone, intent.text):
                # It may be that one's, which would be sent again if it were taken from it.
                continue
            ids[addressee.phone] = message.id
            rows.append(
                Row(
                    message_id=message.id,
                    phone=addressee.phone,
                    recipient_id=addressee.recipient_id,
                    kind=intent.kind,
                    status=Status.ACCEPTED,
                    sent_at=intent.at,
                    due_at=intent.due_at,
                )
            )
        if rows:
            LOGGER.info("A message whose answer was lost did go out")
            intent = replace(intent, ids=ids)
            self._intents.write(intent)
            self._taken(rows, intent, timedelta(seconds=self._intents.age(intent)))
        return intent

    def _go_on(self, intent: Intent, *, looked: bool) -> None:
        """Look again later; give up after an hour, but never without having looked."""
        age = self._intents.age(intent)
        if (age > LOOK_AGES[-1] and looked) or age > RECENT:
            LOGGER.warning(
                "Nobody knows whether a message to %s went out; SMSPILOT does not list it",
                ", ".join(named(self._entry, one.phone, one.recipient_id) for one in intent.lost),
            )
            to = tuple(one for one in intent.to if one.phone in intent.ids)
            self._intents.write(replace(intent, to=to))
        else:
            self._alarm.set(next((at - age for at in LOOK_AGES if at > age + SHARED), LOOK_AGAIN))
