"""What an inbound message becomes: a reply or not, an event, a row of `get_inbound`."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smspilot.const import (
    CONF_VERIFY_PUSHES,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
)

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    act,
    add_account,
    state_of,
    write,
)
from .simulator.simulator import Simulator
from .test_inbox import PEOPLE, reads


@pytest.mark.usefixtures("_webhook_server")
async def test_reply(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The newest question takes one answer; what follows is a message like any other."""
    await add_account(hass, simulator, people=PEOPLE)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await act(hass, "send_sms", phones=["Папа"], message="Топить баню?", two_way=True)
    await clock.advance(5)
    simulator.clock_offset += timedelta(seconds=5)
    second = await act(hass, "send_sms", phones=["Папа"], message="Точно?", two_way=True)
    await act(hass, "send_sms", phones=["Мама"], message="Не вопрос")
    for text in ("Да", "Нет", "Может быть"):
        await write(simulator, PAPA, text)
        await clock.advance(1)
    await write(simulator, MAMA, "5671 Привет")
    await clock.advance(1)
    assert [reply["message"] for reply in replies.of("reply_to")] == ["Точно?", "Топить баню?"]
    assert replies.data[0]["reply_to"]["message_id"] == second["messages"][0]["message_id"]
    assert replies.of("message") == ["Да", "Нет"]
    assert messages.of("message") == ["Может быть", "Привет"]


