"""Recipients as notify knows them: their channel, their sender, all their numbers."""

import asyncio
from threading import Event
from types import MappingProxyType
from typing import Any

from homeassistant.components.notify import DOMAIN as NOTIFY
from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util.yaml.loader import JSON_TYPE, load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smspilot.const import (
    CONF_CHANNEL,
    CONF_LOW_BALANCE,
    CONF_MESSAGE_TEMPLATE,
    CONF_SENDER,
    CONF_TWO_WAY_TEMPLATE,
    DOMAIN,
)

from .common import MAMA, PAPA, Clock, add_account, person, rename
from .sending import TEXT, once, requested
from .simulator.model import Kind
from .simulator.simulator import Simulator

SECOND = "+79080000002"
BABA = "+79135550001"
PEOPLE = [
    person("Папа", PAPA, SECOND, channel="sms", sender="test"),
    person("Мама", MAMA, channel="two_way", sender="test"),
    person("Баба", BABA, channel="voice", sender="test"),
    person("Сын", "+79080000009"),
]


async def notify(hass: HomeAssistant, *entities: str, message: str = TEXT, **more: Any) -> None:
    """Call the notify entity's own action."""
    data = {"entity_id": list(entities), "message": message, **more}
    await hass.services.async_call(NOTIFY, "send_message", data, blocking=True)


async def legacy(hass: HomeAssistant, service: str, **data: Any) -> None:
    """Call a legacy service."""
    data = {"message": TEXT, **data}
    await hass.services.async_call(NOTIFY, service, data, blocking=True)


async def refused(sending: Any) -> HomeAssistantError:
    with pytest.raises(HomeAssistantError) as raised:
        await sending
    return raised.value


def sent(sim: Simulator) -> list[tuple[Kind, str, str]]:
    return sorted((order.kind, f"+{order.phone}", order.text) for order in sim.orders)


def subentry(name: str, phone: str) -> ConfigSubentry:
    """Return a recipient for an account that is set up."""
    data = MappingProxyType(dict(person(name, phone)["data"]))
    return ConfigSubentry(data=data, subentry_type="recipient", title=name, unique_id=None)


def services(hass: HomeAssistant) -> set[str]:
    return {name for name in hass.services.async_services_for_domain(NOTIFY) if DOMAIN in name}


@pytest.mark.parametrize(
    ("entity", "kind", "to", "sender"),
    [
        ("notify.papa", Kind.SMS, [PAPA, SECOND], "test"),
        ("notify.mama", Kind.TWO_WAY, [MAMA], "2WAY"),
        ("notify.baba", Kind.VOICE, [BABA], "GOLOS"),
        ("notify.syn", Kind.SMS, ["+79080000009"], "INFORM"),
    ],
)
async def test_entity(
    hass: HomeAssistant,
    simulator: Simulator,
    entity: str,
    kind: Kind,
    to: list[str],
    sender: str,
) -> None:
    """A notify entity honours channel and sender, and reaches all numbers in one request."""
    await add_account(hass, simulator, people=PEOPLE, options={CONF_SENDER: "INFORM"})
    await notify(hass, entity)
    assert sent(simulator) == sorted((kind, phone, TEXT) for phone in to)
    assert {order.sender for order in simulator.orders} == {sender}
    assert requested(simulator) == ["send"]
    state = hass.states.get(entity)
    assert state is not None
    assert state.state not in ("unknown", "unavailable")


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("notify.papa", "Дом: Тревога\nПротечка!"),
        ("notify.mama", "Вопрос: Тревога\nПротечка!"),
        ("notify.baba", "Дом: Тревога\nПротечка!"),
    ],
)
async def test_title_and_template(
    hass: HomeAssistant, simulator: Simulator, entity: str, text: str
) -> None:
    """A title is the text's first line, in the template of the channel."""
    options = {CONF_MESSAGE_TEMPLATE: "Дом: {message}", CONF_TWO_WAY_TEMPLATE: "Вопрос: {message}"}
    await add_account(hass, simulator, people=PEOPLE, options=options)
    await notify(hass, entity, title="Тревога")
    assert {order.text for order in simulator.orders} == {text}


