"""Each message is on the disk before its request: one request, and none twice."""

import asyncio
from contextlib import suppress
import logging
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_RATE_LIMIT,
    EVENT_MESSAGE_STATUS,
)

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    act,
    add_account,
    person,
)
from .sending import TEXT, accept, alarm, caught, ids, once, requested, result, result_of
from .simulator.simulator import Simulator

UNLIMITED = {CONF_DAILY_LIMIT: 0}


def numbers(count: int, block: int = 0) -> list[str]:
    return [f"+7908{block:03}{number:04}" for number in range(count)]


async def test_one_request(hass: HomeAssistant, simulator: Simulator) -> None:
    """A send is one POST, and its response is the service's."""
    await add_account(hass, simulator)
    response = await alarm(hass, PAPA)
    (request,) = simulator.requests
    assert (request.method, request.query) == ("POST", {})
    assert [order.text for order in simulator.orders] == [TEXT]
    (row,) = response["messages"]
    assert row["status"] == "accepted"
    assert row["price"] == float(simulator.orders[0].price)


async def test_same_text_twice_at_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Two of the same are two; a lost answer of one is not taken for the other."""
    await add_account(hass, simulator)
    simulator.fault("reset", when="after", command="send")
    both = asyncio.gather(alarm(hass, PAPA), alarm(hass, PAPA, MAMA))
    first, second = await clock.finish(result_of(both))
    assert sorted(order.phone for order in simulator.orders) == sorted(
        [PAPA[1:], PAPA[1:], MAMA[1:]]
    )
    sent = [row["message_id"] for response in (first, second) for row in response["messages"]]
    assert sorted(sent) == sorted(str(order.server_id) for order in simulator.orders)
    # Only the number whose text is on its way waits for its turn.
    assert len(simulator.calls("send")) == 3


async def test_same_text_by_two_channels_at_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Messages whose limits are checked together wait for others of the same text, too."""
    people = (person("Папа", PAPA), person("Мама", MAMA, channel="two_way"))
    await add_account(hass, simulator, people=people)
    slow = simulator.fault("hang", when="after", command="send", times=2)
    data = {"message": TEXT, "target": ["Папа", "Мама"]}
    calls = [
        hass.async_create_background_task(
            hass.services.async_call("notify", "smspilot", data, blocking=True), "test"
        )
        for _ in range(2)
    ]
    await clock.settle()
    assert len(simulator.calls("send")) == 2
    slow.release()
    await clock.finish(result_of(asyncio.gather(*calls)))
    assert len(simulator.calls("send")) == 4


