"""The journal on a disk that is full, damaged, slow or hangs: what is damaged is set aside."""

import asyncio
import logging
import os
from pathlib import Path
import random
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.runtime import journal as storage, journal_files
from custom_components.smspilot.runtime.journal_files import JournalFiles

from ..common import Clock, Hold, disk_rests
from ..forgetful_disk import ForgetfulDisk
from .common import ENTRY, TEXT, Home, after_kill


async def test_full_disk(
    hass: HomeAssistant,
    home: Home,
    journal: Path,
    snapshot: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An alarm goes out all the same, and nothing is forgotten that can be written later."""
    home.write("t", "before", TEXT)
    await home.journal.flush()
    with monkeypatch.context() as full:
        full.setattr(JournalFiles, "append", no_space)
        full.setattr(journal_files, "write_utf8_file_atomic", no_space)
        home.write("t", "1", TEXT)
        await home.journal.flush()
        await home.journal.close()
        assert not snapshot.exists()
        assert await after_kill(hass) == {"t": {"before": TEXT}}
    home.write("t", "2", TEXT)
    await home.journal.flush()
    assert '"1"' in journal.read_text()
    assert await after_kill(hass) == {"t": {"before": TEXT, "1": TEXT, "2": TEXT}}
    assert "(OSError)" in caplog.text
    assert "Протечка" not in caplog.text


@pytest.mark.parametrize("closes", [True, False])
async def test_full_disk_has_room_again(
    hass: HomeAssistant, home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, closes: bool
) -> None:
    """What could not be written is written some minutes later, though nothing else happens."""
    with monkeypatch.context() as full:
        full.setattr(JournalFiles, "append", no_space)
        full.setattr(journal_files, "write_utf8_file_atomic", no_space)
        home.write("t", "1", TEXT)
        assert not await home.journal.flush()
        await clock.advance(301)
        assert await after_kill(hass) == {}
        if closes:
            await home.journal.close()
    await clock.advance(299)
    assert await after_kill(hass) == {}
    await clock.advance(2)
    assert await after_kill(hass) == ({} if closes else {"t": {"1": TEXT}})


def no_space(*_args: Any, **_more: Any) -> None:
    raise OSError("No space left on device")


DAMAGED = [
    b"",
    b"{",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"1",
    b"[" * 100_000,
    b'{"version": 1}',
    b'{"data": {}}',
    b'{"version": 1, "data": []}',
    b'{"version": 1, "data": null}',
    b'{"version": 1, "data": {"t": {"1": 1}}}',
    b'{"version": 2, "data": {"t": {"new": 1}}}',
    b'{"version": "1", "data": {}}',
    b'{"version": 4, "rows": 1, "line": 0}\n["t", "new", 1]',
    b'{"version": 3, "line": 0, "rows": 1}',
    b'{"version": 3, "line": 0, "rows": 2}\n["t", "1", 1]',
    b'{"version": 3, "line": 0, "rows": 0}\n["t", "1", 1]',
    b'{"version": 3, "line": 0, "rows": 1}\n["t", "1", ',
    b'{"version": 3, "line": 0, "rows": 1}\n["t", "1"]',
    b'{"version": 3, "line": 0, "rows": 1}\nnull',
    b'{"version": 3, "rows": 1}\n["t", "1", 1]',
]


@pytest.mark.parametrize("data", DAMAGED, ids=range(len(DAMAGED)))
async def test_damaged_snapshot(
    hass: HomeAssistant,
    folder: Path,
    snapshot: Path,
    caplog: pytest.LogCaptureFixture,
    data: bytes,
) -> None:
    """It is kept aside, logged once, and the account starts."""
    folder.mkdir(exist_ok=True)
    snapshot.write_bytes(data)
    home = Home(hass)
    assert await home.load() == {}
    (aside,) = folder.glob("*.damaged.*")
    assert aside.read_bytes() == data
    (warning,) = [record for record in caplog.records if aside.name in record.message]
    assert warning.levelno == logging.WARNING
    home.write("t", "1", 1)
    await home.journal.close()
    assert await after_kill(hass) == {"t": {"1": 1}}
    assert len([*folder.glob("*.damaged.*")]) == 1


async def test_journal_of_a_damaged_snapshot(
    hass: HomeAssistant, home: Home, snapshot: Path
) -> None:
    """The newest changes are not lost with it."""
    home.write("t", "1", 1)
    await home.journal.flush()
    snapshot.write_bytes(b"{")
    assert await after_kill(hass) == {"t": {"1": 1}}


@pytest.mark.parametrize("zeros", [1, 100, 4096])
async def test_zeros_at_the_tail(
    hass: HomeAssistant,
    home: Home,
    journal: Path,
    caplog: pytest.LogCaptureFixture,
    zeros: int,
) -> None:
    """Room that the disk had made for a line that never came costs no line that did."""
    home.write("t", "1", TEXT)
    await home.journal.flush()
    with journal.open("ab") as file:
        file.write(b"[9," + bytes(zeros))
    home.write("t", "2", TEXT)
    await home.journal.flush()
    with journal.open("ab") as file:
        file.write(b"\n[" + bytes(zeros))
    assert await after_kill(hass) == {"t": {"1": TEXT, "2": TEXT}}
    assert caplog.text.count("is left out") == 2


@pytest.mark.parametrize("seed", range(20))
async def test_power_cuts(
    hass: HomeAssistant, folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """What the disk was said to keep is there, whatever else is; and nothing that never was."""
    monkeypatch.setattr(storage, "COMPACT_AT", 300)
    folder.mkdir(exist_ok=True)
    dice, disk = random.Random(seed), ForgetfulDisk(monkeypatch, folder, f"smspilot.{ENTRY}")
    home = Home(hass)
    # What each value may be: the one that is kept, and those that came after it.
    possible: dict[tuple[str, str], list[Any]] = {}
    for number in range(200):
        match dice.randrange(12):
            case 0:
                await disk_rests(hass)
                disk.power_cut(dice)
                home = Home(hass)
                found = await home.load()
                for (table, key), values in possible.items():
                    value = found.get(table, {}).get(key)
                    assert value in values, (table, key)
                    possible[table, key] = [value]
            case 1:
                await home.journal.close()
                possible = {one: values[-1:] for one, values in possible.items()}
            case 2 | 3:
                assert await home.journal.async_sync()
                possible = {one: values[-1:] for one, values in possible.items()}
            case 4 | 5:
                await home.journal.flush()
            case _:
                table, key = dice.choice("ab"), dice.choice("xyz")
                value = dice.choice([None, number, f"{number} {TEXT}"])
                home.write(table, key, value)
                possible.setdefault((table, key), [None]).append(value)


async def test_kept_a_moment_later(
    hass: HomeAssistant, home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is flushed is on the disk a moment later, beside whatever comes next."""
    folder.mkdir(exist_ok=True)
    disk = ForgetfulDisk(monkeypatch, folder, f"smspilot.{ENTRY}")
    home.write("t", "1", TEXT)
    await home.journal.flush()
    # The timer, and what it begins.
    await asyncio.sleep(0.01)
    await disk_rests(hass)
    for seed in range(10):
        disk.power_cut(random.Random(seed))
    assert await after_kill(hass) == {"t": {"1": TEXT}}


async def test_syncs_are_shared(
    hass: HomeAssistant, home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer waits for one sync that covers what it wrote, and for no other."""
    folder.mkdir(exist_ok=True)
    disk = ForgetfulDisk(monkeypatch, folder, f"smspilot.{ENTRY}")
    home.write("t", "1", 1)
    assert await home.journal.async_sync()
    assert disk.syncs == 1
    assert await home.journal.async_sync()
    assert disk.syncs == 1
    for number in range(50):
        home.write("t", str(number), number)
        home.journal.flush()
    assert await asyncio.gather(*(home.journal.async_sync() for _ in range(50))) == [True] * 50
    await disk_rests(hass)
    assert disk.syncs <= 3


@pytest.mark.parametrize("work", ["append", "replace", "sync"])
async def test_disk_hangs(
    hass: HomeAssistant,
    home: Home,
    hold: Hold,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    work: str,
) -> None:
    """No wait is longer than 5 s, it is logged once, and nothing is lost when it goes on."""
    if work == "replace":
        home.write("t", "0", 0)
        await home.journal.async_sync()
    hold(work)
    home = Home(hass) if work == "sync" else home
    home.write("t", "0", 0)
    closing = None
    if work == "replace":
        closing = hass.async_create_task(home.journal.close())
        await hold.reached()
        home.write("t", "0", 1)
    waiting = [hass.async_create_task(home.journal.async_sync())]
    await hold.reached()
    for number in range(3):
        home.write("t", str(number), number)
        waiting.append(hass.async_create_task(home.journal.async_sync()))
    await asyncio.sleep(0)
    clock.leap(4.9)
    await asyncio.sleep(0.01)
    assert not any(one.done() for one in waiting)
    clock.leap(0.2)
    async with asyncio.timeout(1):
        assert await asyncio.gather(*waiting) == [False] * 4
        # Later ones do not wait at all.
        home.write("t", "9", 9)
        assert await home.journal.flush() == (work == "sync")
    said = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert len(said) == 1
    hold.release()
    await disk_rests(hass)
    if closing:
        await closing
    home.write("t", "10", 10)
    assert await home.journal.async_sync()
    assert await after_kill(hass) == home.tables


async def test_close_with_a_disk_that_hangs(
    hass: HomeAssistant, home: Home, hold: Hold, clock: Clock
) -> None:
    """Home Assistant's stop waits for a slow disk, not for one that hangs."""
    hold("append")
    home.write("t", "1", 1)
    closing = hass.async_create_task(home.journal.close())
    await hold.reached()
    for _ in range(5):
        clock.leap(5)
        await asyncio.sleep(0.01)
    assert closing.done()
    hold.release()
    await disk_rests(hass)
    assert await after_kill(hass) == {"t": {"1": 1}}


async def test_sync_fails(
    hass: HomeAssistant,
    home: Home,
    folder: Path,
    snapshot: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a disk failed to keep it does not try to keep again: all is written anew."""
    home.write("t", "1", TEXT)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", no_space)
        assert not await home.journal.async_sync()
    await disk_rests(hass)
    assert snapshot.exists()
    assert await home.journal.async_sync()
    assert "could not be synced" in caplog.text
    assert "Протечка" not in caplog.text
    assert await after_kill(hass) == {"t": {"1": TEXT}}


@pytest.mark.parametrize("name", ["snapshot", "journal"])
@pytest.mark.parametrize("renames", [True, False])
async def test_file_that_cannot_be_read(
    hass: HomeAssistant,
    folder: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    *,
    renames: bool,
) -> None:
    """A disk that fails at the start costs no file: no later fold deletes or replaces it."""
    home = Home(hass)
    home.write("t", "1", 1)
    await home.journal.close()
    home.write("t", "2", 2)
    await home.journal.flush()
    await disk_rests(hass)
    path: Path = request.getfixturevalue(name)
    data, read = path.read_bytes(), Path.read_bytes

    def fail(one: Path) -> bytes:
        if one == path:
            raise OSError(5, "Input/output error")
        return read(one)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_bytes", fail)
        if not renames:
            broken.setattr(Path, "rename", no_space)
        home = Home(hass)
        await home.load()
    home.write("t", "3", 3)
    await home.journal.async_sync()
    await home.journal.close()
    kept = [one.read_bytes() for one in folder.glob(f"{path.name}*")]
    assert data in kept
    assert "cannot be read (OSError)" in caplog.text
    known = (await after_kill(hass))["t"]
    if not renames:
        assert known == {"1": 1, "2": 2}
    else:
        assert known["3"] == 3