async def test_several_entities(hass: HomeAssistant, simulator: Simulator) -> None:
    """Several recipients get the text each by their own channel."""
    await add_account(hass, simulator, people=PEOPLE)
    await notify(hass, "notify.papa", "notify.mama", "notify.baba")
    assert [kind for kind, _phone, _text in sent(simulator)] == ["sms", "sms", "two_way", "voice"]


async def test_entity_fails(hass: HomeAssistant, simulator: Simulator) -> None:
    """Silence is no answer: what goes wrong is an error, also where it is only one number."""
    await add_account(hass, simulator, people=PEOPLE)
    simulator.fault("error", code=241, command="send")
    assert (await refused(notify(hass, "notify.papa"))).translation_key == "no_money"
    simulator.phone(SECOND[1:]).blacklisted = True
    error = await refused(notify(hass, "notify.papa"))
    assert error.translation_key == "partly_refused"
    assert error.translation_placeholders == {"reasons": "Папа: Phone in black list"}
    assert sent(simulator) == [(Kind.SMS, PAPA, TEXT)]


async def test_entity_without_network(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """The alarm of an entity waits for the network as an action's does."""
    await add_account(hass, simulator, people=PEOPLE)
    await simulator.down()
    task = hass.async_create_background_task(notify(hass, "notify.syn"), "test")
    await clock.settle()
    await clock.advance(60)
    await simulator.up()
    await clock.advance(15)
    await task
    assert len(simulator.orders) == 1


async def test_changed_person(hass: HomeAssistant, simulator: Simulator) -> None:
    """What the person's form says now counts, at once."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    papa = next(iter(entry.subentries.values()))
    data = {**papa.data, CONF_CHANNEL: "voice", "phones": [SECOND]}
    hass.config_entries.async_update_subentry(entry, papa, data=data)
    await hass.async_block_till_done()
    await notify(hass, "notify.papa")
    assert sent(simulator) == [(Kind.VOICE, SECOND, TEXT)]


# The legacy services.


async def test_services(hass: HomeAssistant, simulator: Simulator) -> None:
    """The account has a service, and each recipient one; they honour channel and sender."""
    await add_account(hass, simulator, people=PEOPLE)
    assert services(hass) == {
        "smspilot",
        "smspilot_papa",
        "smspilot_mama",
        "smspilot_baba",
        "smspilot_syn",
    }
    for name in ("papa", "mama", "baba"):
        await legacy(hass, f"smspilot_{name}", title="Тревога")
    text = f"Тревога\n{TEXT}"
    assert sent(simulator) == sorted(
        [
            (Kind.SMS, PAPA, text),
            (Kind.SMS, SECOND, text),
            (Kind.TWO_WAY, MAMA, text),
            (Kind.VOICE, BABA, text),
        ]
    )
    assert len(simulator.requests) == 3


async def test_targets(hass: HomeAssistant, simulator: Simulator) -> None:
    """Numbers go as SMS, names by their channel; a number named twice gets it once."""
    await add_account(hass, simulator, people=PEOPLE)
    targets = ["мама", "+79161112233", "89161112233", "Баба", PAPA, "Папа"]
    await legacy(hass, "smspilot", target=targets)
    assert sent(simulator) == sorted(
        [
            (Kind.SMS, "+79161112233", TEXT),
            (Kind.SMS, PAPA, TEXT),
            (Kind.SMS, SECOND, TEXT),
            (Kind.TWO_WAY, MAMA, TEXT),
            (Kind.VOICE, BABA, TEXT),
        ]
    )


@pytest.mark.parametrize("name", ["🔥", "!!!"])
async def test_name_without_letters(hass: HomeAssistant, simulator: Simulator, name: str) -> None:
    """A recipient whose name makes no service name does not take the account's own."""
    await add_account(hass, simulator, people=[person(name, PAPA)])
    await legacy(hass, "smspilot", target=[MAMA])
    assert [order.phone for order in simulator.orders] == [MAMA[1:]]


async def test_renamed_to_a_number(
    hass: HomeAssistant, simulator: Simulator, hass_ws_client: WebSocketGenerator
) -> None:
    """A person's own legacy service is theirs, also where their name reads as another's number."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await rename(hass, hass_ws_client, entry, "Папа", MAMA)
    await hass.services.async_call(
        "notify", "smspilot_79161231212", {"message": "Привет"}, blocking=True
    )
    assert [f"+{order.phone}" for order in simulator.orders] == [PAPA]


async def test_renamed_alike(
    hass: HomeAssistant, simulator: Simulator, hass_ws_client: WebSocketGenerator
) -> None:
    """A service that two names make stays that of the first."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA), person("Мама", MAMA)])
    await rename(hass, hass_ws_client, entry, "Мама", "папа")
    for text in ("раз", "два"):
        await hass.services.async_call("notify", "smspilot_papa", {"message": text}, blocking=True)
        hass.config_entries.async_update_entry(entry, options={CONF_LOW_BALANCE: len(text)})
        await hass.async_block_till_done()
    assert [f"+{order.phone}" for order in simulator.orders] == [PAPA] * 2


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        ({}, [Kind.SMS, Kind.TWO_WAY, Kind.VOICE]),
        ({"two_way": False}, [Kind.SMS, Kind.VOICE]),
        ({"sender": "2WAY"}, [Kind.TWO_WAY, Kind.VOICE]),
        ({"channel": "sms"}, [Kind.SMS]),
    ],
)
async def test_one_number_many_channels(
    hass: HomeAssistant, simulator: Simulator, data: dict[str, Any], kinds: list[Kind]
) -> None:
    """A number of a recipient to text and of one to call gets both, each once."""
    people = [
        person("Папа", PAPA),
        person("Папа, звонок", PAPA, channel="voice"),
        person("Папа с дачи", PAPA, sender="test"),
        person("Опрос папы", PAPA, channel="two_way"),
    ]
    await add_account(hass, simulator, people=people)
    targets = ["Папа", "Папа, звонок", "Папа с дачи", "Опрос папы", PAPA]
    await legacy(hass, "smspilot", target=targets, data=data)
    assert sent(simulator) == sorted((kind, PAPA, TEXT) for kind in kinds)


