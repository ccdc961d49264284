"""Reconciles messages in doubt whose callers have ended, by reads of the API's list."""

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
from .evidence import Evidence
from .listing import Listing
from .number import UNKNOWN, UNSENT, Number, State
from .record import NumberRecord, SubmissionRecord
from .records import SubmissionRecords
from .result import Row, listed

# Ages of a message, in seconds, at which the list is read.
READ_AGES: Final = (60, 120, 300, 600, 1200, 1800, 3600)
# Seconds between later reads, as long as the list cannot be read.
RETRY_INTERVAL: Final = 300
# A read this many seconds early counts, so that messages lost at about the same time share reads.
READ_TOLERANCE: Final = 5

# Called with messages that went out, their record, and how long ago they were requested.
type OnFound = Callable[[list[Row], SubmissionRecord, timedelta], None]


class Reconciler:
    """Follows the messages of an account that are in doubt, for an hour."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        records: SubmissionRecords,
        evidence: Evidence,
        on_found: OnFound,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._records = records
        self._evidence = evidence
        self._on_found = on_found
        self.poller = Poller(hass, "smspilot lost responses", self._async_read)
        self._timer = EarliestTimer(hass, self.poller, self.poller.wake)
        # The ids of records from before a restart, which has ended their callers.
        self._orphans: set[str] = set()
        # The recipients of messages that a restart kept from being requested.
        self.interrupted = ""

    @callback
    def resume(self) -> None:
        """Log and signal the messages that a restart interrupted or left in doubt."""
        names: list[str] = []
        for record in self._records.interrupted():
            unsent = [one for one in record.numbers if one.state in UNSENT]
            if record.key is None:
                # The owner of its key sends it again, if that is still needed.
                names += self._names(unsent)
            self._records.keep(record.mapped(lambda one: None if one.state in UNSENT else one))
        self.interrupted = listed(dict.fromkeys(names))
        if names:
            LOGGER.error("Home Assistant stopped before a message was sent to %s", self.interrupted)
        self._orphans = {record.id for record in self._records.unresolved()}
        if self._orphans:
            self.poller.wake()
        self._signal()

    @property
    def in_doubt(self) -> str:
        """Return the recipients of messages in doubt whose callers a restart has ended."""
        found = [one for one in self._records.in_doubt() if one.id in self._orphans]
        names = [name for record in found for name in self._names(record.in_doubt)]
        return listed(dict.fromkeys(names))

    @callback
    def schedule(self) -> None:
        """Plan the first read for messages that are in doubt since now."""
        self._timer.set(READ_AGES[0])

    async def _async_read(self) -> None:
        """Read the list once for all messages in doubt."""
        if not self._records.unresolved():
            return
        listing: Listing | None = None
        try:
            listing = await self._evidence.async_read()
        except SmspilotError as err:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
        for record in self._records.unresolved():
            rest = self._apply_listing(record, listing) if listing else record
            if rest.in_doubt:
                self._schedule_or_close(rest, has_listing=listing is not None)

    def _apply_listing(self, record: SubmissionRecord, listing: Listing) -> SubmissionRecord:
        """Accept the numbers whose messages the list shows, and return the new record."""
        rows: list[Row] = []

        def look_for(one: NumberRecord) -> NumberRecord:
            row = self._row_in(listing, record, one) if one.state in UNKNOWN else None
            if not row or not row.id:
                return one
            rows.append(self._row(record, one, row.id))
            # So that no other message in doubt gets the same row.
            listing.remove(row)
            return replace(one, state=State.ACCEPTED, message_id=row.id)

        found = record.mapped(look_for)
        if rows:
            LOGGER.info("A message whose response was lost did go out")
            self._records.keep(found)
            self._on_found(rows, found, timedelta(seconds=self._records.age(found)))
            self._signal()
        return found

    def _row_in(
        self, listing: Listing, record: SubmissionRecord, number: NumberRecord
    ) -> MessageRow | None:
        """Return the row that is the message, or the only one that reads as if it were."""
        one = Number(target=number.target)
        if self._records.claims.of(record, one) or self._records.is_reconciling(one.digits):
            # The row may belong to the submission under way, which would then send again.
            return None
        is_last = self._records.age(record) > READ_AGES[-1]
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

    def _schedule_or_close(self, record: SubmissionRecord, *, has_listing: bool) -> None:
        """Plan the next read, or close the record after the last one that was possible."""
        age = self._records.age(record)
        if age <= READ_AGES[-1] or not has_listing:
            later = (at - age for at in READ_AGES if at > age + READ_TOLERANCE)
            self._timer.set(next(later, RETRY_INTERVAL))
            return
        LOGGER.warning(
            "Nobody knows whether a message to %s went out; SMSPILOT's list does not tell",
            listed(self._names(record.in_doubt)),
        )
        self._records.keep(replace(record, is_closed=True))

    def _names(self, numbers: Iterable[NumberRecord]) -> list[str]:
        targets = (one.target for one in numbers)
        return [display_name(self._entry, one.phone, one.recipient_id) for one in targets]

    def _signal(self) -> None:
        async_dispatcher_send(self._hass, SIGNAL_DOUBTS.format(self._entry.entry_id))
