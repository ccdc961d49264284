"""What acknowledges an alarm, exactly as the contract says, and nothing else."""

from datetime import UTC, datetime, timedelta
import re

from homeassistant.core import Context, HomeAssistant
from hypothesis import given, strategies as st
import pytest

from custom_components.smspilot.alarms.answers import declines, without_code
from custom_components.smspilot.alarms.happenings import World, WrongCodes
from custom_components.smspilot.alarms.plan import Plan
from custom_components.smspilot.alarms.run import advance
from custom_components.smspilot.alarms.state import Run
from tests.common import Clock, act
from tests.simulator.simulator import Simulator

from .common import BABA, MAMA, PAPA, SMOKE, TO_MAMA, TO_PAPA, House, alarm, build, people, step

STRANGER = "+79990001122"


@pytest.mark.parametrize(
    "text",
    [
        *("ok", "Ок", "да", "+", "👍", "Еду!", "уже бегу", "Выезжаю, буду через 10 минут"),
        *("on my way", "Yes", "I'm coming", "no problem", "Нет проблем, еду", "yes, no worries"),
        *("coming right away", "Не волнуйтесь, еду", "Нет вопросов, иду", "not a problem"),
        *("Без проблем", "новый код 5, еду", "Натан едет", "Note taken", "нести огнетушитель?"),
    ],
)
def test_takes(text: str) -> None:
    assert not declines(text)


@pytest.mark.parametrize(
    "text",
    [
        *("no", "No.", "нет", "НЕТ!", "не могу", "Не могу, я на работе", "занят", "Занята."),
        *("can't", "can’t", "I cannot", "busy", "sorry, can't", "Sorry", "нет, извини"),
        *("я не смогу", "не получится", "Увы", "некогда", "not now", "не успеваю, прости"),
        *("я не дома", "I am busy right now", "Нет, я на работе", "No, I am at work", "не-а"),
        *("👎", "👎🏽", "Нет 👎", "❌", "🙅\u200d♀️", "не... могу", "никак", "ни за что", "no way"),
        *("Не приду", "не возьму", "не моё дежурство", "Извините, нет", "Sorry, I'm away"),
        *("В отпуске", "сплю", "Пусть кто-нибудь другой", "someone else", "Позже", "wrong number"),
        *("отказываюсь", "Перезвоню позже", "Can't talk. Call you back", "нет времени"),
    ],
)
def test_declines(text: str) -> None:
    assert declines(text)


@pytest.mark.parametrize(
    "text",
    [
        "I’m driving with Focus turned on. I’ll see your message when I get where I’m going.",
        "I'm driving with Do Not Disturb While Driving turned on.",
        "Я за рулем, и включена функция «Не беспокоить водителя». Я прочту сообщение позже.",
        "[Auto-reply] I'm driving right now",
        "Автоответ: я за рулём",
        "Automatic reply: I am out of office until Monday",
        "Я на совещании. Перезвоню.",
    ],
)
def test_phone_answers_by_itself(text: str) -> None:
    """The alarm was not read, so it goes on."""
    assert declines(text)


@given(st.sampled_from(["нет", "No", "Не", "nope", "неа"]), st.text())
def test_begins_with_no(no: str, reason: str) -> None:
    """Whatever follows a no, it is one."""
    assert declines(f"{no}, потому что {reason}")


@pytest.mark.parametrize(
    ("text", "takes", "wrong"),
    [
        ("417", True, 0),
        ("417 еду", True, 0),
        ("еду, код 417.", True, 0),
        ("417 не могу", False, 0),
        ("417 417 нет", False, 0),
        ("418, 417: no", False, 1),
        ("еду", None, 0),
        ("не могу", None, 0),
        ("4170", None, 0),
        ("418", None, 1),
        ("418 417", True, 1),
        ("415 416 418 417", None, 4),
    ],
)
def test_code(text: str, takes: bool | None, wrong: int) -> None:
    answer, count = without_code(Run(code="417"), PAPA, text)
    assert (None if answer is None else not declines(answer), count) == (takes, wrong)


WORLD = World(
    now=datetime(2026, 1, 1, tzinfo=UTC),
    api_now=datetime(2026, 1, 1, tzinfo=UTC),
    plan=Plan(id="leak", name="Leak"),
    steps=(),
)
WORDS = st.sampled_from(["ok", "не могу", "12", "4170", "+7 916 123-12-12", "417", "418", "419"])
SIGNS = st.sampled_from([" ", ", ", "-", "\n", ""])


