"""The journal's records of an account's messages, written before they are requested."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.uuid import random_uuid_hex

from ..const import LOGGER
from ..contacts.phones import plain_digits
from ..runtime.cooperative import thread_slices
from ..runtime.journal import Journal, Table
from ..text.normalising import same_spacing
from .accepted_ids import AcceptedIds
from .claims import Claims
from .message import OutboundMessage
from .number import UNSENT, Number, State
from .record import LISTED, RECENT, SubmissionRecord, by_record

# Seconds in which a message with the same key is not requested again.
KEY_KEPT: Final = timedelta(hours=72) / timedelta(seconds=1)
# The table's name on the disk.
TABLE: Final = "orders"


class SubmissionRecords:
    """The records of the last day, of known keys and of all in doubt; those under way are busy."""

    def __init__(self, hass: HomeAssistant, journal: Journal) -> None:
        self._hass = hass
        self._journal = journal
        self._records: dict[str, SubmissionRecord] = {}
        # By message id: the id of its record.
        self._by_id: dict[str, str] = {}
        # Those of which a number is in doubt, which are few.
        self._in_doubt: dict[str, SubmissionRecord] = {}
        self._busy: set[str] = set()
        self.claims = Claims(hass)
        self.accepted_ids = AcceptedIds()

    def restore(self, table: Table) -> list[SubmissionRecord]:
        """Restore and return the records from before a restart."""
        for record_id, rows in thread_slices(by_record(table).items()):
            try:
                record = SubmissionRecord.from_stored(record_id, rows, self._hass.loop.time())
            except LookupError, TypeError, ValueError:
                LOGGER.warning("A stored message cannot be read and is left out")
                continue
            self._store(record)
            self._by_id |= dict.fromkeys(record.message_ids, record_id)
            accepted = (one for one in record.numbers if one.state is State.ACCEPTED)
            ids = filter(None, (one.message_id for one in accepted))
            self.accepted_ids.add(ids, record.since)
        return list(self._records.values())

    def table(self) -> Iterator[tuple[str, Table]]:
        """Return the records as they are stored."""
        records = list(self._records.values())
        return ((key, row) for record in records for key, row in record.as_stored() if row)

    def of(self, message_id: str | None) -> SubmissionRecord | None:
        """Return the record of a message's id, None of an unknown one."""
        return self._records.get(self._by_id.get(message_id or "", ""))

    def of_key(self, key: str | None) -> SubmissionRecord | None:
        """Return the record of a message's key, None where `KEY_KEPT` has passed."""
        if key is None:
            return None
        found = (one for one in self._records.values() if one.key == key)
        return next((one for one in found if self.age(one) < KEY_KEPT), None)

    def is_reconciling(self, digits: str) -> bool:
        """Return whether a submission under way has a request to the number without a response."""
        return any(
            plain_digits(one.target.phone) == digits
            for record_id in self._busy
            if (record := self._records.get(record_id))
            for one in record.in_doubt
            if one.state is State.REQUESTED
        )

    def unresolved(self) -> list[SubmissionRecord]:
        """Return the records in doubt that are not closed."""
        return [one for one in self.in_doubt() if not one.is_closed]

    def in_doubt(self) -> list[SubmissionRecord]:
        """Return the records in doubt, closed ones too, without those of submissions under way."""
        return [one for one in self._in_doubt.values() if one.id not in self._busy]

    def interrupted(self) -> list[SubmissionRecord]:
        """Return the records of which some numbers were not requested before a restart."""
        return [
            record
            for record in self._records.values()
            if record.id not in self._busy and any(one.state in UNSENT for one in record.numbers)
        ]

    def age(self, record: SubmissionRecord) -> float:
        """Return how long ago a message was requested, in seconds."""
        return self._hass.loop.time() - record.since

    def has_sent(self, phone: str, text: str) -> bool:
        """Return whether the API accepted such a text to the number before."""
        same = same_spacing(text)
        return any(
            same_spacing(record.text) == same
            and any(one.message_id and one.target.phone == phone for one in record.numbers)
            for record in self._records.values()
        )

    def in_doubt_to(self, digits: str, *, but: SubmissionRecord) -> list[SubmissionRecord]:
        """Return the other messages to the number that are in doubt."""
        return [
            record
            for record in self._in_doubt.values()
            if record.id != but.id
            and any(plain_digits(one.target.phone) == digits for one in record.in_doubt)
        ]

    @callback
    def open(self, message: OutboundMessage, api_at: datetime) -> SubmissionRecord:
        """Delete expired records, and return a new one, which is busy until `close`."""
        now, at = self._hass.loop.time(), dt_util.utcnow()
        # The oldest are the first.
        past = takewhile(lambda one: self.age(one) > RECENT, self._records.values())
        for old in [one for one in past if self._is_expired(one)]:
            self._delete(old)
        self.accepted_ids.drop_expired(now)
        record = SubmissionRecord(
            id=random_uuid_hex(),
            at=at,
            api_at=api_at,
            since=now,
            kind=message.kind,
            text=message.text,
            due_at=message.options.send_at or at,
            key=message.key,
        )
        self._busy.add(record.id)
        return record

    @callback
    def restamped(self, record: SubmissionRecord, api_at: datetime) -> SubmissionRecord:
        """Return the record with the present times, for a message that is first requested now."""
        now = self._hass.loop.time()
        return replace(record, at=dt_util.utcnow(), api_at=api_at, since=now)

    @callback
    def close(self, record: SubmissionRecord, numbers: Iterable[Number]) -> None:
        """Note that the submission of a record has ended, and release its claims."""
        self.claims.release(record, numbers)
        self._busy.discard(record.id)

    @callback
    def write(
        self, record: SubmissionRecord, numbers: Sequence[Number], changed: Iterable[Number]
    ) -> SubmissionRecord:
        """Put changed numbers of a message into the journal, at first all; return the new record.

        What is written grows with the changed numbers, not with the message.
        """
        parts = {one.part for one in (changed if record.parts else numbers)}
        return self.keep(record.with_numbers(numbers, parts), parts)

    @callback
    def keep(
        self, record: SubmissionRecord, parts: Iterable[int] | None = None
    ) -> SubmissionRecord:
        """Put some parts of a record into the journal, or all; delete one without numbers."""
        if not any(record.parts):
            self._delete(record)
            return record
        self._store(record)
        for part in range(len(record.parts)) if parts is None else parts:
            ids = (one.message_id for one in record.parts[part] if one.message_id)
            self._by_id |= dict.fromkeys(ids, record.id)
        for key, row in record.as_stored(parts):
            self._journal.put(TABLE, key, row)
        return record

    @callback
    def flush(self) -> None:
        """Begin to write results, and let nobody wait: after a kill the API's list has them."""
        self._hass.loop.call_soon(self._journal.flush)

    async def async_flush(self, *, durable: bool = False) -> None:
        """Flush the journal; with `durable` wait until it also survives a power cut.

        A disk that hangs or fails is logged, and the message goes out all the same.
        """
        if not await (self._journal.async_sync() if durable else self._journal.flush()):
            LOGGER.error(
                "A message's record could not be written to the disk; it is sent all the same, and"
                " a restart now would forget it"
            )

    def _is_expired(self, record: SubmissionRecord) -> bool:
        """Return whether a record of a day ago is no longer needed."""
        if record.in_doubt and not record.is_closed:
            return False
        if record.key and self.age(record) < KEY_KEPT:
            return False
        return dt_util.utcnow() - record.due_at > LISTED

    def _store(self, record: SubmissionRecord) -> None:
        self._records[record.id] = record
        if record.in_doubt:
            self._in_doubt[record.id] = record
        else:
            self._in_doubt.pop(record.id, None)

    def _delete(self, record: SubmissionRecord) -> None:
        self._in_doubt.pop(record.id, None)
        if before := self._records.pop(record.id, None):
            for key, _row in before.as_stored():
                self._journal.put(TABLE, key, None)
            for message_id in before.message_ids:
                self._by_id.pop(message_id, None)
