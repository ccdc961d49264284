"""The journal: what is flushed survives a kill, and nothing stops a start."""

import asyncio
from copy import deepcopy
import json
import logging
import os
from pathlib import Path
import random
import threading
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, Event, HomeAssistant
import pytest

from custom_components.smspilot.runtime import journal as storage

from ..common import Hold, add_no_threads, disk_rests
from .common import ENTRY, TEXT, Home, after_kill, files, trimmed


async def test_nothing_yet(hass: HomeAssistant, home: Home, folder: Path) -> None:
    assert await home.load() == {}
    await home.journal.flush()
    assert files(folder) == []


async def test_survives_a_kill(hass: HomeAssistant, home: Home) -> None:
    """What was flushed is there, what was only remembered is not."""
    home.write("orders", "1", {"text": TEXT, "to": [["+7908", None]], "open": True})
    home.write("orders", "2", {"text": "gone"})
    home.write("inbox", "cursor", "2026")
    home.write("orders", "2", None)
    await home.journal.flush()
    home.write("orders", "3", {"text": "late"})
    assert await after_kill(hass) == {
        "orders": {"1": {"text": TEXT, "to": [["+7908", None]], "open": True}},
        "inbox": {"cursor": "2026"},
    }


async def test_survives_many_kills(hass: HomeAssistant, folder: Path) -> None:
    """Each start folds the journal, and the next one goes on from there."""
    for number in range(5):
        home = Home(hass)
        assert await home.load() == ({"t": {str(n): n for n in range(number)}} if number else {})
        home.write("t", str(number), number)
        await home.journal.flush()
    await after_kill(hass)
    assert files(folder) == [f"smspilot.{ENTRY}"]


