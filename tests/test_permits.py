"""Limits hold when something goes out: after an outage, after a restart, and while in doubt."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import CONF_CHANNEL, CONF_DAILY_LIMIT, CONF_RATE_LIMIT, DOMAIN

from .common import MAMA, PAPA, Clock, act, add_account, kill, person, restart, state_of
from .sending import TEXT, accept, alarm, caught, once, paid, requested, result
from .simulator import LatePrice
from .simulator.model import Kind
from .simulator.simulator import Simulator


def spent(sim: Simulator) -> Decimal:
    """Return what really was paid."""
    return sum((order.price for order in sim.orders), Decimal(0))


async def ordered(hass: HomeAssistant, clock: Clock, count: int, pause: float) -> list[Any]:
    """Have an automation send now and then, each text with patience."""
    sends = []
    for number in range(count):
        text = act(
            hass, "send_sms", phones=[PAPA], message=f"{TEXT} {number}", retry_for={"hours": 24}
        )
        sends.append(hass.async_create_background_task(caught(text), "test"))
        await clock.advance(pause)
    return sends


async def test_hourly_limit_after_an_outage(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Twenty texts that waited five hours for a connection are five."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 5, CONF_DAILY_LIMIT: 0})
    await simulator.down()
    sends = await ordered(hass, clock, 20, 900)
    await simulator.up()
    for _ in range(6):
        await clock.advance(10)
    assert len(simulator.orders) == 5
    results = [(await one) for one in sends]
    keys = [one.translation_key for one in results if isinstance(one, HomeAssistantError)]
    assert keys == ["rate_limit"] * 15


async def test_daily_limit_after_an_outage(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What waited out an outage is within the day's limit too."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 0, CONF_DAILY_LIMIT: 20})
    await alarm(hass, PAPA)
    await simulator.down()
    sends = await ordered(hass, clock, 40, 10)
    await simulator.up()
    for _ in range(12):
        await clock.advance(10)
    assert 0 < spent(simulator) <= 20
    assert all(one.done() for one in sends)


async def test_dear_countries(hass: HomeAssistant, simulator: Simulator) -> None:
    """The price of a cheap domestic SMS does not count for other countries."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 0})
    await alarm(hass, PAPA)
    simulator.prices[Kind.SMS]["*"] = Decimal(15)
    abroad = [f"+49151{number:08}" for number in range(23000000, 23000090)]
    simulator.requests.clear()
    with pytest.raises(ServiceValidationError) as raised:
        await alarm(hass, *abroad)
    assert raised.value.translation_key == "daily_limit"
    assert requested(simulator) == ["cost"]
    assert len(simulator.orders) == 1


@pytest.mark.parametrize("named", [True, False])
async def test_dead_numbers_among_the_good(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, named: bool
) -> None:
    """Where the API refuses a price, the number it names is left out, the rest is priced."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 5})
    if not named:
        simulator.options.error_fields = []
    dead = [f"+7999000000{number}" for number in range(5)]
    for phone in dead:
        simulator.phone(phone[1:]).blacklisted = True
    good = [PAPA, MAMA, "+79135550001", "+79135550002"]
    found = await result(clock, alarm(hass, *dead, *good))
    assert found == "daily_limit"
    assert simulator.orders == []
    found = await result(clock, alarm(hass, *dead, PAPA, MAMA))
    assert len(simulator.orders) == 2
    assert spent(simulator) <= 5


async def survive(
    hass: HomeAssistant, entry: MockConfigEntry, clock: Clock, how: str
) -> MockConfigEntry:
    """Let the account go on, be killed, or be restarted; return its entry."""
    if how == "kill":
        return await kill(hass, entry, clock)
    if how == "restart":
        await restart(hass, entry, clock)
    return entry


SURVIVED = pytest.mark.parametrize("how", ["alive", "kill", "restart"])


@SURVIVED
async def test_in_doubt_counts(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, how: str
) -> None:
    """What may have gone out is paid until it is known, also after restarts."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 8, CONF_RATE_LIMIT: 0})
    await alarm(hass, PAPA)
    simulator.fault("html", command="check", times=1000)
    simulator.fault("hang", when="after", command="send", times=100)
    for number in range(8):
        text = act(hass, "send_sms", phones=[PAPA], message=f"{TEXT} {number}")
        await result(clock, text, step=61)
        entry = await survive(hass, entry, clock, how)
    assert len(simulator.orders) >= 2
    assert spent(simulator) <= 8
    simulator.faults.clear()


