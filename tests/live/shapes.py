"""How values look, and nothing of what they say."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
import re
from typing import Any, Final

UNSEEN: Final = "too little there to see it"


def figure(value: Any) -> str:
    """Return the shape of a figure: `20 006.97 RUB` is `9 9.9 a`."""
    text = str(value)
    return re.sub(r"[^\W\d]+", "a", re.sub(r"\d+", "9", text))[:20] if text else "empty"


def code(value: Any) -> str:
    """Return a code or a status: a small number, or what it is instead."""
    text = "" if value is None else str(value)
    return text if re.fullmatch(r"-?\d{1,4}", text) else "no number" if text else "nothing"


def date(value: Any) -> str:
    """Return the shape of a date: `9999-99-99 99:99`."""
    text = str(value)
    if not text or text.startswith("0000"):
        return "empty" if not text else "0000-00-00"
    return re.sub(r"[^\W\d]", "a", re.sub(r"\d", "9", text))[:30]


def moment(value: Any) -> datetime | None:
    """Return a time that can be read."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time.replace(tzinfo=time.tzinfo or UTC)


def number(value: Any) -> str:
    """Return how a phone number is written."""
    text = str(value)
    if not text:
        return "empty"
    if "*" in text:
        return "masked"
    if re.search(r"[^\W\d_]", text):
        return "a word"
    for shape, words in (
        (r"7\d{10}", "7 and ten digits"),
        (r"8\d{10}", "8 and ten digits"),
        (r"\+\d+", "a plus and digits"),
        (r"\d{10}", "ten digits"),
        (r"\d+", "other digits"),
    ):
        if re.fullmatch(shape, text):
            return words
    return "with spaces or brackets"


def all_of(words: Iterable[str]) -> str:
    """Return what is seen, each once; what is usual in a list comes first."""
    seen = list(words)
    return "; ".join(sorted(set(seen), key=lambda each: (-seen.count(each), each))) or UNSEEN


def order[T](rows: Sequence[T], place: Callable[[T], Any]) -> str:
    """Return how rows are sorted."""
    steps = {
        (after > before) - (after < before)
        for before, after in pairwise(map(place, rows))
        if after != before
    }
    return {(1,): "oldest first", (-1,): "newest first", (-1, 1): "in no order"}.get(
        tuple(sorted(steps)), UNSEEN
    )


def growth(rows: Iterable[tuple[datetime | None, str]]) -> str:
    """Return whether ids grow with time, by rows of another time each."""
    by_time = {time: int(name) for time, name in rows if time and name.isdecimal()}
    ids = [by_time[time] for time in sorted(by_time)]
    if len(ids) < 3:
        return UNSEEN
    grows = {after > before for before, after in pairwise(ids)}
    if len(grows) > 1:
        return "in no order"
    return "they grow" if grows.pop() else "they fall"


def kinds(values: Iterable[Any]) -> str:
    """Return the JSON types of values."""
    names = {str: "text", int: "numbers", float: "numbers", type(None): "null"}
    return " and ".join(sorted({names.get(type(each), "other") for each in values})) or UNSEEN


def names(found: Iterable[str], expected: Iterable[str]) -> str:
    """Return which attributes are missing, and which are unknown."""
    got, wanted = set(found), set(expected)
    unknown = sorted(each for each in got - wanted if re.fullmatch(r"[a-z_]{1,24}", each))
    odd = len(got - wanted) - len(unknown)
    parts = [
        f"without {', '.join(sorted(wanted - got))}" if wanted - got else "",
        f"also {', '.join(unknown)}" if unknown else "",
        f"{odd} odd names" if odd else "",
    ]
    return "; ".join(filter(None, parts)) or "the document's"


def age(seconds: float) -> str:
    """Return a time span in the largest unit that fits."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
