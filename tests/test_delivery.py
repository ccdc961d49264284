"""One event a change, none after the end: what becomes of messages on their way."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
import json
import random
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_INBOUND_INTERVAL,
    CONF_RATE_LIMIT,
    CONF_SENDER,
    CONF_VERIFY_PUSHES,
    EVENT_MESSAGE_STATUS,
)
from custom_components.smspilot.diagnostics import async_get_config_entry_diagnostics
from custom_components.smspilot.outbound import early_pushes

from .common import (
    MAMA,
    PAPA,
    Clock,
    Heard,
    act,
    add_account,
    device_of,
    kill,
    person,
    restart,
    state_of,
)
from .sending import alarm
from .simulator.model import Kind, Status
from .simulator.options import Facts, Pushes, UnknownIds
from .simulator.simulator import Simulator

PENDING = "sensor.smspilot_5671_pending_messages"
SPENT = "sensor.smspilot_5671_spent_today"
VERIFY = pytest.mark.parametrize("verify", [True, False], ids=["verified", "unverified"])


def checks(sim: Simulator) -> int:
    return len(sim.calls("check"))


async def at_rest(sim: Simulator, clock: Clock) -> None:
    """Let one request follow the other until there is no more."""
    before = -1
    while checks(sim) > before:
        before = checks(sim)
        for _ in range(10):
            await clock.settle()


def the_id(sim: Simulator) -> int:
    return sim.orders[-1].server_id


async def push(sim: Simulator, status: Status, server_id: int | None = None) -> None:
    """Push a status that the service's list may not confirm."""
    answer = await sim.push_status(
        sim.account.inbound_url,
        server_id=str(server_id or the_id(sim)),
        phone=PAPA[1:],
        status=str(int(status)),
        error="0",
    )
    assert answer.status == 200


@pytest.mark.usefixtures("_door")
async def test_event(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The event and the event entity have the fields that the contract promises."""
    entry = await add_account(
        hass,
        simulator,
        people=[person("Папа", PAPA), person("Мама", MAMA)],
        enabled=[f"event.{one}_delivery" for one in ("smspilot_5671", "papa", "mama")],
    )
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    before = dt_util.utcnow()
    receipt = await alarm(hass, PAPA)
    await simulator.advance(the_id(simulator), Status.UNDELIVERED, error=604)
    await clock.settle()
    (data,) = heard.data
    sent_at, changed_at = data["sent_at"], data["changed_at"]
    assert data == {
        "entry_id": entry.entry_id,
        "account_id": "5671",
        "device_id": device_of(hass, entry, "Папа"),
        "message_id": receipt["messages"][0]["message_id"],
        "packet_id": receipt["packet_id"],
        "kind": "sms",
        "phone": PAPA,
        "recipient": "Папа",
        "status": "undelivered",
        "status_code": -1,
        "final": True,
        "price": 1.31,
        "error": {"code": 604, "description": "Undeliverable"},
        "sent_at": sent_at,
        "changed_at": changed_at,
    }
    moments = [dt_util.parse_datetime(at, raise_on_error=True) for at in (sent_at, changed_at)]
    assert before < moments[0] < moments[1] < dt_util.utcnow()
    assert {moment.utcoffset() for moment in moments} == {timedelta(0)}
    for entity in ("smspilot_5671", "papa"):
        state = state_of(hass, f"event.{entity}_delivery")
        assert state.attributes["event_type"] == "undelivered"
        assert {key: state.attributes[key] for key in data} == data
    assert state_of(hass, "event.mama_delivery").state == "unknown"


async def test_unreadable_row(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A row without a number or a status is left out; the others of its list are published."""
    entry = await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA)
    odd, good = (
        {"server_id": str(order.server_id), "phone": order.phone, "status": "1"}
        for order in simulator.orders
    )
    del odd["phone"]
    simulator.fault("other_json", command="check", body=json.dumps({"check": [odd, good]}), times=2)
    await clock.advance(16)
    assert heard.of("message_id") == [good["server_id"]]
    await clock.advance(16)
    assert caplog.text.count("rows that cannot be read (check)") == 1
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["account"]["unreadable_rows"] == {"check": 1}
    await clock.advance(31)
    assert heard.of("status") == ["sent"]


