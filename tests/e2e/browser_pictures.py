"""Pictures of the real thing: a few for the README, or a tour of every screen a person sees.

`python -m tests.e2e.browser_pictures [--tour FOLDER | --blueprints FOLDER]`
"""
# ruff: noqa: T201  # its output is for its user

import argparse
import asyncio
from pathlib import Path
import sys

from tests.simulator import Simulator

from . import browser, browser_blueprints, browser_readme, browser_trouble
from .browser_readme import ANNA, BORIS, house
from .browser_tour import Tour
from .develop import LANGUAGES, set_up, words
from .home import Home


async def an_evening(home: Home, sim: Simulator) -> None:
    """Let something happen at home."""
    said = words(home.language)
    await home.action("input_boolean", "turn_on", {"entity_id": "input_boolean.leak"})
    await sim.changed.wait_for(lambda: sum(each.status == 2 for each in sim.messages.values()) == 2)
    await home.action("input_button", "press", {"entity_id": "input_button.sauna"})
    await sim.changed.wait_for(
        lambda: any(each.kind == "two_way" and each.status == 2 for each in sim.messages.values())
    )
    await sim.receive(ANNA, said.get("Yes!", "Yes!"))
    await home.until_state("input_boolean.sauna", "on")
    await sim.receive(BORIS, said.get("Open the gate", "Open the gate"))
    await home.until_state("input_boolean.gate", "on")
    await home.action("input_boolean", "turn_off", {"entity_id": "input_boolean.leak"})
    await sim.changed.wait_for(lambda: all(each.status == 2 for each in sim.messages.values()))


async def everything(language: str, folder: Path) -> None:
    """Take every screen in a language."""
    async with (
        house(language, "every_notice") as (home, sim),
        browser.started() as started,
        browser.person(started, home, language=language, size=(1100, 2000)) as person,
    ):
        tour = Tour(await person.new_page(), home, folder)
        await browser_trouble.first_account(tour, sim)
        await set_up(home, sim)
        await an_evening(home, sim)
        await tour.everything()
        await browser_trouble.repairs(tour, sim)
        await browser_trouble.new_key(tour, sim)


def main() -> int:
    """Take what was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("--tour", type=Path, metavar="FOLDER", help="every screen, into a folder")
    parser.add_argument(
        "--blueprints",
        type=Path,
        metavar="FOLDER",
        help="import and run every blueprint and what the README shows; the forms, into a folder",
    )
    parser.add_argument(
        "--language", choices=LANGUAGES, help="of a tour or of blueprints, where one is enough"
    )
    options = parser.parse_args()
    languages = [options.language] if options.language else LANGUAGES
    if not browser.PATH:
        print("There is no browser: install Debian's chromium.", file=sys.stderr)
        return 1
    good = True
    if options.blueprints:
        for each in languages:
            good &= asyncio.run(browser_blueprints.everything(each, options.blueprints))
    elif options.tour:
        for each in languages:
            asyncio.run(everything(each, options.tour / each))
    else:
        asyncio.run(browser_readme.for_the_readme())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
