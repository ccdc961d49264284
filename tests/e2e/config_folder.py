"""The configuration folder of a real Home Assistant that works offline."""

from contextlib import suppress
import json
from pathlib import Path
from random import randrange
import socket
from typing import Any

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "smspilot"

# `default_config` wants the network and cameras; this is what a page and an automation need.
CONFIGURATION = """\
homeassistant:
  name: Home
  country: RU
  currency: RUB
  language: {language}
  time_zone: Europe/Moscow
  unit_system: metric
  latitude: 55.75
  longitude: 37.62
  elevation: 150
  {external_url}
  packages:
    given: !include given.yaml
automation: !include automations.yaml
script: !include scripts.yaml
conversation:
frontend:
history:
logbook:
logger:
  default: warning
  logs:  # neither program is needed, and their absence fills a page at each start
    haffmpeg: fatal
    homeassistant.components.camera.img_util: fatal
recorder:
system_health:
"""


def write(folder: Path, given: str, *, reachable: bool, language: str = "en") -> int:
    """Write what a start needs, keep what an earlier start left, and return the port."""
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    for name in ("automations.yaml", "scripts.yaml"):  # where the editors of the page write
        (folder / name).touch()
    http = storage / "http"
    if not http.exists():
        _store(http, 2, 2, _http(free_port()))
        _store(
            storage / "onboarding",
            4,
            1,
            {"done": ["core_config", "analytics", "integration"]},  # the user step is left
        )
    port: int = json.loads(http.read_text())["data"]["stable"]["server_port"]
    external_url = f"external_url: http://127.0.0.1:{port}" if reachable else ""
    (folder / "given.yaml").write_text(given or "{}")
    configuration = CONFIGURATION.format(external_url=external_url, language=language)
    (folder / "configuration.yaml").write_text(configuration)
    link = folder / "custom_components" / "smspilot"
    link.parent.mkdir(exist_ok=True)
    if not link.exists():
        link.unlink(missing_ok=True)  # a link to a checkout that has moved
        link.symlink_to(INTEGRATION)
    return port


def free_port() -> int:
    """Return a port that is free, and stays free until it is used.

    Not one the system gives out by itself: a test in another process could be given the same.
    """
    while True:
        port = randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _store(file: Path, version: int, minor_version: int, data: dict[str, Any]) -> None:
    """Write a file as Home Assistant's own storage does."""
    content = {"version": version, "minor_version": minor_version, "key": file.name, "data": data}
    file.write_text(json.dumps(content))


def _http(port: int) -> dict[str, Any]:
    """Return the HTTP settings; a YAML block would fall back to port 8123 after five minutes."""
    return {
        "stable": {
            "server_port": port,
            "server_host": ["127.0.0.1"],
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": True,
            "ssl_profile": "modern",
            "use_x_frame_options": True,
            "created_at": "2026-08-05T00:00:00+00:00",
            "error": None,
            "error_message": None,
        },
        "pending": None,
        "yaml_migration_done": True,
    }
