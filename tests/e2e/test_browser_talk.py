"""The conversations card in a real browser: write, see the ticks, read the answer."""

from pathlib import Path
from typing import Any

from playwright.async_api import expect
import pytest

from . import browser
from .browser_forms import FIRST_LOAD
from .home import Home
from .log_check import complaints
from .talk import ANNA, BORIS, MARKUP, RIGHT_TO_LEFT, Talk, home_with_card, sent

pytestmark = [
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(not browser.PATH, reason="there is no browser: install Debian's chromium"),
]
NARROW, DESK = (390, 844), (1280, 800)
SECTION: dict[str, Any] = {"type": "grid", "cards": []}
# The same, in whatever language.
WORDS = {
    "en": {
        "title": "Conversations",
        "delivered": "Delivered",
        "send": "Send",
        "others": "not saved",
    },
    "ru": {
        "title": "Переписка",
        "delivered": "Доставлено",
        "send": "Отправить",
        "others": "сохран",
    },
}


async def test_write_and_read(tmp_path: Path) -> None:
    """Write to Anna, see the tick change, see her answer come in; all from the keyboard too."""
    async with home_with_card(tmp_path) as (home, sim), browser.started() as started:
        async with Talk.of(started, home, size=DESK) as talk:
            await talk.open("Anna")
            await expect(talk.row("The boiler is cold.").first).to_be_visible()
            failed = talk.log.locator("li.bad")
            await expect(failed).to_contain_text("Not delivered: Destination unreachable")
            await expect(talk.row("••••")).to_contain_text("Call with a code")
            await expect(talk.log).not_to_contain_text("8842")
            reply = talk.row("Yes, please!")
            await expect(reply.locator(".quote")).to_contain_text("Heat the sauna?")
            await expect(talk.log.locator(".question")).to_have_text("Answered")

            # A stranger's text is text.
            await expect(talk.row("onerror").locator(".text")).to_have_text(MARKUP)
            assert await talk.log.locator("img, b").count() == 0
            assert await talk.page.title() != "broken in"
            text = talk.row("80 °C").locator(".text")
            await expect(text).to_have_text(RIGHT_TO_LEFT)
            assert await text.evaluate("e => getComputedStyle(e).direction") == "rtl"

            sim.requests.clear()
            await talk.field.fill("Dinner is ready.")
            await talk.field.press("Enter")
            row = talk.row("Dinner is ready.")
            await expect(row.locator(".tick")).to_have_attribute("title", "Accepted")
            await expect(row.locator(".price")).to_have_text("₽1.31")
            today = talk.card.get_by_role("button", name="Today")
            await expect(today).to_have_text("Today ₽1.31")
            await expect(talk.field).to_have_value("")
            (order,) = sim.orders
            assert (order.phone, order.text) == (ANNA, "Dinner is ready.")
            await sim.deliver(order.server_id)
            await expect(row.locator(".tick")).to_have_attribute("title", "Delivered")
            await sim.receive(ANNA, "5671 Coming!")
            await expect(talk.row("Coming!")).to_be_visible()
            await expect(talk.contact("Anna")).to_contain_text("Coming!")

            # What happens elsewhere is seen as well.
            await home.action(
                "notify", "send_message", {"entity_id": "notify.boris", "message": "Hi"}
            )
            await expect(talk.contact("Boris")).to_contain_text("Hi")

            # What cannot go out is said, and stays in the field.
            sim.account.balance *= 0
            await talk.field.fill("No money")
            await talk.field.press("Enter")
            await expect(talk.card.get_by_role("alert")).to_be_visible()
            await expect(talk.field).to_have_value("No money")
            assert len(sim.orders) == 2
            # What a browser learns by itself: each list at most once in this minute.
            lists = [each.params["check"] for each in sim.requests if each.command == "check"]
            assert lists.count("all") == 0
            assert lists.count("recent") <= 2
        await home.stop()
        assert not complaints(home.log(), [sim.account.apikey, "Dinner is ready"])
        sim.assert_clean()


async def test_keyboard(tmp_path: Path) -> None:
    """No mouse is needed, at a desk or on a phone."""
    async with home_with_card(tmp_path) as (home, sim), browser.started() as started:
        async with Talk.of(started, home, size=DESK) as talk:
            await talk.contact("Boris").focus()
            await talk.page.keyboard.press("ArrowDown")
            await talk.page.keyboard.press("Enter")
            await talk.card.get_by_role("heading", name="Anna").wait_for()
            await expect(talk.contact("Anna")).to_have_attribute("aria-current", "true")
            for _ in range(30):
                await talk.page.keyboard.press("Tab")
                if await talk.field.evaluate("e => e.getRootNode().activeElement === e"):
                    break
            await talk.page.keyboard.type("By hand")
            await talk.page.keyboard.press("Shift+Enter")
            await talk.page.keyboard.type("two lines")
            await talk.page.keyboard.press("Enter")
            await expect(talk.row("By hand\ntwo lines")).to_be_visible()
            assert [order.text for order in sim.orders] == ["By hand\ntwo lines"]
            # The next one can be written at once.
            await expect(talk.field).to_be_focused()
        async with Talk.of(started, home, size=NARROW) as talk:
            await expect(talk.log).to_be_hidden()
            await talk.contact("Boris").focus()
            await talk.page.keyboard.press("Enter")
            await expect(talk.log).to_be_visible()
            await expect(talk.contact("Boris")).to_be_hidden()
            await expect(talk.card.locator(".back")).to_be_focused()
            await talk.page.keyboard.press("Escape")
            await expect(talk.contact("Boris")).to_be_focused()


