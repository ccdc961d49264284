"""Never twice, never lost, never silent: what goes out, read from the service's own ledger."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.smspilot.const import EVENT_MESSAGE_STATUS

from .common import PAPA, Clock, Heard, act, add_account
from .simulator.simulator import Simulator

# Every way to lose the answer to a send.
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


async def result(clock: Clock, sending: Any) -> Any:
    """Return the response, or the key of the error."""
    try:
        return await clock.finish(sending)
    except HomeAssistantError as err:
        return err.translation_key


async def test_one_request(hass: HomeAssistant, simulator: Simulator) -> None:
    """A send is one POST, and its receipt is the service's."""
    await add_account(hass, simulator)
    receipt = await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    assert [request.method for request in simulator.requests] == ["POST"]
    assert [order.text for order in simulator.orders] == ["Протечка!"]
    (row,) = receipt["messages"]
    assert row["status"] == "accepted"
    assert row["price"] == float(simulator.orders[0].price)


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_answer_lost(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, kind: str, when: str
) -> None:
    """Whether the service took it before the answer was lost or not: it goes out once."""
    await add_account(hass, simulator)
    simulator.fault(kind, when=when, command="send")
    receipt = await result(clock, act(hass, "send_sms", phones=[PAPA], message="Протечка!"))
    assert [order.phone for order in simulator.orders] == [PAPA[1:]]
    assert receipt["messages"][0]["message_id"] == str(simulator.orders[0].server_id)
    assert len(simulator.calls("send")) == (2 if when == "before" else 1)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_timeout(hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str) -> None:
    """After a timeout nothing is provable: it is never sent again, and the caller is told."""
    await add_account(hass, simulator)
    heard = Heard(hass, EVENT_MESSAGE_STATUS)
    fault = simulator.fault("hang", when=when, command="send")
    sending = clock.finish(act(hass, "send_sms", phones=[PAPA], message="Протечка!"), step=61)
    if when == "after":
        receipt = await sending
        assert receipt["messages"][0]["message_id"] == str(simulator.orders[0].server_id)
    else:
        with pytest.raises(HomeAssistantError) as raised:
            await sending
        assert raised.value.translation_key == "outcome_unknown"
        # It was only slow: the service takes it now, and its delivery is told.
        fault.release()
        await clock.settle()
    assert len(simulator.calls("send")) == 1
    for order in simulator.orders:
        await simulator.deliver(order.server_id)
    for _ in range(6):
        await clock.advance(130)
    assert heard.of("status") == ["delivered"] * len(simulator.orders)
    assert len(simulator.calls("send")) == 1
