"""Count the parts of a text, put it into a template, and shorten it to fit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Final
import unicodedata

from homeassistant.util import dt as dt_util


class Encoding(StrEnum):
    """The encoding in which a text is sent."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Characters of a text in one part, and of each part of a longer one (API document, section 1).
_CAPACITY: Final = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}
# A longer word, such as a URL, may be cut in the middle.
MAX_WORD: Final = 40
# Characters that are removed beside what is cut out of a text, such as before the dots.
LOOSE_ENDS: Final = " \t\r\n,;:-–—"
_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a text as it is sent."""

    encoding: Encoding
    characters: int
    parts: int


@lru_cache(maxsize=16)
def measure(text: str) -> Size:
    """Return encoding, characters as they are sent, and parts of a text."""
    encoding, widths = Encoding.GSM7, list(map(_septets, text))
    if not all(widths):
        encoding, widths = Encoding.UCS2, [1 + (character > "\uffff") for character in text]
    single, part = _CAPACITY[encoding]
    characters = sum(widths)
    parts = 1 if characters <= single else _parts(widths, part)
    return Size(encoding=encoding, characters=characters, parts=parts)


def _parts(widths: Iterable[int], capacity: int) -> int:
    """Return the parts of a longer text; a character of two units is not split between parts."""
    parts, used = 1, 0
    for width in widths:
        used += width
        if used > capacity:
            parts, used = parts + 1, width
    return parts


def in_template(template: str, message: str, now: datetime) -> str:
    """Return the message in its template; placeholders within the message stay as they are.

    White space at the message's end, which YAML blocks add, is removed: it may cost another part.
    """
    message = message.rstrip()
    parts = template.split("{message}")
    if "{time}" in template:
        time = dt_util.as_local(now).strftime("%H:%M")
        parts = [part.replace("{time}", time) for part in parts]
    return message.join(parts)


def shortened(text: str, parts: int, build: Callable[[str], str] = str) -> str:
    """Return as much of the text as fits into so many parts, ending in dots where it was cut.

    `build` returns the text as it is sent: transliterated, in its template, with whatever else must
    not be cut off.
    """
    if measure(build(text)).parts <= parts:
        return text
    # `…` is not in GSM 03.38: where all other characters are, it would halve what fits.
    three_dots = _beginning(text, parts, build, "...") + "..."
    if measure(build(three_dots)).encoding is Encoding.GSM7:
        return three_dots
    return _beginning(text, parts, build, "…") + "…"


def _beginning(text: str, parts: int, build: Callable[[str], str], dots: str) -> str:
    """Return the longest beginning of a text that fits before the dots."""
    # An upper bound for the search. What fits may be longer than the parts, because transliteration
    # drops characters: four times as long is ample.
    low, high = 0, min(len(text), 4 * parts * _CAPACITY[Encoding.GSM7][0])
    while low < high:
        middle = (low + high + 1) // 2
        fits = measure(build(text[:middle] + dots)).parts <= parts
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[: _end_of_word(text, low)].rstrip(LOOSE_ENDS)


def _end_of_word(text: str, end: int) -> int:
    """Return the last index up to `end` where a word ends, else where a whole character ends."""
    for place in range(end, max(end - MAX_WORD, 0), -1):
        if place == len(text) or text[place].isspace():
            return place
    while 0 < end < len(text) and _continues_character(text, end):
        end -= 1
    return end


def _continues_character(text: str, place: int) -> bool:
    """Return whether the code point at an index is shown as part of the one before it."""
    character, last = text[place], text[place - 1]
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        # Two regional indicators are one flag.
        letters = text[:place]
        return (len(letters) - len(letters.rstrip(_FLAG_LETTERS))) % 2 == 1
    is_mark = unicodedata.category(character).startswith("M")
    is_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return is_mark or is_tone or "\u200d" in (character, last)


# A text has few different characters, and encoding them one by one is slow.
@lru_cache(maxsize=1024)
def _septets(character: str) -> int:
    """Return the septets of a character: 1, 2 (extension table), or 0 where GSM 03.38 lacks it."""
    try:
        return len(_gsm0338().encode(character)[0])
    except UnicodeError:
        return 0


@cache
def _gsm0338() -> Any:
    """Return the codec, which is slow to create."""
    import gsm0338  # noqa: PLC0415 - see phones.py

    return gsm0338.Codec()
