"""The switches of the service that its document leaves open, each with its values."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from tests.simulator import (
    CodeStyle,
    DateHeader,
    Facts,
    Ids,
    Kept,
    LatePrice,
    Numbers,
    OddRow,
    PseudoSenders,
    PushBody,
    Simulator,
    Stored,
    UnknownIds,
)

type Switches = Mapping[str, Any]
# The index of a value for each dimension; dimensions that are not named have the likeliest one.
type Picture = Mapping[str, int]

_MINUTES: Final = timedelta(minutes=1)


def _each(name: str, values: Any) -> tuple[Switches, ...]:
    return tuple({name: value} for value in values)


def _switch(name: str, value: Any = True) -> tuple[Switches, ...]:
    return ({}, {name: value})


# The likeliest value of each stands first. `account.` is a setting of the cabinet, `clock` the
# service's clock against the home's, in seconds.
DIMENSIONS: Final[Mapping[str, tuple[Switches, ...]]] = {
    "stored": _each("stored", Stored),
    "inbound_stored": _each("inbound_stored", Stored),
    "check_shows_result": _each("check_shows_result", (True, False)),
    "numbers": _each("numbers", Numbers),
    "inbound_numbers": _each("inbound_numbers", Numbers),
    "pseudo_senders": _each("pseudo_senders", PseudoSenders),
    "replaced_sender_shown": _switch("replaced_sender_shown", value=False),
    "server_ids": _each("server_ids", Ids),
    "inbound_ids": _each("inbound_ids", Ids),
    "check_lag": (
        {},
        {"check_lag": timedelta(seconds=5)},
        {"check_lag": timedelta(seconds=30), "check_lag_every": 2},
    ),
    "inbound_lag": (
        {},
        {"inbound_lag": 2 * _MINUTES},
        {"inbound_lag": 11 * _MINUTES, "inbound_lag_every": 2},
        {"inbound_lag": 60 * _MINUTES},
    ),
    "inbound_cap": (
        {},
        {"inbound_limit": 6, "inbound_kept": Kept.NEWEST},
        {"inbound_limit": 6, "inbound_kept": Kept.OLDEST},
    ),
    "check_lists_scheduled": _switch("check_lists_scheduled", value=False),
    "check_order": ({}, {"check_newest_first": False}, {"shuffle": True}),
    "inbound_order": ({}, {"newest_first": False}, {"inbound_shuffle": True}),
    "since_inclusive": _switch("since_inclusive"),
    "inbound_seconds": _switch("inbound_seconds", value=False),
    "check_seconds": _switch("check_seconds", value=False),
    "zone": ({}, {"zone": timedelta(hours=3)}, {"zone": timedelta(hours=-5)}),
    "list_keeps_prefix": _switch("list_keeps_prefix"),
    "seen": ({}, {"new_marks_seen": False}, {"any_list_marks_seen": True}),
    "odd_row": ({}, *_each("odd_row", OddRow)),
    "rows_twice": _switch("rows_twice"),
    "lone_object": ({}, {"lone_object": True, "lone_inbound": True}),
    "json_numbers": _switch("json_numbers"),
    "refused_again": _switch("refused_again"),
    "figures": (
        {},
        {"figures": {"price": "{} RUB", "cost": "{} р.", "balance": "{} RUB"}},
        {"figures": {"price": "N/A", "cost": "N/A", "balance": "N/A"}},
        {"figures": {"error": "none"}},
        {"account_figures": {"date": "0000-00-00", "tariff_id": "?"}},
    ),
    "omit": ({}, {"omit": ["server_packet_id"]}, {"omit": ["cost", "balance"]}),
    "late_price": _each("late_price", LatePrice),
    "refund_undelivered": _switch("refund_undelivered"),
    "unknown_ids": (*_each("unknown_ids", UnknownIds),),
    "error_code": _each("error_code", CodeStyle),
    "error_fields": _switch("error_fields", value=[]),
    "text_errors_name_phone": _switch("text_errors_name_phone", value=False),
    "no_money_code": _switch("no_money_code", 112),
    "equal_counts_refused": _switch("equal_counts_refused"),
    "refused_list_sends_good": _switch("refused_list_sends_good"),
    "duplicate_guard": (
        {},
        {"account.duplicate_guard": True},
        {"account.duplicate_guard": True, "duplicate_refuses_list": True},
        {"account.duplicate_guard": True, "duplicate_guards_calls": True},
    ),
    "cost_checks": ({}, {"cost_checks_texts": False, "cost_checks_senders": False}),
    "facts": _each("facts", Facts),
    "answer_delay": ({}, {"answer_delay": 2.0}, {"answer_delay": 40.0}),
    "date_header": _each("date_header", DateHeader),
    "clock": ({}, {"clock": -90.0}, {"clock": 3600.0}),
    "push_body": _each("push_body", PushBody),
    "push_extra": _switch("push_extra", {"user_id": "?", "odd": "1"}),
}
# Switches of the simulator that no picture has, with the reason.
LEFT_OUT: Final[Mapping[str, str]] = {
    "check_limit": "the document pages through the whole list; that it ends before is seen only"
    " once it lacks a message of ours",
    "check_kept": "there is no limit",
    "check_lag_ids": "what is not found by its id for long is given up",
    "strict_senders": "the document says that unknown senders are replaced",
    "refuse_mixed_alphabets": "the table of errors has 248",
    "lenient_phones": "numbers are sent as the document asks for them",
    "duplicate_window": "another setting of the cabinet",
    "max_parts": "texts of histories are short",
    "test_checks_texts": "test messages are in no record",
    "ip": "the integration does not read it",
    "escape_slashes": "JSON is JSON",
    "cost_extra": "what is paid could not be known from the rows",
    "unknown_ids_code": "each is an error",
    "listed_numbers": "what is lost then stays in doubt, and the card has no numbers to sort by",
    "pushes": "histories turn them off and on",
    "push_copies": "histories change it",
    "push_delay": "histories change it",
    "push_reversed": "histories change it",
    "push_timeout": "histories have no slow home",
}


def switches(picture: Picture) -> dict[str, Any]:
    """Return the switches of a world."""
    return {
        name: value
        for dimension, index in picture.items()
        for name, value in DIMENSIONS[dimension][index].items()
    }


def described(picture: Picture) -> str:
    """Return a world in words: the switches that do not have their likeliest value."""
    found = switches({name: index for name, index in picture.items() if index})
    return ", ".join(f"{name}={value!s}" for name, value in found.items()) or "the likeliest"


def live_in(sim: Simulator, picture: Picture) -> None:
    """Set the service's switches as the picture says."""
    for name, value in switches(picture).items():
        if name == "clock":
            continue
        place, _, last = name.rpartition(".")
        setattr(sim.account if place else sim.options, last, value)
