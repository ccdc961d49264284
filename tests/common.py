"""Helpers of the integration's tests: an account that is set up, a clock, kills and restarts."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence, Sized
from datetime import UTC, datetime, timedelta
from pathlib import Path
import threading
from types import SimpleNamespace
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentryData
from homeassistant.const import (
    CONF_API_KEY,
    CONF_NAME,
    CONF_URL,
    CONF_WEBHOOK_ID,
    MAJOR_VERSION,
    MINOR_VERSION,
)
from homeassistant.core import Event, HomeAssistant, ServiceResponse, State, callback
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    event,
    translation,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util, slugify
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.smspilot.const import CONF_PHONES, DOMAIN, SUBENTRY_RECIPIENT
from custom_components.smspilot.runtime.disk import DiskThread, OnDone
from custom_components.smspilot.runtime.journal_files import JournalFiles

from .simulator.model import DEFAULT_KEY
from .simulator.simulator import Simulator

PAPA = "+79087964781"
MAMA = "+79161231212"
WEBHOOK_ID = "5" * 64
# The suites of the oldest and of a newer Home Assistant each run the half of the generated worlds
# that the other one leaves out.
OTHER_HALF = (MAJOR_VERSION, MINOR_VERSION) == (2026, 8)


def person(name: str, *phones: str, **more: Any) -> ConfigSubentryData:
    """Return a recipient as its form saves it."""
    return ConfigSubentryData(
        data={CONF_NAME: name, CONF_PHONES: list(phones), **more},
        subentry_type=SUBENTRY_RECIPIENT,
        title=name,
        unique_id=None,
    )


async def add_account(
    hass: HomeAssistant,
    sim: Simulator,
    *,
    people: Sequence[ConfigSubentryData] = (),
    options: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    account_id: str = "5671",
    enabled: Sequence[str] = (),
) -> MockConfigEntry:
    """Set up an account of the simulator, as the flow would have made it."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=f"SMSPILOT {account_id}",
        unique_id=account_id,
        data={
            CONF_API_KEY: DEFAULT_KEY,
            CONF_URL: sim.url,
            CONF_WEBHOOK_ID: WEBHOOK_ID,
            **(data or {}),
        },
        options=dict(options or {}),
        subentries_data=[*people],
    )
    entry.add_to_hass(hass)
    for entity_id in enabled:
        enable(hass, entry, entity_id)
    if DOMAIN in hass.config.components:
        assert await hass.config_entries.async_setup(entry.entry_id)
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done(wait_background_tasks=True)
    if hass.config.external_url:
        # What the owner pastes in the cabinet.
        sim.accounts[
            int(account_id)
        ].inbound_url = f"{hass.config.external_url}/api/webhook/{entry.data[CONF_WEBHOOK_ID]}"
    sim.requests.clear()
    return entry


async def speak(hass: HomeAssistant, language: str) -> None:
    """Set Home Assistant's language, and load the texts in it."""
    hass.config.components.add(DOMAIN)
    await hass.config.async_update(language=language)
    await translation.async_load_integrations(hass, {DOMAIN})


def enable(hass: HomeAssistant, entry: MockConfigEntry, entity_id: str) -> None:
    """Enable an entity that is not enabled by default, as if its owner had done so before."""
    platform, _, name = entity_id.partition(".")
    owner, _, key = name.removeprefix(f"{DOMAIN}_").partition("_")
    people = {slugify(one.title): one.subentry_id for one in entry.subentries.values()}
    er.async_get(hass).async_get_or_create(
        platform,
        DOMAIN,
        f"{people.get(owner, entry.entry_id)}_{key}",
        config_entry=entry,
        config_subentry_id=people.get(owner),
        suggested_object_id=name,
    )


async def act(
    hass: HomeAssistant, action: str, *, respond: bool = True, **data: Any
) -> dict[str, Any]:
    """Call an action of ours and return its response."""
    response: ServiceResponse = await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=respond
    )
    return dict(response or {})


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity, which must exist."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state


def device_of(hass: HomeAssistant, entry: MockConfigEntry, name: str | None = None) -> str:
    """Return the id of a recipient's device, or of the account's."""
    subentries = [one.subentry_id for one in entry.subentries.values() if one.title == name]
    identifier = "_".join((entry.entry_id, *subentries))
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
    assert device is not None, name
    return device.id


async def write(sim: Simulator, phone: str, text: str) -> str:
    """Send an inbound message, and return its id."""
    message = await sim.receive(phone.removeprefix("+"), text)
    assert message is not None
    return str(message.id)


class CapturedEvents:
    """Captures the data of all events of a type."""

    def __init__(self, hass: HomeAssistant, event: str) -> None:
        self.data: list[dict[str, Any]] = []

        @callback
        def collect(event: Event[dict[str, Any]]) -> None:
            self.data.append(dict(event.data))

        hass.bus.async_listen(event, collect)

    def of(self, field: str) -> list[Any]:
        """Return one field of every event."""
        return [data[field] for data in self.data]


