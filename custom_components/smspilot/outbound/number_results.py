"""The row that a caller gets for each number, and the error where nothing went out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..client import ApiError, Problem, RecipientRefused, SmspilotError, Status
from ..client.errors import ERROR_BY_CODE
from ..errors import Reason, action_error, error_from_api, localized, validation_error
from .message import OutboundMessage
from .number import SHARED_IDS, Number, State
from .record import NumberRecord, SubmissionRecord
from .result import Row, reasons, refused_row

# For a row that failed without an error.
NO_REASON: Final = Problem(
    code=None, description=f"status {Status.FAILED.value}", description_ru=""
)


def row_of(
    hass: HomeAssistant,
    entry: ConfigEntry,
    message: OutboundMessage,
    record: SubmissionRecord,
    number: Number,
) -> Row:
    """Return the row of a number that is in a final state or in doubt."""
    target, error = number.target, number.error
    if isinstance(error, HomeAssistantError) and number.state is State.REFUSED:
        text = localized(hass, error)
        return refused_row(target.phone, message.kind, text, target.recipient_id)
    row = Row(
        phone=target.phone,
        recipient_id=target.recipient_id,
        kind=message.kind,
        test=message.options.test,
        sent_at=record.at,
        due_at=message.options.send_at or record.at,
    )
    if number.state is State.IN_DOUBT:
        row.in_doubt, row.error = True, _as_problem(hass, _in_doubt_error(entry))
    elif found := number.api_row:
        row.message_id, row.packet_id = found.id, number.packet_id
        row.price, row.error, row.status = found.price, found.problem, found.status
        row.test = row.test or found.id in SHARED_IDS
        if number.is_found and row.status.final:
            # The list has neither price nor error; the next check has.
            row.status = Status.ACCEPTED
    elif problem := number.problem:
        row.error = problem
    elif isinstance(error, SmspilotError):
        row.error = _as_problem(hass, error_from_api(hass, error))
    return row


def row_of_record(
    hass: HomeAssistant, entry: ConfigEntry, record: SubmissionRecord, number: NumberRecord
) -> Row:
    """Return the row of a number by its record, which is all that is left after a restart."""
    row = Row(
        phone=number.target.phone,
        recipient_id=number.target.recipient_id,
        kind=record.kind,
        message_id=number.message_id,
        sent_at=record.at,
        due_at=record.due_at,
        error=number.error,
    )
    if number.state is State.ACCEPTED:
        row.status = Status.ACCEPTED
    elif number.state is not State.REFUSED:
        row.in_doubt, row.error = True, _as_problem(hass, _in_doubt_error(entry))
    return row


def error_of(
    hass: HomeAssistant, entry: ConfigEntry, rows: Mapping[Number, Row]
) -> HomeAssistantError:
    """Return why nothing was accepted: in doubt first, then an error of the API or the network.

    An error that concerns the account comes before one that concerns a single number.
    """
    numbers = list(rows)
    if any(one.state is State.IN_DOUBT for one in numbers):
        return _in_doubt_error(entry)
    refused = [one for one in numbers if one.state is State.REFUSED]
    for one in sorted(refused, key=lambda one: isinstance(one.error, RecipientRefused)):
        if isinstance(one.error, SmspilotError):
            return error_from_api(hass, one.error)
        if one.api_row:
            return error_from_api(hass, _as_error(one.api_row.problem or NO_REASON))
    refusals = [
        (row, one.error) for one, row in rows.items() if isinstance(one.error, HomeAssistantError)
    ]
    return all_refused_error(hass, entry, refusals)


def error_of_record(
    hass: HomeAssistant, entry: ConfigEntry, record: SubmissionRecord
) -> HomeAssistantError | None:
    """Return why nothing of a record was accepted, None where something was."""
    if any(one.state is State.ACCEPTED for one in record.numbers):
        return None
    if record.in_doubt:
        return _in_doubt_error(entry)
    problem = next((one.error for one in record.numbers if one.error), NO_REASON)
    return error_from_api(hass, _as_error(problem))


def all_refused_error(
    hass: HomeAssistant, entry: ConfigEntry, refusals: Iterable[tuple[Row, HomeAssistantError]]
) -> HomeAssistantError:
    """Return the one error of targets that were all refused before any request."""
    refusals = list(refusals)
    if len({id(why) for _row, why in refusals}) == 1:
        return refusals[0][1]
    rows = [row for row, _why in refusals]
    return validation_error(Reason.ALL_REFUSED, reasons=reasons(entry, rows, hass.config.language))


def partly_refused_error(
    hass: HomeAssistant, entry: ConfigEntry, unsent: Sequence[Row]
) -> HomeAssistantError:
    """Return the error of a send of which these rows did not go out, or are in doubt."""
    if all(row.in_doubt for row in unsent):
        return _in_doubt_error(entry)
    return action_error(Reason.PARTLY_REFUSED, reasons=reasons(entry, unsent, hass.config.language))


def _as_error(problem: Problem) -> ApiError:
    kind = ERROR_BY_CODE.get(problem.code or 0, RecipientRefused)
    return kind(problem.code, problem.description, problem.description_ru)


def _in_doubt_error(entry: ConfigEntry) -> HomeAssistantError:
    return action_error(Reason.OUTCOME_UNKNOWN, account=entry.title)


def _as_problem(hass: HomeAssistant, error: HomeAssistantError) -> Problem:
    return Problem(code=None, description=localized(hass, error), description_ru="")
