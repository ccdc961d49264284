"""A kill, a stop or a removal during a send: nothing is forgotten, and nothing goes out twice."""

import asyncio
from datetime import timedelta
from pathlib import Path

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_VERIFY_PUSHES,
    DOMAIN,
    EVENT_MESSAGE_STATUS,
)
from custom_components.smspilot.runtime import journal as storage
from custom_components.smspilot.runtime.journal_files import JournalFiles

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    Hold,
    act,
    add_account,
    kill,
    serve_webhook,
    set_up_again,
)
from .sending import alarm, caught, once, paid, requested, result
from .simulator.simulator import Simulator


def journal(hass: HomeAssistant, entry: MockConfigEntry) -> Path:
    return Path(hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}.journal"))


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_before_the_response(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str
) -> None:
    """The intent is on the disk before the request: what went out is found after the restart."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    fault = simulator.fault("hang", when=when, command="send")
    sending = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    assert fault.fired
    simulator.requests.clear()
    await kill(hass, entry, clock)
    await sending
    fault.release()
    assert simulator.calls("send") == []
    assert simulator.calls("check")[0].params["check"] == "recent"
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(20):
        await clock.advance(400)
    assert captured.of("status") == (["delivered"] if when == "after" else [])
    assert simulator.calls("send") == []
    spent = hass.states.get("sensor.smspilot_5671_spent_today")
    assert spent is not None
    assert float(spent.state) == float(sum(order.price for order in simulator.orders))


async def test_killed_without_network(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two hours of darkness, and the router starts later than the home: nothing is given up."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    fault = simulator.fault("hang", when="after", command="send")
    sending = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    written = journal(hass, entry).read_bytes()
    await hass.config_entries.async_remove(entry.entry_id)
    await sending
    fault.release()
    await clock.advance(7200)
    journal(hass, entry).write_bytes(written)
    await simulator.down()
    await set_up_again(hass, entry)
    await clock.advance(600)
    await simulator.up()
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(301)
    await clock.advance(2)
    assert captured.of("status") == ["delivered"]
    assert "Nobody knows" not in caplog.text


async def test_killed_after_the_response(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The response is on the disk before the action returns."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    response = await alarm(hass, PAPA)
    await simulator.deliver(simulator.orders[0].server_id)
    simulator.requests.clear()
    await kill(hass, entry, clock)
    assert captured.of("status") == ["delivered"]
    assert captured.of("packet_id") == [response["packet_id"]]
    assert requested(simulator).count("check") == 1
    await kill(hass, entry, clock)
    assert len(captured.data) == 1


async def test_killed_after_a_status(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A published status is on the disk: the next start does not publish it again."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.advance(simulator.orders[0].server_id)
    await clock.advance(16)
    await kill(hass, entry, clock)
    await clock.advance(16)
    assert captured.of("status") == ["sent"]


async def test_killed_after_a_refusal(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A refused message is not reconciled after a restart."""
    entry = await add_account(hass, simulator)
    simulator.fault("error", code=241, command="send")
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA)
    simulator.requests.clear()
    await kill(hass, entry, clock)
    assert "check" not in requested(simulator)