# The jobs of all loops in threads, with their thread where it is one of our own;
# `async_block_till_done` knows only those in Home Assistant's executor.
_JOBS: dict[asyncio.Future[Any], threading.Thread | None] = {}
# The threads that a test holds at the disk, by a mark; nobody waits for them, nor for the jobs
# behind.
HELD: dict[object, threading.Thread] = {}
# What waits for threads, and is woken when one of them comes to be held.
_WAITERS: set[asyncio.Future[None]] = set()


def _remembered[T](run: Callable[..., asyncio.Future[T]]) -> Callable[..., asyncio.Future[T]]:
    def run_and_remember(*args: Any) -> asyncio.Future[T]:
        job = run(*args)
        _JOBS[job] = None
        job.add_done_callback(_JOBS.pop)
        return job

    return run_and_remember


asyncio.BaseEventLoop.run_in_executor = _remembered(  # type: ignore[assignment, method-assign]
    asyncio.BaseEventLoop.run_in_executor
)


def _remembered_job(run: Callable[..., None]) -> Callable[..., None]:
    def run_and_remember(
        thread: DiskThread, work: Callable[[], object], on_done: OnDone, *then: Any
    ) -> None:
        ended, end = _ended(on_done)
        run(thread, work, end, *then)
        _JOBS[ended] = vars(thread)["_thread"]

    return run_and_remember


def _remembered_when_begun(
    prepare: Callable[..., Callable[[], None]],
) -> Callable[..., Callable[[], None]]:
    def prepare_to_remember(
        thread: DiskThread, work: Callable[[], object], on_done: OnDone
    ) -> Callable[[], None]:
        ended, end = _ended(on_done)
        begin = prepare(thread, work, end)

        def begin_and_remember() -> None:
            _JOBS[ended] = vars(thread)["_thread"]
            begin()

        return begin_and_remember

    return prepare_to_remember


def _ended(on_done: OnDone) -> tuple[asyncio.Future[None], OnDone]:
    """Return a future of a job's end, and what is to be called then."""
    ended = asyncio.get_running_loop().create_future()
    ended.add_done_callback(_JOBS.pop)

    def end(error: BaseException | None) -> None:
        on_done(error)
        ended.set_result(None)

    return ended, end


DiskThread.run = _remembered_job(DiskThread.run)  # type: ignore[method-assign]
DiskThread.prepare = _remembered_when_begun(DiskThread.prepare)  # type: ignore[method-assign]


async def disk_works(hass: HomeAssistant) -> bool:
    """Wait for the jobs in threads, and return whether there were any."""
    works = False
    while jobs := [job for job in _running() if job.get_loop() is hass.loop]:
        works = True
        waiter = hass.loop.create_future()
        _WAITERS.add(waiter)
        await asyncio.wait([waiter, *jobs], return_when=asyncio.FIRST_COMPLETED)
        _WAITERS.discard(waiter)
    return works


def _running() -> list[asyncio.Future[Any]]:
    """Return the jobs whose threads are not held."""
    held = set(HELD.values())
    # Copies: a thread may add one meanwhile.
    return [job for job, thread in list(_JOBS.items()) if not job.done() and thread not in held]


def hold(mark: object, loop: asyncio.AbstractEventLoop) -> None:
    """Stop waiting for the present thread, whose disk a test holds."""
    HELD[mark] = threading.current_thread()
    loop.call_soon_threadsafe(_wake_waiters)


def _wake_waiters() -> None:
    for waiter in _WAITERS:
        if not waiter.done():
            waiter.set_result(None)


def add_no_threads(hass: HomeAssistant) -> None:
    """Have the executor be full with the threads it has, at least one.

    Its shutdown interrupts threads that take long to end, and with dozens of them on a busy machine
    one is interrupted before it has the next one end.
    """
    hass.loop._default_executor._max_workers = 1  # type: ignore[attr-defined]


async def disk_rests(hass: HomeAssistant) -> None:
    """Wait until the executor has no job left."""
    while await disk_works(hass):
        await asyncio.sleep(0)