@pytest.mark.parametrize("target", [None, []])
async def test_no_target(
    hass: HomeAssistant, simulator: Simulator, target: list[str] | None
) -> None:
    """Without a target the bare service is an error that says so."""
    await add_account(hass, simulator, people=PEOPLE)
    error = await refused(legacy(hass, "smspilot", **({} if target is None else {"target": []})))
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "no_target"
    assert simulator.requests == []


@pytest.mark.parametrize(
    ("service", "data", "kind", "params"),
    [
        ("smspilot_papa", {"channel": "voice"}, Kind.VOICE, {"from": "GOLOS"}),
        ("smspilot_papa", {"channel": "two_way"}, Kind.TWO_WAY, {"from": "2WAY"}),
        ("smspilot_mama", {"channel": "sms"}, Kind.SMS, {"from": "test"}),
        ("smspilot_mama", {"two_way": False}, Kind.SMS, {"from": "test"}),
        ("smspilot_baba", {"two_way": True}, Kind.TWO_WAY, {"from": "2WAY"}),
        ("smspilot_papa", {"two_way": True}, Kind.TWO_WAY, {"from": "2WAY"}),
        ("smspilot_syn", {"sender": "INFORM"}, Kind.SMS, {"from": "INFORM"}),
        ("smspilot_papa", {"sender": "INFORM"}, Kind.SMS, {"from": "INFORM"}),
        ("smspilot_syn", {"sender": "2WAY"}, Kind.TWO_WAY, {"from": "2WAY"}),
        ("smspilot_syn", {"transliterate": True}, Kind.SMS, {"send": "Protechka!"}),
        ("smspilot_syn", {"time_to_live": {"hours": 1}}, Kind.SMS, {"ttl": "60"}),
        ("smspilot_baba", {"time_to_live": 60, "retry_for": 0}, Kind.VOICE, {"ttl": "1"}),
        (
            "smspilot_syn",
            {"send_at": "2031-01-01T12:00:00Z"},
            Kind.SMS,
            {"send_datetime": "2031-01-01 12:00:00"},
        ),
        ("smspilot_syn", {"urgent": True, "wait": 0}, Kind.SMS, {}),
    ],
)
async def test_data(
    hass: HomeAssistant,
    simulator: Simulator,
    service: str,
    data: dict[str, Any],
    kind: Kind,
    params: dict[str, str],
) -> None:
    """`data` takes any optional field of `send_sms`, and `channel`."""
    await add_account(hass, simulator, people=PEOPLE)
    await legacy(hass, service, data=data)
    (request,) = simulator.requests
    assert {order.kind for order in simulator.orders} == {kind}
    assert {key: request.params.get(key) for key in params} == params
    simulator.assert_clean()


