"""The script that starts the home to play in: it gets ready, and Ctrl-C stops all of it."""

import asyncio
from asyncio.subprocess import PIPE
from contextlib import suppress
from functools import partial
from pathlib import Path
import signal

import pytest

from .config_folder import free_port
from .develop import is_free
from .home import START_TIMEOUT
from .service import ROOT

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_ready_and_stopped(tmp_path: Path) -> None:
    """It prints its addresses when everything is there, and leaves nothing behind."""
    ports = free_port(), free_port()
    options = [f"--folder={tmp_path}", f"--port={ports[0]}", f"--phone-port={ports[1]}"]
    process = await asyncio.create_subprocess_exec(
        ROOT / "scripts/develop",
        *options,
        stdout=PIPE,
        # A shell that runs the tests in the background has them ignore it, and so what they start.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout
    try:
        async with asyncio.timeout(2 * START_TIMEOUT):
            while line := await process.stdout.readline():
                if f"http://localhost:{ports[1]}" in line.decode():
                    break
        assert not any(map(is_free, ports))
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        rest, _ = await process.communicate()
    assert rest.decode().endswith("Stopping …\nStopped.\n")
    assert process.returncode == 0
    assert all(map(is_free, ports))
    assert (tmp_path / "ready").exists()