async def test_appearance(tmp_path: Path) -> None:
    """At every width, in the dark, in both languages: words, strangers, nothing in the way."""
    async with home_with_card(tmp_path) as (home, _sim), browser.started() as started:
        for language, look, size in (
            ("en", "light", DESK),
            ("ru", "dark", DESK),
            ("ru", "light", NARROW),
            ("en", "dark", NARROW),
        ):
            words, person = WORDS[language], {"language": language, "look": look, "size": size}
            async with Talk.of(started, home, **person) as talk:
                await expect(talk.card.get_by_role("heading", name=words["title"])).to_be_visible()
                await expect(talk.contact("Boris").locator(".tick")).to_have_attribute(
                    "title", words["delivered"]
                )
                await talk.card.get_by_role("switch").check()
                await expect(talk.contact("+7 913 555-00-01")).to_be_visible()
                serious = await talk.violations()
                await talk.open("Anna")
                await expect(talk.row("Yes, please!")).to_be_visible()
                await expect(
                    talk.card.get_by_role("button", name=words["send"], exact=True)
                ).to_be_disabled()
                await talk.field.fill("Text")
                serious += await talk.violations()
                assert not serious
                assert await talk.card.evaluate(
                    "e => e.shadowRoot.querySelector('ha-card').scrollWidth <= e.clientWidth"
                )


async def test_a_thousand_messages(tmp_path: Path) -> None:
    """The first sight is there within a second, and one can read up to the first of them."""
    async with home_with_card(tmp_path) as (home, sim), browser.started() as started:
        for number in range(1000):
            sent(sim, BORIS, f"Number {number} of a thousand", hours=(1000 - number) / 1200)
        async with Talk.of(started, home, size=DESK) as talk:
            await talk.open("Boris")
            await expect(talk.row("Number 999 of a thousand")).to_be_visible()
            # The card alone, without the page around it, that has loaded already.
            await talk.page.evaluate("card => card.remove()", await talk.card.element_handle())
            sim.requests.clear()
            first = await talk.page.evaluate(FIRST_SIGHT)
            assert first < 1000
            scrolled = await talk.page.evaluate(SCROLL_UP)
            assert scrolled["text"] == "Water in the cellar!"
            assert scrolled["usual"] < 50
            assert not [each for each in sim.requests if each.command == "inbound"]


FIRST_SIGHT = """async () => {
    const box = document.createElement("div");
    box.style.cssText = "position: fixed; inset: 60px 20px 20px 280px; z-index: 9";
    document.body.append(box);
    const begin = performance.now();
    const card = document.createElement("smspilot-conversations");
    card.setConfig({});
    card.hass = document.querySelector("home-assistant").hass;
    box.append(card);
    const frame = () => new Promise(requestAnimationFrame);
    while (card.shadowRoot.querySelectorAll("li.row").length < 60) await frame();
    await frame();
    return performance.now() - begin;
}"""
SCROLL_UP = """async () => {
    const scroll = document.querySelector("smspilot-conversations").shadowRoot
        .querySelector(".scroll");
    const frames = [];
    let last = performance.now(), still = 0;
    while (still < 120) {
        scroll.scrollTop -= 150;
        await new Promise(requestAnimationFrame);
        frames.push(performance.now() - last);
        last = performance.now();
        still = scroll.scrollTop ? 0 : still + 1;
    }
    frames.sort((one, other) => one - other);
    return {
        text: scroll.querySelector("li.row .text").textContent,
        usual: frames[Math.floor(frames.length / 2)],
    };
}"""


async def test_only_administrators(tmp_path: Path) -> None:
    """A user who is none gets a kind notice, and nothing else."""
    async with home_with_card(tmp_path) as (home, sim), browser.started() as started:
        tokens = await child(home)
        sim.requests.clear()
        home.tokens = tokens
        async with Talk.of(started, home, size=DESK) as talk:
            await expect(talk.card).to_contain_text("only administrators")
            await expect(talk.contact("Anna")).to_be_hidden()
            assert not await talk.violations()
        assert not [each for each in sim.requests if each.params.get("check") == "all"]


