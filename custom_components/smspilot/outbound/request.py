"""The one request that a message of each kind is, and the rows of its response."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from homeassistant.util import dt as dt_util

from ..client import ApiError, DuplicateRefused, Kind, MessageRow, SendResponse, Smspilot, Status
from ..client.errors import REACTIONS
from ..contacts.phones import plain_digits, to_service
from .message import OutboundMessage
from .timing import api_now


async def async_request(
    client: Smspilot, message: OutboundMessage, phones: Sequence[str], callback: str | None
) -> SendResponse:
    """Ask the API to send a message to numbers."""
    options, to = message.options, [to_service(phone) for phone in phones]
    send_at, now = options.send_at, dt_util.utcnow()
    if send_at and send_at <= max(now, api_now(client)):
        # It is overdue, by the API's clock too where that is ahead: it refuses a time that passed.
        send_at = None
    match message.kind:
        case Kind.HLR | Kind.PING | Kind.HLRVIP:
            return await client.check_numbers(
                message.kind, to, test=options.test, callback=callback
            )
        case Kind.FLASH_CALL:
            return await client.flash_call(
                message.text,
                to[0],
                time_to_live=options.time_to_live,
                test=options.test,
                callback=callback,
            )
        case Kind.VOICE:
            return await client.call(
                message.text,
                to,
                voice=options.voice,
                send_at=send_at,
                time_to_live=options.time_to_live,
                test=options.test,
                callback=callback,
            )
        case Kind.SMS | Kind.TWO_WAY:
            return await client.send(
                message.text,
                to,
                sender=options.sender,
                send_at=send_at,
                time_to_live=options.time_to_live,
                test=options.test,
                callback=callback,
            )
        case never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """A number's row of a response; a double was refused because the number has it already."""

    row: MessageRow

    @property
    def is_double(self) -> bool:
        """Return whether the number was refused because it had the same text before."""
        return self.row.status is Status.FAILED and _reaction(self.row) is DuplicateRefused


def rows_by_number(response: SendResponse) -> dict[str, ResponseRow]:
    """Return the rows of a response by the digits of their numbers.

    What was accepted and has no id is as good as left out: nobody could follow it.
    """
    rows: dict[str, MessageRow] = {}
    for row in response.messages:
        if row.id is None and row.status is not Status.FAILED:
            continue
        digits = plain_digits(row.phone)
        # Of two rows of a number one may refuse the double of the other.
        if digits not in rows or rows[digits].status is Status.FAILED:
            rows[digits] = row
    return {digits: ResponseRow(row) for digits, row in rows.items()}


def _reaction(row: MessageRow) -> type[ApiError] | None:
    return REACTIONS.get((row.problem and row.problem.code) or 0)
