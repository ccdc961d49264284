"""Whatever the disk does, a send waits for it 5 s at most, and a power cut forgets no promise."""

import asyncio
import logging
import os
from pathlib import Path
import random
import threading
import time

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.const import DOMAIN, EVENT_MESSAGE_STATUS, EVENT_SMS_RECEIVED
from custom_components.smspilot.runtime import journal

from .common import (
    PAPA,
    CapturedEvents,
    Clock,
    Hold,
    add_account,
    add_no_threads,
    kill,
    person,
    write,
)
from .forgetful_disk import ForgetfulDisk
from .sending import alarm, once
from .simulator.simulator import Simulator


async def pass_by(clock: Clock, seconds: float) -> None:
    """Let so much time pass without waiting for a disk that hangs."""
    clock.leap(seconds)
    for _ in range(100):
        await asyncio.to_thread(time.sleep, 0.001)


@pytest.mark.parametrize("work", ["append", "replace", "sync"])
async def test_disk_hangs(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hold: Hold,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    work: str,
) -> None:
    """A text goes out after 5 s, and that is logged; the next one does not wait at all."""
    if work == "replace":
        # A snapshot is written after every line.
        monkeypatch.setattr(journal, "COMPACT_AT", 0)
    entry = await add_account(hass, simulator)
    hold(*(("fdatasync", os) if work == "sync" else (work,)))
    # Only leaps count: a busy machine takes longer than half a second.
    passed = clock.leapt
    standing = hass.loop.time() - passed()
    monkeypatch.setattr(hass.loop, "time", lambda: standing + passed())
    if work == "replace":
        hass.async_create_background_task(alarm(hass, "+79081110000"), "before")
        await hold.reached()
    first = hass.async_create_background_task(alarm(hass, PAPA), "first")
    if work == "append":
        await hold.reached()
    await pass_by(clock, 0)
    await pass_by(clock, 4.5)
    assert [order for order in simulator.orders if order.phone == PAPA[1:]] == [] or work == "sync"
    await pass_by(clock, 0.6)
    async with asyncio.timeout(4):
        assert (await first)["messages"][0]["message_id"]
        assert len([order for order in simulator.orders if order.phone == PAPA[1:]]) == 1
        await alarm(hass, "+79082220000")
    said = [one for one in caplog.records if "disk has not answered" in one.message]
    assert [one.levelno for one in said] == [logging.ERROR] * (work != "sync")
    hold.release()
    await clock.settle()
    entry = await kill(hass, entry, clock)
    for order in list(simulator.orders):
        await simulator.deliver(order.server_id)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    for _ in range(3):
        await clock.advance(301)
    assert len(captured.data) == len(simulator.orders)
    once(simulator, *(f"+{order.phone}" for order in simulator.orders))


async def test_message_waits_for_the_sync(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hold: Hold,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was written is published once a power cut would not forget it, or after 5 s, once."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    clock.stand_still()
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    hold("fdatasync", os)
    await write(simulator, PAPA, "5671 раз")
    await pass_by(clock, 61)
    await pass_by(clock, 4.5)
    assert captured.data == []
    await pass_by(clock, 1)
    assert captured.of("message") == ["раз"]
    await write(simulator, PAPA, "5671 два")
    await pass_by(clock, 61)
    assert captured.of("message") == ["раз", "два"]
    assert caplog.text.count("The disk syncs nothing") == 1
    hold.release()


@pytest.mark.parametrize("seed", range(4))
async def test_power_cut(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    """After a power cut nothing is published again, and messages are followed."""
    folder = Path(hass.config.path(".storage"))
    folder.mkdir(exist_ok=True)
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    disk = ForgetfulDisk(monkeypatch, folder, f"{DOMAIN}.{entry.entry_id}")
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    statuses = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(61)
    assert messages.of("message") == ["раз"]

    def cut() -> None:
        disk.power_cut(random.Random(seed))

    await kill(hass, entry, clock, cut)
    await simulator.deliver(simulator.orders[0].server_id)
    await write(simulator, PAPA, "5671 два")
    for _ in range(3):
        await clock.advance(61)
    assert messages.of("message") == ["раз", "два"]
    assert statuses.of("status") == ["delivered"]
    once(simulator, PAPA)


async def test_busy_threads(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Nor does a send wait for the threads of Home Assistant."""
    await add_account(hass, simulator)
    await alarm(hass, "+79081110000")
    stop = threading.Event()
    add_no_threads(hass)
    busy = [hass.loop.run_in_executor(None, stop.wait) for _ in range(200)]
    try:
        async with asyncio.timeout(5):
            await alarm(hass, PAPA)
    finally:
        stop.set()
        await asyncio.gather(*busy)
    assert len(simulator.orders) == 2
