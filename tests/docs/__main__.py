"""Check the pages of a folder, by default of the project: `python -m tests.docs [FOLDER]`."""

import asyncio
import logging
from pathlib import Path
import sys

from . import examples, links, names, screen
from .known import home
from .page import Complaint, Page


async def check(root: Path) -> list[Complaint]:
    """Return what is wrong with the pages."""
    pages = [
        Page(root, path)
        for pattern in ("*.md", "docs/*.md", ".github/*.md", "tests/**/*.md")
        for path in sorted(root.glob(pattern))
    ]
    async with home() as (hass, known):
        complaints = [
            *links.check(root, pages),
            *names.check(root, pages, known),
            *screen.check(pages, known),
        ]
        complaints += [each async for each in examples.check(hass, pages)]
    return sorted(complaints)


def main() -> int:
    """Print what is wrong, and how many."""
    logging.disable(logging.CRITICAL)  # the home's own troubles are no matter of the docs
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    complaints = asyncio.run(check(root.resolve()))
    for path, line, text in complaints:
        print(f"{path}:{line}: {text}")
    return 1 if complaints else 0


sys.exit(main())
