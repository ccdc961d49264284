"""What has become of a text on its way through the service."""

from collections.abc import Callable, Mapping
from html import escape
import re
from typing import Final

_ASTRAL: Final = re.compile(r"[\U00010000-\U0010ffff]")
_EMOJI: Final = re.compile(r"[\u2600-\u27bf\U00010000-\U0010ffff]\ufe0f?")
_QUOTES: Final = str.maketrans("«»“”„‘’", '"""""\'\'')

# Two kinds of emoji, quotes, ё, an ampersand, and blanks before, between and after.
ODD_TEXT: Final = " Ёлка  «да» & “нет” ☎️ 🙂 ещё {} "

TO_THE_LETTER: Final = "to the letter"
_WAYS: Final[Mapping[str, Callable[[str], str]]] = {
    TO_THE_LETTER: lambda text: text,
    "without outer blanks": str.strip,
    "with single blanks": lambda text: " ".join(text.split()),
    "without emoji": lambda text: _EMOJI.sub("", text),
    "question marks for emoji": lambda text: _ASTRAL.sub("????", text),
    "a question mark for each emoji": lambda text: _ASTRAL.sub("?", text),
    "cut at the emoji": lambda text: _ASTRAL.split(text)[0],
    "HTML escapes": escape,
    "without U+FE0F": lambda text: text.replace("\ufe0f", ""),
    "straight quotes": lambda text: text.translate(_QUOTES),
    "е for ё": lambda text: text.replace("ё", "е").replace("Ё", "Е"),
    "what Windows-1251 has": lambda text: text.encode("cp1251", "replace").decode("cp1251"),
}


def way(sent: str, shown: str) -> str:
    """Return how a text was changed, in one way or in two."""
    for first, change in _WAYS.items():
        if change(sent) == shown:
            return first
    for first, change in _WAYS.items():
        for second, further in _WAYS.items():
            if further(change(sent)) == shown:
                return f"{first}, {second}"
    alike = next(
        (at for at, both in enumerate(zip(sent, shown, strict=False)) if both[0] != both[1]),
        min(len(sent), len(shown)),
    )
    return f"otherwise: {len(shown)} characters of {len(sent)}, the first {alike} alike"
