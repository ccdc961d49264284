"""A read that is cut short at any of its awaits: each message is published once all the same."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
import random

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.smspilot.const import DOMAIN, EVENT_REPLY_RECEIVED, EVENT_SMS_RECEIVED
from custom_components.smspilot.runtime.journal_files import JournalFiles

from .common import (
    PAPA,
    CapturedEvents,
    Clock,
    act,
    add_account,
    disk_rests,
    kill,
    person,
    restart,
    state_of,
)
from .forgetful_disk import start_machine
from .simulator import Kept, Pushes
from .simulator.simulator import Simulator

PEOPLE = [person("Папа", PAPA, assist=True)]
type Cut = Callable[[HomeAssistant, MockConfigEntry, Clock], Awaitable[object]]


def in_doubt(hass: HomeAssistant) -> list[str]:
    """Return whose messages are said to be in doubt."""
    return [
        (one.translation_placeholders or {})["names"]
        for one in ir.async_get(hass).issues.values()
        if one.translation_key == "inbound_in_doubt"
    ]


class Disk:
    """The files of an account as they were at a moment, and are again after a kill."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._folder = Path(hass.config.path(".storage"))
        self.files: dict[Path, bytes] = {}

    @callback
    def copy(self, *_: object) -> None:
        self.files = {path: path.read_bytes() for path in self._folder.glob(f"{DOMAIN}.*")}

    def bring_back(self) -> None:
        for path in self._folder.glob(f"{DOMAIN}.*"):
            path.unlink()
        for path, written in self.files.items():
            path.write_bytes(written)


async def reload(hass: HomeAssistant, entry: MockConfigEntry, _clock: Clock) -> None:
    assert await hass.config_entries.async_reload(entry.entry_id)


async def begin_read(simulator: Simulator, clock: Clock, turns: int) -> None:
    """Have a read under way that brings three messages, so many turns after its answer came."""
    simulator.options.pushes = Pushes.OFF
    # The account was set up long before.
    await clock.advance(2)
    simulator.clock_offset += timedelta(hours=1)
    for number in range(3):
        await simulator.receive(PAPA[1:], f"5671 {number}")
    fault = simulator.fault("hang", when="after", command="inbound")
    await clock.advance(61)
    await fault.reached.wait()
    fault.release()
    for _ in range(turns):
        await asyncio.sleep(0)


@pytest.mark.parametrize("cut", [kill, reload, restart], ids=lambda one: one.__name__)
@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_reported_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, cut: Cut, turns: int
) -> None:
    """Killed, reloaded or restarted after any turn of the loop."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await begin_read(simulator, clock, turns)
    await cut(hass, entry, clock)
    for _ in range(3):
        await clock.advance(61)
    assert captured.of("message") == ["0", "1", "2"]


@pytest.mark.parametrize("shows", ["all", "the newest"])
async def test_killed_at_every_await(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, shows: str
) -> None:
    """Whatever is on the disk when the event loop turns: each is published once, as the same.

    Also where the list does not show them any more after the kill.
    """
    entry = await add_account(hass, simulator, people=PEOPLE)
    sent = await act(hass, "send_sms", phones=["Папа"], message="Топить?", two_way=True)
    question = sent["messages"][0]["message_id"]
    texts = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)

    def published() -> list[tuple[str, str]]:
        answers = [data["reply_to"]["message_id"] for data in replies.data]
        return [*zip(replies.of("message"), answers, strict=True)] + [
            (message, "") for message in texts.of("message")
        ]

    disk = Disk(hass)
    # What was on the disk, and how much was published, when the event loop turned.
    moments: dict[tuple[bytes, ...], tuple[dict[Path, bytes], int]] = {}
    await begin_read(simulator, clock, 0)
    turns_after = 0
    while turns_after < Clock.TURNS:
        disk.copy()
        moments[tuple(disk.files.values())] = (disk.files, len(published()))
        turns_after += len(published()) == 3
        await asyncio.sleep(0)
    every = [("0", question), ("1", ""), ("2", "")]
    assert published() == every
    assert {count for _files, count in moments.values()} == {0, 3}
    if shows == "the newest":
        simulator.options.inbound_limit, simulator.options.inbound_kept = 1, Kept.NEWEST
    for disk.files, count in moments.values():
        if shows == "the newest" and b'"publishing"' not in b"".join(disk.files.values()):
            continue
        texts.data.clear()
        replies.data.clear()
        entry = await kill(hass, entry, clock, disk.bring_back)
        for _ in range(3):
            await clock.advance(61)
        assert published() == every[count:]
        assert count == 3 or in_doubt(hass) == []


@pytest.mark.parametrize("turns", range(0, 60, 6))
async def test_entities_and_events_agree(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, turns: int
) -> None:
    """What is read while the entry reloads reaches the event entity too."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    changes = async_capture_events(hass, "state_changed")
    await begin_read(simulator, clock, turns)
    await reload(hass, entry, clock)
    for _ in range(3):
        await clock.advance(61)
    assert state_of(hass, "event.papa_inbound").attributes["message"] == "2"
    shown = [
        change.data["new_state"].attributes.get("message")
        for change in changes
        if change.data["entity_id"] == "event.papa_inbound" and change.data["new_state"]
    ]
    assert [text for text in dict.fromkeys(shown) if text] == ["0", "1", "2"]


