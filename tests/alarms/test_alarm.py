"""An alarm through the real Home Assistant: the order of its recipients, and what it says."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.text.segments import measure
from tests.common import Clock, write
from tests.simulator.model import SERVICE_NUMBER
from tests.simulator.simulator import Simulator

from .common import (
    LEAK,
    MAMA,
    PAPA,
    SMOKE,
    TO_MAMA,
    TO_PAPA,
    House,
    alarm,
    app,
    build,
    people,
    step,
)


async def test_goes_on(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """From recipient to recipient, round after round, to the last; each send is one request."""
    house = await build(hass, simulator, clock, alarm(rounds=2))
    await house.leak()
    assert house.sent == [TO_PAPA]
    assert house.state() == "running"
    assert (house.attribute("step"), house.attribute("round")) == (1, 1)
    await house.wait()
    assert house.sent == [TO_PAPA, TO_MAMA]
    await house.wait()
    await house.wait()
    assert house.sent == [TO_PAPA, TO_MAMA] * 2
    assert (house.attribute("step"), house.attribute("round")) == (2, 2)
    assert house.attribute("reached") == ["Papa", "Mama"]
    await house.wait()
    assert house.state() == "unanswered"
    assert len(house.paid) == 4
    assert house.texts == [
        "leak. Answer this text to take it",
        "leak. Answer this text to take it",
        "Reminder 2: leak. Answer this text to take it",
        "Reminder 2: leak. Answer this text to take it",
    ]
    assert house.events() == [
        ("started", None),
        ("step", "Papa"),
        ("step", "Mama"),
        ("step", "Papa"),
        ("step", "Mama"),
        ("unanswered", None),
    ]
    assert {one["alarm_id"] for one in house.published.data} == {house.attribute("alarm_id")}
    assert {one["account_id"] for one in house.published.data} == {"5671"}


async def test_answered(house: House) -> None:
    """An answer ends it; the others get one SMS that says who takes it."""
    await house.leak()
    await house.wait()
    await house.write(PAPA, "Еду!")
    await house.wait(30)
    assert house.state() == "acknowledged"
    assert house.attribute("acknowledged_by") == "Papa"
    assert house.sent == [TO_PAPA, TO_MAMA, ("sms", "mama")]
    assert house.texts[-1] == "Papa takes it: leak"
    await house.wait(300)
    assert len(house.paid) == 3
    assert house.events()[-1] == ("acknowledged", "Papa")


async def test_no_word_to_the_others(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Unless the alarm says that the others get no text."""
    house = await build(hass, simulator, clock, alarm(tell_others=False))
    await house.leak()
    await house.wait()
    await house.write(MAMA, "ок")
    await house.wait(30)
    assert house.state() == "acknowledged"
    assert len(house.paid) == 2


@pytest.mark.usefixtures("_webhook_server")
async def test_answer_that_is_pushed(simulator: Simulator, house: House) -> None:
    """A push wakes the read; the answer counts at once."""
    await house.leak()
    await write(simulator, PAPA, "ok")
    await house.wait(2)
    assert house.state() == "acknowledged"


