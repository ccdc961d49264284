"""How texts and sentences are compared (a first form)."""

from collections.abc import Sequence


def answer_id(text: str, answers: Sequence[tuple[str, Sequence[str]]], language: str) -> str | None:
    """Return the id of the answer whose sentence fits (the language picks hassil's rules)."""
    del language
    return next((key for key, said in answers if text.casefold() in map(str.casefold, said)), None)
