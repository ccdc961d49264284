"""A headless browser, logged in at Home Assistant without a form."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import shutil
import time
from typing import Final, Literal

from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from .home import Home

type Look = Literal["light", "dark"]

# The system's own; the one that Playwright would download needs a server of its maker's.
PATH: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WIDE: Final = (1440, 900)
NARROW: Final = (375, 812)
# For a machine whose cores are busy with other tests, in milliseconds.
PATIENCE: Final = 30_000
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

expect.set_options(timeout=PATIENCE)


@asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """Start the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PATH, args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def person(
    browser: Browser,
    home: Home | None = None,
    *,
    language: str = "en",
    size: tuple[int, int] = WIDE,
    look: Look = "light",
    sharp: bool = False,
) -> AsyncIterator[BrowserContext]:
    """Open the browser with a user who has logged in at this home, and speaks a language."""
    context = await browser.new_context(
        locale=language,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=look,
        device_scale_factor=2 if sharp else 1,
    )
    context.set_default_timeout(PATIENCE)
    try:
        if home:
            await speak(home, language)
            await context.add_init_script(_logged_in(home, language))
        yield context
    finally:
        await context.close()


async def speak(home: Home, language: str) -> None:
    """Have Home Assistant remember a person's language; a page prefers it to its own."""
    forms = ("number_format", "time_format", "date_format", "first_weekday")
    kept = dict.fromkeys(forms, "language") | {"language": language, "time_zone": "local"}
    async with home.websocket() as websocket:
        await websocket.command("frontend/set_user_data", key="language", value=kept)


def _logged_in(home: Home, language: str) -> str:
    """Return what puts the token and the language where Home Assistant's pages look for them."""
    tokens = home.tokens | {
        "hassUrl": home.url,
        "clientId": f"{home.url}/",
        "expires": int((time.time() + home.tokens["expires_in"]) * 1000),
    }
    kept = {"hassTokens": json.dumps(tokens), "selectedLanguage": json.dumps(language)}
    return "".join(
        f"localStorage.setItem({json.dumps(key)}, {json.dumps(value)});"
        for key, value in kept.items()
    ).join((f"if (location.origin === {json.dumps(home.url)}) {{", "}"))
