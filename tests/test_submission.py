"""No connection, refused lists, numbers left out: one bad number does not stop the others."""

from collections.abc import Sequence
from datetime import timedelta
import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smspilot.const import EVENT_MESSAGE_STATUS

from .common import MAMA, PAPA, CapturedEvents, Clock, add_account, state_of
from .sending import BABA, BAD, NOTHING, accept, alarm, caught, ids, once, requested, result
from .simulator.simulator import Simulator


def blacklist(sim: Simulator, phones: Sequence[str]) -> None:
    for phone in phones:
        sim.phone(phone[1:]).blacklisted = True


@pytest.mark.parametrize("away", [1, 100])
async def test_without_network(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, away: float
) -> None:
    """Two minutes without network: the alarm goes out once it is back, once."""
    await add_account(hass, simulator)
    await simulator.down()
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    for _ in range(int(away // 5)):
        await clock.advance(5)
    assert not sending.done()
    await simulator.up()
    rows = await result(clock, sending)
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]
    assert len(simulator.calls("send")) == 1


async def test_due_while_away(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was to go out while there was no network goes out when it is back: late, not never."""
    await add_account(hass, simulator)
    await simulator.down()
    due = dt_util.utcnow() + timedelta(minutes=1)
    order = alarm(hass, PAPA, send_at=due.isoformat(), retry_for={"hours": 1})
    sending = hass.async_create_background_task(order, "test")
    await clock.advance(10)
    await clock.advance(300)
    simulator.clock_offset = timedelta(seconds=310)
    await simulator.up()
    await result(clock, sending)
    once(simulator, PAPA)
    assert "send_datetime" not in simulator.calls("send")[0].params


async def test_address_is_refused(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An address that the service does not take keeps no alarm back."""
    hass.config.external_url = "http://127.0.0.1:8123"
    await add_account(hass, simulator)
    simulator.fault("error", command="send", code=260)
    rows = await result(clock, alarm(hass, PAPA))
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]
    assert ["callback" in one.form for one in simulator.calls("send")] == [True, False]
    # Where it is not the address after all, it is said.
    simulator.fault("error", command="send", code=260, times=2)
    assert await result(clock, alarm(hass, MAMA)) == "refused"


@pytest.mark.parametrize(("retry_for", "held"), [(None, 120), ({"seconds": 30}, 30), (0, 0)])
async def test_network_stays_away(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, retry_for: Any, held: float
) -> None:
    """The caller gets an error after `retry_for`, and nothing goes out later."""
    await add_account(hass, simulator)
    await simulator.down()
    before = hass.loop.time()
    more = {} if retry_for is None else {"retry_for": retry_for}
    assert await result(clock, alarm(hass, PAPA, **more), step=2.5) == "cannot_connect"
    assert held <= hass.loop.time() - before <= held + 15
    await simulator.up()
    await clock.advance(600)
    assert simulator.orders == []
    assert simulator.calls("send") == []


async def test_network_gone_after_loss(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Absent in every read and no connection for the second try: provably not sent."""
    await add_account(hass, simulator)
    simulator.fault("reset", command="send")
    sending = hass.async_create_background_task(alarm(hass, PAPA, retry_for=10), "test")
    await clock.advance(20.1)
    await clock.advance(20.1)
    fault_of_read = simulator.fault("hang", command="check", when="after")
    await clock.advance(20)
    await simulator.down()
    fault_of_read.release()
    assert await result(clock, sending) == "cannot_connect"
    await simulator.up()
    assert simulator.orders == []


@pytest.mark.parametrize("sends_good", [True, False], ids=["good ones sent", "none sent"])
@pytest.mark.parametrize("phone_named", [True, False], ids=["named", "unnamed"])
@pytest.mark.parametrize(
    ("good", "bad"), [((PAPA,), BAD), ((PAPA, MAMA), BAD), ((), BAD), ((PAPA, MAMA, BABA), BAD[:1])]
)
async def test_refused_list(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    good: tuple[str, ...],
    bad: tuple[str, ...],
    phone_named: bool,
    sends_good: bool,
) -> None:
    """One bad number does not stop the others, whatever the API does with a list it refuses."""
    await add_account(hass, simulator)
    blacklist(simulator, bad)
    simulator.options.refused_list_sends_good = sends_good
    if not phone_named:
        simulator.options.error_fields = []
    phones = [one for pair in zip(bad, good, strict=False) for one in pair]
    phones += [one for one in (*bad, *good) if one not in phones]
    rows = await result(clock, alarm(hass, *phones))
    once(simulator, *good)
    if not good:
        assert rows == "recipient_refused"
        return
    assert {phone: rows[phone]["message_id"] for phone in good} == ids(simulator)
    for phone in bad:
        assert rows[phone]["status"] == "failed"
        assert rows[phone]["error"] == {"code": 212, "description": "Phone in black list"}
    assert len(simulator.calls("send")) <= 2 * len(phones)


@pytest.mark.parametrize("guard", [True, False])
async def test_refused_list_and_late_read(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, guard: bool
) -> None:
    """A number that the first read of the list does not show is not taken for one not sent to."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = guard
    simulator.options.refused_list_sends_good = True
    blacklist(simulator, BAD[:2])
    simulator.fault("other_json", body=NOTHING, command="check")
    rows = await result(clock, alarm(hass, *BAD[:2], PAPA))
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]


async def test_refused_list_and_later_read(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Where no read shows in time which numbers it reached, the API's refusal of a double does."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    simulator.options.refused_list_sends_good = True
    blacklist(simulator, BAD[:2])
    simulator.fault("other_json", body=NOTHING, command="check", times=2)
    rows = await result(clock, alarm(hass, *BAD[:2], PAPA))
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]


@pytest.mark.parametrize("named", [True, False])
async def test_named_double_of_a_refused_list(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, *, named: bool
) -> None:
    """A number that a refused list reached is not refused, though a duplicate's error names it."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    simulator.options.refused_list_sends_good = True
    if not named:
        simulator.options.error_fields = []
    blacklist(simulator, BAD)
    simulator.fault("other_json", body=NOTHING, command="check", times=2)
    rows = await result(clock, alarm(hass, PAPA, MAMA, *BAD))
    once(simulator, PAPA, MAMA)
    assert {phone: rows[phone]["message_id"] for phone in (PAPA, MAMA)} == ids(simulator)


async def test_double_of_a_refused_list_without_trace(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Refused as a duplicate of what was not sent before, and yet in no list: that is in doubt."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.account.duplicate_guard = True
    simulator.options.refused_list_sends_good = True
    blacklist(simulator, BAD[:2])
    simulator.fault("other_json", body=NOTHING, command="check", times=4)
    assert await result(clock, alarm(hass, *BAD[:2], PAPA)) == "outcome_unknown"
    once(simulator, PAPA)
    await simulator.deliver(simulator.orders[0].server_id)
    for _ in range(4):
        await clock.advance(61)
    assert captured.of("status") == ["delivered"]


async def test_refused_list_without_a_read(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Where it cannot be seen which numbers a refused list reached, none is sent to again."""
    await add_account(hass, simulator)
    blacklist(simulator, BAD)
    simulator.options.refused_list_sends_good = True
    simulator.fault("html", command="check", times=20)
    rows = await result(clock, alarm(hass, PAPA, *BAD))
    assert rows == "outcome_unknown"
    once(simulator, PAPA)
    assert len(simulator.calls("send")) == 1


async def test_large_refused_list(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The number of requests grows with the refused numbers, not with the list."""
    await add_account(hass, simulator, options={"daily_limit": 0})
    simulator.account.balance *= 10
    good = [f"+7908555{number:04}" for number in range(200)]
    simulator.fault("error", code=212, phone=BAD[0][1:], command="send")
    blacklist(simulator, BAD[:1])
    rows = await result(clock, alarm(hass, BAD[0], *good))
    once(simulator, *good)
    assert rows[BAD[0]]["error"]["code"] == 212
    assert len(simulator.calls("send")) == 3


async def test_duplicate_guard_in_a_list(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Numbers that had the same text an hour ago do not cost the others theirs."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    await alarm(hass, PAPA, MAMA)
    rows = await result(clock, alarm(hass, PAPA, MAMA, BABA))
    assert [order.phone for order in simulator.orders].count(BABA[1:]) == 1
    assert rows[BABA]["message_id"] == ids(simulator)[BABA]
    assert {rows[phone]["error"]["code"] for phone in (PAPA, MAMA)} == {243}
    assert len(simulator.orders) == 3


@pytest.mark.parametrize("row", ["", f', {{"phone": "{MAMA[1:]}", "status": "0"}}'])
async def test_number_left_out(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, row: str
) -> None:
    """An answer without a number, or its id, leaves it in doubt: not refused, not sent again."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await accept(hass, simulator, PAPA, MAMA)
    first = simulator.orders[0].server_id
    simulator.fault(
        "other_json",
        command="send",
        body=(
            f'{{"send": [{{"server_id": "{first}", "phone": "{PAPA[1:]}", "price": "1.31",'
            f' "status": "0"}}{row}], "cost": "3.52", "balance": "100"}}'
        ),
    )
    rows = await result(clock, alarm(hass, PAPA, MAMA))
    assert rows[PAPA]["message_id"] == str(first)
    assert rows[MAMA]["status"] is None
    await simulator.deliver(simulator.orders[1].server_id)
    await clock.advance(61)
    await clock.advance(61)
    assert captured.of("phone") == [MAMA]
    assert len(simulator.calls("send")) == 1
    # The answer had its price already in its sum.
    assert float(state_of(hass, "sensor.smspilot_5671_spent_today").state) == 3.52


async def test_refused_without_a_reason(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A row that failed is an error also where the service does not say why."""
    await add_account(hass, simulator)
    row = f'{{"server_id": "1", "phone": "{PAPA[1:]}", "price": "0.00", "status": "-2"}}'
    body = f'{{"send": [{row}], "cost": "0.00", "balance": "100"}}'
    simulator.fault("other_json", command="send", body=body)
    assert await result(clock, alarm(hass, PAPA)) == "recipient_refused"


async def test_refused_row_alone(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An answer of nothing but a refused row is an error, as the service's own is."""
    await add_account(hass, simulator)
    row = f'{{"server_id": "7", "phone": "{PAPA[1:]}", "status": "-2", "error": "212"}}'
    simulator.fault("other_json", command="send", body=f'{{"send": [{row}], "cost": "0"}}')
    assert await result(clock, alarm(hass, PAPA)) == "recipient_refused"


@pytest.mark.parametrize("kind", ["reset", "error", "hang"])
async def test_test_messages(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, kind: str
) -> None:
    """A test costs nothing: it is tried again, in no list, and never tracked."""
    await add_account(hass, simulator)
    more: dict[str, Any] = {"code": 212} if kind == "error" else {}
    fault = simulator.fault(kind, command="send", **more)
    rows = await result(clock, alarm(hass, PAPA, test=True), step=61)
    fault.release()
    expected = {"error": "recipient_refused", "hang": "outcome_unknown"}
    if kind in expected:
        assert rows == expected[kind]
    else:
        assert rows[PAPA]["test"] is True
    await clock.advance(600)
    assert simulator.calls("check") == []
    assert simulator.orders == []


ENDED_WITHIN = [112, 241, 122, 242, 104, 110, 715, 201, 223]


@pytest.mark.parametrize("code", ENDED_WITHIN)
async def test_list_refused_after_a_part_of_it(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, code: int
) -> None:
    """An error of the account does not make refused what the API's list shows as accepted."""
    await add_account(hass, simulator)
    await accept(hass, simulator, PAPA)
    simulator.fault("error", code=code, command="send")
    simulator.requests.clear()
    rows = await result(clock, alarm(hass, PAPA, MAMA, BABA))
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]
    assert {rows[MAMA]["status"], rows[BABA]["status"]} == {"failed"}
    assert rows[MAMA]["error"]["code"] == code
    assert requested(simulator)[:2] == ["send", "check"]


@pytest.mark.parametrize("code", ENDED_WITHIN)
@pytest.mark.parametrize("fault", ["html", "hang", "reset"])
async def test_refused_list_that_cannot_be_reconciled(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, code: int, fault: str
) -> None:
    """Where the list cannot be read the API's refusal counts, at once."""
    await add_account(hass, simulator)
    simulator.fault("error", code=code, command="send")
    fault_of_read = simulator.fault(fault, command="check")
    sending = hass.async_create_background_task(caught(alarm(hass, PAPA, MAMA)), "test")
    await clock.advance(21)
    assert sending.done()
    error = await sending
    assert str(code) in error.translation_placeholders["error"]
    fault_of_read.release()


@pytest.mark.parametrize("code", [101, 113, 220])
async def test_refused_before_any_number(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, code: int
) -> None:
    """A wrong key or a wrong request is refused as a whole, so nothing is reconciled."""
    await add_account(hass, simulator)
    simulator.fault("error", code=code, command="send")
    assert isinstance(await result(clock, alarm(hass, PAPA, MAMA)), str)
    assert requested(simulator)[:2] in (["send"], ["send", "None"])


async def test_error_beside_rows(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Rows that the API accepted are accepted, also where an error stands beside them."""
    await add_account(hass, simulator)
    rows = [
        {"server_id": "10001", "phone": PAPA[1:], "price": "1.31", "status": "0"},
        {"server_id": "10002", "phone": MAMA[1:], "price": "0", "status": "-2", "error": "112"},
    ]
    error = {"code": "112", "description": "SMS limit"}
    body = json.dumps({"send": rows, "cost": "1.31", "error": error})
    simulator.fault("other_json", body=body, command="send")
    found = await result(clock, alarm(hass, PAPA, MAMA, BABA))
    assert found[PAPA]["message_id"] == "10001"
    assert found[MAMA]["error"]["code"] == 112
    assert found[BABA]["status"] is None