async def test_status_of_a_newer_service(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A status that the document does not know is shown as unknown, and ends nothing."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    row = {"server_id": "7001", "phone": PAPA[1:], "price": "1.31", "status": "7"}
    body = json.dumps({"send": [row], "balance": "1.00", "cost": "1.31"})
    simulator.fault("other_json", command="send", body=body)
    (sent,) = (await alarm(hass, PAPA))["messages"]
    assert (sent["message_id"], sent["status"], sent["status_code"]) == ("7001", None, 7)
    assert (sent["final"], sent["error"]) == (False, None)
    for status in ("4", "1", "99", "2"):
        body = json.dumps({"check": [row | {"status": status}]})
        simulator.fault("other_json", command="check", body=body)
        await clock.advance(3700)
    assert heard.of("status") == ["sent", "delivered"]
    simulator.fault("other_json", command="check", body=json.dumps({"check": [row]}))
    (shown,) = (await act(hass, "get_status", message_ids=["7001"]))["messages"]
    assert (shown["status"], shown["status_code"], shown["final"]) == (None, 7, False)


@pytest.mark.usefixtures("_door")
async def test_push_wakes_one_read(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The pushes of ten messages share a read, which asks for all that waits."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, *(f"+7908111{number:04}" for number in range(10)))
    await asyncio.gather(*(simulator.advance(order.server_id) for order in simulator.orders))
    await clock.settle()
    assert checks(simulator) == 1
    await clock.advance(1.1)
    assert heard.of("status") == ["sent"] * 10
    assert (read := checks(simulator)) <= 2
    assert simulator.calls("check")[0].params["check"].count(",") == 9
    # What is confirmed is looked for no more.
    await clock.advance(3)
    assert checks(simulator) == read


@pytest.mark.usefixtures("_door")
@VERIFY
@pytest.mark.parametrize(("copies", "is_reversed"), [(1, False), (3, False), (1, True), (2, True)])
async def test_pushes_doubled_and_reversed(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    copies: int,
    is_reversed: bool,
    verify: bool,
) -> None:
    """Whatever order pushes come in: each change once, none after the final one."""
    await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: verify})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    simulator.options.push_copies = copies
    simulator.options.push_reversed = is_reversed
    await alarm(hass, PAPA)
    await simulator.deliver(the_id(simulator))
    for _ in range(5):
        await clock.advance(20)
    assert heard.of("status")[-1] == "delivered"
    assert heard.of("status") in (["sent", "delivered"], ["delivered"])
    assert state_of(hass, PENDING).state == "0"


@pytest.mark.usefixtures("_door")
@VERIFY
async def test_late_push(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, verify: bool
) -> None:
    """A push of an earlier status, hours late, changes nothing and starts no request."""
    await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: verify})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.advance(the_id(simulator))
    await clock.advance(2)
    simulator.requests.clear()
    await push(simulator, Status.ACCEPTED)
    await push(simulator, Status.SENT)
    await clock.advance(2)
    assert checks(simulator) == 0
    await simulator.deliver(the_id(simulator))
    await clock.advance(2)
    simulator.requests.clear()
    for status in (Status.SENT, Status.UNDELIVERED, Status.DELIVERED):
        await push(simulator, status)
    for _ in range(4):
        await clock.advance(20)
    assert heard.of("status") == ["sent", "delivered"]
    assert checks(simulator) == 0


