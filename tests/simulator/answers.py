"""What the service answers, before a format is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass

type Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The answer to `send`."""

    rows: list[Row]
    # balance, cost, server_packet_id
    head: Row
    # What the text format shows of a row.
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer to `check`."""

    rows: list[Row]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundList:
    """The answer to `inbound`."""

    rows: list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The answer to `cost` and `balance`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """The answer to no command at all."""

    values: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error."""

    code: int
    text: str
    text_ru: str
    extra: Mapping[str, str | int]


type Answer = Sent | Checked | InboundList | Value | Info | Refusal
