"""An alarm and everything that can go wrong around it: kills, outages, an empty account."""

from collections.abc import Callable
from decimal import Decimal
import json
import os
from pathlib import Path
from random import Random

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.smspilot.alarms.steps import NONE_REACHED, WAITING_REASONS
from custom_components.smspilot.const import DOMAIN
from custom_components.smspilot.runtime.journal import Journal
from tests.common import Clock, Hold, person
from tests.forgetful_disk import ForgetfulDisk
from tests.simulator.model import Blocked
from tests.simulator.simulator import Simulator
from tests.test_disk import pass_by

from .common import IDS, LEAK, PAPA, TO_MAMA, TO_PAPA, House, alarm, app, build, step

TRANSLATIONS = Path(__file__).parents[2] / "custom_components/smspilot/translations"


def issues(hass: HomeAssistant) -> set[str]:
    """Return the kinds of repair issues there are of alarms."""
    found = ir.async_get(hass).issues
    return {
        str(one.translation_key)
        for (domain, _), one in found.items()
        if domain == DOMAIN and str(one.translation_key).startswith("alarm_") and one.active
    }


async def test_on_at_the_start(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A sensor that is on when Home Assistant starts, and was not known to be, starts it."""
    hass.states.async_set(LEAK, "on", {"friendly_name": "leak"})
    house = await build(hass, simulator, clock)
    assert house.sent == [TO_PAPA]
    assert house.state() == "running"


async def test_disk_that_answers_at_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that hangs is given up at once the second time: every step goes out all the same."""

    async def give_up(*_: object) -> bool:
        return False

    monkeypatch.setattr(Journal, "async_sync", give_up)
    house = await build(hass, simulator, clock)
    await house.leak()
    await house.wait()
    assert house.sent == [TO_PAPA, TO_MAMA]


async def test_disk_that_syncs_nothing(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, hold: Hold
) -> None:
    """A step waits until a power cut would not forget it, but 5 s at most; later ones do not."""
    house = await build(hass, simulator, clock)
    clock.stand_still()
    hold("fdatasync", os)
    hass.states.async_set(LEAK, "on", {"friendly_name": "leak"})
    await pass_by(clock, 0)
    await pass_by(clock, 4.5)
    assert house.sent == []
    await pass_by(clock, 1)
    assert house.sent == [TO_PAPA]
    await pass_by(clock, 119)
    assert house.sent == [TO_PAPA]
    for _ in range(4):
        await pass_by(clock, 1)
    assert house.sent == [TO_PAPA, TO_MAMA]
    hold.release()


async def test_known_to_be_on(house: House) -> None:
    """What was taken before a restart stays taken, although the sensor is still on."""
    await house.leak()
    await house.write(PAPA, "ok")
    await house.wait(30)
    await house.kill(down=60)
    assert house.state() == "acknowledged"
    assert house.attribute("acknowledged_by") == "Papa"
    await house.wait(600)
    assert len(house.paid) == 1


async def test_turned_on_meanwhile(hass: HomeAssistant, clock: Clock, house: House) -> None:
    """What turned on while Home Assistant was down starts it when it is back."""
    await house.leak("off")
    hass.states.async_remove(LEAK)
    await house.kill(down=60)
    hass.states.async_set(LEAK, "unavailable")
    await house.clock.settle()
    assert house.sent == []
    await house.leak()
    assert house.sent == [TO_PAPA]


async def test_no_connection(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Without a connection the run waits and shows it, others are notified; then each step once."""
    house = await build(hass, simulator, clock, alarm(fallback=["notify.app"], rounds=1))
    calls = app(hass)
    await simulator.down()
    await house.leak()
    await house.wait(30)
    assert house.attribute("waiting_for") == "cannot_connect"
    assert issues(hass) == {"alarm_waits"}
    assert calls == []
    await house.wait(180)
    (call,) = calls
    assert call.data["entity_id"] == "notify.app"
    assert call.data["message"] == (
        "Leak: leak. It cannot be texted: there is no connection to SMSPILOT"
    )
    assert house.state() == "running"
    await simulator.up()
    await house.wait(90)
    assert house.sent == [TO_PAPA]
    assert house.attribute("waiting_for") is None
    assert issues(hass) == set()
    await house.wait()
    assert house.sent == [TO_PAPA, TO_MAMA]


async def test_no_money(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """An empty account burns no round; after a top-up it goes on within a minute."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    simulator.account.balance = Decimal(0)
    await house.leak()
    assert house.attribute("waiting_for") == "no_money"
    await house.wait(300)
    assert house.sent == []
    assert (house.attribute("step"), house.attribute("round")) == (1, 1)
    simulator.account.balance = Decimal(100)
    await house.wait(62)
    assert house.sent == [TO_PAPA]
    await house.wait()
    assert house.sent == [TO_PAPA, TO_MAMA]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda account: setattr(account, "blocked", Blocked()), "account_blocked"),
        (lambda account: setattr(account, "allowed_ips", ["1.2.3.4"]), "ip_not_allowed"),
    ],
)
async def test_refused_account(
    simulator: Simulator, spoil: Callable[[object], None], why: str, house: House
) -> None:
    """A blocked account, or a refused address, holds the run too."""
    spoil(simulator.account)
    await house.leak()
    await house.wait(90)
    assert house.attribute("waiting_for") == why
    assert house.sent == []
    simulator.account.blocked, simulator.account.allowed_ips = None, []
    await house.wait(62)
    assert house.sent == [TO_PAPA]