@pytest.mark.parametrize("price", list(LatePrice))
@pytest.mark.parametrize("figures", [{}, {"price": "{} RUB", "cost": "N/A"}])
async def test_unknown_prices_count(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    price: LatePrice,
    figures: dict[str, str],
) -> None:
    """Unreadable prices do not lift the limit."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 30, CONF_RATE_LIMIT: 0})
    simulator.options.late_price = price
    simulator.options.figures = figures
    for number in range(60):
        await caught(act(hass, "send_sms", phones=[PAPA], message=f"{TEXT} {number}"))
    assert 0 < spent(simulator) <= 30


async def test_two_channels_are_one_message(hass: HomeAssistant, simulator: Simulator) -> None:
    """Notify by two channels is refused as a whole, not after its half has gone out."""
    people = (
        person("Папа", PAPA),
        person("Мама", MAMA, **{CONF_CHANNEL: "two_way"}),
    )
    await add_account(hass, simulator, people=people, options={CONF_DAILY_LIMIT: 4})
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call(
            "notify", "smspilot", {"message": TEXT, "target": ["Папа", "Мама"]}, blocking=True
        )
    assert raised.value.translation_key == "daily_limit"
    assert simulator.orders == []
    assert paid(simulator) == []


async def test_two_channels_after_an_outage(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Nor does its half go out where the API could not be asked for prices at first."""
    people = (person("Папа", PAPA), person("Мама", MAMA, **{CONF_CHANNEL: "two_way"}))
    await add_account(hass, simulator, people=people, options={CONF_DAILY_LIMIT: 4})
    await simulator.down()
    data = {"message": TEXT, "target": ["Папа", "Мама"]}
    sending = hass.async_create_background_task(
        caught(hass.services.async_call("notify", "smspilot", data, blocking=True)), "test"
    )
    await clock.advance(5)
    await simulator.up()
    await clock.advance(10)
    error = await sending
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "daily_limit"
    assert paid(simulator) == []


