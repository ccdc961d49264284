"""Sentences with variants, as Assist has them: `[да] топи (баню|печь) [на {minutes} минут]`.

Assist's own engine, hassil, takes seconds for a long answer to a sentence with a few wildcards,
and knows no punctuation between brackets. This one follows all variants at once: what it costs
grows with the length of the two texts, not with the number of variants.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
import re
from typing import Final

type Part = str | list[list[Part]]

_TOKENS: Final = re.compile(r"\{[^{}]*\}|\s+|[^\w\s]|\w+")
_SKIPPED: Final = frozenset(".,!?;:…")
_SPECIAL: Final = frozenset("[](){}|")


def is_said(sentence: str, text: str) -> bool:
    """Return whether a text is a variant of the sentence; both are without case."""
    if _SPECIAL.isdisjoint(sentence):
        return False
    try:
        variants = _variants(iter(_TOKENS.findall(sentence.strip())), "")
    except ValueError:
        # A bracket without its counterpart is no template, only a text.
        return False
    return len(text) in _ends(variants, text, {0})


def _variants(tokens: Iterator[str], end: str) -> list[list[Part]]:
    """Return the variants up to a closing bracket."""
    variants: list[list[Part]] = [[]]
    for token in tokens:
        if token == end:
            return variants
        match token:
            case "|":
                variants.append([])
            case "(":
                variants[-1].append(_variants(tokens, ")"))
            case "[":
                variants[-1].append([*_variants(tokens, "]"), []])
            case ")" | "]" | "{" | "}":
                raise ValueError(token)
            case _:
                variants[-1].append(token)
    if end:
        raise ValueError(end)
    return variants


def _ends(part: Part, text: str, starts: set[int]) -> set[int]:
    """Return where a part of the sentence may end that begins at one of the places."""
    if isinstance(part, list):
        return _all(reduce(lambda at, one: _ends(one, text, at), each, starts) for each in part)
    if part.startswith("{"):
        return set(range(min(starts) + 1, len(text) + 1)) if starts else starts
    if part.isspace():
        # Beside an optional word that is not there, a space is there already, or not needed.
        spaced = {at for at in starts if at in (0, len(text)) or text[at - 1] == " "}
        return spaced | {at + 1 for at in starts if text.startswith(" ", at)}
    ends = {at + len(part) for at in starts if text.startswith(part, at)}
    return ends | starts if part in _SKIPPED else ends


def _all(sets: Iterable[set[int]]) -> set[int]:
    return set().union(*sets)
