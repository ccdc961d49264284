"""The end of a history: peace, time for all that is due, and the comparison of the ledgers."""

from collections import Counter
from decimal import Decimal
from typing import Any, Final

from homeassistant.const import STATE_UNAVAILABLE

from tests.simulator.choices import Pushes
from tests.simulator.model import FINAL

from .world import ALARM_ENTITY, World

# For all that is still to go out.
_PLENTY: Final = Decimal(2000)
# As long as an alarm with every round and step may take.
_ALARM_TURNS: Final = 120
# Money that may be rounded away.
_CENT: Final = 0.001


async def end(world: World) -> Counter[str]:
    """Make peace, wait for all that is due, and compare the ledgers; return the figures."""
    try:
        excused = world.books.excused(world.clock.ahead + world.clock.swing)
        await _make_peace(world)
        world.books.settled()
        problems = [*world.failures, *world.books.compare(excused)]
        problems += _compare_sensors(world, excused)
        world.sim.assert_clean()
        assert not problems, "\n".join([f"world: {world.description}", *problems])
        return Counter(accepted=len(world.sim.orders), events=len(world.books.published))
    finally:
        await world.__aexit__()


async def _make_peace(world: World) -> None:
    sim = world.sim
    sim.faults.clear()
    world.clock.disk.become("well")
    await sim.up()
    sim.account.blocked = None
    world.books.limits.top_up(_PLENTY - sim.account.balance)
    sim.account.balance = _PLENTY
    sim.options.pushes, sim.options.push_delay, sim.options.answer_delay = Pushes.ON, 0.0, 0.0
    await world.begin()
    await world.clock.settle()
    # What was typed before may still be on its way to a service that is slow.
    while world.entry.data["api_key"] != sim.account.apikey:
        await world.reauth()
        await world.clock.advance(60)
    await world.save({})
    await world.clock.advance(1)
    await sim.flush_pushes()
    # Questions to one number wait for each other, and each for its answer.
    for _ in range(40 + 5 * len(world.calls)):
        await world.wait(31)
        if not world.calls:
            break
    assert not world.calls, "a call never ended"
    for _ in range(_ALARM_TURNS):
        state = world.hass.states.get(ALARM_ENTITY)
        if state is None or state.state != "running":
            break
        await world.clock.advance(31)
    else:
        world.books.wrong.append("LATE: the alarm still runs")
    for seconds in (401, 1, 5, 61, 130, 310, 910, 1810, 3610, 3610):
        # Also what was accepted after its caller gave up.
        for message in list(sim.messages.values()):
            if message.status not in FINAL:
                await sim.deliver(message.server_id)
        await world.clock.advance(seconds)


def _compare_sensors(world: World, excused: list[Any]) -> list[str]:
    """Compare money and counts, as the owner sees them."""
    lost = sum((each.price for each in excused), world.books.forgotten_price)
    expected = {
        "spent_today": float(world.books.spent),
        "balance": float(world.sim.account.balance),
        "pending_messages": 0.0,
    }
    if world.prices_are_secret:
        del expected["spent_today"]
    problems = []
    for name, value in expected.items():
        state = world.hass.states.get(f"sensor.smspilot_5671_{name}")
        if state is None or state.state == STATE_UNAVAILABLE:
            problems.append(f"MONEY: {name} is unavailable")
            continue
        shown = float(state.state)
        missing = float(lost) if name == "spent_today" else 0
        if not value - missing - _CENT <= shown <= value + _CENT:
            problems.append(f"MONEY: {name} is {shown} instead of {value} (less {missing})")
    return problems