async def test_list_behind_another_text(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Nor the half of a list of which a number waits for another send of the same text."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 6})
    lost = simulator.fault("hang", when="after", command="send", skip=1)
    first = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    assert lost.fired
    assert await result(clock, alarm(hass, PAPA, MAMA, "+79135550001")) == "daily_limit"
    once(simulator, PAPA)
    lost.release()
    await first


async def test_connection_lost_after_the_first_half(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The rest of a list that has begun to go out keeps its permits while it waits."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 0, CONF_DAILY_LIMIT: 20})
    simulator.prices[Kind.SMS] = {"*": Decimal("1.31")}
    simulator.fault("hang", when="after", command="send")
    first = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    both = alarm(hass, PAPA, MAMA, retry_for={"minutes": 10})
    sending = hass.async_create_background_task(both, "test")
    await clock.settle()
    once(simulator, PAPA, MAMA)
    await simulator.down()
    while not first.done():
        await clock.advance(5)
    await clock.advance(1)
    await simulator.up()
    others = [f"+7908000000{number}" for number in range(6)]
    found = await caught(act(hass, "send_sms", phones=others, message="Дым!"))
    assert isinstance(found, HomeAssistantError)
    rows = await result(clock, sending)
    assert {row["status"] for row in rows.values()} == {"accepted"}
    once(simulator, PAPA, MAMA, PAPA)


@SURVIVED
async def test_found_counts_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, how: str
) -> None:
    """What was in doubt and is known now counts with its price, and no longer with an estimate."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 20, CONF_RATE_LIMIT: 0})
    for number in range(2):
        lost = simulator.fault("hang", when="after", command="send")
        simulator.fault("html", command="check", times=9)
        text = act(hass, "send_sms", phones=[PAPA], message=f"{TEXT} {number}")
        assert await result(clock, text, step=61) == "outcome_unknown"
        lost.release()
        simulator.faults.clear()
        for _ in range(12):
            await clock.advance(301)
    await survive(hass, entry, clock, how)
    simulator.requests.clear()
    await alarm(hass, MAMA)
    assert requested(simulator)[0] == "send"
    shown = state_of(hass, "sensor.smspilot_5671_spent_today").state
    assert shown == str(spent(simulator))


@SURVIVED
@pytest.mark.parametrize("price", [LatePrice.ZERO, LatePrice.EMPTY])
async def test_late_price_counts_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, price: LatePrice, how: str
) -> None:
    """Nor does an estimate count beside a price that came later, also after a restart."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 20, CONF_RATE_LIMIT: 0})
    simulator.options.late_price = price
    await alarm(hass, PAPA)
    await simulator.deliver(simulator.orders[0].server_id)
    for _ in range(4):
        await clock.advance(31)
    await survive(hass, entry, clock, how)
    simulator.requests.clear()
    await alarm(hass, MAMA)
    assert requested(simulator)[0] == "send"


@SURVIVED
async def test_unknown_prices_count_for_the_day(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, how: str
) -> None:
    """A price that nobody ever reads counts as estimated until midnight, and is then forgotten."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 0, CONF_RATE_LIMIT: 0})
    simulator.options.figures = {"price": "N/A", "cost": "N/A"}
    for _ in range(3):
        await alarm(hass, PAPA)
        await simulator.deliver(simulator.orders[-1].server_id)
        await clock.advance(31)
    entry = await survive(hass, entry, clock, how)
    hass.config_entries.async_update_entry(entry, options={CONF_DAILY_LIMIT: 31})
    assert await result(clock, alarm(hass, PAPA)) == "daily_limit"
    hass.config_entries.async_update_entry(entry, options={CONF_DAILY_LIMIT: 0})
    await clock.advance(timedelta(days=1).total_seconds())
    await alarm(hass, PAPA)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    snapshot = Path(hass.config.path(".storage")) / f"{DOMAIN}.{entry.entry_id}"
    assert snapshot.read_text().count('["unpriced"') == 1


async def test_partly_found(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The cost of a list of which a part was found after a loss is not known."""
    await add_account(hass, simulator)
    await accept(hass, simulator, PAPA)
    simulator.fault("reset", command="send")
    response = await clock.finish(alarm(hass, PAPA, MAMA))
    once(simulator, PAPA, MAMA)
    assert len(paid(simulator)) == 2
    assert response["cost"] is None


async def test_places_of_failed_requests(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A request without a connection holds no place of the hour for longer than it takes."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 2})
    await simulator.down()
    sends = [
        hass.async_create_background_task(
            caught(act(hass, "send_sms", phones=[PAPA], message=f"{number}")), "test"
        )
        for number in range(4)
    ]
    await clock.advance(15)
    await simulator.up()
    await clock.advance(10)
    await clock.advance(10)
    results = await asyncio.gather(*sends)
    assert len(simulator.orders) == 2
    assert sum(isinstance(one, HomeAssistantError) for one in results) == 2
    await clock.advance(timedelta(hours=1).total_seconds())
    await alarm(hass, PAPA)


PAST = "2020-01-01T12:00:00Z"


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("notify.smspilot", {"target": ["Папа", "Мама"], "data": {"send_at": PAST}}),
        ("notify.smspilot", {"target": ["Папа", "дядя"], "data": {"send_at": PAST}}),
        ("notify.smspilot", {"target": ["дядя"]}),
        ("notify.smspilot", {"target": ["Папа", "Мама"], "message": " "}),
        ("notify.smspilot", {"target": ["Папа", "Мама"], "data": {"sender": "GOLOS"}}),
        ("notify.smspilot_papa", {"data": {"send_at": PAST}}),
        ("notify.send_message", {"entity_id": ["notify.papa", "notify.mama"], "message": "HLR"}),
        ("smspilot.send_sms", {"phones": ["Папа", "Мама"], "send_at": PAST}),
        ("smspilot.send_sms", {"phones": ["Папа"], "message": "Ж" * 800}),
        ("smspilot.call", {"phones": ["Папа", "Мама"], "send_at": PAST}),
        ("smspilot.flash_call", {"phones": ["Папа"], "code": "12345", "message": None}),
        ("smspilot.flash_call", {"phones": ["Папа", "Мама"], "message": None}),
        ("smspilot.check_number", {"phones": ["дядя"], "message": None}),
        ("smspilot.ask", {"phones": ["Папа", "Мама"], "question": TEXT, "message": None}),
        ("smspilot.estimate_cost", {"phones": ["Папа"], "send_at": PAST}),
    ],
)
async def test_refused_call_takes_nothing(
    hass: HomeAssistant, simulator: Simulator, action: str, data: dict[str, Any]
) -> None:
    """A call that is refused requests nothing, and uses up no rate and no money."""
    people = (person("Папа", PAPA), person("Мама", MAMA, **{CONF_CHANNEL: "two_way"}))
    # As much as is set aside for one message of an unknown price.
    options = {CONF_RATE_LIMIT: 1, CONF_DAILY_LIMIT: 10, "long_texts": "refuse"}
    await add_account(hass, simulator, people=people, options=options)
    fields = {key: one for key, one in ({"message": TEXT} | data).items() if one is not None}
    answers = action in ("smspilot.ask", "smspilot.estimate_cost")
    domain, name = action.split(".")
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(domain, name, fields, blocking=True, return_response=answers)
    assert simulator.requests == []
    await alarm(hass, PAPA)
    assert requested(simulator) == ["send"]


