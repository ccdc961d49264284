"""One event for each change of a message's status, none after the final one."""

from collections.abc import Sequence
from datetime import timedelta
import json
import random
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_RATE_LIMIT,
    CONF_VERIFY_PUSHES,
    EVENT_MESSAGE_STATUS,
)
from custom_components.smspilot.diagnostics import async_get_config_entry_diagnostics

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    act,
    add_account,
    device_of,
    kill,
    person,
    restart,
    state_of,
)
from .delivering import PENDING, SPENT, VERIFY, at_rest, checks, the_id
from .sending import alarm
from .simulator.model import Kind, Status
from .simulator.options import Facts, UnknownIds
from .simulator.simulator import Simulator


@pytest.mark.usefixtures("_webhook_server")
async def test_event(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The event and the event entity have the fields that the contract promises."""
    entry = await add_account(
        hass,
        simulator,
        people=[person("Папа", PAPA), person("Мама", MAMA)],
        enabled=[f"event.{one}_delivery" for one in ("smspilot_5671", "papa", "mama")],
    )
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    before = dt_util.utcnow()
    response = await alarm(hass, PAPA)
    await simulator.advance(the_id(simulator), Status.UNDELIVERED, error=604)
    await clock.settle()
    (data,) = captured.data
    sent_at, changed_at = data["sent_at"], data["changed_at"]
    assert data == {
        "entry_id": entry.entry_id,
        "account_id": "5671",
        "device_id": device_of(hass, entry, "Папа"),
        "message_id": response["messages"][0]["message_id"],
        "packet_id": response["packet_id"],
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
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA)
    odd, good = (
        {"server_id": str(order.server_id), "phone": order.phone, "status": "1"}
        for order in simulator.orders
    )
    del odd["phone"]
    simulator.fault("other_json", command="check", body=json.dumps({"check": [odd, good]}), times=2)
    await clock.advance(16)
    assert captured.of("message_id") == [good["server_id"]]
    await clock.advance(16)
    assert caplog.text.count("rows that cannot be read (check)") == 1
    found = await async_get_config_entry_diagnostics(hass, entry)
    assert found["account"]["unreadable_rows"] == {"check": 1}
    await clock.advance(31)
    assert captured.of("status") == ["sent"]


async def test_status_of_a_newer_service(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A status that the document does not know is shown as unknown, and ends nothing."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
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
    assert captured.of("status") == ["sent", "delivered"]
    simulator.fault("other_json", command="check", body=json.dumps({"check": [row]}))
    (shown,) = (await act(hass, "get_status", message_ids=["7001"]))["messages"]
    assert (shown["status"], shown["status_code"], shown["final"]) == (None, 7, False)


@pytest.mark.usefixtures("_webhook_server")
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
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.options.facts = facts
    checking = hass.async_create_background_task(
        act(hass, "check_number", phones=[PAPA], method="hlrvip"), "test"
    )
    await clock.settle()
    await simulator.deliver(the_id(simulator))
    await clock.advance(1)
    (row,) = (await checking)["messages"]
    assert (row["status"], row["imsi"], row["net"]) == ("in_service", "250200000000001", "Теле2")
    assert captured.of("status")[-1] == "in_service"
    assert not {"imsi", "net"} & captured.data[-1].keys()
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
    """Without pushes it is checked ever more rarely, and never more often than that."""
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


async def test_clock_reports(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without an address, statuses are polled, and all else stays the same."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    assert "callback" not in simulator.calls("send")[0].params
    await simulator.advance(the_id(simulator))
    await clock.advance(15.1)
    await simulator.deliver(the_id(simulator))
    await clock.advance(15.1)
    assert captured.of("status") == ["sent", "delivered"]
    before = checks(simulator)
    await clock.advance(4000)
    assert checks(simulator) == before


async def test_two_days(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """After 48 hours without a final status a message is no longer read or waited for."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    for _ in range(49):
        await clock.advance(3601)
    assert state_of(hass, PENDING).state == "0"
    simulator.requests.clear()
    await clock.advance(7200)
    assert checks(simulator) == 0
    assert captured.data == []


async def test_sent_by_a_wrong_clock(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent while the machine's clock was far behind is followed after a restart too."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    present = dt_util.utcnow
    with monkeypatch.context() as wrong:
        wrong.setattr(dt_util, "utcnow", lambda: present() - timedelta(days=300))
        await alarm(hass, PAPA)
    await restart(hass, entry, clock)
    await clock.advance(60)
    await simulator.deliver(the_id(simulator))
    await clock.advance(3601)
    assert captured.of("status") == ["delivered"]


async def test_restarted_by_a_clock_behind(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that knows the time only after its start checks as often as one that knows it."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    present = dt_util.utcnow
    with monkeypatch.context() as wrong:
        wrong.setattr(dt_util, "utcnow", lambda: present() - timedelta(hours=2))
        await kill(hass, entry, clock)
    await simulator.deliver(simulator.orders[0].server_id)
    for _ in range(4):
        await clock.advance(61)
    assert captured.of("status") == ["delivered"]


async def test_scheduled(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What waits for its time is checked once an hour, and soon after it; 48 hours from then."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    send_at = dt_util.utcnow() + timedelta(days=3)
    response = await alarm(hass, PAPA, send_at=send_at.isoformat())
    assert response["messages"][0]["status"] == "scheduled"
    await clock.advance(60)
    assert checks(simulator) == 0
    for _ in range(71):
        await clock.advance(3601)
    assert 60 <= checks(simulator) <= 71
    simulator.clock_offset = timedelta(days=3)
    simulator.release_due()
    await clock.settle()
    await clock.advance(3601)
    assert captured.of("status") == ["accepted"]
    await simulator.deliver(the_id(simulator))
    await clock.advance(400)
    assert captured.of("status") == ["accepted", "delivered"]


@pytest.mark.parametrize("answer", list(UnknownIds))
@pytest.mark.parametrize("code", [302, 303])
async def test_unknown_id(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, answer: UnknownIds, code: int
) -> None:
    """An id that the service does not know changes nothing, and costs the others nothing."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
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
    assert captured.of("status") == ["delivered"] * 19
    assert state_of(hass, PENDING).state == "1"
    before = checks(simulator)
    await clock.advance(15.1)
    assert checks(simulator) == before + 1


async def test_unknown_id_costs_one_request(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An id that spoils a list is requested apart from then on."""
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
    """What was found odd is remembered, and requested alone, ever more rarely; the rest as ever."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
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
    assert captured.of("status") == ["delivered"] * 30
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
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
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
    assert sorted(captured.of("message_id")) == sorted(str(order.server_id) for order in good)
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
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
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
    assert captured.of("status") == ["delivered"] * 2


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
    """A message is never given up without one check of what became of it."""
    entry = await add_account(hass, simulator, options={"inbound_interval": 0})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
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
    assert captured.of("message_id") == [str(simulator.orders[0].server_id)]
    assert state_of(hass, PENDING).state == "0"


async def test_price_corrected(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What failed is not charged: today's sum says so, and a restart does not say it again."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA)
    assert float(state_of(hass, SPENT).state) == 3.52
    await simulator.advance(simulator.orders[0].server_id, Status.FAILED, error=603)
    await clock.advance(15.1)
    assert float(state_of(hass, SPENT).state) == 2.21
    assert captured.of("price") == [0]
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


async def test_final_in_the_response(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A row that is final in the send result is published too, and not waited for."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    response = await alarm(hass, PAPA, MAMA, "+79999999999")
    (row,) = (row for row in response["messages"] if row["status"] == "failed")
    assert captured.of("message_id") == [row["message_id"]]
    assert captured.of("status") == ["failed"]
    assert captured.data[0]["error"] == {"code": 212, "description": "Phone in black list"}
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
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.deliver(the_id(simulator))
    simulator.fault("html", command="check", times=2)
    for seconds in (15.1, 15.1, 31):
        await clock.advance(seconds)
    assert captured.of("status") == ["delivered"]


async def test_reported_once_started(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A final status of while Home Assistant was down is published once, after its start."""
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await simulator.deliver(simulator.orders[0].server_id)
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.advance(100)
    assert captured.data == []
    assert state_of(hass, PENDING).state == "2"
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await clock.advance(2)
    assert captured.of("status") == ["delivered"]
    assert state_of(hass, PENDING).state == "1"
    await simulator.deliver(simulator.orders[1].server_id)
    await clock.advance(3600)
    assert captured.of("status") == ["delivered", "delivered"]


@pytest.mark.parametrize("removed", [False, True])
async def test_refused_before_the_start(
    hass: HomeAssistant, simulator: Simulator, *, removed: bool
) -> None:
    """A refusal before the start is published after it, if the account still exists."""
    hass.set_state(CoreState.starting)
    entry = await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA, MAMA, "+79999999999")
    assert captured.data == []
    if removed:
        await hass.config_entries.async_remove(entry.entry_id)
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await hass.async_block_till_done()
    assert captured.of("status") == ([] if removed else ["failed"])


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
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
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
    assert captured.of("status") == list(statuses.values())
    assert set(captured.of("kind")) == {kind.value}


async def _restart(hass: HomeAssistant, entry: MockConfigEntry, clock: Clock) -> None:
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.advance(2)
