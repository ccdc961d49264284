"""A tour of every screen a person sees, whatever its language."""

import json
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

from .browser_forms import FIRST_LOAD, Forms
from .develop import words
from .home import Home

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
    "start_alarm",
    "acknowledge_alarm",
    "end_alarm",
)
QUESTION: Final = {
    "en": {
        "phones": ["Anna"],
        "question": "Heat the sauna? Answer yes or no.",
        "answers": [
            {"id": "yes", "sentences": ["yes", "yes please", "sure"]},
            {"id": "no", "sentences": ["no", "not today"]},
        ],
    },
    "ru": {
        "phones": ["Анна"],
        "question": "Затопить баню? Ответьте да или нет.",
        "answers": [
            {"id": "yes", "sentences": ["да", "да, пожалуйста", "давай"]},
            {"id": "no", "sentences": ["нет", "не сегодня"]},
        ],
    },
}
LOST: Final[dict[str, Any]] = {
    "alias": "Not delivered",
    "triggers": [
        {
            "trigger": "smspilot.message_status_changed",
            "options": {
                "status": ["undelivered", "failed"],
                "to": {"active_choice": "recipients", "recipients": ["notify.anna"]},
            },
        }
    ],
    "actions": [],
}
# What is pressed to see every card.
ALL_CARDS: Final = {"en": "Browse all cards", "ru": "Просмотреть все карточки"}


# A desk and a phone, high enough for most of a page, and for the longest form.
WIDTHS: Final = (1280, 390)
HEIGHT: Final = 1700
TALLEST: Final = 3200