@pytest.mark.usefixtures("_door")
async def test_forged_push(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A push that the API does not confirm starts four further reads, and is never published."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    for seconds in (16, 15, 30, 60, 180, 2):
        await clock.advance(seconds)
    simulator.requests.clear()
    await push(simulator, Status.DELIVERED)
    for reads, seconds in enumerate((0, 3, 6, 16, 31), 1):
        await clock.advance(seconds)
        assert checks(simulator) == reads
    for seconds in (6, 31, 61):
        await clock.advance(seconds)
    assert heard.data == []
    assert checks(simulator) == 5
    assert state_of(hass, PENDING).state == "1"


@pytest.mark.usefixtures("_door")
async def test_list_is_late(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was pushed is published as soon as the list shows it, a little later."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await push(simulator, Status.DELIVERED)
    await clock.advance(1.1)
    simulator.options.pushes = Pushes.OFF
    await simulator.deliver(the_id(simulator))
    await clock.advance(1.5)
    assert heard.of("status") == ["delivered"]


@pytest.mark.usefixtures("_door")
async def test_second_push_before_the_list(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Of two pushes that came before the list shows either, the later one is looked for."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    simulator.options.pushes = Pushes.OFF
    await push(simulator, Status.SENT)
    await clock.settle()
    await push(simulator, Status.DELIVERED)
    await simulator.advance(the_id(simulator))
    await clock.advance(2.1)
    assert heard.of("status") == ["sent"]
    await simulator.deliver(the_id(simulator))
    await clock.advance(2.1)
    assert heard.of("status") == ["sent", "delivered"]


@pytest.mark.usefixtures("_door")
async def test_look_that_is_needed_no_more(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Nobody looks again for a push that the list has confirmed meanwhile."""
    await add_account(hass, simulator)
    await alarm(hass, PAPA, MAMA)
    await push(simulator, Status.DELIVERED)
    await clock.advance(1.1)
    await simulator.deliver(the_id(simulator))
    await clock.settle()
    assert checks(simulator) == 2
    await clock.advance(4)
    assert checks(simulator) == 2
    assert state_of(hass, PENDING).state == "1"


@pytest.mark.usefixtures("_door")
async def test_push_among_many(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was pushed is asked about first, and a hundred in all: it is no whole round."""
    await add_account(hass, simulator)
    await alarm(hass, *(f"+7908111{number:04}" for number in range(150)))
    pushed = [simulator.orders[-1].server_id, simulator.orders[-2].server_id]
    for server_id in pushed:
        await push(simulator, Status.DELIVERED, server_id)
    await clock.advance(1.1)
    for call, first in zip(simulator.calls("check"), (pushed[:1], pushed), strict=True):
        ids = [int(server_id) for server_id in call.params["check"].split(",")]
        assert {*ids[: len(first)]} == {*first}
        assert len({*ids}) == len(ids) == 100


@pytest.mark.usefixtures("_door")
async def test_push_while_the_list_is_away(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A list that cannot be read denies no push: it is looked for until it can."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    for _ in range(4):
        await clock.advance(3600)
    simulator.requests.clear()
    simulator.fault("html", command="check", times=1000)
    await simulator.deliver(the_id(simulator))
    for _ in range(40):
        await clock.advance(15.1)
    assert 15 <= checks(simulator) <= 25
    simulator.faults.clear()
    await clock.advance(31)
    assert heard.of("status") == ["delivered"]


@pytest.mark.usefixtures("_door")
@VERIFY
@pytest.mark.parametrize("reverse", [False, True])
async def test_push_before_the_answer(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, reverse: bool, verify: bool
) -> None:
    """A push that overtakes the answer to its send is not lost."""
    await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: verify})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    fault = simulator.fault("hang", when="after", command="send")
    simulator.options.pushes = Pushes.HOLD
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    await simulator.deliver(the_id(simulator))
    await simulator.flush_pushes(reverse=reverse)
    await clock.settle()
    assert heard.data == []
    fault.release()
    await sending
    await clock.advance(1)
    assert heard.of("status") == ["delivered"]
    assert checks(simulator) == (1 if verify else 0)


@pytest.mark.usefixtures("_door")
async def test_flood_of_strange_pushes(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pushes of unknown ids fill no memory, start no read, and displace no push of ours."""
    monkeypatch.setattr(early_pushes, "MAX_KEPT", 5)
    await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: False})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    for server_id in range(1, 20):
        await push(simulator, Status.DELIVERED, server_id)
    assert checks(simulator) == 0
    fault = simulator.fault("hang", when="after", command="send")
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    await simulator.deliver(the_id(simulator))
    fault.release()
    await sending
    await clock.settle()
    assert heard.of("status") == ["delivered"]
    # What came before a flood is forgotten; the clock finds it.
    for server_id in (simulator.next_server_id, *range(1, 20)):
        await push(simulator, Status.DELIVERED, server_id)
    await alarm(hass, PAPA)
    await clock.settle()
    assert heard.of("status") == ["delivered"]


@pytest.mark.usefixtures("_door")
async def test_push_and_poll_race(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A read under way and pushes that come meanwhile publish each change once."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    fault = simulator.fault("hang", when="after", command="check")
    await clock.advance(15.1)
    assert fault.fired
    await simulator.advance(the_id(simulator))
    await simulator.deliver(the_id(simulator))
    fault.release()
    for _ in range(4):
        await clock.advance(20)
    assert heard.of("status")[-1] == "delivered"
    assert len(heard.data) == len(set(heard.of("status")))


@pytest.mark.usefixtures("_door")
async def test_unverified(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without verification a push is an event at once, also one of an error; no read repeats it."""
    await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: False})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.advance(the_id(simulator))
    await simulator.advance(the_id(simulator), Status.UNDELIVERED, error=600)
    await clock.settle()
    assert heard.of("status") == ["sent", "undelivered"]
    assert heard.data[1]["error"] == {"code": 600, "description": "Expired"}
    await clock.advance(61)
    assert checks(simulator) == 0


@pytest.mark.usefixtures("_door")
async def test_unverified_push_spends_nothing(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The price is the one of the API's list, whatever a push says."""
    await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: False})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.push_status(
        server_id=str(the_id(simulator)), phone=PAPA[1:], status="1", price="-1000"
    )
    await clock.settle()
    assert heard.of("price") == [1.31]
    assert float(state_of(hass, SPENT).state) == 1.31


@pytest.mark.usefixtures("_door")
@pytest.mark.parametrize("early", [False, True])
async def test_unverified_failure(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, early: bool
) -> None:
    """A failure costs nothing, which no push says, however early it comes."""
    await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: False})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    answer = simulator.fault("hang", when="after", command="send") if early else None
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    await simulator.advance(the_id(simulator), Status.FAILED, error=603)
    if answer:
        answer.release()
    await sending
    await clock.advance(2)
    assert (heard.of("status"), heard.of("price")) == (["failed"], [0])
    assert float(state_of(hass, SPENT).state) == 0


