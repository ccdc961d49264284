"""A real Home Assistant in this process, with the simulated service and ntfy in theirs."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
import itertools
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final

from homeassistant.bootstrap import async_setup_hass
from homeassistant.config_entries import ConfigEntry, ConfigSubentryData
from homeassistant.const import CONF_API_KEY, CONF_NAME, CONF_URL, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.runner import RuntimeConfig

from custom_components.smspilot.account import Account
from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_PHONES,
    CONF_RATE_LIMIT,
    DOMAIN,
    SUBENTRY_RECIPIENT,
)
from custom_components.smspilot.runtime.poller import Poller
from custom_components.smspilot.runtime_data import SmspilotConfigEntry
from tests.e2e import config_folder
from tests.e2e.service import ROOT, Service

# What a person has without the integration: a command, a notifier, an automation. Neither
# recorder nor pages: they work on whatever happens, in threads of their own, and take turns.
YAML: Final = """\
rest_command:
  bench:
    url: {url}
    method: post
    content_type: application/x-www-form-urlencoded
    payload: >-
      send={{{{ message | urlencode }}}}&to={{{{ to }}}}&apikey={key}&format=json
notify:
  - platform: rest
    name: bench
    resource: {url}
    method: POST
    message_param_name: send
    target_param_name: to
    data: {{apikey: {key}, format: json}}
automation bench:
  - id: bench
    alias: Bench
    mode: queued
    triggers:
      - trigger: webhook
        webhook_id: bench_automation
        allowed_methods: [POST]
        local_only: false
    actions:
      - event: bench_automation
        event_data:
          phone: "{{{{ trigger.data.phone }}}}"
          message: "{{{{ trigger.data.message }}}}"
