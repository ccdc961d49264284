"""A disk that loses at a power cut what was not synced."""

from collections.abc import Callable
from itertools import count
import os
from pathlib import Path
import random
import stat

import atomicwrites  # type: ignore[import-untyped]
import pytest

from custom_components.smspilot.inbound import publications


def start_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the operating system anew: what was not synced may be gone."""
    monkeypatch.setattr(publications, "BOOT_ID", f"start {next(_STARTS)}")


_STARTS = count()


class ForgetfulDisk:
    """The files of a folder whose names have a prefix, as a power cut would leave them.

    What was synced is there. What was added to a file since is there in part, or zeros in its
    place, as file systems leave them; a name made, replaced or removed since the folder was synced
    is as it was or as it is. It listens below `os.fsync` and `os.fdatasync`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, prefix: str) -> None:
        self._monkeypatch = monkeypatch
        self._folder = folder
        self._prefix = prefix
        # The files on the disk by inode, and the names it knows; an open file keeps its inode.
        self._kept: dict[int, bytes] = {}
        self._names: dict[str, int] = {}
        self._open: dict[int, int] = {}
        self.syncs = 0
        # What is there when it begins to forget is not forgotten.
        self._names = self._present()
        self._kept = {inode: (folder / name).read_bytes() for name, inode in self._names.items()}
        for module, name in ((os, "fsync"), (os, "fdatasync"), (atomicwrites, "_proper_fsync")):
            monkeypatch.setattr(module, name, self._listen(getattr(module, name)))

    def _listen(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def sync(file: int) -> None:
            real(file)
            path, status = Path(f"/proc/self/fd/{file}").readlink(), os.fstat(file)
            if path == self._folder and stat.S_ISDIR(status.st_mode):
                self._names = self._present()
            elif path.parent == self._folder:
                self.syncs += 1
                self._keep_open(status.st_ino, file)
                self._kept[status.st_ino] = Path(f"/proc/self/fd/{file}").read_bytes()

        return sync

    def power_cut(self, dice: random.Random) -> None:
        """Leave in the folder what the disk may know after a power cut now, and start anew."""
        start_machine(self._monkeypatch)
        present = self._present()
        left: dict[str, bytes] = {}
        for name in sorted({*self._names, *present}):
            inode = dice.choice([self._names.get(name), present.get(name)])
            if inode is not None:
                left[name] = self._left(inode, dice)
        for name in present:
            (self._folder / name).unlink()
        for name, data in left.items():
            (self._folder / name).write_bytes(data)
        for file in self._open.values():
            os.close(file)
        self._open.clear()
        self._names = self._present()
        self._kept = {inode: left[name] for name, inode in self._names.items()}

    def _left(self, inode: int, dice: random.Random) -> bytes:
        """Return what is left of a file: all that was synced, and something of what was not."""
        kept = self._kept.get(inode, b"")
        tail = Path(f"/proc/self/fd/{self._open[inode]}").read_bytes()[len(kept) :]
        if not tail:
            return kept
        written = tail[: dice.randint(0, len(tail))]
        lost = dice.randint(0, len(written))
        match dice.randrange(4):
            case 0:
                tail = b""
            case 1:
                tail = written
            case 2:
                tail = written + bytes(len(tail) - len(written) + dice.randint(0, 4096))
            case _:
                # A block that came too late, before one that did not.
                tail = bytes(lost) + written[lost:]
        return kept + tail

    def _present(self) -> dict[str, int]:
        found = {}
        for path in self._folder.glob(f"{self._prefix}*"):
            try:
                file = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                # Another thread has renamed or removed it meanwhile.
                continue
            found[path.name] = os.fstat(file).st_ino
            self._keep_open(found[path.name], file)
            os.close(file)
        return found

    def _keep_open(self, inode: int, file: int) -> None:
        if inode not in self._open:
            self._open[inode] = os.open(f"/proc/self/fd/{file}", os.O_RDONLY)
