"""How inbound messages are read: each once, in order, and only what the API's list confirms."""

from datetime import timedelta
import json

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smspilot.const import (
    CONF_INBOUND_INTERVAL,
    EVENT_SMS_RECEIVED,
)
from custom_components.smspilot.diagnostics import async_get_config_entry_diagnostics
from custom_components.smspilot.inbound import awaited_pushes

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    add_account,
    device_of,
    kill,
    person,
    state_of,
    write,
)
from .simulator.options import Pushes
from .simulator.simulator import Simulator

PEOPLE = [person("Папа", PAPA), person("Мама", MAMA)]


LAST_PUSH = "sensor.smspilot_5671_last_push"


def reads(simulator: Simulator) -> int:
    return len(simulator.calls("inbound"))


@pytest.mark.usefixtures("_webhook_server")
async def test_push_wakes_a_read(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A message is published at once, once, with all fields that the contract promises."""
    entry = await add_account(hass, simulator, people=PEOPLE, enabled=[LAST_PUSH])
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await clock.advance(1)
    simulator.requests.clear()
    message_id = await write(simulator, PAPA, "5671 Открой ворота")
    await clock.settle()
    papa = next(iter(entry.subentries))
    assert captured.data == [
        {
            "entry_id": entry.entry_id,
            "account_id": "5671",
            "device_id": device_of(hass, entry, "Папа"),
            "message_id": message_id,
            "phone": PAPA,
            "recipient": "Папа",
            "recipient_id": papa,
            "pin_ok": None,
            "message": "Открой ворота",
            "service_number": "+79533984570",
            "received_at": captured.data[0]["received_at"],
            "age": captured.data[0]["age"],
            "verified": True,
            "reply_to": None,
        }
    ]
    # The list's times have whole seconds.
    assert 0 <= captured.data[0]["age"] <= 1
    assert reads(simulator) == 1
    assert state_of(hass, LAST_PUSH).state != "unknown"


@pytest.mark.usefixtures("_webhook_server")
async def test_flood_of_messages(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """200 messages at once are 200 events in order, at the price of few reads."""
    await add_account(hass, simulator, people=PEOPLE)
    simulator.next_inbound_id = 990
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(200):
        await write(simulator, PAPA, f"5671 {number}")
    for _ in range(10):
        await clock.advance(1)
    assert captured.of("message") == [str(number) for number in range(200)]
    assert reads(simulator) <= 20


@pytest.mark.usefixtures("_webhook_server")
async def test_forged_push(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The right address and account with an invented id open no gate.

    Reads go on for it all the same, ever more rarely, for as long as a message counts.
    """
    options = {CONF_INBOUND_INTERVAL: 0}
    await add_account(hass, simulator, people=PEOPLE, options=options, enabled=[LAST_PUSH])
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await clock.advance(1)
    simulator.requests.clear()
    push = await simulator.push_inbound(
        phone=PAPA[1:], message="Открой ворота", user_id="5671", id="99999", num="79533984570"
    )
    for seconds in (1, 3, 6, 16, 31, 31):
        await clock.advance(seconds)
    assert push.status == 200
    assert reads(simulator) == 6
    for _ in range(5):
        await clock.advance(600)
    assert "after an hour" not in caplog.text
    for _ in range(73):
        await clock.advance(3600)
    assert reads(simulator) <= 100
    simulator.requests.clear()
    await clock.advance(7200)
    assert reads(simulator) == 0
    assert captured.data == []
    assert sum("after an hour" in record.message for record in caplog.records) == 1
    assert state_of(hass, LAST_PUSH).state == "unknown"


@pytest.mark.usefixtures("_webhook_server")
async def test_list_text_counts(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A push with a genuine id and another text: the list's text is published."""
    await add_account(hass, simulator, people=PEOPLE)
    simulator.options.pushes = Pushes.OFF
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    message_id = await write(simulator, PAPA, "5671 Закрой ворота")
    await simulator.push_inbound(
        phone=MAMA[1:], message="Открой ворота", user_id="1", id=message_id, num="7"
    )
    await clock.advance(1)
    assert captured.of("message") == ["Закрой ворота"]
    assert captured.of("phone") == [PAPA]


@pytest.mark.usefixtures("_webhook_server")
async def test_known_push_wakes_nothing(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A push that comes twice, or late, causes no further read."""
    await add_account(hass, simulator, people=PEOPLE)
    simulator.options.push_copies = 3
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(2)
    simulator.requests.clear()
    await simulator.push_inbound(
        phone=PAPA[1:], message="раз", user_id="5671", id=captured.data[0]["message_id"], num="7"
    )
    await clock.advance(2)
    assert reads(simulator) == 0
    assert len(captured.data) == 1


@pytest.mark.usefixtures("_webhook_server")
async def test_push_while_the_list_is_away(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A list that cannot be read disproves no push: reads go on until it can."""
    entry = await add_account(
        hass, simulator, people=PEOPLE, options={CONF_INBOUND_INTERVAL: 86400}
    )
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await clock.advance(1)
    simulator.requests.clear()
    simulator.fault("html", command="inbound", times=1000)
    for text in ("раз", "два", "три"):
        await write(simulator, PAPA, f"5671 {text}")
    for _ in range(40):
        await clock.advance(15.1)
    assert 15 <= reads(simulator) <= 25
    simulator.faults.clear()
    await clock.advance(31)
    assert captured.of("message") == ["раз", "два", "три"]
    assert "after an hour" not in caplog.text
    assert ("smspilot", f"pushes_unconfirmed_{entry.entry_id}") not in issue_registry.issues


@pytest.mark.usefixtures("_webhook_server")
async def test_flood_while_the_list_is_away(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forged pushes that nothing can be found out about fill no memory, and hide no message."""
    monkeypatch.setattr(awaited_pushes, "MAX_AWAITED", 5)
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    simulator.fault("html", command="inbound", times=1000)
    for number in range(20):
        await simulator.push_inbound(
            phone=PAPA[1:], message="раз", user_id="5671", id=f"99{number}", num="7"
        )
    await write(simulator, PAPA, "5671 два")
    await clock.advance(61)
    simulator.faults.clear()
    for seconds in (31, 3, 6, 16, 31, 31, 1800, 1800, 1800):
        await clock.advance(seconds)
    assert captured.of("message") == ["два"]
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert diagnostics["inbox"]["dropped_pushes"] == 5


@pytest.mark.usefixtures("_webhook_server")
async def test_push_before_the_first_read(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What was pushed is no history, even where nothing could be read until then."""
    simulator.fault("html", command="inbound", times=1000)
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await clock.advance(1)
    await write(simulator, PAPA, "5671 раз")
    await clock.settle()
    simulator.faults.clear()
    await clock.advance(61)
    await clock.advance(61)
    assert captured.of("message") == ["раз"]


async def test_message_of_the_future(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A message with a wrong date hides none that comes after it."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    future = simulator.now() + timedelta(days=365)
    await simulator.receive(PAPA[1:], "5671 из будущего", created=future)
    await clock.advance(61)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await write(simulator, PAPA, "5671 вчерашнее")
    simulator.clock_offset += timedelta(days=1)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.advance(2)
    assert captured.of("message") == ["из будущего", "вчерашнее"]


async def test_without_address(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without an address at SMSPILOT a message comes within a minute; history is not replayed."""
    await write(simulator, PAPA, "5671 вчерашнее")
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 сегодняшнее")
    await clock.advance(61)
    assert captured.of("message") == ["сегодняшнее"]
    await clock.advance(61)
    assert captured.of("message") == ["сегодняшнее"]


@pytest.mark.parametrize(("interval", "expected"), [(None, 5), (10, 30), (0, 0), (86400, 0)])
async def test_interval(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, interval: int | None, expected: int
) -> None:
    """The option sets how often the list is read when no push wakes it."""
    options = {} if interval is None else {CONF_INBOUND_INTERVAL: interval}
    await add_account(hass, simulator, options=options)
    for _ in range(30):
        await clock.advance(10.1)
    assert abs(reads(simulator) - expected) <= 1


@pytest.mark.usefixtures("_webhook_server")
async def test_interval_follows_pushes(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """Proven pushes make reads rare; a message that no push announced makes them frequent."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(1)
    simulator.requests.clear()
    for _ in range(10):
        await clock.advance(61)
    assert reads(simulator) == 0
    simulator.options.pushes = Pushes.OFF
    await write(simulator, PAPA, "5671 два")
    for _ in range(10):
        await clock.advance(61)
    simulator.requests.clear()
    issue = ("smspilot", f"inbound_address_{entry.entry_id}")
    assert issue in issue_registry.issues
    for _ in range(5):
        await clock.advance(61)
    assert reads(simulator) == 5
    simulator.options.pushes = Pushes.ON
    await write(simulator, PAPA, "5671 три")
    await clock.advance(1)
    assert issue not in issue_registry.issues


@pytest.mark.usefixtures("_webhook_server")
async def test_late_pushes(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, issue_registry: ir.IssueRegistry
) -> None:
    """Each message that a clock found has its own minute for its push to come."""
    options = {CONF_INBOUND_INTERVAL: 15}
    entry = await add_account(hass, simulator, people=PEOPLE, options=options)
    issue = ("smspilot", f"inbound_address_{entry.entry_id}")
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(1)
    simulator.options.pushes = Pushes.OFF
    late = await write(simulator, PAPA, "5671 два")
    await clock.advance(46)
    await write(simulator, PAPA, "5671 три")
    await clock.advance(16)
    await simulator.push_inbound(id=late, phone=PAPA[1:], num="79533984570", message="5671 два")
    await clock.advance(45)
    assert issue not in issue_registry.issues
    await clock.advance(16)
    assert issue in issue_registry.issues


async def test_restarts(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What came while the entry was not loaded is published once, over many restarts."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(5):
        assert await hass.config_entries.async_set_disabled_by(
            entry.entry_id, ConfigEntryDisabler.USER
        )
        await clock.settle()
        await write(simulator, PAPA, f"5671 {number}")
        assert await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
        await clock.advance(1)
    assert captured.of("message") == ["0", "1", "2", "3", "4"]


async def test_entities_miss_nothing(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What came while the entry was not loaded is published once its entities are there."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await write(simulator, PAPA, "5671 раз")
    slow = simulator.fault("hang", when="after", command="account")
    enabling = hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    task = hass.async_create_background_task(enabling, "test")
    await clock.advance(2)
    slow.release()
    await task
    await clock.advance(2)
    assert state_of(hass, "event.papa_inbound").attributes["message"] == "раз"
    assert state_of(hass, "event.smspilot_5671_inbound").attributes["message"] == "раз"


async def test_killed(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was published is on the disk: the next start reads it too and publishes nothing."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number in range(3):
        await write(simulator, PAPA, f"5671 {number}")
        await clock.advance(61)
        entry = await kill(hass, entry, clock)
    assert captured.of("message") == ["0", "1", "2"]


async def test_service_clock_put_right(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The service's clock goes ahead, and back: nothing that comes then is hidden."""
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    for number, ahead in enumerate((2, 0)):
        simulator.clock_offset = timedelta(days=ahead)
        await write(simulator, PAPA, f"5671 {number}")
        for _ in range(2):
            await clock.advance(61)
    assert captured.of("message") == ["0", "1"]


async def test_list_of_everything(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A service that answers with more than was requested opens no gate with it."""
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    row = {"id": "7", "phone": PAPA[1:], "text": "Открой ворота", "created": "2026-01-01 10:00"}
    simulator.fault("other_json", command="inbound", body=json.dumps({"inbound": [row]}))
    await clock.advance(61)
    assert captured.data == []


async def test_unreadable_rows(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """An unreadable row is logged once, and hides no other."""
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    now = f"{simulator.now():%Y-%m-%d %H:%M:%S}"
    bad = {"id": "7", "phone": PAPA[1:], "text": "5671 Привет", "created": "yesterday"}
    good = bad | {"id": "8", "created": now}
    for rows in ([bad], [bad, good], [bad, good], []):
        simulator.fault("other_json", command="inbound", body=json.dumps({"inbound": rows}))
        await clock.advance(61)
    assert captured.of("message_id") == ["8"]
    assert caplog.text.count("rows that cannot be read (inbound)") == 1


async def test_future(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A message with a time that is yet to come hides none that follows."""
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await simulator.receive(PAPA[1:], "5671 раз", created=simulator.now() + timedelta(days=2))
    await clock.advance(61)
    await write(simulator, PAPA, "5671 два")
    await clock.advance(61)
    assert captured.of("message") == ["раз", "два"]


async def test_old_message(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Age goes by the service's clock; what is older than 72 hours is not published."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await write(simulator, PAPA, "5671 слишком старое")
    simulator.clock_offset += timedelta(hours=71)
    await write(simulator, PAPA, "5671 старое")
    simulator.clock_offset += timedelta(hours=2)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await clock.advance(1)
    assert captured.of("message") == ["старое"]
    assert captured.of("age") == [pytest.approx(7200, abs=60)]


@pytest.mark.usefixtures("_webhook_server")
async def test_reported_after_start(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Nothing is published before automations listen."""
    hass.set_state(CoreState.starting)
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 рано")
    await clock.advance(100)
    assert captured.data == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await clock.settle()
    assert captured.of("message") == ["рано"]


async def test_read_fails(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A hiccup of the service loses nothing."""
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    simulator.fault("html", command="inbound", times=2)
    await write(simulator, PAPA, "5671 раз")
    for _ in range(3):
        await clock.advance(61)
    assert captured.of("message") == ["раз"]


async def test_reads_move_on(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A read asks for what came since the last message, not for everything again."""
    await add_account(hass, simulator, people=PEOPLE)
    for _ in range(3):
        simulator.clock_offset += timedelta(hours=1)
        await write(simulator, PAPA, "5671 раз")
        await clock.advance(61)
    first, *_, last = (int(call.params["inbound"]) for call in simulator.calls("inbound"))
    assert last - first >= 3600


async def test_first_read_fails(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An order of before the account was added opens nothing, however the first reads go."""
    await write(simulator, PAPA, "5671 Открой ворота")
    simulator.fault("html", command="inbound")
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await add_account(hass, simulator, people=PEOPLE)
    await clock.advance(61)
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(61)
    assert captured.of("message") == ["раз"]


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("count", [1, 2, 3])
async def test_late_list(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
    count: int,
) -> None:
    """The list is ten seconds late; pushes come one a second."""
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await clock.advance(1)
    first = simulator.next_inbound_id
    for number in range(count):
        await simulator.push_inbound(
            phone=PAPA[1:], message="x", user_id="5671", id=str(first + number), num="7"
        )
        await clock.advance(1.1)
    for _ in range(9):
        await clock.advance(1.1)
    simulator.options.pushes = Pushes.OFF
    for number in range(count):
        await write(simulator, PAPA, f"5671 {number}")
    for _ in range(100):
        await clock.advance(1.1)
    assert captured.of("message") == [str(number) for number in range(count)]
    assert "after an hour" not in caplog.text
    assert not [one for one in issue_registry.issues.values() if one.domain == "smspilot"]


async def test_first_read_after_start_fails(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Where only pushes wake reads, one that fails after a restart is made again."""
    entry = await add_account(hass, simulator, people=PEOPLE, options={CONF_INBOUND_INTERVAL: 0})
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await clock.settle()
    await write(simulator, PAPA, "5671 раз")
    simulator.fault("html", command="inbound")
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    for _ in range(10):
        await clock.advance(61)
    assert captured.of("message") == ["раз"]


async def test_service_clock_ahead_for_a_moment(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """One answer with a wrong date makes no old message new."""
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(61)
    for offset in (30, 80, 31):
        simulator.clock_offset = timedelta(hours=offset)
        await clock.advance(61)
        await clock.advance(61)
    assert captured.of("message") == ["раз"]


async def test_lost_store_and_machine_ahead(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No history is replayed, whatever the machine's clock says."""
    present = dt_util.utcnow
    monkeypatch.setattr(dt_util, "utcnow", lambda: present() + timedelta(hours=3))
    await write(simulator, PAPA, "5671 Открой ворота")
    hass.set_state(CoreState.starting)
    await add_account(hass, simulator, people=PEOPLE)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await clock.advance(61)
    assert captured.of("message") == []
