"""A message with a key is requested once, whatever happens to its caller."""

import asyncio
from dataclasses import replace

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.account import Account
from custom_components.smspilot.contacts.recipients import Channel
from custom_components.smspilot.outbound.message import OutboundMessage, compose
from custom_components.smspilot.outbound.targets import Target

from .common import MAMA, PAPA, Clock, add_account, kill
from .sending import TEXT, caught, once, paid
from .simulator.simulator import Simulator


def account_of(entry: MockConfigEntry) -> Account:
    account: Account = entry.runtime_data.account
    return account


def message(entry: MockConfigEntry, *phones: str, key: str = "one") -> OutboundMessage:
    """Return a text with a key."""
    targets = tuple(map(Target, phones))
    return replace(compose(entry, Channel.SMS, TEXT, targets), key=key)


async def test_second_send(hass: HomeAssistant, simulator: Simulator) -> None:
    """The second of a key returns what came of the first; another key is another message."""
    entry = await add_account(hass, simulator)
    outbox = account_of(entry).outbox
    assert outbox.result_of("one") is None
    first, same = await asyncio.gather(
        *(outbox.async_send(message(entry, PAPA, MAMA)) for _ in range(2))
    )
    again = await outbox.async_send(message(entry, PAPA, MAMA))
    for result in (same, again, outbox.result_of("one")):
        assert result is not None
        assert [row.message_id for row in result.rows] == [row.message_id for row in first.rows]
    assert len(paid(simulator)) == 1
    await outbox.async_send(message(entry, PAPA, MAMA, key="two"))
    once(simulator, PAPA, PAPA, MAMA, MAMA)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed(hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str) -> None:
    """Killed while it is requested: in doubt, followed, and never requested again."""
    entry = await add_account(hass, simulator)
    fault = simulator.fault("hang", when=when, command="send")
    sending = hass.async_create_background_task(
        caught(account_of(entry).outbox.async_send(message(entry, PAPA))), "test"
    )
    await clock.settle()
    assert fault.fired
    simulator.fault("html", command="check")
    entry = await kill(hass, entry, clock)
    await sending
    fault.release()
    outbox = account_of(entry).outbox
    known = outbox.result_of("one")
    assert known is not None
    assert known.rows[0].in_doubt
    with pytest.raises(HomeAssistantError) as raised:
        await outbox.async_send(message(entry, PAPA))
    assert raised.value.translation_key == "outcome_unknown"
    for _ in range(3):
        await clock.advance(301)
    known = outbox.result_of("one")
    assert known is not None
    assert (known.rows[0].message_id is not None) is (when == "after")
    assert len(paid(simulator)) == 1


async def test_killed_after_the_response(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What was accepted and what was refused is known after a restart."""
    entry = await add_account(hass, simulator)
    simulator.phone(MAMA[1:]).blacklisted = True
    outbox = account_of(entry).outbox
    first = await outbox.async_send(message(entry, PAPA, "+79135550001", MAMA))
    with pytest.raises(HomeAssistantError):
        await outbox.async_send(message(entry, MAMA, key="refused"))
    requests = len(paid(simulator))
    entry = await kill(hass, entry, clock)
    outbox = account_of(entry).outbox
    again = await outbox.async_send(message(entry, PAPA, "+79135550001", MAMA))
    assert [row.message_id for row in again.rows][:2] == [row.message_id for row in first.rows][:2]
    assert again.rows[2].refused
    assert again.rows[2].error
    assert again.rows[2].error.code == 212
    with pytest.raises(HomeAssistantError) as raised:
        await outbox.async_send(message(entry, MAMA, key="refused"))
    assert raised.value.translation_key == "recipient_refused"
    assert len(paid(simulator)) == requests


async def test_never_requested(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without a connection nothing was requested: the same key may be tried again."""
    entry = await add_account(hass, simulator)
    outbox = account_of(entry).outbox
    await simulator.down()
    sending = outbox.async_send(message(entry, PAPA))

    async def send() -> object:
        return await caught(sending)

    await clock.finish(send())
    assert outbox.result_of("one") is None
    await simulator.up()
    await outbox.async_send(message(entry, PAPA))
    once(simulator, PAPA)