async def test_kill_right_after_publishing(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What was published was on the disk before, at whatever moment the kill comes: 50 at once."""
    simulator.options.pushes = Pushes.OFF
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(50):
        await simulator.receive(PAPA[1:], f"5671 {number}")
    published_at_kill: list[int] = []
    folder = Path(hass.config.path(".storage"))
    moment = random.Random(7).randrange(5, 45)
    disk: dict[Path, bytes] = {}

    @callback
    def copy(_event: object) -> None:
        if len(captured.data) == moment and not disk:
            published_at_kill.append(len(captured.data))
            found = folder.glob(f"{DOMAIN}.{entry.entry_id}*")
            disk.update((path, path.read_bytes()) for path in found)

    hass.bus.async_listen(EVENT_SMS_RECEIVED, copy)
    await clock.advance(61)
    await disk_rests(hass)
    assert published_at_kill == [moment]
    written = b"".join(disk.values()).decode()
    published = captured.of("message_id")[:moment]
    assert [message_id for message_id in published if f'"{message_id}"' not in written] == []


@pytest.mark.usefixtures("_webhook_server")
async def test_push_of_what_was_reported_before_a_kill(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A push whose message was published just before a kill is confirmed by the list."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    await clock.advance(2)
    simulator.clock_offset += timedelta(minutes=5)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    disk = Disk(hass)
    hass.bus.async_listen(EVENT_SMS_RECEIVED, disk.copy)
    await simulator.receive(PAPA[1:], "5671 раз")
    await clock.advance(2)
    assert captured.of("message") == ["раз"]
    await kill(hass, entry, clock, disk.bring_back)
    for _ in range(5):
        await clock.advance(1800)
    assert captured.of("message") == ["раз"]
    assert "after an hour" not in caplog.text


async def test_killed_among_the_events(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A kill among the events of one turn leaves only one message in doubt."""
    captured, disk = CapturedEvents(hass, EVENT_SMS_RECEIVED), Disk(hass)

    @callback
    def copy(_event: object) -> None:
        if len(captured.data) == 2:
            disk.copy()

    hass.bus.async_listen(EVENT_SMS_RECEIVED, copy)
    entry = await add_account(hass, simulator, people=PEOPLE)
    await begin_read(simulator, clock, 0)
    await clock.advance(2)
    assert captured.of("message") == ["0", "1", "2"]
    captured.data.clear()
    await kill(hass, entry, clock, disk.bring_back)
    await clock.advance(61)
    assert captured.of("message") == ["2"]
    assert in_doubt(hass) == ["+7908•••4781"]


async def test_power_cut_while_it_is_published(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut may have kept from being published is reported, by its author."""
    captured, disk = CapturedEvents(hass, EVENT_SMS_RECEIVED), Disk(hass)
    sync = JournalFiles.sync

    def copy_and_sync(self: JournalFiles) -> None:
        if not captured.data:
            disk.copy()
        sync(self)

    monkeypatch.setattr(JournalFiles, "sync", copy_and_sync)
    entry = await add_account(hass, simulator, people=PEOPLE)
    await begin_read(simulator, clock, 0)
    await clock.advance(2)
    assert captured.of("message") == ["0", "1", "2"]
    start_machine(monkeypatch)
    entry = await kill(hass, entry, clock, disk.bring_back)
    await clock.advance(61)
    assert captured.of("message") == ["0", "1", "2"]
    assert in_doubt(hass) == ["+7908•••4781"]
    # It is said once, and after a clean stop there is nothing to say.
    await restart(hass, entry, clock)
    assert in_doubt(hass) == []
    await clock.advance(2)
    await kill(hass, entry, clock)
    assert in_doubt(hass) == []
