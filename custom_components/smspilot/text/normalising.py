"""What stands in a text without being seen, and what one character is often typed as another.

Phones, word processors and messengers put direction marks, joiners and variation selectors into
texts, and turn quotes, apostrophes and dashes into typographic ones. To a person it is one text.
"""

import re
from typing import Final
import unicodedata

# Characters that show nothing although their category says otherwise: fillers and a blank.
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_QUOTES: Final = dict.fromkeys(map(ord, "«»„“”‟‹›〝〞〟❝❞"), '"')
_APOSTROPHES: Final = dict.fromkeys(map(ord, "‘’‚‛ʼʹ′´`❛❜"), "'")
_TYPED_AS: Final = {**_QUOTES, **_APOSTROPHES, ord("−"): "-"}
# Skin tones, and the frame of a key: variants of one emoji.
_VARIANTS: Final = re.compile(r"\u200d[♀♂]|[\U0001F3FB-\U0001F3FF\u20e3]")


def visible(text: str) -> str:
    """Return the text without characters that show nothing; every space becomes a plain one."""
    return "".join(
        " " if character.isspace() else character
        for character in text
        if character.isascii() or not _is_invisible(character)
    )


def same_spacing(text: str) -> str:
    """Return the text with one space for each gap: the API may have its own line ends."""
    return " ".join(text.split())


def folded(text: str) -> str:
    """Return a text as a person would compare it: one case, one kind of each sign, no ё."""
    # What is put together anew may fold once more, as a letter whose mark stood apart.
    while (once := _folded(text)) != text:
        text = once
    return text


def _folded(text: str) -> str:
    text = visible(_VARIANTS.sub("", text)).translate(_TYPED_AS)
    text = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return "".join("-" if unicodedata.category(one) == "Pd" else one for one in text)


def _is_invisible(character: str) -> bool:
    """Return whether a character only steers how its neighbours are shown."""
    if unicodedata.category(character) in ("Cc", "Cf"):
        return True
    is_selector = "VARIATION SELECTOR" in unicodedata.name(character, "")
    return is_selector or character in _BLANKS or character == "\u034f"
