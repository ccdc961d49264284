"""The phone page in a browser: every button does what it says."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
import re
from typing import Any, Final

from aiohttp import ClientConnectorError, ClientSession, ServerDisconnectedError
from playwright.async_api import Locator, Page, expect
import pytest

from tests.simulator import DEFAULT_KEY, Kind, Simulator, Status
from tests.simulator.asking import customer
from tests.simulator.customer import Customer
from tests.simulator.options import Pushes

from . import browser

__all__ = ["customer"]

pytestmark = [
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(not browser.PATH, reason="there is no browser: install Debian's chromium"),
]

ANNA: Final = "79087964781"
BORIS: Final = "79161234567"
# Whether nothing that scrolls hides an element, and the screen shows it without being scrolled.
SEEN: Final = """element => {
  const box = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""


class Phones:
    """The page, open, and the service behind it."""

    def __init__(self, page: Page, sim: Simulator) -> None:
        self.page, self.sim = page, sim
        self.notice = page.locator("#notice")

    def card(self, number: str) -> Locator:
        return self.page.locator(f"article[data-number='{number}']")

    def button(self, name: str, number: str | None = None) -> Locator:
        place = self.card(number) if number else self.page.locator(".service")
        return place.get_by_role("button", name=name, exact=True)

    async def choose(self, name: str) -> None:
        await self.page.get_by_role("radio", name=name, exact=True).check()

    async def send(self, to: str = ANNA, text: str = "Hello", **params: str) -> dict[str, Any]:
        data = {"apikey": DEFAULT_KEY, "send": text, "to": to, "format": "json", **params}
        async with ClientSession() as session, session.post(self.sim.url, data=data) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def deliver(self, to: str = ANNA, text: str = "Hello", **params: str) -> None:
        answer = await self.send(to, text, **params)
        await self.sim.deliver(answer["send"][0]["server_id"])

    async def until(self, condition: Callable[[], object]) -> None:
        await self.sim.changed.wait_for(condition)

    async def until_pushes(self, wanted: list[object]) -> None:
        options = self.sim.options
        await self.until(
            lambda: wanted == [options.pushes, options.push_copies, options.push_reversed]
        )


@pytest.fixture
async def phones(simulator: Simulator) -> AsyncIterator[Phones]:
    """Open the page with two phones, in English; fail at the end when its script complains."""
    simulator.phone(ANNA).owner = "Anna"
    simulator.phone(BORIS)
    complaints: list[str] = []
    async with browser.started() as started, browser.person(started) as person:
        page = await person.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(simulator.origin)
        await expect(page.get_by_role("heading", name="Anna")).to_be_visible()
        yield Phones(page, simulator)
    assert not complaints


async def test_texts_and_answers(phones: Phones, customer: Customer) -> None:
    """A text appears when it arrives, with its price in the ledger; an answer is sent on."""
    sim, card = phones.sim, phones.card(ANNA)
    chat = card.get_by_role("log")
    answer = await phones.send(text="Вода!\nВ подвале")
    journal = phones.page.locator("#ledger tr").first
    await expect(journal).to_contain_text(re.compile("SMS.*Anna.*Вода!.*accepted.*1.31", re.DOTALL))
    await expect(phones.page.locator("#balance")).to_have_text("₽2,935.50")
    await expect(phones.page.locator("#spent")).to_have_text("₽1.31")
    assert not await chat.locator("li").count()
    await sim.deliver(answer["send"][0]["server_id"])
    await expect(chat.locator("li.theirs p")).to_have_text("Вода!\nВ подвале")
    await expect(journal.locator(".status")).to_have_text("delivered")
    await phones.deliver(text="Перекрыть?", **{"from": "2WAY"})
    await expect(chat.locator("li").last).to_contain_text("+7 953 398-45-70 · awaits an answer")

    await card.get_by_role("textbox", name="Your SMS: Anna").fill("Да.")
    await phones.page.keyboard.press("Enter")
    await expect(chat.locator("li.mine")).to_contain_text("not told by push")
    assert [(each.phone, each.text) for each in sim.inbox] == [(ANNA, "Да.")]
    await expect(card.get_by_role("textbox")).to_have_value("")
    sim.account.inbound_url = customer.url
    await card.get_by_role("textbox").fill("Спасибо")
    await card.get_by_role("button", name="Send").click()
    await expect(chat.locator("li.mine").last).to_contain_text(re.compile(r"\d\d:\d\d · told"))
    await expect(phones.page.locator("#reported li")).to_contain_text("message 12346 → 200")

    await phones.card(BORIS).get_by_role("textbox").fill("hello")
    await phones.page.keyboard.press("Enter")
    await expect(phones.notice).to_contain_text("Begin with the contract number: 5671")
    await phones.card(BORIS).get_by_role("textbox").fill("5671 hello")
    await phones.page.keyboard.press("Enter")
    await phones.until(lambda: sim.inbox[-1].text == "hello")


async def test_switches(phones: Phones) -> None:
    """A phone is switched off, blocked, abroad, without service, and back."""
    sim, phone = phones.sim, phones.sim.phone(ANNA)
    note = phones.card(ANNA).locator(".note").last
    ways: dict[str, Callable[[], bool]] = {
        "Switched off": lambda: not phone.on,
        "Refuses calls": lambda: phone.refuses_calls,
        "Blocks us": lambda: phone.blacklisted,
        "Abroad": lambda: phone.roaming_country == "Турция",
        "Not in service": lambda: not phone.in_service,
    }
    for name, is_so in ways.items():
        button = phones.button(name, ANNA)
        await expect(button).to_have_attribute("aria-pressed", "false")
        await button.press("Space")
        await expect(button).to_have_attribute("aria-pressed", "true")
        assert is_so()
        if name == "Switched off":
            await phones.deliver()
            await expect(note).to_contain_text("A text did not arrive: Expired")
        if name == "Refuses calls":
            await phones.deliver(**{"from": "GOLOS"})
            await expect(note).to_contain_text("A call was not answered: ")
        if name == "Blocks us":
            assert (await phones.send())["error"]["code"] in (212, "212")
        if name == "Abroad":
            assert (phone.roaming_operator, phone.msc[:2]) == ("Turkcell", "90")
        await button.press("Enter")
        await expect(button).to_have_attribute("aria-pressed", "false")
        assert not is_so()
    assert phone.msc == "79520001500"
    await expect(phones.button("Switched off", BORIS)).to_have_attribute("aria-pressed", "false")
    assert sim.phone(BORIS).on


async def test_calls(phones: Phones) -> None:
    """A call rings until it is taken or refused; a FlashCall shows the number it comes from."""
    sim, card = phones.sim, phones.card(ANNA)
    wake, chat = card.get_by_role("alert"), card.get_by_role("log")

    async def call(text: str, sender: str) -> str:
        answer = await phones.send(text=text, **{"from": sender})
        server_id: str = answer["send"][0]["server_id"]
        await sim.advance(server_id)
        await expect(wake).to_be_visible()
        return server_id

    server_id = await call("Вода в подвале", "GOLOS")
    await expect(wake).to_contain_text("SMSPILOT")
    await card.get_by_role("button", name="Answer", exact=True).click()
    await expect(wake).to_be_hidden()
    await expect(chat.locator("li").last).to_contain_text("The robot saidВода в подвале")
    assert sim.messages[int(server_id)].status is Status.DELIVERED
    server_id = await call("Вода в подвале", "GOLOSM")
    await card.get_by_role("button", name="Refuse", exact=True).click()
    await expect(chat.locator("li.note")).to_contain_text("A call was not answered")
    assert sim.messages[int(server_id)].error == 605
    server_id = await call("0421", "FLASHCALL")
    await expect(wake).to_contain_text("+7 495 120-04-21")
    await expect(wake.locator("b")).to_have_text("04-21")
    await sim.advance(server_id)
    await expect(wake).to_be_hidden()
    await expect(chat.locator("li").last).to_contain_text("Missed call from+7 495 120-04-21")
    await phones.deliver(text="HLR")
    await expect(phones.page.locator("#ledger tr")).to_have_count(4)
    assert await chat.locator("li").count() == 3
    assert [each.kind for each in sim.orders][-1] is Kind.HLR


async def test_faults(phones: Phones) -> None:
    """The service is down, slow, a web page; it loses an answer; and all of it ends."""
    sim = phones.sim
    works = phones.page.get_by_role("radio", name="working")
    await expect(works).to_be_checked()
    await phones.choose("down")
    await expect(phones.page.get_by_role("radio", name="down")).to_be_checked()
    await phones.until(lambda: not sim.is_up)
    with pytest.raises(ClientConnectorError):
        await phones.send()
    await phones.choose("working")
    await expect(works).to_be_checked()
    await phones.until(lambda: sim.is_up)

    await phones.choose("slow (8 s)")
    await expect(phones.notice).to_have_text("Every answer comes 8 seconds late.")
    await phones.until(lambda: sim.faults.waiting)
    assert [(each.kind, each.seconds) for each in sim.faults.waiting] == [("slow", 8)]
    await phones.choose("in maintenance (HTML)")
    await phones.until(lambda: [each.kind for each in sim.faults.waiting] == ["html"])
    for _ in range(2):
        async with ClientSession() as session, session.get(sim.url) as response:
            assert response.content_type == "text/html"
    await phones.choose("working")
    await phones.until(lambda: not sim.faults.waiting)

    lose = phones.button("Lose the answer to the next message")
    await lose.click()
    await expect(lose).to_have_attribute("aria-pressed", "true")
    await lose.click()
    await expect(lose).to_have_attribute("aria-pressed", "false")
    await lose.click()
    await expect(lose).to_have_attribute("aria-pressed", "true")
    await expect(phones.notice).to_contain_text("only the answer is lost")
    with pytest.raises(ServerDisconnectedError):
        await phones.send()
    assert len(sim.orders) == 1
    await expect(lose).to_have_attribute("aria-pressed", "false")
    assert "send" in await phones.send()


async def test_pushes(phones: Phones, customer: Customer) -> None:
    """Statuses are pushed once, twice, backwards or not at all; a stranger forges some."""
    ways = {
        "twice": (Pushes.ON, 2, False, "1 1 2 2"),
        "last status first": (Pushes.ON, 1, True, "2 1"),
        "not at all": (Pushes.OFF, 1, False, ""),
        "once": (Pushes.ON, 1, False, "1 2"),
    }
    for name, (*options, statuses) in ways.items():
        await phones.choose(name)
        await expect(phones.page.get_by_role("radio", name=name)).to_be_checked()
        await phones.until_pushes(options)
        customer.got.clear()
        answer = await phones.send(callback=customer.url)
        for _ in range(2):
            await phones.sim.advance(answer["send"][0]["server_id"])
        assert " ".join(query["status"] for _, _, query, _ in customer.got) == statuses

    forge = phones.button("Forge a message")
    await forge.click()
    await expect(phones.notice).to_have_text("Home Assistant has not named an address yet.")
    phones.sim.account.inbound_url = customer.url
    await phones.button("Set").click()  # nothing: the field is empty
    await phones.page.get_by_label("Balance in roubles").fill("12.5")
    await phones.button("Set").click()
    await phones.until(lambda: phones.sim.account.balance == Decimal("12.5"))
    await expect(phones.page.locator("#inbound")).to_have_text(customer.url)
    customer.got.clear()
    await forge.click()
    await expect(phones.notice).to_have_text("Forged push answered: 200")
    method, _, _, form = customer.got[-1]
    assert (method, form["phone"], form["message"]) == ("POST", ANNA, "Open the gate")
    assert not phones.sim.inbox
    await phones.button("Forge a status of the last message").click()
    await phones.until(lambda: len(customer.got) == 2)
    assert customer.got[-1][2]["status"] == "-1"


async def test_one_more_phone(phones: Phones) -> None:
    """A number is added as people write it; nonsense is not."""
    number = phones.page.get_by_label("Number", exact=True)
    await number.fill("12")
    await phones.button("Add").click()
    assert await number.evaluate("input => input.validationMessage") == "Not a phone number"
    await number.fill("8 (962) 000-00-01")
    await phones.page.get_by_label("Whose").fill("Clara")
    await phones.button("Add").click()
    await expect(phones.page.get_by_role("heading", name="Clara")).to_be_visible()
    assert phones.sim.phone("79620000001").owner == "Clara"
    names = await phones.page.locator("#forge option").all_inner_texts()
    assert names == ["Anna", "+7 916 123-45-67", "Clara"]


async def test_by_keyboard_and_by_ear(phones: Phones) -> None:
    """Everything that can be pressed or filled in is reached by Tab, has a name, and shows it."""
    page = phones.page
    await phones.deliver()
    named: list[str] = []
    await page.keyboard.press("Tab")
    while await page.evaluate("document.activeElement !== document.body"):
        name, outline = await page.evaluate(
            """() => {
              const element = document.activeElement;
              const shown = element.type === "radio" ? element.nextElementSibling : element;
              const label = element.getAttribute("aria-label") || element.textContent
                || element.labels?.[0]?.textContent || element.getAttribute("aria-labelledby");
              return [label, getComputedStyle(shown).outlineStyle];
            }"""
        )
        assert name.strip()
        assert outline == "solid", name
        named.append(name)
        await page.keyboard.press("Tab")
    for name in ("Messages of Anna", "Your SMS: Anna", "Abroad", "working", "Forge a message"):
        assert name in named
    wanted = await page.locator("button:visible, input:not([type=radio]), select").count()
    assert len(named) >= wanted


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("size", [browser.NARROW, browser.WIDE])
async def test_it_fits(simulator: Simulator, language: str, size: tuple[int, int]) -> None:
    """No screen is wider than itself, whatever the language."""
    simulator.phone(ANNA)
    async with (
        browser.started() as started,
        browser.person(started, language=language, size=size) as person,
    ):
        page = await person.new_page()
        await page.goto(simulator.origin)
        await expect(page.locator("article")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == size[0]
        assert await page.evaluate("document.documentElement.lang") == language
        title = {"en": "SMSPILOT simulator", "ru": "Симулятор SMSPILOT"}[language]
        assert await page.title() == title


@pytest.mark.parametrize("size", [browser.NARROW, browser.WIDE])
async def test_a_long_chat_scrolls(phones: Phones, size: tuple[int, int]) -> None:
    """However much is said, the last word is seen and an answer can be typed."""
    width, height = size
    await phones.page.set_viewport_size({"width": width, "height": height})
    card = phones.card(ANNA)
    await expect(card.get_by_role("log")).to_have_attribute(
        "data-empty", "Texts and calls appear here"
    )
    for number in range(20):
        await phones.deliver(text=f"Text {number}")
    last = card.get_by_role("log").get_by_text("Text 19")
    answer = card.get_by_role("button", name="Send")
    for page in ("as it went on", "loaded again"):
        await expect(last).to_be_visible()
        for each in (last, answer):
            assert await each.evaluate(SEEN), page
        await phones.page.reload()


async def test_it_finds_its_service_again(unused_tcp_port: int) -> None:
    """After a restart the page goes on without being loaded again."""
    async with browser.started() as started, browser.person(started) as person:
        page = await person.new_page()
        lost = page.locator("#lost")
        async with Simulator(port=unused_tcp_port) as sim:
            await page.goto(sim.origin)
            await expect(page.locator("#balance")).to_have_text("₽2,936.81")
            await expect(lost).to_be_hidden()
        await expect(lost).to_be_visible()
        async with Simulator(port=unused_tcp_port) as sim:
            sim.account.balance = Decimal(7)
            await expect(lost).to_be_hidden()
            await expect(page.locator("#balance")).to_have_text("₽7.00")
