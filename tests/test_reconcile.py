"""Lost requests and responses: each message goes out once, and its result is true."""

from dataclasses import replace
from datetime import timedelta
import logging

import aiohttp
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smspilot.const import (
    CONF_INBOUND_INTERVAL,
    EVENT_MESSAGE_STATUS,
    EVENT_REPLY_RECEIVED,
)

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    act,
    add_account,
    kill,
    restart,
    state_of,
    write,
)
from .sending import BABA, NOTHING, accept, alarm, caught, ids, once, result
from .simulator.model import DEFAULT_KEY, Status
from .simulator.options import Facts
from .simulator.simulator import Simulator

# Every way to lose the response to a send.
LOST = (
    "reset",
    "html",
    "http_500",
    "http_502_html",
    "http_404_html",
    "redirect",
    "truncated",
    "empty",
    "not_utf8",
    "other_json",
    "huge",
)


@pytest.mark.parametrize("phones", [(PAPA,), (PAPA, MAMA, BABA)], ids=["one", "list"])
@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_answer_lost(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    kind: str,
    when: str,
    phones: tuple[str, ...],
) -> None:
    """Whether the service took it before the answer was lost or not: it goes out once."""
    await add_account(hass, simulator)
    simulator.fault(kind, when=when, command="send")
    rows = await result(clock, alarm(hass, *phones))
    once(simulator, *phones)
    assert {phone: row["message_id"] for phone, row in rows.items()} == ids(simulator)
    assert len(simulator.calls("send")) == (2 if when == "before" else 1)