async def test_read_before_each_step(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What is written a moment before a step is read before it goes out."""
    house = await build(hass, simulator, clock, options={"inbound_interval": 0})
    await house.leak()
    await house.wait(90)
    await house.write(PAPA, "ok")
    await house.wait(60)
    assert house.state() == "acknowledged"
    assert house.sent == [TO_PAPA]


async def test_several_at_once(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A step may have several recipients, each by their own way; a call is said, not answered."""
    house = await build(
        hass,
        simulator,
        clock,
        alarm("Leak", step("papa", "mama"), step("baba", channel="voice"), rounds=1),
    )
    await house.leak()
    assert sorted(house.sent) == [TO_MAMA, TO_PAPA]
    await house.wait()
    assert house.sent[-1] == ("voice", "baba")
    assert house.texts[-1] == "leak"


async def test_recipient_called_by_notify(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A recipient whose channel is voice is called where the step does not say how."""
    saved = [*people("papa", channel="voice"), *people("mama")]
    house = await build(hass, simulator, clock, saved=saved)
    await house.leak()
    assert house.sent == [("voice", "papa")]


async def test_message_of_its_own(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A template makes the text; without one it is the names of all that is on."""
    message = "Вода! {{ states('binary_sensor.leak') }}"
    house = await build(hass, simulator, clock, alarm(message=message))
    await house.leak()
    assert house.texts == ["Вода! on. Answer this text to take it"]


async def test_plain_sms(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A plain SMS says where to write, once a message came to a service number."""
    house = await build(hass, simulator, clock, alarm("Leak", step("papa", channel="sms")))
    await house.leak()
    assert house.texts == ["leak"]
    await house.end()
    await house.write(MAMA, "5671 Hello")
    await house.wait(61)
    await house.leak("off")
    await house.leak()
    words = f"5671 ok to +{SERVICE_NUMBER}"
    assert house.texts[-1].endswith(f". To take it, text {words}")
    await house.write(PAPA, "5671 ok")
    await house.wait(30)
    assert house.state() == "acknowledged"


@pytest.mark.parametrize("where", ["account", "recipient"])
async def test_long_with_2way_as_sender(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, where: str
) -> None:
    """A text that a sender's name makes a 2WAY message is fitted into their template."""
    options = {"two_way_template": "Дом: {message}. Ответьте", "long_texts": "refuse"}
    sender = {"sender": "2WAY"}
    saved = people("papa", **(sender if where == "recipient" else {}))
    options |= sender if where == "account" else {}
    plan = alarm("Leak", step("papa", channel="sms"))
    house = await build(hass, simulator, clock, plan, saved=saved, options=options)
    await house.start(message="дверь " * 200)
    (text,) = house.texts
    assert measure(text).parts == 10
    assert text.endswith("…. Ответьте")


async def test_template_of_the_account(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Everything stands in the account's template; a long message is cut, how to answer is not."""
    template = "Дом: {message}"
    house = await build(
        hass,
        simulator,
        clock,
        alarm(message="вода " * 40),
        options={"two_way_template": template, "message_template": template, "max_parts": 1},
    )
    await house.leak()
    (text,) = house.texts
    assert text.startswith("Дом: вода вода")
    assert text.endswith("… Answer this text to take it")
    assert len(text) <= 70


async def test_no_survey_template(simulator: Simulator, house: House) -> None:
    """A 2WAY whose template is refused goes out as a plain SMS."""
    simulator.fault("error", code=227, command="send")
    await house.leak()
    assert house.sent == [("sms", "papa")]
    assert len(house.paid) == 2


async def test_duplicate_guard(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Three rounds, and the same alarm an hour later: the guard stops none of them."""
    simulator.account.duplicate_guard = True
    simulator.options.duplicate_window = timedelta(days=1)
    simulator.options.duplicate_guards_calls = True
    steps = [step("papa"), step("papa", channel="voice"), step("mama", channel="sms")]
    house = await build(hass, simulator, clock, alarm("Leak", *steps, rounds=3, remind=0))
    await house.leak()
    await house.wait(1200)
    assert len(house.paid) == len(house.sent) == 9
    await house.leak("off")
    await house.wait(3600, step=600)
    await house.leak()
    await house.wait(1200)
    assert len(house.paid) == len(house.sent) == 18
    texts = [(order.phone, order.text) for order in simulator.orders]
    assert len(set(texts)) == 18


async def test_not_delivered(simulator: Simulator, house: House) -> None:
    """A text that does not arrive is passed over at once."""
    await house.leak()
    await simulator.advance(simulator.orders[0].server_id, -1)
    await house.wait(90)
    assert house.sent == [TO_PAPA, TO_MAMA]


async def test_refused_number(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """So is a number that the API refuses, and no other recipient waits for it."""
    simulator.phone(PAPA[1:]).blacklisted = True
    house = await build(hass, simulator, clock)
    await house.leak()
    assert house.sent == [TO_MAMA]
    assert house.events() == [("started", None), ("step", None), ("step", "Mama")]


async def test_others(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Other integrations' entities may be steps too, and are called by `notify.send_message`."""
    house = await build(hass, simulator, clock, alarm("Leak", step("notify.app"), step("papa")))
    calls = app(hass)
    await house.leak()
    assert [call.data["message"] for call in calls] == ["leak"]
    assert house.sent == []
    await house.wait()
    assert house.sent == [TO_PAPA]
    assert house.attribute("reached") == ["App", "Papa"]
    # One that is not there is no step: there is no wait for it.
    hass.states.async_remove("notify.app")
    await house.end()
    await house.leak("off")
    await house.leak()
    assert len(calls) == 1
    assert house.sent == [TO_PAPA, TO_PAPA]


async def test_flapping(house: House) -> None:
    """A sensor that flaps thirty times in a minute is one run, before and after it is taken."""
    for _ in range(30):
        await house.leak()
        await house.pass_by(1)
        await house.leak("off")
        await house.pass_by(1)
    await house.leak()
    assert house.sent == [TO_PAPA]
    await house.write(PAPA, "ok")
    await house.wait(30)
    for _ in range(30):
        await house.leak("off")
        await house.pass_by(1)
        await house.leak()
        await house.pass_by(1)
    assert house.state() == "acknowledged"
    assert len(house.paid) == 1
    assert [kind for kind, _recipient in house.events()].count("started") == 1


async def test_another_message(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What changes while it runs is in the next text; the recipient who took it gets it once."""
    house = await build(hass, simulator, clock, alarm(sources=[LEAK, SMOKE]))
    await house.leak()
    await house.leak(source=SMOKE)
    assert len(house.paid) == 1
    await house.wait()
    assert house.texts[-1] == "leak, smoke. Answer this text to take it"
    await house.write(MAMA, "ok")
    await house.wait(30)
    sent = len(house.paid)
    await house.start(message="Fire in the attic")
    await house.start(message="Fire everywhere")
    assert house.texts[sent:] == ["It is now: Fire in the attic"]
    assert house.sent[-1] == ("sms", "mama")


async def test_ends_with_sources(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A minute without any ends it, and all who were reached get one text that says so."""
    house = await build(hass, simulator, clock, alarm(end_message="Dry again."))
    await house.leak()
    await house.leak("unavailable")
    await house.wait(50)
    assert house.state() == "running"
    await house.leak("off")
    await house.wait(60)
    assert house.state() == "idle"
    assert house.texts[-1] == "Dry again."
    assert house.sent[-1] == ("sms", "papa")
    assert house.events()[-1] == ("ended", None)
    await house.wait(600)
    assert len(house.paid) == 2


async def test_reminded(house: House) -> None:
    """While water runs, the steps begin again half an hour after it was taken."""
    await house.leak()
    await house.write(PAPA, "ok")
    await house.wait(30)
    assert house.state() == "acknowledged"
    await house.wait(1900, step=100)
    assert house.state() == "running"
    assert house.texts[-1].startswith("Reminder 2: leak. Papa took it at ")
    assert house.texts[-1].endswith(". Answer this text to take it")
    await house.write(PAPA, "still on it")
    await house.wait(30)
    assert house.state() == "acknowledged"


async def test_eleventh_run(house: House) -> None:
    """From the eleventh run of a day on only the first step goes out, and it is said."""
    for _ in range(10):
        await house.start()
        await house.end()
    assert len(house.paid) == 10
    await house.start()
    await house.wait(600)
    assert len(house.paid) == 11
    assert house.state() == "unanswered"
