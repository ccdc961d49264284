"""The simulated service in a process of its own, as the demo and the crash tests use it."""

import asyncio
from pathlib import Path
import signal
import sys
from typing import Any, Self

import aiohttp

from tests.simulator.model import DEFAULT_KEY

from .config_folder import free_port

type Json = dict[str, Any]

ROOT = Path(__file__).parents[2]


class Service:
    """The service; its pages under `/control/` are in the simulator's README."""

    key = DEFAULT_KEY

    def __init__(self, *, auto: float = 1, state: Path | None = None) -> None:
        """Let messages arrive after `auto` seconds (0: on command); keep the state in a file."""
        self._options = ["--auto", str(auto), *(["--state", str(state)] if state else [])]

    async def __aenter__(self) -> Self:
        """Start it and wait until it listens."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api.php"
        self._control = f"http://127.0.0.1:{port}/control"
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.simulator", "--port", str(port), *self._options),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout
        async with asyncio.timeout(30):
            if not await self._process.stdout.readline():  # it prints its address once it listens
                message = "the simulator ended; its reason is above"
                raise RuntimeError(message)
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self._session.close()
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        await self._process.communicate()

    async def control(self, page: str, **body: Any) -> Any:
        """Post to a control page and return its answer."""
        async with self._session.post(f"{self._control}/{page}", json=body) as response:
            answer = await response.json()
            if not response.ok:
                raise ValueError(answer["error"])
            return answer

    async def state(self) -> Json:
        """Return all the service knows, and what it was asked."""
        async with self._session.get(f"{self._control}/state") as response:
            state: Json = await response.json()
            return state