@pytest.mark.parametrize("phones", [(PAPA,), (PAPA, MAMA, BABA)], ids=["one", "list"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_timeout(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str, phones: tuple[str, ...]
) -> None:
    """After a timeout nothing is provable: it is never sent again, and the error says so."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    fault = simulator.fault("hang", when=when, command="send")
    rows = await result(clock, alarm(hass, *phones), step=61)
    if when == "after":
        assert {phone: row["message_id"] for phone, row in rows.items()} == ids(simulator)
    else:
        assert rows == "outcome_unknown"
        assert len(simulator.calls("check")) == 3
        # It was only slow: the API accepts it now, and its delivery is published.
        fault.release()
        await accept(hass, simulator, *phones)
    once(simulator, *phones)
    assert len(simulator.calls("send")) == 1
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(6):
        await clock.advance(130)
    assert captured.of("status") == ["delivered"] * len(phones)
    assert sorted(captured.of("message_id")) == sorted(ids(simulator).values())
    assert len(simulator.calls("send")) == 1


async def test_list_partly_lost(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A number that the API's list shows is taken from it; only to the others it is sent again."""
    await add_account(hass, simulator)
    simulator.fault("reset", command="send")
    sending = hass.async_create_background_task(alarm(hass, PAPA, MAMA, BABA), "test")
    await clock.settle()
    await accept(hass, simulator, MAMA)
    rows = await result(clock, sending)
    once(simulator, PAPA, MAMA, BABA)
    assert {phone: row["message_id"] for phone, row in rows.items()} == ids(simulator)
    again = simulator.calls("send")[-1]
    assert again.params["to"] == f"{PAPA[1:]},{BABA[1:]}"


async def test_list_partly_refused(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A number that was refused in a lost response is no message: a second try has the error."""
    await add_account(hass, simulator)
    simulator.phone(BABA[1:]).blacklisted = True
    simulator.fault("reset", when="after", command="send")
    rows = await result(clock, alarm(hass, PAPA, MAMA, BABA))
    once(simulator, PAPA, MAMA)
    assert rows[BABA]["status"] == "failed"
    assert rows[BABA]["error"]["code"] == 212


async def test_list_partly_lost_for_good(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """After a timeout the rows say of each whether it is known, and a late one is followed."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await accept(hass, simulator, MAMA)
    fault = simulator.fault("hang", command="send")
    rows = await result(clock, alarm(hass, PAPA, MAMA), step=61)
    assert rows[MAMA]["message_id"] == ids(simulator)[MAMA]
    unknown = {name: rows[PAPA][name] for name in ("message_id", "status", "final")}
    assert unknown == {"message_id": None, "status": None, "final": None}
    assert rows[PAPA]["error"]["code"] is None
    fault.release()
    await accept(hass, simulator, PAPA)
    await clock.advance(70)
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    await clock.advance(70)
    await clock.advance(70)
    assert sorted(captured.of("phone")) == sorted([PAPA, MAMA])
    assert len(simulator.calls("send")) == 1


async def test_doubt_without_response(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Without a response, a row in doubt raises an error that says so."""
    await add_account(hass, simulator)
    await accept(hass, simulator, MAMA)
    simulator.fault("hang", command="send")
    sending = alarm(hass, PAPA, MAMA, respond=False)
    assert await result(clock, sending, step=61) == "outcome_unknown"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_doubt_is_reported(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str
) -> None:
    """Without a response, a doubt is an error of its own, not a refusal."""
    await add_account(hass, simulator)
    fault = simulator.fault("hang", when=when, command="send")
    sending = alarm(hass, PAPA, respond=False)
    if when == "after":
        assert await clock.finish(sending, step=61) == {}
    else:
        assert await result(clock, sending, step=61) == "outcome_unknown"
    fault.release()


@pytest.mark.parametrize("fails", [1, 3])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_read_fails_too(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str, fails: int
) -> None:
    """A read that fails proves nothing, and is made again."""
    await add_account(hass, simulator)
    simulator.fault("reset", when=when, command="send")
    simulator.fault("html", command="check", times=fails)
    rows = await result(clock, alarm(hass, PAPA))
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_no_read_at_all(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str
) -> None:
    """Where the list cannot be read, nothing is sent again; what went out is published later."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.fault("reset", when=when, command="send")
    simulator.fault("html", command="check", times=12)
    assert await result(clock, alarm(hass, PAPA)) == "outcome_unknown"
    assert len(simulator.calls("send")) == 1
    simulator.faults.clear()
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(5):
        await clock.advance(300)
    assert captured.of("status") == ["delivered"] * len(simulator.orders)
    assert len(simulator.calls("send")) == 1


async def test_failed_before_it_was_found(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What fails while it is in doubt is published as failed, not given up."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    fault = simulator.fault("hang", when="after", command="send")
    simulator.fault("html", command="check", times=12)
    assert await result(clock, alarm(hass, PAPA)) == "outcome_unknown"
    fault.release()
    simulator.faults.clear()
    await simulator.advance(simulator.orders[0].server_id, Status.FAILED)
    for _ in range(15):
        await clock.advance(600)
    assert captured.of("status") == ["failed"]
    once(simulator, PAPA)


@pytest.mark.parametrize(("second", "sent"), [("before", "outcome_unknown"), ("after", "response")])
async def test_lost_twice(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    second: str,
    sent: str,
) -> None:
    """It is sent again once and no more; after an hour it is no longer reconciled."""
    entry = await add_account(hass, simulator)
    simulator.fault("reset", command="send")
    simulator.fault("html", when=second, command="send")
    rows = await result(clock, alarm(hass, PAPA))
    if sent == "response":
        assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]
    else:
        assert rows == sent
    for _ in range(15):
        await clock.advance(600)
    assert len(simulator.calls("send")) == 2
    assert len(simulator.orders) == (1 if sent == "response" else 0)
    warned = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert sum("Nobody knows" in message for message in warned) == (sent != "response")
    ours = [one for one in caplog.records if one.name.startswith("custom_components")]
    assert not any(PAPA in record.getMessage() for record in ours)
    reads = len(simulator.calls("check"))
    if sent != "response":
        await restart(hass, entry, clock)
        await clock.advance(7200)
        assert len(simulator.calls("check")) == reads


async def test_duplicate_proves_the_first(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Error 243 on the second try: the first had arrived, only the list was late."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    simulator.fault("reset", when="after", command="send")
    simulator.fault("other_json", body=NOTHING, command="check", times=4)
    rows = await result(clock, alarm(hass, PAPA))
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]
    assert rows[PAPA]["error"] is None
    assert len(simulator.calls("send")) == 2


async def test_duplicate_in_a_list_proves_the_first(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Of a list that was half accepted, each half has its true result."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    await accept(hass, simulator, PAPA)
    simulator.fault("reset", command="send")
    simulator.fault("other_json", body=NOTHING, command="check", times=2)
    rows = await result(clock, alarm(hass, PAPA, MAMA))
    once(simulator, PAPA, MAMA)
    assert {phone: row["message_id"] for phone, row in rows.items()} == ids(simulator)
    assert [row["error"] for row in rows.values()] == [None, None]


async def test_duplicate_without_trace(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Refused as a duplicate and yet in no list: in doubt, and the error says so."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    simulator.fault("reset", when="after", command="send")
    simulator.fault("other_json", body=NOTHING, command="check", times=7)
    assert await result(clock, alarm(hass, PAPA)) == "outcome_unknown"
    once(simulator, PAPA)


async def test_duplicate_in_a_list_without_trace(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The same of one in a list: the others have their true results."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    await accept(hass, simulator, PAPA)
    simulator.fault("reset", command="send")
    # Seven reads, and two of what became of the other one.
    simulator.fault("other_json", body=NOTHING, command="check", times=9)
    rows = await result(clock, alarm(hass, PAPA, MAMA))
    assert rows[PAPA]["status"] is None
    assert rows[MAMA]["message_id"] == ids(simulator)[MAMA]


async def test_doubles_after_a_lost_answer(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A second try refused for numbers that had the text before stops no other."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    await alarm(hass, PAPA, MAMA)
    simulator.fault("reset", command="send")
    rows = await result(clock, alarm(hass, PAPA, MAMA, BABA))
    assert [order.phone for order in simulator.orders].count(BABA[1:]) == 1
    assert rows[BABA]["message_id"] == ids(simulator)[BABA]
    assert len(simulator.orders) == 3


async def test_read_beside_a_patient_send(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that waits for the network is not given up with one lost before that."""
    await add_account(hass, simulator)
    simulator.fault("hang", command="send")
    assert await result(clock, alarm(hass, MAMA), step=61) == "outcome_unknown"
    await simulator.down()
    patience = alarm(hass, PAPA, retry_for={"hours": 2})
    sending = hass.async_create_background_task(patience, "test")
    for _ in range(13):
        await clock.advance(300)
    answer = simulator.fault("hang", when="after", command="send")
    await simulator.up()
    await clock.advance(300)
    assert answer.fired
    assert simulator.calls("check")
    answer.release()
    assert (await sending)["messages"][0]["message_id"] == ids(simulator)[PAPA]
    assert sum("Nobody knows" in record.message for record in caplog.records) == 1


async def test_doubt_over_two_days(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What was in doubt when the power failed for a day raises an issue."""
    entry = await add_account(hass, simulator)
    simulator.fault("hang", command="send")
    assert await result(clock, alarm(hass, PAPA), step=61) == "outcome_unknown"
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.advance(27 * 3600)
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await alarm(hass, MAMA)
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await clock.advance(2)
    assert sum("Nobody knows" in record.message for record in caplog.records) == 1


async def test_refused_before(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was refused in a list an hour ago is not what became of the same text now."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.phone(PAPA[1:]).blacklisted = True
    await alarm(hass, PAPA, MAMA, BABA)
    assert captured.of("status") == ["failed"]
    simulator.fault("hang", command="send")
    assert await result(clock, alarm(hass, PAPA), step=61) == "outcome_unknown"
    for _ in range(9):
        await clock.advance(600)
    assert captured.of("status") == ["failed"]


async def test_two_lost(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Of two lost answers to the same text, one message that is found answers one."""
    await add_account(hass, simulator)
    for when in ("before", "after"):
        simulator.fault("hang", when=when, command="send")
        simulator.fault("html", command="check", times=20)
        assert await result(clock, alarm(hass, PAPA), step=61) == "outcome_unknown"
        simulator.faults.clear()
    for _ in range(15):
        await clock.advance(600)
    once(simulator, PAPA)
    assert sum("Nobody knows" in record.message for record in caplog.records) == 1


async def test_reads_are_shared(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was lost at about the same time is reconciled by one request, not in two."""
    await add_account(hass, simulator, options={CONF_INBOUND_INTERVAL: 0})
    faults = [simulator.fault("hang", command="send") for _ in range(3)]
    lost = []
    for phone in (PAPA, MAMA, BABA):
        lost.append(hass.async_create_background_task(caught(alarm(hass, phone)), "test"))
        await clock.advance(1)
    for _ in range(6):
        await clock.advance(20.1)
    assert [(await one).translation_key for one in lost] == ["outcome_unknown"] * 3
    simulator.requests.clear()
    for _ in range(200):
        await clock.advance(2)
    # At the ages of 160 and 300 seconds.
    assert len(simulator.calls("check")) == 2
    for fault in faults:
        fault.release()


async def test_read_beside_a_send(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A read for one lost response takes nothing of a send whose own is still to come."""
    await add_account(hass, simulator)
    replies = CapturedEvents(hass, EVENT_REPLY_RECEIVED)
    simulator.fault("hang", command="send")
    assert await result(clock, alarm(hass, MAMA), step=61) == "outcome_unknown"
    await clock.advance(30)
    slow = simulator.fault("hang", when="after", command="send")
    question = act(hass, "send_sms", phones=[PAPA], message="Дома?", two_way=True)
    asking = hass.async_create_background_task(question, "test")
    await clock.settle()
    simulator.requests.clear()
    await clock.advance(31)
    assert simulator.calls("check")
    slow.release()
    response = await asking
    await clock.advance(1)
    spent = state_of(hass, "sensor.smspilot_5671_spent_today")
    assert float(spent.state) == response["cost"]
    for text in ("да", "нет"):
        await write(simulator, PAPA, text)
    await clock.advance(61)
    assert replies.of("message") == ["да"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_same_text_before(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, restarted: bool
) -> None:
    """The same text of an hour ago is not taken for the one whose answer was lost."""
    entry = await add_account(hass, simulator)
    first = await alarm(hass, PAPA)
    if restarted:
        # No caller waits for it any more; its message is remembered.
        await simulator.deliver(simulator.orders[0].server_id)
        await clock.advance(31)
        await restart(hass, entry, clock)
    simulator.fault("reset", command="send")
    rows = await result(clock, alarm(hass, PAPA))
    assert len(simulator.orders) == 2
    assert rows[PAPA]["message_id"] == str(simulator.orders[1].server_id)
    assert rows[PAPA]["message_id"] != first["messages"][0]["message_id"]


async def test_same_text_meanwhile(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What is being sent is not taken for an earlier one in doubt: it would be sent twice."""
    await add_account(hass, simulator)
    never = simulator.fault("hang", command="send")
    assert await result(clock, alarm(hass, PAPA), step=61) == "outcome_unknown"
    await clock.advance(50)
    simulator.fault("reset", when="after", command="send")
    simulator.fault("other_json", body=NOTHING, command="check")
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    simulator.requests.clear()
    await clock.advance(11)
    assert len(simulator.calls("check")) == 1
    # Nobody can say which of the two it is; it is followed once.
    assert await result(clock, sending) == "outcome_unknown"
    once(simulator, PAPA)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await simulator.deliver(simulator.orders[0].server_id)
    for _ in range(15):
        await clock.advance(300)
    assert captured.of("message_id") == [ids(simulator)[PAPA]]
    never.release()


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=2)], ids=["back", "forth"])
async def test_clock_is_corrected(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    jump: timedelta,
) -> None:
    """A machine's clock that is put right in the meantime does not end reconciling."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    fault = simulator.fault("hang", command="send")
    assert await result(clock, alarm(hass, PAPA), step=61) == "outcome_unknown"
    present = dt_util.utcnow
    monkeypatch.setattr(dt_util, "utcnow", lambda: present() + jump)
    await clock.advance(61)
    fault.release()
    await accept(hass, simulator, PAPA)
    await simulator.deliver(simulator.orders[0].server_id)
    await act(hass, "send_sms", phones=[MAMA], message="Другое")
    await clock.advance(61)
    await clock.advance(2)
    assert captured.of("status") == ["delivered"]


async def test_lost_by_a_wrong_clock(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was lost while the clock was far behind is reconciled after the restart too."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    fault = simulator.fault("hang", when="after", command="send")
    present = dt_util.utcnow
    with monkeypatch.context() as wrong:
        wrong.setattr(dt_util, "utcnow", lambda: present() - timedelta(days=30))
        sending = hass.async_create_background_task(caught(alarm(hass, PAPA)), "test")
        await clock.settle()
    assert fault.fired
    simulator.fault("html", command="check", times=2)
    await kill(hass, entry, clock)
    await sending
    fault.release()
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(4):
        await clock.advance(301)
    assert captured.of("status") == ["delivered"]


async def test_same_text_scheduled(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was scheduled days ago and is still due is not taken for what was ordered now."""
    await add_account(hass, simulator)
    send_at = dt_util.utcnow() + timedelta(days=3)
    first = await alarm(hass, PAPA, send_at=send_at.isoformat())
    await clock.advance(timedelta(days=2).total_seconds())
    simulator.fault("reset", command="send")
    rows = await result(clock, alarm(hass, PAPA))
    assert len(simulator.orders) == 2
    assert rows[PAPA]["message_id"] != first["messages"][0]["message_id"]


async def test_same_text_was_scheduled(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What was scheduled over a day ahead stays known as long as the list may show it."""
    await add_account(hass, simulator)
    send_at = dt_util.utcnow() + timedelta(hours=30)
    first = await alarm(hass, PAPA, send_at=send_at.isoformat())
    await clock.advance(timedelta(hours=30, minutes=1).total_seconds())
    # The list dates it by when it went out.
    scheduled = simulator.messages[simulator.orders[0].server_id]
    simulator.update(replace(scheduled, created=simulator.now()))
    await simulator.deliver(scheduled.server_id)
    await clock.advance(3601)
    await act(hass, "send_sms", phones=[MAMA], message="Другое")
    simulator.fault("reset", command="send")
    rows = await result(clock, alarm(hass, PAPA))
    assert rows[PAPA]["message_id"] != first["messages"][0]["message_id"]
    assert len(simulator.orders) == 3


@pytest.mark.parametrize("facts", list(Facts))
async def test_check_is_done_meanwhile(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, facts: Facts
) -> None:
    """A check whose facts stand in place of its text is found all the same."""
    await add_account(hass, simulator)
    simulator.options.facts = facts
    # With its result in the place of its text it is in doubt at first.
    simulator.options.check_shows_result = False
    fault = simulator.fault("hang", when="after", command="send")
    checking = hass.async_create_background_task(
        act(hass, "check_number", phones=[PAPA], method="hlrvip", wait=10), "test"
    )
    await clock.settle()
    await simulator.deliver(simulator.orders[0].server_id)
    rows = await result(clock, checking, step=61)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]
    assert rows[PAPA]["status"] == "in_service"
    fault.release()


@pytest.mark.parametrize("text", ["Дом\nПротечка", "  Протечка  ", "Протечка 😀"])
async def test_list_writes_text_otherwise(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, text: str
) -> None:
    """Other line ends and outer spaces in the service's list are the same text."""
    await add_account(hass, simulator)
    simulator.fault("reset", when="after", command="send")
    sending = hass.async_create_background_task(
        act(hass, "send_sms", phones=[PAPA], message=text), "test"
    )
    simulator.fault("hang", command="check")
    await clock.settle()
    (message,) = simulator.messages.values()
    body = text.strip().replace("\n", "\\r\\n")
    simulator.faults.clear()
    simulator.fault(
        "other_json",
        command="check",
        times=3,
        body=(
            f'{{"check": [{{"server_id": "{message.server_id}", "phone": "{message.phone}", '
            f'"message": "{body}", "status": "0", "created": "2026-11-23 10:00"}}]}}'
        ),
    )
    rows = await result(clock, sending)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]
    assert len(simulator.calls("send")) == 1


async def test_many_pages(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Absent is only what no page of the list shows, however it is ordered."""
    await add_account(hass, simulator)
    simulator.options.shuffle = True
    form = {"send": "Другое", "apikey": DEFAULT_KEY, "format": "json"}
    for block in range(3):
        numbers = ",".join(f"7908{block}{number:06}" for number in range(700))
        async with aiohttp.ClientSession() as session:
            await session.post(simulator.url, data={**form, "to": numbers})
    simulator.requests.clear()
    simulator.fault("reset", when="after", command="send")
    rows = await result(clock, alarm(hass, PAPA))
    assert rows[PAPA]["message_id"] == str(simulator.orders[-1].server_id)
    assert len(simulator.calls("send")) == 1
    offsets = [call.params["offset"] for call in simulator.calls("check")[:3]]
    assert offsets == ["0", "1000", "2000"]
    assert simulator.calls("check")[0].params["fields"] == (
        "server_id,phone,message,status,created,sender"
    )


async def test_pages_that_repeat(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A service that ignores the offset is not read for ever."""
    await add_account(hass, simulator)
    row = '{"server_id": "%s", "phone": "79080000000", "message": "x", "status": "2"}'
    page = ",".join(row % number for number in range(1, 1001))
    simulator.fault("reset", when="after", command="send")
    simulator.fault("other_json", command="check", times=100, body=f'{{"check": [{page}]}}')
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    assert len(simulator.calls("check")) == 2
    simulator.faults.clear()
    assert (await result(clock, sending))[PAPA]["message_id"] == ids(simulator)[PAPA]
