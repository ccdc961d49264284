"""What the document leaves open, as switches."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum


class UnknownIds(StrEnum):
    """How an id is answered that `check` does not know."""

    ROW = "row"
    MISSING = "missing"
    ERROR = "error"


class CodeStyle(StrEnum):
    """The type of `error.code` in JSON."""

    # As the examples have it: 111 is a string, the others are integers.
    DOCUMENT = "document"
    INT = "int"
    STR = "str"


class Facts(StrEnum):
    """Where the extra facts of HLRVIP stand."""

    FIELDS = "fields"
    KEY_VALUE = "key_value"
    JSON = "json"


class Pushes(StrEnum):
    """Whether pushes are made."""

    ON = "on"
    OFF = "off"
    # Kept until `flush_pushes`.
    HOLD = "hold"


@dataclass(slots=True, kw_only=True)
class Options:
    """Switches, each with the likeliest behaviour of the service as its default."""

    # Refusals
    strict_senders: bool = False
    refuse_mixed_alphabets: bool = True
    # Take a plus, brackets and the like out of a number instead of refusing it.
    lenient_phones: bool = False
    # As many bad numbers as good: rows, or one error.
    equal_counts_refused: bool = False
    # A refused list: are its good numbers sent all the same.
    refused_list_sends_good: bool = False
    no_money_code: int = 241
    duplicate_window: timedelta = timedelta(hours=1)
    max_parts: int = 10

    # Answers
    error_code: CodeStyle = CodeStyle.DOCUMENT
    error_fields: list[str] = field(default_factory=lambda: ["phone", "status", "ip"])
    # The client's address in errors; None is the true one.
    ip: str | None = None
    # Top-level attributes of a `send` answer left out, `server_packet_id` for one.
    omit: list[str] = field(default_factory=list)
    # PHP writes a slash as `\/` in JSON.
    escape_slashes: bool = True
    # `send` and `check` of one row as an object instead of a list.
    lone_object: bool = False
    # The sum of the rows need not be the cost.
    cost_extra: Decimal = Decimal(0)
    shuffle: bool = False
    unknown_ids: UnknownIds = UnknownIds.ROW
    unknown_ids_code: int = 303
    facts: Facts = Facts.FIELDS
    # Nobody says which zone `created`, `modified` and `date` are in.
    zone: timedelta = timedelta()

    # Inbound list
    new_marks_seen: bool = True
    since_inclusive: bool = False
    newest_first: bool = True
    inbound_seconds: bool = True
    # The document promises the prefix removed for the push only.
    list_keeps_prefix: bool = False
    inbound_limit: int | None = None

    # Pushes
    pushes: Pushes = Pushes.ON
    push_copies: int = 1
    push_delay: float = 0.0
    # The last status comes first, and those before it after it.
    push_reversed: bool = False
    # Nobody waits longer (section 2.1).
    push_timeout: float = 30.0
