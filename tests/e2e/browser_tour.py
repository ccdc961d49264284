"""A tour of every screen a person sees, whatever its language."""

from contextlib import suppress
import json
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

from tests.simulator import DEFAULT_KEY, Simulator
from tests.simulator.model import Blocked

from .browser_forms import FIRST_LOAD, Forms
from .home import Home, RequestError

INTEGRATION: Final = "/config/integrations/integration/smspilot"
ACTIONS: Final = (
    "send_sms",
    "call",
    "flash_call",
    "check_number",
    "estimate_cost",
    "get_status",
    "get_inbound",
    "ask",
    "get_account",
)
ANNA: Final = {"entity_id": "notify.anna"}


class Tour:
    """A person who looks at everything, and takes a picture of it."""

    def __init__(self, page: Page, home: Home, folder: Path | None = None) -> None:
        """Take the page to look at, and where the pictures go."""
        self.page, self.home, self.folder = page, home, folder
        self.forms = Forms(page)
        self._number = 0

    async def take(self, name: str) -> None:
        """Take a picture when nothing moves any more."""
        if self.folder:
            self._number += 1
            await self.page.wait_for_timeout(1200)
            await self.page.screenshot(path=self.folder / f"{self._number:02} {name}.png")

    async def go(self, path: str) -> None:
        """Go to a page."""
        await self.page.goto(self.home.url + path)
        await self.page.locator("home-assistant-main").wait_for(timeout=FIRST_LOAD)
        await self.page.wait_for_load_state("networkidle")

    # --- Before there is an account

    async def before(self, sim: Simulator) -> None:
        """Look at the way an account is added, and give it up at the end."""
        forms = self.forms
        await forms.add_integration(self.home)
        await self.take("add account")
        await forms.open_section()
        await self.take("add account, other ways")
        await forms.submit()
        await self.take("add account, nothing entered")
        await forms.open_section()
        await forms.field("url").fill(sim.url)
        await forms.field("api_key").fill("wrong")
        await forms.submit()
        await self.take("add account, wrong key")
        sim.account.blocked = Blocked()
        await forms.field("api_key").fill(DEFAULT_KEY)
        await forms.submit()
        await self.take("add account, blocked")
        sim.account.blocked = None
        await forms.field("api_key").fill(DEFAULT_KEY)
        await forms.submit()
        await forms.dialog.locator("ha-selector-boolean").wait_for()
        await self.take("sender")
        await forms.give_up()

    # --- With an account

    async def after(self, sim: Simulator) -> None:
        """Look at all the rest."""
        await self.go("/play-house")
        await self.take("dashboard")
        await self.go(INTEGRATION)
        await self.take("integration")
        await self.options()
        await self.take("options")
        await self.menu("reconfigure")
        await self.take("reconfigure")
        await self.recipient_form()
        await self.take("add recipient")
        await self.forms.field("name").fill("Anna")
        await self.forms.add_number("12345")
        await self.forms.submit()
        await self.take("add recipient, errors")
        await self.go(INTEGRATION)
        await self.page.locator("ha-config-sub-entry-row ha-icon-button[slot=end]").first.click()
        await self.take("change recipient")
        await self.devices()
        for name in ACTIONS:
            await self.action(name)
            await self.take(f"action {name}")
        await self.triggers()
        await self.repairs(sim)
        await self.reauth(sim)

    async def options(self) -> None:
        """Open the options of the account."""
        await self.go(INTEGRATION)
        gear = "ha-config-entry-row ha-row-item > ha-icon-button[slot=end]"
        await self.page.locator(gear).first.click()

    async def menu(self, item: str) -> None:
        """Choose from the menu of the account."""
        await self.go(INTEGRATION)
        row = self.page.locator("ha-config-entry-row ha-row-item > ha-dropdown").first
        await row.locator("ha-icon-button").first.click()
        await row.locator(f"ha-dropdown-item[value={item}]").click()

    async def recipient_form(self) -> None:
        """Open the form of another recipient."""
        await self.go(INTEGRATION)
        await self.page.locator("ha-config-integration-page .actions ha-button").last.click()
        await self.forms.field("name").wait_for()

    async def devices(self) -> None:
        """Look at the devices of the account and of a recipient."""
        async with self.home.websocket() as websocket:
            devices = await websocket.command("config/device_registry/list")
        for device in devices:
            if device["identifiers"] and device["identifiers"][0][0] == "smspilot":
                await self.go(f"/config/devices/device/{device['id']}")
                await self.take(f"device {device['name']}")

    async def action(self, name: str, data: dict[str, Any] | None = None) -> None:
        """Open an action in the tools, with all its fields unfolded."""
        kept = json.dumps({"action": f"smspilot.{name}", "data": data or {}})
        await self.page.add_init_script(
            f"localStorage.setItem('panel-dev-action-state-service-data', {json.dumps(kept)});"
        )
        await self.go("/config/developer-tools/action")
        await self.page.locator("ha-service-control").wait_for()
        if data is None:
            for each in await self.page.locator("ha-service-control ha-expansion-panel").all():
                await each.locator("[role=button]").first.click()

    async def trigger(self, automation: str) -> None:
        """Open an automation's trigger."""
        await self.go(f"/config/automation/edit/{automation}")
        await self.page.locator("ha-automation-trigger-row").first.click(timeout=FIRST_LOAD)
        await self.page.locator("ha-automation-sidebar").wait_for()

    async def triggers(self) -> None:
        """Look at both triggers, and at the list they are chosen from."""
        await self.trigger("gate")
        await self.take("trigger message received")
        lost = {
            "alias": "Not delivered",
            "triggers": [
                {
                    "trigger": "smspilot.message_status_changed",
                    "options": {"status": ["undelivered", "failed"], "to": ["Anna"]},
                }
            ],
            "actions": [],
        }
        await self.home.rest("POST", "/api/config/automation/config/lost", lost)
        await self.trigger("lost")
        await self.take("trigger message status changed")
        await self.page.locator("ha-automation-trigger > * ha-button").first.click()
        await self.page.wait_for_timeout(1000)
        await self.page.keyboard.type("smspilot")
        await self.take("choose a trigger")

    # --- When something is wrong

    async def repairs(self, sim: Simulator) -> None:
        """Let everything go wrong that there is a notice for, and read them all."""
        await self._go_wrong(sim)
        await self.go("/config/repairs")
        await self.take("repairs")
        items = self.page.locator("ha-config-repairs").locator("ha-list-item-button")
        for index in range(await items.count()):
            await items.nth(index).click()
            await self.take(f"repair {index + 1}")
            await self.go("/config/repairs")

    async def _go_wrong(self, sim: Simulator) -> None:
        entry = (await self.home.rest("GET", _ENTRIES))[0]["entry_id"]

        async def option(**changed: Any) -> None:
            await self.home.flow(entry, {"sender": "INFORM", **changed}, kind="options/flow")

        async def fails(action: str = "send_sms", **data: Any) -> None:
            if action == "send_sms":
                data = {"recipients": ["notify.anna"], "message": "Hello", "retry_for": 0} | data
            with suppress(RequestError):
                await self.home.action("smspilot", action, data, return_response=True)

        account = sim.account
        await option(rate_limit=1)
        await fails()
        await option(daily_limit=1)
        await fails()
        await option(inbound_interval=5)
        for number in range(3):  # as many look suspicious
            forged = {"phone": "79087964781", "message": "Forged", "user_id": "5671", "num": "1"}
            await sim.push_inbound(id=str(number + 1), **forged)
        await sim.receive("79087964781", "5671 not pushed", push=False)
        account.balance = type(account.balance)(7)
        await fails("get_account")
        account.balance *= 0
        await fails(urgent=True)
        account.templates = []
        await fails(urgent=True)
        sim.options.strict_senders, account.templates = True, None
        await fails(urgent=True, sender="Nobody")
        await self.page.wait_for_timeout(60_000)  # the forged push is looked for that long
        await option(test_mode=True)
        account.allowed_ips = ["198.51.100.1"]
        await fails("get_account")
        account.allowed_ips, account.blocked = [], Blocked()
        await fails("get_account")

    async def reauth(self, sim: Simulator) -> None:
        """Let the key be refused, and look at what is asked for."""
        sim.account.blocked, sim.account.apikey = None, "X" * 64
        with suppress(RequestError):
            await self.home.action("smspilot", "get_account", return_response=True)
        await self.go("/config/integrations/dashboard")
        card = self.page.locator("ha-config-flow-card ha-button[appearance=filled]")
        await card.first.wait_for()
        await self.take("key refused")
        await card.first.click()
        await self.take("new key")


_ENTRIES: Final = "/api/config/config_entries/entry?domain=smspilot"
