"""A home to play in, with the service and its phones: `python -m tests.e2e.develop`."""
# ruff: noqa: T201  # its output is for its user

import argparse
import asyncio
import json
import os
from pathlib import Path
import shutil
import signal
import socket
import sys
from typing import Any, Final

from homeassistant.util import slugify
import yaml

from tests.simulator import DEFAULT_KEY, Simulator

from . import config_folder
from .home import OWNER, Home, HomeError

FOLDER: Final = Path(__file__).parents[2] / ".develop"
HERE: Final = Path(__file__).parent
PEOPLE: Final = {"Anna": "+7 908 796-47-81", "Boris": "+7 916 123-45-67"}
LANGUAGES: Final = ("en", "ru")
# As slow as a person can follow.
ARRIVES_AFTER: Final = 2.0


def words(language: str) -> dict[str, str]:
    """Return what the house says in a language, by its English; ids of automations follow."""
    if language == "en":
        return {}
    said: dict[str, str] = json.loads((HERE / f"develop.{language}.json").read_text())
    ids = {f"automation.{slugify(key)}": f"automation.{slugify(said[key])}" for key in said}
    return said | ids


def localized(name: str, language: str) -> Any:
    """Return a part of the house in a language."""

    def said(node: Any) -> Any:
        match node:
            case dict():
                return {key: said(value) for key, value in node.items()}
            case list():
                return [said(one) for one in node]
            case str():
                return known.get(node, node)
            case _:
                return node

    known = words(language)
    return said(yaml.safe_load((HERE / name).read_text()))


def prepared(folder: Path, port: int, language: str = "en") -> Home:
    """Return a home on this port; automations and tokens of an earlier start stay as they are."""
    automations = folder / "automations.yaml"
    if not automations.exists():
        config_folder.write(folder, "", reachable=True)
        text = localized("develop_automations.yaml", language)
        automations.write_text(yaml.safe_dump(text, allow_unicode=True, sort_keys=False))
    settings = folder / ".storage" / "http"
    http = json.loads(settings.read_text())
    http["data"]["stable"]["server_port"] = port
    settings.write_text(json.dumps(http))
    house = yaml.safe_dump(localized("develop.yaml", language), allow_unicode=True)
    return Home(folder, house, language=language)


async def set_up(home: Home, sim: Simulator) -> None:
    """Add the account and its recipients as a person does, and hang up a dashboard."""
    said = words(home.language)
    people = {said.get(name, name): number for name, number in PEOPLE.items()}
    entry_id = await add_account(home, sim, people)
    await add_alarm(home, entry_id, said.get("Smoke", "Smoke"))
    await hang_up_dashboard(home, sim)


async def add_account(home: Home, sim: Simulator, people: dict[str, str]) -> str:
    """Add the account and recipients with their numbers, and give them phones."""
    form = await home.start_flow("smspilot")
    answer = {"api_key": DEFAULT_KEY, "advanced": {"url": sim.url}}
    form = await home.answer_flow(form["flow_id"], answer)
    if form.get("step_id") != "sender":
        raise HomeError(f"the account was not taken: {form}")
    sim.account.inbound_url = form["description_placeholders"]["webhook_url"]
    sim.changed("account", sim.account)
    added = await home.answer_flow(form["flow_id"], {"sender": "INFORM"})
    entry_id: str = added["result"]["entry_id"]
    _, first_form = added["next_flow"]
    recipients = [entry_id, "recipient"]
    for name, number in people.items():
        person = {"name": name, "phones": [number]}
        form_id = first_form or (await home.start_flow(recipients, "subentries/flow"))["flow_id"]
        made = await home.answer_flow(form_id, person, "subentries/flow")
        if made["type"] != "create_entry":
            raise HomeError(f"{name} was not added: {made}")
        first_form = None
        phone = sim.phone("".join(filter(str.isdigit, number)))
        phone.owner = name
        sim.changed("phone", phone)
        await home.until_state(f"notify.{slugify(name)}")
    return entry_id


