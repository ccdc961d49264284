"""A page of Markdown, as the checks see it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
import re
from textwrap import dedent
from typing import Any, Final, Literal, NamedTuple

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.yaml import parse_yaml

_FENCE: Final = re.compile(r"\s*(```+|~~~+)\s*(\w*)")
_CODE: Final = re.compile(r"(`+)(.+?)\1")
_LINK: Final = re.compile(r'\]\(([^)\s]*)|\b(?:src|href)="([^"]*)"|^\[[^\]]+\]: *(\S+)')
_HEADING: Final = re.compile(r"#{1,6} +(.+)")
_ANCHOR: Final = re.compile(r'\bid="([^"]+)"')
_CELL: Final = re.compile(r"(?<!\\)\|")
# What is called so is a column of our names.
_COLUMNS: Final = frozenset({"entity", "field", "option", "объект", "параметр", "поле"})
# Of a heading, an anchor keeps the words and the text of links.
_NO_ANCHOR: Final = re.compile(r"\]\([^)]*\)|[^\w\- ]")


class Complaint(NamedTuple):
    """What is wrong, and where."""

    path: Path
    line: int
    text: str


class At[T](NamedTuple):
    """Something on a line."""

    line: int
    what: T


class Label(NamedTuple):
    """A name in a table: as code, or as the screen shows it."""

    text: str
    is_code: bool


class Use(NamedTuple):
    """An action or a trigger in an example."""

    kind: Literal["action", "trigger"]
    name: str
    given: Mapping[str, Any]  # its fields or options
    node: Mapping[str, Any]


class Example:
    """A block of YAML."""

    def __init__(self, text: str) -> None:
        """Read it, as Home Assistant reads its own."""
        self.text, self.parsed, self.error = text, None, ""
        try:
            self.parsed = parse_yaml(text)
        except HomeAssistantError as err:
            self.error = " ".join(str(err).split())
        self.uses = list(_uses(self.parsed))


def _uses(node: Any) -> Iterator[At[Use]]:
    """Return every action and trigger, each at its line."""
    if isinstance(node, Mapping):
        line = getattr(node, "__line__", 1)
        if isinstance(name := node.get("action"), str):
            yield At(line, Use("action", name, node.get("data") or {}, node))
        elif isinstance(name := node.get("trigger"), str):
            yield At(line, Use("trigger", name, node.get("options") or {}, node))
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _uses(each)


class Page:
    """A page, cut into what is checked."""

    def __init__(self, root: Path, path: Path) -> None:
        """Read it."""
        self.path, self.text = path.relative_to(root), path.read_text("utf-8")
        self.language = "ru" if path.name.endswith(".ru.md") else "en"
        self.prose: list[At[str]] = []
        self.examples: list[At[Example]] = []  # each at the line before its first
        fence, language, begin, block = "", "", 0, list[str]()
        for number, line in enumerate(self.text.splitlines(), 1):
            mark = _FENCE.match(line)
            if not fence and mark:
                fence, language, begin, block = mark[1], mark[2], number, []
            elif fence and line.strip() == fence:
                if language in ("yaml", "yml"):
                    self.examples.append(At(begin, Example(dedent("\n".join(block)))))
                fence = ""
            elif fence:
                block.append(line)
            else:
                self.prose.append(At(number, line))

    @cached_property
    def codes(self) -> list[At[str]]:
        """Return what stands in backticks."""
        found = ((line, code) for line, text in self.prose for code in _CODE.finditer(text))
        return [At(line, code[2].strip()) for line, code in found]

    @cached_property
    def links(self) -> list[At[str]]:
        """Return where links and pictures point."""
        return [
            At(line, found[1] or found[2] or found[3] or "")
            for line, text in self.prose
            for found in _LINK.finditer(_CODE.sub("", text))
        ]

    @cached_property
    def anchors(self) -> set[str]:
        """Return what a link may point at, as GitHub names it."""
        anchors: set[str] = set()
        for _, text in self.prose:
            anchors.update(_ANCHOR.findall(text))
            if heading := _HEADING.fullmatch(text):
                name = _NO_ANCHOR.sub("", heading[1].strip().lower()).replace(" ", "-")
                same = sum(re.fullmatch(rf"{name}(-\d+)?", each) is not None for each in anchors)
                anchors.add(f"{name}-{same}" if same else name)
        return anchors

    @cached_property
    def labels(self) -> list[At[Label]]:
        """Return the names in columns of options, fields and entities, in small letters."""
        labels, headers = list[At[Label]](), list[str]()
        for line, text in self.prose:
            row = text.strip()
            cells = [cell.strip() for cell in _CELL.split(row.strip("|").casefold())]
            if not row.startswith("|"):
                headers = []
            elif not headers:
                headers = cells
            elif set(row) - set("|:- "):
                for header, cell in zip(headers, cells, strict=False):
                    if header in _COLUMNS:
                        labels += [At(line, label) for label in _labels(cell)]
        return labels


def _labels(cell: str) -> Iterator[Label]:
    """Return the names in a cell, like those of: Name (`name`), phone number `phones`."""
    for _, code in _CODE.findall(cell):
        yield Label(code, is_code=True)
    for name in re.split(r",|<br>", re.sub(r"\([ ,]*\)|\*", "", _CODE.sub("", cell))):
        if name.strip():
            yield Label(name.strip(), is_code=False)
