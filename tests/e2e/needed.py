"""Print the packages that a home of these tests needs beside Home Assistant's own.

It is run by the Python whose Home Assistant it is: `.venv-newest/bin/python tests/e2e/needed.py`.
"""

import json
from pathlib import Path
import sys

import homeassistant
from homeassistant.const import Platform

COMPONENTS = Path(homeassistant.__path__[0]) / "components"
OURS = Path(__file__).parents[2] / "custom_components" / "smspilot"
# What the configuration of such a home names, and what is set up at every start beside platforms.
NAMED = {"automation", "frontend", "history", "logbook", "recorder", "script", "system_health"}
ALWAYS = {"analytics", "backup", "hassio"}


def main() -> None:
    """Go through the manifests of what is set up, and of what that depends on."""
    needed: set[str] = set()
    seen: set[str] = set()
    folders = [OURS, *(COMPONENTS / name for name in {*Platform, *NAMED, *ALWAYS})]
    while folders:
        manifest = json.loads((folders.pop() / "manifest.json").read_text())
        needed |= {*manifest.get("requirements", ())}
        new = {*manifest.get("dependencies", ())} - seen
        seen |= new
        folders += [COMPONENTS / name for name in new]
    sys.stdout.write("\n".join(sorted(needed)) + "\n")


main()
