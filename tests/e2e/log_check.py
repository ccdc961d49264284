"""What a log of Home Assistant must not hold."""

from collections.abc import Iterable, Iterator
import re

_RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+(?:[+-]\d\d:\d\d)?"
    r" (?P<level>[A-Z]+) \(.*?\) \[(?P<name>.*?)\]"
)
# Home Assistant says it of every custom integration.
_STANDARD = "which has not been tested by Home Assistant"
_OURS = (
    "custom_components.smspilot",
    "custom_components/smspilot",
    "custom integration 'smspilot'",
)


def records(log: str) -> Iterator[str]:
    """Split a log into records; a traceback belongs to the record above it."""
    lines: list[str] = []
    for line in log.splitlines():
        if _RECORD.match(line) and lines:
            yield "\n".join(lines)
            lines = []
        lines.append(line)
    if lines:
        yield "\n".join(lines)


def complaints(log: str, secrets: Iterable[str]) -> list[str]:
    """Return the records of trouble with us, and those above debug that hold a secret."""
    secrets = list(secrets)
    return [record for record in records(log) if _is_trouble(record) or _leaks(record, secrets)]


def _is_trouble(record: str) -> bool:
    """Return whether a record is a warning or an error of ours or about us."""
    level = _level(record)
    about_us = any(each in record for each in _OURS)
    return about_us and level not in ("DEBUG", "INFO") and _STANDARD not in record


def _leaks(record: str, secrets: list[str]) -> bool:
    """Return whether a record that people keep or post holds a secret, in any spelling."""
    if _level(record) == "DEBUG":
        return False
    bare = re.sub(r"[\s()-]", "", record)
    return any(secret in record or secret in bare for secret in secrets)


def _level(record: str) -> str:
    match = _RECORD.match(record)
    return match["level"] if match else "ERROR"  # what is printed past the log is a crash
