"""Import every blueprint and paste examples of the README, and run them, as a new user does."""
# ruff: noqa: T201  # its output is for its user

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import indent
from typing import Any, Final

from aiohttp import web
from homeassistant.util.yaml import parse_yaml

from tests.docs.page import Page
from tests.simulator import Kind, Simulator, Status

from . import browser
from .browser_editor import Editor
from .browser_tour import HEIGHT, WIDTHS
from .config_folder import free_port
from .develop import add_account
from .home import Home
from .log_check import complaints

ROOT: Final = Path(__file__).parents[2]
BLUEPRINTS: Final = ROOT / "blueprints"
PAPA: Final = "79087964781"
MAMA: Final = "79161234567"
CARD: Final = "79620000001"
# Seconds, for a machine whose cores are busy with other tests.
PATIENCE: Final = 60
# What the examples of the README name.
HOUSE: Final = """\
input_boolean: {leak: {name: Leak}, gate: {name: Gate}}
template:
  - binary_sensor:
      - {name: Kitchen leak, state: "{{ is_state('input_boolean.leak', 'on') }}"}
  - cover:
      - name: Gate
        state: "{{ is_state('input_boolean.gate', 'on') }}"
        open_cover:
          - {action: input_boolean.turn_on, target: {entity_id: input_boolean.gate}}
        close_cover:
          - {action: input_boolean.turn_off, target: {entity_id: input_boolean.gate}}
"""
OPENING: Final = {
    "alias": "Opening",
    "sequence": [{"action": "cover.open_cover", "target": {"entity_id": "cover.gate"}}],
}
PEOPLE: Final = {"en": ("Papa", "Mama"), "ru": ("Папа", "Мама")}
SAID: Final = {
    "en": {"gate": "open the gate", "status": "status", "yes": "Yes."},
    "ru": {"gate": "открой ворота", "status": "статус", "yes": "Да."},
}


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """Serve the blueprints as they lie here."""
    app = web.Application()
    app.router.add_static("/", BLUEPRINTS)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def names(inputs: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what the inputs of a blueprint are called on its form, sections too."""
    for key, given in inputs.items():
        yield key, given["name"]
        yield from names(given.get("input", {}))


class User:
    """A user who has just added the account, Papa and Mama."""

    def __init__(self, editor: Editor, sim: Simulator, url: str, folder: Path) -> None:
        """Take the editor to work in, the phones to look at, and where pictures go."""
        self.editor, self.home, self.sim = editor, editor.home, sim
        self._url, self._folder = url, folder
        self._said = SAID[self.home.language]
        self._inputs: dict[str, Any] = {}
        self._seen = 0

    def name(self, key: str) -> str:
        """Return what an input of the blueprint is called on its form."""
        return dict(names(self._inputs))[key]

    def default(self, key: str) -> str:
        """Return the text that an input has unless it is changed."""
        text: str = self._inputs[key]["default"]
        return text

    async def begin(self, domain: str, stem: str) -> None:
        """Import a blueprint and open its form."""
        stem += "_ru" if self.home.language == "ru" else ""
        self._file = BLUEPRINTS / domain / "smspilot" / f"{stem}.yaml"
        read: Any = parse_yaml(self._file.read_text())
        self._inputs = read["blueprint"]["input"]
        self._seen = len(self.sim.messages)
        print(self._file.name)
        await self.editor.import_blueprint(f"{self._url}/{domain}/smspilot/{self._file.name}")
        await self.editor.use_blueprint(self._file.name)

    async def choose(self, key: str, entity_id: str) -> None:
        """Choose an entity for an input."""
        await self.editor.choose(self.name(key), entity_id)

    async def save(self, *, run: bool = False) -> None:
        """Take a picture of what the form shows, save it, and perhaps run it by hand."""
        page = self.editor.page
        for width in reversed(WIDTHS):
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            await page.wait_for_timeout(1000)
            await page.screenshot(path=self._folder / f"{width} {self._file.stem}.png")
        await self.editor.save()
        if run:
            await self.editor.menu("run")

    async def phone_gets(
        self,
        phone: str,
        text: str,
        kind: Kind = Kind.SMS,
        status: Status = Status.DELIVERED,
    ) -> None:
        """Wait until something new has come to a phone, or was lost on its way."""
        wanted = (phone, kind, status)

        def has_come() -> bool:
            new = list(self.sim.messages.values())[self._seen :]
            return any(
                (one.phone, one.kind, one.status) == wanted and text in one.text for one in new
            )

        await self.sim.changed.wait_for(has_come, seconds=PATIENCE)
        print(f"  {kind.value} to {phone}: {text or status.name.lower()}")

    async def gate_opens(self) -> None:
        """Wait until the gate is open, and close it."""
        await self.home.until_state("cover.gate", "open", timeout=PATIENCE)
        print("  the gate opens")
        await self.home.action("cover", "close_cover", {"entity_id": "cover.gate"})

    async def confirm_by_sms(self) -> None:
        """Be asked, and say yes."""
        await self.begin("script", "confirm_by_sms")
        await self.choose("person", "notify.papa")
        await self.editor.add_script(self.name("confirmed"), "Opening")
        await self.save(run=True)
        await self.phone_gets(PAPA, self.default("question"), Kind.TWO_WAY)
        await self.sim.receive(PAPA, self._said["yes"])
        await self.gate_opens()

    async def order_by_sms(self) -> None:
        """Order something, and get the confirmation."""
        await self.begin("automation", "order_by_sms")
        await self.choose("people", "notify.papa")
        await self.editor.type_text(self.name("words"), self._said["gate"])
        await self.editor.add_script(self.name("actions"), "Opening")
        await self.save()
        await self.sim.receive(PAPA, f"5671 {self._said['gate'].upper()}!")
        await self.gate_opens()
        await self.phone_gets(PAPA, self.default("done"))

    async def report_by_sms(self) -> None:
        """Ask how the house is."""
        await self.begin("automation", "report_by_sms")
        text = "Gate: {{ states('cover.gate') }}"
        await self.editor.type_code(self.editor.row(self.name("report")), text)
        await self.save()
        await self.sim.receive(MAMA, f"5671 {self._said['status']}")
        await self.phone_gets(MAMA, "Gate: closed")

    async def low_balance(self) -> None:
        """Get a warning that names what is left."""
        await self.begin("automation", "low_balance")
        await self.choose("low_balance", "binary_sensor.smspilot_5671_low_balance")
        await self.choose("balance", "sensor.smspilot_5671_balance")
        await self.choose("people", "notify.papa")
        await self.save(run=True)
        await self.phone_gets(PAPA, self.default("message").partition("{{")[0])

    async def sim_is_alive(self) -> None:
        """Learn that a card is dead."""
        self.sim.phone(CARD).on = False
        await self.begin("automation", "sim_is_alive")
        await self.editor.type_text(self.name("phones"), "+7 962 000-00-01")
        await self.choose("people", "notify.papa")
        await self.editor.unfold(self.name("details"))
        await self.editor.row(self.name("pause")).locator("input").nth(1).fill("0")
        await self.save(run=True)
        await self.phone_gets(PAPA, "+7 962 000-00-01")

    async def self_test(self) -> None:
        """Get the text, and be warned when it does not arrive."""
        await self.begin("automation", "self_test")
        await self.choose("person", "notify.mama")
        await self.save(run=True)
        await self.phone_gets(MAMA, self.default("message"))

    async def readme(self) -> None:
        """Paste what the README shows of a gate, a leak, and every action."""
        page = Page(ROOT, ROOT / ("README.ru.md" if self.home.language == "ru" else "README.md"))
        texts = [example.text for _, example in page.examples]
        gate, leak, actions = (
            next(text for text in texts if sign in text)
            for sign in ("cover.open_cover", "valve.close_valve", "smspilot.flash_call")
        )
        self._seen = len(self.sim.messages)
        print(page.path)
        await self.editor.paste("automation", gate)
        await self.sim.receive(MAMA, f"5671 {self._said['gate']}")
        await self.gate_opens()

        await self.editor.paste("automation", leak)
        for person in (PAPA, MAMA):
            self.sim.phone(person).outcome = Status.UNDELIVERED
        await self.home.action("input_boolean", "turn_on", {"entity_id": "input_boolean.leak"})
        await self.phone_gets(PAPA, "", Kind.VOICE, Status.UNDELIVERED)
        for person in (PAPA, MAMA):
            self.sim.phone(person).outcome = None

        self._seen = len(self.sim.messages)
        # The gate opens when all of them went well.
        sequence = indent(f"{actions}\n- {OPENING['sequence'][0]}", "  ")
        await self.editor.paste("script", f"alias: All of them\nsequence:\n{sequence}")
        await self.editor.menu("run")
        for to, kind in ((MAMA, Kind.SMS), (PAPA, Kind.VOICE), (PAPA, Kind.TWO_WAY)):
            await self.phone_gets(to, "", kind)
        await self.sim.receive(PAPA, self._said["yes"])
        await self.gate_opens()


async def everything(language: str, folder: Path) -> bool:
    """Try all of it in a language, and return whether Home Assistant has complained of nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    async with (
        Simulator(auto=0.4) as sim,
        Home(yaml=HOUSE, language=language) as home,
        served() as url,
        browser.started() as started,
        browser.person(started, home, language=language, size=(1280, HEIGHT)) as person,
    ):
        await add_account(home, sim, dict(zip(PEOPLE[language], (PAPA, MAMA), strict=True)))
        await home.rest("POST", "/api/config/script/config/opening", OPENING)
        user = User(Editor(await person.new_page(), home), sim, url, folder)
        for part in (
            user.confirm_by_sms,
            user.order_by_sms,
            user.report_by_sms,
            user.low_balance,
            user.sim_is_alive,
            user.self_test,
            user.readme,
        ):
            await part()
        await home.stop()
        sim.assert_clean()
        said = complaints(home.log(), [sim.account.apikey])
        print("\n".join(said))
        return not said
