"""The heartbeat: the balance is the newest, and the sensors are there when the service is."""

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
import pytest

from custom_components.smspilot import coordinator
from custom_components.smspilot.const import CONF_INBOUND_INTERVAL, EVENT_SMS_RECEIVED

from .common import MAMA, PAPA, CapturedEvents, Clock, act, add_account, person, state_of, write
from .sending import BABA, BAD, alarm, result
from .simulator.simulator import Simulator

BALANCE = "sensor.smspilot_5671_balance"
PENDING = "sensor.smspilot_5671_pending_messages"
LEFT = "sensor.smspilot_5671_sms_left"


async def test_balance_is_fresh(hass: HomeAssistant, simulator: Simulator) -> None:
    """The balance comes with the response to each send, without a request."""
    await add_account(hass, simulator)
    before = float(state_of(hass, BALANCE).state)
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance) < before
    assert state_of(hass, PENDING).state == "1"
    assert len(simulator.requests) == 1


async def test_burst(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many changes within a moment the first and the last are written."""
    monkeypatch.setattr(coordinator, "MIN_UPDATE_INTERVAL", 5)
    await add_account(hass, simulator)
    shown: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        assert event.data["new_state"]
        shown.append(event.data["new_state"].state)

    async_track_state_change_event(hass, PENDING, changed)
    await clock.advance(5)
    for number in range(20):
        await act(hass, "send_sms", phones=[PAPA], message=f"{number}")
    assert shown == ["1"]
    await clock.advance(5)
    assert shown == ["1", "20"]
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance)


async def test_sms_left(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, entity_registry: er.EntityRegistry
) -> None:
    """SMS left is requested only while its sensor is enabled."""
    await add_account(hass, simulator)
    await clock.advance(1801)
    assert simulator.calls("balance") == []
    entity_registry.async_update_entity(LEFT, disabled_by=None)
    await clock.advance(31)
    await clock.advance(1801)
    assert simulator.calls("balance")
    assert int(state_of(hass, LEFT).state) > 0


async def test_sms_left_of_a_busy_home(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, entity_registry: er.EntityRegistry
) -> None:
    """Sends, whose responses have the balance, do not put off the read of SMS left."""
    await add_account(hass, simulator)
    entity_registry.async_update_entity(LEFT, disabled_by=None)
    await clock.advance(31)
    await clock.advance(1801)
    before = int(state_of(hass, LEFT).state)
    for _ in range(12):
        await alarm(hass, PAPA)
        await clock.advance(1200)
    assert int(state_of(hass, LEFT).state) < before


async def test_sms_left_cannot_be_reported(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, entity_registry: er.EntityRegistry
) -> None:
    """It takes no other sensor with it."""
    await add_account(hass, simulator)
    entity_registry.async_update_entity(LEFT, disabled_by=None)
    await clock.advance(31)
    simulator.fault("html", command="balance")
    await clock.advance(1801)
    assert state_of(hass, LEFT).state == STATE_UNKNOWN
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance)
    await clock.advance(1801)
    assert int(state_of(hass, LEFT).state) > 0


async def test_answers_to_sends_cross(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An answer that is late does not put the balance back."""
    await add_account(hass, simulator)
    slow = simulator.fault("hang", when="after", command="send")
    first = hass.async_create_background_task(alarm(hass, PAPA), "test")
    await clock.settle()
    await alarm(hass, MAMA)
    slow.release()
    await first
    await clock.settle()
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance)


async def test_balance_of_an_earlier_request(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A balance is as old as the request it answered, whatever was asked in vain after it."""
    await add_account(hass, simulator)
    for phone in BAD:
        simulator.phone(phone[1:]).blacklisted = True
    # The list, its good half, its bad half.
    slow = simulator.fault("hang", when="after", command="send", skip=2)
    sending = hass.async_create_background_task(alarm(hass, PAPA, MAMA, *BAD), "test")
    await clock.settle()
    for _ in range(5):
        await clock.advance(5)
    assert slow.fired
    await alarm(hass, BABA)
    slow.release()
    await result(clock, sending)
    await clock.settle()
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance)


async def test_heartbeat_crosses_a_send(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Nor does a read that was asked for before."""
    await add_account(hass, simulator)
    slow = simulator.fault("hang", when="after", command="account")
    await clock.advance(1801)
    assert slow.fired
    await alarm(hass, MAMA)
    slow.release()
    await clock.settle()
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance)


