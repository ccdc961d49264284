"""A push of a status wakes one read, whose list decides; unverified it counts by itself."""

import asyncio
from typing import Any

from homeassistant.core import CoreState, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smspilot.const import (
    CONF_INBOUND_INTERVAL,
    CONF_VERIFY_PUSHES,
    EVENT_MESSAGE_STATUS,
)
from custom_components.smspilot.outbound import early_pushes

from .common import (
    MAMA,
    PAPA,
    CapturedEvents,
    Clock,
    add_account,
    kill,
    state_of,
)
from .delivering import PENDING, SPENT, VERIFY, checks, push, the_id
from .sending import alarm
from .simulator.model import Status
from .simulator.options import Pushes
from .simulator.simulator import Simulator

QUIET = pytest.mark.parametrize("options", [{CONF_INBOUND_INTERVAL: 0}], ids=["no_polls"])
UNVERIFIED = pytest.mark.parametrize("verify", [False], ids=["unverified"])


@pytest.fixture
def verify() -> bool:
    """Return whether a read has to confirm a push."""
    return True


@pytest.fixture
def options() -> dict[str, Any]:
    """Return further options of the account."""
    return {}


@pytest.fixture
async def account(
    hass: HomeAssistant,
    simulator: Simulator,
    _webhook_server: None,
    verify: bool,
    options: dict[str, Any],
) -> MockConfigEntry:
    """Set up an account with an address that the API can push to."""
    return await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: verify, **options})


@pytest.fixture
def captured(hass: HomeAssistant, account: MockConfigEntry) -> CapturedEvents:
    """Capture the statuses that the account publishes."""
    return CapturedEvents(hass, EVENT_MESSAGE_STATUS)


