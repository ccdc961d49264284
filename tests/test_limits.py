"""A bill that stays in bounds: what is spent, what is refused, and which prices are read before."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_LONG_TEXTS,
    CONF_MAX_PARTS,
    CONF_RATE_LIMIT,
    DOMAIN,
)
from custom_components.smspilot.outbound.number import Permit
from custom_components.smspilot.outbound.rate_limiter import RateLimiter

from .common import MAMA, PAPA, Clock, act, add_account, person, restart, state_of
from .sending import alarm, requested, result
from .simulator.model import Kind, Status
from .simulator.simulator import Simulator

SPENT = "sensor.smspilot_5671_spent_today"
# Prices of the simulator: PAPA 1.31, MAMA 2.21.


def spent(hass: HomeAssistant) -> float:
    return float(state_of(hass, SPENT).state)


def issue(hass: HomeAssistant, entry: MockConfigEntry, option: str) -> ir.IssueEntry | None:
    """Return the notice of a limit; that of an hour is about a number."""
    found = ir.async_get(hass).issues.items()
    name = f"{option}_{entry.entry_id}"
    ours = [one for key, one in found if key[0] == DOMAIN and key[1].startswith(name)]
    assert len(ours) <= 1
    return ours[0] if ours else None


async def refused(sending: Any) -> ServiceValidationError:
    with pytest.raises(ServiceValidationError) as raised:
        await sending
    return raised.value


# The rate: messages, calls and checks a number and hour.


def test_rate_of_a_year_of_strangers(hass: HomeAssistant, clock: Clock) -> None:
    """Numbers that had nothing within the last hour are kept no longer than the next one."""
    limiter = RateLimiter(hass, MockConfigEntry(domain=DOMAIN))
    for number in range(1000):
        limiter.add(Permit(f"+7908{number:07}", dt_util.utcnow().timestamp()))
        clock.leap(600)
    assert len(limiter) <= 2 * 6 + 1


@pytest.mark.parametrize("hours", [-30, -2, 2, 30])
async def test_rate_by_a_corrected_clock(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
) -> None:
    """A machine without a clock of its own gets the time after its start; an hour stays one."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 2})
    await alarm(hass, PAPA)
    await alarm(hass, PAPA)
    present = dt_util.utcnow
    monkeypatch.setattr(dt_util, "utcnow", lambda: present() + timedelta(hours=hours))
    assert (await refused(alarm(hass, PAPA))).translation_key == "rate_limit"
    await clock.advance(3590)
    await refused(alarm(hass, PAPA))
    await clock.advance(20)
    await alarm(hass, PAPA)
    assert len(simulator.orders) == 3


