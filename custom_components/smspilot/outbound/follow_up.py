"""What follows once it is known what became of numbers: deliveries, questions, money."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send

from ..client import Kind, SmspilotError
from ..events import (
    SIGNAL_BALANCE,
    SIGNAL_ERROR,
    SIGNAL_OK,
    SIGNAL_REQUESTED,
    SIGNAL_SENT,
    Requested,
    SentText,
    Worked,
)
from .budget import Budget
from .delivery import DeliveryTracker
from .number import Number, State
from .outcome import row_of
from .record import SubmissionRecord
from .result import Row
from .submission import Submission

# Rows that went out, their text, and how long ago.
type Asked = Callable[[list[Row], str, timedelta], None]


class FollowUp:
    """What an account does once it is known what became of numbers."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        budget: Budget,
        deliveries: DeliveryTracker,
        asked: Asked,
    ) -> None:
        """Follow up for an account; `asked` is called with questions that went out."""
        self._hass = hass
        self._entry = entry
        self._budget = budget
        self._deliveries = deliveries
        self._asked = asked

    @callback
    def ended(self, submission: Submission, numbers: Sequence[Number]) -> None:
        """Take numbers that have come to their end."""
        message, record = submission.message, submission.record
        for one in numbers:
            submission.rows[one] = row_of(self._hass, self._entry, message, record, one)
        sent = [row for one in numbers if (row := submission.rows[one]).message_id and not row.test]
        paid = submission.bill.pay()
        if sent:
            self._budget.spend(paid)
            self.taken(sent, record, timedelta(0))
        self._report(submission, numbers)

    @callback
    def taken(self, sent: list[Row], record: SubmissionRecord, ago: timedelta) -> None:
        """Follow what went out, now or so long ago."""
        if record.kind is Kind.TWO_WAY:
            self._asked(sent, record.text, ago)
        went_out = SentText(kind=record.kind, text=record.text, rows=tuple(sent))
        async_dispatcher_send(self._hass, SIGNAL_SENT.format(self._entry.entry_id), went_out)
        self._deliveries.track(sent)
        if any(row.price is None for row in sent):
            # The list of recent messages tells neither price nor error; the next check does.
            self._deliveries.hurry()

    def _report(self, submission: Submission, numbers: Sequence[Number]) -> None:
        """Let the account know: its balance, and whether the API did what it was asked."""
        entry_id, bill = self._entry.entry_id, submission.bill
        test = submission.message.options.test
        if bill.balance is not None and not test:
            signal = SIGNAL_BALANCE.format(entry_id)
            async_dispatcher_send(self._hass, signal, bill.balance, bill.requested_at)
        if any(one.state is State.ACCEPTED for one in numbers):
            what = Worked.TEST if test else Worked.SEND
            async_dispatcher_send(self._hass, SIGNAL_OK.format(entry_id), what)
            self._signal_requested(submission, None)
        # Only now: what refused some is not over because others went out before.
        errors = (one.error for one in numbers if one.state is State.REFUSED)
        for err in {id(err): err for err in errors}.values():
            if isinstance(err, SmspilotError):
                async_dispatcher_send(self._hass, SIGNAL_ERROR.format(entry_id), err)
                self._signal_requested(submission, err)

    def _signal_requested(self, submission: Submission, err: SmspilotError | None) -> None:
        message = submission.message
        requested = Requested(kind=message.kind, sender=message.options.sender, error=err)
        signal = SIGNAL_REQUESTED.format(self._entry.entry_id)
        async_dispatcher_send(self._hass, signal, requested)