async def child(home: Home) -> dict[str, Any]:
    """Add a user who is no administrator, and log in as them."""
    async with home.websocket() as websocket:
        user = await websocket.command(
            "config/auth/create", name="Child", group_ids=["system-users"]
        )
        login = {"username": "child", "password": "child"}
        user_id = user["user"]["id"]
        await websocket.command(
            "config/auth_provider/homeassistant/create", user_id=user_id, **login
        )
    client = {"client_id": f"{home.url}/"}
    flow = await home.rest(
        "POST",
        "/auth/login_flow",
        {**client, "handler": ["homeassistant", None], "redirect_uri": f"{home.url}/"},
    )
    done = await home.rest("POST", f"/auth/login_flow/{flow['flow_id']}", login | client)
    grant = {"grant_type": "authorization_code", "code": done["result"]} | client
    tokens: dict[str, Any] = await home._request("POST", "/auth/token", data=grant)
    return tokens


async def test_alarm(tmp_path: Path) -> None:
    """A running alarm is shown on the page, and taken by its button."""
    async with home_with_card(tmp_path) as (home, sim), browser.started() as started:
        entry = (await home.rest("GET", "/api/config/config_entries/entry?domain=smspilot"))[0]
        form = {
            "name": "Leak",
            "start": {"message": "The cellar is wet."},
            "steps": [{"recipients": ["notify.anna"]}, {"recipients": ["notify.boris"]}],
        }
        await home.flow([entry["entry_id"], "alarm"], form, kind="subentries/flow")
        await home.until_state("sensor.leak", "idle")
        async with Talk.of(started, home, size=NARROW) as talk:
            button = talk.card.get_by_role("button", name="Take it")
            await expect(talk.contact("Anna")).to_be_visible()
            await expect(button).to_be_hidden()
            await home.action("smspilot", "start_alarm", {"alarm": "sensor.leak"})
            await expect(talk.card.get_by_role("alert")).to_contain_text("The cellar is wet.")
            await expect(talk.card.get_by_role("alert")).to_contain_text("Told: Anna")
            (order,) = sim.orders
            await sim.deliver(order.server_id)
            await talk.open("Anna")
            await expect(talk.row("The cellar is wet.").locator(".label")).to_have_text("Leak")
            assert not await talk.violations()
            await button.click()
            await home.until_state("sensor.leak", "acknowledged")
            await expect(button).to_be_hidden()
            state = await home.state("sensor.leak")
            assert state
            assert state["attributes"]["acknowledged_by"] == "Owner"
            assert BORIS not in [order.phone for order in sim.orders]


async def test_chosen_in_the_picker(tmp_path: Path) -> None:
    """It is found under its name, shows what it is without a read, and has a form."""
    async with home_with_card(tmp_path) as (home, sim), browser.started() as started:
        async with home.websocket() as websocket:
            config = {"views": [{"title": "Talk", "type": "sections", "sections": [SECTION]}]}
            await websocket.command("lovelace/config/save", url_path="the-talk", config=config)
        sim.requests.clear()
        async with browser.person(started, home, size=DESK) as person:
            page = await person.new_page()
            await page.goto(f"{home.url}/the-talk?edit=1")
            await page.locator("hui-grid-section .add").click(timeout=FIRST_LOAD)
            await page.get_by_text("Browse all cards").click()
            await page.locator("hui-card-picker ha-input-search input").fill("SMSPILOT")
            found = page.locator("hui-card-picker .card", has_text="SMSPILOT conversations")
            await expect(found.locator("smspilot-conversations")).to_contain_text("Yes, please!")
            assert not [each for each in sim.requests if each.params.get("check") == "all"]
            await found.locator(".overlay").click()
            form = page.locator("hui-form-editor")
            await form.locator("ha-selector-text input").fill("Our texts")
            shown = page.locator("hui-dialog-edit-card smspilot-conversations")
            await expect(shown.get_by_role("heading", name="Our texts")).to_be_visible()
            await expect(shown.locator("nav")).to_contain_text("Anna")
            for label in ("Account", "Title", "Show people who are not saved"):
                await expect(form.get_by_text(label).first).to_be_visible()


async def test_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A page that stays open finds its way back, with what was being written."""
    async with (
        home_with_card(tmp_path) as (home, sim),
        browser.started() as started,
        Talk.of(started, home, size=DESK) as talk,
    ):
        await talk.open("Anna")
        await talk.field.fill("Half a sentence")
        await home.restart()
        await sim.receive(ANNA, "5671 Are you there?")
        await expect(talk.row("Are you there?")).to_be_visible(timeout=FIRST_LOAD)
        await expect(talk.field).to_have_value("Half a sentence")
        await home.action("notify", "send_message", {"entity_id": "notify.anna", "message": "Yes"})
        await expect(talk.row("Yes").last).to_be_visible()
        # Those are the page's own, whose server was away.
        assert not [error for error in talk.errors if "conversations.js" in error]
        talk.errors.clear()
