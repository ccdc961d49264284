"""What is named exists, and what exists is named."""

from collections.abc import Iterable, Iterator
from pathlib import Path
import re
from typing import Final
from urllib.parse import quote

from .blueprints import SUFFIX
from .known import ACCOUNT, PEOPLE, Known
from .page import At, Complaint, Page

# Words that stand as code and belong to Home Assistant.
FOREIGN: Final = frozenset((Path(__file__).parent / "foreign.txt").read_text("utf-8").split())
# Pages about the source, whose names are not what a person uses.
SOURCE: Final = frozenset({"developing.md", "performance.md"})
# What only other homes have.
ELSEWHERE: Final = re.compile(r"(notify\.mobile_app_|script\.|rest_command\.|shell_command\.)\w+")
_FILE: Final = re.compile(
    r"(?<!\]\()(?<![\w./\"-])(blueprints|custom_components|docs|scripts|tests)/[\w./-]*"
)
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ID: Final = r"(?:notify|\w+(?=\.smspilot_)|event(?=\.\w+_inbound)|button(?=\.\w+_test_))\.\w+"
_EVENT: Final = r"(?<![\w.])smspilot_\w+"
_DATA: Final = r"\btrigger\.\w+"


def check(root: Path, pages: Iterable[Page], known: Known) -> Iterator[Complaint]:
    """Complain of unknown names, and of what a README leaves out."""
    guides = [
        page for page in pages if page.path.parent.name == "docs" and page.path.name not in SOURCE
    ]
    readmes = [page for page in pages if re.fullmatch(r"README(\.ru)?\.md", str(page.path))]
    for page in pages:
        for found in _FILE.finditer(page.text):
            if not (root / found[0].rstrip(".")).exists():
                line = page.text.count("\n", 0, found.start()) + 1
                yield Complaint(page.path, line, f"no {found[0]}")
    for page in (*readmes, *guides):
        for line, name in _named(page):
            if wrong := _wrong(name, known):
                yield Complaint(page.path, line, f"`{name}`: {wrong}")
    for page in readmes:
        for missing in _undocumented(root, page, guides, known):
            yield Complaint(page.path, 1, missing)


def _named(page: Page) -> Iterator[At[str]]:
    """Return every word of code, and of the examples what looks like one of ours."""
    for line, code in page.codes:
        yield At(line, _concrete(code))
    for line, example in page.examples:
        for found in re.finditer(f"{_ID}|{_EVENT}|{_DATA}", example.text):
            yield At(line + example.text.count("\n", 0, found.start()) + 1, found[0])


def _concrete(code: str) -> str:
    """Return code whose `<parts>` were filled in."""
    return re.sub(r"<[^>]*>", PEOPLE[0].lower(), re.sub(r"(?<=smspilot_)<[^>]*>", ACCOUNT, code))


def _wrong(name: str, known: Known) -> str:
    """Return what is wrong with a name."""
    if name.startswith("smspilot."):
        return "" if name in {*known.actions, *known.triggers} else "no such action or trigger"
    if re.fullmatch(_EVENT, name):
        return "" if name in known.events else "no such event"
    if re.fullmatch(_ID, name):
        people = ", ".join(PEOPLE)
        is_known = name in known.ids or ELSEWHERE.fullmatch(name)
        return "" if is_known else f"no such entity or action where {people} live"
    if _NAME.fullmatch(word := name.removeprefix("trigger.")):
        return "" if word in known.words | FOREIGN else "nothing has this name"
    return ""


def _undocumented(root: Path, page: Page, guides: list[Page], known: Known) -> Iterator[str]:
    """Return what a README leaves out; fields and settings may stand in a guide."""
    missing: dict[str, list[str]] = {}
    documented = _codes([page, *guides])
    for name, fields in {**known.actions, **known.triggers}.items():
        if name not in _uses([page]):
            yield f"`{name}` has no example"
        for field in fields - documented - _uses([page, *guides]).get(name, set()):
            missing.setdefault(field, []).append(name)
    for field, names in missing.items():
        yield f"field `{field}` ({', '.join(names)}) is named neither here nor in docs/"
    for event in known.events - _codes([page]):
        yield f"event `{event}` is not named"
    for kind, labels, where, place in (
        ("option", known.options, [page], "here"),
        ("entity", known.entities, [page], "here"),
        ("setting", known.settings, [page, *guides], "here or in docs/"),
    ):
        shown = {_concrete(name.text) for each in where for _, name in each.labels}
        for key, label in labels[page.language].items():
            if not shown & {key, label.casefold()}:
                yield f"{kind} {label!r} (`{key}`) is in no table {place}"
    for file in sorted((root / "blueprints").rglob("*.yaml")):
        is_of_page = file.stem.endswith(SUFFIX) is (page.language == "ru")
        link = quote(str(file.relative_to(root)), safe="")
        if is_of_page and not any(link in each for _, each in page.links):
            yield f"{file.relative_to(root)} has no import button"


def _codes(pages: Iterable[Page]) -> set[str]:
    """Return every word of code."""
    codes = [_concrete(code) for page in pages for _, code in page.codes]
    return {word for code in codes for word in re.findall(r"[\w.]+", code)}


def _uses(pages: Iterable[Page]) -> dict[str, set[str]]:
    """Return the actions and triggers in the examples, with what they are given."""
    uses: dict[str, set[str]] = {}
    for page in pages:
        for _, example in page.examples:
            for _, use in example.uses:
                uses.setdefault(use.name, set()).update(use.given)
    return uses