"""
# Limits that are kept, and never reached.
OPTIONS: Final = {CONF_DAILY_LIMIT: 1e9, CONF_RATE_LIMIT: 1_000_000}
MAIN: Final = 5671
FAMILIAR: Final = 100
PEOPLE: Final = ("Papa", "Mama", "Anna", "Boris", "Vera", "Gleb", "Dasha", "Egor", "Zoya", "Ivan")


class Bench:
    """Everything a measurement needs."""

    def __init__(self, hass: HomeAssistant, sim: Service) -> None:
        self.hass = hass
        self.sim = sim
        self.session = async_get_clientsession(hass)
        self._texts = itertools.count()
        self._numbers = itertools.count(79_000_000_000)
        # Numbers that are written to again and again, as a home does.
        self._familiar = itertools.cycle(self.numbers(FAMILIAR))
        self._accounts = itertools.count(20_000)
        self.main = ""

    def text(self) -> str:
        """Return a text that was not sent before."""
        return f"Bench {next(self._texts)}: the door of the garage is open"

    def numbers(self, count: int) -> list[str]:
        """Return numbers that nothing was sent to before."""
        return [f"+{number}" for number in itertools.islice(self._numbers, count)]

    def number(self) -> str:
        """Return a number that is written to now and then."""
        return next(self._familiar)

    async def post(self, **form: str) -> Any:
        """Make a bare request to the service."""
        data = {"apikey": self.sim.key, "format": "json", **form}
        async with self.session.post(self.sim.url, data=data) as response:
            return await response.json(content_type=None)

    async def send(self, text: str, phones: list[str], **fields: Any) -> Any:
        """Call `send_sms` and return its response."""
        data = {"message": text, "phones": phones, "config_entry_id": self.main, **fields}
        return await self.hass.services.async_call(
            DOMAIN, "send_sms", data, blocking=True, return_response=True
        )

    async def delay(self, seconds: float) -> None:
        """Have the service answer a send after so long."""
        await self.sim.control("faults/clear")
        if seconds:
            await self.sim.control(
                "fault", kind="slow", command="send", seconds=seconds, times=1_000_000
            )

    async def requests(self) -> list[dict[str, Any]]:
        """Return what the service was asked since the last time, and have it forgotten."""
        state = await self.sim.state()
        await self.sim.control("forget")
        return list(state["requests"])

    async def account(
        self, people: int = 1, account_id: int | None = None, **options: Any
    ) -> SmspilotConfigEntry:
        """Set up an account, one that the service has not met before unless its id is given."""
        entry = await self.new_account(people, account_id, **options)
        await self.hass.config_entries.async_add(entry)
        return entry

    async def new_account(
        self,
        people: int = 1,
        account_id: int | None = None,
        sim: Service | None = None,
        **options: Any,
    ) -> SmspilotConfigEntry:
        """Return the entry of an account that a service knows; it is not set up yet."""
        account_id, sim = account_id or next(self._accounts), sim or self.sim
        key = sim.key
        if account_id != MAIN:
            key = f"{account_id:064}"
            await sim.control("account", id=account_id, apikey=key)
        await sim.control("account", id=account_id, balance="1000000000")
        people_data = [
            ConfigSubentryData(
                data=MappingProxyType(
                    {
                        CONF_NAME: f"{name} {account_id}",
                        CONF_PHONES: [f"+7916{account_id:05}{at:02}"],
                    }
                ),
                subentry_type=SUBENTRY_RECIPIENT,
                title=f"{name} {account_id}",
                unique_id=None,
            )
            for at, name in enumerate(PEOPLE[:people])
        ]
        entry = make_entry(
            DOMAIN,
            title=f"SMSPILOT {account_id}",
            unique_id=str(account_id),
            data={
                CONF_API_KEY: key,
                CONF_URL: sim.url,
                CONF_WEBHOOK_ID: f"{account_id:064x}",
            },
            options={**OPTIONS, **options},
            subentries=people_data,
        )
        if account_id == MAIN:
            self.main = entry.entry_id
        return entry

    async def change(self, entry: SmspilotConfigEntry, **options: Any) -> None:
        """Change options of an account in place."""
        self.hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
        await self.hass.async_block_till_done()


def make_entry(
    domain: str,
    *,
    title: str,
    unique_id: str,
    data: Mapping[str, Any],
    options: Mapping[str, Any],
    subentries: list[ConfigSubentryData],
) -> ConfigEntry[Any]:
    """Return an entry as a flow makes it."""
    return ConfigEntry(
        version=1,
        minor_version=1,
        domain=domain,
        title=title,
        unique_id=unique_id,
        data=dict(data),
        options=dict(options),
        subentries_data=subentries,
        source="user",
        discovery_keys=MappingProxyType({}),
    )


async def rest(poller: Poller) -> None:
    """Wait until a bell may be answered at once."""
    while poller._busy:
        await asyncio.sleep(0.01)


async def answered(poller: Poller) -> None:
    """Wait for the end of the read that a call has started."""
    if poller._task:
        await poller._task


async def read_all(account: Account) -> None:
    """Have a round of all that waits."""
    await rest(account.deliveries.poller)
    account.deliveries.read_all()
    await answered(account.deliveries.poller)


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Start everything, and leave nothing behind."""
    async with Service(auto=0) as sim:
        with TemporaryDirectory(prefix="bench-") as folder:
            yaml = YAML.format(url=sim.url, key=sim.key)
            config_folder.write(Path(folder), yaml, reachable=True)
            configuration = Path(folder, "configuration.yaml")
            house, _, _ = configuration.read_text().partition("automation:")
            configuration.write_text(f"{house}logger: {{default: fatal}}\n")
            hass = await async_setup_hass(
                RuntimeConfig(config_dir=folder, skip_pip=True, log_no_color=True)
            )
            if hass is None:
                raise RuntimeError("Home Assistant did not start")
            # Home Assistant logs uncaught exceptions; here they are shown.
            sys.excepthook = sys.__excepthook__
            await hass.async_start()
            await hass.async_block_till_done()
            await sim.control("settings", pushes="off")
            try:
                yield Bench(hass, sim)
            finally:
                await hass.async_stop(force=True)


@asynccontextmanager
async def ntfy() -> AsyncIterator[str]:
    """Start a server that answers what core's ntfy asks, and return its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.ntfy"), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.communicate()
