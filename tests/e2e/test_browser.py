"""The main job as a person does it, in Home Assistant's page and on the phone page at once."""

from playwright.async_api import Page, expect
import pytest

from . import browser
from .browser_forms import FIRST_LOAD, Forms
from .home import Home
from .log_check import complaints
from .service import Service

pytestmark = [
    pytest.mark.usefixtures("socket_enabled"),
    pytest.mark.skipif(not browser.PATH, reason="there is no browser: install Debian's chromium"),
]

ANNA = "79087964781"
QUESTION = "Перекрыть воду? Ответьте ДА или НЕТ"
YAML = """\
input_boolean:
  valve:
    name: Valve closed
automation:
  - alias: Close the valve
    triggers:
      - trigger: smspilot.message_received
        options:
          from: Anna
          text: да
          kind: reply
    actions:
      - action: input_boolean.turn_on
        target:
          entity_id: input_boolean.valve
"""
DASHBOARD = {
    "views": [
        {
            "title": "Water",
            "cards": [
                {
                    "type": "button",
                    "name": "Ask Anna",
                    "tap_action": {
                        "action": "perform-action",
                        "perform_action": "smspilot.send_sms",
                        "data": {
                            "recipients": ["notify.anna"],
                            "message": QUESTION,
                            "two_way": True,
                        },
                    },
                },
                {
                    "type": "entities",
                    "entities": ["input_boolean.valve", "sensor.smspilot_5671_balance"],
                },
            ],
        }
    ]
}


async def add_account(page: Page, home: Home, service: Service) -> None:
    """Add the account with its first recipient, and paste the address at the service."""
    forms = Forms(page)
    await forms.add_integration(home)
    await forms.field("api_key").fill(service.key)
    await forms.open_section()
    await forms.field("url").fill(service.url)
    await forms.submit()
    address = forms.dialog.locator("code", has_text=f"{home.url}/api/webhook/")
    await service.control("account", inbound_url=await address.inner_text())
    await forms.submit()
    await forms.field("name").fill("Anna")
    await forms.add_number("8 (908) 796-47-81")
    await forms.submit()
    await expect(forms.dialog).to_contain_text("Anna")
    await forms.submit()
    await expect(forms.dialog.locator("ha-dialog-footer")).to_be_hidden()


async def test_text_answer_act() -> None:
    """Add account and recipient, press, read, answer, and see it done."""
    async with (
        Service(auto=1) as service,
        Home(yaml=YAML) as home,
        browser.started() as started,
        browser.person(started, home) as person,
    ):
        page, phones = await person.new_page(), await person.new_page()
        await phones.goto(service.url.removesuffix("api.php"))
        await add_account(page, home, service)

        async with home.websocket() as websocket:
            dashboard = {"url_path": "the-water", "title": "Water"}
            await websocket.command("lovelace/dashboards/create", **dashboard)
            await websocket.command("lovelace/config/save", url_path="the-water", config=DASHBOARD)
        await page.goto(f"{home.url}/the-water")
        valve = page.locator("hui-toggle-entity-row", has_text="Valve closed").get_by_role("switch")
        await expect(valve).not_to_be_checked(timeout=FIRST_LOAD)
        await expect(page.get_by_text("RUB 2,936.81")).to_be_visible()
        await page.get_by_text("Ask Anna").click()

        phone = phones.locator(f"article[data-number='{ANNA}']")
        await expect(phone.get_by_role("log")).to_contain_text(QUESTION)
        await expect(page.get_by_text("RUB 2,933.68")).to_be_visible()
        await phone.get_by_role("textbox").fill("Да!")
        await phone.get_by_role("button", name="Send").click()
        await expect(phone.locator(".mine")).to_contain_text("told")
        await expect(valve).to_be_checked()
        await expect(phones.locator("#ledger .status")).to_have_text("delivered")

        await home.stop()
        secrets = [service.key, ANNA.removeprefix("7"), QUESTION]
        assert not complaints(home.log(), secrets)
        assert not (await service.state())["unknown"]
