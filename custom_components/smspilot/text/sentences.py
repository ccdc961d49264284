"""Match sentence templates as Assist has them: `[да] топи (баню|печь) [на {minutes} минут]`.

Assist's own engine, hassil, takes seconds for a long text and a template with a few wildcards, and
does not skip punctuation. This one follows all variants at once: its time grows with the length of
text and template, not with the number of variants.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
import re
from typing import Final

type Part = str | list[list[Part]]

_TOKENS: Final = re.compile(r"\{[^{}]*\}|\s+|[^\w\s]|\w+")
_SKIPPED: Final = frozenset(".,!?;:…")
_SPECIAL: Final = frozenset("[](){}|")


def is_variant_of(sentence: str, text: str) -> bool:
    """Return whether a text is a variant of a template; both are folded."""
    if _SPECIAL.isdisjoint(sentence):
        return False
    try:
        variants = _variants(iter(_TOKENS.findall(sentence.strip())), "")
    except ValueError:
        # Unbalanced brackets: not a template.
        return False
    return len(text) in _ends(variants, text, {0})


def _variants(tokens: Iterator[str], end: str) -> list[list[Part]]:
    """Parse the variants up to a closing bracket."""
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
    """Return the indexes in the text where a part may end that begins at one of `starts`."""
    if isinstance(part, list):
        return _all(reduce(lambda at, one: _ends(one, text, at), each, starts) for each in part)
    if part.startswith("{"):
        return set(range(min(starts) + 1, len(text) + 1)) if starts else starts
    if part.isspace():
        # Next to an omitted optional word a space was matched already, or is not needed.
        spaced = {at for at in starts if at in (0, len(text)) or text[at - 1] == " "}
        return spaced | {at + 1 for at in starts if text.startswith(" ", at)}
    ends = {at + len(part) for at in starts if text.startswith(part, at)}
    return ends | starts if part in _SKIPPED else ends


def _all(sets: Iterable[set[int]]) -> set[int]:
    return set().union(*sets)
