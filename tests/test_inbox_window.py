"""What the list shows late, out of order, capped, or not at all: each message is published once."""

import asyncio
from datetime import timedelta
from itertools import product
import logging

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import (
    CONF_INBOUND_INTERVAL,
    CONF_VERIFY_PUSHES,
    DOMAIN,
    EVENT_SMS_RECEIVED,
    LOGGER,
)

from .common import (
    MAMA,
    OTHER_HALF,
    PAPA,
    CapturedEvents,
    Clock,
    add_account,
    kill,
    person,
    write,
)
from .simulator import DateHeader, Ids, Kept, Numbers, OddRow, Pushes
from .simulator.simulator import Simulator

PEOPLE = [person("Папа", PAPA), person("Мама", MAMA)]


async def settled(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, interval: int | None = None
) -> MockConfigEntry:
    """Set up an account, an hour ago."""
    options = {} if interval is None else {CONF_INBOUND_INTERVAL: interval}
    entry = await add_account(hass, simulator, people=PEOPLE, options=options)
    await clock.advance(2)
    await leap(simulator, clock, 3600)
    return entry


async def leap(simulator: Simulator, clock: Clock, seconds: float, step: float = 3600) -> None:
    """Let time pass at both ends."""
    while seconds > 0:
        simulator.clock_offset += timedelta(seconds=min(step, seconds))
        await clock.advance(min(step, seconds))
        seconds -= step
        # A read of many pages takes its time.
        count = -1
        while count != (count := len(simulator.requests)):
            await clock.settle()


def notices(registry: ir.IssueRegistry) -> list[str]:
    found = (one for one in registry.issues.values() if one.domain == DOMAIN)
    return sorted(one.translation_key or "" for one in found)


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("late", [660, 3600, 40 * 3600, 71 * 3600])
@pytest.mark.parametrize("interval", [None, 0])
async def test_listed_late(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, late: int, interval: int | None
) -> None:
    """A message that is listed long after its push, behind a newer one, is published."""
    clock.stand_still()
    await settled(hass, simulator, clock, interval)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await simulator.receive(PAPA[1:], "5671 поздно", listed_after=late)
    await leap(simulator, clock, 30)
    await write(simulator, MAMA, "5671 скоро")
    await clock.advance(2)
    assert captured.of("message") == ["скоро"]
    await leap(simulator, clock, late - 60, step=600)
    assert captured.of("message") == ["скоро"]
    # At most as long again as a third of the time since, and an hour.
    await leap(simulator, clock, min(late / 3, 3600) + 120, step=30)
    assert captured.of("message") == ["скоро", "поздно"]


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("odd", list(OddRow))
async def test_odd_row_after_the_last_page(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    odd: OddRow,
) -> None:
    """Nothing but an unreadable row after a page is no failure of the list."""
    await settled(hass, simulator, clock)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 раз")
    await leap(simulator, clock, 200, step=20)
    caplog.set_level(logging.DEBUG, LOGGER.name)
    simulator.options.odd_row, simulator.options.inbound_lag = odd, timedelta(minutes=2)
    for text in ("два", "три"):
        await simulator.receive(PAPA[1:], f"5671 {text}")
        await leap(simulator, clock, 200, step=20)
    assert captured.of("message") == ["раз", "два", "три"]
    assert "read failed" not in caplog.text


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("interval", [None, 0])
async def test_list_two_minutes_behind(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
    interval: int | None,
) -> None:
    """A list some minutes behind its pushes, as the document says: no notice."""
    simulator.options.inbound_lag = timedelta(minutes=2)
    await settled(hass, simulator, clock, interval)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(3):
        await write(simulator, PAPA, f"5671 {number}")
        await leap(simulator, clock, 5)
    await leap(simulator, clock, 165, step=5)
    assert captured.of("message") == ["0", "1", "2"]
    await leap(simulator, clock, 7200, step=600)
    assert notices(issue_registry) == []
    assert "after an hour" not in caplog.text


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("pushed", [False, True])
async def test_cap_keeps_the_oldest(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, limit: int, *, pushed: bool
) -> None:
    """A list that shows only its oldest messages hides none."""
    simulator.options.inbound_limit, simulator.options.inbound_kept = limit, Kept.OLDEST
    simulator.options.pushes = Pushes.ON if pushed else Pushes.OFF
    await settled(hass, simulator, clock)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(10):
        await write(simulator, PAPA, f"5671 {number}")
        await leap(simulator, clock, 5)
    await leap(simulator, clock, 180, step=61)
    assert captured.of("message") == [str(number) for number in range(10)]
    await leap(simulator, clock, 900, step=300)
    await write(simulator, PAPA, "5671 ещё")
    await leap(simulator, clock, 130, step=65)
    assert captured.of("message")[-1] == "ещё"