async def test_push_wakes_one_read(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """The pushes of ten messages share a read, which asks for all that waits."""
    await alarm(hass, *(f"+7908111{number:04}" for number in range(10)))
    await asyncio.gather(*(simulator.advance(order.server_id) for order in simulator.orders))
    await clock.settle()
    assert checks(simulator) == 1
    await clock.advance(1.1)
    assert captured.of("status") == ["sent"] * 10
    assert (read := checks(simulator)) <= 2
    assert simulator.calls("check")[0].params["check"].count(",") == 9
    # What is confirmed is not read again.
    await clock.advance(3)
    assert checks(simulator) == read


@VERIFY
@pytest.mark.parametrize(("copies", "is_reversed"), [(1, False), (3, False), (1, True), (2, True)])
async def test_pushes_doubled_and_reversed(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    captured: CapturedEvents,
    copies: int,
    is_reversed: bool,
) -> None:
    """Whatever order pushes come in: each change once, none after the final one."""
    simulator.options.push_copies = copies
    simulator.options.push_reversed = is_reversed
    await alarm(hass, PAPA)
    await simulator.deliver(the_id(simulator))
    for _ in range(5):
        await clock.advance(20)
    assert captured.of("status")[-1] == "delivered"
    assert captured.of("status") in (["sent", "delivered"], ["delivered"])
    assert state_of(hass, PENDING).state == "0"


@VERIFY
async def test_late_push(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """A push of an earlier status, hours late, changes nothing and starts no request."""
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
    assert captured.of("status") == ["sent", "delivered"]
    assert checks(simulator) == 0


@QUIET
async def test_forged_push(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """A push that the API does not confirm starts four further reads, and is never published."""
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
    assert captured.data == []
    assert checks(simulator) == 5
    assert state_of(hass, PENDING).state == "1"


async def test_list_is_late(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """What was pushed is published as soon as the list shows it, a little later."""
    await alarm(hass, PAPA)
    await push(simulator, Status.DELIVERED)
    await clock.advance(1.1)
    simulator.options.pushes = Pushes.OFF
    await simulator.deliver(the_id(simulator))
    await clock.advance(1.5)
    assert captured.of("status") == ["delivered"]


async def test_second_push_before_the_list(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """Of two pushes that came before the list shows either, further reads are for the later one."""
    await alarm(hass, PAPA)
    simulator.options.pushes = Pushes.OFF
    await push(simulator, Status.SENT)
    await clock.settle()
    await push(simulator, Status.DELIVERED)
    await simulator.advance(the_id(simulator))
    await clock.advance(2.1)
    assert captured.of("status") == ["sent"]
    await simulator.deliver(the_id(simulator))
    await clock.advance(2.1)
    assert captured.of("status") == ["sent", "delivered"]


@pytest.mark.usefixtures("account")
async def test_push_that_was_confirmed_meanwhile(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """No read is made for a push that the list has confirmed meanwhile."""
    await alarm(hass, PAPA, MAMA)
    await push(simulator, Status.DELIVERED)
    await clock.advance(1.1)
    await simulator.deliver(the_id(simulator))
    await clock.settle()
    assert checks(simulator) == 2
    await clock.advance(4)
    assert checks(simulator) == 2
    assert state_of(hass, PENDING).state == "1"


@pytest.mark.usefixtures("account")
async def test_push_among_many(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was pushed is requested first, and a hundred in all: it is no whole round."""
    await alarm(hass, *(f"+7908111{number:04}" for number in range(150)))
    pushed = [simulator.orders[-1].server_id, simulator.orders[-2].server_id]
    for server_id in pushed:
        await push(simulator, Status.DELIVERED, server_id)
    await clock.advance(1.1)
    for call, first in zip(simulator.calls("check"), (pushed[:1], pushed), strict=True):
        ids = [int(server_id) for server_id in call.params["check"].split(",")]
        assert {*ids[: len(first)]} == {*first}
        assert len({*ids}) == len(ids) == 100


async def test_push_while_the_list_is_away(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """A list that cannot be read disproves no push: reads go on until it can."""
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
    assert captured.of("status") == ["delivered"]


@VERIFY
@pytest.mark.parametrize("reverse", [False, True])
async def test_push_before_the_answer(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    captured: CapturedEvents,
    reverse: bool,
    verify: bool,
) -> None:
    """A push that overtakes the answer to its send is not lost."""
    fault = simulator.fault("hang", when="after", command="send")
    simulator.options.pushes = Pushes.HOLD
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    await simulator.deliver(the_id(simulator))
    await simulator.flush_pushes(reverse=reverse)
    await clock.settle()
    assert captured.data == []
    fault.release()
    await sending
    await clock.advance(1)
    assert captured.of("status") == ["delivered"]
    assert checks(simulator) == (1 if verify else 0)


@UNVERIFIED
async def test_flood_of_strange_pushes(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    captured: CapturedEvents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pushes of unknown ids fill no memory, start no read, and displace no push of ours."""
    monkeypatch.setattr(early_pushes, "MAX_KEPT", 5)
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
    assert captured.of("status") == ["delivered"]
    # What came before a flood is forgotten; the clock finds it.
    for server_id in (simulator.next_server_id, *range(1, 20)):
        await push(simulator, Status.DELIVERED, server_id)
    await alarm(hass, PAPA)
    await clock.settle()
    assert captured.of("status") == ["delivered"]


async def test_push_and_poll_race(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """A read under way and pushes that come meanwhile publish each change once."""
    await alarm(hass, PAPA)
    fault = simulator.fault("hang", when="after", command="check")
    await clock.advance(15.1)
    assert fault.fired
    await simulator.advance(the_id(simulator))
    await simulator.deliver(the_id(simulator))
    fault.release()
    for _ in range(4):
        await clock.advance(20)
    assert captured.of("status")[-1] == "delivered"
    assert len(captured.data) == len(set(captured.of("status")))


@UNVERIFIED
async def test_unverified(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """Without verification a push is an event at once, also one of an error; no read repeats it."""
    await alarm(hass, PAPA)
    await simulator.advance(the_id(simulator))
    await simulator.advance(the_id(simulator), Status.UNDELIVERED, error=600)
    await clock.settle()
    assert captured.of("status") == ["sent", "undelivered"]
    assert captured.data[1]["error"] == {"code": 600, "description": "Expired"}
    await clock.advance(61)
    assert checks(simulator) == 0


@UNVERIFIED
async def test_unverified_push_spends_nothing(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """The price is the one of the API's list, whatever a push says."""
    await alarm(hass, PAPA)
    await simulator.push_status(
        server_id=str(the_id(simulator)), phone=PAPA[1:], status="1", price="-1000"
    )
    await clock.settle()
    assert captured.of("price") == [1.31]
    assert float(state_of(hass, SPENT).state) == 1.31


@UNVERIFIED
@pytest.mark.parametrize("early", [False, True])
async def test_unverified_failure(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    captured: CapturedEvents,
    *,
    early: bool,
) -> None:
    """A failure costs nothing, which no push says, however early it comes."""
    answer = simulator.fault("hang", when="after", command="send") if early else None
    sending = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    await simulator.advance(the_id(simulator), Status.FAILED, error=603)
    if answer:
        answer.release()
    await sending
    await clock.advance(2)
    assert (captured.of("status"), captured.of("price")) == (["failed"], [0])
    assert float(state_of(hass, SPENT).state) == 0


@UNVERIFIED
async def test_unverified_push_of_what_was_lost(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """The end of a message whose price is not known yet waits for it."""
    simulator.fault("reset", when="after", command="send")
    simulator.fault("html", command="check", skip=1)
    await alarm(hass, PAPA)
    await clock.settle()
    await simulator.deliver(the_id(simulator))
    await clock.advance(61)
    assert (captured.of("status"), captured.of("price")) == (["delivered"], [1.31])
    assert float(state_of(hass, SPENT).state) == 1.31


async def test_unverified_before_the_start(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What cannot be published yet is read from the list again after a kill."""
    hass.set_state(CoreState.starting)
    entry = await add_account(hass, simulator, options={CONF_VERIFY_PUSHES: False})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.deliver(the_id(simulator))
    await alarm(hass, MAMA)
    await kill(hass, entry, clock)
    hass.set_state(CoreState.running)
    hass.bus.async_fire("homeassistant_started")
    await clock.advance(2)
    assert captured.of("status") == ["delivered"]


@QUIET
async def test_late_check(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """Pushes of other messages take no read from one whose status comes late."""
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
    assert captured.of("status").count("delivered") == 7


@QUIET
async def test_pushes_reversed_and_list_late(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, captured: CapturedEvents
) -> None:
    """An older push that comes later does not end the reads for the newer one."""
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
    assert captured.of("status") == ["sent", "delivered"]
