"""A row of the API's list that may be the message leaves it in doubt, however odd it looks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smspilot.const import CONF_DAILY_LIMIT, EVENT_MESSAGE_STATUS

from .common import MAMA, PAPA, CapturedEvents, Clock, act, add_account, kill
from .sending import BABA, TEXT, accept, alarm, caught, once, result
from .simulator import ListedNumbers, OddRow, Stored
from .simulator.model import Status
from .simulator.simulator import Simulator

OURS = 777


@pytest.mark.parametrize("odd", list(OddRow))
async def test_own_row_is_odd(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, odd: OddRow
) -> None:
    """A message whose row cannot be read, beside rows that can, is not sent again."""
    await add_account(hass, simulator)
    await accept(hass, simulator, MAMA)
    simulator.preset_ids, simulator.odd_rows[OURS] = [OURS], odd
    simulator.fault("reset", when="after", command="send")
    await result(clock, alarm(hass, PAPA))
    once(simulator, MAMA, PAPA)


@pytest.mark.parametrize("odd", [OddRow.NO_STATUS, OddRow.NO_NUMBER, OddRow.NULLS, OddRow.STRING])
async def test_only_row_of_the_response_is_odd(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, odd: OddRow
) -> None:
    """A response with a row shows that the message was accepted, however late the list is."""
    await add_account(hass, simulator)
    simulator.preset_ids, simulator.odd_rows[OURS] = [OURS], odd
    simulator.options.check_lag = timedelta(minutes=11)
    assert await result(clock, alarm(hass, PAPA)) == "outcome_unknown"
    once(simulator, PAPA)


@pytest.mark.parametrize("how", ["alive", "killed"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_same_text_as_one_in_doubt(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str, how: str
) -> None:
    """The row of one of two that are in doubt does not show the other one as sent."""
    entry = await add_account(hass, simulator)
    clock.service = simulator
    events = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, MAMA)
    await clock.advance(1)
    simulator.options.check_lag = timedelta(seconds=50)
    simulator.fault("reset", when="after", command="send")
    assert await result(clock, alarm(hass, PAPA), step=3) == "outcome_unknown"
    if how == "killed":
        simulator.fault("html", command="check")
        await kill(hass, entry, clock)
    simulator.options.check_lag = timedelta(0)
    simulator.fault("reset", when=when, command="send")
    second = await result(clock, alarm(hass, PAPA), step=3)
    if when == "before":
        assert second == "outcome_unknown"
        once(simulator, MAMA, PAPA)
    else:
        assert second[PAPA]["message_id"] in [str(one.server_id) for one in simulator.orders]
        once(simulator, MAMA, PAPA, PAPA)
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(15):
        await clock.advance(300)
    found = [str(one.server_id) for one in simulator.orders if one.phone == PAPA[1:]]
    assert sorted(one["message_id"] for one in events.data if one["phone"] == PAPA) == found


@pytest.mark.parametrize("stored", [Stored.AS_SENT, Stored.CUT_AT_EMOJI])
async def test_two_of_a_text_in_doubt(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, stored: Stored
) -> None:
    """Two of the same text that both went out are both followed, however it is stored."""
    await add_account(hass, simulator)
    simulator.options.stored = stored
    events = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    lost = simulator.fault("hang", when="after", command="send", times=2)
    simulator.fault("html", command="check", times=100)
    for _ in range(2):
        text = act(hass, "send_sms", phones=[PAPA], message="Пожар 🔥")
        assert await result(clock, text, step=61) == "outcome_unknown"
    lost.release()
    simulator.faults.clear()
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(15):
        await clock.advance(300)
    assert sorted(events.of("message_id")) == [str(one.server_id) for one in simulator.orders]
    once(simulator, PAPA, PAPA)


async def test_own_row_on_a_page_behind_an_odd_row(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A page is full although a row of it cannot be read, so the next page is read too."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 0})
    simulator.account.balance = Decimal(100_000)
    simulator.options.check_newest_first = False
    await accept(hass, simulator, *(f"+7916000{number:04}" for number in range(1000)))
    simulator.odd_rows[simulator.orders[0].server_id] = OddRow.NO_STATUS
    simulator.fault("reset", when="after", command="send")
    rows = await result(clock, alarm(hass, PAPA))
    assert rows[PAPA]["message_id"] == str(simulator.orders[-1].server_id)
    assert len(simulator.orders) == 1001


@pytest.mark.parametrize("numbers", list(ListedNumbers))
async def test_number_is_listed_otherwise(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, numbers: ListedNumbers
) -> None:
    """A row whose number is masked, empty or without its country may be the message."""
    await add_account(hass, simulator)
    simulator.options.listed_numbers = numbers
    simulator.fault("reset", when="after", command="send")
    await result(clock, alarm(hass, PAPA, BABA))
    once(simulator, PAPA, BABA)


@pytest.mark.parametrize("numbers", [ListedNumbers.NATIONAL, ListedNumbers.AS_ELSEWHERE])
async def test_another_number_is_no_doubt(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, numbers: ListedNumbers
) -> None:
    """A row that is of another number proves nothing about this one: it is sent again."""
    await add_account(hass, simulator)
    await accept(hass, simulator, MAMA)
    simulator.options.listed_numbers = numbers
    simulator.fault("reset", when="before", command="send")
    rows = await result(clock, alarm(hass, PAPA))
    once(simulator, MAMA, PAPA)
    assert rows[PAPA]["status"] == "accepted"


@pytest.mark.parametrize("first", ["before", "after"])
async def test_stored_as_another_in_doubt(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, first: str
) -> None:
    """A text that is cut to another one in doubt is not sent again for being that one's."""
    await add_account(hass, simulator)
    simulator.options.stored = Stored.CUT_AT_EMOJI
    lost = simulator.fault("hang", when=first, command="send")
    plain = act(hass, "send_sms", phones=[PAPA], message="Пожар")
    sending = hass.async_create_background_task(caught(plain), "test")
    await clock.settle()
    simulator.fault("reset", when="after", command="send")
    await result(clock, act(hass, "send_sms", phones=[PAPA], message="Пожар 🔥"))
    assert [order.text for order in simulator.orders].count("Пожар 🔥") == 1
    lost.release()
    while not sending.done():
        await clock.advance(5)


