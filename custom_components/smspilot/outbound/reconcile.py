"""Messages in doubt whose callers were told so: followed in the list, ever more rarely."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..client import MessageRow, SmspilotError, Status
from ..const import LOGGER
from ..contacts.recipients import display_name
from ..events import SIGNAL_DOUBTS, SIGNAL_ERROR
from ..runtime.poller import EarliestTimer, Poller
from .evidence import Evidence, Listing
from .number import UNKNOWN, UNSENT, Number, State
from .record import NumberRecord, SubmissionRecord
from .records import SubmissionRecords
from .result import Row, listed

# At these ages, in seconds.
LOOK_AGES: Final = (60, 120, 300, 600, 1200, 1800, 3600)
# As long as the list cannot be read at all.
LOOK_AGAIN: Final = 300
# What was lost at about the same time shares its looks.
SHARED: Final = 5

# With how long ago they were requested.
type Taken = Callable[[list[Row], SubmissionRecord, timedelta], None]


class Reconciler:
    """The messages of an account that nobody waits for and nobody knows the outcome of."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        records: SubmissionRecords,
        evidence: Evidence,
        taken: Taken,
    ) -> None:
        """Look for nothing yet; `taken` is called with what did go out."""
        self._hass = hass
        self._entry = entry
        self._records = records
        self._evidence = evidence
        self._taken = taken
        self.poller = Poller(hass, "smspilot lost responses", self._look)
        self._timer = EarliestTimer(hass, self.poller, self.poller.wake)
        # Of before the restart: nobody waits for them any more.
        self._orphans: set[str] = set()
        # Whom messages were for that a restart kept from being requested.
        self.interrupted = ""

    @callback
    def resume(self) -> None:
        """Say what nobody was told before the restart, and begin to look for it."""
        names: list[str] = []
        for record in self._records.interrupted():
            unsent = [one for one in record.numbers if one.state in UNSENT]
            if record.key is None:
                # Whoever gave it a key sends it again, if it is still wanted.
                names += self._names(unsent)
            rest = tuple(one for one in record.numbers if one not in unsent)
            self._records.keep(replace(record, numbers=rest))
        self.interrupted = listed(dict.fromkeys(names))
        if names:
            LOGGER.error("Home Assistant stopped before a message was sent to %s", self.interrupted)
        self._orphans = {record.id for record in self._records.unresolved()}
        if self._orphans:
            self.poller.wake()
        self._signal()

    @property
    def in_doubt(self) -> str:
        """Return whom messages were for that are in doubt and that nobody waits for any more."""
        found = [one for one in self._records.in_doubt() if one.id in self._orphans]
        names = [name for record in found for name in self._names(record.unknown)]
        return listed(dict.fromkeys(names))

    @callback
    def look_later(self) -> None:
        """Begin to look."""
        self._timer.set(LOOK_AGES[0])

    async def _look(self) -> None:
        """Look for everything at once."""
        if not self._records.unresolved():
            return
        listing: Listing | None = None
        try:
            listing = await self._evidence.async_read()
        except SmspilotError as err:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
        for record in self._records.unresolved():
            rest = self._adopt(record, listing) if listing else record
            if rest.unknown:
                self._go_on(rest, looked=listing is not None)

    def _adopt(self, record: SubmissionRecord, listing: Listing) -> SubmissionRecord:
        """Take what the list shows of a message, and return what is known of it now."""
        rows, numbers = [], list[NumberRecord]()
        for one in record.numbers:
            row = self._found(record, one, listing) if one.state in UNKNOWN else None
            if row and row.id:
                numbers.append(replace(one, state=State.ACCEPTED, message_id=row.id))
                rows.append(self._row(record, one, row.id))
                # It is no other message's any more.
                listing.rows[Number(target=one.target).digits].remove(row)
            else:
                numbers.append(one)
        if rows:
            LOGGER.info("A message whose response was lost did go out")
            record = self._records.keep(replace(record, numbers=tuple(numbers)))
            self._taken(rows, record, timedelta(seconds=self._records.age(record)))
            self._signal()
        return record

    def _found(
        self, record: SubmissionRecord, number: NumberRecord, listing: Listing
    ) -> MessageRow | None:
        """Return the row that is the message, or the only one that reads as if it were."""
        one = Number(target=number.target)
        if self._records.claims.of(record, one) or self._records.is_looked_for(one.digits):
            # It may be that one's, which would be sent again if it were taken from it.
            return None
        is_last = self._records.age(record) > LOOK_AGES[-1]
        return self._evidence.judge(listing, record, one, failed=is_last).row

    def _row(self, record: SubmissionRecord, number: NumberRecord, message_id: str) -> Row:
        return Row(
            message_id=message_id,
            phone=number.target.phone,
            recipient_id=number.target.recipient_id,
            kind=record.kind,
            status=Status.ACCEPTED,
            sent_at=record.at,
            due_at=record.due_at,
        )

    def _go_on(self, record: SubmissionRecord, *, looked: bool) -> None:
        """Look again later; give up after an hour, but never without having looked."""
        age = self._records.age(record)
        if age <= LOOK_AGES[-1] or not looked:
            later = (at - age for at in LOOK_AGES if at > age + SHARED)
            self._timer.set(next(later, LOOK_AGAIN))
            return
        LOGGER.warning(
            "Nobody knows whether a message to %s went out; SMSPILOT does not list it",
            listed(self._names(record.unknown)),
        )
        self._records.keep(replace(record, is_closed=True))

    def _names(self, numbers: Iterable[NumberRecord]) -> list[str]:
        targets = (one.target for one in numbers)
        return [display_name(self._entry, one.phone, one.recipient_id) for one in targets]

    def _signal(self) -> None:
        async_dispatcher_send(self._hass, SIGNAL_DOUBTS.format(self._entry.entry_id))