@given(st.lists(st.lists(WORDS | SIGNS, max_size=12).map("".join), max_size=6))
def test_guesses(texts: list[str]) -> None:
    """Whatever the texts: only one of the first three numbers of three digits can be the code."""
    run, guesses = Run(code="417"), list[str]()
    for text in texts:
        answer, wrong = without_code(run, PAPA, text)
        guesses += re.findall(r"(?<!\d)\d{3}(?!\d)", text)
        assert (answer is not None) is ("417" in guesses[:3])
        if answer is not None:
            return
        run, _effects = advance(run, WrongCodes(PAPA, wrong), WORLD)
        assert without_code(run, MAMA, "417") == ("", 0)


async def test_declined(house: House) -> None:
    """A decline passes it on at once, and the next text says so."""
    await house.leak()
    await house.write(PAPA, "не могу")
    await house.wait(30)
    assert house.sent == [TO_PAPA, TO_MAMA]
    assert house.texts[-1] == "leak. Cannot: Papa. Answer this text to take it"
    assert house.state() == "running"
    assert ("declined", "Papa") in house.events()


@pytest.mark.parametrize(
    "text",
    [
        *("5671 4711 ok", "4711 Выключи свет", "Понравилось «leak. Answer this text»"),
        "Gefällt „leak. Answer this text to take it“",
    ],
)
@pytest.mark.parametrize("channel", ["two_way", "sms"])
async def test_order_or_reaction(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, text: str, channel: str
) -> None:
    """An order with a valid PIN is no answer, nor is a phone's reaction to a text."""
    saved = [*people("papa", pin="4711"), *people("mama")]
    plan = alarm("Leak", step("papa", channel=channel), step("mama"))
    house = await build(hass, simulator, clock, plan, saved=saved)
    await house.leak()
    await house.write(PAPA, text)
    await house.wait()
    assert house.state() == "running"
    assert house.sent == [(channel, "papa"), TO_MAMA]
    await house.write(PAPA, "5671 ok")
    await house.wait(30)
    assert house.state() == "acknowledged"


async def test_not_reached(simulator: Simulator, house: House) -> None:
    """A sender who was not reached, or wrote before, does not take it."""
    account = simulator.account
    before = simulator.now() - timedelta(seconds=30)
    await simulator.receive(PAPA[1:], "ok", account=account, created=before, push=False)
    await house.leak()
    for phone in (MAMA, BABA, STRANGER):
        await house.write(phone, "ok")
    await house.wait(60)
    assert house.state() == "running"
    # What was written before the text and is listed late is none either.
    await simulator.receive(PAPA[1:], "ok!", account=account, created=before, push=False)
    await house.wait(60)
    assert house.state() == "running"
    assert house.sent == [TO_PAPA, TO_MAMA]


