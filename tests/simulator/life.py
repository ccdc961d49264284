"""How a message goes on from here."""

from .model import CALLS, Kind, Message, Phone, Status


def next_step(message: Message, phone: Phone) -> tuple[Status, int]:
    """Return the status that comes next by nature, and its error."""
    match message.status:
        case Status.SCHEDULED:
            return Status.ACCEPTED, 0
        case Status.ACCEPTED:
            return Status.SENT, 0
        case _:
            return outcome(message, phone)


def outcome(message: Message, phone: Phone) -> tuple[Status, int]:
    """Return how a message ends at this phone."""
    if phone.outcome is not None:
        failed = phone.outcome in (Status.UNDELIVERED, Status.FAILED)
        return phone.outcome, phone.outcome_error if failed else 0
    if not phone.in_service:
        return Status.UNDELIVERED, 601
    if message.kind is Kind.HLR:
        return Status.DELIVERED, 0
    if not phone.on:
        return Status.UNDELIVERED, 602 if message.kind in (Kind.PING, Kind.HLRVIP) else 600
    if phone.refuses_calls and message.kind in CALLS:
        return Status.UNDELIVERED, 605
    return Status.DELIVERED, 0


def rings(message: Message, phone: Phone) -> bool:
    """Return whether the phone rings for this message."""
    can_ring = phone.on and phone.in_service and not phone.refuses_calls
    return message.kind in CALLS and can_ring
