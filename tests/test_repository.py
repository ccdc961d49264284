"""What stands in several files of the repository is the same in all of them."""

import json
from pathlib import Path
import re
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import pytest

ROOT = Path(__file__).parents[1]
MANIFEST: dict[str, Any] = json.loads(
    (ROOT / "custom_components/smspilot/manifest.json").read_text()
)
HACS: dict[str, Any] = json.loads((ROOT / "hacs.json").read_text())


@pytest.mark.parametrize("name", ["oldest", "test"])
def test_requirements(name: str) -> None:
    """Tests run with what a home installs."""
    pins = (ROOT / f"requirements_{name}.txt").read_text().splitlines()
    assert set(MANIFEST["requirements"]) <= set(pins)
    assert all("==" in pin for pin in MANIFEST["requirements"])


def test_oldest_home_assistant() -> None:
    """HACS, every blueprint and both READMEs ask for the same Home Assistant."""
    oldest = HACS["homeassistant"]
    for file in (ROOT / "blueprints").rglob("*.yaml"):
        blueprint = load_yaml_dict(str(file))["blueprint"]
        assert blueprint["homeassistant"]["min_version"] == oldest, file
    for file in ROOT.glob("README*.md"):
        assert f"Home Assistant {oldest.removesuffix('.0')}" in file.read_text("utf-8"), file


def test_addresses() -> None:
    """A search for the project finds it, and blueprints find their next version."""
    home = MANIFEST["documentation"]
    assert MANIFEST["issue_tracker"] == f"{home}/issues"
    assert MANIFEST["codeowners"] == [f"@{home.split('/')[-2]}"]
    for file in (ROOT / "blueprints").rglob("*.yaml"):
        source = load_yaml_dict(str(file))["blueprint"]["source_url"]
        assert source == f"{home}/blob/main/{file.relative_to(ROOT)}"


def test_changelog() -> None:
    """The next version is written down, and every one has its address."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert versions == re.findall(r"^\[(.+?)\]: https://", text, re.MULTILINE)
    dated = re.findall(r"^## \[\d+\.\d+\.\d+.*\] - \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    assert len(dated) == len(versions) - 1
