"""Parse single values as PHP writes them: any value may be a string, and any may be missing.

A value that cannot be parsed is None (or an empty text), never an error: one malformed
field must not make the whole response unreadable.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

type Json = Mapping[str, Any]

# The types of a text or a number in JSON; `isinstance` is faster with a tuple than with a union.
_SCALARS = (str, int, float, Decimal)
# An integer of a large exponent, "1e999999999", would take gigabytes.
_MAX_DIGITS = 18
_MAX_PRICE = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rows(value: Any) -> list[Any]:
    """Return a list's rows, a lone object as one row, and no rows for null or an empty text.

    Raises `TypeError` for any other value.
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
    """Return the text under a key; raise `LookupError` or `TypeError` where there is none."""
    value = row[key]
    if not is_scalar(value):
        raise TypeError
    return without_lone_surrogates(str(value))


def text(value: Any) -> str:
    """Return a text or a number as text, and "" for anything else."""
    return without_lone_surrogates(str(value)) if is_scalar(value) else ""


def optional(value: Any) -> str | None:
    """Return the text, or None where it is empty."""
    return None if value is None else text(value) or None


def without_lone_surrogates(string: str) -> str:
    """Join surrogate pairs and replace lone surrogates, which UTF-8 cannot encode.

    Escapes of JSON and of templates can spell an emoji, or half of one, as surrogates.
    """
    if string.isascii():
        return string
    return string.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def identifier(value: Any) -> str:
    """Return an id as text, and "" for 0 and for what is no id.

    The same id may be written as 54321, "54321", " 54321 ", 54321.0 or "054321".
    """
    string = text(value).strip()
    if string.isascii() and string.isdecimal() and string[0] != "0":
        return string
    number = _decimal(string)
    if number is None or number != int(number):
        return string
    return str(int(number)) if number else ""


def integer(value: Any) -> int | None:
    """Return the whole number, or None."""
    amount = money(value)
    return None if amount is None else int(amount)


def money(value: Any) -> Decimal | None:
    """Return an exact amount in RUB, or None."""
    if value is None or value == "" or not is_scalar(value):
        return None
    return _decimal(str(value))


def price(value: Any) -> Decimal | None:
    """Return what something costs, in RUB, or None where no price is like that.

    A negative or absurd one would open a budget that it is counted against, or use it up.
    """
    amount = money(value)
    return None if amount is None or not 0 <= amount < _MAX_PRICE else amount


@lru_cache(maxsize=1024)
def _decimal(string: str) -> Decimal | None:
    """Return the same object for the same price, of which thousands may be kept."""
    try:
        amount = Decimal(string.strip().replace(",", "."))
    except InvalidOperation:
        return None
    # `adjusted` is 0 for NaN and infinity, so `is_finite` comes first.
    return amount if amount.is_finite() and abs(amount.adjusted()) <= _MAX_DIGITS else None


def moment(value: Any) -> datetime | None:
    """Return an aware time in UTC, or None; without a zone the text is taken as UTC."""
    string = text(value).strip()
    # MySQL writes an empty column as zeros.
    if not string or string.startswith("0000"):
        return None
    try:
        if string.isdecimal():
            return _EPOCH + timedelta(seconds=int(string))
        time = datetime.fromisoformat(string)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError, ValueError:
        return None


def is_scalar(value: Any) -> bool:
    """Return whether a JSON value is a text or a number."""
    return isinstance(value, _SCALARS) and not isinstance(value, bool)
