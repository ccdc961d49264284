"""The Russian blueprints, made from the English ones: one source, so that they cannot drift."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
import sys
from typing import Any, Final

from homeassistant.util.yaml import dump, parse_yaml

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "blueprints"
WORDS: Final = ROOT / "scripts" / "blueprints.ru.json"
SUFFIX: Final = "_ru"
# What a person reads of a blueprint, or gets from it as a text.
_READ: Final = frozenset(
    {"name", "description", "label", "title", "message", "unit_of_measurement"}
)
# The days of the week are more; words that people text are fewer.
MIN_CHOICES: Final = 3
_HEADER: Final = "# Made by scripts/translate-blueprints from {source}: change that one.\n"


class Untranslated(Exception):
    """English is left that a Russian family would read."""


def sources() -> list[Path]:
    """Return the English blueprints."""
    files = FOLDER.rglob("*.yaml")
    return sorted(file for file in files if not file.stem.endswith(SUFFIX))


def target(source: Path) -> Path:
    """Return where the Russian one of an English blueprint lies."""
    return source.with_stem(source.stem + SUFFIX)


def translated(source: Path, words: Mapping[str, str]) -> str:
    """Return the Russian blueprint of an English one."""
    data: Any = parse_yaml(source.read_text())
    left = [text for text in read_by_people(data) if text not in words]
    if left:
        raise Untranslated(f"{source.name}: {left}")
    russian = _replaced(data, words)
    url = russian["blueprint"]["source_url"]
    russian["blueprint"]["source_url"] = url.replace(source.name, target(source).name)
    return _HEADER.format(source=source.name) + dump(russian)


def read_by_people(node: Any, key: str = "") -> Iterator[str]:
    """Go through the texts that people read, defaults of inputs and templates among them."""
    match node:
        case Mapping():
            for name, value in node.items():
                # An input may be called `name` or `message` too.
                yield from read_by_people(value, name if isinstance(value, str) else "")
                if name == "default":
                    yield from _defaults(value)
        case list():
            for one in node:
                yield from read_by_people(one)
        case str() if "{%" in node:
            yield from _lines(node)
        case str() if key in _READ and re.search(r"[A-Za-z]{2}", _without_templates(node)):
            yield node
        case _:
            pass


def _defaults(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        # A word in small letters alone is a choice, not a text, unless it is texted.
        if isinstance(one, str) and re.search(r"[A-Za-z]{2}", _without_templates(one)):
            is_word = isinstance(value, list) and len(value) < MIN_CHOICES
            if is_word or " " in one or one.endswith("."):
                yield one


def _lines(template: str) -> Iterator[str]:
    """Return the sentences of a template that makes a text."""
    yield from re.findall(r"(?:^|[}']) *([A-Z][^{}']*?\.) *(?=$|[{'])", template, re.MULTILINE)


def _without_templates(text: str) -> str:
    return re.sub(r"{{.*?}}|`.*?`", "", text)


def _replaced(node: Any, words: Mapping[str, str]) -> Any:
    match node:
        case Mapping():
            # Ids and values are no words: users do not read them.
            return {
                key: value if key in ("id", "value") else _replaced(value, words)
                for key, value in node.items()
            }
        case list():
            return [_replaced(one, words) for one in node]
        case str() if node in words:
            return words[node]
        case str() if "{%" in node:
            for english in _lines(node):
                node = node.replace(english, words[english])
            return node
        case _:
            return node


def main() -> int:
    """Write them."""
    words = json.loads(WORDS.read_text())
    for source in sources():
        target(source).write_text(translated(source, words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
