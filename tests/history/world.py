"""A home that can be crashed, the service, and one clock for both, in one loop."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
import logging
import os
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
import time
from types import MappingProxyType
from typing import Any, Self, override
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import CONF_NAME, EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.account import ACCOUNTS
from custom_components.smspilot.const import DOMAIN, SUBENTRY_ALARM
from tests.common import Clock, add_account, disk_works, person, small_hours_zone
from tests.forgetful_disk import ForgetfulDisk, start_machine
from tests.outside import home
from tests.simulator.choices import DateHeader
from tests.simulator.simulator import Simulator

from .alarm_books import ALARM, AlarmBooks
from .dimensions import Picture, described, live_in, switches
from .disk import Disk
from .ledgers import Books, Published, key_of

PAPA, MAMA, MAMA_AT_WORK, GRANNY = "+79087964781", "+79161231212", "+79161231213", "+79031112233"
PEOPLE = (
    {**person("Papa", PAPA), "subentry_id": "01PAPA"},
    {**person("Mama", MAMA, MAMA_AT_WORK, channel="two_way"), "subentry_id": "01MAMA"},
    {**person("Granny", GRANNY, channel="voice"), "subentry_id": "01GRANNY"},
)
NUMBERS = {"Papa": (PAPA,), "Mama": (MAMA, MAMA_AT_WORK), "Granny": (GRANNY,)}
LEAK, KEY, ALARM_ENTITY = "binary_sensor.leak", "sensor.key", "sensor.flood"
# All plans notify all recipients; none of them calls.
PLANS: tuple[dict[str, Any], ...] = tuple(
    {
        CONF_NAME: "Flood",
        "sources": [LEAK],
        "message": f"{ALARM} {{{{ states('{KEY}') }}}}!",
        "rounds": rounds,
        "remind": {"seconds": 0},
        "hold": {"minutes": 2},
        "steps": [
            {"recipients": people, "channel": channel, "wait": {"seconds": wait}}
            for people, channel in steps
        ],
    }
    for rounds, wait, steps in (
        (2, 30, ((["01PAPA"], "two_way"), (["01MAMA", "01GRANNY"], "sms"))),
        (1, 120, ((["01PAPA", "01MAMA", "01GRANNY"], "sms"),)),
        (3, 60, ((["01GRANNY"], "sms"), (["01MAMA"], "two_way"), (["01PAPA"], "sms"))),
    )
)
ENTITIES = {"notify.papa": (PAPA,), "notify.mama": (MAMA, MAMA_AT_WORK), "notify.granny": (GRANNY,)}
EVENTS = ("sms_received", "reply_received", "message_status", "alarm")
# So many turns of the loop without a change, and a write under way is seen as it is.
WATCHED_TURNS = 400
# Time goes on even when something is due at once.
_TICK = 0.05
# A known account is set up within this time, also without a response.
_SET_UP_WITHIN = 5.0
# Two reads of a clock never show the same time.
_READ_STEP = 1e-6
# The clock of a history goes in leaps.
_SLACK = 2.0

_LOGGER = logging.getLogger(__name__)


class SharedClock(Clock):
    """A clock that the service and the client's own reckoning follow too.

    Only what happens makes it go on, and not the time that a busy machine takes for it.
    """

    # Each turn takes a moment of its own, in which more may come due.
    IDLE_TURNS = Clock.TURNS

    def __init__(
        self, hass: HomeAssistant, sim: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._clock_reads, self._begin = 0.0, 0.0
        passed = self._passed
        began, loop_began, service_began = dt_util.utcnow(), hass.loop.time(), sim.now()
        monkeypatch.setattr(dt_util, "utcnow", lambda: began + timedelta(seconds=passed()))
        monkeypatch.setattr(hass.loop, "time", lambda: loop_began + passed())
        monkeypatch.setattr(
            sim, "now", lambda: service_began + timedelta(seconds=passed()) + sim.clock_offset
        )
        super().__init__(hass, monkeypatch)
        self.sim = sim
        # By how much the service's clock differs from the home's when that is right.
        self.skew = 0.0
        self.disk = Disk(monkeypatch, lambda: self._ahead)
        self._settings = {0.0}
        self._wrong_by = 0.0
        utcnow = dt_util.utcnow
        monkeypatch.setattr(dt_util, "utcnow", lambda: utcnow() + timedelta(seconds=self._wrong_by))
        for room in ("client.transport", "webhook", "inbound.window"):
            monkeypatch.setattr(f"custom_components.smspilot.{room}.monotonic", hass.loop.time)

    @override
    async def advance(self, seconds: float) -> None:
        await self.settle()
        self._ahead += seconds
        self.disk.tick()
        self.show()
        await self.settle()

    def show(self) -> None:
        """Have the service's clock show the time."""
        self.sim.clock_offset = timedelta(seconds=self._ahead + self.skew)

    def next(self, most: float) -> float:
        """Return in how many seconds something is due, at most so many."""
        loop = asyncio.get_running_loop()
        due = (each.when() for each in loop._scheduled if not each.cancelled())  # type: ignore[attr-defined]
        left = min(due, default=loop.time() + most) - loop.time()
        return max(min(left, most, self.disk.next(most)), _TICK)

    @property
    def ahead(self) -> float:
        """Return how many seconds have been skipped."""
        return self._ahead

    def let_go(self) -> None:
        """Go on with the machine's time: whatever ends may wait for it."""
        self._begin = time.monotonic()

    def _passed(self) -> float:
        """Return how many seconds have passed, besides those skipped: a look takes a moment."""
        self._clock_reads += _READ_STEP
        return self._clock_reads + (time.monotonic() - self._begin if self._begin else 0)

    def set(self, wrong_by: float) -> None:
        """Have the machine's clock be wrong, but neither its timers nor the service's clock."""
        self._wrong_by = wrong_by
        self._settings.add(wrong_by)

    @property
    def swing(self) -> float:
        """Return by how much an age may have been wrong."""
        return max(self._settings) - min(self._settings)


