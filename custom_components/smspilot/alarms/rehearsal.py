"""A rehearsal: every step of one round at once in test mode, which delivers and costs nothing."""

import asyncio

from homeassistant.exceptions import HomeAssistantError

from ..client import Kind
from ..contacts.recipients import Channel
from ..errors import localized
from ..outbound.result import Row, refused_row
from .plan import Party
from .runner import AlarmRunner
from .sending import Ways, message_of
from .sends import Purpose, Send, SendKey

_KINDS = {Channel.SMS: Kind.SMS, Channel.TWO_WAY: Kind.TWO_WAY, Channel.VOICE: Kind.VOICE}


async def async_rehearse(ways: Ways, alarm: AlarmRunner, message: str | None) -> list[Row]:
    """Return a row for each number of each step; other integrations' entities are left out."""
    wanted = [
        (number, party)
        for number, step in enumerate(alarm.world.steps)
        for party in step.parties
        if not party.foreign
    ]
    results = await asyncio.gather(
        *(_rehearse(ways, alarm, number, party, message) for number, party in wanted)
    )
    return [row for rows in results for row in rows]


async def _rehearse(
    ways: Ways, alarm: AlarmRunner, number: int, party: Party, message: str | None
) -> list[Row]:
    """Send one recipient's message of a step in test mode."""
    key = SendKey(purpose=Purpose.STEP, lap=1, step=number, recipient=party.reference)
    send = Send(key=key, name=party.name, channel=party.channel)
    phones = party.recipient.phones if party.recipient else ()
    try:
        send = alarm.effects.rehearsed(send, message)
        outbound = message_of(ways, send, phones, test=True)
        return (await ways.outbox.async_send(outbound)).rows
    except HomeAssistantError as err:
        kind, reason = _KINDS[party.channel or Channel.SMS], localized(ways.hass, err)
        return [refused_row(phone, kind, reason, party.reference) for phone in phones]
