"""What follows the result of a submission: money, questions, deliveries and signals."""

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
    RequestResult,
    SentText,
    Success,
)
from .budget import Budget
from .delivery import DeliveryTracker
from .number import Number, State
from .number_results import row_of
from .record import SubmissionRecord
from .result import Row
from .submission import Submission

# Called with the rows of questions that went out, their text, and how long ago that was.
type OnQuestions = Callable[[list[Row], str, timedelta], None]


class FollowUp:
    """Handles the results of an account's submissions."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        budget: Budget,
        deliveries: DeliveryTracker,
        on_questions: OnQuestions,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._budget = budget
        self._deliveries = deliveries
        self._on_questions = on_questions

    @callback
    def finished(self, submission: Submission, numbers: Sequence[Number]) -> None:
        """Make the rows of numbers in a final state, and follow those that were accepted."""
        message, record = submission.message, submission.record
        for one in numbers:
            submission.rows[one] = row_of(self._hass, self._entry, message, record, one)
        sent = [row for one in numbers if (row := submission.rows[one]).message_id and not row.test]
        paid = submission.bill.take_unspent()
        if sent:
            self._budget.spend(paid)
            self.accepted(sent, record, timedelta(0))
        self._signal_result(submission, numbers)

    @callback
    def accepted(self, sent: list[Row], record: SubmissionRecord, ago: timedelta) -> None:
        """Follow messages that the API accepted; `ago` is how long ago."""
        if record.kind is Kind.TWO_WAY:
            self._on_questions(sent, record.text, ago)
        sent_text = SentText(kind=record.kind, text=record.text, rows=tuple(sent))
        async_dispatcher_send(self._hass, SIGNAL_SENT.format(self._entry.entry_id), sent_text)
        self._deliveries.track(sent)
        if any(row.price is None for row in sent):
            # The list of recent messages has neither price nor error; the next check has.
            self._deliveries.read_all()

    def _signal_result(self, submission: Submission, numbers: Sequence[Number]) -> None:
        """Signal the new balance, and which requests succeeded or failed."""
        entry_id, bill = self._entry.entry_id, submission.bill
        test = submission.message.options.test
        if bill.balance is not None and not test:
            signal = SIGNAL_BALANCE.format(entry_id)
            async_dispatcher_send(self._hass, signal, bill.balance, bill.requested_at)
        if any(one.state is State.ACCEPTED for one in numbers):
            what = Success.TEST if test else Success.SEND
            async_dispatcher_send(self._hass, SIGNAL_OK.format(entry_id), what)
            self._signal_requested(submission, None)
        # After the success, whose signal would resolve the notices that these errors raise.
        errors = (one.error for one in numbers if one.state is State.REFUSED)
        for err in {id(err): err for err in errors}.values():
            if isinstance(err, SmspilotError):
                async_dispatcher_send(self._hass, SIGNAL_ERROR.format(entry_id), err)
                self._signal_requested(submission, err)

    def _signal_requested(self, submission: Submission, err: SmspilotError | None) -> None:
        message = submission.message
        requested = RequestResult(kind=message.kind, sender=message.options.sender, error=err)
        signal = SIGNAL_REQUESTED.format(self._entry.entry_id)
        async_dispatcher_send(self._hass, signal, requested)
