"""Write a text in Latin letters: a part holds twice as many."""

import re
from typing import Final
import unicodedata

# Signs that the package does not know or gets wrong, and the backtick, which GSM 03.38 lacks.
_SIGNS: Final = str.maketrans(
    {
        "−": "-",
        "➖": "-",
        "➕": "+",
        "×": "x",
        "÷": "/",
        "≈": "~",
        "≠": "!=",
        "≤": "<=",
        "≥": ">=",
        "∞": "inf",
        "→": "->",
        "←": "<-",
        "°": "",
        "µ": "u",
        "`": "'",
        "₽": "RUB",
        "€": "EUR",
        "£": "GBP",
        "¥": "JPY",
        "₴": "UAH",
        "₸": "KZT",
        "₾": "GEL",
        "₼": "AZN",
        "֏": "AMD",
        "₺": "TRY",
        "₹": "INR",
        "₿": "BTC",
    }
)
_FRACTION: Final = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")


def transliterate(text: str) -> str:
    """Return the text in characters that both ASCII and GSM 03.38 have."""
    # NFKC would make 21/2 of 2½: put a space between.
    text = unicodedata.normalize("NFKC", _FRACTION.sub(" ", text)).translate(_SIGNS)
    return "".join(map(_latin, text))


def _latin(character: str) -> str:
    from text_unidecode import unidecode  # noqa: PLC0415 - see phones.py

    if character.isascii():
        is_sent = character.isprintable() or character == "\n"
        return character if is_sent else " " * character.isspace()
    latin = str(unidecode(character)).replace("`", "'")
    # `[?]` is what the package returns for some characters it does not know.
    return "" if "[?]" in latin else latin