async def test_answer_without_a_balance(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A response without a balance does not make an earlier request's top-up look old."""
    await add_account(hass, simulator)
    simulator.account.balance *= 2
    slow = simulator.fault("hang", when="after", command="account")
    reading = hass.async_create_background_task(act(hass, "get_account"), "test")
    await clock.settle()
    assert slow.fired
    simulator.options.account_figures = {"balance": "N/A"}
    assert (await act(hass, "get_account"))["balance"] is None
    slow.release()
    await reading
    await clock.settle()
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance)


async def test_get_account_crosses_a_send(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A read that an automation asked for does not put the balance back either."""
    await add_account(hass, simulator)
    slow = simulator.fault("hang", when="after", command="account")
    reading = hass.async_create_background_task(act(hass, "get_account"), "test")
    await clock.settle()
    assert slow.fired
    await alarm(hass, MAMA)
    slow.release()
    await reading
    await clock.settle()
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance)


@pytest.mark.parametrize("known", [True, False])
async def test_back_with_a_send(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    *,
    known: bool,
) -> None:
    """A send that goes out shows that the service is back: sensors and inbound messages too."""
    if not known:
        await simulator.down()
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await simulator.down()
    await clock.advance(1801)
    assert state_of(hass, BALANCE).state == STATE_UNAVAILABLE
    await simulator.up()
    await write(simulator, PAPA, "5671 Привет")
    await alarm(hass, PAPA)
    await clock.advance(2)
    assert float(state_of(hass, BALANCE).state) == float(simulator.account.balance)
    assert caplog.text.count("Fetching smspilot data recovered") == 1
    if known:
        assert captured.of("message") == ["Привет"]


async def test_back_by_a_question(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A service that a question finds back is logged to be back."""
    await simulator.down()
    await add_account(hass, simulator)
    await simulator.up()
    await act(hass, "get_account")
    await clock.settle()
    assert state_of(hass, "sensor.smspilot_5671_balance").state != "unavailable"
    assert caplog.text.count("Fetching smspilot data recovered") == 1


async def test_back_with_get_account(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """An account query after an outage takes no inbound message away."""
    await add_account(
        hass, simulator, people=[person("Папа", PAPA)], options={CONF_INBOUND_INTERVAL: 0}
    )
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await simulator.down()
    await clock.advance(1801)
    await simulator.up()
    await write(simulator, PAPA, "5671 Привет")
    await act(hass, "get_account")
    for _ in range(3):
        await clock.advance(1801)
    assert captured.of("message") == ["Привет"]


async def test_sms_left_of_a_curious_home(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, entity_registry: er.EntityRegistry
) -> None:
    """Questions for the account do not put off for ever how many SMS are left."""
    await add_account(hass, simulator)
    left = "sensor.smspilot_5671_sms_left"
    entity_registry.async_update_entity(left, disabled_by=None)
    await clock.advance(31)
    await clock.advance(1801)
    before = int(state_of(hass, left).state)
    simulator.account.balance /= 2
    for _ in range(6):
        await act(hass, "get_account")
        await clock.advance(1200)
    assert int(state_of(hass, left).state) < before


@pytest.mark.parametrize("interval", [None, 0])
async def test_back_soon(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, interval: int | None
) -> None:
    """A service that the inbox finds back, as after a power cut, has its sensors back as well."""
    await simulator.down()
    options = {} if interval is None else {"inbound_interval": interval}
    await add_account(hass, simulator, options=options)
    await clock.advance(5)
    await simulator.up()
    await clock.advance(61)
    assert state_of(hass, "sensor.smspilot_5671_balance").state != "unavailable"
