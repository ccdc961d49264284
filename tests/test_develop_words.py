"""The home to play in speaks Russian throughout when it speaks it at all."""

from collections.abc import Iterator
import re
from typing import Any

import pytest

from .e2e.develop import localized, spoken

READ = ("alias", "description", "heading", "message", "name", "question", "title")


def read(node: Any, key: str = "") -> Iterator[str]:
    """Go through what a person reads."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from read(value, name)
    elif isinstance(node, list):
        for one in node:
            yield from read(one)
    elif isinstance(node, str) and key in READ:
        yield node


@pytest.mark.parametrize("name", ["develop", "develop_automations", "develop_dashboard"])
def test_no_english_is_left(name: str) -> None:
    left = [text for text in read(localized(f"{name}.yaml", "ru")) if text != "SMSPILOT"]
    assert [text for text in left if not re.search("[а-яё]", text.lower())] == []


def test_ids_follow_the_names() -> None:
    """The dashboard shows the automations by the ids that their Russian names make."""
    shown = str(localized("develop_dashboard.yaml", "ru"))
    assert "automation.vorota_po_sms" in shown
    assert "automation.gate_by_sms" not in shown


@pytest.mark.parametrize(
    ("locale", "language"),
    [("ru_RU.UTF-8", "ru"), ("en_GB.UTF-8", "en"), ("de_DE.UTF-8", "en"), ("C", "en"), ("", "en")],
)
def test_language_of_the_person(
    monkeypatch: pytest.MonkeyPatch, locale: str, language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    assert spoken() == language