async def test_failed_call_takes_nothing(hass: HomeAssistant, simulator: Simulator) -> None:
    """Nor does one whose every channel the API refuses."""
    people = (person("Папа", PAPA), person("Мама", MAMA, **{CONF_CHANNEL: "two_way"}))
    options = {CONF_RATE_LIMIT: 1, CONF_DAILY_LIMIT: 20}
    await add_account(hass, simulator, people=people, options=options)
    simulator.fault("error", code=241, command="send", times=2)
    data = {"message": TEXT, "target": ["Папа", "Мама"]}
    with pytest.raises(HomeAssistantError):
        await hass.services.async_call("notify", "smspilot", data, blocking=True)
    simulator.requests.clear()
    await hass.services.async_call("notify", "smspilot", data, blocking=True)
    # Meanwhile the account is requested: its balance cannot be what it was.
    assert [one for one in requested(simulator) if one != "account"] == ["send", "send"]


@pytest.mark.parametrize("price", ["-1.31", "-0.01"])
async def test_negative_prices(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, price: str
) -> None:
    """A price below zero is none: it does not make room in the day's limit."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 0, CONF_DAILY_LIMIT: 20})
    simulator.options.figures = {"price": price, "cost": price}
    for number in range(20):
        await result(clock, act(hass, "send_sms", phones=[PAPA], message=f"{TEXT} {number}"))
    assert 0 < spent(simulator) <= 20


@pytest.mark.parametrize("price", ["99999999", "1e17"])
async def test_absurd_prices(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, price: str
) -> None:
    """A price that no message has does not use up the day's limit."""
    await add_account(hass, simulator)
    simulator.options.figures = {"price": price, "cost": price}
    await alarm(hass, PAPA)
    simulator.options.figures = {}
    rows = await result(clock, alarm(hass, MAMA))
    assert rows[MAMA]["status"] == "accepted"


