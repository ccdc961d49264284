"""Helpers of the tests of delivery: ids, checks, and pushes of a status."""

import pytest

from .common import (
    PAPA,
    Clock,
)
from .simulator.model import Status
from .simulator.simulator import Simulator

PENDING = "sensor.smspilot_5671_pending_messages"
SPENT = "sensor.smspilot_5671_spent_today"
VERIFY = pytest.mark.parametrize("verify", [True, False], ids=["verified", "unverified"])


def checks(sim: Simulator) -> int:
    return len(sim.calls("check"))


async def at_rest(sim: Simulator, clock: Clock) -> None:
    """Let one request follow the other until there is no more."""
    before = -1
    while checks(sim) > before:
        before = checks(sim)
        for _ in range(10):
            await clock.settle()


def the_id(sim: Simulator) -> int:
    return sim.orders[-1].server_id


async def push(sim: Simulator, status: Status, server_id: int | None = None) -> None:
    """Push a status that the service's list may not confirm."""
    answer = await sim.push_status(
        sim.account.inbound_url,
        server_id=str(server_id or the_id(sim)),
        phone=PAPA[1:],
        status=str(int(status)),
        error="0",
    )
    assert answer.status == 200