async def test_line_cut_short(
    hass: HomeAssistant, journal: Path, snapshot: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A power cut within the last line costs that line; what was written before and after stays."""
    home = Home(hass)
    home.write("t", "first", TEXT)
    await home.journal.flush()
    whole = journal.stat().st_size
    home.write("t", "last", TEXT)
    await home.journal.flush()
    data = journal.read_bytes()
    # All of a line but its end is the line.
    for length in range(whole, len(data) - 1):
        snapshot.unlink(missing_ok=True)
        journal.write_bytes(data[:length])
        home = Home(hass)
        home.write("t", "next", 1)
        await home.journal.flush()
        assert await after_kill(hass) == {"t": {"first": TEXT, "next": 1}}, length
    warnings = [record for record in caplog.records if "journal" in record.message]
    assert all(record.levelno == logging.WARNING for record in warnings)
    assert "Протечка" not in caplog.text


async def test_all_or_nothing(hass: HomeAssistant, journal: Path, snapshot: Path) -> None:
    """What was written at once is there as a whole, wherever a kill cut it."""
    home = Home(hass)
    home.write("orders", "1", "sent")
    home.write("messages", "1", TEXT)
    home.write("days", "today", "1.31")
    await home.journal.flush()
    data = journal.read_bytes()
    for length in range(len(data) - 1):
        snapshot.unlink(missing_ok=True)
        journal.write_bytes(data[:length])
        assert await after_kill(hass) == {}, length


async def test_killed_while_folding(
    hass: HomeAssistant, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that outlives its folding holds nothing that the snapshot does not."""
    home = Home(hass)
    home.write("t", "key", "old")
    await home.journal.flush()
    home.write("t", "key", "new")
    monkeypatch.setattr(Path, "unlink", lambda *_args, **_more: None)
    await home.journal.close()
    monkeypatch.undo()
    assert journal.exists()
    assert await after_kill(hass) == {"t": {"key": "new"}}


async def test_killed_while_a_long_journal_is_folded(
    hass: HomeAssistant, home: Home, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was remembered while a journal grew too long is there as a whole, or not at all."""
    monkeypatch.setattr(storage, "COMPACT_AT", 0)
    monkeypatch.setattr(Path, "unlink", lambda *_args, **_more: None)
    hold("append")
    home.write("t", "1", "old")
    flush = home.journal.flush()
    await hold.reached()
    home.write("t", "1", "new")
    home.write("t", "2", "new")
    hold.release()
    await flush
    await disk_rests(hass)
    monkeypatch.undo()
    assert await after_kill(hass) == {"t": {"1": "new", "2": "new"}}


@pytest.mark.parametrize(
    "line",
    [
        "[1, 2, 3]",
        '["t", ["unhashable"], 1]',
        '[["t"], "key", 1]',
        '["t", "key"]',
        '["t", "key", 1, 2]',
        '"abc"',
        '{"a": 1, "b": 2, "c": 3}',
        "null",
        "nonsense",
        "[" * 100_000,
        "\xff",
    ],
    ids=range(11),
)
async def test_damaged_line(
    hass: HomeAssistant, home: Home, journal: Path, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    home.write("t", "1", 1)
    await home.journal.flush()
    with journal.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}")
    home.write("t", "2", 2)
    await home.journal.flush()
    assert await after_kill(hass) == {"t": {"1": 1, "2": 2}}
    assert caplog.text.count("is left out") == 1
    # It is said once, not at each start.
    assert await after_kill(hass) == {"t": {"1": 1, "2": 2}}
    assert caplog.text.count("is left out") == 1


async def test_compaction(
    hass: HomeAssistant,
    home: Home,
    journal: Path,
    snapshot: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The journal stays small however much is written."""
    monkeypatch.setattr(storage, "COMPACT_AT", 500)
    for number in range(200):
        home.write("t", str(number % 10), number)
        await home.journal.flush()
        await disk_rests(hass)
        assert not journal.exists() or journal.stat().st_size <= 500
    head = json.loads(snapshot.read_text().split("\n")[0])
    assert head["rows"] == 10
    assert await after_kill(hass) == home.tables == {"t": {str(n): 190 + n for n in range(10)}}


@pytest.mark.parametrize("seed", range(5))
async def test_older_journal_beside_a_newer_snapshot(
    hass: HomeAssistant, home: Home, journal: Path, seed: int
) -> None:
    """Whatever a kill or a power cut leaves of a folded journal changes nothing."""
    chance, older = random.Random(seed), list[bytes]()
    for number in range(20):
        for _ in range(chance.randint(1, 3)):
            home.write("t", chance.choice("abc"), chance.choice([number, None]))
        if chance.random() < 0.7:
            await home.journal.flush()
            older.append(journal.read_bytes())
    await home.journal.close()
    expected = trimmed(home.tables)
    for data in older:
        journal.write_bytes(data[: chance.randint(0, len(data))])
        assert trimmed(await after_kill(hass)) == expected


async def test_kill_within_compaction(hass: HomeAssistant, home: Home, journal: Path) -> None:
    """Between snapshot and removal the journal repeats what the snapshot says."""
    for key, value in (("1", 1), ("2", 2), ("1", None), ("2", 3)):
        home.write("t", key, value)
    await home.journal.flush()
    repeated = journal.read_bytes()
    await home.journal.close()
    assert not journal.exists()
    journal.write_bytes(repeated)
    assert await after_kill(hass) == {"t": {"2": 3}}


async def test_written_while_it_is_compacted(hass: HomeAssistant, home: Home, hold: Hold) -> None:
    """What comes while the snapshot is being written is not lost with the journal."""
    home.write("t", "1", 1)
    hold("replace")
    closing = hass.async_create_task(home.journal.close())
    await hold.reached()
    home.write("t", "1", 2)
    flushing = home.journal.flush()
    hold.release()
    await asyncio.gather(closing, flushing)
    assert await after_kill(hass) == {"t": {"1": 2}}


async def test_closed_between_two_writes(hass: HomeAssistant, home: Home, hold: Hold) -> None:
    """A wait for a write waits for the one that follows at once, too."""
    hold("append")
    home.write("t", "1", 1)
    first = home.journal.flush()
    await hold.reached()
    closing = hass.async_create_task(home.journal.close())
    home.write("t", "1", 2)
    second = home.journal.flush()
    hold.release()
    await asyncio.gather(first, second, closing)
    assert await after_kill(hass) == {"t": {"1": 2}}


async def test_stop_before_a_write_began(hass: HomeAssistant, home: Home) -> None:
    """Home Assistant's stop cancels what waits for a thread, but no write, and nothing hangs."""
    busy = threading.Event()
    add_no_threads(hass)
    for _ in range(100):
        hass.loop.run_in_executor(None, busy.wait)
    home.write("t", "1", 1)
    flush = home.journal.flush()

    async def stop(_event: Event) -> None:
        busy.set()
        await home.journal.close()

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)
    async with asyncio.timeout(5):
        await hass.async_stop(force=True)
        await flush
    assert await after_kill(hass) == {"t": {"1": 1}}


async def test_flushes_share_a_write(hass: HomeAssistant, home: Home, hold: Hold) -> None:
    """A hundred sends at a time cost two writes: the first one's, and one for all the others."""
    hold("append")
    flushes = []
    for number in range(100):
        home.write("t", str(number), number)
        flushes.append(home.journal.flush())
    await hold.reached()
    hold.release()
    await asyncio.gather(*flushes)
    assert hold.calls == 2
    assert await after_kill(hass) == home.tables


@pytest.mark.parametrize("first", [1, 2, 7])
async def test_flush_returns_when_it_is_written(
    hass: HomeAssistant, home: Home, journal: Path, hold: Hold, first: int
) -> None:
    """Also where a write was under way, whatever that one carried."""
    hold("append")
    for number in range(first):
        home.write("t", str(number), number)
    one = home.journal.flush()
    await hold.reached()
    home.write("t", "mine", "mine")
    other = home.journal.flush()
    await asyncio.sleep(0)
    assert not other.done()
    hold.release()
    await other
    assert '"mine"' in journal.read_text()
    await one


async def test_caller_is_cancelled(hass: HomeAssistant, home: Home, hold: Hold) -> None:
    """The write goes on, and no other begins beside it."""
    hold("append")
    home.write("t", "1", 1)
    flush = home.journal.flush()
    await hold.reached()
    flush.cancel()
    await asyncio.wait([flush])
    assert flush.cancelled()
    close = hass.async_create_task(home.journal.close())
    await asyncio.sleep(0)
    assert not close.done()
    hold.release()
    await close
    assert hold.calls == 1
    assert await after_kill(hass) == {"t": {"1": 1}}


async def test_short_writes(
    hass: HomeAssistant, home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes a few bytes at a time gets them all."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    home.write("t", "1", TEXT)
    await home.journal.flush()
    assert await Home(hass).load() == home.tables


async def test_home_assistant_stops(
    hass: HomeAssistant, home: Home, snapshot: Path, journal: Path
) -> None:
    """The journal goes only when the snapshot is there, also in the last moments."""
    home.write("t", "1", 1)
    await home.journal.flush()
    state, hass.state = hass.state, CoreState.stopping
    await home.journal.close()
    assert snapshot.exists()
    assert not journal.exists()
    assert await after_kill(hass) == {"t": {"1": 1}}
    hass.state = state


@pytest.mark.parametrize("name", ["snapshot", "journal"])
async def test_no_file_at_all(
    hass: HomeAssistant, request: pytest.FixtureRequest, name: str
) -> None:
    """A folder in its place does not stop the set-up."""
    request.getfixturevalue(name).mkdir(parents=True)
    assert await after_kill(hass) == {}


async def test_removal(hass: HomeAssistant, home: Home, folder: Path, snapshot: Path) -> None:
    """No file of the account stays, and no other file is deleted."""
    folder.mkdir(exist_ok=True)
    snapshot.write_bytes(b"{")
    others = folder / "smspilot.01JOTHER"
    others.write_text("")
    await home.load()
    home.write("t", "1", 1)
    await home.journal.close()
    home.write("t", "2", 2)
    await home.journal.flush()
    assert len(files(folder)) == 4
    home.write("t", "3", 3)
    late = home.journal.flush()
    home.write("t", "4", 4)
    await home.journal.remove()
    await late
    await home.journal.flush()
    assert files(folder) == [others.name]


async def test_private(home: Home, snapshot: Path, journal: Path) -> None:
    """No other user of the machine may read texts and numbers."""
    home.write("t", "1", 1)
    await home.journal.flush()
    assert journal.stat().st_mode & 0o777 == 0o600
    await home.journal.close()
    assert snapshot.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("seed", range(10))
async def test_any_life(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Whatever is written, flushed, folded and killed: the last flush is what the start knows."""
    monkeypatch.setattr(storage, "COMPACT_AT", 200)
    dice = random.Random(seed)
    home, known = Home(hass), dict[str, dict[str, Any]]()
    for _ in range(150):
        match dice.randrange(10):
            case 0:
                home = Home(hass)
                assert trimmed(await home.load()) == trimmed(known)
            case 1:
                await home.journal.close()
                known = deepcopy(home.tables)
            case 2 | 3 | 4:
                await home.journal.flush()
                await disk_rests(hass)
                known = deepcopy(home.tables)
            case _:
                value = dice.choice([None, dice.random(), TEXT])
                home.write(dice.choice("ab"), dice.choice("xyz"), value)


async def test_busy_threads(hass: HomeAssistant, home: Home) -> None:
    """Whatever keeps Home Assistant's own threads busy keeps no write and no start waiting."""
    busy = threading.Event()
    add_no_threads(hass)
    others = [hass.loop.run_in_executor(None, busy.wait) for _ in range(200)]
    home.write("t", "1", 1)
    async with asyncio.timeout(2):
        assert await home.journal.async_sync()
        assert await after_kill(hass) == {"t": {"1": 1}}
    busy.set()
    await asyncio.gather(*others)
