"""Homes forked from a process that has imported Home Assistant, which is most of a start."""

import asyncio
import json
import os
from pathlib import Path
from select import select
import signal
from subprocess import PIPE, Popen
from typing import Final, Self

PARENT: Final = Path(__file__).parent / "parent.py"


class Parents:
    """The processes to fork from: one for each Python, started when it is first needed."""

    def __init__(self) -> None:
        self._parents: dict[str, Popen[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for parent in self._parents.values():
            parent.communicate()

    async def launch(self, python: str, folder: Path, console: Path) -> Forked:
        """Fork Home Assistant, as `home.launch` starts it."""
        return Forked(await asyncio.to_thread(self._fork, python, str(folder), str(console)))

    def _fork(self, python: str, *where: str) -> int:
        if python not in self._parents:
            command = [python, "-P", str(PARENT)]
            self._parents[python] = Popen(command, stdin=PIPE, stdout=PIPE, text=True)
        parent = self._parents[python]
        assert parent.stdin
        assert parent.stdout
        parent.stdin.write(json.dumps(where) + "\n")
        parent.stdin.flush()
        return int(parent.stdout.readline())


class Forked:
    """A process that another one has forked."""

    def __init__(self, pid: int) -> None:
        """Keep hold of it: its parent remembers it until the next one is forked."""
        self._file = os.pidfd_open(pid)

    def __del__(self) -> None:
        os.close(self._file)

    @property
    def returncode(self) -> int | None:
        """Return None while it runs; its code is known to its parent only."""
        return 0 if select([self._file], [], [], 0)[0] else None

    def send_signal(self, how: signal.Signals, /) -> None:
        """Send a signal."""
        signal.pidfd_send_signal(self._file, how)

    async def wait(self) -> int:
        """Wait for its end."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._file, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._file)
        return 0
