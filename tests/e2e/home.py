"""A real Home Assistant in a process of its own, offline, that may be killed and started again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
import json
import os
from pathlib import Path
import signal
import sys
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol, Self

import aiohttp

from . import config_folder
from .websocket import Websocket

type Json = dict[str, Any]
type FlowKind = Literal["flow", "options/flow", "subentries/flow"]

OWNER = {"name": "Owner", "username": "owner", "password": "owner", "language": "en"}
# Whose Home Assistant it is: that of the tests, or another one (`scripts/demo --newest`).
PYTHON = os.environ.get("HASS_PYTHON", sys.executable)
# A Raspberry's worth of time, for a machine whose cores are busy with other tests.
START_TIMEOUT = 120


class HomeError(Exception):
    """Home Assistant refused a request, or did not start."""


class RequestError(HomeError):
    """Home Assistant answered with an HTTP status that means no."""

    def __init__(self, request: str, status: int, body: str) -> None:
        """Keep what a test may look at."""
        super().__init__(f"{request}: {status} {body}")
        self.status, self.body = status, body


class Process(Protocol):
    """A process that may be killed."""

    @property
    def returncode(self) -> int | None:
        """Return None while it runs."""

    def send_signal(self, how: signal.Signals, /) -> None:
        """Send a signal."""

    async def wait(self) -> int:
        """Wait for its end."""


async def launch(python: str, folder: Path, console: Path) -> Process:
    """Start Home Assistant, whose output goes to a file."""
    with console.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            *(python, "-m", "homeassistant", "--skip-pip", "-c", folder),
            # In the checkout its `custom_components` would hide the home's own.
            cwd=folder,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )


class Home:
    """A home; its folder, token and port outlive the process."""

    # Tests fork it instead.
    launch = staticmethod(launch)

    def __init__(
        self,
        folder: Path | None = None,
        yaml: str = "",
        *,
        reachable: bool = True,
        language: str = "en",
        python: str = PYTHON,
    ) -> None:
        """Take a folder to live in, or a temporary one, and YAML merged into the configuration.

        Without `reachable` the home has no external URL, and so no webhook address. `python` is
        whose Home Assistant it runs.
        """
        self._temporary = None if folder else TemporaryDirectory(prefix="home-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.yaml, self.reachable, self.language = yaml, reachable, language
        self._python = python
        self.tokens: Json = {}  # the token answer, as the page keeps it in `hassTokens`
        self._earlier_logs = ""
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        """Start."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        try:
            await self.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and leave nothing behind of a temporary home."""
        try:
            await self.stop()
        finally:
            await self._session.close()
            if self._temporary:
                self._temporary.cleanup()

    async def start(self) -> None:
        """Start Home Assistant, log in, and wait until automations listen."""
        port = config_folder.write(
            self.folder, self.yaml, reachable=self.reachable, language=self.language
        )
        self.url = f"http://127.0.0.1:{port}"
        self._process = await self.launch(self._python, self.folder, self._console)
        await self.until(self._logged_in, "a log-in", timeout=START_TIMEOUT)
        await self.until(self._saved, "the log-in to be saved")
        await self.until(self._runs, "the end of the start", timeout=START_TIMEOUT)

    async def kill(self) -> None:
        """End the process as a power cut does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Shut down cleanly; a process that hangs is killed."""
        try:
            async with asyncio.timeout(60):
                await self._end(signal.SIGTERM)
        except TimeoutError:
            tail = self.tail()
            await self.kill()
            message = f"Home Assistant did not stop\n{tail}"
            raise HomeError(message) from None

    async def restart(self) -> None:
        """Stop cleanly and start again."""
        await self.stop()
        await self.start()

    def log(self) -> str:
        """Return home-assistant.log of every run of this home."""
        current = self._log.read_text() if self._process and self._log.exists() else ""
        return self._earlier_logs + current

    def tail(self) -> str:
        """Return the end of the console, which unlike the log is not rotated by a failed start."""
        return "\n".join(self._console.read_text().splitlines()[-100:])

    async def rest(self, method: str, path: str, data: Json | None = None) -> Any:
        """Send a request to the REST API and return its answer."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return await self._request(method, path, json=data, headers=headers)

    async def state(self, entity_id: str) -> Json | None:
        """Return an entity's state with its attributes."""
        try:
            state: Json = await self.rest("GET", f"/api/states/{entity_id}")
        except RequestError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        return state

    async def until_state(
        self, entity_id: str, state: str | None = None, *, timeout: float = 15
    ) -> None:
        """Wait until an entity is there, and has a state where one is given."""

        async def reached() -> bool:
            now = await self.state(entity_id)
            return now is not None and state in (None, now["state"])

        await self.until(reached, f"{entity_id} to be {state or 'there'}", timeout=timeout)

    async def until_known(self, entity_id: str) -> str:
        """Wait until an entity has a value, and return it: the first read follows the start."""
        values: list[str] = []

        async def known() -> bool:
            now = await self.state(entity_id)
            if now and now["state"] not in ("unknown", "unavailable"):
                values.append(now["state"])
            return bool(values)

        await self.until(known, f"{entity_id} to have a value")
        return values[-1]

    async def action(
        self, domain: str, name: str, data: Json | None = None, *, return_response: bool = False
    ) -> Any:
        """Perform an action; return its response where asked for."""
        query = "?return_response" if return_response else ""
        answer = await self.rest("POST", f"/api/services/{domain}/{name}{query}", data or {})
        return answer["service_response"] if return_response else None

    async def start_flow(self, handler: str | list[str], kind: FlowKind = "flow") -> Json:
        """Open a flow (`handler`: a domain, an entry id, or entry id and subentry type)."""
        path = f"/api/config/config_entries/{kind}"
        form: Json = await self.rest("POST", path, {"handler": handler})
        return form

    async def answer_flow(self, flow_id: str, answer: Json, kind: FlowKind = "flow") -> Json:
        """Send in one form of a flow and return what comes next."""
        path = f"/api/config/config_entries/{kind}/{flow_id}"
        result: Json = await self.rest("POST", path, answer)
        return result

    async def fill_in(self, form: Json, answer: Json, kind: FlowKind = "flow") -> Json:
        """Send in a form, each field in the section it stands in."""
        placed: Json = {}
        for field in form["data_schema"]:
            if field["type"] == "expandable":
                inner = {each["name"] for each in field["schema"]} & answer.keys()
                placed[field["name"]] = {name: answer[name] for name in inner}
            elif field["name"] in answer:
                placed[field["name"]] = answer[field["name"]]
        return await self.answer_flow(form["flow_id"], placed, kind)

    async def flow(self, handler: str | list[str], *answers: Json, kind: FlowKind = "flow") -> Json:
        """Go through a flow; the result is an entry, an abort, or the form that complains."""
        result = await self.start_flow(handler, kind)
        for answer in answers:
            if result["type"] not in ("form", "menu") or result.get("errors"):
                break
            result = await self.answer_flow(result["flow_id"], answer, kind)
        return result

    @asynccontextmanager
    async def websocket(self) -> AsyncIterator[Websocket]:
        """Connect to the websocket."""
        async with Websocket(self._session, self.url, self.tokens["access_token"]) as websocket:
            yield websocket

    async def until(
        self, condition: Callable[[], Awaitable[bool]], what: str, *, timeout: float = 15
    ) -> None:
        """Wait for a condition; say what did not come, and why the log thinks so."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self.running:
                    if await condition():
                        return
                    await asyncio.sleep(0.1)
        why = f"{timeout} s were not enough" if self.running else "Home Assistant has ended"
        message = f"waited in vain for {what}: {why}\n{self.tail()}"
        raise HomeError(message)

    @property
    def running(self) -> bool:
        """Return whether the process is alive."""
        return self._process is not None and self._process.returncode is None

    @property
    def _log(self) -> Path:
        return self.folder / "home-assistant.log"

    @property
    def _console(self) -> Path:
        return self.folder / "console.log"

    async def _end(self, how: signal.Signals) -> None:
        """Send a signal and wait for the end."""
        if not self._process:
            return
        if self._process.returncode is None:
            self._process.send_signal(how)
        await self._process.wait()
        self._earlier_logs = self.log()
        self._process = None

    async def _request(self, method: str, path: str, **request: Any) -> Any:
        """Send a request; raise what is no success."""
        async with self._session.request(method, self.url + path, **request) as response:
            text = await response.text()
            if not response.ok:
                raise RequestError(f"{method} {path}", response.status, text)
            return json.loads(text) if response.content_type == "application/json" else text

    async def _logged_in(self) -> bool:
        """Become the owner; later starts in the same folder use the refresh token it left."""
        kept = self.folder / "tokens.json"
        client = {"client_id": f"{self.url}/"}
        try:
            if kept.exists():
                self.tokens = json.loads(kept.read_text())
                grant = {"refresh_token": self.tokens["refresh_token"]}
                grant |= {"grant_type": "refresh_token"}
            else:
                owner = OWNER | client | {"language": self.language}
                user = await self._request("POST", "/api/onboarding/users", json=owner)
                grant = {"grant_type": "authorization_code", "code": user["auth_code"]}
            self.tokens |= await self._request("POST", "/auth/token", data=grant | client)
        except aiohttp.ClientConnectionError:
            return False
        except RequestError as error:
            if error.status != HTTPStatus.NOT_FOUND:  # the views come one after another
                raise
            return False
        kept.write_text(json.dumps(self.tokens))
        return True

    async def _saved(self) -> bool:
        """Return whether the token is on disk: a kill before that would lock all out."""
        auth = self.folder / ".storage" / "auth"
        return auth.exists() and self.tokens["refresh_token"] in auth.read_text()

    async def _runs(self) -> bool:
        """Return whether the start is over."""
        config = await self.rest("GET", "/api/config")
        if config["recovery_mode"]:
            message = f"the configuration is not valid\n{self.tail()}"
            raise HomeError(message)
        return bool(config["state"] == "RUNNING")
