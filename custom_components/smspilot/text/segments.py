"""What a text is worth: its alphabet, its parts, its frame."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Final
import unicodedata

from homeassistant.util import dt as dt_util


class Encoding(StrEnum):
    """How a text travels."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Section 1: characters of a text in one part, and of each part of a longer one.
_CAPACITY: Final = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}
# A longer word is cut within: it is an address, or a text without spaces.
MAX_WORD: Final = 40
# What must not stand between the last word and the sign that more was there.
_LOOSE_ENDS: Final = " \t\r\n,;:-–—"
_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a text costs in parts."""

    encoding: Encoding
    characters: int
    parts: int


@lru_cache(maxsize=16)
def measure(text: str) -> Size:
    """Return alphabet, characters as they travel, and parts of a text."""
    encoding, widths = Encoding.GSM7, list(map(_septets, text))
    if not all(widths):
        encoding, widths = Encoding.UCS2, [1 + (character > "\uffff") for character in text]
    single, part = _CAPACITY[encoding]
    characters = sum(widths)
    parts = 1 if characters <= single else _parts(widths, part)
    return Size(encoding=encoding, characters=characters, parts=parts)


def _parts(widths: Iterable[int], capacity: int) -> int:
    """Return the parts of a longer text; no character of two places is parted."""
    parts, used = 1, 0
    for width in widths:
        used += width
        if used > capacity:
            parts, used = parts + 1, width
    return parts


def framed(template: str, message: str, now: datetime) -> str:
    """Return the message in its frame; the message's own braces stay.

    Spaces and line breaks at its end, in which YAML blocks end, are not worth a second part.
    """
    message = message.rstrip()
    frame = template.split("{message}")
    if "{time}" in template:
        time = dt_util.as_local(now).strftime("%H:%M")
        frame = [part.replace("{time}", time) for part in frame]
    return message.join(frame)


def shortened(text: str, parts: int, frame: Callable[[str], str] = str) -> str:
    """Return as much of the text as fits with its frame, with a sign that more was there.

    `frame` returns what would go out: the text transliterated, in its template, with whatever else
    must not be cut off.
    """
    if measure(frame(text)).parts <= parts:
        return text
    # The one character is no GSM letter: where all others are, it would halve what fits.
    narrow = _beginning(text, parts, frame, "...") + "..."
    if measure(frame(narrow)).encoding is Encoding.GSM7:
        return narrow
    return _beginning(text, parts, frame, "…") + "…"


def _beginning(text: str, parts: int, frame: Callable[[str], str], more: str) -> str:
    """Return the longest beginning of a text that fits before `more`."""
    # Only what `frame` leaves out could make room for more than this.
    low, high = 0, min(len(text), 4 * parts * _CAPACITY[Encoding.GSM7][0])
    while low < high:
        middle = (low + high + 1) // 2
        fits = measure(frame(text[:middle] + more)).parts <= parts
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[: _end_of_word(text, low)].rstrip(_LOOSE_ENDS)


def _end_of_word(text: str, end: int) -> int:
    """Return the last place up to `end` where a word ends, or at least a whole character."""
    for place in range(end, max(end - MAX_WORD, 0), -1):
        if place == len(text) or text[place].isspace():
            return place
    while 0 < end < len(text) and _belongs_to_last(text, end):
        end -= 1
    return end


def _belongs_to_last(text: str, place: int) -> bool:
    """Return whether what stands at a place is a part of the character before it."""
    character, last = text[place], text[place - 1]
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        # Two letters are a flag.
        letters = text[:place]
        return (len(letters) - len(letters.rstrip(_FLAG_LETTERS))) % 2 == 1
    is_mark = unicodedata.category(character).startswith("M")
    is_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return is_mark or is_tone or "\u200d" in (character, last)


# A text has few different characters, and the codec looks at each one by one.
@lru_cache(maxsize=1024)
def _septets(character: str) -> int:
    """Return the septets of a character, two of an extension, or 0 where it has none."""
    try:
        return len(_gsm0338().encode(character)[0])
    except UnicodeError:
        return 0


@cache
def _gsm0338() -> Any:
    """Return the codec; to make one takes longer than to send a text."""
    import gsm0338  # noqa: PLC0415 - see phones.py

    return gsm0338.Codec()
