"""What the document leaves open, as switches."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from .choices import (
    CodeStyle,
    DateHeader,
    Facts,
    Ids,
    Kept,
    LatePrice,
    ListedNumbers,
    Numbers,
    OddRow,
    PseudoSenders,
    PushBody,
    Pushes,
    Stored,
    UnknownIds,
)


@dataclass(slots=True, kw_only=True)
class Options:
    """Switches, each with the likeliest behaviour of the service as its default."""

    # Refusals
    strict_senders: bool = False
    # Whether `sender_orig` shows a replaced sender.
    replaced_sender_shown: bool = True
    refuse_mixed_alphabets: bool = True
    # Take a plus, brackets and the like out of a number instead of refusing it.
    lenient_phones: bool = False
    # As many bad numbers as good: rows, or one error.
    equal_counts_refused: bool = False
    # A refused list: are its good numbers sent all the same.
    refused_list_sends_good: bool = False
    no_money_code: int = 241
    # `account.duplicate_guard` is off by default; this is how it works where it is on.
    duplicate_window: timedelta = timedelta(hours=1)
    duplicate_guards_calls: bool = False
    # One duplicate refuses the whole list, not its own row.
    duplicate_refuses_list: bool = False
    max_parts: int = 10
    # Whether templates, and senders, are looked at where nothing is sent.
    cost_checks_texts: bool = True
    cost_checks_senders: bool = True
    test_checks_texts: bool = True

    # Answers
    answer_delay: float = 0.0
    error_code: CodeStyle = CodeStyle.DOCUMENT
    # Without `phone` no refusal names a number.
    error_fields: list[str] = field(default_factory=lambda: ["phone", "status", "ip"])
    # The error of a refused text names its first number.
    text_errors_name_phone: bool = True
    # The client's address in errors; None is the true one.
    ip: str | None = None
    # Top-level attributes of a `send` answer left out, `server_packet_id` for one.
    omit: list[str] = field(default_factory=list)
    # PHP writes a slash as `\/` in JSON.
    escape_slashes: bool = True
    # `send` and `check` of one row as an object instead of a list; and `inbound`.
    lone_object: bool = False
    lone_inbound: bool = False
    # Numbers in JSON instead of strings, ids and phones too.
    json_numbers: bool = False
    # A pattern for each figure of `send` and `check` that is written oddly, `{}` being the true
    # one: {"price": "{} RUB", "cost": "N/A"}. {"error": "none"} is written without an error too.
    figures: dict[str, str] = field(default_factory=dict)
    # The same for the account and its balance: {"date": "0000-00-00"}.
    account_figures: dict[str, str] = field(default_factory=dict)
    # A row beside the good ones of every list.
    odd_row: OddRow | None = None
    rows_twice: bool = False
    # Each accepted number of a `send` once more, refused as its own duplicate (214).
    refused_again: bool = False
    # The sum of the rows need not be the cost.
    cost_extra: Decimal = Decimal(0)
    late_price: LatePrice = LatePrice.NO
    # Money comes back for what was undelivered too, not only for what failed.
    refund_undelivered: bool = False
    shuffle: bool = False
    facts: Facts = Facts.FIELDS
    date_header: DateHeader = DateHeader.TRUE

    # What is shown of a message
    stored: Stored = Stored.AS_SENT
    # The `message` of a finished number check is its result.
    check_shows_result: bool = True
    numbers: Numbers = Numbers.PLAIN
    listed_numbers: ListedNumbers = ListedNumbers.AS_ELSEWHERE
    pseudo_senders: PseudoSenders = PseudoSenders.AS_SENT
    server_ids: Ids = Ids.GROWING
    # The zone of `created`, `modified` and `date` is not documented.
    zone: timedelta = timedelta()
    check_seconds: bool = True

    # The list of `check`
    unknown_ids: UnknownIds = UnknownIds.ROW
    unknown_ids_code: int = 303
    # Whether `recent` and `all` show messages that wait for their time.
    check_lists_scheduled: bool = True
    # So long after its creation a message appears in `recent`, `all` and `packet`.
    check_lag: timedelta = timedelta()
    # Only each so many-th is late, so that it stands behind newer ones.
    check_lag_every: int = 1
    # A late message is not found by its id either.
    check_lag_ids: bool = False
    check_newest_first: bool = True
    check_limit: int | None = None
    check_kept: Kept = Kept.FIRST

    # Inbound list
    new_marks_seen: bool = True
    # Whatever is listed is seen.
    any_list_marks_seen: bool = False
    since_inclusive: bool = False
    newest_first: bool = True
    inbound_shuffle: bool = False
    inbound_seconds: bool = True
    # The document promises the prefix removed for the push only.
    list_keeps_prefix: bool = False
    inbound_stored: Stored = Stored.AS_SENT
    inbound_numbers: Numbers = Numbers.PLAIN
    inbound_ids: Ids = Ids.GROWING
    inbound_lag: timedelta = timedelta()
    inbound_lag_every: int = 1
    inbound_limit: int | None = None
    inbound_kept: Kept = Kept.FIRST

    # Pushes
    pushes: Pushes = Pushes.ON
    push_copies: int = 1
    push_delay: float = 0.0
    # The last status comes first, and those before it after it.
    push_reversed: bool = False
    push_body: PushBody = PushBody.FORM
    # Unknown fields, or known ones with unusual values: {"user_id": "?"}.
    push_extra: dict[str, str] = field(default_factory=dict)
    # The service waits no longer for a response to its push (section 2.1).
    push_timeout: float = 30.0


__all__ = ["CodeStyle", "Facts", "Options", "Pushes", "UnknownIds"]
