"""What an account keeps in its journal: a clean stop forgets none of it."""

import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import DOMAIN
from custom_components.smspilot.runtime.journal import Journal

from ..common import MAMA, PAPA, Clock, act, add_account, person, restart, write
from ..simulator.simulator import Simulator


async def stored_at_stop(
    hass: HomeAssistant, entry: MockConfigEntry, clock: Clock
) -> dict[tuple[str, str], Any]:
    """Stop the account; return what its snapshot has, by table and key."""
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    snapshot = Path(hass.config.path(".storage")) / f"{DOMAIN}.{entry.entry_id}"
    _head, *lines = snapshot.read_text().splitlines()
    return {(table, key): value for table, key, value in map(json.loads, lines)}


@pytest.mark.usefixtures("_webhook_server")
async def test_each_table_survives_a_stop(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each table that is written is in the snapshot, and what was restored is stored again."""
    written: set[str] = set()
    put = Journal.put

    def noting_put(self: Journal, table: str, key: str, value: Any) -> None:
        written.add(table)
        put(self, table, key, value)

    monkeypatch.setattr(Journal, "put", noting_put)
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA), person("Мама", MAMA)])
    await clock.advance(1)
    await act(hass, "send_sms", phones=["Папа"], message="Протечка!")
    await act(hass, "send_sms", phones=["Мама"], message="Топить?", two_way=True)
    await write(simulator, PAPA, "5671 раз")
    await clock.settle()
    inbox = simulator.fault("html", command="inbound", times=1000)
    await write(simulator, PAPA, "5671 два")
    await clock.settle()
    first = await stored_at_stop(hass, entry, clock)
    tables = {table for table, _key in first}
    assert {"messages", "orders", "questions", "known", "pushes", "push_monitor"} <= tables
    assert written - tables <= {"publishing"}
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.settle()
    again = await stored_at_stop(hass, entry, clock)
    assert first.keys() - again.keys() == set()
    inbox.release()


@pytest.mark.usefixtures("_webhook_server")
async def test_proven_address_survives_a_stop(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An address that pushes have proven is proven after a restart: the list is read seldom."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await clock.advance(1)
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(2)
    for _ in range(2):
        await restart(hass, entry, clock)
        await clock.advance(2)
        simulator.requests.clear()
        for _ in range(10):
            await clock.advance(61)
        assert simulator.calls("inbound") == []
