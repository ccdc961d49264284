"""How texts are compared, in triggers and in `ask` alike."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from .normalising import folded
from .regex_search import MAX_SEARCHED
from .sentences import is_said

_FINAL: Final = " .,!?;:)\"'"


class Match(StrEnum):
    """How a trigger's texts are compared with a message; for `regex` see patterns.py."""

    EQUALS = "equals"
    CONTAINS = "contains"
    REGEX = "regex"


def normalised(text: str) -> str:
    """Return what a text says, whatever its case, spaces, kinds of signs and final punctuation."""
    words = " ".join(folded(text).split())
    # A text of nothing but punctuation says just that.
    return words.rstrip(_FINAL) or words


def fits(message: str, texts: Sequence[str], match: Match) -> bool:
    """Return whether a message equals or contains one of the texts."""
    said = normalised(message)
    # A text that shows nothing would be part of every message.
    wanted = filter(None, map(normalised, texts))
    if match is Match.CONTAINS:
        return any(text in said for text in wanted)
    return any(text == said for text in wanted)


def answer_id(text: str, answers: Sequence[tuple[str, Sequence[str]]]) -> str | None:
    """Return the id of the first answer with a sentence that fits; plain ones go first."""
    said = normalised(text[:MAX_SEARCHED])

    def is_equal(sentence: str) -> bool:
        return normalised(sentence) == said

    def is_variant(sentence: str) -> bool:
        return is_said(folded(sentence), said)

    compare: Callable[[str], bool]
    for compare in (is_equal, is_variant):
        for key, sentences in answers:
            if any(map(compare, sentences)):
                return key
    return None
