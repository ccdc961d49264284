"""An alarm of a real home outlives a kill -9."""

import pytest

from .alarm_crash import AlarmCrashes

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_kill() -> None:
    """At the moments that differ most; `python -m tests.e2e.alarm_crash` has time for all."""
    async with AlarmCrashes(seed=7) as crashes:
        sent = await crashes.survive(crashes.accepted)
        assert set(sent.values()) == {1}
        assert len(sent) == 2
        sent = await crashes.survive(crashes.answer_being_read)
        assert len(sent) == 1
