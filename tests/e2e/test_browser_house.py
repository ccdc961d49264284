"""The home to play in: its dashboard's buttons, its four automations, its next start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from playwright.async_api import Locator, Page, expect
import pytest

from tests.simulator import Kind, Simulator, Status

from . import browser
from .browser_forms import FIRST_LOAD
from .config_folder import free_port
from .develop import is_set_up, prepared, set_up
from .home import Home
from .log_check import complaints

pytestmark = [
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(not browser.PATH, reason="there is no browser: install Debian's chromium"),
]

ANNA, BORIS = "79087964781", "79161234567"
# Seconds, for a machine whose cores are busy with other tests.
PATIENCE = 60


class House:
    """The home, its service, and the page of its dashboard."""

    def __init__(self, home: Home, sim: Simulator, page: Page) -> None:
        self.home, self.sim, self.page = home, sim, page

    async def press(self, name: str) -> None:
        await self.page.get_by_text(name, exact=True).click()

    def contact(self, name: str) -> Locator:
        """Return a recipient's row in the list of conversations."""
        return self.page.locator("smspilot-conversations nav li button", has_text=name)

    async def leak(self, state: str) -> None:
        """Switch the leak on or off."""
        tile = self.page.locator("hui-tile-card", has_text="Water leak")
        await tile.locator("ha-control-switch").click()
        await self.home.until_state("input_boolean.leak", state)

    async def sent(
        self, phone: str, text: str, kind: Kind = Kind.SMS, status: Status = Status.DELIVERED
    ) -> None:
        """Wait until a text has arrived, or a call was played."""
        await self.sim.changed.wait_for(
            lambda: any(
                (each.phone, each.kind, each.status) == (phone, kind, status) and text in each.text
                for each in self.sim.messages.values()
            ),
            seconds=PATIENCE,
        )

    async def is_quiet(self) -> bool:
        """Return whether the alarm has nothing to do any more."""
        state = await self.home.state("automation.leak_alarm")
        return state is not None and state["attributes"]["current"] == 0

    async def buttons(self) -> None:
        await self.press("Text Anna")
        await self.sent(ANNA, "Dinner is ready.")
        await self.press("Call Boris")
        await self.sent(BORIS, "Dinner is ready.", Kind.VOICE)
        await self.press("Ring Boris with a code")
        await self.sent(BORIS, "4821", Kind.FLASH_CALL)
        await expect(self.contact("Boris")).to_contain_text("••••")
        row = self.page.locator("hui-button-entity-row", has_text="Boris Test message")
        await row.get_by_text("Press").click()
        await self.sent(BORIS, "test message")

    async def sauna(self) -> None:
        await self.press("Ask Anna for the sauna")
        await self.sent(ANNA, "sauna", Kind.TWO_WAY)
        await self.sim.receive(ANNA, "да")
        await self.home.until_state("input_boolean.sauna", "on")
        await expect(self.contact("Anna")).to_contain_text("да")

    async def gate(self) -> None:
        await self.sim.receive(BORIS, "Открой ворота!")
        await self.home.until_state("input_boolean.gate", "on")
        await self.sent(BORIS, "The gate is open")

    async def alarm(self) -> None:
        """Let it leak twice: all are texted, then all phones are off."""
        water = "Water in the cellar!"
        await self.leak("on")
        await self.sent(ANNA, water)
        await self.sent(BORIS, water)
        await self.leak("off")
        await self.home.until(self.is_quiet, "the alarm to end")
        for phone in (ANNA, BORIS):
            self.sim.phone(phone).on = False
        await self.leak("on")
        await self.sent(ANNA, water, Kind.VOICE, Status.UNDELIVERED)
        self.sim.phone(ANNA).on = True

    async def money(self) -> None:
        """Let the money run out: the alarm names what was left when it began."""
        self.sim.account.balance = Decimal(40)
        await self.press("Text Anna")
        await self.sent(ANNA, "Only 38.69 RUB left at SMSPILOT.")

    async def phones(self) -> None:
        await self.page.goto(f"{self.home.url}/play-house/phones")
        frame = self.page.frame_locator("iframe")
        await expect(frame.get_by_role("heading", name="Anna")).to_be_visible()


@asynccontextmanager
async def running(
    folder: Path, home_port: int, sim_port: int
) -> AsyncIterator[tuple[Home, Simulator]]:
    async with (
        Simulator(port=sim_port, auto=0.4, state_file=folder / "service.json") as sim,
        prepared(folder / "home", home_port) as home,
    ):
        yield home, sim


async def test_the_house(tmp_path: Path) -> None:
    """Every button and automation does what it says, and all of it is there at the next start."""
    ports = free_port(), free_port()
    async with running(tmp_path, *ports) as (home, sim):
        await set_up(home, sim)
        async with browser.started() as started, browser.person(started, home) as person:
            page = await person.new_page()
            await page.goto(home.url)  # the dashboard opens first
            await page.get_by_text("Text Anna").wait_for(timeout=FIRST_LOAD)
            house = House(home, sim, page)
            for part in (house.buttons, house.sauna, house.gate, house.alarm, house.money):
                await part()
            await house.phones()
        balance = sim.account.balance
        await home.stop()
        assert not complaints(home.log(), [sim.account.apikey])
        sim.assert_clean()

    async with running(tmp_path, *ports) as (home, sim):
        assert await is_set_up(home)
        assert [each.owner for each in sim.phones.values() if each.owner] == ["Anna", "Boris"]
        await home.until_state("sensor.smspilot_5671_balance", str(balance))
        await home.action("input_boolean", "turn_off", {"entity_id": "input_boolean.gate"})
        await sim.receive(BORIS, "open the gate")
        await home.until_state("input_boolean.gate", "on")
