"""A phone's reaction to a text, which arrives as an SMS that quotes it.

An iPhone sends `Liked “…”` or `Понравилось «…»`, other phones `👍 to “…”`. The words differ by
version and gender, hence stems. The quoted text may contain a command, which must not be executed.
"""

import re
from typing import Final
import unicodedata

from .normalising import folded

# What a reaction begins with, folded. No imperative: `удали «…»` is a command.
_VERBS: Final = re.compile(
    r"(?:(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted|removed)"
    r"|(?:(?:не|очень|больше не) )?"
    r"(?:понравил|нравится|полюбил|люблю|обожа|восхи|в восторге|сердечко|лайк|дизлайк"
    r"|смеется|посмеял|рассмеш|насмеш|смешно|выделен|выделил|подчеркнул|подчеркнут|акцент"
    r"|восклиц|вопрос|под вопросом|отмечен|отметил|реакция|отреагировал|поставил|поставлен"
    r"|удалил|удален|убрал|убран|снят[аоы]?\b))"
)
# Words between the sign and the quotation: `to`, `на`, `в ответ на`.
MAX_LINK_WORDS: Final = 3
# A few words before a quotation.
_LEAD: Final = re.compile(r'([^",.;:]{1,60}):? ?"')
# So much of a text that is cut off shows whose it is.
MIN_QUOTED: Final = 8
# The signs of `‼️ to “…”` and `❓ to “…”`: folded, they are punctuation and not of category `So`.
_MARKS: Final = frozenset({"!!", "!", "?", "??", "!?", "?!"})


def is_reaction(text: str, ours: str = "") -> bool:
    """Return whether a text is a phone's reaction to another one, which it quotes.

    What quotes `ours`, a text of ours, is one in any language.
    """
    text = _plain(text)
    found = _LEAD.match(text)
    quoted = _quotation(text[found.end() :]) if found else ""
    if not found or not quoted:
        return False
    lead = found[1].strip()
    if _VERBS.match(lead) or _quotes(quoted, _plain(ours)):
        return True
    # A sign and a word that links it to the quotation, such as `to`.
    sign, *link = lead.split()
    is_sign = sign in _MARKS or any(unicodedata.category(one) == "So" for one in sign)
    return is_sign and 0 < len(link) <= MAX_LINK_WORDS


def _plain(text: str) -> str:
    return " ".join(folded(text).split())


def _quotation(rest: str) -> str:
    """Return a quotation that ends with the text, or is cut off with dots; else an empty text.

    Not by a regular expression, which takes seconds for a text of thousands of dots.
    """
    end = rest.rstrip(" .")
    if end.endswith('"') and len(end) > 1:
        return end[:-1].strip()
    return end.strip() if rest.endswith("...") else ""


def _quotes(quoted: str, ours: str) -> bool:
    """Return whether a quotation holds all of our text, or its beginning where it is cut off."""
    ours, begun = ours.rstrip(". "), quoted.rstrip(". ")
    is_begun = len(begun) >= MIN_QUOTED and ours.startswith(begun)
    return bool(ours) and (ours in quoted or is_begun)
