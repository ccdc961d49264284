"""A rehearsal: every step of one round at once in test mode, which delivers and costs nothing."""

import asyncio

from homeassistant.exceptions import HomeAssistantError

from ..client import Kind
from ..contacts.recipients import Channel
from ..errors import localized
from ..outbound.result import Row, refused_row
from .plan import StepRecipient
from .runner import AlarmRunner
from .sending import AlarmContext, message_of
from .sends import Purpose, Send, SendKey

_KINDS = {Channel.SMS: Kind.SMS, Channel.TWO_WAY: Kind.TWO_WAY, Channel.VOICE: Kind.VOICE}


async def async_rehearse(
    context: AlarmContext, alarm: AlarmRunner, message: str | None
) -> list[Row]:
    """Return a row for each number of each step; other integrations' entities are left out."""
    recipients = [
        (number, recipient)
        for number, step in enumerate(alarm.world.steps)
        for recipient in step.recipients
        if not recipient.foreign
    ]
    results = await asyncio.gather(
        *(_rehearse(context, alarm, number, recipient, message) for number, recipient in recipients)
    )
    return [row for rows in results for row in rows]


async def _rehearse(
    context: AlarmContext,
    alarm: AlarmRunner,
    number: int,
    recipient: StepRecipient,
    message: str | None,
) -> list[Row]:
    """Send one recipient's message of a step in test mode."""
    key = SendKey(purpose=Purpose.STEP, lap=1, step=number, recipient=recipient.reference)
    send = Send(key=key, name=recipient.name, channel=recipient.channel)
    phones = recipient.ours.phones if recipient.ours else ()
    try:
        send = alarm.effects.rehearsed(send, message)
        outbound = message_of(context, send, phones, test=True)
        return (await context.outbox.async_send(outbound)).rows
    except HomeAssistantError as err:
        kind, reason = _KINDS[recipient.channel or Channel.SMS], localized(context.hass, err)
        return [refused_row(phone, kind, reason, recipient.reference) for phone in phones]
