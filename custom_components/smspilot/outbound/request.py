"""The request for a message of each kind, and the rows of its response."""

from collections.abc import Sequence
from typing import Final, assert_never

from homeassistant.util import dt as dt_util

from ..client import DuplicateRefused, Kind, MessageRow, SendResponse, Smspilot, Status
from ..client.errors import ERROR_BY_CODE
from ..contacts.phones import plain_digits, to_service
from .message import OutboundMessage
from .number import Number
from .timing import api_now

# Numbers in one request; as many as in the vendor's own samples.
MAX_NUMBERS: Final = 500


async def async_request(
    client: Smspilot, message: OutboundMessage, phones: Sequence[str], callback: str | None
) -> SendResponse:
    """Request a message to numbers, and return the response or raise `SmspilotError`."""
    options, to = message.options, [to_service(phone) for phone in phones]
    send_at, now = options.send_at, dt_util.utcnow()
    # By either clock: what is known of the API's stands still while a machine is suspended.
    if send_at and send_at <= max(now, api_now(client)):
        # It is overdue, and the API refuses a time that has passed by its own clock.
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


def apply_rows(batch: Sequence[Number], response: SendResponse) -> list[Number]:
    """Mark numbers by their rows of a response; return repeated ones refused as duplicates.

    A number without a row, or accepted without an id by which it could be followed, is in doubt.
    """
    rows: dict[str, MessageRow] = {}
    for row in response.messages:
        digits, is_usable = plain_digits(row.phone), row.id or row.status is Status.FAILED
        # Of two rows of a number one may be refused as a duplicate of the other.
        if is_usable and (digits not in rows or rows[digits].status is Status.FAILED):
            rows[digits] = row
    duplicates = []
    for one in batch:
        found = rows.get(one.digits)
        if found is None:
            one.mark_in_doubt()
        elif one.requests > 1 and _is_duplicate(found):
            duplicates.append(one)
        else:
            one.apply_row(found, response.packet_id)
    return duplicates


def _is_duplicate(row: MessageRow) -> bool:
    code = (row.problem and row.problem.code) or 0
    return row.status is Status.FAILED and ERROR_BY_CODE.get(code) is DuplicateRefused
