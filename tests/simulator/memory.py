"""Keep the state in a file over a restart."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
import json
from pathlib import Path
import time
from typing import TYPE_CHECKING, Any, Final

from .choices import OddRow
from .codec import from_json, to_json
from .model import Account, Inbound, Kind, Message, Order, Phone
from .options import Options

if TYPE_CHECKING:
    from .simulator import Simulator
    from .state import State

# Long enough to write once for a burst, short enough to lose little.
_PAUSE: Final = 0.2
# A large state takes long to write: most of the time is left for work.
_REST: Final = 10
_KEPT: Final = frozenset({"account", "phone", "message", "inbound", "settings"})


def dump(state: State) -> dict[str, Any]:
    """Return what survives a restart."""
    return {
        "accounts": list(state.accounts.values()),
        "phones": list(state.phones.values()),
        "messages": list(state.messages.values()),
        "inbox": state.inbox,
        "orders": state.orders,
        "options": state.options,
        "prices": state.prices,
        "clock_offset": state.clock_offset,
        "next_server_id": state.next_server_id,
        "next_inbound_id": state.next_inbound_id,
        "odd_rows": state.odd_rows,
        "odd_inbound": state.odd_inbound,
    }


def load(state: State, values: Mapping[str, Any]) -> None:
    """Bring back what was dumped."""
    state.accounts.clear()
    for account in from_json(list[Account], values["accounts"]):
        state.accounts[account.id] = account
    for phone in from_json(list[Phone], values["phones"]):
        state.phones[phone.number] = phone
    for message in from_json(list[Message], values["messages"]):
        state.store(message)
    for inbound in from_json(list[Inbound], values["inbox"]):
        state.keep_inbound(inbound)
    state.orders.extend(from_json(list[Order], values["orders"]))
    state.options = from_json(Options, values["options"])
    for kind, of_kind in values["prices"].items():
        state.prices[Kind(kind)] = {name: Decimal(each) for name, each in of_kind.items()}
    state.clock_offset = timedelta(seconds=values["clock_offset"])
    state.next_server_id = values["next_server_id"]
    state.next_inbound_id = values["next_inbound_id"]
    state.odd_rows = {int(key): OddRow(how) for key, how in values["odd_rows"].items()}
    state.odd_inbound = {int(key): OddRow(how) for key, how in values["odd_inbound"].items()}


class Memory:
    """A file that follows the state."""

    def __init__(self, sim: Simulator, path: Path) -> None:
        """Read the file, if there is one, and listen for changes."""
        self._sim = sim
        self._path = path
        self._pause = _PAUSE
        self._timer: asyncio.TimerHandle | None = None
        if path.exists():
            load(sim, json.loads(path.read_text("utf-8")))
        sim.changed.connect(self._changed)

    def save(self) -> None:
        """Write the file, whole or not at all."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        start = time.perf_counter()
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(to_json(dump(self._sim)), ensure_ascii=False), "utf-8")
        fresh.replace(self._path)
        self._pause = max(_PAUSE, _REST * (time.perf_counter() - start))

    def _changed(self, topic: str, _: object) -> None:
        if topic in _KEPT and self._timer is None and self._sim.started:
            self._timer = asyncio.get_running_loop().call_later(self._pause, self.save)
