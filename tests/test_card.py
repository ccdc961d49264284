"""The card's module: every word it shows is in the translations, and none in itself."""

import json
from pathlib import Path
import re
from typing import Final

import pytest

ROOM: Final = Path(__file__).parents[1] / "custom_components" / "smspilot"
MODULE: Final = (ROOM / "frontend" / "conversations.js").read_text("utf-8")
CODE: Final = re.sub(r"/\*.*?\*/|//[^\n]*|replaceSync\(`.*?`\)", "", MODULE, flags=re.DOTALL)
KEYS: Final = {"Enter", "Escape", "ArrowDown", "ArrowUp", "Home", "End"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_its_words_are_in_the_translations(language: str) -> None:
    """Each key it uses is there, and each that is there is used."""
    words = json.loads((ROOM / f"translations/{language}.json").read_text("utf-8"))["common"]
    there = {key.removeprefix("card_") for key in words if key.startswith("card_")}
    used = set(re.findall(r'"([a-z_]+)"', CODE))
    families = tuple(sorted(set(re.findall(r"`([a-z]+_)\$\{", CODE))))
    assert families == ("config_", "example_", "kind_", "status_")
    assert not {key for key in there if key not in used and not key.startswith(families)}
    called = re.findall(r'(?:text|said)\("([a-z_]+)"', CODE)
    assert {key for key in called if key not in there} <= {"anna", "boris"}
    for status in re.findall(r"(\w+): (?:ONE|TWO|CLOCK|CROSS)", CODE):
        assert f"status_{status}" in there
    for kind in re.findall(r'(\w+): "mdi:', CODE):
        assert f"kind_{kind}" in there


def test_it_has_no_words_of_its_own() -> None:
    """Nothing it quotes is for people to read."""
    literals = re.findall(r'"([^"\n]*)"', CODE)
    assert {one for one in literals if re.match(r"[A-ZА-ЯЁ][a-zа-яё]+", one)} <= KEYS


def test_it_needs_nothing_from_elsewhere() -> None:
    """No library, no markup made of texts, nothing kept in the browser."""
    assert not re.findall(r"\bimport\b|innerHTML|outerHTML|insertAdjacentHTML", CODE)
    assert not re.findall(r"localStorage|sessionStorage|indexedDB|cookie|fetch\(", CODE)
    assert set(re.findall(r"https?://[^\s\"`]+", CODE)) <= {"http:"}
