"""What survives a restart, even kill -9: a snapshot, and a journal of what came after it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
import json
import os
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.file import write_utf8_file_atomic

from .const import DOMAIN, LOGGER

VERSION: Final = 1
# The journal is folded into the snapshot at this size: a year of a busy home writes few.
COMPACT_AT: Final = 256 * 1024
# Texts and numbers of people stand in both files.
PRIVATE: Final = 0o600

type Table = dict[str, Any]
type Tables = dict[str, Table]
# The rows of a table may be made only when they are written, beside the event loop.
type Snapshot = Mapping[str, Table | Iterable[tuple[str, Any]]]


class Ledger:
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
        self._rows: list[str] = []
        self._lock = asyncio.Lock()
        self._remembered = 0
        self._written = 0
        self._size = 0
        self.snapshot: Callable[[], Snapshot] = dict

    async def load(self) -> Tables:
        """Return the tables; what cannot be read is set aside, never lost and never fatal."""
        return await self._hass.async_add_executor_job(self._files.load)

    def write(self, table: str, key: str, value: Any) -> None:
        """Remember a value, or with None that it is gone."""
        self._rows.append(json.dumps([table, key, value]))
        self._remembered += 1

    async def flush(self) -> None:
        """Return when everything written so far survives a kill of the process."""
        if self._written == self._remembered:
            return
        # A caller may be cancelled, but not the write that others wait for.
        work = self._hass.async_create_task(self._flush(self._remembered), "smspilot ledger")
        await asyncio.shield(work)

    async def close(self) -> None:
        """Fold the journal into the snapshot."""
        async with self._lock:
            await self._compact()

    async def remove(self) -> None:
        """Leave no file behind."""
        async with self._lock:
            self._forget(len(self._rows))
            await self._hass.async_add_executor_job(self._files.remove)

    async def _flush(self, mine: int) -> None:
        async with self._lock:
            if self._written >= mine or not await self._append():
                return
            # A large snapshot is written more rarely: what is written grows with what happens.
            if self._size > max(COMPACT_AT, self._files.snapshot_size):
                await self._compact()

    async def _append(self) -> bool:
        """Write what is remembered as one line: a kill in its midst forgets all of it."""
        count = len(self._rows)
        # A line that was left unfinished ends where the next one begins.
        data = f"\n[{','.join(self._rows)}]"
        if not await self._done(self._files.append, data):
            return False
        self._forget(count)
        self._size += len(data)
        return True

    async def _compact(self) -> None:
        # Until it is gone the journal is read over the snapshot: it must not be the older one.
        while self._rows:
            if not await self._append():
                return
        if await self._done(self._files.replace, self.snapshot()):
            self._size = 0

    async def _done(self, work: Callable[..., None], *args: Any) -> bool:
        """Return whether a write succeeded; an alarm goes out all the same where it did not."""
        try:
            await self._hass.async_add_executor_job(work, *args)
        except (HomeAssistantError, OSError) as err:
            LOGGER.error("The account's state cannot be written (%s)", type(err).__name__)
            return False
        return True

    def _forget(self, count: int) -> None:
        """Drop the oldest rows: they are written."""
        del self._rows[:count]
        self._written += count


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
            for line in filter(None, lines):
                _replay(tables, line)
            self.replace(tables)
        except FileNotFoundError:
            pass
        except (HomeAssistantError, OSError) as err:
            LOGGER.error("The journal cannot be folded (%s)", type(err).__name__)
        return tables

    def append(self, data: str) -> None:
        """Add to the journal.

        It stays open: while the event loop is busy, every call of the system costs a wait for it.
        """
        if self._open is None:
            self._folder.mkdir(exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._open = os.open(self._journal, flags, PRIVATE)
        rest = data.encode()
        while rest:
            rest = rest[os.write(self._open, rest) :]

    def replace(self, snapshot: Snapshot) -> None:
        """Write the snapshot, and drop the journal; in between it repeats what that says."""
        tables = (f"{json.dumps(name)}:{_object(rows)}" for name, rows in snapshot.items())
        data = f'{{"version":{VERSION},"data":{{{",".join(tables)}}}}}'
        self.snapshot_size = len(data)
        self._folder.mkdir(exist_ok=True)
        write_utf8_file_atomic(str(self._snapshot), data, private=True)
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
            return _tables(json.loads(self._snapshot.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError) as err:
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


def _tables(stored: Any) -> Tables:
    tables: Tables = stored["data"]
    if stored["version"] != VERSION or not all(isinstance(t, dict) for t in tables.values()):
        raise ValueError
    return tables


def _object(rows: Table | Iterable[tuple[str, Any]]) -> str:
    """Return the JSON of a table, row by row: while one is made nothing else runs."""
    pairs = rows.items() if isinstance(rows, dict) else rows
    return f"{{{','.join(f'{json.dumps(key)}:{json.dumps(row)}' for key, row in pairs)}}}"


def _replay(tables: Tables, line: str) -> None:
    """Take over what was written at once, all of it or nothing."""
    try:
        rows = [(str(table), str(key), value) for table, key, value in json.loads(line)]
    except RuntimeError, TypeError, ValueError:
        # The last line of a journal that a power cut ended.
        LOGGER.warning("A line of the journal cannot be read and is left out")
        return
    for table, key, value in rows:
        if value is None:
            tables.setdefault(table, {}).pop(key, None)
        else:
            tables.setdefault(table, {})[key] = value