async def test_two_alarms(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Of two alarms at once an answer takes the last that reached its number, and only that."""
    house = await build(
        hass, simulator, clock, alarm("Leak"), alarm("Smoke", sources=[SMOKE], rounds=1)
    )
    await house.leak()
    await house.wait(2)
    await house.leak(source=SMOKE)
    await house.write(PAPA, "ok")
    await house.wait(30)
    assert (house.state("leak"), house.state("smoke")) == ("running", "acknowledged")
    # Once more: what it would answer needs no answer, so it answers nothing.
    await house.write(PAPA, "ok")
    await house.wait(30)
    assert house.state("leak") == "running"
    await house.wait()
    await house.write(MAMA, "ok")
    await house.wait(30)
    assert house.state("leak") == "acknowledged"


async def test_ask_waits(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """The answer to a question that `ask` waits for is nothing for an alarm."""
    house = await build(hass, simulator, clock, options={"daily_limit": 0, "rate_limit": 0})
    await house.leak()
    asking = hass.async_create_background_task(
        act(hass, "ask", phones=[PAPA], question="Eggs?", timeout=300), "ask"
    )
    await house.clock.settle()
    await house.write(PAPA, "Ten")
    await house.wait(30)
    assert (await asking)["answer"] == "Ten"
    assert house.state() == "running"


async def test_forged(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A code proves that the sender has read the text; three wrong ones end the guessing."""
    house = await build(hass, simulator, clock, alarm(code=True, rounds=1))
    await house.leak()
    code = house.texts[0].removeprefix("leak. To take it, answer ")
    assert len(code) == 3
    wrong = "999" if code != "999" else "998"
    await house.write(PAPA, "ok")
    await house.wait(20)
    await house.write(PAPA, f"{code} ok")
    await house.wait(20)
    assert house.state() == "acknowledged"
    await house.end()
    await house.leak("off")
    await house.leak()
    code = house.texts[-1][-3:]
    wrong = "999" if code != "999" else "998"
    for _ in range(3):
        await house.write(PAPA, wrong)
        await house.wait(20)
    await house.write(PAPA, code)
    await house.wait(20)
    assert house.state() == "running"
    await house.wait(60)
    await house.write(MAMA, f"еду, {code}")
    await house.wait(20)
    assert house.state() == "acknowledged"
    assert house.attribute("acknowledged_by") == "Mama"


@pytest.mark.parametrize("words", ["ok", "не могу"])
async def test_guessed_in_one_text(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, words: str
) -> None:
    """A list of numbers that holds the code is as many guesses as it has numbers."""
    house = await build(hass, simulator, clock, alarm(code=True, rounds=1))
    await house.leak()
    code = int(house.texts[0][-3:])
    wrong = [str(100 + (code - 100 + step) % 900) for step in (1, 2, 3)]
    await house.write(PAPA, " ".join((*wrong, str(code), words)))
    await house.wait(20)
    await house.write(PAPA, f"{code} {words}")
    await house.wait(20)
    assert house.state() == "running"
    assert house.events() == [("started", None), ("step", "Papa")]
    await house.wait(90)
    await house.write(MAMA, f"{wrong[0]}, {wrong[1]}: {code}")
    await house.wait(20)
    assert house.attribute("acknowledged_by") == "Mama"


@pytest.mark.parametrize("pick_up", [True, False])
async def test_robot_picks_up(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, pick_up: bool
) -> None:
    """A call that was answered counts only where the owner says so."""
    steps = [step("papa", channel="voice"), step("mama")]
    house = await build(hass, simulator, clock, alarm("Leak", *steps, pick_up=pick_up))
    await house.leak()
    await simulator.deliver(simulator.orders[0].server_id)
    await house.wait()
    assert house.state() == ("acknowledged" if pick_up else "running")
    assert house.sent[1:] == ([] if pick_up else [TO_MAMA])


async def test_button(hass: HomeAssistant, clock: Clock, house: House) -> None:
    """The button takes it by the name of the user who presses it; without a run it does nothing."""
    button = {"entity_id": "button.leak_acknowledge"}
    await hass.services.async_call("button", "press", button, blocking=True)
    assert house.state() == "idle"
    await house.leak()
    user = await hass.auth.async_create_user("Олег")
    await hass.services.async_call(
        "button", "press", button, blocking=True, context=Context(user_id=user.id)
    )
    await house.clock.settle()
    assert house.attribute("acknowledged_by") == "Олег"
    assert house.texts[-1] == "Олег takes it: leak"


async def test_action(hass: HomeAssistant, clock: Clock, house: House) -> None:
    """So does the action, by any name, and no text goes out where no recipient was reached."""
    await act(hass, "acknowledge_alarm", respond=False, alarm="sensor.leak", by="Guard")
    assert house.state() == "idle"
    await house.leak()
    await act(hass, "acknowledge_alarm", respond=False, entity_id="sensor.leak", by="Guard")
    await house.clock.settle()
    assert house.attribute("acknowledged_by") == "Guard"
    assert house.texts[-1] == "Guard takes it: leak"


async def test_app(hass: HomeAssistant, clock: Clock, house: House) -> None:
    """So does the button of a notification of the companion app, of this run only."""
    await house.leak()
    alarm_id = house.attribute("alarm_id")
    user = await hass.auth.async_create_user("Мама")
    event = "mobile_app_notification_action"
    hass.bus.async_fire(event, {"action": "SMSPILOT_ACKNOWLEDGE_other"})
    await house.clock.settle()
    assert house.state() == "running"
    action = f"SMSPILOT_ACKNOWLEDGE_{alarm_id}"
    hass.bus.async_fire(event, {"action": action}, context=Context(user_id=user.id))
    await house.clock.settle()
    assert house.state() == "acknowledged"
    assert house.attribute("acknowledged_by") == "Мама"


async def test_after_all_rounds(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An answer after it was given up still takes it."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    await house.leak()
    await house.wait(300)
    assert house.state() == "unanswered"
    await house.write(MAMA, "иду")
    await house.wait(90)
    assert house.state() == "acknowledged"
