"""Home Assistant's editors of automations and scripts, as a person works in them."""

from typing import Final

from playwright.async_api import Locator, Page

from .browser_forms import FIRST_LOAD
from .home import Home

# The picker of entities, devices and the like, wherever it was opened.
SEARCH: Final = "ha-picker-combo-box input"


class Editor:
    """The page of a person who makes automations and scripts."""

    def __init__(self, page: Page, home: Home) -> None:
        """Take the page to work in."""
        self.page, self.home = page, home

    async def go(self, path: str) -> None:
        """Go to a page."""
        await self.page.goto(self.home.url + path)
        await self.page.locator("home-assistant-main").wait_for(timeout=FIRST_LOAD)

    async def import_blueprint(self, url: str) -> None:
        """Import a blueprint from its address."""
        await self.go("/config/blueprint/dashboard")
        await self.page.locator("ha-button[slot=fab]").click(timeout=FIRST_LOAD)
        dialog = self.page.locator("ha-dialog-import-blueprint")
        await dialog.locator("input").fill(url)
        button = dialog.locator("ha-dialog-footer ha-button[slot=primaryAction]")
        await button.click()
        await dialog.locator("ha-expansion-panel").wait_for()  # what was read, to be looked at
        await button.click()
        await button.wait_for(state="hidden")

    async def use_blueprint(self, path: str) -> None:
        """Begin an automation or a script from what was imported."""
        row = self.page.locator("ha-data-table .mdc-data-table__row").filter(has_text=path)
        await row.click()
        await self.page.locator("ha-settings-row").first.wait_for(timeout=FIRST_LOAD)

    def row(self, name: str) -> Locator:
        """Return the row of an input, by its name."""
        return self.page.locator("ha-settings-row", has=self.page.get_by_text(name, exact=True))

    async def unfold(self, name: str) -> None:
        """Unfold a section."""
        await self.page.locator("ha-expansion-panel", has_text=name).get_by_text(name).click()

    async def choose(self, name: str, entity_id: str) -> None:
        """Choose an entity, found by its id."""
        await self.row(name).locator("ha-picker-field").last.click()
        await self.page.locator(SEARCH).fill(entity_id)
        item = self.page.locator("ha-picker-combo-box ha-combo-box-item")
        await item.first.click()
        await self.page.locator(SEARCH).wait_for(state="hidden")

    async def type_text(self, name: str, text: str) -> None:
        """Add a line to a list of texts."""
        await self.row(name).locator("ha-button").last.click()
        await self.row(name).locator("input").last.fill(text)

    async def type_code(self, place: Locator, text: str) -> None:
        """Paste what is to stand in a code editor, in place of what stands there."""
        code = place.locator(".cm-content")
        await code.click()
        await self.page.keyboard.press("Control+A")
        await code.evaluate(
            """(element, text) => {
                const clipboardData = new DataTransfer();
                clipboardData.setData("text/plain", text);
                const how = {clipboardData, bubbles: true, cancelable: true};
                element.dispatchEvent(new ClipboardEvent("paste", how));
            }""",
            text,
        )

    async def add_script(self, name: str, script: str) -> None:
        """Add an action that runs a script."""
        await self.row(name).locator("ha-button").last.click()
        dialog = self.page.locator("add-automation-element-dialog")
        await dialog.locator("input").first.fill(script)
        await dialog.get_by_text(script, exact=True).last.click()
        # The last one runs it, in both languages.
        await dialog.locator("ha-list-item-button").last.click()
        await self.row(name).locator("ha-automation-action-row").wait_for()

    async def save(self) -> None:
        """Save what was made, and wait until Home Assistant has it."""
        await self.page.locator("ha-button[slot=fab], ha-button.fab").last.click()
        await self.page.wait_for_url(lambda url: not url.endswith("/new"))
        made = self.page.url.rpartition("/")[2]

        async def is_there() -> bool:
            states = await self.home.rest("GET", "/api/states")
            return any(
                made == each["attributes"].get("id") or each["entity_id"] == f"script.{made}"
                for each in states
            )

        await self.home.until(is_there, f"{made} to be there", timeout=60)

    async def menu(self, item: str) -> None:
        """Choose from the menu of the editor."""
        await self.page.locator("hass-subpage > ha-dropdown > ha-icon-button").click()
        await self.page.locator(f"ha-dropdown-item[value={item}]").first.click()

    async def paste(self, kind: str, text: str) -> None:
        """Paste YAML into a new automation or script, and save it."""
        await self.go(f"/config/{kind}/edit/new")
        await self.menu("toggle_yaml_mode")
        await self.type_code(self.page.locator("ha-yaml-editor"), text)
        await self.save()