@pytest.mark.usefixtures("_webhook_server")
async def test_cap_keeps_the_newest(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """A list that shows only its newest messages is read at each push."""
    simulator.options.inbound_limit, simulator.options.inbound_kept = 2, Kept.NEWEST
    await settled(hass, simulator, clock)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(10):
        await write(simulator, PAPA, f"5671 {number}")
        await leap(simulator, clock, 1.1)
    assert captured.of("message") == [str(number) for number in range(10)]
    assert notices(issue_registry) == []


async def test_hidden_by_a_cap(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What cannot be read any more is reported."""
    simulator.options.inbound_limit, simulator.options.inbound_kept = 3, Kept.NEWEST
    entry = await settled(hass, simulator, clock)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(3):
        await write(simulator, PAPA, f"5671 {number}")
        await leap(simulator, clock, 5)
    await leap(simulator, clock, 130, step=65)
    for number in range(5):
        await write(simulator, PAPA, f"5671 после {number}")
        await leap(simulator, clock, 5)
    await leap(simulator, clock, 130, step=65)
    texts = captured.of("message")
    assert texts[:3] == ["0", "1", "2"]
    assert texts[-3:] == ["после 2", "после 3", "после 4"]
    if "после 0" not in texts or "после 1" not in texts:
        assert ("smspilot", f"inbound_list_capped_{entry.entry_id}") in issue_registry.issues
        assert "lists only the newest messages" in caplog.text


@pytest.mark.usefixtures("_webhook_server")
async def test_hidden_and_unconfirmed_at_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A read that lacks messages and a push alike says once that it may lack something."""
    clock.stand_still()
    simulator.options.inbound_limit, simulator.options.inbound_kept = 3, Kept.NEWEST
    await settled(hass, simulator, clock, interval=0)
    for number in range(4):
        await write(simulator, PAPA, f"5671 {number}")
        await leap(simulator, clock, 5)
    # This one is not listed for hours, and read for more and more rarely.
    await simulator.receive(PAPA[1:], "5671 поздно", listed_after=5 * 3600)
    await leap(simulator, clock, 3300, step=60)
    simulator.options.pushes = Pushes.OFF
    for number in range(5):
        await write(simulator, PAPA, f"5671 после {number}")
    caplog.clear()
    await leap(simulator, clock, 1500, step=60)
    assert caplog.text.count("lists only the newest messages") == 1


async def test_set_up_anew(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was written before the set-up is not published, however late it is listed."""
    for late, ago in product((0, 30, 4000), (10, 1000)):
        created = simulator.now() - timedelta(seconds=ago)
        text = f"5671 {late} {ago}"
        await simulator.receive(PAPA[1:], text, created=created, listed_after=late)
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await leap(simulator, clock, 8000, step=600)
    await kill(hass, entry, clock)
    await leap(simulator, clock, 600, step=61)
    assert captured.data == []
    await write(simulator, PAPA, "5671 после")
    await leap(simulator, clock, 120, step=61)
    assert captured.of("message") == ["после"]


@pytest.mark.parametrize("ids", list(Ids))
@pytest.mark.parametrize("shuffled", [False, True])
async def test_order(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, ids: Ids, *, shuffled: bool
) -> None:
    """Whatever the ids and the order of the list: oldest first, once by id."""
    simulator.options.inbound_ids, simulator.options.inbound_shuffle = ids, shuffled
    simulator.options.rows_twice = True
    await settled(hass, simulator, clock, 600)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(10):
        await simulator.receive(
            PAPA[1:], f"5671 {number}", created=simulator.now() - timedelta(seconds=60 - number)
        )
    await leap(simulator, clock, 1300, step=650)
    assert captured.of("message") == [str(number) for number in range(10)]


async def test_the_list_fails_for_a_day(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A list that fails while the account answers is said, once, and that it works again."""
    await settled(hass, simulator, clock)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    simulator.fault("html", command="inbound", times=100_000)
    await leap(simulator, clock, 1200, step=300)
    assert notices(issue_registry) == []
    await write(simulator, PAPA, "5671 раз")
    await leap(simulator, clock, 25 * 3600, step=1801)
    assert notices(issue_registry) == ["inbound_list_fails"]
    assert caplog.text.count("list of inbound messages cannot be read") == 1
    simulator.faults.clear()
    await leap(simulator, clock, 122, step=61)
    assert notices(issue_registry) == []
    assert captured.of("message") == ["раз"]
    assert caplog.text.count("list of inbound messages can be read again") == 1


async def test_quiet_home(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without messages the list is read once an interval; with some as well."""
    await settled(hass, simulator, clock)
    simulator.requests.clear()
    await leap(simulator, clock, 610, step=61)
    assert len(simulator.calls("inbound")) == 10
    await write(simulator, PAPA, "5671 раз")
    await leap(simulator, clock, 61)
    simulator.requests.clear()
    await leap(simulator, clock, 610, step=61)
    assert len(simulator.calls("inbound")) == 10


@pytest.mark.parametrize("numbers", list(Numbers))
async def test_numbers(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, numbers: Numbers
) -> None:
    """However the list writes a number, it is the same person."""
    simulator.options.inbound_numbers = numbers
    await settled(hass, simulator, clock)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 раз")
    await leap(simulator, clock, 61)
    assert (captured.of("phone"), captured.of("recipient")) == ([PAPA], ["Папа"])


@pytest.mark.usefixtures("_webhook_server")
async def test_unverified_is_not_repeated(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """An unverified push is published once, however late it is listed."""
    simulator.options.inbound_lag = timedelta(minutes=20)
    options = {CONF_VERIFY_PUSHES: False}
    await add_account(hass, simulator, people=PEOPLE, options=options)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 раз")
    await leap(simulator, clock, 7200, step=610)
    assert captured.of("message") == ["раз"]
    assert notices(issue_registry) == []


# Each list of a cap and what it keeps.
CAPS = ((None, Kept.FIRST), (3, Kept.OLDEST), (3, Kept.NEWEST))
# The order of rows: from the newest, and in none at all.
ORDERS = ((False, False), (True, False), (True, True))
YES_NO = (False, True)
# What else the document leaves open of the list; its times are UTC, as the document says.
WORLDS = list(product(ORDERS, YES_NO, YES_NO, YES_NO, YES_NO))
# The suites of the oldest and of a newer Home Assistant together run each world with both kinds of
# ids; each of them runs both kinds with each two of the other switches.
ID_KINDS = (Ids.RANDOM, Ids.GROWING)
TEXTS = ["0", "1", "2", "3", "4"]


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("cap", CAPS, ids=str)
@pytest.mark.parametrize("lag", [timedelta(), timedelta(minutes=2)], ids=str)
@pytest.mark.parametrize("pushes", [Pushes.ON, Pushes.OFF])
async def test_worlds(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    cap: tuple[int | None, Kept],
    lag: timedelta,
    pushes: Pushes,
) -> None:
    """In each of 1,152 worlds every message is published once, and none is made up."""
    options = simulator.options
    options.inbound_limit, options.inbound_kept = cap
    options.inbound_lag, options.pushes = lag, pushes
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    assert len(WORLDS) * 12 * len(ID_KINDS) == 1152
    for world in WORLDS:
        order, seconds, keeps_prefix, marks_seen, is_inclusive = world
        options.newest_first, options.inbound_shuffle = order
        options.inbound_seconds, options.list_keeps_prefix = seconds, keeps_prefix
        options.any_list_marks_seen, options.since_inclusive = marks_seen, is_inclusive
        is_growing = (sum((*order, *world[1:])) % 2 == 0) != OTHER_HALF
        options.inbound_ids = ID_KINDS[is_growing]
        captured.data.clear()
        entry = await add_account(hass, simulator)
        await leap(simulator, clock, 125)
        for text in TEXTS:
            await write(simulator, PAPA, f"5671 {text}")
            # A list that hides its oldest is read before it does.
            await leap(simulator, clock, 61 if cap[1] is Kept.NEWEST else 7)
        # What a cap may hide within a minute is read in turn with the window.
        reads = 8 if cap[1] is Kept.OLDEST and not seconds else 3
        await leap(simulator, clock, lag.total_seconds() + 61 * reads, step=61)
        published = captured.of("message")
        assert sorted(published) == TEXTS, world
        # Within a minute only ids show an order. A cap cuts off the rest of a minute, which is read
        # after the messages of the next one.
        if not lag and (seconds or (is_growing and not cap[0])):
            assert published == TEXTS, world
        assert set(captured.of("phone")) == {PAPA}
        await hass.config_entries.async_remove(entry.entry_id)
        # The next account is set up an hour later.
        simulator.clock_offset += timedelta(hours=1)
        clock.leap(3600)


@pytest.mark.parametrize("header", list(DateHeader))
async def test_without_a_date(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, header: DateHeader
) -> None:
    """Without the API's date: what came while the account was off is published after a restart."""
    simulator.options.date_header = header
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await clock.advance(61)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await write(simulator, PAPA, "5671 раз")
    # The times of the list have whole seconds.
    await asyncio.sleep(1.1)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.advance(61)
    await clock.advance(61)
    assert captured.of("message") == ["раз"]


@pytest.mark.parametrize("header", list(DateHeader))
@pytest.mark.parametrize("failing", ["inbound", None])
async def test_kill_before_the_first_read(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    header: DateHeader,
    failing: str | None,
) -> None:
    """An account is set up when it was set up, and not when its list could first be read."""
    simulator.options.date_header = header
    simulator.fault("html", command=failing, times=1000)
    await simulator.receive(PAPA[1:], "5671 до", created=simulator.now() - timedelta(seconds=10))
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await leap(simulator, clock, 60)
    await write(simulator, PAPA, "5671 после")
    await leap(simulator, clock, 600)
    await kill(hass, entry, clock)
    simulator.faults.clear()
    await leap(simulator, clock, 122, step=61)
    assert captured.of("message") == ["после"]