async def test_data_test(hass: HomeAssistant, simulator: Simulator) -> None:
    """A test message costs nothing by any road."""
    await add_account(hass, simulator, people=PEOPLE)
    await legacy(hass, "smspilot_papa", data={"test": True})
    assert simulator.calls("send")[0].params["test"] == "1"
    assert simulator.orders == []


@pytest.mark.parametrize(
    "data",
    [
        {"chanel": "voice"},
        {"channel": "alarm_stream"},
        {"push": {"sound": "x"}},
        {"send_at": "never"},
        {"actions": [{"action": "OPEN"}], 1: 2},
    ],
)
async def test_data_of_others(
    hass: HomeAssistant,
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
    data: dict[str, Any],
) -> None:
    """What is meant for others of a notify group is ignored, with a warning; the rest counts."""
    await add_account(hass, simulator, people=PEOPLE)
    await legacy(hass, "smspilot_papa", data={**data, "transliterate": True})
    assert simulator.orders[0].text.isascii()
    said = [record.message for record in caplog.records if "none of ours" in record.message]
    assert len(said) == 1
    assert all(str(key) in said[0] for key in data)


@pytest.mark.parametrize("message", ["", "HLR"])
async def test_texts_are_refused_alike(
    hass: HomeAssistant, simulator: Simulator, message: str
) -> None:
    """What an action refuses, notify refuses, before any request."""
    await add_account(hass, simulator, people=PEOPLE)
    for sending in (
        notify(hass, "notify.papa", message=message),
        legacy(hass, "smspilot", message=message, target=["Папа", "Баба", MAMA]),
    ):
        assert isinstance(await refused(sending), ServiceValidationError)
    assert simulator.requests == []


async def test_rate_by_every_road(hass: HomeAssistant, simulator: Simulator) -> None:
    """Notify counts like an action, and an urgent one passes."""
    await add_account(hass, simulator, people=PEOPLE, options={"rate_limit": 1})
    await notify(hass, "notify.syn")
    assert (await refused(notify(hass, "notify.syn"))).translation_key == "rate_limit"
    assert (await refused(legacy(hass, "smspilot_syn"))).translation_key == "rate_limit"
    await legacy(hass, "smspilot_syn", data={"urgent": True})
    assert len(simulator.orders) == 2


