"""The fixture of every test that needs the service; `tests/conftest.py` imports it."""

from collections.abc import AsyncIterator

import pytest

from .simulator import Simulator


@pytest.fixture
async def simulator(socket_enabled: None) -> AsyncIterator[Simulator]:
    """Run the service; fail at the end when it was sent anything it would ignore."""
    async with Simulator() as sim:
        yield sim
        sim.assert_clean()