class Tour:
    """A person who looks at everything, and takes a picture of it."""

    def __init__(self, page: Page, home: Home, folder: Path | None = None) -> None:
        """Take the page to look at, and where the pictures go."""
        self.page, self.home, self.folder = page, home, folder
        self.forms = Forms(page)
        self._number = 0

    def said(self, english: str) -> str:
        """Return what the house says in its language."""
        return words(self.home.language).get(english, english)

    async def everything(self) -> None:
        """Look at all there is while all is well."""
        await self.go("/play-house")
        await self.take("dashboard")
        await self.go("/logbook")
        await self.take("activity")
        await self.go(INTEGRATION)
        await self.take("integration")
        await self.setting_up()
        await self.devices()
        for name in ACTIONS:
            await self.action(name)
            await self.take(f"action {name}", TALLEST)
        await self.action("ask", QUESTION[self.home.language])
        await self.take("action ask, answers")
        await self.page.locator("ha-selector-object ha-icon-button").first.click()
        await self.take("action ask, an answer")
        await self.triggers()
        await self.go("/config/repairs?dialog=system-health")
        await (
            self.page.locator("dialog-system-information")
            .get_by_role("heading", name="SMSPILOT")
            .wait_for()
        )
        await self.take("system information")
        await self.card()
        await self.alarm_runs()

    async def take(self, name: str, height: int = HEIGHT) -> None:
        """Take a picture when nothing moves any more."""
        if self.folder:
            self._number += 1
            await self.page.wait_for_timeout(800)
            usual = self.page.viewport_size
            for width in WIDTHS:
                await self.page.set_viewport_size({"width": width, "height": height})
                await self.page.wait_for_timeout(600)
                file = f"{width} {self._number:02} {name}.png"
                await self.page.screenshot(path=self.folder / file)
            if usual:
                await self.page.set_viewport_size(usual)

    async def go(self, path: str) -> None:
        """Go to a page."""
        await self.page.goto(self.home.url + path)
        await self.page.locator("home-assistant-main").wait_for(timeout=FIRST_LOAD)
        await self.page.wait_for_load_state("networkidle")

    async def setting_up(self) -> None:
        """Look at the forms of an account and of its recipients."""
        await self.options()
        await self.take("options", TALLEST)
        await self.forms.dialog.locator("textarea").first.fill(self.said("Home"))
        await self.forms.dialog.locator("input[type=number]").nth(1).fill("3")
        await self.forms.dialog.locator("input[type=number]").nth(2).fill("-1")
        await self.forms.field("debug_email").fill("nobody")
        await self.forms.submit()
        await self.take("options, errors", TALLEST)
        await self.forms.give_up()
        await self.menu("reconfigure")
        await self.take("reconfigure")
        await self.forms.give_up()  # while it is open no new key is asked for
        await self.recipient_form()
        await self.forms.open_sections()
        await self.take("add recipient")
        await self.forms.field("name").fill(self.said("Anna"))
        await self.forms.add_number("12345")
        await self.forms.field("pin").fill("5671")
        await self.forms.submit()
        await self.take("add recipient, errors")
        await self.go(INTEGRATION)
        await self.page.locator("ha-config-sub-entry-row ha-icon-button[slot=end]").first.click()
        await self.take("change recipient")
        await self.alarm_form()
        await self.forms.open_sections()
        await self.take("add alarm", TALLEST)
        await self.forms.field("name").fill(self.said("Leak"))
        await self.forms.submit()
        await self.take("add alarm, errors")
        await self.change_alarm(self.said("Smoke"))
        await self.take("change alarm")
        await self.forms.dialog.locator("ha-selector-object ha-icon-button").first.click()
        await self.take("change alarm, a step")

    async def options(self) -> None:
        """Open the options of the account."""
        await self.go(INTEGRATION)
        gear = "ha-config-entry-row ha-row-item > ha-icon-button[slot=end]"
        await self.page.locator(gear).first.click()
        await self.forms.open_sections()
        await self.forms.field("debug_email").wait_for()

    async def menu(self, item: str) -> None:
        """Choose from the menu of the account."""
        await self.go(INTEGRATION)
        row = self.page.locator("ha-config-entry-row ha-row-item > ha-dropdown").first
        await row.locator("ha-icon-button").first.click()
        await row.locator(f"ha-dropdown-item[value={item}]").click()
        await self.forms.field("api_key").wait_for()

    async def recipient_form(self) -> None:
        """Open the form of another recipient."""
        await self.go(INTEGRATION)
        await self.page.locator("ha-config-integration-page .actions ha-button").nth(1).click()
        await self.forms.field("name").wait_for()

    async def alarm_form(self) -> None:
        """Open the form of another alarm."""
        await self.go(INTEGRATION)
        await self.page.locator("ha-config-integration-page .actions ha-button").nth(2).click()
        await self.forms.field("name").wait_for()

    async def change_alarm(self, name: str) -> None:
        """Open the form of an alarm."""
        await self.go(INTEGRATION)
        row = self.page.locator("ha-config-sub-entry-row").filter(has_text=name)
        await row.locator("ha-icon-button[slot=end]").first.click()
        await self.forms.field("name").wait_for()

    async def devices(self) -> None:
        """Look at the devices of the account and of a recipient, and at what their events show."""
        async with self.home.websocket() as websocket:
            devices = await websocket.command("config/device_registry/list")
        for device in devices:
            if device["identifiers"] and device["identifiers"][0][0] == "smspilot":
                await self.go(f"/config/devices/device/{device['id']}")
                await self.take(f"device {device['name']}")
        for entity in ("event.smspilot_5671_inbound", "event.anna_inbound", "notify.anna"):
            await self.more_info(entity)
            await self.take(entity)

    async def more_info(self, entity: str) -> None:
        """Open what there is to know of an entity, and wait until it has opened."""
        await self.go(f"/play-house?more-info-entity-id={entity}")
        await self.page.locator("ha-more-info-info").wait_for(timeout=FIRST_LOAD)

    async def action(
        self, name: str, data: dict[str, Any] | None = None, recipient: str | None = None
    ) -> None:
        """Open an action in the tools, for a recipient, with all its fields unfolded."""
        target = {"target": {"entity_id": f"notify.{recipient}"}} if recipient else {}
        kept = json.dumps({"action": f"smspilot.{name}", **target, "data": data or {}})
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
        row = self.page.locator("ha-automation-trigger-row").first
        await row.wait_for(timeout=FIRST_LOAD)
        # Opened before its translations have come, a choice keeps buttons without words.
        await self.page.evaluate(
            "document.querySelector('home-assistant').hass"
            ".loadBackendTranslation('selector', 'smspilot').then(() => null)"
        )
        await row.click()
        await self.page.locator("ha-automation-sidebar").wait_for()

    async def triggers(self) -> None:
        """Look at both triggers, and at the list they are chosen from."""
        await self.trigger("gate")
        await self.take("trigger message received", TALLEST)
        await self.home.rest(
            "POST", "/api/config/automation/config/lost", LOST | {"alias": self.said(LOST["alias"])}
        )
        await self.trigger("lost")
        await self.take("trigger message status changed")
        await self.page.locator("ha-automation-trigger > * ha-button").first.click()
        await self.page.wait_for_timeout(1000)
        await self.page.keyboard.type("smspilot")
        await self.take("choose a trigger")

    async def card(self) -> None:
        """Look at the card where it is chosen, and at its form."""
        await self.go("/play-house?edit=1")
        await self.page.locator("hui-grid-section .add").first.click(timeout=FIRST_LOAD)
        await self.page.get_by_text(ALL_CARDS[self.home.language]).click()
        await self.page.locator("hui-card-picker ha-input-search input").fill("SMSPILOT")
        found = self.page.locator("hui-card-picker .card").first
        await found.locator("smspilot-conversations").wait_for()
        await self.take("choose the card")
        await found.locator(".overlay").click()
        await self.page.locator("hui-form-editor ha-selector-text").wait_for()
        await self.take("form of the card")

    async def alarm_runs(self) -> None:
        """Look at a conversation, and at an alarm while it runs and when it was taken."""
        smoke = self.said("sensor.smoke")
        await self.go("/play-house/talk")
        await self.page.locator("smspilot-conversations nav li button").first.click()
        await self.take("conversation")
        await self.page.emulate_media(color_scheme="dark")
        await self.take("conversation, in the dark")
        await self.page.emulate_media(color_scheme="light")
        await self.home.action("input_boolean", "turn_on", {"entity_id": "input_boolean.smoke"})
        await self.home.until_state(smoke, "running")
        await self.page.wait_for_timeout(3000)
        await self.take("conversation, an alarm runs")
        await self.go("/play-house")
        await self.take("dashboard, an alarm runs")
        await self.go("/play-house/phones")
        await self.page.frame_locator("iframe").locator("article").first.wait_for()
        await self.take("phones, an alarm runs")
        await self.home.action("smspilot", "acknowledge_alarm", {"alarm": smoke})
        await self.more_info(smoke)
        await self.take("alarm, taken")
        await self.home.action("smspilot", "end_alarm", {"alarm": smoke})
        await self.home.action("input_boolean", "turn_off", {"entity_id": "input_boolean.smoke"})
