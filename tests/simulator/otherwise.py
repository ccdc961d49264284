"""How texts, numbers, ids and rows look where they are not shown as one would expect."""

from collections.abc import Callable, Mapping
from html import escape
import re
from typing import Final

from .answers import Row
from .choices import Ids, ListedNumbers, Numbers, OddRow, Stored

# Beyond the basic plane: what a database without utf8mb4 cannot keep.
_ASTRAL: Final = re.compile(r"[\U00010000-\U0010ffff]")
_EMOJI: Final = re.compile(r"[\u2600-\u27bf\U00010000-\U0010ffff]\ufe0f?")
_QUOTES: Final = str.maketrans("«»“”„‘’", '"""""\'\'')
_PATTERNS: Final[Mapping[Stored, Callable[[str], str]]] = {
    Stored.AS_SENT: lambda text: text,
    Stored.EMOJI_DROPPED: lambda text: _EMOJI.sub("", text),
    Stored.EMOJI_AS_QUESTION_MARKS: lambda text: _ASTRAL.sub("????", text),
    Stored.CUT_AT_EMOJI: lambda text: _ASTRAL.split(text)[0],
    Stored.HTML_ESCAPED: escape,
    Stored.NO_VARIATION_SELECTORS: lambda text: text.replace("\ufe0f", ""),
    Stored.STRAIGHT_QUOTES: lambda text: text.translate(_QUOTES),
    Stored.PLAIN_YO: lambda text: text.replace("ё", "е").replace("Ё", "Е"),
    Stored.TRIMMED: lambda text: text.strip(),
    Stored.BLANKS_FOLDED: lambda text: " ".join(text.split()),
    Stored.CP1251: lambda text: text.encode("cp1251", "replace").decode("cp1251"),
}
# An odd multiplier makes a permutation of the numbers below a power of two.
_SCATTER: Final = 0x5851F42D
_RANGE: Final = 2**30
_RUSSIAN: Final = re.compile(r"7(\d{3})(\d{3})(\d\d)(\d\d)")


def stored_text(text: str, how: Stored) -> str:
    """Return what has become of a text."""
    return _PATTERNS[how](text)


def shown_number(number: str, how: Numbers) -> str:
    """Return a number as it is written; a word stays as it is."""
    russian = _RUSSIAN.fullmatch(number)
    match how:
        case Numbers.EIGHT if russian:
            return f"8{number[1:]}"
        case Numbers.PLUS if number.isdecimal():
            return f"+{number}"
        case Numbers.SPACED if russian:
            return "+7 ({}) {}-{}-{}".format(*russian.groups())
    return number


def listed_number(number: str, how: ListedNumbers) -> str:
    """Return the number as a list of `check` shows it."""
    match how:
        case ListedNumbers.NATIONAL:
            return number[-10:]
        case ListedNumbers.MASKED:
            return f"{number[:4]}***{number[-4:]}"
        case ListedNumbers.EMPTY:
            return ""
    return number


def given_id(number: int, how: Ids) -> int:
    """Return the id that is given as the so many-th; no two are the same."""
    match how:
        case Ids.GROWING:
            return number
        case Ids.FALLING:
            return _RANGE - number
        case Ids.RANDOM:
            return number * _SCATTER % _RANGE + 1


def odd_row(row: Row, how: OddRow) -> object:  # noqa: PLR0911  # a line each
    """Spoil a row."""
    match how:
        case OddRow.NO_NUMBER:
            return _without(row, "phone")
        case OddRow.EMPTY_NUMBER:
            return row | {"phone": ""}
        case OddRow.NO_STATUS:
            return _without(row, "status", "seen")
        case OddRow.ODD_STATUS:
            return row | {each: "?" for each in ("status", "seen") if each in row}
        case OddRow.NO_DATE:
            return _without(row, "created")
        case OddRow.ODD_DATE:
            return row | {"created": "0000-00-00 00:00:00"}
        case OddRow.NO_ID:
            return _without(row, "server_id", "id")
        case OddRow.ID_ZERO:
            return row | {each: "0" for each in ("server_id", "id") if each in row}
        case OddRow.ODD_ID:
            return row | {each: "a1b2-c3" for each in ("server_id", "id") if each in row}
        case OddRow.NULLS:
            return dict.fromkeys(row)
        case OddRow.NULL:
            return None
        case OddRow.STRING:
            return "row"


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def with_figures(row: Row, patterns: Mapping[str, str]) -> Row:
    """Write figures as the patterns say."""
    written = {
        name: patterns[name].replace("{}", value) if name in patterns else value
        for name, value in row.items()
    }
    if "error" in patterns and "phone" in row and "error" not in row:
        written["error"] = patterns["error"].replace("{}", "0")
    return written
