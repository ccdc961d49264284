"""What tests of alarms share: an alarm as its form saves it, and a house that has some."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigSubentry, ConfigSubentryData
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.smspilot.const import (
    CONF_CHANNEL,
    CONF_RECIPIENTS,
    CONF_STEPS,
    CONF_WAIT,
    DOMAIN,
    EVENT_ALARM,
    SUBENTRY_ALARM,
)
from tests.common import CapturedEvents, Clock, act, add_account, disk_rests, person, state_of
from tests.simulator.model import Request
from tests.simulator.simulator import Simulator

PAPA, MAMA, BABA = "+79087964781", "+79161231212", "+79135550001"
# As Home Assistant makes them; ours are remembered by these.
IDS = {"papa": "01PAPA", "mama": "01MAMA", "baba": "01BABA"}
NUMBERS = {"papa": PAPA, "mama": MAMA, "baba": BABA}
# What goes out first, and second.
TO_PAPA, TO_MAMA = ("two_way", "papa"), ("two_way", "mama")
LEAK, SMOKE = "binary_sensor.leak", "binary_sensor.smoke"


def step(*recipients: str, **more: Any) -> dict[str, Any]:
    """Return a step as the form saves it."""
    references = [IDS.get(one, one) for one in recipients]
    channel = more.pop(CONF_CHANNEL, None)
    chosen = {CONF_CHANNEL: channel} if channel else {}
    return {CONF_RECIPIENTS: references, CONF_WAIT: {"minutes": 2}, **chosen, **more}


def alarm(name: str = "Leak", *steps: dict[str, Any], **more: Any) -> Any:
    """Return an alarm as its form saves it; Papa first, then Mama, unless it says otherwise."""
    chosen = list(steps) or [step("papa"), step("mama")]
    return ConfigSubentryData(
        data={CONF_NAME: name, "sources": [LEAK], CONF_STEPS: chosen, **more},
        subentry_type=SUBENTRY_ALARM,
        title=name,
        unique_id=None,
    )


class House:
    """A house with alarms, the service, and a clock."""

    def __init__(
        self, hass: HomeAssistant, sim: Simulator, clock: Clock, entry: MockConfigEntry
    ) -> None:
        self.hass, self.sim, self.clock, self.entry = hass, sim, clock, entry
        self.published = CapturedEvents(hass, EVENT_ALARM)

    async def leak(self, state: str = "on", source: str = LEAK) -> None:
        """Let water run, or mop it up."""
        self.hass.states.async_set(source, state, {"friendly_name": source.partition(".")[2]})
        await self.clock.settle()

    async def wait(self, seconds: float = 122, step: float = 15) -> None:
        """Let time pass at home and at the service."""
        steps = [step] * int(seconds // step) + [seconds % step]
        # The API is read once a second at most.
        for some in (*steps, 1.1, 1.1):
            await self.pass_by(some)

    async def pass_by(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.sim.clock_offset += timedelta(seconds=seconds)
        await self.clock.advance(seconds)

    async def write(self, phone: str, text: str, *, push: bool = False) -> None:
        """Have an inbound message come; it is pushed only where the test says so."""
        account = next(iter(self.sim.accounts.values()))
        await self.sim.receive(phone[1:], text, account=account, push=push)
        await self.clock.settle()

    async def start(self, name: str = "leak", **more: Any) -> dict[str, Any]:
        """Start an alarm by the action."""
        response = await act(self.hass, "start_alarm", alarm=f"sensor.{name}", **more)
        await self.clock.settle()
        return response

    async def end(self, name: str = "leak", **more: Any) -> None:
        """Say that the danger is over."""
        await act(self.hass, "end_alarm", respond=False, alarm=f"sensor.{name}", **more)
        await self.clock.settle()

    async def acknowledge(self) -> None:
        """Take it at home."""
        await act(self.hass, "acknowledge_alarm", respond=False, alarm="sensor.leak", by="Guard")
        await self.clock.settle()

    @property
    def subentry(self) -> ConfigSubentry:
        """Return the subentry of the alarm `Leak`."""
        (found,) = (one for one in self.entry.subentries.values() if one.title == "Leak")
        return found

    async def change_steps(self, *steps: dict[str, Any]) -> None:
        """Save the form of `Leak` with other steps."""
        data = {**self.subentry.data, CONF_STEPS: list(steps)}
        self.hass.config_entries.async_update_subentry(self.entry, self.subentry, data=data)
        await self.clock.settle()

    def state(self, name: str = "leak") -> str:
        """Return what an alarm's sensor shows."""
        return state_of(self.hass, f"sensor.{name}").state

    def attribute(self, key: str, name: str = "leak") -> Any:
        """Return an attribute of an alarm's sensor."""
        return state_of(self.hass, f"sensor.{name}").attributes[key]

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Return what went out: the kind and the recipient."""
        names = {number[1:]: name for name, number in NUMBERS.items()}
        return [(order.kind.value, names[order.phone]) for order in self.sim.orders]

    @property
    def texts(self) -> list[str]:
        """Return the texts that went out."""
        return [order.text for order in self.sim.orders]

    @property
    def paid(self) -> list[Request]:
        """Return the requests that send something."""
        return [one for one in self.sim.calls("send") if "cost" not in one.params]

    def events(self) -> list[tuple[str, str | None]]:
        """Return the type and the recipient of every event."""
        return [(one["type"], one["recipient"]) for one in self.published.data]

    async def kill(self, down: float = 0, cut: Callable[[], None] | None = None) -> None:
        """Kill the account, and start it again so much later; `cut` spoils the disk before."""
        await disk_rests(self.hass)
        if cut:
            cut()
        folder = Path(self.hass.config.path(".storage"))
        disk = {one: one.read_bytes() for one in folder.glob(f"{DOMAIN}.{self.entry.entry_id}*")}
        old = self.entry
        subentries = list(old.subentries.values())
        await self.hass.config_entries.async_remove(old.entry_id)
        await self.clock.settle()
        for path, written in disk.items():
            path.write_bytes(written)
        if down:
            self.sim.clock_offset += timedelta(seconds=down)
            await self.clock.advance(down)
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            entry_id=old.entry_id,
            title=old.title,
            unique_id=old.unique_id,
            data=dict(old.data),
            options=dict(old.options),
            subentries_data=[
                {
                    "data": dict(one.data),
                    "subentry_id": one.subentry_id,
                    "subentry_type": one.subentry_type,
                    "title": one.title,
                    "unique_id": None,
                }
                for one in subentries
            ],
        )
        self.entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(old.entry_id)
        await self.clock.settle()


def people(*names: str, **more: Any) -> list[dict[str, Any]]:
    """Return recipients whose ids are known."""
    found = []
    for name in names or ("papa", "mama"):
        saved = dict(person(name.capitalize(), NUMBERS[name], **more))
        found.append({**saved, "subentry_id": IDS[name]})
    return found


async def build(
    hass: HomeAssistant,
    sim: Simulator,
    clock: Clock,
    *alarms: ConfigSubentryData,
    names: Sequence[str] = ("papa", "mama", "baba"),
    **more: Any,
) -> House:
    """Build a house."""
    options = {"daily_limit": 1, "rate_limit": 1, **more.pop("options", {})}
    saved: Any = [*more.pop("saved", people(*names)), *(alarms or [alarm()])]
    entry = await add_account(hass, sim, people=saved, options=options, **more)
    house = House(hass, sim, clock, entry)
    await clock.settle()
    sim.requests.clear()
    return house


def app(hass: HomeAssistant, entity_id: str = "notify.app") -> list[ServiceCall]:
    """Give the house another integration's notify entity, and return its calls."""
    hass.states.async_set(entity_id, "unknown", {"friendly_name": "App"})
    return async_mock_service(hass, "notify", "send_message")


def registered(hass: HomeAssistant, entity_id: str) -> er.RegistryEntry:
    """Return an entity that is registered."""
    found = er.async_get(hass).async_get(entity_id)
    assert found is not None
    return found
