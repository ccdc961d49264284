"""What survives a restart, even kill -9: a snapshot, and a journal of what came after it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import STORAGE_DIR, Store

from .const import DOMAIN, LOGGER

VERSION: Final = 1
# The journal is folded into the snapshot at this size: a year of a busy home writes few.
COMPACT_AT: Final = 256 * 1024

type Table = dict[str, Any]
type Tables = dict[str, Table]


class Ledger:
    """Tables of an account, kept as JSON values by name and key.

    `write` only remembers; `flush` returns when all that was remembered lies with the operating
    system. Whoever flushes at the same time shares one write.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Know where the files are, and read nothing yet."""
        self._hass = hass
        self._store: Store[Tables] = Store(hass, VERSION, f"{DOMAIN}.{entry_id}")
        self._path = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.journal"))
        self._lines: list[str] = []
        self._lock = asyncio.Lock()
        self._written = 0
        self._size = 0
        self.snapshot: Callable[[], Tables] = dict

    async def load(self) -> Tables:
        """Return the tables; what cannot be read is set aside, never lost and never fatal."""
        tables = await self._load_snapshot()
        lines = await self._hass.async_add_executor_job(_read_lines, self._path)
        self._size = sum(map(len, lines))
        for line in filter(None, lines):
            try:
                table, key, value = json.loads(line)
                rows = tables.setdefault(table, {})
            except ValueError, TypeError, RecursionError:
                # The last line of a journal that a power cut ended.
                LOGGER.warning("A line of the journal cannot be read and is left out")
                continue
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
        return tables

    def write(self, table: str, key: str, value: Any) -> None:
        """Remember a value, or with None that it is gone."""
        self._lines.append(json.dumps([table, key, value], ensure_ascii=False))

    async def flush(self) -> None:
        """Return when everything written so far survives a kill of the process."""
        mine = self._written + len(self._lines)
        async with self._lock:
            if self._written >= mine or not self._lines:
                return
            lines, self._lines = self._lines, []
            # A line that a kill cut short ends where the next one begins.
            data = "\n".join(["", *lines])
            await self._hass.async_add_executor_job(_append, self._path, data)
            self._written += len(lines)
            self._size += len(data)
            if self._size > COMPACT_AT:
                await self._compact()

    async def close(self) -> None:
        """Fold the journal into the snapshot."""
        async with self._lock:
            await self._compact()

    async def remove(self) -> None:
        """Leave no file behind."""
        async with self._lock:
            await self._store.async_remove()
            await self._hass.async_add_executor_job(_unlink, self._path)

    async def _compact(self) -> None:
        # Between the two steps the journal repeats what the snapshot says: it replays the same.
        self._written += len(self._lines)
        self._lines.clear()
        await self._store.async_save(self.snapshot())
        await self._hass.async_add_executor_job(_unlink, self._path)
        self._size = 0

    async def _load_snapshot(self) -> Tables:
        try:
            data = await self._store.async_load()
        except (HomeAssistantError, AttributeError, LookupError, TypeError, ValueError) as err:
            LOGGER.warning("The stored state cannot be read (%s)", type(err).__name__)
            data = None
            await self._set_aside()
        if data is None:
            return {}
        if not isinstance(data, dict) or not all(isinstance(t, dict) for t in data.values()):
            LOGGER.warning("The stored state has another form than expected")
            await self._set_aside()
            return {}
        return data

    async def _set_aside(self) -> None:
        path = Path(self._store.path)
        aside = path.with_name(f"{path.name}.damaged.{datetime.now(UTC):%Y%m%dT%H%M%S}")
        await self._hass.async_add_executor_job(_move, path, aside)
        LOGGER.warning("It is kept as %s, and the account starts without it", aside.name)


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return []


def _append(path: Path, data: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(data)


def _move(path: Path, aside: Path) -> None:
    if path.exists():
        path.rename(aside)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
