"""A result in time: within `retry_for` and two minutes, whatever the API, the disk or others do."""

from collections.abc import Awaitable
from datetime import timedelta
import logging
from time import thread_time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smspilot.const import CONF_DAILY_LIMIT, CONF_RATE_LIMIT, DOMAIN
from custom_components.smspilot.outbound.targets import resolve_targets

from .common import MAMA, PAPA, Clock, Hold, act, add_account, kill, person
from .sending import BABA, TEXT, alarm, caught, ids, once, paid, result
from .simulator.simulator import Simulator

UNLIMITED = {CONF_DAILY_LIMIT: 0, CONF_RATE_LIMIT: 0}


async def took(clock: Clock, hass: HomeAssistant, work: Awaitable[Any], step: float = 1) -> float:
    """Return how long something took by the home's clock."""
    before = hass.loop.time()

    async def run() -> Any:
        return await caught(work)

    await clock.finish(run(), step=step, most=2000)
    return hass.loop.time() - before


async def test_call_beside_a_text_in_doubt(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A call of the same words does not wait for an SMS that is in doubt."""
    await add_account(hass, simulator)
    fault = simulator.fault("hang", when="after", command="send")
    sms = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    assert await took(clock, hass, act(hass, "call", phones=[PAPA], message=TEXT)) < 2
    fault.release()
    await sms


async def test_mama_beside_papa(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A number whose text is not on its way gets it at once, whatever else is named with it."""
    await add_account(hass, simulator)
    fault = simulator.fault("hang", when="after", command="send")
    first = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    both = hass.async_create_background_task(caught(alarm(hass, PAPA, MAMA)), "test")
    await clock.settle()
    assert [order.phone for order in simulator.orders] == [PAPA[1:], MAMA[1:]]
    fault.release()
    await clock.advance(25)
    await first
    await both
    once(simulator, PAPA, PAPA, MAMA)


@pytest.mark.parametrize("retry_for", [0, 30, 120, 600])
@pytest.mark.parametrize("numbers", [1, 10])
async def test_silent_api(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, retry_for: int, numbers: int
) -> None:
    """An API that accepts connections and sends no response."""
    await add_account(hass, simulator)
    await simulator.silence()
    phones = [f"+7908796478{number}" for number in range(numbers)]
    taken = await took(clock, hass, alarm(hass, *phones, retry_for=retry_for), step=3)
    assert taken <= retry_for + 120 + 4
    await simulator.up()


async def test_no_time_to_send_again(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What is known too late not to have gone out is not sent again, and is reported in time."""
    await add_account(hass, simulator)
    simulator.fault("reset", command="send")
    simulator.fault("hang", command="send")
    simulator.fault("html", command="check", times=3)
    assert await took(clock, hass, alarm(hass, PAPA, retry_for=0), step=3) <= 120
    assert simulator.orders == []
    assert len(paid(simulator)) == 1


async def test_refused_list_in_an_outage(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The patience of a message is one, however many requests it takes."""
    await add_account(hass, simulator)
    simulator.phone(BABA[1:]).blacklisted = True
    simulator.fault("error", code=212, phone=BABA[1:], command="send")
    check = simulator.fault("hang", when="after", command="check", skip=1)
    sending = hass.async_create_background_task(
        caught(alarm(hass, PAPA, MAMA, BABA, retry_for={"minutes": 10})), "test"
    )
    before = hass.loop.time()
    await clock.settle()
    await clock.advance(20.1)
    assert check.fired
    await simulator.down()
    check.release()
    for _ in range(200):
        if sending.done():
            break
        await clock.advance(5)
    assert hass.loop.time() - before <= 610


async def test_disk_that_hangs(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hold: Hold,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After five seconds it is said, and the message goes out."""
    await add_account(hass, simulator)
    hold("append")
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await hold.reached()
    # The thread that hangs would be waited for.
    clock.leap(6)
    response = await sending
    once(simulator, PAPA)
    assert response["messages"][0]["message_id"] == ids(simulator)[PAPA]
    assert "A message's record could not be written to the disk" in caplog.text
    hold.release()


async def test_kill_before_the_second_request(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """600 numbers, killed while the first 500 are requested: each is sent or named in an issue."""
    people = [person("Папа", PAPA)]
    entry = await add_account(hass, simulator, people=people, options=UNLIMITED)
    simulator.account.balance *= 100
    many = [f"+7908{number:07}" for number in range(599)]
    fault = simulator.fault("hang", when="after", command="send")
    sending = hass.async_create_background_task(caught(alarm(hass, *many, PAPA)), "test")
    await clock.settle()
    assert fault.fired
    simulator.fault("html", command="check", times=3)
    entry = await kill(hass, entry, clock)
    await sending
    fault.release()
    registry = ir.async_get(hass)
    doubt = registry.async_get_issue(DOMAIN, f"in_doubt_{entry.entry_id}")
    unsent = registry.async_get_issue(DOMAIN, f"interrupted_{entry.entry_id}")
    assert doubt
    assert unsent
    # Masked, and no endless list; without a name any more it is the number.
    assert "+7908•••0000" in str(doubt.translation_placeholders)
    assert len(str(doubt.translation_placeholders)) < 500
    assert "+7908•••0500" in str(unsent.translation_placeholders)
    assert any(
        one.levelno == logging.ERROR and "before a message was sent" in one.getMessage()
        for one in caplog.records
    )
    for _ in range(8):
        await clock.advance(301)
    assert registry.async_get_issue(DOMAIN, f"in_doubt_{entry.entry_id}") is None
    assert len(simulator.orders) == 500
    assert len(paid(simulator)) == 1


async def test_thousand_names(hass: HomeAssistant, simulator: Simulator) -> None:
    """Reading a long list holds up the event loop for no longer than a moment."""
    people = [person(f"Сосед {number}", f"+7908{number:07}") for number in range(300)]
    entry = await add_account(hass, simulator, people=people, options=UNLIMITED)
    turns: list[float] = []

    def turn() -> None:
        # The thread's own time: what other processes take of the machine is not counted.
        turns.append(thread_time())
        turns.append(thread_time())
        handle[0] = hass.loop.call_soon(turn)

    handle = [hass.loop.call_soon(turn)]
    names = [f"Сосед {number % 300}" for number in range(500)]
    phones = [f"8 (909) {number:07}" for number in range(500)]
    found = await resolve_targets(hass, entry, phones=[*names, *phones])
    handle[0].cancel()
    assert len(found.to) == 800
    longest = max(later - before for before, later in zip(turns[1::2], turns[2::2], strict=False))
    assert longest < 0.1


@pytest.mark.parametrize("behind", [90, -90, 3600])
async def test_clock_of_the_home_is_wrong(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    behind: float,
) -> None:
    """A time in the near future by the home's clock is not refused as past by the API's."""
    await add_account(hass, simulator)
    present = dt_util.utcnow
    monkeypatch.setattr(dt_util, "utcnow", lambda: present() - timedelta(seconds=behind))
    due = (dt_util.utcnow() + timedelta(seconds=60)).isoformat()
    rows = await result(clock, alarm(hass, PAPA, send_at=due))
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]


FAULTS = st.sampled_from(
    [
        ("hang", {"when": "before"}),
        ("hang", {"when": "after"}),
        ("reset", {"when": "before"}),
        ("reset", {"when": "after"}),
        ("reset", {"when": "late", "delay": 55, "late": 30}),
        ("http_504_html", {"when": "late", "delay": 60, "late": 30}),
        ("http_502_html", {"when": "before"}),
        ("html", {"when": "after"}),
        ("slow", {"seconds": 40}),
        ("truncated", {"when": "after"}),
        ("stall", {"when": "after"}),
        ("error", {"code": 110}),
        ("error", {"code": 212, "phone": PAPA[1:]}),
        ("error", {"code": 111, "delay": 50}),
        ("error", {"code": 241, "when": "after"}),
    ]
)


@settings(max_examples=25)
@given(
    sends=st.lists(FAULTS, max_size=4),
    checks=st.lists(FAULTS, max_size=4),
    retry_for=st.sampled_from([0, 20, 120]),
    down=st.one_of(st.none(), st.integers(0, 150)),
    limited=st.booleans(),
)
async def test_reported_in_time(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    sends: list[tuple[str, dict[str, Any]]],
    checks: list[tuple[str, dict[str, Any]]],
    retry_for: int,
    down: int | None,
    *,
    limited: bool,
) -> None:
    """Whatever happens to requests, also for prices: a result in time, and no number gets two."""
    if not hass.config_entries.async_entries(DOMAIN):
        await add_account(hass, simulator, options=UNLIMITED)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    # So little is left that the price is asked for.
    left = 15 + float(sum(order.price for order in simulator.orders))
    options = {**UNLIMITED, CONF_DAILY_LIMIT: left if limited else 0}
    hass.config_entries.async_update_entry(entry, options=options)
    clock.stand_still()
    simulator.faults.clear()
    await simulator.up()
    await clock.advance(1)
    # A message of an earlier example, which the API accepted though it said no, is another one.
    text = f"{TEXT} {len(simulator.requests)}"
    for kind, fields in sends:
        simulator.fault(kind, command="send", **fields)
    for kind, fields in checks:
        simulator.fault(kind, command="check", **fields)
    if down is not None:
        await simulator.down()
    begun = hass.loop.time()
    sending = hass.async_create_background_task(
        caught(act(hass, "send_sms", phones=[PAPA, MAMA, BABA], message=text, retry_for=retry_for)),
        "test",
    )
    while not sending.done():
        if down is not None and hass.loop.time() - begun >= down:
            await simulator.up()
            down = None
        await clock.advance(3)
        assert hass.loop.time() - begun <= retry_for + 120 + 4
    found = await sending
    simulator.faults.clear()
    for _ in range(8):
        await clock.advance(10)
    phones = [order.phone for order in simulator.orders if order.text == text]
    assert len(phones) == len(set(phones))
    if isinstance(found, dict):
        sure = {row["phone"][1:] for row in found["messages"] if row["message_id"]}
        assert sure <= set(phones)