async def test_clock_corrected_during_a_send(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that began in the past and now knows the time forgets nothing under way."""
    await add_account(hass, simulator)
    await simulator.down()
    sendings = [hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")]
    await clock.settle()
    utcnow = dt_util.utcnow
    monkeypatch.setattr(dt_util, "utcnow", lambda: utcnow() + timedelta(days=400))
    sendings.append(hass.async_create_background_task(caught(alarm(hass, MAMA)), "test"))
    for _ in range(20):
        await clock.advance(10)
    assert [(await one).translation_key for one in sendings] == ["cannot_connect"] * 2


async def test_killed_after_the_price(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A price that comes late is spent once, also when the power fails right after it."""
    entry = await add_account(hass, simulator)
    simulator.fault("reset", when="after", command="send")
    await alarm(hass, PAPA)
    await clock.settle()
    for _ in range(2):
        await kill(hass, entry, clock)
        spent = hass.states.get("sensor.smspilot_5671_spent_today")
        assert spent is not None
        assert float(spent.state) == 1.31


async def test_killed_after_a_push(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A status that was published by an unverified push is on the disk, and not published again."""
    await serve_webhook(hass, hass_client_no_auth)
    entry = await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: False})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.settle()
    assert captured.of("status") == ["sent", "delivered"]
    await kill(hass, entry, clock)
    await clock.advance(31)
    assert captured.of("status") == ["sent", "delivered"]


async def test_killed_question(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A question whose answer was lost takes its reply all the same, once it is found."""
    await add_account(hass, simulator)
    replies = CapturedEvents(hass, f"{DOMAIN}_reply_received")
    simulator.fault("hang", when="after", command="send")
    simulator.fault("html", command="check", times=9)
    sending = act(hass, "send_sms", phones=[PAPA], message="Топить баню?", two_way=True)
    assert await result(clock, sending, step=61) == "outcome_unknown"
    simulator.faults.clear()
    await clock.advance(301)
    await simulator.receive(PAPA[1:], "Да")
    await clock.advance(61)
    assert [reply["message"] for reply in replies.of("reply_to")] == ["Топить баню?"]


async def test_answer_before_a_question_is_found(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A question asks from when it was sent, not from when its lost answer is found."""
    await add_account(hass, simulator)
    replies = CapturedEvents(hass, f"{DOMAIN}_reply_received")
    simulator.fault("hang", when="after", command="send")
    simulator.fault("html", command="check", times=9)
    sending = act(hass, "send_sms", phones=[PAPA], message="Топить баню?", two_way=True)
    assert await result(clock, sending, step=61) == "outcome_unknown"
    simulator.faults.clear()
    simulator.fault("html", command="inbound", times=99)
    # Two minutes ago the account was set up, and the question long sent.
    simulator.clock_offset = timedelta(minutes=8)
    await simulator.receive(PAPA[1:], "Да", created=simulator.now() - timedelta(minutes=2))
    await clock.advance(301)
    simulator.faults.clear()
    await clock.advance(61)
    assert replies.of("message") == ["Да"]


async def test_killed_between_a_snapshot_and_a_result(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hold: Hold,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A snapshot under way while an order is settled knows it as it was: it is reconciled."""
    monkeypatch.setattr(storage, "COMPACT_AT", 0)
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    hold("replace")
    sending = hass.async_create_task(alarm(hass, PAPA))
    await hold.reached()
    async with asyncio.timeout(5):
        while not entry.runtime_data.account.deliveries.pending:
            await asyncio.sleep(0)
    with pytest.MonkeyPatch.context() as full:
        full.setattr(JournalFiles, "append", _no_space)
        hold.release()
        await sending
    entry = await kill(hass, entry, clock)
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(61)
    assert captured.of("status") == ["delivered"]
    once(simulator, PAPA)


def _no_space(*_args: object) -> None:
    raise OSError


async def test_killed_after_a_question(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A question is on the disk with its response, and so is that it was answered."""
    entry = await add_account(hass, simulator)
    replies = CapturedEvents(hass, f"{DOMAIN}_reply_received")
    await act(hass, "send_sms", phones=[PAPA], message="Топить баню?", two_way=True)
    for text in ("да", "нет"):
        entry = await kill(hass, entry, clock)
        await simulator.receive(PAPA[1:], text)
        await clock.advance(61)
    assert replies.of("message") == ["да"]


@pytest.mark.parametrize("end", ["remove", "disable", "stop"])
async def test_end_during_a_send(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, end: str
) -> None:
    """The caller gets an error when the account closes; the record stays in the journal."""
    entry = await add_account(hass, simulator)
    fault = simulator.fault("hang", when="after", command="send")
    task = asyncio.get_running_loop().create_task(caught(alarm(hass, PAPA)))
    await clock.settle()
    await _end(hass, entry, end)
    error = await task
    fault.release()
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "account_closed"
    if end == "disable":
        captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
        await simulator.deliver(simulator.orders[0].server_id)
        await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
        await clock.advance(2)
        assert captured.of("status") == ["delivered"]
        assert len(paid(simulator)) == 1


async def test_end_during_a_question(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An account that ends while it asks for the price sends nothing any more."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 5})
    await alarm(hass, PAPA)
    fault = simulator.fault("hang", command="send", when="after")
    task = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    await _end(hass, entry, "disable")
    fault.release()
    error = await task
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "account_closed"
    assert len(simulator.orders) == 1


async def test_damaged_journal(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Orders that cannot be read cost neither the account nor the other orders."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    with journal(hass, entry).open("a", encoding="utf-8") as file:
        file.write(
            '\n[91,["orders", "x", {"at": "yesterday"}],["messages", "7", {"kind": "dove"}]]'
        )
        file.write('\n[92,["orders", "y", {"at": "2026-11-23T10:00:00", "to": [1]}]]')
        file.write('\n[93,["orders", "z", 5]]')
    await simulator.deliver(simulator.orders[0].server_id)
    await kill(hass, entry, clock)
    assert captured.of("status") == ["delivered"]
    assert "A stored message cannot be read" in caplog.text
    assert "A stored message cannot be read" in caplog.text


async def _end(hass: HomeAssistant, entry: MockConfigEntry, end: str) -> None:
    if end == "remove":
        await hass.config_entries.async_remove(entry.entry_id)
    elif end == "disable":
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    else:
        await hass.async_stop(force=True)