async def test_bad_target_stops_no_other(hass: HomeAssistant, simulator: Simulator) -> None:
    """A bad target raises after all the others have got the text, by whatever channel."""
    await add_account(hass, simulator, people=PEOPLE)
    error = await refused(legacy(hass, "smspilot", target=["Баба", "дядя", "Сын"]))
    assert error.translation_key == "partly_refused"
    assert not isinstance(error, ServiceValidationError)
    assert len(simulator.orders) == 2
    simulator.requests.clear()
    error = await refused(legacy(hass, "smspilot", target=["дядя"]))
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "unknown_contact"
    assert simulator.requests == []


async def test_bad_target_is_reported_at_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """With `wait`, a bad target raises when the rest has gone out."""
    await add_account(hass, simulator, people=PEOPLE)
    call = legacy(hass, "smspilot", target=["Сын", "дядя"], data={"wait": {"hours": 1}})
    error = await clock.finish(refused(call), most=2)
    assert error.translation_key == "partly_refused"
    assert len(simulator.orders) == 1


async def test_refused_channel_is_reported_at_once(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """With `wait`, a refused channel raises when the rest has gone out."""
    people = [person("Папа", PAPA), person("Мама", MAMA, channel="voice")]
    await add_account(hass, simulator, people=people)
    simulator.phone(MAMA[1:]).blacklisted = True
    data = {"target": ["Папа", "Мама"], "message": "Протечка!", "data": {"wait": {"hours": 1}}}

    async def call() -> None:
        with pytest.raises(HomeAssistantError):
            await hass.services.async_call("notify", "smspilot", data, blocking=True)

    await clock.finish(call(), most=2)
    once(simulator, PAPA)


async def test_channels_fail_apart(hass: HomeAssistant, simulator: Simulator) -> None:
    """One channel's failure does not stop the others, and the error names every failure."""
    await add_account(hass, simulator, people=PEOPLE)
    for phone in (MAMA, BABA):
        simulator.phone(phone[1:]).blacklisted = True
    error = await refused(legacy(hass, "smspilot", target=["Баба", "Мама", "Сын", "дядя"]))
    assert error.translation_key == "partly_refused"
    assert not isinstance(error, ServiceValidationError)
    reasons = (error.translation_placeholders or {})["reasons"]
    for name in ("Баба", "Мама"):
        assert f"{name}: SMSPILOT refuses the number. It says: 212: Phone in black" in reasons
    assert '"дядя" is neither' in reasons
    assert [order.phone for order in simulator.orders] == ["79080000009"]


async def test_all_channels_refused_here(hass: HomeAssistant, simulator: Simulator) -> None:
    """Where every channel is refused before any request, it is a mistake of the caller."""
    await add_account(hass, simulator, people=PEOPLE, options={"rate_limit": 1})
    await legacy(hass, "smspilot", target=["Баба", "Сын"])
    simulator.requests.clear()
    error = await refused(legacy(hass, "smspilot", target=["Баба", "Сын"]))
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "all_refused"
    assert simulator.requests == []


async def test_one_reason_for_all_channels(hass: HomeAssistant, simulator: Simulator) -> None:
    """An error that all share is raised once, as it is."""
    await add_account(hass, simulator, people=PEOPLE)
    simulator.fault("error", code=241, command="send", times=2)
    error = await refused(legacy(hass, "smspilot", target=["Баба", "Сын"]))
    assert error.translation_key == "no_money"
    simulator.fault("error", code=241, command="send")
    simulator.fault("error", code=110, command="send")
    error = await refused(legacy(hass, "smspilot", target=["Баба", "Сын"]))
    assert error.translation_key == "all_refused"
    assert not isinstance(error, ServiceValidationError)


async def test_two_accounts(hass: HomeAssistant, simulator: Simulator) -> None:
    """The account added first needs no number in its services; the other has its own."""
    simulator.add_account(id=7777, apikey="A" * 64)
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await add_account(
        hass,
        simulator,
        people=[person("Папа", MAMA)],
        account_id="7777",
        data={"api_key": "A" * 64, "webhook_id": "7" * 64},
    )
    assert services(hass) == {
        "smspilot",
        "smspilot_papa",
        "smspilot_7777",
        "smspilot_7777_papa",
    }
    await legacy(hass, "smspilot_papa")
    await legacy(hass, "smspilot_7777_papa")
    await legacy(hass, "smspilot_7777", target=["папа"])
    assert [(order.account, f"+{order.phone}") for order in simulator.orders] == [
        (5671, PAPA),
        (7777, MAMA),
        (7777, MAMA),
    ]


async def test_first_account_goes(hass: HomeAssistant, simulator: Simulator) -> None:
    """The legacy names of an account stay what they are, whichever others come and go."""
    simulator.add_account(id=777, apikey="B" * 64)
    first = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    second = await add_account(
        hass,
        simulator,
        people=[person("Мама", MAMA)],
        account_id="777",
        data={"api_key": "B" * 64, "webhook_id": "7" * 64},
    )
    await hass.config_entries.async_remove(first.entry_id)
    assert await hass.config_entries.async_reload(second.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert services(hass) == {"smspilot_777", "smspilot_777_mama"}
    again = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    for entry in (again, second):
        assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert services(hass) == {
        "smspilot",
        "smspilot_papa",
        "smspilot_777",
        "smspilot_777_mama",
    }


async def test_people_come_and_go(hass: HomeAssistant, simulator: Simulator) -> None:
    """Services follow people, without a reload."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    mama = subentry("Мама", MAMA)
    hass.config_entries.async_add_subentry(entry, mama)
    await hass.async_block_till_done()
    assert services(hass) == {"smspilot", "smspilot_papa", "smspilot_mama"}
    await legacy(hass, "smspilot_mama")
    data = {**mama.data, "name": "Тёща"}
    hass.config_entries.async_update_subentry(entry, mama, data=data, title="Тёща")
    await hass.async_block_till_done()
    assert services(hass) == {"smspilot", "smspilot_papa", "smspilot_teshcha"}
    await legacy(hass, "smspilot_teshcha")
    hass.config_entries.async_remove_subentry(entry, mama.subentry_id)
    await hass.async_block_till_done()
    assert services(hass) == {"smspilot", "smspilot_papa"}
    assert [order.phone for order in simulator.orders] == [MAMA[1:]] * 2


async def test_comes_before_services(
    hass: HomeAssistant, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recipient added while Home Assistant still reads what services look like has one then."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    assert await hass.config_entries.async_unload(entry.entry_id)
    reading, read = Event(), Event()

    def slow(path: str) -> JSON_TYPE:
        reading.set()
        read.wait()
        return load_yaml_dict(path)

    monkeypatch.setattr("homeassistant.components.notify.legacy.load_yaml_dict", slow)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await asyncio.to_thread(reading.wait)
    mama = subentry("Мама", MAMA)
    hass.config_entries.async_add_subentry(entry, mama)
    for _ in range(Clock.TURNS):
        await asyncio.sleep(0)
    too_early = services(hass)
    read.set()
    assert not too_early
    await hass.async_block_till_done(wait_background_tasks=True)
    assert services(hass) == {"smspilot", "smspilot_papa", "smspilot_mama"}


async def test_unload(hass: HomeAssistant, simulator: Simulator) -> None:
    """An account that is away has no services; back, it has them again, and they work."""
    entry = await add_account(hass, simulator, people=PEOPLE)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert services(hass) == set()
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await hass.async_block_till_done(wait_background_tasks=True)
    await legacy(hass, "smspilot_syn")
    await legacy(hass, "smspilot", target=["Сын"])
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await legacy(hass, "smspilot_syn")
    assert len(simulator.orders) == 3
    await hass.config_entries.async_remove(entry.entry_id)
    assert services(hass) == set()
    again: MockConfigEntry = await add_account(hass, simulator, people=PEOPLE)
    assert again.entry_id != entry.entry_id
    await legacy(hass, "smspilot", target=["Сын"])
    assert len(simulator.orders) == 4