async def test_free_messages(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What turned out free sets nothing aside, so that no price has to be read."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 0, CONF_DAILY_LIMIT: 30})
    simulator.prices[Kind.SMS] = {"*": Decimal(0)}
    for number in range(5):
        await result(clock, act(hass, "send_sms", phones=[PAPA], message=f"{TEXT} {number}"))
        await simulator.deliver(simulator.orders[-1].server_id)
        await clock.advance(31)
    assert "cost" not in requested(simulator)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
async def test_prices_that_take_long(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, channels: int, *, named: bool
) -> None:
    """However slowly the API refuses to name prices, the caller is informed in time."""
    people = [person("Папа", PAPA), person("Папе", PAPA, **{CONF_CHANNEL: "voice"})][:channels]
    await add_account(hass, simulator, people=people, options={CONF_DAILY_LIMIT: 5})
    assert await async_setup_component(hass, "notify", {})
    await clock.settle()
    numbers = [f"7999000000{number}" for number in range(8)]
    for number in numbers:
        phone = number if named else None
        simulator.fault("error", code=111, phone=phone, command="send", delay=50, times=2)
    targets = [*(one["title"] for one in people), *numbers]
    sending = hass.async_create_background_task(
        caught(
            hass.services.async_call(
                "notify", "smspilot", {"message": TEXT, "target": targets}, blocking=True
            )
        ),
        "test",
    )
    for _ in range(24):
        await clock.advance(10)
    assert sending.done()
    error = await sending
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "price_unknown"
    assert simulator.orders == []
    simulator.faults.clear()


@pytest.mark.parametrize("channels", [1, 2])
async def test_killed_while_prices_are_read(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, channels: int
) -> None:
    """A message that waits for prices is in the journal: the next start reports it as not sent."""
    people = [person("Папа", PAPA), person("Мама", MAMA, **{CONF_CHANNEL: "voice"})][:channels]
    entry = await add_account(hass, simulator, people=people, options={CONF_DAILY_LIMIT: 5})
    await clock.settle()
    fault = simulator.fault("hang", command="send")
    names = ["Папа", "Мама"][:channels]
    sending = hass.async_create_background_task(
        caught(
            hass.services.async_call(
                "notify", "smspilot", {"message": TEXT, "target": names}, blocking=True
            )
        ),
        "test",
    )
    await clock.settle()
    assert requested(simulator) == ["cost"]
    entry = await kill(hass, entry, clock)
    while not sending.done():
        await clock.advance(5)
    fault.release()
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"interrupted_{entry.entry_id}")
    assert issue
    assert simulator.orders == []


async def test_cancelled_while_prices_are_read(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What a stopped script ordered is refused without it, and the same text then goes out."""
    people = [person("Папа", PAPA), person("Мама", MAMA, **{CONF_CHANNEL: "voice"})]
    entry = await add_account(hass, simulator, people=people, options={CONF_DAILY_LIMIT: 15})
    await clock.settle()
    fault = simulator.fault("hang", command="send")

    async def notify() -> None:
        data = {"message": TEXT, "target": ["Папа", "Мама"]}
        await hass.services.async_call("notify", "smspilot", data, blocking=True)

    sending = hass.async_create_background_task(notify(), "test")
    await clock.settle()
    assert requested(simulator) == ["cost"]
    sending.cancel()
    await clock.settle()
    fault.release()
    await clock.settle()
    entry = await kill(hass, entry, clock)
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"interrupted_{entry.entry_id}") is None
    rows = await result(clock, alarm(hass, PAPA))
    assert rows[PAPA]["status"] == "accepted"