async def add_alarm(home: Home, entry_id: str, name: str) -> None:
    """Add an alarm: Anna is texted, then Boris called, until one of them answers."""
    form = {
        "name": name,
        "start": {"sources": ["input_boolean.smoke"]},
        "steps": [
            {"recipients": ["notify.anna"], "wait": {"seconds": 30}},
            {"recipients": ["notify.boris"], "channel": "voice", "wait": {"seconds": 30}},
        ],
    }
    made = await home.flow([entry_id, "alarm"], form, kind="subentries/flow")
    if made["type"] != "create_entry":
        raise HomeError(f"the alarm was not added: {made}")


async def hang_up_dashboard(home: Home, sim: Simulator) -> None:
    """Make a dashboard, and open it first."""
    config = localized("develop_dashboard.yaml", home.language)
    config["views"][-1]["cards"][0]["url"] = f"{sim.origin}/"
    title = words(home.language).get("House", "House")
    async with home.websocket() as websocket:
        page = {"url_path": "play-house", "title": title, "icon": "mdi:home-heart"}
        await websocket.command("lovelace/dashboards/create", **page)
        await websocket.command("lovelace/config/save", url_path="play-house", config=config)
        await websocket.command(
            "frontend/set_system_data", key="core", value={"default_panel": "play-house"}
        )


async def is_set_up(home: Home) -> bool:
    """Return whether an earlier start has added the account."""
    path = "/api/config/config_entries/entry?domain=smspilot"
    return bool(await home.rest("GET", path))


def how_to_enter(home: Home, sim: Simulator) -> str:
    """Return what a person needs to know."""
    address, phones = (each.replace("127.0.0.1", "localhost") for each in (home.url, sim.origin))
    return (
        f"\n  Home Assistant   {address}\n  user, password   {OWNER['username']},"
        f" {OWNER['password']}\n  phones           {phones}\n\n  Ctrl-C stops all of it;"
        " the next start goes on from there, with --fresh it begins anew.\n"
    )


def is_free(port: int) -> bool:
    """Return whether the port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def spoken() -> str:
    """Return the language of the user, so far as the house speaks it."""
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return locale[:2] if locale[:2] in LANGUAGES else "en"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/develop", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    parser.add_argument("--port", type=int, default=8123, help="of Home Assistant")
    parser.add_argument(
        "--phone-port", type=int, default=8124, help="of the service and its phones"
    )
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        default=spoken(),
        help="of the house and all that is in it; one that is there keeps its own without --fresh",
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the state is kept")
    return parser.parse_args()


async def live(options: argparse.Namespace) -> None:
    """Run all of it until it is cancelled."""
    folder: Path = options.folder
    ready = folder / "ready"
    if folder.exists() and (options.fresh or not ready.exists()):  # or half of it was set up
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    async with (
        Simulator(
            port=options.phone_port, auto=ARRIVES_AFTER, state_file=folder / "service.json"
        ) as sim,
        prepared(folder / "home", options.port, options.language) as home,
    ):
        if not ready.exists():
            await set_up(home, sim)
            ready.touch()
        print(how_to_enter(home, sim), flush=True)
        while True:
            while home.running:
                await asyncio.sleep(1)
            await home.restart()  # its own page has a button for that


async def main() -> int:
    """Start, and return the exit status."""
    options = arguments()
    for port in (options.port, options.phone_port):
        if not is_free(port):
            print(f"Port {port} is taken; --port and --phone-port choose others.", file=sys.stderr)
            return 1
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    assert this

    def stop() -> None:
        if not this.cancelling():
            this.cancel()
            print("Stopping …", flush=True)  # last: the terminal may be gone

    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop)
    print("Home Assistant starts …", flush=True)
    try:
        await live(options)
    except asyncio.CancelledError:
        print("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
