"""What could delay an alarm: an API without responses, another message in doubt, open cards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import perf_counter
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentry
from homeassistant.core import Event, callback
from homeassistant.exceptions import HomeAssistantError

from custom_components.smspilot.const import (
    DOMAIN,
    EVENT_ALARM,
    SUBENTRY_ALARM,
    SUBENTRY_RECIPIENT,
)
from custom_components.smspilot.runtime_data import SmspilotConfigEntry
from tests.e2e.service import Service

from .clock import Lag, interleaved, timed
from .home import PEOPLE, Bench
from .sending import SERVICE_TIME
from .table import Table, milliseconds

ROUNDS: Final = 30
SETUPS: Final = 15
# Some less than a page: nothing older is to be read.
LISTED: Final = 900
CARDS: Final = 10


async def measure(bench: Bench, table: Table) -> None:
    """Measure what could delay an alarm."""
    await _silent_api(bench, table)
    await _doubt(bench, table)
    await _step(bench, table)
    await _open_cards(bench, table)


async def _silent_api(bench: Bench, table: Table) -> None:
    """Set up a known account while its API responds, and while it only accepts connections."""
    entries = bench.hass.config_entries

    async def again(entry: SmspilotConfigEntry) -> float:
        await entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
        took = await timed(lambda: entries.async_set_disabled_by(entry.entry_id, None))
        await asyncio.sleep(0)
        return took

    async with Service(auto=0) as other:
        answering = await bench.account()
        silent = await bench.new_account(sim=other)
        await entries.async_add(silent)
        await bench.hass.async_block_till_done()
        await other.control("silence")
        found = await interleaved(
            SETUPS, {"answering": lambda: again(answering), "silent": lambda: again(silent)}
        )
        table.ratio(
            "set-up while the API is silent",
            found["silent"],
            found["answering"],
            "while it answers",
            goal=1.2,
        )
        for entry in (answering, silent):
            await entries.async_remove(entry.entry_id)


async def _doubt(bench: Bench, table: Table) -> None:
    """Send while another message of the account is in doubt."""
    calm, doubtful = await bench.account(), await bench.account()

    async def send(entry: SmspilotConfigEntry) -> None:
        await bench.send(bench.text(), [bench.number()], config_entry_id=entry.entry_id)

    async with _in_doubt(bench, doubtful):
        found = await interleaved(
            ROUNDS, {"alone": partial(send, calm), "beside": partial(send, doubtful)}
        )
    table.ratio("a send beside another's doubt", found["beside"], found["alone"], "alone", goal=1.1)
    for entry in (calm, doubtful):
        await bench.hass.config_entries.async_remove(entry.entry_id)


@asynccontextmanager
async def _in_doubt(bench: Bench, entry: SmspilotConfigEntry) -> AsyncIterator[None]:
    """Lose the response to a message, and the responses to reads of the list."""
    await bench.requests()
    await bench.sim.control("fault", kind="reset", when="after", command="send", times=1)
    await bench.sim.control("fault", kind="hang", command="check", times=1_000_000)
    send = asyncio.create_task(
        bench.send(bench.text(), bench.numbers(1), config_entry_id=entry.entry_id)
    )
    asked: list[str] = []
    while "check" not in asked:
        await asyncio.sleep(0.05)
        asked += [one["command"] for one in await bench.requests()]
    try:
        yield
    finally:
        await bench.sim.control("faults/clear")
        await bench.sim.control("faults/release")
        with suppress(HomeAssistantError):
            await send


async def _step(bench: Bench, table: Table) -> None:
    """Start an alarm whose first step is one person, beside a plain question to them."""
    hass = bench.hass
    entry = await bench.account()
    (person,) = (
        one for one in entry.subentries.values() if one.subentry_type == SUBENTRY_RECIPIENT
    )
    name = f"Bench {entry.unique_id}"
    before = set(hass.states.async_entity_ids("sensor"))
    alarm = ConfigSubentry(
        data=MappingProxyType({"name": name, "steps": [{"recipients": [person.subentry_id]}]}),
        subentry_type=SUBENTRY_ALARM,
        title=name,
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(entry, alarm)
    await hass.async_block_till_done()
    (sensor,) = set(hass.states.async_entity_ids("sensor")) - before
    (phone,) = person.data["phones"]

    async def act(action: str, **data: Any) -> None:
        await hass.services.async_call(DOMAIN, action, data, blocking=True)

    async def step() -> float:
        done: asyncio.Future[float] = hass.loop.create_future()

        @callback
        def on_event(event: Event[dict[str, Any]]) -> None:
            if event.data["type"] == "step" and not done.done():
                done.set_result(perf_counter())

        stop = hass.bus.async_listen(EVENT_ALARM, on_event)
        begin = perf_counter()
        await act("start_alarm", alarm=sensor, message=bench.text())
        async with asyncio.timeout(10):
            took = await done - begin
        stop()
        await act("end_alarm", alarm=sensor)
        await hass.async_block_till_done()
        return took

    await bench.delay(SERVICE_TIME)
    found = await interleaved(
        ROUNDS,
        {
            "step": step,
            "send": lambda: bench.send(
                bench.text(), [phone], two_way=True, config_entry_id=entry.entry_id
            ),
        },
    )
    await bench.delay(0)
    table.ratio(
        "an alarm's first step, answered in 30 ms", found["step"], found["send"], "send_sms", 1.2
    )
    await hass.config_entries.async_remove(entry.entry_id)


async def _open_cards(bench: Bench, table: Table) -> None:
    """Open the conversations of a family in many cards at once."""
    entry = await bench.account(len(PEOPLE))
    account_id = int(entry.unique_id or 0)
    family = [one.data["phones"][0] for one in entry.subentries.values()]
    for _ in range(LISTED // len(family)):
        await bench.send(bench.text(), family, config_entry_id=entry.entry_id)
    for at in range(LISTED // 10):
        phone = family[at % len(family)].removeprefix("+")
        await bench.sim.control(
            "receive", phone=phone, text=f"Text {at}", account=account_id, push=False
        )
    await bench.hass.async_block_till_done()
    await bench.requests()
    conversations = entry.runtime_data.account.conversations

    @callback
    def look(_event: dict[str, Any]) -> None:
        """See it."""

    begin = perf_counter()
    with Lag() as lag:
        ends = [conversations.subscribe(look) for _ in range(CARDS)]
        page = await conversations.page(next(iter(entry.subentries)), None, 60)
        took = perf_counter() - begin
    if len(page["messages"]) != 60:  # as many as were asked for
        raise RuntimeError("The card has nothing to show")
    asked = [one["command"] for one in await bench.requests()]
    for end in ends:
        end()
    reads = asked.count("check") + asked.count("inbound")
    table.number(f"{CARDS} cards at once: reads", reads, "", goal=2)
    table.number(
        f"event loop blocked at most: {CARDS} cards, {LISTED:,} messages",
        lag.most * 1000,
        "ms",
        goal=20,
        beside=f"in {milliseconds(took)}",
    )
    await bench.hass.config_entries.async_remove(entry.entry_id)
