"""Whether a list that is capped can show a message at all, however it is asked for."""

from datetime import timedelta

from tests.simulator.model import Inbound
from tests.simulator.queries import listed
from tests.simulator.simulator import Simulator


def is_listed(sim: Simulator, message: Inbound) -> bool:
    """Return whether the inbound list shows a message to a request for the right time."""
    account = sim.accounts[message.account]
    times = [message.created - timedelta(hours=72), *(each.created for each in sim.inbox)]
    if not sim.options.inbound_seconds:
        times = [each.replace(second=0) for each in times]
    asked = {int(each.timestamp()) + more for each in times for more in (-60, -1, 0, 1)}
    return any(
        message.id in (each.id for each in listed(sim, account, str(since))) for since in asked
    )
