"""What is flushed is there after a kill; what is damaged is set aside; nothing stops a start."""

import asyncio
from collections.abc import AsyncIterator
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

from custom_components.smspilot.runtime import journal as storage, journal_files
from custom_components.smspilot.runtime.journal import Journal, Tables
from custom_components.smspilot.runtime.journal_files import JournalFiles

from .common import Clock, Hold, add_no_threads, disk_rests
from .forgetful_disk import ForgetfulDisk

ENTRY = "01JZZZZZZZZZZZZZZZZZZZZZZZ"
TEXT = "Протечка! ёЖ 🙂 \n\r\u2028"


@pytest.fixture
def folder(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(".storage"))


@pytest.fixture
def snapshot(folder: Path) -> Path:
    return folder / f"smspilot.{ENTRY}"


@pytest.fixture
def journal(folder: Path) -> Path:
    return folder / f"smspilot.{ENTRY}.journal"


class Home:
    """A ledger and what the account knows, as the account keeps both."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.journal = Journal(hass, ENTRY)
        self.tables: Tables = {}
        self.journal.snapshot = lambda: deepcopy(self.tables)

    async def load(self) -> Tables:
        self.tables = await self.journal.load()
        return deepcopy(self.tables)

    def write(self, table: str, key: str, value: Any) -> None:
        rows = self.tables.setdefault(table, {})
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value
        self.journal.put(table, key, value)


@pytest.fixture(autouse=True)
async def _disk_rests(hass: HomeAssistant) -> AsyncIterator[None]:
    """Leave no thread behind."""
    yield
    await disk_rests(hass)


@pytest.fixture
def home(hass: HomeAssistant) -> Home:
    return Home(hass)


async def after_kill(hass: HomeAssistant) -> Tables:
    """Return what the next start knows."""
    return await Home(hass).load()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*smspilot*"))


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
    assert json.loads(snapshot.read_text().split("\n")[0]) == {"version": 2, "rows": 10}
    assert await after_kill(hass) == home.tables == {"t": {str(n): 190 + n for n in range(10)}}


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


def no_space(*_args: Any, **_more: Any) -> None:
    raise OSError("No space left on device")


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
    b'{"version": 3, "rows": 1}\n["t", "new", 1]',
    b'{"version": 2, "rows": 1}',
    b'{"version": 2, "rows": 2}\n["t", "1", 1]',
    b'{"version": 2, "rows": 0}\n["t", "1", 1]',
    b'{"version": 2, "rows": 1}\n["t", "1", ',
    b'{"version": 2, "rows": 1}\n["t", "1"]',
    b'{"version": 2, "rows": 1}\nnull',
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
    """The newest news is not lost with it."""
    home.write("t", "1", 1)
    await home.journal.flush()
    snapshot.write_bytes(b"{")
    assert await after_kill(hass) == {"t": {"1": 1}}


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


def trimmed(tables: Tables) -> Tables:
    return {name: rows for name, rows in tables.items() if rows}


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
        file.write(bytes(zeros))
    home.write("t", "2", TEXT)
    await home.journal.flush()
    with journal.open("ab") as file:
        file.write(b"\n[" + bytes(zeros))
    assert await after_kill(hass) == {"t": {"1": TEXT, "2": TEXT}}
    assert caplog.text.count("is left out") == 1


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
