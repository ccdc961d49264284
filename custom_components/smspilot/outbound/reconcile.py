"""What nobody knows the outcome of: looked for, ever rarer, until it shows up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..client import MessageRow, Smspilot, SmspilotError, Status
from ..const import LOGGER
from ..contacts.phones import to_service
from ..contacts.recipients import display_name
from ..events import SIGNAL_ERROR
from ..runtime.poller import Alarm, Poller
from .records import RECENT, SubmissionRecord, SubmissionRecords
from .result import Row
from .submission import Known, Pair, find

# At these ages, in seconds.
LOOK_AGES: Final = (60, 120, 300, 600, 1200, 1800, 3600)
# As long as the list cannot be read at all.
LOOK_AGAIN: Final = 300
# What was lost at about the same time shares its looks.
SHARED: Final = 5

# With how long ago they were ordered.
type Taken = Callable[[list[Row], SubmissionRecord, timedelta], None]


class Reconciler:
    """The orders of an account whose answers were lost for good."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        client: Smspilot,
        records: SubmissionRecords,
        known: Known,
        taken: Taken,
    ) -> None:
        """Look for nothing yet; `taken` hears of what did go out."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._records = records
        self._known = known
        self._taken = taken
        self.poller = Poller(hass, "smspilot lost answers", self._look)
        self._alarm = Alarm(hass, self.poller, self.poller.wake)

    def look_later(self) -> None:
        """Begin to look."""
        self._alarm.set(LOOK_AGES[0])

    async def _look(self) -> None:
        """Look for everything at once."""
        if not (lost := self._records.lost()):
            return
        pairs = [(to_service(one.phone), record.text) for record in lost for one in record.lost]
        found: dict[Pair, MessageRow] | None = None
        try:
            found = await find(self._client, pairs, self._known)
        except SmspilotError as err:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
        for record in lost:
            rest = self._adopt(record, found) if found else record
            if rest.lost:
                self._go_on(rest, looked=found is not None)

    def _adopt(self, record: SubmissionRecord, found: dict[Pair, MessageRow]) -> SubmissionRecord:
        """Take what the service's list shows of an order, and return what is known of it now."""
        rows, ids = [], dict(record.ids)
        for target in record.lost:
            message = found.get((to_service(target.phone), record.text))
            if message is None or message.id is None or self._known(message.id):
                continue
            if self._records.is_under_way(target.phone, record.text):
                # It may be that one's, which would be sent again if it were taken from it.
                continue
            ids[target.phone] = message.id
            rows.append(
                Row(
                    message_id=message.id,
                    phone=target.phone,
                    recipient_id=target.recipient_id,
                    kind=record.kind,
                    status=Status.ACCEPTED,
                    sent_at=record.at,
                    due_at=record.due_at,
                )
            )
        if rows:
            LOGGER.info("A message whose answer was lost did go out")
            record = replace(record, ids=ids)
            self._records.write(record)
            self._taken(rows, record, timedelta(seconds=self._records.age(record)))
        return record

    def _go_on(self, record: SubmissionRecord, *, looked: bool) -> None:
        """Look again later; give up after an hour, but never without having looked."""
        age = self._records.age(record)
        if (age > LOOK_AGES[-1] and looked) or age > RECENT:
            LOGGER.warning(
                "Nobody knows whether a message to %s went out; SMSPILOT does not list it",
                ", ".join(
                    display_name(self._entry, one.phone, one.recipient_id) for one in record.lost
                ),
            )
            to = tuple(one for one in record.to if one.phone in record.ids)
            self._records.write(replace(record, to=to))
        else:
            self._alarm.set(next((at - age for at in LOOK_AGES if at > age + SHARED), LOOK_AGAIN))
