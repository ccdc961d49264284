"""What survives a restart, even kill -9: a snapshot, and a journal of what came after it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
import os
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.file import write_utf8_file_atomic
from homeassistant.util.json import json_loads_array, json_loads_object

from ..const import DOMAIN, LOGGER
from .cooperative import thread_slices

VERSION: Final = 2
# The journal is folded into the snapshot at this size: a year of a busy home writes few.
COMPACT_AT: Final = 256 * 1024
# Texts and numbers of people stand in both files.
PRIVATE: Final = 0o600

type Table = dict[str, Any]
type Tables = dict[str, Table]
# What is done after a write, or after what kept it from being done.
type Then = Callable[[BaseException | None], None]
# The rows of a table may be made only when they are written, beside the event loop.
type Snapshot = Mapping[str, Table | Iterable[tuple[str, Any]]]


class Journal:
    """Tables of an account, kept as JSON values by name and key.

    `write` only remembers; `flush` returns when all that was remembered lies with the operating
    system. Whoever flushes at the same time shares one write.

    Home Assistant's own `Store` hides a write that failed, and puts off one while it stops: the
    journal would be gone before the snapshot is there.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Know where the files are, and read nothing yet."""
        self._hass = hass
        self._files = _Files(Path(hass.config.path(STORAGE_DIR)), f"{DOMAIN}.{entry_id}")
        # What is remembered and not written, and who waits for the write after the present one.
        self._rows: list[bytes] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._size = 0
        self.snapshot: Callable[[], Snapshot] = dict

    async def load(self) -> Tables:
        """Return the tables; what cannot be read is set aside, never lost and never fatal."""
        return await self._hass.async_add_executor_job(self._files.load)

    def write(self, table: str, key: str, value: Any) -> None:
        """Remember a value, or with None that it is gone."""
        self._rows.append(json_bytes([table, key, value]))

    @callback
    def flush(self) -> asyncio.Future[None]:
        """Begin to write; done when everything written so far survives a kill of the process.

        A caller may be cancelled, but not the write that others wait for.
        """
        written = self._hass.loop.create_future()
        if not self._rows:
            written.set_result(None)
            return written
        self._waiting.append(written)
        if self._idle.is_set():
            self._append()
        return written

    async def close(self) -> None:
        """Fold the journal into the snapshot."""
        await self.flush()
        await self._rest()
        self._fold()
        await self._rest()

    async def remove(self) -> None:
        """Leave no file behind."""
        await self._rest()
        self._rows.clear()
        self._begin(self._go_on, self._files.remove)
        await self._rest()

    async def _rest(self) -> None:
        """Return when the disk has nothing to do; a write may be followed by the next at once."""
        while not self._idle.is_set():
            await self._idle.wait()

    def _append(self) -> None:
        """Write what is remembered as one line: a kill in its midst forgets all of it."""
        count, waiting, self._waiting = len(self._rows), self._waiting, []
        # A line that was left unfinished ends where the next one begins.
        data = b"\n[" + b",".join(self._rows) + b"]"

        def appended(error: BaseException | None) -> None:
            if not error:
                del self._rows[:count]
                self._size += len(data)
            _release(waiting)
            self._go_on(error)

        self._begin(appended, self._files.append, data)

    def _fold(self) -> None:
        """Write all there is; until it is gone the journal is read over it, so it has all too."""

        def folded(error: BaseException | None) -> None:
            if not error:
                self._size = 0
            self._go_on(error)

        self._begin(folded, self._files.replace, self.snapshot())

    def _go_on(self, error: BaseException | None) -> None:
        """Write what has come meanwhile, and fold a long journal.

        A large snapshot is written more rarely: what is written grows with what happens.
        """
        is_long = not error and self._size > max(COMPACT_AT, self._files.snapshot_size)
        if self._rows and (self._waiting or is_long):
            self._append()
        elif is_long:
            self._fold()
        else:
            _release(self._waiting)

    def _begin(self, then: Then, work: Callable[..., None], *args: Any) -> None:
        """Give the disk something to do; it does one thing at a time."""
        # Home Assistant's own way would be cancelled by a stop, before the write or in its midst.
        done = self._hass.loop.run_in_executor(None, work, *args)
        done.add_done_callback(partial(self._worked, then))
        self._idle.clear()

    def _worked(self, then: Then, done: asyncio.Future[None]) -> None:
        """Hear whether a write succeeded; an alarm goes out all the same where it did not."""
        self._idle.set()
        if error := done.exception():
            LOGGER.error("The account's state cannot be written (%s)", type(error).__name__)
        then(error)


def _release(waiting: list[asyncio.Future[None]]) -> None:
    for one in waiting:
        # Its caller may be gone.
        if not one.done():
            one.set_result(None)
    waiting.clear()


class _Files:
    """Where a ledger lies; every method blocks."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._snapshot = folder / name
        self._journal = folder / f"{name}.journal"
        self._open: int | None = None
        self.snapshot_size = 0

    def load(self) -> Tables:
        """Read the tables, and fold the journal into the snapshot."""
        tables = self._load_snapshot()
        try:
            lines = self._journal.read_text(encoding="utf-8", errors="replace").split("\n")
            for line in thread_slices(filter(None, lines)):
                _replay(tables, line)
            self.replace(tables)
        except FileNotFoundError:
            pass
        except (HomeAssistantError, OSError) as err:
            LOGGER.error("The journal cannot be folded (%s)", type(err).__name__)
        return tables

    def append(self, data: bytes) -> None:
        """Add to the journal.

        It stays open: while the event loop is busy, every call of the system costs a wait for it.
        """
        if self._open is None:
            self._folder.mkdir(exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._open = os.open(self._journal, flags, PRIVATE)
        while data:
            data = data[os.write(self._open, data) :]

    def replace(self, snapshot: Snapshot) -> None:
        """Write the snapshot, and drop the journal; in between it repeats what that says."""
        lines, count = bytearray(), 0
        for name, rows in snapshot.items():
            for key, row in thread_slices(rows.items() if isinstance(rows, dict) else rows):
                lines += b"\n" + json_bytes([name, key, row])
                count += 1
        data = json_bytes({"version": VERSION, "rows": count}) + lines
        self.snapshot_size = len(data)
        self._folder.mkdir(exist_ok=True)
        write_utf8_file_atomic(str(self._snapshot), data, private=True, mode="wb")
        self._close()
        self._journal.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove everything, also what was set aside."""
        self._close()
        for path in self._folder.glob(f"{self._snapshot.name}*"):
            path.unlink()

    def _close(self) -> None:
        if self._open is not None:
            os.close(self._open)
            self._open = None

    def _load_snapshot(self) -> Tables:
        try:
            head, *lines = self._snapshot.read_text(encoding="utf-8").split("\n")
            return _tables(json_loads_object(head), lines)
        except FileNotFoundError:
            return {}
        except (AttributeError, LookupError, OSError, TypeError, ValueError) as err:
            now = datetime.now(UTC)
            aside = self._snapshot.with_name(f"{self._snapshot.name}.damaged.{now:%Y%m%dT%H%M%S}")
            with suppress(OSError):
                self._snapshot.rename(aside)
            LOGGER.warning(
                "The stored state cannot be read (%s); it is kept as %s, and the account starts"
                " without it",
                type(err).__name__,
                aside.name,
            )
            return {}


def stored_time(value: Any) -> datetime:
    """Return a time that was stored; only those of UTC were."""
    time = datetime.fromisoformat(value)
    if time.utcoffset() != timedelta(0):
        raise ValueError
    return time


def _tables(head: Any, lines: list[str]) -> Tables:
    """Return what a snapshot says, row by row: while one is read nothing else runs."""
    if head["version"] == 1:
        # The first version was one JSON object.
        tables: Tables = head["data"]
        if not all(isinstance(table, dict) for table in tables.values()):
            raise ValueError
        return tables
    if (head["version"], head["rows"]) != (VERSION, len(lines)):
        raise ValueError
    tables = {}
    for name, key, value in thread_slices(map(json_loads_array, lines)):
        tables.setdefault(str(name), {})[str(key)] = value
    return tables


def _replay(tables: Tables, line: str) -> None:
    """Take over what was written at once, all of it or nothing."""
    try:
        found: list[Any] = json_loads_array(line)
        rows = [(str(table), str(key), value) for table, key, value in found]
    except TypeError, ValueError:
        # The last line of a journal that a power cut ended.
        LOGGER.warning("A line of the journal cannot be read and is left out")
        return
    for table, key, value in rows:
        if value is None:
            tables.setdefault(table, {}).pop(key, None)
        else:
            tables.setdefault(table, {})[key] = value