async def test_reply_to_a_scheduled_question(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A question counts from when it goes out: it may be answered from then on, for 72 hours."""
    await add_account(hass, simulator, people=PEOPLE)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    send_at = dt_util.utcnow() + timedelta(days=4)
    orders: tuple[tuple[dict[str, Any], str], ...] = (
        ({"send_at": send_at}, "Топить баню?"),
        ({}, "Едешь?"),
    )
    for when, text in orders:
        await act(hass, "send_sms", phones=["Папа"], message=text, two_way=True, **when)
    for text in ("Еду", "Привет"):
        await write(simulator, PAPA, text)
        await clock.advance(61)
    assert messages.of("message") == ["Привет"]
    simulator.clock_offset += timedelta(days=4, hours=1)
    await clock.advance(timedelta(days=4, hours=1).total_seconds())
    await write(simulator, PAPA, "Топи")
    await clock.advance(61)
    assert replies.of("message") == ["Еду", "Топи"]
    assert replies.data[1]["reply_to"]["message"] == "Топить баню?"
    sent_at = datetime.fromisoformat(replies.data[1]["reply_to"]["sent_at"])
    assert abs(sent_at - send_at) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("written", "sent_ago"),
    [(timedelta(minutes=-5), timedelta()), (timedelta(), timedelta(hours=73))],
)
async def test_no_answer(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    written: timedelta,
    sent_ago: timedelta,
) -> None:
    """What was written before the question is no answer to it, nor is what comes days later."""
    await add_account(hass, simulator, people=PEOPLE)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    # Longer ago than anything that is written here.
    simulator.clock_offset += timedelta(hours=1)
    await act(hass, "send_sms", phones=["Папа"], message="Топить баню?", two_way=True)
    simulator.clock_offset += sent_ago
    await simulator.receive(PAPA[1:], "да", created=simulator.now() + written)
    await clock.advance(61)
    assert (replies.of("message"), messages.of("message")) == ([], ["да"])


@pytest.mark.usefixtures("_webhook_server")
async def test_unverified(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without verification a push is an event at once, and no read repeats it."""
    await add_account(hass, simulator, people=PEOPLE, options={CONF_VERIFY_PUSHES: False})
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 раз")
    await clock.settle()
    assert captured.of("verified") == [False]
    assert reads(simulator) == 0
    push = await simulator.push_inbound(
        phone=PAPA[1:], message="чужое", user_id="1", id="77", num="7"
    )
    assert push.status == 403
    await clock.advance(61)
    await clock.advance(900)
    assert captured.of("message") == ["раз"]


@pytest.mark.usefixtures("_webhook_server")
async def test_unverified_without_a_clock(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock is behind keeps what was published, and the open questions."""
    present = dt_util.utcnow
    monkeypatch.setattr(dt_util, "utcnow", lambda: present() - timedelta(days=300))
    await add_account(hass, simulator, people=PEOPLE, options={CONF_VERIFY_PUSHES: False})
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    await act(hass, "send_sms", phones=["Папа"], message="Топить баню?", two_way=True)
    await write(simulator, PAPA, "Да")
    await write(simulator, PAPA, "5671 раз")
    for _ in range(4):
        await clock.advance(901)
    assert reads(simulator) >= 3
    assert replies.of("message") == ["Да"]
    assert captured.of("message") == ["раз"]
    age = simulator.now() - datetime.fromisoformat(captured.data[0]["received_at"])
    assert age < timedelta(minutes=1)


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("verify", [True, False])
async def test_wrong_clock(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, verify: bool
) -> None:
    """Age, and what is an answer to what, follow the service's clock, not the machine's."""
    await add_account(hass, simulator, people=PEOPLE, options={CONF_VERIFY_PUSHES: verify})
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    messages = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    simulator.clock_offset = timedelta(days=400)
    await act(hass, "send_sms", phones=["Папа"], message="Дома?", two_way=True)
    for text in ("да", "5671 скоро буду"):
        await write(simulator, PAPA, text)
        await clock.advance(1)
    assert (replies.of("message"), messages.of("message")) == (["да"], ["скоро буду"])
    assert max(replies.of("age") + messages.of("age")) < 60
    assert replies.of("verified") == [verify]


@pytest.mark.usefixtures("_webhook_server")
async def test_unverified_before_the_start(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What cannot be published yet is left to the list: a kill does not lose it."""
    hass.set_state(CoreState.starting)
    await add_account(hass, simulator, people=PEOPLE, options={CONF_VERIFY_PUSHES: False})
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 раз")
    await clock.settle()
    assert captured.data == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await clock.settle()
    assert captured.of("verified") == [True]


async def test_event_entities(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The account's entity shows all, a recipient's theirs; a sender's word stays a word."""
    await add_account(hass, simulator, people=PEOPLE)
    await write(simulator, PAPA, "5671 папино")
    await clock.advance(61)
    papa, mama = state_of(hass, "event.papa_inbound"), state_of(hass, "event.mama_inbound")
    assert papa.attributes["message"] == "папино"
    assert papa.attributes["event_type"] == "sms_received"
    assert mama.state == "unknown"
    await write(simulator, "Sberbank", "5671 код 1234")
    await clock.advance(61)
    state = state_of(hass, "event.smspilot_5671_inbound")
    assert state.attributes["phone"] == "Sberbank"
    assert state.attributes["recipient"] is None
    assert state_of(hass, "event.papa_inbound") == papa


async def test_get_inbound(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The list is shown without any event and without moving anything."""
    assert await async_setup_component(hass, "homeassistant", {})
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    message_id = await write(simulator, PAPA, "5671 раз")
    response = await act(hass, "get_inbound", scope="all")
    assert response["messages"] == [
        {
            "message_id": message_id,
            "phone": PAPA,
            "recipient": "Папа",
            "message": "раз",
            "service_number": "+79533984570",
            "received_at": response["messages"][0]["received_at"],
            "seen": False,
        }
    ]
    assert (await act(hass, "get_inbound", since="2031-01-01 00:00:00"))["messages"] == []
    assert captured.data == []
    await clock.advance(61)
    assert captured.of("message") == ["раз"]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-11-23 12:00:00", "2026-11-23T06:15:00+00:00"),
        ("2026-11-23T12:00:00+03:00", "2026-11-23T09:00:00+00:00"),
    ],
)
async def test_get_inbound_since(
    hass: HomeAssistant, simulator: Simulator, since: str, expected: str
) -> None:
    """A time without a zone is Home Assistant's."""
    await hass.config.async_set_time_zone("Asia/Kathmandu")
    await add_account(hass, simulator)
    await act(hass, "get_inbound", since=since)
    moment = int(datetime.fromisoformat(expected).timestamp())
    assert simulator.calls("inbound")[-1].params["inbound"] == str(moment)