async def test_reason_without_words(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Why nobody could be reached is said in words, or that nobody could be."""
    house = await build(hass, simulator, clock, alarm("Leak", step("papa")))
    simulator.fault("error", command="send", code=243, times=100)
    await house.leak()
    await house.wait(300)
    assert house.attribute("waiting_for") == NONE_REACHED


@pytest.mark.parametrize("language", ["en", "ru"])
def test_reasons_have_words(language: str) -> None:
    """Each reason for which a run may wait has its words, on the sensor and in notices."""
    words = json.loads((TRANSLATIONS / f"{language}.json").read_text())
    attributes = words["entity"]["sensor"]["alarm"]["state_attributes"]
    reasons = {*WAITING_REASONS, NONE_REACHED}
    assert set(attributes["waiting_for"]["state"]) == reasons
    texts = words["common"]
    assert {
        key.removeprefix("alarm_waiting_") for key in texts if "alarm_waiting_" in key
    } == reasons


async def test_others_do_not_wait(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Other integrations' entities are called in time although ours cannot be sent."""
    house = await build(hass, simulator, clock, alarm("Leak", step("papa"), step("notify.app")))
    calls = app(hass)
    simulator.account.balance = Decimal(0)
    await house.leak()
    await house.wait()
    assert [call.data["message"] for call in calls] == ["leak"]
    assert house.sent == []
    await house.wait()
    assert len(calls) == 1


async def test_lost_response(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What may have gone out counts as reached, and is not sent again."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    simulator.fault("hang", when="after", command="send")
    await house.leak()
    await house.wait(600)
    assert house.sent.count(TO_PAPA) == 1
    assert house.sent.count(TO_MAMA) == 1


async def step_by_step(house: House, rounds: int) -> None:
    """Check that each step of each round went out exactly once."""
    assert house.sent == [TO_PAPA, TO_MAMA] * rounds
    texts = [(order.phone, order.text) for order in house.sim.orders]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_while_sending(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, when: str
) -> None:
    """A kill with the request on its way: the step goes out once, whether it had arrived or not."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    simulator.fault("hang", when=when, command="send")
    await house.leak()
    assert len(house.paid) == 1
    await house.kill()
    simulator.faults.clear()
    await house.wait(1200)
    assert house.sent.count(TO_PAPA) <= 1
    assert house.sent.count(TO_MAMA) == 1
    assert house.state() == "unanswered"


async def test_killed_before_the_request(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A kill while no connection can be made: the step goes out at the next start, once."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    await simulator.down()
    await house.leak()
    await simulator.up()
    await house.kill()
    await house.wait(600)
    await step_by_step(house, 1)


async def test_down_for_long(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """What was due meanwhile goes on at once, and says since when."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    await house.leak()
    await house.kill(down=1200)
    await house.wait(2)
    assert house.sent == [TO_PAPA, TO_MAMA]
    assert house.texts[-1].startswith("Since ")
    await house.wait()
    assert house.state() == "unanswered"


async def test_answered_meanwhile(simulator: Simulator, house: House) -> None:
    """What was answered while Home Assistant was down is read before anything goes out."""
    await house.leak()
    account = simulator.account
    await simulator.receive(PAPA[1:], "ok", account=account, push=False)
    await house.kill(down=1200)
    await house.wait(30)
    assert house.state() == "acknowledged"
    assert house.sent == [TO_PAPA]


@pytest.mark.parametrize("seed", range(6))
async def test_killed_at_random(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, seed: int
) -> None:
    """Kills at random moments: each step of each round once, and each text another one."""
    random = Random(seed)
    simulator.account.duplicate_guard = True
    house = await build(hass, simulator, clock, alarm(rounds=3))
    await house.leak()
    while house.state() == "running":
        await house.pass_by(random.choice([1, 20, 60, 119, 120, 121]))
        if random.random() < 1 / 3:
            await house.kill(down=random.choice([0, 5, 300]))
    await step_by_step(house, 3)


@pytest.mark.parametrize("seed", range(6))
async def test_power_cut(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    """On a disk that forgets what was not synced, each step still goes out exactly once."""
    random = Random(seed)
    house = await build(hass, simulator, clock, alarm(rounds=2))
    folder = Path(hass.config.path(".storage"))
    disk = ForgetfulDisk(monkeypatch, folder, f"{DOMAIN}.{house.entry.entry_id}")
    await house.leak()
    for _ in range(random.randint(0, 4)):
        await house.pass_by(random.choice([1, 60, 121]))
    await house.kill(down=random.choice([0, 300]), cut=lambda: disk.power_cut(random))
    await house.wait(900)
    await step_by_step(house, 2)


async def test_changed_while_it_runs(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What is left goes by the new plan; a removed recipient leaves the steps."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    await house.leak()
    await house.change_steps(step("papa"), step("baba"), step("mama"))
    await house.wait()
    assert house.sent[-1] == ("two_way", "baba")
    hass.config_entries.async_remove_subentry(house.entry, "01MAMA")
    await house.clock.settle()
    await house.wait()
    assert house.state() == "unanswered"
    assert len(house.paid) == 2


async def test_removed_while_it_runs(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A removed alarm ends without a text, and leaves nothing."""
    house = await build(hass, simulator, clock, alarm(end_message="Over"))
    await house.leak()
    subentry = house.subentry
    hass.config_entries.async_remove_subentry(house.entry, subentry.subentry_id)
    await house.clock.settle()
    await house.wait(600)
    assert hass.states.get("sensor.leak") is None
    assert len(house.paid) == 1
    assert issues(hass) == set()


async def test_reload(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A reload of the entry stops nothing."""
    house = await build(hass, simulator, clock, alarm(rounds=1))
    await house.leak()
    assert await hass.config_entries.async_reload(house.entry.entry_id)
    await house.clock.settle()
    assert house.state() == "running"
    await house.wait()
    await step_by_step(house, 1)


async def test_unanswered_is_reported(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A repair issue reports an unanswered alarm, also after a restart, until it is answered."""
    house = await build(hass, simulator, clock, alarm(rounds=1, remind=0))
    await house.leak()
    await house.wait(300)
    assert issues(hass) == {"alarm_unanswered"}
    await house.kill()
    assert issues(hass) == {"alarm_unanswered"}
    await house.write(PAPA, "ok")
    await house.wait(90)
    assert issues(hass) == set()


async def test_money_for_one(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Of a step with several, the one the money was not enough for is tried each minute."""
    house = await build(hass, simulator, clock, alarm("Leak", step("papa", "mama"), step("baba")))
    simulator.fault("error", code=112, command="send", skip=1)
    await house.leak()
    assert len(house.sent) == 1
    assert house.attribute("waiting_for") == "no_money"
    assert issues(hass) == {"alarm_waits"}
    await house.wait(62)
    assert sorted(house.sent) == [TO_MAMA, TO_PAPA]
    assert house.attribute("waiting_for") is None
    assert issues(hass) == set()
    await house.wait()
    assert house.sent[2:] == [("two_way", "baba")]


async def test_no_money_after_a_bad_number(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Of two numbers one is refused for good; the other is tried until there is money."""
    work = "+79161231213"
    saved = [{**person("Papa", work, PAPA), "subentry_id": IDS["papa"]}]
    house = await build(hass, simulator, clock, alarm("Leak", step("papa")), saved=saved)
    simulator.fault("error", code=212, command="send", phone=work[1:])
    simulator.account.balance = Decimal(0)
    await house.leak()
    await house.wait(50)
    assert house.attribute("waiting_for") == "no_money"
    simulator.phone(work[1:]).blacklisted = True
    simulator.account.balance = Decimal(100)
    await house.wait(90)
    assert house.sent == [TO_PAPA]
