"""What a text is worth: its alphabet, its parts, its frame."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from homeassistant.util import dt as dt_util


class Encoding(StrEnum):
    """How a text travels."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Section 1: characters of a text in one part, and of each part of a longer one.
_CAPACITY = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a text costs in parts."""

    encoding: Encoding
    characters: int
    parts: int


@lru_cache(maxsize=16)
def measure(text: str) -> Size:
    """Return alphabet, characters as they travel, and parts of a text."""
    encoding, characters = Encoding.UCS2, len(text.encode("utf-16-le")) // 2
    if (septets := _septets(text)) is not None:
        encoding, characters = Encoding.GSM7, septets
    single, part = _CAPACITY[encoding]
    parts = 1 if characters <= single else -(-characters // part)
    return Size(encoding=encoding, characters=characters, parts=parts)


def transliterate(text: str) -> str:
    """Return the text in Latin letters: twice as many fit, and it costs half."""
    from text_unidecode import unidecode  # noqa: PLC0415 - see phones.py

    return str(unidecode(text))


def framed(template: str, message: str, now: datetime) -> str:
    """Return the message in its frame; the message's own braces stay."""
    frame = template.split("{message}")
    if "{time}" in template:
        time = dt_util.as_local(now).strftime("%H:%M")
        frame = [part.replace("{time}", time) for part in frame]
    return message.join(frame)


def shortened(text: str, parts: int, frame: Callable[[str], str] = str) -> str:
    """Return as much of the text as fits with its frame, with a sign that more was there."""
    size = measure(frame(text))
    if size.parts <= parts:
        return text
    # The one character is in no Latin alphabet: it would halve what fits.
    more = "..." if size.encoding is Encoding.GSM7 else "…"
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = measure(frame(text[:middle] + more)).parts <= parts
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + more


def _septets(text: str) -> int | None:
    """Return the length in GSM 03.38, or None."""
    widths = list(map(_width, text))
    return sum(widths) if all(widths) else None


# A text has few different characters, and the codec looks at each one by one.
@lru_cache(maxsize=1024)
def _width(character: str) -> int:
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
