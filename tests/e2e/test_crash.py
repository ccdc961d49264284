"""Never twice, never lost, also across a power cut."""

import pytest

from .crash import Crashes

# A dozen starts: minutes where the cores are busy with other tests.
pytestmark = [pytest.mark.usefixtures("socket_enabled"), pytest.mark.timeout(1200)]
# `scripts/soak` has time for all of them.
CHOSEN, RANDOM = 10, 1


async def test_kill() -> None:
    """At chosen moments and a random one: both ledgers say the same after the next start."""
    async with Crashes(seed=7) as crashes:
        for moment in crashes.moments[:CHOSEN]:
            await crashes.survive(moment)
        for _ in range(RANDOM):
            await crashes.survive(crashes.anything)
        assert crashes.kills == CHOSEN + RANDOM