class Clock:
    """A clock that tests move: that of Home Assistant, of its event loop and so of every timer.

    It cannot wait for background tasks to end, since some of them wait for this clock. It turns the
    loop until nothing happens: on loopback every response is there in the next turn.
    """

    TURNS = 60
    # After so many turns with nothing to do, nothing will come.
    IDLE_TURNS = 10

    def __init__(self, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
        self._hass = hass
        self._ahead = 0.0
        # The service whose clock goes with this one, where a test needs that.
        self.service: Simulator | None = None
        real_time, real_now = hass.loop.time, dt_util.utcnow

        def now() -> datetime:
            return real_now() + timedelta(seconds=self._ahead)

        # Its own time goes on meanwhile, unless it stands still.
        self._standing: float | None = None
        self._real_time = real_time

        def loop_time() -> float:
            return (self._standing or real_time()) + self._ahead

        monkeypatch.setattr(hass.loop, "time", loop_time)
        monkeypatch.setattr(dt_util, "utcnow", now)
        # Read by timers for a time of day.
        monkeypatch.setattr(event, "time_tracker_utcnow", now)
        monkeypatch.setattr(event, "time_tracker_timestamp", lambda: now().timestamp())
        monkeypatch.setattr(event, "time", SimpleNamespace(time=lambda: now().timestamp()))

    def stand_still(self) -> None:
        """Let no time pass but what tests add: how fast the machine is must not matter."""
        self._standing = self._real_time()

    async def advance(self, seconds: float) -> None:
        """Move the clock by so many seconds, and let all that is due happen."""
        await self.settle()
        self.leap(seconds)
        await self.settle()

    def leapt(self) -> float:
        """Return how many seconds have been skipped."""
        return self._ahead

    def leap(self, seconds: float) -> None:
        """Move the clock by so many seconds, without waiting for what is due."""
        self._ahead += seconds
        if self.service:
            self.service.clock_offset += timedelta(seconds=seconds)

    async def settle(self) -> None:
        """Turn the loop until everything waits for the clock."""
        ready: Sized = self._hass.loop._ready  # type: ignore[attr-defined]
        quiet = idle = 0
        while quiet < self.TURNS and idle < self.IDLE_TURNS:
            if await disk_works(self._hass):
                quiet = idle = 0
            await asyncio.sleep(0)
            quiet += 1
            idle = 0 if ready else idle + 1

    async def finish[T](self, work: Coroutine[Any, Any, T], step: float = 5, most: int = 60) -> T:
        """Move the clock until the work is done, and return its result."""
        task = self._hass.async_create_background_task(work, "test work")
        await self.settle()
        for _ in range(most):
            if task.done():
                return await task
            await self.advance(step)
        task.cancel()
        pytest.fail("The work did not end")


class Hold:
    """Holds up the journal's writes, or a function of another owner, until it is released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._reached = threading.Event()
        self._released = threading.Event()
        self.calls = 0

    def __call__(self, name: str, owner: object = JournalFiles) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def held(*args: Any) -> Any:
            self.calls += 1
            self._reached.set()
            assert self._released.wait(30)
            return real(*args)

        self._monkeypatch.setattr(owner, name, held)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, 5)

    def release(self) -> None:
        self._released.set()


async def restart(hass: HomeAssistant, entry: MockConfigEntry, clock: Clock) -> None:
    """Disable and enable an account, as a clean stop and start do."""
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.settle()


async def kill(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    clock: Clock,
    cut: Callable[[], None] = lambda: None,
) -> MockConfigEntry:
    """Kill the account, by `cut` at a power cut, and set it up again from what is on the disk."""
    await disk_rests(hass)
    cut()
    folder = Path(hass.config.path(".storage"))
    disk = {path: path.read_bytes() for path in folder.glob(f"{DOMAIN}.{entry.entry_id}*")}
    await hass.config_entries.async_remove(entry.entry_id)
    await clock.settle()
    for path, written in disk.items():
        path.write_bytes(written)
    again = await set_up_again(hass, entry)
    await clock.settle()
    return again


async def set_up_again(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Set up a removed entry again, with what is on the disk, as the next start does."""
    again = MockConfigEntry(
        domain=DOMAIN,
        entry_id=entry.entry_id,
        title=entry.title,
        unique_id=entry.unique_id,
        data=dict(entry.data),
        options=dict(entry.options),
    )
    again.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return again


def small_hours_zone() -> str:
    """Return a time zone where it is between one and two at night, long before midnight."""
    hour = (datetime.now(UTC).hour - 1) % 24
    return f"Etc/GMT+{hour}" if hour <= 12 else f"Etc/GMT-{24 - hour}"


async def serve_webhook(hass: HomeAssistant, client_maker: ClientSessionGenerator) -> None:
    """Start Home Assistant's HTTP server, and set its address as the external URL."""
    assert await async_setup_component(hass, "webhook", {})
    client = await client_maker()
    hass.config.external_url = str(client.make_url("")).rstrip("/")


async def rename(
    hass: HomeAssistant, make: WebSocketGenerator, entry: MockConfigEntry, old: str, new: str
) -> None:
    """Rename a recipient in the list, as Home Assistant's own menu does."""
    assert await async_setup_component(hass, "config", {})
    client = await make()
    (subentry,) = (one for one in entry.subentries.values() if one.title == old)
    await client.send_json_auto_id(
        {
            "type": "config_entries/subentries/update",
            "entry_id": entry.entry_id,
            "subentry_id": subentry.subentry_id,
            "title": new,
        }
    )
    assert (await client.receive_json())["success"]
    await hass.async_block_till_done()
