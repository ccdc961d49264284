"""The present run of the operating system, within which all that was written to files survives."""

from contextlib import suppress
from pathlib import Path
from typing import Final


def _boot_id() -> str | None:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None


# The id that Linux gives to each of its starts; None elsewhere. Read when this is imported, which
# Home Assistant does in a thread.
BOOT_ID: Final = _boot_id()
