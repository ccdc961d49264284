"""Rows in JSON, as odd as the options want them."""

import re
from typing import Any, Final

from .answers import Row
from .choices import OddRow
from .otherwise import odd_row, with_figures
from .state import State

# The id of a message that was neither sent nor received here.
_STRAY_SENT: Final[Row] = {
    "server_id": "999000001",
    "phone": "79000000000",
    "price": "0.00",
    "status": "0",
    "sender": "INFORM",
    "message": "?",
    "created": "2026-01-01 00:00:00",
}
_STRAY_INBOUND: Final[Row] = {
    "id": "999000002",
    "phone": "79000000000",
    "num": "79533984570",
    "text": "?",
    "created": "2026-01-01 00:00:00",
    "seen": "1",
}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
# A row with these is a message like others.
_HARMLESS: Final = frozenset({OddRow.NO_STATUS, OddRow.ODD_STATUS})


def message_rows(state: State, rows: list[Row]) -> object:
    """Return the rows of `send` and `check` as JSON values."""
    options = state.options
    shown = [with_figures(each, options.figures) for each in rows]
    listed = [_shown(state, each, "server_id", state.odd_rows) for each in shown]
    if options.odd_row is not None:
        listed.insert(0, odd_row(_STRAY_SENT, options.odd_row))
    return _listed(state, listed, lone=options.lone_object)


def inbound_rows(state: State, rows: list[Row]) -> object:
    """Return the rows of `inbound` as JSON values."""
    options = state.options
    listed = [_shown(state, each, "id", state.odd_inbound) for each in rows]
    if options.odd_row is not None and options.odd_row not in _HARMLESS:
        listed.insert(0, odd_row(_STRAY_INBOUND, options.odd_row))
    return _listed(state, listed, lone=options.lone_inbound)


def head(state: State, values: Row) -> dict[str, Any]:
    """Return what stands beside the rows of `send`."""
    return _numbers(state, with_figures(values, state.options.figures))


def account_values(state: State, values: Row) -> dict[str, Any]:
    """Return the fields of an account as they are shown."""
    return _numbers(state, with_figures(values, state.options.account_figures))


def _shown(state: State, row: Row, name: str, odd: dict[int, OddRow]) -> object:
    how = odd.get(int(row.get(name) or 0))
    return _numbers(state, row) if how is None else odd_row(row, how)


def _numbers(state: State, row: Row) -> dict[str, Any]:
    if not state.options.json_numbers:
        return dict(row)
    return {name: _number(value) for name, value in row.items()}


def _number(value: str) -> Any:
    if not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


def _listed(state: State, rows: list[object], *, lone: bool) -> object:
    if state.options.rows_twice:
        rows = [each for each in rows for _ in range(2)]
    return rows[0] if lone and len(rows) == 1 else rows
