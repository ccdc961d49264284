"""Random hours of sends, faults, outages and restarts: all is counted, and within the limits."""

from collections import Counter
import random
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.const import CONF_CHANNEL, CONF_DAILY_LIMIT, CONF_RATE_LIMIT

from .common import MAMA, PAPA, Clock, act, add_account, kill, person, restart, state_of
from .sending import BABA, TEXT, caught
from .simulator import LatePrice
from .simulator.simulator import Simulator

PEOPLE = (
    person("Папа", PAPA),
    person("Мама", MAMA, **{CONF_CHANNEL: "two_way"}),
    person("Баба", BABA, **{CONF_CHANNEL: "voice"}),
)
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("reset", {"when": "after"}),
    ("reset", {"when": "before"}),
    ("hang", {"when": "after"}),
    ("hang", {"when": "before"}),
    ("html", {"when": "after"}),
    ("truncated", {"when": "after"}),
    ("http_504_html", {"when": "late", "delay": 60, "late": 20}),
    ("error", {"code": 241}),
    ("error", {"code": 110}),
]


async def send(hass: HomeAssistant, dice: random.Random, number: int) -> Any:
    """Send something to somebody."""
    text = dice.choice([TEXT, f"{TEXT} {number}"])
    phones = dice.sample([PAPA, MAMA, BABA], dice.randint(1, 3))
    more: dict[str, Any] = {"retry_for": {"seconds": dice.choice([0, 60, 600])}}
    match dice.choice(["notify", "check_number", "call", "send_sms"]):
        case "notify":
            names = dice.sample(["Папа", "Мама", "Баба"], 2)
            data = {"message": text, "target": names, "data": more}
            await hass.services.async_call("notify", "smspilot", data, blocking=True)
        case "check_number":
            await act(hass, "check_number", phones=phones, wait=0)
        case action:
            await act(hass, action, phones=phones, message=text, **more)


@pytest.mark.parametrize("seed", range(8))
async def test_an_hour(hass: HomeAssistant, simulator: Simulator, clock: Clock, seed: int) -> None:
    """No limit is passed, and once all is known what was paid is what is shown."""
    dice = random.Random(seed)
    limit, rate = dice.choice([10, 25, 60]), dice.choice([3, 5])
    options = {CONF_DAILY_LIMIT: limit, CONF_RATE_LIMIT: rate}
    entry = await add_account(hass, simulator, people=PEOPLE, options=options)
    simulator.options.late_price = dice.choice(list(LatePrice))
    sends, is_down = [], False
    for number in range(25):
        match dice.choice(["send"] * 5 + ["fault", "outage", "delivery", "restart"]):
            case "send":
                sending = caught(send(hass, dice, number))
                sends.append(hass.async_create_background_task(sending, "test"))
            case "fault":
                kind, fields = dice.choice(FAULTS)
                simulator.fault(kind, command=dice.choice(["send", "send", "check"]), **fields)
            case "outage":
                is_down = not is_down
                await (simulator.down() if is_down else simulator.up())
            case "delivery":
                for order in simulator.orders:
                    await simulator.deliver(order.server_id)
            case _ if dice.random() < 0.5:
                entry = await kill(hass, entry, clock)
            case _:
                await restart(hass, entry, clock)
        await clock.advance(dice.choice([0, 1, 20, 61]))
    if is_down:
        await simulator.up()
    while not all(one.done() for one in sends):
        await clock.advance(10)
    simulator.faults.clear()
    await clock.advance(60)
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(24):
        await clock.advance(301)
    paid = sum(order.price for order in simulator.orders)
    assert paid <= limit
    # All of it took less than an hour.
    assert max(Counter(order.phone for order in simulator.orders).values(), default=0) <= rate
    assert float(state_of(hass, "sensor.smspilot_5671_spent_today").state) == float(paid)
