"""The few pictures of the README, taken in a running Home Assistant."""
# ruff: noqa: T201  # its output is for its user

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from homeassistant.util import slugify
from PIL import Image
from playwright.async_api import Browser, Page

from tests.simulator import DEFAULT_KEY, Kind, Simulator, Status

from . import browser
from .browser import Look
from .browser_tour import Tour
from .config_folder import free_port
from .develop import prepared, set_up, words
from .home import Home
from .talk import sent, written

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
ANNA: Final = "79087964781"
BORIS: Final = "79161234567"
# What a home may be called from outside; a page reads better with it than with a loopback address.
OUTSIDE: Final = "https://home.example.org"
# Enough for flat areas and text, and a third of the size.
COLOURS: Final = 128
LARGEST: Final = 150_000
GAP: Final = 24
BEHIND: Final = (208, 213, 218)


@asynccontextmanager
async def house(language: str = "en", *components: str) -> AsyncIterator[tuple[Home, Simulator]]:
    """Run the home to play in, on free ports and in a folder that goes with it."""
    with TemporaryDirectory(prefix="pictures-") as folder:
        home = prepared(Path(folder) / "home", free_port(), language)
        for name in components:
            link = home.folder / "custom_components" / name
            link.symlink_to(Path(__file__).parent / name)
            home.yaml += f"{name}:\n"
        async with Simulator(auto=0.4) as sim, home:
            yield home, sim


def save(name: str, *pictures: bytes) -> None:
    """Put pictures side by side, and keep them small."""
    parts = [Image.open(io.BytesIO(each)).convert("RGB") for each in pictures]
    width = sum(each.width for each in parts) + GAP * (len(parts) - 1)
    whole = Image.new("RGB", (width, max(each.height for each in parts)), BEHIND)
    left = 0
    for each in parts:
        whole.paste(each, (left, 0))
        left += each.width + GAP
    IMAGES.mkdir(parents=True, exist_ok=True)
    file = IMAGES / f"{name}.png"
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    size = file.stat().st_size
    print(f"{file.relative_to(IMAGES.parents[1])}: {whole.width} x {whole.height}, {size:,} bytes")
    if size > LARGEST:
        raise ValueError(f"{file} is too large")


GATE: Final = {
    "en": (
        "Gate by SMS",
        "Opens the gate when a recipient texts; nobody else can.",
        "Gate",
        "open the gate",
        "The gate is open.",
    ),
    "ru": (
        "Ворота по SMS",
        "Открывает ворота по SMS от получателей; остальных не слушает.",
        "Ворота",
        "открой ворота",
        "Ворота открыты.",
    ),
}


async def settled(page: Page) -> Page:
    """Wait until nothing moves any more."""
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(1500)
    return page


STORY: Final = {
    "en": (
        "The boiler is off: 14 °C in the living room.",
        "On my way.",
        "Heat the sauna? Answer yes or no.",
        "Yes, please!",
        "The sauna is at 80 °C.",
        "Open the gate",
        "The gate is open for a minute.",
    ),
    "ru": (
        "Котёл погас: в гостиной 14 °C.",
        "Уже еду.",
        "Затопить баню? Ответьте да или нет.",
        "Да, пожалуйста!",
        "В бане 80 °C.",
        "Открой ворота",
        "Ворота открыты на минуту.",
    ),
}


def two_days(sim: Simulator, language: str) -> None:
    """Let something have happened before the picture is taken."""
    boiler, coming, ask, answer, warm, gate, opened = STORY[language]
    sent(sim, ANNA, boiler, hours=26, status=Status.UNDELIVERED, error=602)
    sent(sim, ANNA, boiler, hours=25.9, kind=Kind.VOICE, sender="GOLOS", price=Decimal("0.50"))
    written(sim, ANNA, coming, hours=25.8)
    price = Decimal("3.13")
    sent(sim, ANNA, ask, hours=2, kind=Kind.TWO_WAY, sender="2WAY", price=price)
    written(sim, ANNA, answer, hours=1.9)
    sent(sim, ANNA, warm, hours=1)
    written(sim, BORIS, gate, hours=0.5)
    sent(sim, BORIS, opened, hours=0.49)


async def conversations(started: Browser, language: str, name: str) -> None:
    """Take the conversations at a desk, and on a phone in the dark."""
    async with house(language) as (home, sim):
        await set_up(home, sim)
        two_days(sim, language)
        anna = words(language).get("Anna", "Anna")

        async def card(look: Look, size: tuple[int, int]) -> bytes:
            async with browser.person(
                started, home, language=language, look=look, size=size
            ) as person:
                page = await person.new_page()
                await page.goto(f"{home.url}/play-house/talk")
                shown = page.locator("smspilot-conversations")
                await shown.locator("nav li", has_text=anna).click(timeout=60_000)
                await settled(page)
                return await shown.locator("ha-card").screenshot()

        save(name, await card("light", (1156, 672)), await card("dark", (390, 672)))


