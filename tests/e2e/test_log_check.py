"""The log check of the demo finds what it looks for."""

import pytest

from .log_check import complaints

DATE = "2026-11-23 21:24:53.039"
# From 2026.11 on there is a zone.
DATES = [DATE, f"{DATE}+00:00"]
KEY = "KEY0KEY0"
STANDARD = (
    "We found a custom integration smspilot which has not been tested by Home Assistant. This"
    " component might cause"
)


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize(
    "log",
    [
        f"{DATE} WARNING (MainThread) [custom_components.smspilot] Slow",
        (
            f"{DATE} ERROR (MainThread) [homeassistant] Error doing job\nTraceback:\n"
            '  File "custom_components/smspilot/outbox.py", line 1'
        ),
        (
            f"{DATE} WARNING (MainThread) [homeassistant.helpers.frame] Detected that custom"
            " integration 'smspilot' calls something old"
        ),
        f"{DATE} INFO (MainThread) [custom_components.smspilot] Asked with {KEY}",
        f"{DATE} ERROR (MainThread) [homeassistant] Not sent to 8 (908) 796-47-81",
    ],
)
def test_trouble_and_secrets_are_found(log: str, date: str) -> None:
    """Trouble of ours, about us, or a secret above debug is one complaint."""
    standard = f"{DATE} WARNING (SyncWorker_0) [homeassistant.loader] {STANDARD}"
    log = f"{standard}\n{log}\n{standard}".replace(DATE, date)
    assert len(complaints(log, [KEY, "9087964781"])) == 1


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize(
    "log",
    [
        "",
        f"{DATE} WARNING (SyncWorker_0) [homeassistant.loader] {STANDARD}",
        f"{DATE} DEBUG (MainThread) [custom_components.smspilot] Sent to 79087964781",
        f"{DATE} INFO (MainThread) [custom_components.smspilot] Sent to +7908•••4781",
        f"{DATE} ERROR (MainThread) [haffmpeg.core] FFmpeg fails\nTraceback:\n  File",
    ],
)
def test_the_rest_is_left_alone(log: str, date: str) -> None:
    """Trouble of others and debug lines are no complaint."""
    assert complaints(log.replace(DATE, date), [KEY, "9087964781"]) == []
