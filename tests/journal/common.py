"""What the tests of the journal share: its files, and a home that writes to it."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.smspilot.runtime.journal import Journal, Tables

ENTRY = "01JZZZZZZZZZZZZZZZZZZZZZZZ"


TEXT = "Протечка! ёЖ 🙂 \n\r\u2028"


class Home:
    """A journal and the tables of an account, as the account keeps both."""

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


async def after_kill(hass: HomeAssistant) -> Tables:
    """Return what the next start knows."""
    return await Home(hass).load()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*smspilot*"))


def trimmed(tables: Tables) -> Tables:
    return {name: rows for name, rows in tables.items() if rows}