async def dialog(tour: Tour) -> bytes:
    """Take the dialog alone."""
    await settled(tour.page)
    return await tour.page.locator("dialog-data-entry-flow dialog").screenshot()


async def address(started: Browser, home: Home, sim: Simulator) -> None:
    """Take the form that shows the address for what people write."""
    async with home.websocket() as websocket:
        await websocket.command("config/core/update", external_url=OUTSIDE)
    sim.pusher.resolve[OUTSIDE] = home.url
    for language, name in (("en", "sender"), ("ru", "sender.ru")):
        async with browser.person(started, home, language=language, size=(1280, 1120)) as person:
            tour = Tour(await person.new_page(), home)
            await tour.forms.add_integration(home)
            await tour.forms.open_section()
            await tour.forms.field("url").fill(sim.url)
            await tour.forms.field("api_key").fill(DEFAULT_KEY)
            await tour.forms.submit()
            await tour.forms.dialog.locator("ha-selector-boolean").wait_for()
            save(name, await dialog(tour))
            await tour.forms.give_up()


async def gate_by_text(home: Home) -> None:
    """Add an automation whose every step can be seen in its editor."""
    alias, description, gate, order, answer = GATE[home.language]
    async with home.websocket() as websocket:
        renamed = {"entity_id": "input_boolean.gate", "name": gate}
        await websocket.command("config/entity_registry/update", **renamed)
    family = ["notify.anna", "notify.boris"]
    people = {"active_choice": "recipients", "recipients": family}
    options = {"from": people, "text": [order]}
    opened = {"action": "input_boolean.turn_on", "target": {"entity_id": "input_boolean.gate"}}
    reply = {"target": {"entity_id": family}, "data": {"message": answer}}
    automation = {
        "alias": alias,
        "description": description,
        "triggers": [{"trigger": "smspilot.message_received", "options": options}],
        "actions": [opened, {"action": "smspilot.send_sms", **reply}],
        "mode": "queued",
    }
    await home.rest("POST", "/api/config/automation/config/gate_by_text", automation)


async def forms(started: Browser, language: str, new: str, suffix: str = "") -> None:
    """Take the forms people meet first."""
    async with house(language) as (home, sim):
        await set_up(home, sim)
        await gate_by_text(home)
        async with browser.person(started, home, language=language, size=(1280, 1120)) as person:
            tour = Tour(await person.new_page(), home)
            await tour.recipient_form()
            await tour.forms.field("name").fill(new)
            await tour.forms.add_number("+7 962 000-00-01")
            save(f"recipient{suffix}", await dialog(tour))
        async with browser.person(started, home, language=language, size=(1280, 860)) as person:
            tour = Tour(await person.new_page(), home)
            await tour.trigger("gate_by_text")
            save(f"trigger{suffix}", await (await settled(tour.page)).screenshot())


def has_called(sim: Simulator, phone: str) -> bool:
    """Return whether a robot has called there."""
    return any((one.phone, one.kind) == (phone, Kind.VOICE) for one in sim.orders)


async def alarms(started: Browser, language: str, name: str) -> None:
    """Take the form of an alarm beside the phones that it reaches, one of which answers."""
    said = words(language)
    alarm = said.get("Smoke", "Smoke")
    sensor = f"sensor.{slugify(alarm)}"
    async with house(language) as (home, sim):
        await set_up(home, sim)
        async with browser.person(started, home, language=language, size=(700, 900)) as person:
            tour = Tour(await person.new_page(), home)
            await tour.change_alarm(alarm)
            left = await dialog(tour)
        await home.action("input_boolean", "turn_on", {"entity_id": "input_boolean.smoke"})
        await home.until_state(sensor, "running")
        # Half a minute later Boris is called.
        called = partial(has_called, sim, BORIS)
        await sim.changed.wait_for(called, 90)
        await sim.receive(BORIS, "5671 Еду!" if language == "ru" else "5671 On my way!")
        await home.until_state(sensor, "acknowledged", timeout=60)
        async with browser.person(started, language=language, size=(720, 816)) as person:
            page = await person.new_page()
            await page.goto(sim.origin)
            await page.locator("article .mine").first.wait_for()
            right = await (await settled(page)).screenshot()
    save(name, left, right)


async def for_the_readme() -> None:
    """Take the few pictures of the README."""
    async with house() as (home, sim), browser.started() as started:
        await address(started, home, sim)
    async with browser.started() as started:
        await forms(started, "en", "Clara")
        await forms(started, "ru", "Клара", ".ru")
        await conversations(started, "en", "conversations")
        await conversations(started, "ru", "conversations.ru")
        await alarms(started, "en", "alarm")
        await alarms(started, "ru", "alarm.ru")
