"""The other half of the tour: what a person sees when something is wrong."""

from contextlib import suppress
from typing import Any, Final

from tests.simulator import DEFAULT_KEY, Simulator
from tests.simulator.model import Blocked

from .browser_tour import INTEGRATION, Tour
from .config_folder import free_port
from .home import Home, RequestError

ENTRIES: Final = "/api/config/config_entries/entry"
ANNA: Final = "79087964781"
# The placeholders of notices that need a restart, days or another integration to come about.
PLACEHOLDERS: Final = {
    "en": {
        "account": "SMSPILOT 5671",
        "alarm": "Smoke",
        "automation": "Gate by SMS",
        "balance": "1,234.50\u00a0₽",
        "days": "12",
        "edit": "/config/automation/edit/gate",
        "error": "110: System error",
        "limit": "10",
        "message": "Smoke in the kitchen",
        "name": "Anna",
        "names": "Anna, +7908•••4782",
        "problems": "- Step 2: SMSPILOT refuses the number",
        "reached": "Anna, Boris",
        "time": "10:14",
        "why": "there is no connection to SMSPILOT",
    },
    "ru": {
        "account": "SMSPILOT 5671",
        "alarm": "Дым",
        "automation": "Ворота по SMS",
        "balance": "1\u00a0234,50\u00a0₽",
        "days": "12",
        "edit": "/config/automation/edit/gate",
        "error": "110: Системная ошибка",
        "limit": "10",
        "message": "Дым на кухне",
        "name": "Анна",
        "names": "Анна, +7908•••4782",
        "problems": "- Шаг 2: SMSPILOT не принимает номер",
        "reached": "Анна, Борис",
        "time": "10:14",
        "why": "нет связи с SMSPILOT",
    },
}


async def first_account(tour: Tour, sim: Simulator) -> None:
    """Look at the way an account is added, with all that may go wrong, and remove it."""
    forms, home, account = tour.forms, tour.home, sim.account
    await forms.add_integration(home)
    await tour.take("add account")
    await forms.open_section()
    await tour.take("add account, other ways")

    async def enter(what: str, key: str = DEFAULT_KEY, url: str = sim.url) -> None:
        if not await forms.field("url").is_visible():
            await forms.open_section()
        await forms.field("url").fill(url)
        await forms.field("api_key").fill(key)
        await forms.submit()
        await tour.take(f"add account, {what}")

    await enter("nothing", "")
    await enter("no safe address", url="http://example.com")
    await enter("nobody there", url=f"http://127.0.0.1:{free_port()}/api.php")
    await enter("wrong key", "wrong")
    account.blocked = Blocked()
    await enter("blocked")
    account.blocked, account.allowed_ips = None, ["198.51.100.1"]
    await enter("IP address not allowed")
    account.allowed_ips = []
    await _external_url(home, None)
    await enter("sender, without an address")
    await forms.give_up()
    await _external_url(home, home.url)
    await forms.add_integration(home)
    await enter("sender")
    await forms.submit()
    await forms.field("name").wait_for()
    await tour.take("first recipient")
    await forms.give_up()
    for entry in await home.rest("GET", f"{ENTRIES}?domain=smspilot"):
        await home.rest("DELETE", f"{ENTRIES}/{entry['entry_id']}")


async def repairs(tour: Tour, sim: Simulator) -> None:
    """Let everything go wrong that there is a notice for, and read them all."""
    await _go_wrong(tour, sim)
    placeholders = PLACEHOLDERS[tour.home.language] | {"url": f"{tour.home.url}/api/webhook/1"}
    links = dict.fromkeys(("settings_url", "top_up_url", "templates_url"), "https://smspilot.ru")
    money = {"limit": placeholders["balance"]}
    data = {"placeholders": placeholders | links, "assist_limit": money, "daily_limit": money}
    await tour.home.action("every_notice", "raise", data)
    await tour.go("/config/repairs")
    await tour.take("repairs")
    items = tour.page.locator("ha-config-repairs").locator("ha-list-item-button")
    await items.first.wait_for()
    for index in range(await items.count()):
        await items.nth(index).click()
        await tour.take(f"repair {index + 1}")
        await tour.go("/config/repairs")
    await tour.go(INTEGRATION)
    await tour.take("integration, unavailable")


async def new_key(tour: Tour, sim: Simulator) -> None:
    """Let the key be refused, and look at what is asked for."""
    sim.account.blocked, sim.account.apikey = None, "X" * 64
    with suppress(RequestError):
        await tour.home.action("smspilot", "get_account", return_response=True)
    await tour.go("/config/integrations/dashboard")
    card = tour.page.locator("ha-config-flow-card ha-button[appearance=filled]").first
    await card.wait_for()
    await tour.take("key refused")
    await card.click()
    await tour.forms.field("api_key").wait_for()
    await tour.take("new key")


async def _go_wrong(tour: Tour, sim: Simulator) -> None:
    home, account = tour.home, sim.account
    entry = (await home.rest("GET", f"{ENTRIES}?domain=smspilot"))[0]["entry_id"]
    options: dict[str, Any] = {"sender": "INFORM"}

    async def option(**changed: Any) -> None:
        options.update(changed)
        form = await home.start_flow(entry, "options/flow")
        await home.fill_in(form, options, "options/flow")

    async def fails(action: str = "send_sms", **data: Any) -> None:
        if action == "send_sms":
            data = {"recipients": ["notify.anna"], "message": "Hello", "retry_for": 0} | data
        with suppress(RequestError):
            await home.action("smspilot", action, data, return_response=True)

    account.templates = []
    await _press(tour)
    account.templates = None
    await option(daily_limit=1)
    await fails()
    await option(rate_limit=1)
    await fails()
    await option(inbound_interval=5)
    for number in range(3):  # as many look suspicious
        forged = {"phone": ANNA, "message": "Forged", "user_id": "5671", "num": "1"}
        await sim.push_inbound(id=str(number + 1), **forged)
    await sim.receive(ANNA, "5671 not pushed", push=False)
    account.balance = type(account.balance)(7)
    await fails("get_account")
    account.balance *= 0
    await fails(urgent=True)
    sim.options.strict_senders = True
    await fails(urgent=True, sender="Nobody")
    await option(sender="Someone")
    await fails(urgent=True)
    await tour.page.wait_for_timeout(60_000)  # reads go on for the forged push that long
    await option(test_mode=True)
    account.allowed_ips = ["198.51.100.1"]
    await fails("get_account")
    account.allowed_ips, account.blocked = [], Blocked()
    await fails("get_account")


async def _press(tour: Tour) -> None:
    """Press the button of a recipient, and look at what the page says."""
    async with tour.home.websocket() as websocket:
        entity = {"entity_id": "button.anna_test_message"}
        button = await websocket.command("config/entity_registry/get", **entity)
    await tour.go(f"/config/devices/device/{button['device_id']}")
    await tour.page.locator("hui-button-entity-row ha-button").click()
    await tour.take("test message refused")


async def _external_url(home: Home, url: str | None) -> None:
    async with home.websocket() as websocket:
        await websocket.command("config/core/update", external_url=url)
