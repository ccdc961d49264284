"""What a README names on the screen is what the screen shows."""

from collections.abc import Iterable, Iterator
from functools import cache
import json
from pathlib import Path
import re
from typing import Final

import hass_frontend

from tests.e2e.config_folder import INTEGRATION

from .known import Known
from .page import Complaint, Page

_PATH: Final = re.compile(r"\*([^*`]+→[^*`]+)\*")
# Steps on other pages: of HACS, of SMSPILOT's cabinet, of ours.
_OTHER: Final = re.compile(
    r"⋮|HACS|Custom repositories|Пользовательские репозитории|API.*|SMSPILOT.*"
)


def check(pages: Iterable[Page], known: Known) -> Iterator[Complaint]:
    """Complain of names in tables and of steps in menus that do not exist."""
    for page in pages:
        names = (known.options, known.entities, known.settings)
        ours = {name.casefold() for each in names for name in each[page.language].values()}
        for line, name in page.labels:
            if not name.is_code and name.text not in ours:
                yield Complaint(
                    page.path, line, f"{name.text!r}: no form or entity of ours is called so"
                )
        for line, text in page.prose:
            for path in _PATH.findall(text):
                language = "ru" if re.search("[а-яё]", path) else "en"
                for step in (each.strip(" .,") for each in path.split("→")):
                    if not _OTHER.fullmatch(step) and step not in _menus(language):
                        yield Complaint(
                            page.path, line, f"{step!r}: Home Assistant shows no such name"
                        )


@cache
def _menus(language: str) -> frozenset[str]:
    """Return every text of Home Assistant's pages, and of our buttons on them."""
    folder = Path(hass_frontend.where()) / "static" / "translations"
    ours = json.loads((INTEGRATION / "translations" / f"{language}.json").read_text("utf-8"))
    return frozenset(
        text
        for file in folder.rglob(f"{language}-*.json")
        for text in json.loads(file.read_text("utf-8")).values()
    ).union(*(each["initiate_flow"].values() for each in ours["config_subentries"].values()))
