"""Whole histories of an alarm in the real Home Assistant, at random, and books of their own."""

from decimal import Decimal
from random import Random

from homeassistant.core import HomeAssistant
import pytest

from tests.common import Clock
from tests.simulator.model import Order
from tests.simulator.simulator import Simulator

from .common import NUMBERS, House, alarm, build, step

ROUNDS, STEPS = 2, 3


class Books:
    """What a history did, to be compared with the requests and the published events."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.seen = 0
        # When each of them wrote something that takes it, by the service's clock.
        self.wrote: dict[str, int] = {}

    def compare(self) -> None:
        """Check everything that went out and was published until now."""
        orders = self.house.sim.orders
        alike = [(order.phone, order.text) for order in orders]
        assert len(set(alike)) == len(alike), "the same text twice"
        for event in self.house.published.data[self.seen :]:
            if event["type"] == "acknowledged":
                self._may_take(event["acknowledged_by"].lower(), orders)
        self.seen = len(self.house.published.data)
        runs = sum(event["type"] == "started" for event in self.house.published.data)
        steps = [order for order in orders if "takes it" not in order.text]
        # Two of the steps reach one number each, and one reaches two.
        assert len(steps) <= runs * ROUNDS * (STEPS + 1)

    def _may_take(self, name: str, orders: list[Order]) -> None:
        assert name in self.wrote, f"{name} takes it and has written nothing"
        phone = NUMBERS[name][1:]
        before = [order for order in orders[: self.wrote[name]] if order.phone == phone]
        assert before, f"{name} takes it and was not reached"


async def live(house: House, books: Books, random: Random) -> None:
    """Let one thing happen."""
    sim = house.sim
    name = random.choice(list(NUMBERS))
    match random.randrange(14):
        case 0 | 1:
            await house.leak()
        case 2:
            await house.leak("off")
        case 3:
            await house.leak("unavailable")
        case 4:
            books.wrote[name] = len(sim.orders)
            await house.write(NUMBERS[name], f"ok {random.random()}")
        case 5:
            await house.write(NUMBERS[name], "не могу")
        case 6:
            await house.write(NUMBERS[name], "Понравилось «leak»")
        case 7 | 8:
            await house.kill(down=random.choice([0, 30, 300]))
        case 9:
            await sim.down()
            await house.wait(random.choice([30, 130]))
            await sim.up()
        case 10:
            sim.account.balance = Decimal(0)
            await house.wait(70)
            sim.account.balance = Decimal(1000)
        case 11:
            kind = random.choice(["reset", "html", "truncated"])
            sim.fault(kind, when=random.choice(["before", "after"]), command="send")
        case 12:
            await house.end()
        case _:
            await house.wait(random.choice([10, 60, 130, 700]), step=20)
    await house.wait(random.choice([1, 5, 40]), step=20)


@pytest.mark.parametrize("seed", range(6))
async def test_history(hass: HomeAssistant, simulator: Simulator, clock: Clock, seed: int) -> None:
    """Whatever happens, nothing goes out twice, and only those who may take it do."""
    random = Random(seed)
    simulator.account.duplicate_guard = True
    plan = alarm("Leak", step("papa"), step("mama", "baba"), step("papa", channel="voice"))
    plan["data"] = {**plan["data"], "rounds": ROUNDS, "remind": 0}
    house = await build(hass, simulator, clock, plan)
    books = Books(house)
    for _ in range(25):
        await live(house, books, random)
        books.compare()
    # Left alone, it ends one way or the other.
    await house.wait(3600, step=30)
    assert house.state() != "running"
    books.compare()