async def test_another_in_doubt_stored_as_this(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A text is not reported as sent for a row that may be a longer one's, cut."""
    await add_account(hass, simulator)
    simulator.options.stored = Stored.CUT_AT_EMOJI
    lost = simulator.fault("hang", when="after", command="send")
    longer = act(hass, "send_sms", phones=[PAPA], message="Пожар 🔥")
    sending = hass.async_create_background_task(caught(longer), "test")
    await clock.settle()
    simulator.fault("reset", when="before", command="send")
    found = await result(clock, act(hass, "send_sms", phones=[PAPA], message="Пожар"))
    assert found == "outcome_unknown"
    assert [order.text for order in simulator.orders] == ["Пожар 🔥"]
    lost.release()
    await sending


async def test_default_sender_is_two_way(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An SMS of the account's default sender is listed with that, also where it is `2WAY`."""
    await add_account(hass, simulator)
    simulator.account.default_sender = "2WAY"
    simulator.fault("reset", when="after", command="send")
    await result(clock, alarm(hass, PAPA))
    once(simulator, PAPA)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("listed", [True, False])
async def test_scheduled(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str, *, listed: bool
) -> None:
    """A list that shows no scheduled message does not prove that one was not accepted."""
    await add_account(hass, simulator)
    simulator.options.check_lists_scheduled = listed
    later: dict[str, Any] = {"send_at": dt_util.utcnow() + timedelta(hours=2)}
    await act(hass, "send_sms", phones=[MAMA], message=TEXT, **later)
    await clock.advance(4000)
    simulator.fault("reset", when=when, command="send")
    found = await result(clock, alarm(hass, PAPA, **later))
    assert [order.phone for order in simulator.orders].count(PAPA[1:]) == (
        listed or when == "after"
    )
    assert (found == "outcome_unknown") is not listed


@pytest.mark.parametrize("stored", [Stored.AS_SENT, Stored.STRAIGHT_QUOTES, Stored.CUT_AT_EMOJI])
async def test_failed_beside_an_odd_row(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, stored: Stored
) -> None:
    """A message that failed meanwhile is found at last, also beside a row without a number."""
    await add_account(hass, simulator)
    simulator.options.stored = stored
    events = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.options.odd_row = OddRow.EMPTY_NUMBER
    lost = simulator.fault("hang", when="after", command="send")
    text = act(hass, "send_sms", phones=[PAPA], message="«Протечка» 💧 воды")
    sending = hass.async_create_background_task(caught(text), "test")
    await clock.settle()
    await simulator.advance(simulator.orders[0].server_id, Status.FAILED, error=604)
    for _ in range(20):
        await clock.advance(300)
    assert events.of("status") == ["failed"]
    lost.release()
    await sending