class World:
    """The home, the service, their clock and the disk, and what a history does with them."""

    hass: HomeAssistant
    sim: Simulator
    clock: SharedClock
    entry: MockConfigEntry

    def __init__(self) -> None:
        self.alarms = AlarmBooks(NUMBERS)
        self.books = Books(self.alarms)
        self.calls: set[asyncio.Task[None]] = set()
        self.failures: list[str] = []
        self.picture: Picture = {}
        self._is_set_up = False
        self._stack = AsyncExitStack()
        self._log = _Log(self)

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.calls:
            task.cancel()
        self.clock.disk.become("well")
        self.sim.faults.clear()
        if self._is_set_up and self.entry.state is ConfigEntryState.LOADED:
            await self.hass.config_entries.async_remove(self.entry.entry_id)
        await self.clock.settle()
        self.clock.let_go()
        await self._stack.aclose()

    async def _open(self) -> None:
        stack = self._stack
        folder = stack.enter_context(TemporaryDirectory(prefix="history-"))
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        self._monkeypatch = monkeypatch
        # Ledgers of tests are small, and folding is where crashes hurt.
        monkeypatch.setattr("custom_components.smspilot.runtime.journal.COMPACT_AT", 4096)
        self.hass = await stack.enter_async_context(home(Path(folder)))
        await self.hass.config.async_set_time_zone(small_hours_zone())
        self.hass.loop.set_exception_handler(self._uncaught)
        logging.getLogger().addHandler(self._log)
        stack.callback(logging.getLogger().removeHandler, self._log)
        self.sim = await stack.enter_async_context(Simulator())
        self.clock = SharedClock(self.hass, self.sim, monkeypatch)
        storage = Path(self.hass.config.path(".storage"))
        storage.mkdir(exist_ok=True)
        self._forgetful = ForgetfulDisk(monkeypatch, storage, f"{DOMAIN}.")
        for event in EVENTS:
            self.hass.bus.async_listen(f"{DOMAIN}_{event}", self._record)
        self.books.open(self.sim, self._limits)

    # The service

    async def live_in(self, picture: Picture) -> None:
        """Have the service be what its document allows, and set up an account of it."""
        self.picture = picture
        live_in(self.sim, picture)
        # Without a date in responses the home cannot know that the clocks differ.
        self.clock.skew = switches(picture).get("clock", 0.0) if self.has_date else 0.0
        self.clock.show()
        # Nothing moves the clock during the set-up.
        delay, self.sim.options.answer_delay = self.sim.options.answer_delay, 0.0
        with patch.object(Clock, "TURNS", 20):
            people: Any = [*PEOPLE, _alarm(PLANS[0])]
            self.entry = await add_account(self.hass, self.sim, people=people)
        self._is_set_up = True
        self.books.since = self.sim.now()
        await self.clock.settle()
        self.sim.options.answer_delay = delay

    @property
    def description(self) -> str:
        """Return the world in words."""
        return described(self.picture)

    @property
    def switched(self) -> bool:
        """Return whether any switch differs from its likeliest value."""
        return any(self.picture.values())

    @property
    def has_date(self) -> bool:
        """Return whether responses have a date, so that the machine's clock may be wrong."""
        return self.sim.options.date_header is DateHeader.TRUE

    @property
    def prices_are_secret(self) -> bool:
        """Return whether prices cannot be read."""
        return "price" in self.sim.options.figures

    # What happens

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start something in the background."""
        task = self.hass.loop.create_task(work)
        self.calls.add(task)
        task.add_done_callback(self._ended)

    async def turns(self, count: int) -> None:
        """Turn the loop so often, so that the next step comes while work is under way."""
        for _ in range(count):
            await asyncio.sleep(0)
            await disk_works(self.hass)

    async def settle(self) -> None:
        """Let everything go on that does not wait for time."""
        await self.clock.settle()
        if self.clock.disk.mode == "well":
            self.books.settled()

    async def wait(self, seconds: float) -> None:
        """Let time pass: from timer to timer while a caller or the disk waits, else at once."""
        end = self.clock.ahead + seconds
        while (left := end - self.clock.ahead) > 0:
            waits = self.calls or self.clock.disk.holds
            await self.clock.advance(self.clock.next(left) if waits else left)

    async def set_up(self, work: Coroutine[Any, Any, bool]) -> bool:
        """Set up an entry, in the service's own time; it must not take long."""
        task, since = self.hass.loop.create_task(work), self.clock.ahead
        for _ in range(WATCHED_TURNS):
            if task.done():
                break
            await self.turns(1)
        while not task.done():
            await self.clock.advance(self.clock.next(_SET_UP_WITHIN))
        if (lasted := self.clock.ahead - since) > _SET_UP_WITHIN + _SLACK:
            self.books.wrong.append(f"LATE: set up after {lasted:.0f} s")
        return await task

    async def reload(self) -> None:
        """Reload the entry."""
        await self.set_up(self.hass.config_entries.async_reload(self.entry.entry_id))

    async def save(self, options: Mapping[str, Any]) -> None:
        """Save other options."""
        self.books.limits.note()
        self.hass.config_entries.async_update_entry(self.entry, options=options)

    async def crash(self, how: str = "now", fraction: float = 0.5, *, late: bool = False) -> None:
        """End the integration as kill -9 does, and start it again with what lies on the disk.

        `torn` cuts the power in the last line of a write under way, `between` finds the fresh
        snapshot beside the journal that it was made of; `power` leaves what the disk was made to
        keep; `late` leaves Home Assistant starting.
        """
        mode = self.clock.disk.mode
        disk = await self._disk_during(how, fraction)
        unwritten = mode != "well" or self.clock.disk.is_behind
        self.books.crashed(forgetful=how == "power" or unwritten, unwritten=unwritten)
        self.clock.disk.kill()
        cut = [task for task in self.calls if not task.done()]
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        account = self.hass.data[ACCOUNTS].pop(self.entry.entry_id)
        account.cancel_stop_listener()
        account.publisher.close()
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        await account.close()
        self.books.ignores_events = True
        await self.clock.settle()
        self.books.ignores_events = False
        for path in self._files():
            path.unlink()
        for path, content in disk.items():
            path.write_bytes(content)
        self._keep()
        # What hangs at the start of a machine is not this integration.
        self.clock.disk.revive("well" if mode == "hangs" else mode)
        if late:
            self.hass.set_state(CoreState.starting)
        assert await self.set_up(self.hass.config_entries.async_setup(self.entry.entry_id))
        is_known = any(b"]\n" in content or b"}\n" in content for content in disk.values())
        if not is_known or not (self.has_date or self.books.has_read):
            # An account of which the disk has no whole line begins anew; without a time it begins
            # with the first list that was read.
            self.books.since = self.sim.now()

    async def begin(self) -> None:
        """End Home Assistant's start."""
        if self.hass.state is CoreState.starting:
            self.hass.set_state(CoreState.running)
            self.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)

    async def change_granny(self, channel: str) -> None:
        """Save Granny with another channel."""
        if granny := self._subentry("Granny"):
            data = {**granny.data, "channel": channel}
            self.hass.config_entries.async_update_subentry(self.entry, granny, data=data)

    @property
    def has_alarm(self) -> bool:
        """Return whether the home has an alarm."""
        return self._subentry("Flood") is not None

    async def change_plan(self, plan: Mapping[str, Any]) -> None:
        """Save the alarm with another plan."""
        self.alarms.change_plan()
        if alarm := self._subentry("Flood"):
            self.hass.config_entries.async_update_subentry(self.entry, alarm, data=dict(plan))

    async def toggle_alarm(self) -> None:
        """Remove the alarm, or add it again."""
        self.alarms.change_plan()
        entries = self.hass.config_entries
        if alarm := self._subentry("Flood"):
            self.alarms.remove()
            entries.async_remove_subentry(self.entry, alarm.subentry_id)
        else:
            entries.async_add_subentry(self.entry, ConfigSubentry(**_alarm(PLANS[0])))

    def _subentry(self, title: str) -> ConfigSubentry | None:
        found = (one for one in self.entry.subentries.values() if one.title == title)
        return next(found, None)

    async def reauth(self) -> None:
        """Have the owner type the key that counts."""
        flows = self.hass.config_entries.flow
        if not flows.async_progress():
            self.entry.async_start_reauth(self.hass)
            await self.clock.settle()
        for flow in flows.async_progress():
            answer = {"api_key": self.sim.account.apikey, "advanced": {"url": self.sim.url}}
            task = self.hass.async_create_task(flows.async_configure(flow["flow_id"], answer))
            # A flow may end by itself while the service takes its time.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            await self.clock.settle()
            if task.done() and not task.exception() and task.result()["type"] == "form":
                # The service did not take even that one: the owner gives up for now.
                flows.async_abort(flow["flow_id"])

    def _limits(self) -> tuple[float, int]:
        """Return the owner's limits: money a day, messages a number and hour."""
        options = self.entry.options
        return float(options.get("daily_limit", 500)), int(options.get("rate_limit", 30))

    # What is seen

    @callback
    def _record(self, event: Event[Mapping[str, Any]]) -> None:
        kind = str(event.event_type).removeprefix(f"{DOMAIN}_")
        if kind == "alarm":
            if not self.books.ignores_events:
                self.alarms.add(event.data, key_of(event.data["message"] or ""))
            return
        self.books.record(Published(kind, dict(event.data)))

    @callback
    def _uncaught(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(f"uncaught: {context.get('exception') or context['message']!r}")

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.calls.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.failures.append(f"a call raised {type(error).__name__}: {error}")
            _LOGGER.error("A call raised", exc_info=error)

    # The disk

    def _files(self) -> list[Path]:
        folder = Path(self.hass.config.path(".storage"))
        return sorted(folder.glob(f"{DOMAIN}.*")) if folder.exists() else []

    def _disk(self) -> dict[Path, bytes]:
        disk = {}
        for path in self._files():
            try:
                disk[path] = path.read_bytes()
            except FileNotFoundError:
                continue
        return disk

    def _keep(self) -> None:
        """Have the disk keep all there is."""
        for path in (*self._files(), Path(self.hass.config.path(".storage"))):
            file = os.open(path, os.O_RDONLY)
            os.fsync(file)
            os.close(file)

    async def _disk_during(self, how: str, fraction: float) -> dict[Path, bytes]:
        """Return what lies on the disk at the chosen moment."""
        before = now = self._disk()
        if how == "power":
            self._forgetful.power_cut(Random(fraction))
            return self._disk()
        if how == "now":
            return now
        for _ in range(WATCHED_TURNS):
            await self.turns(1)
            now = self._disk()
            grown = [path for path in now if len(now[path]) > len(before.get(path, b""))]
            if how == "torn" and grown and before.keys() <= now.keys():
                path = grown[0]
                old = len(before.get(path, b""))
                if path.suffix == ".journal" and now[path].startswith(before.get(path, b"")):
                    # A kill leaves whole what a thread writes at once.
                    start_machine(self._monkeypatch)
                    end = old + int((len(now[path]) - old) * fraction)
                    return now | {path: now[path][:end]}
            if how == "between" and before.keys() - now.keys():
                return before | now
            before = now
        return now


def _alarm(plan: Mapping[str, Any]) -> Any:
    """Return the alarm as its form saves it."""
    return {
        "data": MappingProxyType(dict(plan)),
        "subentry_type": SUBENTRY_ALARM,
        "title": "Flood",
        "unique_id": None,
    }


class _Log(logging.Handler):
    """What must not be in a log, whichever logger writes it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("tests."):
            return
        text = self.format(record)
        world, ours = self._world, record.name.startswith("custom_components.smspilot")
        if ours and record.exc_info:
            world.failures.append(f"logged: {text}")
        if any(key in text for key in world.books.keys):
            world.failures.append(f"a key in the log of {record.name}: {text}")
        if record.levelno > logging.DEBUG and ours and world.books.is_private(text):
            world.failures.append(f"a number or text in the log: {text}")
