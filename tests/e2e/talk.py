"""What the tests of the conversations card share: a home with some history, and the card's page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

from playwright.async_api import Browser, Locator, Page

from tests.simulator import Kind, Simulator, Status
from tests.simulator.model import Inbound, Message

from . import browser
from .browser_forms import FIRST_LOAD
from .config_folder import free_port
from .develop import prepared, set_up
from .home import Home

ANNA, BORIS, STRANGER = "79087964781", "79161234567", "79135550001"
MARKUP: Final = "<img src=x onerror=\"document.title='broken in'\"><b>bold</b>"
RIGHT_TO_LEFT: Final = "هل الباب مغلق؟ 80 °C"
CARD: Final = {"type": "custom:smspilot-conversations"}


@asynccontextmanager
async def home_with_card(folder: Path, **card: Any) -> AsyncIterator[tuple[Home, Simulator]]:
    """Run a home whose people have written, and hang up the card."""
    home = prepared(folder / "home", free_port())
    async with Simulator(auto=None) as sim, home:
        await set_up(home, sim)
        history(sim)
        section = {"type": "grid", "column_span": 3, "cards": [CARD | card]}
        view = {"title": "Talk", "type": "sections", "max_columns": 3, "sections": [section]}
        async with home.websocket() as websocket:
            page = {"url_path": "the-talk", "title": "Talk"}
            await websocket.command("lovelace/dashboards/create", **page)
            config = {"views": [view]}
            await websocket.command("lovelace/config/save", url_path="the-talk", config=config)
        yield home, sim


def history(sim: Simulator) -> None:
    """Let something have happened before the page is opened."""
    sent(sim, ANNA, "The boiler is cold.", hours=30, status=Status.UNDELIVERED, error=602)
    sent(sim, ANNA, "The boiler is cold.", hours=29, kind=Kind.VOICE, sender="GOLOS")
    sent(sim, ANNA, "8842", hours=28, kind=Kind.FLASH_CALL, sender="FLASHCALL")
    sent(sim, ANNA, "PING", hours=27, kind=Kind.PING)
    sent(sim, ANNA, "Heat the sauna? Answer yes or no.", hours=3, kind=Kind.TWO_WAY, sender="2WAY")
    written(sim, ANNA, "Yes, please!", hours=2)
    written(sim, ANNA, MARKUP, hours=1.5)
    written(sim, ANNA, RIGHT_TO_LEFT, hours=1.4)
    sent(sim, BORIS, "Water in the cellar!", hours=1)
    written(sim, STRANGER, "Who is this?", hours=5)


def sent(sim: Simulator, phone: str, text: str, hours: float, **more: Any) -> None:
    """Have the service know a message that was sent long ago."""
    at = datetime.now(UTC) - timedelta(hours=hours)
    server_id = sim.new_server_id()
    values: dict[str, Any] = {
        "kind": Kind.SMS,
        "sender": "INFORM",
        "status": Status.DELIVERED,
        "error": 0,
        "price": Decimal("1.31"),
    }
    sim.store(
        Message(
            server_id=server_id,
            packet_id=server_id,
            account=sim.account.id,
            phone=phone,
            text=text,
            sender_orig="",
            parts=1,
            created=at,
            modified=at,
            **(values | more),
        )
    )


def written(sim: Simulator, phone: str, text: str, hours: float) -> None:
    """Have the service know a message from long ago."""
    message_id = sim.new_inbound_id()
    sim.keep_inbound(
        Inbound(
            id=message_id,
            account=sim.account.id,
            phone=phone,
            num="79021121075",
            raw=text,
            text=text,
            created=datetime.now(UTC) - timedelta(hours=hours),
        )
    )


class Talk:
    """The card on its page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.card: Locator = page.locator("smspilot-conversations")
        self.log = self.card.get_by_role("log")
        self.field = self.card.locator("textarea")
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"{error} {error.stack}"))

    @classmethod
    @asynccontextmanager
    async def of(cls, started: Browser, home: Home, **person: Any) -> AsyncIterator[Self]:
        """Open the page as a user."""
        async with browser.person(started, home, **person) as user:
            talk = cls(await user.new_page())
            await talk.page.goto(f"{home.url}/the-talk")
            await talk.card.wait_for(timeout=FIRST_LOAD)
            yield talk
            assert not talk.errors, talk.errors

    def contact(self, name: str) -> Locator:
        """Return a recipient's row in the list."""
        return self.card.locator("nav li button", has_text=name)

    async def open(self, name: str) -> None:
        """Open a recipient's conversation."""
        await self.contact(name).click()
        await self.card.locator("section").get_by_role("heading", name=name).wait_for()

    def row(self, text: str) -> Locator:
        """Return the newest message with the text."""
        return self.log.locator("li.row", has=self.page.locator(".text", has_text=text)).last

    async def violations(self) -> list[str]:
        """Return what an accessibility checker finds serious."""
        if not await self.page.evaluate("typeof axe === 'object'"):
            await self.page.add_script_tag(path=axe())
        result: dict[str, Any] = await self.card.evaluate("card => axe.run(card)")
        # It has looked into the card.
        assert "color-contrast" in [each["id"] for each in result["passes"]]
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in result["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]


def axe() -> Path:
    """Return the accessibility checker."""
    return Path(str(files("axe_playwright_python"))) / "axe.min.js"