async def test_same_words_at_once(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Two texts that the service's list may show alike are two messages all the same."""
    await add_account(hass, simulator)
    simulator.fault("reset", command="send")
    slow = simulator.fault("hang", when="after", command="send")
    both = asyncio.gather(
        act(hass, "send_sms", phones=[PAPA], message="Протечка!"),
        act(hass, "send_sms", phones=[PAPA], message="Протечка!\n"),
    )
    await clock.settle()
    await clock.advance(20.1)
    slow.release()
    responses = await clock.finish(result_of(both))
    sent = [response["messages"][0]["message_id"] for response in responses]
    assert sorted(sent) == sorted(str(order.server_id) for order in simulator.orders)
    assert len(set(sent)) == 2


@pytest.mark.parametrize(("retry_for", "held"), [(None, 180), ({"minutes": 10}, 600)])
async def test_same_text_as_a_patient_one(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, retry_for: Any, held: float
) -> None:
    """A send that waits for another one of the same text ends within its own time."""
    await add_account(hass, simulator, options={CONF_RATE_LIMIT: 2})
    await simulator.down()
    first = hass.async_create_background_task(alarm(hass, PAPA, retry_for={"hours": 5}), "test")
    await clock.settle()
    before = hass.loop.time()
    more = {} if retry_for is None else {"retry_for": retry_for}
    assert await result(clock, alarm(hass, PAPA, **more), step=15) == "cannot_connect"
    assert held <= hass.loop.time() - before <= held + 15
    await simulator.up()
    await result(clock, first)
    # It used up no rate, and is held back by nothing any more.
    await alarm(hass, PAPA)
    once(simulator, PAPA, PAPA)


@pytest.mark.parametrize(
    ("language", "minutes", "said"),
    [
        ("en", 2, "there was no time left"),
        ("ru", 2, "не хватило времени"),
        ("en", 10, "the same text to the same number is still on its way out"),
        ("ru", 10, "такое же сообщение на этот номер ещё отправляется"),
    ],
)
async def test_no_time_in_the_language_of_the_home(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, language: str, minutes: int, said: str
) -> None:
    """Why nothing was requested in time is said in translations, like any other reason."""
    hass.config.language = language
    await add_account(hass, simulator)
    await simulator.down()
    hass.async_create_background_task(caught(alarm(hass, PAPA, retry_for={"hours": 5})), "test")
    await clock.settle()
    late = asyncio.ensure_future(caught(alarm(hass, PAPA, retry_for={"minutes": minutes})))
    error = await clock.finish(result_of(late), step=15)
    assert error.translation_key == "cannot_connect"
    assert error.translation_placeholders == {"error": said}
    await simulator.up()


async def test_patience_begins_with_the_order(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A wait for one's turn without a network counts for `retry_for`."""
    await add_account(hass, simulator)
    await simulator.down()
    for minutes in (10, 15):
        order = caught(alarm(hass, PAPA, retry_for={"minutes": minutes}))
        last = hass.async_create_background_task(order, "test")
        await clock.settle()
    before = hass.loop.time()
    assert (
        await clock.finish(result_of(last), step=15, most=70)
    ).translation_key == "cannot_connect"
    assert 895 <= hass.loop.time() - before <= 915


async def test_same_text_that_is_long_in_doubt(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Where one of a list cannot be sent to for long, the others get it all the same."""
    await add_account(hass, simulator)
    simulator.fault("hang", when="after", command="send")
    simulator.fault("hang", command="check", times=30)
    first = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    rows = await result(clock, alarm(hass, PAPA, MAMA), step=31)
    assert first.done()
    once(simulator, PAPA, MAMA)
    assert rows[MAMA]["message_id"] == ids(simulator)[MAMA]
    assert rows[PAPA]["status"] == "failed"
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    simulator.faults.clear()


async def test_patience_begins_with_the_outage(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A wait for one's turn while the service was there does not count for `retry_for`."""
    await add_account(hass, simulator)
    slow = simulator.fault("hang", command="send")
    simulator.fault("html", command="check", times=2)
    first = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    second = hass.async_create_background_task(alarm(hass, PAPA), "test")
    last = simulator.fault("hang", when="after", command="check", skip=2)
    for seconds in (61, 20.1, 20.1, 20.1, 20.1):
        await clock.advance(seconds)
    assert last.fired
    await simulator.down()
    last.release()
    await clock.settle()
    assert first.done()
    await clock.advance(5)
    await simulator.up()
    rows = await result(clock, second)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]
    slow.release()


async def test_patience_of_a_long_list(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """However many requests a message takes, its caller gets the result after `retry_for`."""
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 0})
    await simulator.down()
    before = hass.loop.time()
    many = [f"+7908{number:07}" for number in range(1100)]
    assert await result(clock, alarm(hass, *many)) == "cannot_connect"
    assert 120 <= hass.loop.time() - before <= 135


async def test_different_texts_at_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A lost response does not delay other messages."""
    await add_account(hass, simulator)
    fault = simulator.fault("hang", command="send")
    slow = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
    await clock.settle()
    response = await act(hass, "send_sms", phones=[PAPA], message="Другое")
    assert response["messages"][0]["status"] == "accepted"
    assert not slow.done()
    fault.release()
    await clock.finish(result_of(slow))


@pytest.mark.parametrize("when", ["before", "after"])
async def test_cancelled_caller(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str
) -> None:
    """Stopping an automation does not cancel its send."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.fault("reset", when=when, command="send")
    task = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    for _ in range(7):
        await clock.advance(10)
    once(simulator, PAPA)
    await simulator.deliver(simulator.orders[0].server_id)
    for _ in range(3):
        await clock.advance(31)
    assert captured.of("status") == ["delivered"]
    assert captured.of("message_id") == [ids(simulator)[PAPA]]


async def test_cancelled_caller_is_logged(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A send that fails after its caller was stopped is logged."""
    await add_account(hass, simulator)
    await simulator.down()
    task = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    task.cancel()
    for _ in range(30):
        await clock.advance(5)
    assert simulator.orders == []
    (record,) = [one for one in caplog.records if "its caller stopped waiting" in one.getMessage()]
    assert "cannot be reached" in record.getMessage()
    assert PAPA not in record.getMessage()


async def test_a_thousand_numbers(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """1,000 numbers are two requests and 1,000 rows, and the log shows the progress."""
    caplog.set_level(logging.INFO)
    await add_account(hass, simulator, options=UNLIMITED)
    simulator.account.balance *= 100
    response = await alarm(hass, *numbers(1000))
    assert requested(simulator) == ["send", "send"]
    assert [row["phone"] for row in response["messages"]] == numbers(1000)
    assert len({row["message_id"] for row in response["messages"]}) == 1000
    assert response["cost"] == pytest.approx(float(sum(order.price for order in simulator.orders)))
    packets = {row["packet_id"] for row in response["messages"]}
    assert packets == {str(order.packet) for order in simulator.orders}
    assert response["packet_id"] == str(simulator.orders[0].packet)
    assert response["balance"] == float(simulator.account.balance)
    progress = [record.message for record in caplog.records if "Request" in record.message]
    assert progress == ["Request 1 of 2 is done", "Request 2 of 2 is done"]


async def test_second_request_fails(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Of two requests one fails: the rows say who got it and who did not, and why."""
    await add_account(hass, simulator, options=UNLIMITED)
    simulator.account.balance *= 100
    simulator.fault("error", code=241, command="send", skip=1)
    response = await alarm(hass, *numbers(600))
    failed = [row for row in response["messages"] if row["status"] == "failed"]
    assert [row["phone"] for row in failed] == numbers(600)[500:]
    assert {row["error"]["code"] for row in failed} == {241}
    assert len(simulator.orders) == 500


async def test_doubt_of_one_request_is_reported(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Where one request is refused and another in doubt, the error says that it is in doubt."""
    await add_account(hass, simulator, options=UNLIMITED)
    simulator.account.balance *= 100
    simulator.fault("error", code=241, command="send")
    fault = simulator.fault("hang", command="send")
    assert await result(clock, alarm(hass, *numbers(600)), step=61) == "outcome_unknown"
    fault.release()


async def test_error_names_not_every_number(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An error about hundreds of numbers is short enough to be read."""
    await add_account(hass, simulator, options=UNLIMITED, people=[person("Папа", PAPA)])
    simulator.account.balance *= 100
    simulator.fault("error", code=241, command="send", skip=1)
    with pytest.raises(HomeAssistantError) as raised:
        await alarm(hass, *numbers(500, 1), PAPA, *numbers(99), respond=False)
    assert raised.value.translation_key == "partly_refused"
    reasons = (raised.value.translation_placeholders or {})["reasons"]
    assert reasons.startswith("Папа, +7908•••0000, ")
    assert reasons.endswith(", …: You don't have enough money")
    assert len(reasons) < 500


async def test_test_mode(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Test messages carry `test=1`, cost nothing, and are not followed."""
    await add_account(hass, simulator, options={"test_mode": True})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    balance = simulator.account.balance
    actions: dict[str, dict[str, Any]] = {
        "send_sms": {"message": TEXT},
        "call": {"message": TEXT},
        "flash_call": {"code": "0042"},
        "check_number": {},
    }
    for action, fields in actions.items():
        response = await act(hass, action, phones=[PAPA], **fields)
        assert response["messages"][0]["test"] is True
        assert response["messages"][0]["message_id"] == "1000"
        assert simulator.calls("send")[-1].params["test"] == "1"
    await clock.advance(600)
    assert simulator.orders == []
    assert simulator.account.balance == balance
    assert simulator.calls("check") == []
    assert captured.data == []
    for name in ("spent_today", "pending_messages"):
        state = hass.states.get(f"sensor.smspilot_5671_{name}")
        assert state is not None
        assert float(state.state) == 0


async def test_dead_key_in_test_mode(hass: HomeAssistant, simulator: Simulator) -> None:
    """A dead key is found out by test messages too."""
    entry = await add_account(hass, simulator, options={"test_mode": True})
    simulator.fault("error", code=101, command="send")
    with pytest.raises(HomeAssistantError) as raised:
        await alarm(hass, PAPA)
    assert raised.value.translation_key == "invalid_auth"
    await hass.async_block_till_done()
    assert [flow["context"]["source"] for flow in entry.async_get_active_flows(hass, {"reauth"})]


async def test_emulator(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The vendor's emulator key sends nothing: its ids are not followed."""
    emulator = next(one for one in simulator.accounts.values() if one.emulator)
    await add_account(hass, simulator, account_id="10000", data={"api_key": emulator.apikey})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    for _ in range(2):
        response = await alarm(hass, PAPA, MAMA)
        assert {row["test"] for row in response["messages"]} == {True}
    await clock.advance(600)
    assert simulator.calls("check") == []
    assert captured.data == []
    spent = hass.states.get("sensor.smspilot_10000_spent_today")
    assert spent is not None
    assert float(spent.state) == 0


async def test_shared_account(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Messages of another home that shares the account are none of ours."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await accept(hass, simulator, MAMA)
    await alarm(hass, PAPA)
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    await clock.advance(61)
    assert captured.of("phone") == [PAPA]
