"""Home Assistant's forms as a person fills them in, found without a word of any language."""

from playwright.async_api import Locator, Page

from .home import Home

# The page is large, and a cold start on two busy cores slow.
FIRST_LOAD = 60_000


class Forms:
    """The dialog in which an account, its options or a recipient are set up."""

    def __init__(self, page: Page) -> None:
        """Take the page it opens on."""
        self.page = page
        self.dialog = page.locator("dialog-data-entry-flow")

    async def add_integration(self, home: Home) -> None:
        """Go to the integrations, and choose ours among all there are."""
        await self.page.goto(f"{home.url}/config/integrations/dashboard")
        await self.page.locator("ha-button[slot=fab]").click(timeout=FIRST_LOAD)
        search = self.page.locator("dialog-add-integration input")
        await search.fill("smspilot")
        await self.page.locator("dialog-add-integration").get_by_text("SMSPILOT").click()
        await self.field("api_key").wait_for()

    def field(self, name: str) -> Locator:
        """Return where something is typed."""
        return self.dialog.locator(f"input[name={name}]")

    async def open_section(self) -> None:
        """Unfold what is seldom needed."""
        await self.dialog.locator("ha-expansion-panel [role=button]").first.click()
        await self.field("url").wait_for()

    async def open_sections(self) -> None:
        """Unfold all that is folded."""
        panels = self.dialog.locator("ha-expansion-panel")
        await panels.first.wait_for()
        for each in await panels.all():
            if not await each.evaluate("panel => panel.expanded"):
                await each.locator("[role=button]").first.click()

    async def add_number(self, number: str) -> None:
        """Type a number into the line that is there at once, or into another one."""
        lines = self.dialog.locator("input[type=tel]")
        await lines.last.wait_for()
        last = await lines.count() - 1
        if await lines.nth(last).input_value():
            await self.dialog.locator("ha-input-multi .add-row ha-button").click()
            last += 1
        await lines.nth(last).fill(number)

    async def submit(self) -> None:
        """Press the button at the end."""
        await self.dialog.locator("ha-dialog-footer ha-button").last.click()

    async def give_up(self) -> None:
        """Close the dialog, and so the flow."""
        await self.dialog.locator("ha-dialog > ha-icon-button").first.click()
        await self.dialog.locator("ha-dialog-footer").wait_for(state="hidden")
