"""Read single values as PHP writes them: anything may be a string, and anything may be missing.

A value that cannot be read is None (or an empty text), never an error: one odd field of a
response must not hide the rest of it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

type Json = Mapping[str, Any]

# How JSON writes a text or a number; `isinstance` is faster with a tuple than with a union.
_SCALARS = (str, int, float, Decimal)
# An exponent can make a few characters an amount of gigabytes.
_MAX_DIGITS = 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rows(value: Any) -> list[Any]:
    """Return the rows of a list, of a lone object, or none of nothing.

    Raise `TypeError` where there is something that is no list at all.
    """
    if value is None or value == "":
        return []
    if isinstance(value, Mapping):
        # PHP turns a list with gaps into an object of rows.
        nested = list(value.values())
        return nested if nested and all(isinstance(row, Mapping) for row in nested) else [value]
    if not isinstance(value, list):
        raise TypeError
    return value


def required(row: Json, key: str) -> str:
    """Return the text of a key that must be there, or raise `LookupError` or `TypeError`."""
    value = row[key]
    if not is_scalar(value):
        raise TypeError
    return whole(str(value))


def text(value: Any) -> str:
    """Return a string of a string or a number, and "" of anything else."""
    return whole(str(value)) if is_scalar(value) else ""


def optional(value: Any) -> str | None:
    """Return the text, or None where it is empty."""
    return text(value) or None


def whole(string: str) -> str:
    """Join or replace half an emoji, as escapes of JSON and of templates can spell it.

    Nobody could send or store one.
    """
    if string.isascii():
        return string
    return string.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def integer(value: Any) -> int | None:
    """Return the whole number, or None."""
    amount = money(value)
    return None if amount is None else int(amount)


def money(value: Any) -> Decimal | None:
    """Return an exact amount in RUB, or None."""
    if value is None or value == "" or not is_scalar(value):
        return None
    try:
        amount = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation:
        return None
    # The length of what is no number, NaN for one, cannot be asked for.
    return amount if amount.is_finite() and abs(amount.adjusted()) <= _MAX_DIGITS else None


def moment(value: Any) -> datetime | None:
    """Return an aware time, or None; the seconds may be missing, and no zone is UTC."""
    string = text(value).strip()
    # An empty column of MySQL's.
    if not string or string.startswith("0000"):
        return None
    try:
        if string.isdecimal():
            return _EPOCH + timedelta(seconds=int(string))
        time = datetime.fromisoformat(string)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    # A time beyond all years is an `OverflowError`.
    except OverflowError, ValueError:
        return None


def is_scalar(value: Any) -> bool:
    """Return whether it is a text or a number."""
    return isinstance(value, _SCALARS) and not isinstance(value, bool)
