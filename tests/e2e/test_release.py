"""The zip that HACS installs is whole: a fresh home loads it."""

import json
from pathlib import Path
import subprocess
from zipfile import ZipFile

import pytest

from .home import Home
from .service import Service

pytestmark = pytest.mark.usefixtures("socket_enabled")

ROOT = Path(__file__).parents[2]
HACS = json.loads((ROOT / "hacs.json").read_text())


VERSION = "9.8.7"


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """Return a configuration folder in which the zip was unpacked as HACS does it."""
    subprocess.run([ROOT / "scripts/release", f"v{VERSION}"], check=True)
    with ZipFile(ROOT / "build" / HACS["filename"]) as made:
        made.extractall(tmp_path / "custom_components" / "smspilot")
    return tmp_path


async def test_zip_installs(configuration: Path) -> None:
    """A fresh home loads what scripts/release makes, shows its version, and sends."""
    async with Service(auto=0.5) as service, Home(configuration) as home:
        account = {"api_key": service.key, "advanced": {"url": service.url}}
        result = await home.flow("smspilot", account, {})
        person = {"name": "Anna", "phones": ["+7 908 796-47-81"]}
        await home.answer_flow(result["next_flow"][1], person, "subentries/flow")
        await home.until_state("notify.anna")
        await home.action("notify", "send_message", {"entity_id": "notify.anna", "message": "Hi!"})
        assert [each["text"] for each in (await service.state())["messages"]] == ["Hi!"]
        async with home.websocket() as websocket:
            manifest = await websocket.command("manifest/get", integration="smspilot")
        assert manifest["version"] == VERSION


@pytest.mark.parametrize("version", ["", "1.2", "1.2.3.4", "latest", '1.2.3"'])
def test_no_version(version: str) -> None:
    """What is no version makes no zip."""
    made = subprocess.run([ROOT / "scripts/release", version], capture_output=True, check=False)
    assert made.returncode == 1
    assert b"scripts/release 1.2.3" in made.stderr
