"""Remove from texts what is invisible, and make look-alike characters the same.

Phones, word processors and messengers put direction marks, joiners and variation selectors into
texts, and turn quotes, apostrophes and dashes into typographic ones. People see the same text.
"""

from functools import lru_cache
import re
from typing import Final
import unicodedata

# Invisible characters that Unicode puts into visible categories: fillers and a blank.
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_QUOTES: Final = dict.fromkeys(map(ord, "«»„“”‟‹›〝〞〟❝❞"), '"')
_APOSTROPHES: Final = dict.fromkeys(map(ord, "‘’‚‛ʼʹ′´`❛❜"), "'")
_TYPED_AS: Final = {**_QUOTES, **_APOSTROPHES, ord("−"): "-"}
# Gender signs, skin tones and the frame of a keycap: variants of one emoji.
_VARIANTS: Final = re.compile(r"\u200d[♀♂]|[\U0001F3FB-\U0001F3FF\u20e3]")

# A PIN or contract number ends within so many characters.
MAX_BEGINNING: Final = 1000
# Parts a PIN or a contract number from the text that follows; a minus belongs to its number.
_SEPARATOR: Final = re.compile(r"\s*[.,:;!]*\s*(?:[-–—](?!\d)\s*)?")
# Goes on with a number that seemed to end.
_MORE_DIGITS: Final = re.compile(r"[.,:/-]?\d")


def visible(text: str) -> str:
    """Return the text without invisible characters, with plain spaces only."""
    return "".join(
        " " if character.isspace() else character
        for character in text
        if character.isascii() or not _is_invisible(character)
    )


# The text of a long list is compared for each number.
@lru_cache(maxsize=16)
def same_spacing(text: str) -> str:
    """Return the text with single spaces: the API may change line ends."""
    return " ".join(text.split())


def folded(text: str) -> str:
    """Return a text for comparing: in one case, with one kind of each sign and е for ё."""
    # Normalising can join a letter with its mark, and the result may need another pass.
    while (once := _folded(text)) != text:
        text = once
    return text


def without_beginning(text: str, beginning: str) -> str | None:
    """Return what follows a PIN or a contract number; None where the text begins otherwise.

    Both are compared as they look: without invisible characters, case and accents, any digits as
    ASCII ones. The beginning of a longer number or word is none: 47110 does not begin with 4711.
    """
    expected, at, end = _plain(beginning), 0, 0
    for place, character in enumerate(text[:MAX_BEGINNING], 1):
        piece = _plain(character)
        # Spaces may stand before it, invisible characters anywhere.
        if not piece.strip() and not (at and piece):
            end = place
            continue
        if at == len(expected) or not expected.startswith(piece, at):
            break
        at, end = at + len(piece), place
    rest = text[end:]
    if not expected or at < len(expected) or (expected[-1].isalpha() and rest[:1].isalpha()):
        return None
    if expected[-1].isdecimal() and _MORE_DIGITS.match(rest):
        return None
    return rest[found.end() :] if (found := _SEPARATOR.match(rest)) else rest


def _plain(text: str) -> str:
    """Return a text folded, without accents, and with ASCII digits."""
    characters = unicodedata.normalize("NFKD", folded(text))
    return "".join(
        str(unicodedata.decimal(one)) if one.isdecimal() else one
        for one in characters
        if unicodedata.category(one) != "Mn"
    )


def _folded(text: str) -> str:
    text = visible(_VARIANTS.sub("", text)).translate(_TYPED_AS)
    text = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return "".join("-" if unicodedata.category(one) == "Pd" else one for one in text)


def _is_invisible(character: str) -> bool:
    """Return whether a character is not shown itself."""
    if unicodedata.category(character) in ("Cc", "Cf"):
        return True
    is_selector = "VARIATION SELECTOR" in unicodedata.name(character, "")
    return is_selector or character in _BLANKS or character == "\u034f"
