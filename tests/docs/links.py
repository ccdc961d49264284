"""Links lead somewhere."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from .page import Complaint, Page

HERE: Final = re.compile(r"https://github\.com/ha-smspilot/ha-smspilot/(?:blob|tree|raw)/main/(.+)")
# What links of My Home Assistant are about.
ABOUT: Final = {
    "owner": "ha-smspilot",
    "repository": "ha-smspilot",
    "domain": "smspilot",
    "integration": "smspilot",
}


def check(root: Path, pages: list[Page]) -> Iterator[Complaint]:
    """Complain of links to what is not there; of others only where they are no addresses."""
    anchors = {page.path: page.anchors for page in pages}
    for page in pages:
        for line, link in page.links:
            if wrong := _wrong(root, page.path, link, anchors):
                yield Complaint(page.path, line, f"dead link {link!r}: {wrong}")


def _wrong(root: Path, path: Path, link: str, anchors: dict[Path, set[str]]) -> str:
    """Return what is wrong with a link."""
    if re.match(r"\w+:", link):
        return _wrong_address(root, link)
    name, _, anchor = unquote(link).partition("#")
    there = (root / path.parent / name).resolve() if name else root / path
    if not there.is_relative_to(root) or not there.exists():
        return "no such file"
    if anchor and anchor not in anchors.get(there.relative_to(root), set()):
        return "no such heading"
    return ""


def _wrong_address(root: Path, link: str) -> str:
    address = urlsplit(link)
    if address.scheme == "mailto":
        return ""
    if address.scheme != "https" or "." not in (address.hostname or ""):
        return "no https address"
    if (here := HERE.fullmatch(link)) and not (root / unquote(here[1])).exists():
        return "no such file"
    for key, value in parse_qsl(address.query):
        if address.hostname == "my.home-assistant.io" and ABOUT.get(key, value) != value:
            return f"{key} is {ABOUT[key]}"
        if value.startswith("https://") and (wrong := _wrong_address(root, value)):
            return wrong
    return ""