@pytest.mark.usefixtures("_door")
async def test_unverified_push_of_what_was_lost(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The end of a message whose price is not known yet waits for it."""
    await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: False})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    simulator.fault("reset", when="after", command="send")
    simulator.fault("html", command="check", skip=1)
    await alarm(hass, PAPA)
    await clock.settle()
    await simulator.deliver(the_id(simulator))
    await clock.advance(61)
    assert (heard.of("status"), heard.of("price")) == (["delivered"], [1.31])
    assert float(state_of(hass, SPENT).state) == 1.31


@pytest.mark.usefixtures("_door")
@VERIFY
@pytest.mark.parametrize("facts", list(Facts))
async def test_facts(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, facts: Facts, verify: bool
) -> None:
    """HLRVIP's facts stand in the response, wherever the service puts them, and nowhere else."""
    await add_account(
        hass,
        simulator,
        options={CONF_VERIFY_PUSHES: verify},
        enabled=["event.smspilot_5671_delivery"],
    )
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    simulator.options.facts = facts
    checking = hass.async_create_background_task(
        act(hass, "check_number", phones=[PAPA], method="hlrvip"), "test"
    )
    await clock.settle()
    await simulator.deliver(the_id(simulator))
    await clock.advance(1)
    (row,) = (await checking)["messages"]
    assert (row["status"], row["imsi"], row["net"]) == ("in_service", "250200000000001", "Теле2")
    assert heard.of("status")[-1] == "in_service"
    assert not {"imsi", "net"} & heard.data[-1].keys()
    assert "imsi" not in state_of(hass, "event.smspilot_5671_delivery").attributes


async def test_no_facts(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A text that looks like facts, beside a check that has some, is no more than a text."""
    await add_account(hass, simulator)
    checking = hass.async_create_background_task(
        act(hass, "check_number", phones=[MAMA], method="hlrvip", wait=60), "test"
    )
    sending = hass.async_create_background_task(
        act(hass, "send_sms", phones=[PAPA], message="net=5", wait=60), "test"
    )
    await clock.settle()
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    await clock.advance(16)
    assert "net" in (await checking)["messages"][0]
    assert "net" not in (await sending)["messages"][0]


@pytest.mark.parametrize(
    ("action", "fields", "ages"),
    [
        ("send_sms", {"message": "Привет"}, (15, 30, 60, 120, 300)),
        ("call", {"message": "Привет"}, (15, 30, 60, 120, 300)),
        ("check_number", {"wait": 0}, (5, 15, 30, 45, 60, 90, 120, 300)),
    ],
)
async def test_clock(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    action: str,
    fields: dict[str, Any],
    ages: Sequence[float],
) -> None:
    """Without pushes it is looked at ever more rarely, and never more often than that."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    await act(hass, action, phones=[PAPA], **fields)
    age = 0.0
    for count, at in enumerate(ages):
        await clock.advance(at - age - 1.5)
        assert checks(simulator) == count
        await clock.advance(3)
        assert checks(simulator) == count + 1
        age = at + 1.5
    rarely = checks(simulator)
    for _ in range(24):
        await clock.advance(3600)
    assert 22 <= checks(simulator) - rarely <= 28


async def test_clock_tells(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without an address, statuses are polled, and all else stays the same."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    assert "callback" not in simulator.calls("send")[0].params
    await simulator.advance(the_id(simulator))
    await clock.advance(15.1)
    await simulator.deliver(the_id(simulator))
    await clock.advance(15.1)
    assert heard.of("status") == ["sent", "delivered"]
    before = checks(simulator)
    await clock.advance(4000)
    assert checks(simulator) == before


async def test_two_days(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """After 48 hours without a final status a message is no longer read or waited for."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    for _ in range(49):
        await clock.advance(3601)
    assert state_of(hass, PENDING).state == "0"
    simulator.requests.clear()
    await clock.advance(7200)
    assert checks(simulator) == 0
    assert heard.data == []


async def test_sent_by_a_wrong_clock(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent while the machine's clock was far behind is followed after a restart too."""
    entry = await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    present = dt_util.utcnow
    with monkeypatch.context() as wrong:
        wrong.setattr(dt_util, "utcnow", lambda: present() - timedelta(days=300))
        await alarm(hass, PAPA)
    await restart(hass, entry, clock)
    await clock.advance(60)
    await simulator.deliver(the_id(simulator))
    await clock.advance(3601)
    assert heard.of("status") == ["delivered"]


async def test_restarted_by_a_clock_behind(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that knows the time only after its start looks as often as one that knows it."""
    entry = await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    present = dt_util.utcnow
    with monkeypatch.context() as wrong:
        wrong.setattr(dt_util, "utcnow", lambda: present() - timedelta(hours=2))
        await kill(hass, entry, clock)
    await simulator.deliver(simulator.orders[0].server_id)
    for _ in range(4):
        await clock.advance(61)
    assert heard.of("status") == ["delivered"]


async def test_scheduled(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What waits for its time is looked at once an hour, and soon after it; 48 hours from then."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    send_at = dt_util.utcnow() + timedelta(days=3)
    receipt = await alarm(hass, PAPA, send_at=send_at.isoformat())
    assert receipt["messages"][0]["status"] == "scheduled"
    await clock.advance(60)
    assert checks(simulator) == 0
    for _ in range(71):
        await clock.advance(3601)
    assert 60 <= checks(simulator) <= 71
    simulator.clock_offset = timedelta(days=3)
    simulator.release_due()
    await clock.settle()
    await clock.advance(3601)
    assert heard.of("status") == ["accepted"]
    await simulator.deliver(the_id(simulator))
    await clock.advance(400)
    assert heard.of("status") == ["accepted", "delivered"]


@pytest.mark.parametrize("answer", list(UnknownIds))
@pytest.mark.parametrize("code", [302, 303])
async def test_unknown_id(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, answer: UnknownIds, code: int
) -> None:
    """An id that the service does not know is no news, and costs the others nothing."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    simulator.options.unknown_ids = answer
    simulator.options.unknown_ids_code = code
    await alarm(hass, *(f"+7908111{number:04}" for number in range(20)))
    lost = simulator.orders[7].server_id
    del simulator.messages[lost]
    for order in simulator.orders:
        if order.server_id != lost:
            await simulator.deliver(order.server_id)
    await clock.advance(15.1)
    await clock.settle()
    await clock.settle()
    assert heard.of("status") == ["delivered"] * 19
    assert state_of(hass, PENDING).state == "1"
    before = checks(simulator)
    await clock.advance(15.1)
    assert checks(simulator) == before + 1


async def test_unknown_id_costs_one_request(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An id that spoils a list is asked for apart from then on."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    simulator.options.unknown_ids = UnknownIds.ERROR
    await alarm(hass, *(f"+7908111{number:04}" for number in range(100)))
    del simulator.messages[simulator.orders[50].server_id]
    await clock.advance(15.1)
    await clock.settle()
    await clock.settle()
    simulator.requests.clear()
    await clock.advance(15.1)
    assert checks(simulator) == 2


async def test_many_unknown_ids(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was found odd is remembered, and asked for alone, ever more rarely; the rest as ever."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    simulator.options.unknown_ids = UnknownIds.ERROR
    await alarm(hass, *(f"+7908111{number:04}" for number in range(80)))
    for order in simulator.orders[:50]:
        del simulator.messages[order.server_id]
    await clock.advance(15.1)
    assert checks(simulator) <= 99
    costs = []
    for _ in range(47):
        before = checks(simulator)
        for _ in range(4):
            await clock.advance(901)
        costs.append(checks(simulator) - before)
    # Each of them when it is twice as old, and every six hours in the end.
    assert sum(costs) < 47 + 50 * 14
    assert sum(costs[-24:]) <= 24 + 50 * 5
    for order in simulator.orders[50:]:
        await simulator.deliver(order.server_id)
    await clock.advance(3601)
    assert heard.of("status") == ["delivered"] * 30
    for _ in range(20):
        await clock.advance(3601)
    assert state_of(hass, PENDING).state == "0"


@pytest.mark.parametrize("seed", range(6))
async def test_any_ids_are_odd(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, seed: int
) -> None:
    """Whichever ids the API cannot read, the others are published, and the next round is cheap."""
    dice = random.Random(seed)
    await add_account(hass, simulator, options={"inbound_interval": 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    simulator.options.unknown_ids = UnknownIds.ERROR
    await alarm(hass, *(f"+7908111{number:04}" for number in range(dice.randint(1, 40))))
    odd = [order for order in simulator.orders if dice.random() < dice.random()]
    for order in odd:
        del simulator.messages[order.server_id]
    good = [order for order in simulator.orders if order not in odd]
    for order in good:
        await simulator.advance(order.server_id, Status.SENT)
    await clock.advance(15.1)
    await at_rest(simulator, clock)
    assert sorted(heard.of("message_id")) == sorted(str(order.server_id) for order in good)
    assert checks(simulator) <= 2 * len(odd) * 6 + 1
    before = checks(simulator)
    await clock.advance(15.1)
    await at_rest(simulator, clock)
    assert checks(simulator) - before <= bool(good) + len(odd)


async def test_odd_id_is_known_later(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An id that the list shows late is no odd one for ever, and a push asks for it at once."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    simulator.options.unknown_ids = UnknownIds.ERROR
    await alarm(hass, PAPA, MAMA)
    late = {order.server_id: order for order in simulator.orders}
    taken = {server_id: simulator.messages.pop(server_id) for server_id in late}
    for _ in range(4):
        await clock.advance(31)
    simulator.messages |= taken
    for server_id in late:
        await simulator.deliver(server_id)
    for _ in range(4):
        await clock.advance(61)
    assert heard.of("status") == ["delivered"] * 2


async def test_whatever_is_refused(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Whatever else the API dislikes does not cost two requests a message."""
    await add_account(hass, simulator, options={"inbound_interval": 0, CONF_DAILY_LIMIT: 0})
    await alarm(hass, *(f"+7908{number:07}" for number in range(900)))
    simulator.fault("error", command="check", code=304, times=10_000)
    await clock.advance(15.1)
    for _ in range(10):
        await clock.settle()
    assert checks(simulator) <= 102


@pytest.mark.parametrize("fault", ["http_500", "hang", "down", "error"])
async def test_fifty_hours_without_the_api(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, fault: str
) -> None:
    """A message is never given up without one look at what became of it."""
    entry = await add_account(hass, simulator, options={"inbound_interval": 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA)
    if fault == "down":
        await simulator.down()
    else:
        simulator.fault(fault, times=100_000, code=110)
    for _ in range(50):
        await clock.advance(3601)
    assert state_of(hass, PENDING).state == STATE_UNAVAILABLE
    assert entry.runtime_data.account.deliveries.pending == 2
    simulator.faults.clear()
    await simulator.up()
    await simulator.deliver(simulator.orders[0].server_id)
    for _ in range(3):
        await clock.advance(3601)
    assert heard.of("message_id") == [str(simulator.orders[0].server_id)]
    assert state_of(hass, PENDING).state == "0"


async def test_price_corrected(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What failed is not charged: today's sum says so, and a restart does not say it again."""
    entry = await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA)
    assert float(state_of(hass, SPENT).state) == 3.52
    await simulator.advance(simulator.orders[0].server_id, Status.FAILED, error=603)
    await clock.advance(15.1)
    assert float(state_of(hass, SPENT).state) == 2.21
    assert heard.of("price") == [0]
    await _restart(hass, entry, clock)
    assert float(state_of(hass, SPENT).state) == 2.21


@pytest.mark.parametrize("delivered", [False, True])
async def test_price_of_what_was_found(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, delivered: bool
) -> None:
    """The price of a message whose answer was lost is spent once, also over a restart."""
    entry = await add_account(hass, simulator)
    simulator.fault("reset", when="after", command="send")
    simulator.fault("html", command="check")
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    if delivered:
        await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(20.1)
    await sending
    await clock.settle()
    assert float(state_of(hass, SPENT).state) == 1.31
    for _ in range(2):
        await _restart(hass, entry, clock)
        assert float(state_of(hass, SPENT).state) == 1.31


async def test_final_in_the_receipt(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A row that is final in the send result is published too, and not waited for."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    receipt = await alarm(hass, PAPA, MAMA, "+79999999999")
    (row,) = (row for row in receipt["messages"] if row["status"] == "failed")
    assert heard.of("message_id") == [row["message_id"]]
    assert heard.of("status") == ["failed"]
    assert heard.data[0]["error"] == {"code": 212, "description": "Phone in black list"}
    assert state_of(hass, PENDING).state == "2"


async def test_five_thousand(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """5,000 messages that wait are five requests a round."""
    await add_account(
        hass, simulator, options={CONF_DAILY_LIMIT: 0, CONF_RATE_LIMIT: 0, "inbound_interval": 0}
    )
    simulator.account.balance *= 100
    await alarm(hass, *(f"+790811{number:05}" for number in range(5000)))
    assert state_of(hass, PENDING).state == "5000"
    simulator.requests.clear()
    await clock.advance(15.1)
    assert [call.params["check"].count(",") + 1 for call in simulator.calls("check")] == [1000] * 5
    await clock.advance(15.1)
    assert checks(simulator) == 10


async def test_service_away(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A hiccup of the service loses nothing; the clock goes on."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.deliver(the_id(simulator))
    simulator.fault("html", command="check", times=2)
    for seconds in (15.1, 15.1, 31):
        await clock.advance(seconds)
    assert heard.of("status") == ["delivered"]


async def test_told_once_started(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A final status of while Home Assistant was down is published once, after its start."""
    entry = await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await simulator.deliver(simulator.orders[0].server_id)
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.advance(100)
    assert heard.data == []
    assert state_of(hass, PENDING).state == "2"
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await clock.advance(2)
    assert heard.of("status") == ["delivered"]
    assert state_of(hass, PENDING).state == "1"
    await simulator.deliver(simulator.orders[1].server_id)
    await clock.advance(3600)
    assert heard.of("status") == ["delivered", "delivered"]


@pytest.mark.parametrize("removed", [False, True])
async def test_refused_before_the_start(
    hass: HomeAssistant, simulator: Simulator, *, removed: bool
) -> None:
    """A refusal before the start is published after it, if the account still exists."""
    hass.set_state(CoreState.starting)
    entry = await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA, "+79999999999")
    assert heard.data == []
    if removed:
        await hass.config_entries.async_remove(entry.entry_id)
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await hass.async_block_till_done()
    assert heard.of("status") == ([] if removed else ["failed"])


@pytest.mark.usefixtures("_door")
async def test_unverified_before_the_start(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What cannot be published yet is read from the list again after a kill."""
    hass.set_state(CoreState.starting)
    entry = await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: False})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.deliver(the_id(simulator))
    await alarm(hass, MAMA)
    await kill(hass, entry, clock)
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await clock.advance(2)
    assert heard.of("status") == ["delivered"]


# How a wait ends.


async def _waiting(hass: HomeAssistant, clock: Clock, *phones: str, wait: Any = 60) -> Any:
    task = asyncio.get_running_loop().create_task(_caught(alarm(hass, *phones, wait=wait)))
    await clock.settle()
    assert not task.done()
    return task


@pytest.mark.usefixtures("_door")
async def test_wait_ends_by_push(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An action that waits returns as soon as every row is final."""
    await add_account(hass, simulator)
    task = await _waiting(hass, clock, PAPA, MAMA)
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.settle()
    assert not task.done()
    await simulator.advance(simulator.orders[1].server_id, Status.UNDELIVERED, error=602)
    await clock.advance(1)
    receipt = await task
    assert [row["status"] for row in receipt["messages"]] == ["delivered", "undelivered"]
    assert receipt["messages"][1]["error"]["code"] == 602


async def test_wait_ends_by_poll(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without pushes the clock's read ends it; there is no loop of its own."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    task = await _waiting(hass, clock, PAPA)
    await simulator.deliver(the_id(simulator))
    await clock.advance(15.1)
    assert (await task)["messages"][0]["status"] == "delivered"
    assert checks(simulator) == 1


@pytest.mark.parametrize("wait", [20, "00:00:20", {"seconds": 20}])
async def test_wait_ends_by_time(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, wait: Any
) -> None:
    """When the wait ends, the rows have the statuses of then; later ones are still published."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    task = await _waiting(hass, clock, PAPA, wait=wait)
    await simulator.advance(the_id(simulator))
    await clock.advance(15.1)
    await clock.advance(4)
    assert not task.done()
    await clock.advance(1)
    assert (await task)["messages"][0]["status"] == "sent"
    await simulator.deliver(the_id(simulator))
    await clock.advance(20)
    assert heard.of("status") == ["sent", "delivered"]


@pytest.mark.parametrize("end", ["remove", "disable", "stop"])
async def test_wait_ends_with_the_account(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, end: str
) -> None:
    """Removal, disabling and stop end a wait, and say so."""
    entry = await add_account(hass, simulator)
    task = await _waiting(hass, clock, PAPA, MAMA)
    if end == "remove":
        await hass.config_entries.async_remove(entry.entry_id)
    elif end == "disable":
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    else:
        await hass.async_stop(force=True)
    error = await task
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "account_closed"


async def test_wait_outlives_a_reload(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Neither options nor people nor a reload end a wait."""
    entry = await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    task = await _waiting(hass, clock, PAPA)
    hass.config_entries.async_update_entry(entry, options={CONF_SENDER: "test"})
    await clock.settle()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await clock.settle()
    assert not task.done()
    await simulator.deliver(the_id(simulator))
    await clock.advance(15.1)
    assert (await task)["messages"][0]["status"] == "delivered"
    assert heard.of("status") == ["delivered"]


async def test_wait_for_nothing(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Rows that are final in the send result are not waited for; nor are tests."""
    await add_account(hass, simulator)
    await alarm(hass, PAPA, test=True, wait=3600)
    await alarm(hass, PAPA, wait=0)
    simulator.phone(PAPA[1:]).blacklisted = True
    with pytest.raises(HomeAssistantError):
        await alarm(hass, PAPA, wait=3600)


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        (Kind.HLR, {1: "sent", 2: "in_service", -1: "not_in_service", -2: "failed"}),
        (Kind.HLRVIP, {1: "sent", 2: "in_service", -1: "not_in_service", -2: "failed"}),
        (Kind.PING, {1: "sent", 2: "online", -1: "offline", -2: "failed"}),
    ],
)
async def test_words_of_checks(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    kind: Kind,
    statuses: dict[int, str],
) -> None:
    """Number checks have words of their own, in the response and in the event."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    for code, word in statuses.items():
        checking = hass.async_create_background_task(
            act(hass, "check_number", phones=[PAPA], method=kind.value, wait=10), "test"
        )
        await clock.settle()
        await simulator.advance(the_id(simulator), Status(code))
        for _ in range(6):
            await clock.advance(2)
        (row,) = (await checking)["messages"]
        assert (row["kind"], row["status"], row["status_code"]) == (kind.value, word, code)
        assert row["final"] is (code != 1)
    assert heard.of("status") == list(statuses.values())
    assert set(heard.of("kind")) == {kind.value}


async def _restart(hass: HomeAssistant, entry: MockConfigEntry, clock: Clock) -> None:
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.advance(2)


async def _caught(sending: Any) -> Any:
    """Return the error, or what came of it."""
    try:
        return await sending
    except HomeAssistantError as err:
        return err


@pytest.mark.usefixtures("_door")
async def test_late_check(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Pushes of other messages take no look from one whose status comes late."""
    await add_account(hass, simulator, options={CONF_INBOUND_INTERVAL: 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    for number in range(7):
        await alarm(hass, f"+7908796478{number}")
    for seconds in (16, 15, 30, 60, 180, 300, 600, 1200, 3600):
        await clock.advance(seconds)
    first, *others = [order.server_id for order in simulator.orders]
    await simulator.push_status(server_id=str(first), phone="79087964780", status="2")
    for server_id in others:
        await clock.advance(1.1)
        await simulator.deliver(server_id)
    await clock.advance(1.1)
    simulator.options.pushes = Pushes.OFF
    await simulator.deliver(first)
    for _ in range(60):
        await clock.advance(1.1)
    assert heard.of("status").count("delivered") == 7


@pytest.mark.usefixtures("_door")
async def test_pushes_reversed_and_list_late(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An older push that comes later does not end the look for the newer one."""
    await add_account(hass, simulator, options={CONF_INBOUND_INTERVAL: 0})
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    for seconds in (16, 15, 30, 60, 180, 300, 600, 1200, 3600):
        await clock.advance(seconds)
    (order,) = simulator.orders
    url = simulator.last_callback
    simulator.options.pushes = Pushes.OFF
    await simulator.advance(order.server_id)  # sent
    for status in ("2", "1"):
        await simulator.push_status(
            url, server_id=str(order.server_id), phone=PAPA[1:], status=status
        )
    await clock.advance(1.1)
    await simulator.deliver(order.server_id)
    for _ in range(60):
        await clock.advance(1.1)
    assert heard.of("status") == ["sent", "delivered"]
