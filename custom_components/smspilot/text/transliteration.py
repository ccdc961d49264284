"""Latin letters for a text: twice as many fit into a part."""

import re
from typing import Final
import unicodedata

# Signs that the package does not know, that it gets wrong, and one that GSM 03.38 lacks.
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
    """Return the text in characters that ASCII and GSM 03.38 have both."""
    # 2½ is not 21/2.
    text = unicodedata.normalize("NFKC", _FRACTION.sub(" ", text)).translate(_SIGNS)
    return "".join(map(_latin, text))


def _latin(character: str) -> str:
    from text_unidecode import unidecode  # noqa: PLC0415 - see phones.py

    if character.isascii():
        is_sent = character.isprintable() or character == "\n"
        return character if is_sent else " " * character.isspace()
    latin = str(unidecode(character)).replace("`", "'")
    # The package's word for what it does not know.
    return "" if "[?]" in latin else latin