async def test_runaway_automation(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """100 sends in a loop stop at 30, with the rest of the balance intact; one issue says so."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    balance = simulator.account.balance
    errors = []
    for _ in range(100):
        try:
            await alarm(hass, "Папа")
        except ServiceValidationError as err:
            errors.append(err)
    assert len(simulator.orders) == 30
    assert len(simulator.requests) == 30
    assert float(balance - simulator.account.balance) == pytest.approx(30 * 1.31)
    assert len(errors) == 70
    assert {err.translation_key for err in errors} == {"rate_limit"}
    assert errors[0].translation_placeholders == {"name": "Папа", "limit": "30"}
    found = issue(hass, entry, CONF_RATE_LIMIT)
    assert found is not None
    assert (found.translation_placeholders or {})["limit"] == "30"
    assert spent(hass) == pytest.approx(30 * 1.31)
    await alarm(hass, "Папа", urgent=True)
    assert len(simulator.orders) == 31


async def test_rate_counts_everything(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """SMS, calls, FlashCalls and checks count together, each number apart, for an hour."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 4})
    await alarm(hass, PAPA)
    await act(hass, "call", phones=[PAPA], message="Привет")
    await act(hass, "flash_call", phones=[PAPA])
    await act(hass, "check_number", phones=[PAPA], wait=0)
    assert (await refused(alarm(hass, PAPA))).translation_key == "rate_limit"
    assert (await refused(alarm(hass, PAPA))).translation_placeholders == {
        "name": "+7908•••4781",
        "limit": "4",
    }
    await alarm(hass, MAMA)
    await alarm(hass, PAPA, test=True)
    await clock.advance(3590)
    await refused(alarm(hass, PAPA))
    await clock.advance(20)
    await alarm(hass, PAPA)
    assert len(simulator.orders) == 6


async def test_rate_refuses_a_row(hass: HomeAssistant, simulator: Simulator) -> None:
    """A number over its rate is a refused row; the rest goes out."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 1})
    await alarm(hass, PAPA)
    response = await alarm(hass, PAPA, MAMA)
    rows = {row["phone"]: row for row in response["messages"]}
    assert [order.phone for order in simulator.orders] == [PAPA[1:], MAMA[1:]]
    assert rows[PAPA]["message_id"] is None
    assert rows[PAPA]["error"]["code"] is None
    with pytest.raises(HomeAssistantError) as raised:
        await alarm(hass, PAPA, "+79080000001", respond=False)
    assert raised.value.translation_key == "partly_refused"
    assert PAPA not in str(raised.value.translation_placeholders)
    assert len(simulator.orders) == 3


async def test_rate_off(hass: HomeAssistant, simulator: Simulator) -> None:
    """0 is no limit."""
    entry = await add_account(hass, simulator, options={CONF_RATE_LIMIT: 0})
    for _ in range(40):
        await alarm(hass, PAPA)
    assert len(simulator.orders) == 40
    assert issue(hass, entry, CONF_RATE_LIMIT) is None


async def test_refused_by_the_service_counts_not(hass: HomeAssistant, simulator: Simulator) -> None:
    """What did not go out uses up no rate."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 1})
    simulator.fault("error", code=241, command="send", times=3)
    for _ in range(3):
        with pytest.raises(HomeAssistantError):
            await alarm(hass, PAPA)
    await alarm(hass, PAPA)
    assert len(simulator.orders) == 1


async def test_unknown_counts(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What is in doubt may have gone out: it counts."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 1})
    simulator.fault("hang", command="send")
    assert await result(clock, alarm(hass, PAPA), step=61) == "outcome_unknown"
    assert (await refused(alarm(hass, PAPA))).translation_key == "rate_limit"


async def test_rate_at_once(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Twenty different sends at once share the limit."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 5})
    results = await asyncio.gather(
        *(
            act(hass, "send_sms", phones=[PAPA], message=f"Тревога {number}")
            for number in range(20)
        ),
        return_exceptions=True,
    )
    assert len(simulator.orders) == 5
    assert sum(isinstance(one, ServiceValidationError) for one in results) == 15


async def test_rate_survives_a_restart(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A restart is no way around the limit; what was refused does not count after it either."""
    entry = await add_account(hass, simulator, options={CONF_RATE_LIMIT: 2})
    simulator.phone(MAMA[1:]).blacklisted = True
    await alarm(hass, PAPA, MAMA, "+79080000001")
    await alarm(hass, PAPA)
    await restart(hass, entry, clock)
    await refused(alarm(hass, PAPA))
    simulator.phone(MAMA[1:]).blacklisted = False
    for phone in (MAMA, MAMA, "+79080000001"):
        await alarm(hass, phone)
    await clock.advance(3610)
    await alarm(hass, PAPA)


async def test_rate_after_a_wrong_clock(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a clock was ahead for a while, its permits refuse nothing until that time."""
    entry = await add_account(hass, simulator, options={CONF_RATE_LIMIT: 1})
    present = dt_util.utcnow
    with monkeypatch.context() as wrong:
        wrong.setattr(dt_util, "utcnow", lambda: present() + timedelta(days=300))
        await alarm(hass, PAPA)
    await clock.advance(3610)
    await alarm(hass, PAPA)
    await clock.advance(3610)
    await restart(hass, entry, clock)
    await alarm(hass, PAPA)


async def test_rate_issue_ends(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The issue is raised once, and deleted after an hour."""
    entry = await add_account(hass, simulator, options={CONF_RATE_LIMIT: 1})
    await alarm(hass, PAPA)
    for _ in range(3):
        await refused(alarm(hass, PAPA))
    assert issue(hass, entry, CONF_RATE_LIMIT) is not None
    await clock.advance(3700)
    await alarm(hass, PAPA)
    await clock.settle()
    assert issue(hass, entry, CONF_RATE_LIMIT) is None


# The daily limit, RUB.


@pytest.mark.parametrize(
    ("limit", "phones", "requests"),
    [
        # Plenty left, no price known: no price is read.
        (500, [PAPA], ["send"]),
        # A list may cost more than a tenth of the limit each: they are read.
        (500, [f"+7908{number:07}" for number in range(20)], ["cost", "send"]),
        (0, [f"+7908{number:07}" for number in range(20)], ["send"]),
        # A small limit: one message could pass it.
        (5, [PAPA, MAMA], ["cost", "send"]),
        (11, [PAPA], ["send"]),
    ],
)
async def test_first_send(
    hass: HomeAssistant,
    simulator: Simulator,
    limit: float,
    phones: list[str],
    requests: list[str],
) -> None:
    """With no price known, the price is read only where the message could pass the limit."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: limit})
    await alarm(hass, *phones)
    assert requested(simulator) == requests


async def test_daily_limit(hass: HomeAssistant, simulator: Simulator) -> None:
    """The price is read only near the limit; beyond it all but urgent sends are refused."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 10})
    trace = []
    for _ in range(12):
        simulator.requests.clear()
        try:
            await alarm(hass, PAPA)
        except ServiceValidationError as err:
            trace.append("refused")
            error = err
        else:
            trace.append("+".join(requested(simulator)))
        if trace[-1] == "refused":
            assert requested(simulator) == ["cost"]
    # 1.31 each; what costs four times as much may be left to be safe: 5.24.
    assert trace == ["send"] * 4 + ["cost+send"] * 3 + ["refused"] * 5
    assert error.translation_key == "daily_limit"
    assert error.translation_placeholders == {
        "limit": "10\u00a0₽",
        "spent": "9.17\u00a0₽",
        "cost": "1.31\u00a0₽",
        "left": "0.83\u00a0₽",
    }
    assert issue(hass, entry, CONF_DAILY_LIMIT) is not None
    assert issue(hass, entry, CONF_RATE_LIMIT) is None
    simulator.requests.clear()
    await alarm(hass, PAPA, urgent=True)
    assert requested(simulator) == ["send"]
    assert spent(hass) == pytest.approx(8 * 1.31)


async def test_daily_limit_refuses_the_whole(hass: HomeAssistant, simulator: Simulator) -> None:
    """A list that would pass the limit does not go out at all, and uses up no rate."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 3, CONF_RATE_LIMIT: 1})
    assert (await refused(alarm(hass, PAPA, MAMA))).translation_key == "daily_limit"
    assert simulator.orders == []
    await alarm(hass, PAPA)
    assert len(simulator.orders) == 1


async def test_long_texts_cost_more(hass: HomeAssistant, simulator: Simulator) -> None:
    """Parts count: the price of five parts is read where that of one part is not."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 20})
    await alarm(hass, PAPA)
    simulator.requests.clear()
    await act(hass, "send_sms", phones=[PAPA], message="Ж" * 300)
    assert requested(simulator) == ["cost", "send"]


async def test_long_call(hass: HomeAssistant, simulator: Simulator) -> None:
    """A call has no parts: the price of a long one is read no sooner than of a short one."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 10})
    for _ in range(3):
        await act(hass, "call", phones=[PAPA], message="Ж" * 400)
    assert requested(simulator) == ["send"] * 3


@pytest.mark.parametrize(
    ("action", "fields", "kind", "cost"),
    [
        ("call", {"message": "Привет"}, Kind.VOICE, 0.5),
        ("call", {"message": "Ж" * 600}, Kind.VOICE, 0.5),
        ("flash_call", {"code": "0042"}, Kind.FLASH_CALL, 0.8),
        ("check_number", {"wait": 0}, Kind.HLR, 0.15),
        ("check_number", {"wait": 0, "method": "ping"}, Kind.PING, 0.15),
        ("send_sms", {"message": "Дома?", "two_way": True}, Kind.TWO_WAY, 3.13),
    ],
)
async def test_each_kind_has_its_price(
    hass: HomeAssistant,
    simulator: Simulator,
    action: str,
    fields: dict[str, Any],
    kind: Kind,
    cost: float,
) -> None:
    """Whatever is bought is priced as what it is, and refused by the same limit."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: cost * 1.5})
    await act(hass, action, phones=[PAPA], **fields)
    simulator.requests.clear()
    error = await refused(act(hass, action, phones=[PAPA], **fields))
    assert error.translation_key == "daily_limit"
    assert (error.translation_placeholders or {})["cost"] == f"{cost:.2f}\u00a0₽"
    assert requested(simulator) == ["cost"]
    assert [order.kind for order in simulator.orders] == [kind]
    simulator.assert_clean()


@pytest.mark.parametrize("kind", ["html", "reset", "error", "hang"])
async def test_question_unanswered(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, kind: str
) -> None:
    """Without a price only what is surely within the limit goes out."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 2})
    await alarm(hass, PAPA)
    fault = simulator.fault(kind, command="send")
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    await clock.advance(61)
    with pytest.raises(HomeAssistantError) as raised:
        await sending
    assert raised.value.translation_key == "price_unknown"
    fault.release()
    assert len(simulator.orders) == 1
    await alarm(hass, MAMA, urgent=True)
    assert len(simulator.orders) == 2


async def test_two_at_once(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Ten sends at once cannot slip under the limit together."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 6})
    await alarm(hass, PAPA)
    results = await asyncio.gather(
        *(act(hass, "send_sms", phones=[PAPA], message=f"Раз {number}") for number in range(10)),
        return_exceptions=True,
    )
    assert len(simulator.orders) == 4
    assert spent(hass) == pytest.approx(4 * 1.31)
    keys = {one.translation_key for one in results if isinstance(one, ServiceValidationError)}
    assert keys == {"daily_limit"}
    # Nothing is set aside any more: a cheaper one still goes out.
    await act(hass, "check_number", phones=[PAPA], wait=0)


async def test_paid_is_set_aside_no_more(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """While a long list goes out, its first half is not counted twice."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 1400})
    many = [f"+7908{number:07}" for number in range(1000)]
    # Two questions of what it costs, and the first half, go before.
    fault = simulator.fault("hang", command="send", skip=3)
    sending = hass.async_create_background_task(alarm(hass, *many), "test")
    await clock.settle()
    assert spent(hass) == 655
    await alarm(hass, PAPA)
    fault.release()
    await result(clock, sending)


async def test_nothing_stays_set_aside(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Sends that fail, are lost or are given up by their caller give back their permits."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 12, CONF_RATE_LIMIT: 1})
    for kind in ("error", "error", "hang"):
        fault = simulator.fault(kind, command="send", code=241)
        task = hass.async_create_background_task(alarm(hass, PAPA), "test")
        await clock.settle()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        fault.release()
        for _ in range(8):
            await clock.advance(21)
    assert len(simulator.orders) == 1
    await clock.advance(3600)
    await alarm(hass, PAPA)
    assert "cost" not in requested(simulator)


# What today is.


async def test_spent_today(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The sum is exact, survives restarts, and counts no tests."""
    entry = await add_account(hass, simulator)
    await alarm(hass, PAPA, MAMA)
    await act(hass, "call", phones=[PAPA], message="Привет")
    await alarm(hass, PAPA, test=True)
    expected = float(sum(order.price for order in simulator.orders))
    assert spent(hass) == pytest.approx(expected)
    await restart(hass, entry, clock)
    assert spent(hass) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        ("Europe/Moscow", "2027-03-10T20:30:00+00:00"),
        ("Europe/Berlin", "2027-03-27T22:30:00+00:00"),  # the next day is an hour short
        ("Europe/Berlin", "2027-10-30T21:30:00+00:00"),  # the next day is an hour long
        ("Asia/Kamchatka", "2027-01-01T11:30:00+00:00"),
    ],
)
async def test_midnight(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, zone: str, night: str
) -> None:
    """The day ends at local midnight, half an hour from now, and the next at its own."""
    await hass.config.async_set_time_zone(zone)
    start = datetime.fromisoformat(night)
    await clock.advance((start - dt_util.utcnow()).total_seconds())
    simulator.clock_offset = start - datetime.now(UTC)
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 2})
    await alarm(hass, PAPA)
    await refused(alarm(hass, PAPA))
    await clock.advance(1700)
    await refused(alarm(hass, PAPA))
    assert spent(hass) == 1.31
    await clock.advance(200)
    await alarm(hass, PAPA)
    await refused(alarm(hass, PAPA))
    assert spent(hass) == 1.31
    today = dt_util.as_local(dt_util.utcnow()).date()
    tomorrow = dt_util.start_of_local_day(today + timedelta(days=1))
    await clock.advance((tomorrow - dt_util.utcnow()).total_seconds() - 60)
    await refused(alarm(hass, PAPA))
    await clock.advance(120)
    assert spent(hass) == 0
    await alarm(hass, PAPA)
    assert spent(hass) == 1.31
    assert len(simulator.orders) == 3


@pytest.mark.parametrize("busy", [True, False])
async def test_refund_of_yesterday(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, busy: bool
) -> None:
    """What comes back for a message of another day makes today no cheaper."""
    await add_account(hass, simulator)
    await alarm(hass, PAPA)
    await clock.advance(24 * 3600)
    if busy:
        await alarm(hass, MAMA)
    before = spent(hass)
    await simulator.advance(simulator.orders[0].server_id, Status.FAILED)
    for _ in range(2):
        await clock.advance(3601)
    assert spent(hass) == before


async def test_refund_of_a_late_price(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What was paid before midnight, published after it and refunded, costs neither day."""
    await add_account(hass, simulator)
    today = dt_util.as_local(dt_util.utcnow()).date()
    tomorrow = dt_util.start_of_local_day(today + timedelta(days=1))
    await clock.advance((tomorrow - dt_util.utcnow()).total_seconds() - 30)
    fault = simulator.fault("hang", when="after", command="send")
    simulator.fault("html", command="check", times=9)
    assert await result(clock, alarm(hass, PAPA), step=61) == "outcome_unknown"
    fault.release()
    for _ in range(4):
        await clock.advance(61)
    await simulator.advance(simulator.orders[0].server_id, Status.FAILED)
    for _ in range(4):
        await clock.advance(301)
    assert spent(hass) == 0


async def test_another_zone(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The sum of a day has its day's `last_reset`, also where another day has the same sum."""
    await add_account(hass, simulator)
    await alarm(hass, PAPA)
    await clock.settle()
    # Somewhere it is another day.
    offset = dt_util.now().utcoffset() or timedelta(0)
    far = "Pacific/Kiritimati" if offset < timedelta(hours=-8) else "Pacific/Pago_Pago"
    await hass.config.async_update(time_zone=far)
    await alarm(hass, PAPA)
    await clock.settle()
    assert spent(hass) == 1.31
    since = state_of(hass, SPENT).attributes["last_reset"]
    # As moments: in Hawaii the same one is the next midnight of Kiritimati.
    assert datetime.fromisoformat(since) == dt_util.start_of_local_day()


async def test_daily_issue_ends(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The issue of a day is gone on the next."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 2})
    await alarm(hass, PAPA)
    for _ in range(2):
        await refused(alarm(hass, PAPA))
    assert issue(hass, entry, CONF_DAILY_LIMIT) is not None
    await clock.advance(24 * 3600)
    simulator.clock_offset = timedelta(days=1)
    await alarm(hass, PAPA)
    await clock.settle()
    assert issue(hass, entry, CONF_DAILY_LIMIT) is None


async def test_changed_option_counts_at_once(hass: HomeAssistant, simulator: Simulator) -> None:
    """A raised limit lets the next message out."""
    entry = await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 2, CONF_RATE_LIMIT: 9})
    await alarm(hass, PAPA)
    await refused(alarm(hass, PAPA))
    hass.config_entries.async_update_entry(entry, options={CONF_DAILY_LIMIT: 20})
    await hass.async_block_till_done()
    await alarm(hass, PAPA)


# Parts.


@pytest.mark.parametrize(
    ("message", "most", "parts"),
    [("Ж" * 70, 1, 0), ("Ж" * 71, 1, 2), ("x" * 160, 1, 0), ("x" * 161, 1, 2), ("Ж" * 670, 0, 0)],
)
async def test_max_parts(
    hass: HomeAssistant, simulator: Simulator, message: str, most: int, parts: int
) -> None:
    """A text of more parts is refused before any request, with the figures."""
    simulator.options.max_parts = 100
    await add_account(hass, simulator, options={CONF_MAX_PARTS: most, CONF_LONG_TEXTS: "refuse"})
    sending = act(hass, "send_sms", phones=[PAPA], message=message, urgent=True)
    if not parts:
        await sending
        assert len(simulator.orders) == 1
        return
    error = await refused(sending)
    assert error.translation_key == "too_long"
    assert error.translation_placeholders == {"parts": str(parts), "max_parts": str(most)}
    assert simulator.requests == []
