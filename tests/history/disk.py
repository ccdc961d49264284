"""The disk below the account's files: slow, hanging, full, read-only or broken."""

import asyncio
from collections.abc import Callable
import errno
import os
import threading
from typing import Any, Final

import pytest

from custom_components.smspilot.runtime import journal_files
from tests.common import HELD, hold

# How long each call of a slow disk takes, seconds of the home's clock.
SLOW: Final = 2.0
_ERRORS: Final = {"full": errno.ENOSPC, "read_only": errno.EROFS, "broken": errno.EIO}
MODES: Final = ("well", "slow", "hangs", *_ERRORS)


class Disk:
    """What the operating system does for the journal's files, as the disk's mode lets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: Callable[[], float]) -> None:
        self.mode = "well"
        # Whether a write failed and none has succeeded since: what it held is in memory alone.
        self.is_behind = False
        self._now = now
        self._loop = asyncio.get_running_loop()
        # What a thread waits for, and until when; None: until the disk is another one.
        self._held: dict[threading.Event, float | None] = {}
        self._killed = False
        self._lock = threading.Lock()
        monkeypatch.setattr(journal_files, "os", _System(self))
        write: Callable[..., Any] = vars(journal_files)["write_utf8_file_atomic"]
        monkeypatch.setattr(journal_files, "write_utf8_file_atomic", self.through("write", write))

    def become(self, mode: str) -> None:
        """Change; whatever waits goes on."""
        self.mode = mode
        self._release(lambda _due: True)

    def kill(self) -> None:
        """End the threads that wait, as a kill of their process does, and be well for a while."""
        self._killed = True
        self.become("well")

    def revive(self, mode: str) -> None:
        """Be what it was before the kill."""
        self._killed = False
        self.mode = mode

    @property
    def holds(self) -> bool:
        """Return whether a thread waits for the disk."""
        return bool(self._held)

    def tick(self) -> None:
        """Let go on whose time has come."""
        now = self._now()
        self._release(lambda due: due is not None and due <= now)

    def next(self, most: float) -> float:
        """Return in how many seconds a slow call ends, at most so many."""
        with self._lock:
            due = [each for each in self._held.values() if each is not None]
        return min([most, *(each - self._now() for each in due)])

    def through(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return a call as the disk lets it through."""

        def held(*args: Any, **more: Any) -> Any:
            if self.mode in ("slow", "hangs"):
                self._wait(self._now() + SLOW if self.mode == "slow" else None)
            if self.mode in _ERRORS and not _only_reads(name, args):
                code = _ERRORS[self.mode]
                self.is_behind = True
                raise OSError(code, os.strerror(code))
            done = call(*args, **more)
            self.is_behind = self.is_behind and name != "write"
            return done

        return held

    def _wait(self, due: float | None) -> None:
        released = threading.Event()
        with self._lock:
            self._held[released] = due
            hold(released, self._loop)
        released.wait()
        if self._killed:
            raise OSError(errno.EINTR, "killed")

    def _release(self, ends: Callable[[float | None], bool]) -> None:
        with self._lock:
            for released, due in list(self._held.items()):
                if ends(due):
                    del self._held[released]
                    HELD.pop(released, None)
                    released.set()


class _System:
    """The module `os`, for the journal's files alone."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        calls = ("open", "write", "fdatasync", "fsync")
        return self._disk.through(name, found) if name in calls else found


def _only_reads(name: str, args: tuple[Any, ...]) -> bool:
    return name == "open" and args[1] == os.O_RDONLY
