"""Compare texts, in the same way for triggers, `ask` and alarms."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from .normalising import folded
from .regex_search import MAX_SEARCHED
from .sentences import is_variant_of

_FINAL: Final = " .,!?;:)\"'"
# Begins a quotation whose end is among the final punctuation.
_OPENING: Final = "\"'"


class Match(StrEnum):
    """How a trigger's texts are compared with a message; for `regex` see regex_search.py."""

    EQUALS = "equals"
    CONTAINS = "contains"
    REGEX = "regex"


def normalised(text: str) -> str:
    """Return a text without differences of case, spaces, kinds of signs and final punctuation.

    A quotation mark at its beginning is left out too.
    """
    words = " ".join(folded(text).split())
    # A text of punctuation only keeps it.
    return words.rstrip(_FINAL).lstrip(_OPENING) or words


def fits(message: str, texts: Sequence[str], match: Match) -> bool:
    """Return whether a message equals or contains one of the texts."""
    received = normalised(message)
    # Every message contains an empty text.
    compared = filter(None, map(normalised, texts))
    if match is Match.CONTAINS:
        return any(text in received for text in compared)
    return any(text == received for text in compared)


def answer_id(text: str, answers: Sequence[tuple[str, Sequence[str]]]) -> str | None:
    """Return the id of the first answer with a sentence that fits; equal ones before templates."""
    received = normalised(text[:MAX_SEARCHED])

    def is_equal(sentence: str) -> bool:
        return normalised(sentence) == received

    def is_variant(sentence: str) -> bool:
        return is_variant_of(folded(sentence), received)

    compare: Callable[[str], bool]
    for compare in (is_equal, is_variant):
        for key, sentences in answers:
            if any(map(compare, sentences)):
                return key
    return None
