"""The files of a journal: a snapshot, and the lines that were added since."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from operator import index
import os
from pathlib import Path
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.json import json_bytes
from homeassistant.util.file import write_utf8_file_atomic
from homeassistant.util.json import json_loads_array, json_loads_object

from ..const import LOGGER
from .cooperative import thread_slices

VERSION: Final = 3
# Both files hold private texts and numbers.
FILE_MODE: Final = 0o600

type Table = dict[str, Any]
type Tables = dict[str, Table]
# A table's rows may be an iterator, which is then consumed in the journal's thread.
type Snapshot = Mapping[str, Table | Iterable[tuple[str, Any]]]


class JournalFiles:
    """The files of a journal; every method blocks.

    Each line has a number, and the snapshot that of the last line before it. So a journal that a
    kill left beside a newer snapshot changes nothing, whatever of it survived.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._snapshot = folder / name
        self._journal = folder / f"{name}.journal"
        self._open: int | None = None
        # Of the last line.
        self._number = 0
        # Whether the folder must be synced, for the journal's name to survive a power cut.
        self._is_new = False
        # Whether a file could neither be read nor renamed: it must not be overwritten.
        self._is_locked = False
        self.snapshot_size = self.journal_size = 0

    def load(self) -> Tables:
        """Return the tables, and fold the journal into the snapshot."""
        tables = self._load_snapshot()
        try:
            lines = self._journal.read_bytes().split(b"\n")
        except FileNotFoundError:
            return tables
        except OSError as err:
            self._set_aside(self._journal, err)
            return tables
        folded = self._number
        for line in thread_slices(lines):
            # A power cut may leave zeros in a block that was allocated and not written.
            if line := line.strip(b"\0"):
                self._number = max(self._number, _replay(tables, line, folded))
        try:
            self.replace(tables)
        except (HomeAssistantError, OSError) as err:
            LOGGER.error("The journal cannot be folded (%s)", type(err).__name__)
        return tables

    def append(self, rows: bytes) -> None:
        """Add a line to the journal: JSON of rows, with commas between them.

        Line breaks before and after it separate it from the remains of a line that a power cut
        left half written. The file stays open: while the event loop is busy, a thread waits for
        the interpreter after each system call.
        """
        self._refuse_if_locked()
        if self._open is None:
            self._folder.mkdir(exist_ok=True)
            self._is_new = self._is_new or not self._journal.exists()
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._open = os.open(self._journal, flags, FILE_MODE)
        self._number += 1
        data = b"\n[%d,%b]\n" % (self._number, rows)
        self.journal_size += len(data)
        while data:
            data = data[os.write(self._open, data) :]

    def sync(self) -> None:
        """Sync the lines added before to the disk; may run in another thread than `append`."""
        try:
            file = os.open(self._journal, os.O_RDONLY)
        except FileNotFoundError:
            # It was folded meanwhile, and the snapshot is synced before the journal is deleted.
            return
        try:
            os.fdatasync(file)
        finally:
            os.close(file)
        if self._is_new:
            self._is_new = False
            self._sync_folder()

    def replace(self, snapshot: Snapshot) -> None:
        """Write and sync the snapshot, then delete the journal."""
        self._refuse_if_locked()
        lines, count = bytearray(), 0
        for name, rows in snapshot.items():
            for key, row in thread_slices(rows.items() if isinstance(rows, dict) else rows):
                lines += b"\n" + json_bytes([name, key, row])
                count += 1
        head = {"version": VERSION, "rows": count, "line": self._number}
        data = json_bytes(head) + lines
        self.snapshot_size = len(data)
        self._folder.mkdir(exist_ok=True)
        write_utf8_file_atomic(str(self._snapshot), data, private=True, mode="wb")
        self._close()
        self._journal.unlink(missing_ok=True)
        self.journal_size = 0

    def remove(self) -> None:
        """Delete all files, also those that were set aside."""
        self._close()
        for path in self._folder.glob(f"{self._snapshot.name}*"):
            path.unlink()

    def _close(self) -> None:
        if self._open is not None:
            os.close(self._open)
            self._open = None

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _load_snapshot(self) -> Tables:
        try:
            first, *lines = self._snapshot.read_bytes().split(b"\n")
            head: dict[str, Any] = json_loads_object(first)
            tables, self._number = _tables(head, lines), int(head["line"])
        except FileNotFoundError:
            return {}
        except (AttributeError, LookupError, OSError, TypeError, ValueError) as err:
            self._set_aside(self._snapshot, err)
            return {}
        return tables

    def _set_aside(self, path: Path, err: Exception) -> None:
        """Rename a file that cannot be read, so that it is not overwritten."""
        aside = path.with_name(f"{path.name}.damaged.{datetime.now(UTC):%Y%m%dT%H%M%S}")
        try:
            path.rename(aside)
        except OSError:
            self._is_locked = True
            LOGGER.error(
                "The stored state cannot be read (%s) nor set aside; nothing is written until the"
                " next start, which would forget what happens now",
                type(err).__name__,
            )
            return
        LOGGER.warning(
            "The stored state cannot be read (%s); it is kept as %s, and the account starts"
            " without it",
            type(err).__name__,
            aside.name,
        )

    def _refuse_if_locked(self) -> None:
        if self._is_locked:
            msg = "A file that cannot be read must not be overwritten"
            raise OSError(msg)


def stored_time(value: Any) -> datetime:
    """Parse a stored time; raise `ValueError` where it is not in UTC, as all stored ones are."""
    time = datetime.fromisoformat(value)
    if time.utcoffset() != timedelta(0):
        raise ValueError
    return time


def _tables(head: Any, lines: list[bytes]) -> Tables:
    """Return a snapshot's tables; parsed row by row, because parsing holds the interpreter."""
    if (head["version"], head["rows"]) != (VERSION, len(lines)):
        raise ValueError
    tables: Tables = {}
    for name, key, value in thread_slices(map(json_loads_array, lines)):
        tables.setdefault(str(name), {})[str(key)] = value
    return tables


def _replay(tables: Tables, line: bytes, folded: int) -> int:
    """Apply a line of the journal to the tables, all of its changes or none; return its number.

    One up to the number `folded` is part of the snapshot already. An unreadable one returns 0.
    """
    try:
        parsed: list[Any] = json_loads_array(line)
        number, *found = parsed
        rows = [(str(table), str(key), value) for table, key, value in found]
        number = index(number)
    except TypeError, ValueError:
        # A power cut leaves the last line incomplete.
        LOGGER.warning("A line of the journal cannot be read and is left out")
        return 0
    for table, key, value in rows if number > folded else ():
        if value is None:
            tables.setdefault(table, {}).pop(key, None)
        else:
            tables.setdefault(table, {})[key] = value
    return number
