"""Whom an order reaches and what it says, to the letter; refused before it costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
)
from homeassistant.util import dt as dt_util
import pytest
import voluptuous as vol

from custom_components.smspilot.const import (
    CONF_LONG_TEXTS,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_SENDER,
    CONF_TRANSLITERATE,
    CONF_TWO_WAY_TEMPLATE,
)
from custom_components.smspilot.text.segments import measure

from .common import MAMA, PAPA, act, add_account, device_of, person
from .sending import TEXT, alarm
from .simulator.model import Kind
from .simulator.simulator import Simulator

SECOND = "+79080000002"
PEOPLE = [
    person("Папа", PAPA, SECOND),
    person("Мама Ира", MAMA),
    person("Dacha 2", "+79080000009"),
]


def reached(sim: Simulator) -> list[str]:
    return [f"+{order.phone}" for order in sim.orders]


async def refused(sending: Any) -> ServiceValidationError:
    with pytest.raises(ServiceValidationError) as raised:
        await sending
    return raised.value


# Recipients and numbers.


@pytest.mark.parametrize(
    "given",
    [
        PAPA,
        "79087964781",
        79087964781,
        "8 908 796-47-81",
        89087964781,
        9087964781,
        "+7 (908) 796-47-81",
        " +7-908-796-47-81 ",
    ],
)
@pytest.mark.parametrize("as_list", [True, False])
async def test_number_in_any_form(
    hass: HomeAssistant, simulator: Simulator, given: object, as_list: bool
) -> None:
    """A number is read in any human form, as text and as a YAML integer, alone and in a list."""
    await add_account(hass, simulator)
    phones = [given] if as_list else given
    receipt = await act(hass, "send_sms", phones=phones, message=TEXT)
    assert receipt["messages"][0]["phone"] == PAPA
    assert simulator.calls("send")[0].params["to"] == PAPA[1:]


@pytest.mark.parametrize("name", ["Папа", "папа", "  ПАПА ", "papa"])
async def test_name_stands_for_all_numbers(
    hass: HomeAssistant, simulator: Simulator, name: str
) -> None:
    """A name is matched as a person would, and reaches all numbers in one request."""
    await add_account(hass, simulator, people=PEOPLE)
    receipt = await alarm(hass, name)
    assert reached(simulator) == [PAPA, SECOND]
    assert [row["recipient"] for row in receipt["messages"]] == ["Папа", "Папа"]
    assert len(simulator.requests) == 1


async def test_entities_and_numbers(hass: HomeAssistant, simulator: Simulator) -> None:
    """Entities, names and numbers together; a number named twice gets one, under its recipient."""
    await add_account(hass, simulator, people=PEOPLE)
    receipt = await act(
        hass,
        "send_sms",
        recipients=["notify.papa", "notify.mama_ira", "notify.papa"],
        phones=[MAMA, "мама_ира", 79087964781, "+79135550001", "+7 913 555-00-01"],
        message=TEXT,
    )
    assert reached(simulator) == [PAPA, SECOND, MAMA, "+79135550001"]
    names = [row["recipient"] for row in receipt["messages"]]
    assert names == ["Папа", "Папа", "Мама Ира", None]


async def test_bare_number_of_a_person(hass: HomeAssistant, simulator: Simulator) -> None:
    """A recipient's number is shown with the name, also when only the number was given."""
    await add_account(hass, simulator, people=PEOPLE)
    receipt = await alarm(hass, MAMA)
    assert receipt["messages"][0]["recipient"] == "Мама Ира"


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("phones", "пожарные", "пожарные"),
        ("phones", 112, "112"),
        ("phones", True, "True"),
        ("phones", "", ""),
        ("phones", None, "None"),
        ("phones", [PAPA], f"['{PAPA}']"),
        ("phones", "0042", "0042"),
        ("recipients", "", ""),
        ("recipients", "Папа", "Папа"),
        ("recipients", None, "None"),
        ("recipients", {"entity_id": "notify.papa"}, "{'entity_id': 'notify.papa'}"),
        ("entity_id", 5, "5"),
        ("device_id", ["x"], "['x']"),
        ("recipients", "notify.nobody", "notify.nobody"),
        ("recipients", "sensor.smspilot_5671_balance", "sensor.smspilot_5671_balance"),
        ("recipients", "event.papa_inbound", "event.papa_inbound"),
    ],
)
async def test_one_bad_number_stops_no_other(
    hass: HomeAssistant, simulator: Simulator, field: str, value: Any, shown: str
) -> None:
    """What cannot be read is a refused row that names its position; the rest goes out."""
    await add_account(hass, simulator, people=PEOPLE)
    fields: dict[str, Any] = {"recipients": [], "phones": [MAMA], "message": TEXT}
    fields[field] = [*fields.get(field, []), value]
    receipt = await act(hass, "send_sms", **fields)
    assert reached(simulator) == [MAMA]
    good, bad = receipt["messages"]
    assert good["phone"] == MAMA
    assert bad["error"].pop("description")
    assert bad == {
        "message_id": None,
        "packet_id": None,
        "phone": shown,
        "recipient": None,
        "kind": "sms",
        "status": "failed",
        "status_code": -2,
        "final": True,
        "price": None,
        "error": {"code": None},
        "test": False,
    }
    # Without a response it raises, after the rest has gone out.
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "send_sms", respond=False, **fields)
    assert not isinstance(raised.value, ServiceValidationError)
    assert raised.value.translation_key == "partly_refused"
    assert len(simulator.orders) == 2
    # Where no target is left it raises a validation error, before any request.
    simulator.requests.clear()
    alone: dict[str, Any] = {field: [value, value], "message": TEXT}
    error = await refused(act(hass, "send_sms", **alone))
    if field == "phones":
        assert error.translation_key == "all_refused"
        # What holds fewer than five digits is no number that must be hidden.
        named = f'"{shown}" is' if shown and PAPA not in shown else "No. 2 of"
        assert named in str((error.translation_placeholders or {})["reasons"])
    else:
        assert shown in str(error.translation_placeholders)
    assert simulator.requests == []


async def test_one_refused_is_reported_itself(hass: HomeAssistant, simulator: Simulator) -> None:
    """The error of a single mistake names the position and does not quote the input."""
    await add_account(hass, simulator)
    error = await refused(alarm(hass, "Иван Петров 79080"))
    assert error.translation_key == "invalid_phone"
    assert error.translation_placeholders == {"position": "1"}
    assert simulator.requests == []


@pytest.mark.parametrize(
    "text",
    [
        f"{PAPA}, Мама Ира",
        f"{PAPA};мама_ира",
        f"8 908 796-47-81\n{MAMA}\n",
        f" {PAPA} ,, {MAMA} ;",
    ],
)
@pytest.mark.parametrize("as_list", [True, False])
async def test_several_in_one_text(
    hass: HomeAssistant, simulator: Simulator, text: str, as_list: bool
) -> None:
    """Numbers and names that a helper or a template puts into one text are read one by one."""
    await add_account(hass, simulator, people=PEOPLE[1:])
    await act(hass, "send_sms", phones=[text] if as_list else text, message=TEXT)
    assert reached(simulator) == [PAPA, MAMA]


async def test_one_of_several_in_a_text(hass: HomeAssistant, simulator: Simulator) -> None:
    """One of them that cannot be read costs the others nothing; and it is two people."""
    await add_account(hass, simulator)
    receipt = await act(hass, "send_sms", phones=[f"{PAPA}, Мамма"], message=TEXT)
    assert [row["phone"] for row in receipt["messages"]] == [PAPA, "Мамма"]
    error = await refused(act(hass, "flash_call", phones=[f"{PAPA}, {MAMA}"]))
    assert error.translation_key == "one_number"


@pytest.mark.parametrize("country", ["DE", "AT", "LU", "KZ", "RU"])
async def test_integer_of_a_template(
    hass: HomeAssistant, simulator: Simulator, country: str
) -> None:
    """A recipient's number is read also where a template has made an integer of it."""
    hass.config.country = country
    await add_account(hass, simulator, people=PEOPLE)
    await act(hass, "send_sms", phones=[int(MAMA[1:])], message=TEXT)
    assert reached(simulator) == [MAMA]


@pytest.mark.parametrize("by", ["entity_id", "device_id", "area_id", "label_id", "floor_id"])
async def test_target(
    hass: HomeAssistant,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
    by: str,
) -> None:
    """Home Assistant's own target reaches recipients, and nothing else that is in it."""
    entry = await add_account(hass, simulator, people=PEOPLE[:2])
    floor = fr.async_get(hass).async_create("First")
    area = ar.async_get(hass).async_create("Hall", floor_id=floor.floor_id)
    device = device_of(hass, entry, "Мама Ира")
    device_registry.async_update_device(device, area_id=area.id, labels={"family"})
    target: dict[str, Any] = {
        "entity_id": "notify.mama_ira",
        "device_id": device,
        "area_id": area.id,
        "label_id": "family",
        "floor_id": floor.floor_id,
    }
    await act(hass, "send_sms", message=TEXT, **{by: target[by]})
    assert reached(simulator) == [MAMA]
    # Together with a number, each once.
    await act(hass, "send_sms", message="Ещё", phones=[PAPA, MAMA], **{by: target[by]})
    assert reached(simulator) == [MAMA, MAMA, PAPA]


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ({"entity_id": "all"}, "unknown_recipient"),
        ({"entity_id": "event.papa_inbound"}, "unknown_recipient"),
        ({"entity_id": "none"}, "no_target"),
        ({"area_id": "nowhere"}, "no_target"),
        ({"entity_id": []}, "no_target"),
    ],
)
async def test_target_without_a_recipient(
    hass: HomeAssistant, simulator: Simulator, target: dict[str, Any], key: str
) -> None:
    """No target, all entities, or no recipient: a validation error, before any request."""
    await add_account(hass, simulator, people=PEOPLE)
    error = await refused(act(hass, "send_sms", message=TEXT, **target))
    assert error.translation_key == key
    assert simulator.requests == []


async def test_ambiguous_number(hass: HomeAssistant, simulator: Simulator) -> None:
    """Two valid readings are refused, masked in the error; a plus decides."""
    hass.config.country = "IT"
    await add_account(hass, simulator)
    error = await refused(alarm(hass, 38946500493))
    assert error.translation_key == "ambiguous_phone"
    assert error.translation_placeholders == {"phone": "38946•••0493"}
    await alarm(hass, "+389 46 500 493")
    assert reached(simulator) == ["+38946500493"]


async def test_errors_name_and_mask(hass: HomeAssistant, simulator: Simulator) -> None:
    """A recipient is shown by name, a bare number masked, an unreadable input by its position."""
    await add_account(hass, simulator, people=PEOPLE)
    stranger = "+79135550001"
    for phone in (MAMA, stranger):
        simulator.phone(phone[1:]).blacklisted = True
    with pytest.raises(HomeAssistantError) as raised:
        await alarm(hass, PAPA, SECOND, "чушь 12345", "Мамма", MAMA, stranger, respond=False)
    reasons = (raised.value.translation_placeholders or {})["reasons"]
    assert "Мама Ира, +7913•••0001: Phone in black list" in reasons
    assert "No. 3" in reasons
    assert '"Мамма" is neither a number nor a recipient' in reasons
    assert "чушь" not in reasons
    assert MAMA not in reasons
    assert stranger not in reasons


@pytest.mark.parametrize("fields", [{}, {"phones": []}, {"recipients": []}, {"phones": None}])
async def test_no_recipient_named(
    hass: HomeAssistant, simulator: Simulator, fields: dict[str, Any]
) -> None:
    """Without a target it is a validation error that says so."""
    await add_account(hass, simulator)
    error = await refused(act(hass, "send_sms", message=TEXT, **fields))
    assert error.translation_key == "no_target"
    assert simulator.requests == []


async def test_entity_of_another_account(hass: HomeAssistant, simulator: Simulator) -> None:
    """Names and entities are those of the account used."""
    simulator.add_account(id=7777, apikey="A" * 64)
    first = await add_account(hass, simulator, people=PEOPLE)
    second = await add_account(
        hass,
        simulator,
        people=[person("Сосед", MAMA)],
        account_id="7777",
        data={"api_key": "A" * 64, "webhook_id": "7" * 64},
    )
    send: dict[str, Any] = {"message": TEXT, "config_entry_id": second.entry_id}
    error = await refused(act(hass, "send_sms", recipients=["notify.papa"], **send))
    assert error.translation_key == "unknown_recipient"
    assert (await refused(alarm(hass, "Папа", config_entry_id=second.entry_id))).translation_key
    await act(hass, "send_sms", recipients=["notify.sosed"], **send)
    await alarm(hass, "Папа", config_entry_id=first.entry_id)
    assert [order.account for order in simulator.orders] == [7777, 5671, 5671]


async def test_renamed_entity(hass: HomeAssistant, simulator: Simulator) -> None:
    """An entity is found under whatever id its owner gave it."""
    await add_account(hass, simulator, people=PEOPLE)
    er.async_get(hass).async_update_entity("notify.mama_ira", new_entity_id="notify.boss")
    await hass.async_block_till_done()
    await act(hass, "send_sms", recipients="notify.boss", message=TEXT)
    assert reached(simulator) == [MAMA]


@pytest.mark.parametrize(
    ("recipients", "phones", "to"),
    [
        (["notify.papa"], [], PAPA),
        ([], ["Папа"], PAPA),
        ([], [SECOND], SECOND),
        (["notify.papa"], [SECOND], PAPA),
        ([], [PAPA, 79087964781], PAPA),
        ([], [PAPA, MAMA], None),
        (["notify.papa", "notify.mama_ira"], [], None),
        ([], [PAPA, "чушь"], None),
    ],
)
async def test_one_number(
    hass: HomeAssistant,
    simulator: Simulator,
    recipients: list[str],
    phones: list[object],
    to: str | None,
) -> None:
    """Where one number is asked for, a person stands for the first; two people are a mistake."""
    await add_account(hass, simulator, people=PEOPLE)
    sending = act(hass, "flash_call", recipients=recipients, phones=phones, code="0042")
    if to:
        await sending
        assert reached(simulator) == [to]
    else:
        assert (await refused(sending)).translation_key == "one_number"
        assert simulator.requests == []


# What.


@pytest.mark.parametrize("word", ["HLR", "PING", "HLRVIP", " HLR ", "PING\n"])
@pytest.mark.parametrize("action", ["send_sms", "call", "estimate_cost"])
async def test_service_words(
    hass: HomeAssistant, simulator: Simulator, action: str, word: str
) -> None:
    """A text that the service would take for a number check buys nothing."""
    await add_account(hass, simulator)
    error = await refused(act(hass, action, phones=[PAPA], message=word))
    assert error.translation_key == "service_word"
    assert simulator.requests == []


@pytest.mark.parametrize(
    ("template", "message", "transliterate"),
    [("HL{message}", "R", False), ("{message}", "ХЛР", True), ("PING", "что угодно", False)],
)
async def test_service_words_after_framing(
    hass: HomeAssistant, simulator: Simulator, template: str, message: str, transliterate: bool
) -> None:
    """The text that counts is the one that goes out."""
    options = {CONF_MESSAGE_TEMPLATE: template}
    await add_account(hass, simulator, options=options)
    send = act(hass, "send_sms", phones=[PAPA], message=message, transliterate=transliterate)
    if transliterate:
        # KhLR: no service word after all.
        await send
        assert simulator.orders[0].text == "KhLR"
        return
    assert (await refused(send)).translation_key == "service_word"
    assert simulator.requests == []


@pytest.mark.parametrize("text", ["hlr", "HLR 1", "PINGPONG"])
async def test_other_words(hass: HomeAssistant, simulator: Simulator, text: str) -> None:
    """Only the exact words are refused."""
    await add_account(hass, simulator)
    await act(hass, "send_sms", phones=[PAPA], message=text)
    assert [order.kind for order in simulator.orders] == [Kind.SMS]


@pytest.mark.parametrize("action", ["send_sms", "call"])
async def test_half_an_emoji(hass: HomeAssistant, simulator: Simulator, action: str) -> None:
    """Surrogates of escapes are joined, and a lone one does not fail the message."""
    await add_account(hass, simulator)
    await act(hass, action, phones=[PAPA], message="Котёл \ud83d\udd25 погас \ud83d!")
    assert [order.text for order in simulator.orders] == ["Котёл 🔥 погас \ufffd!"]


@pytest.mark.parametrize("message", ["", "   ", "\n\t"])
@pytest.mark.parametrize("action", ["send_sms", "call"])
async def test_empty(hass: HomeAssistant, simulator: Simulator, action: str, message: str) -> None:
    """An empty text is a mistake, also inside a frame."""
    await add_account(hass, simulator, options={CONF_MESSAGE_TEMPLATE: "Дом: {message}"})
    error = await refused(act(hass, action, phones=[PAPA], message=message))
    assert error.translation_key == "empty_message"
    assert simulator.requests == []


async def test_nothing_left_of_it(hass: HomeAssistant, simulator: Simulator) -> None:
    """Transliteration may leave nothing: that is empty too."""
    await add_account(hass, simulator)
    send = act(hass, "send_sms", phones=[PAPA], message="😀", transliterate=True)
    assert (await refused(send)).translation_key == "empty_message"


@pytest.mark.parametrize(
    ("text", "transliterate", "sent"),
    [
        ("Протечка!", False, "Протечка!"),
        ("Протечка!", True, "Protechka!"),
        ("Щука ё", True, "Shchuka io"),
        ("Hello", True, "Hello"),
        ("Строка\nвторая — «да»", False, "Строка\nвторая — «да»"),
        ("Ключ &=+% 😀", False, "Ключ &=+% 😀"),
    ],
)
async def test_to_the_letter(
    hass: HomeAssistant, simulator: Simulator, text: str, transliterate: bool, sent: str
) -> None:
    """A text goes out as it is; in Latin letters only when that is asked."""
    await add_account(hass, simulator)
    await act(hass, "send_sms", phones=[PAPA], message=text, transliterate=transliterate)
    assert [order.text for order in simulator.orders] == [sent]


@pytest.mark.parametrize(
    ("action", "fields", "sent"),
    [
        ("send_sms", {}, "Дом 14:05: вода {time}"),
        ("send_sms", {"two_way": True}, "Вопрос: вода {time}?"),
        ("send_sms", {"sender": "2WAY"}, "Вопрос: вода {time}?"),
        ("call", {}, "Дом 14:05: вода {time}"),
    ],
)
async def test_templates(
    hass: HomeAssistant,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    fields: dict[str, Any],
    sent: str,
) -> None:
    """Texts stand in the account's frame, with the local time; their own braces stay."""
    await hass.config.async_set_time_zone("Europe/Moscow")
    await add_account(
        hass,
        simulator,
        options={
            CONF_MESSAGE_TEMPLATE: "Дом {time}: {message}",
            CONF_TWO_WAY_TEMPLATE: "Вопрос: {message}?",
        },
    )
    monkeypatch.setattr(dt_util, "utcnow", lambda: datetime(2027, 1, 1, 11, 5, tzinfo=UTC))
    await act(hass, action, phones=[PAPA], message="вода {time}", **fields)
    assert [order.text for order in simulator.orders] == [sent]


async def test_never_framed(hass: HomeAssistant, simulator: Simulator) -> None:
    """FlashCall codes and number checks stay as they are."""
    await add_account(hass, simulator, options={CONF_MESSAGE_TEMPLATE: "Дом: {message}"})
    await act(hass, "flash_call", phones=[PAPA], code="0042")
    await act(hass, "check_number", phones=[PAPA], wait=0)
    assert [order.text for order in simulator.orders] == ["0042", "HLR"]


async def test_frame_counts_as_parts(hass: HomeAssistant, simulator: Simulator) -> None:
    """`max_parts` counts what goes out."""
    options = {
        CONF_MESSAGE_TEMPLATE: "Дом: {message}",
        CONF_MAX_PARTS: 1,
        CONF_LONG_TEXTS: "refuse",
    }
    await add_account(hass, simulator, options=options)
    error = await refused(act(hass, "send_sms", phones=[PAPA], message="Ж" * 66))
    assert error.translation_key == "too_long"
    latin = act(hass, "send_sms", phones=[PAPA], message="x" * 155, transliterate=True)
    await latin
    assert len(simulator.orders) == 1


@pytest.mark.parametrize("two_way", [False, True])
async def test_long_text_is_cut(hass: HomeAssistant, simulator: Simulator, two_way: bool) -> None:
    """An alarm of 900 letters goes out as the ten parts the API takes, and the response says so."""
    await add_account(hass, simulator, options={CONF_MESSAGE_TEMPLATE: "Дом: {message} (конец)"})
    text = ", ".join(f"окно {number}-й спальни" for number in range(60))
    receipt = await act(hass, "send_sms", phones=[PAPA], message=text, two_way=two_way)
    (sent,) = [order.text for order in simulator.orders]
    assert receipt["cut"] is True
    assert measure(sent).parts == 10
    assert sent.endswith("…" if two_way else "… (конец)")
    whole = await act(hass, "send_sms", phones=[MAMA], message="Протечка")
    assert whole["cut"] is False


async def test_long_text_is_refused(hass: HomeAssistant, simulator: Simulator) -> None:
    """With `refuse` a long text raises before it costs anything; a call reads out all of it."""
    await add_account(hass, simulator, options={CONF_LONG_TEXTS: "refuse"})
    error = await refused(act(hass, "send_sms", phones=[PAPA], message="Ж" * 671))
    assert error.translation_key == "too_long"
    assert error.translation_placeholders == {"parts": "11", "max_parts": "10"}
    assert simulator.requests == []


async def test_calls_are_never_cut(hass: HomeAssistant, simulator: Simulator) -> None:
    """What is spoken has no parts."""
    await add_account(hass, simulator, options={CONF_MAX_PARTS: 1})
    await act(hass, "call", phones=[PAPA], message="Ж" * 300)
    assert len(simulator.orders[0].text) == 300


@pytest.mark.parametrize(
    ("option", "field", "sent"),
    [
        (True, {}, "Techet"),
        (True, {"transliterate": False}, "Течет"),
        (False, {}, "Течет"),
        (False, {"transliterate": True}, "Techet"),
    ],
)
async def test_latin_letters_as_an_option(
    hass: HomeAssistant, simulator: Simulator, option: bool, field: dict[str, bool], sent: str
) -> None:
    """The account's option counts wherever an action does not say otherwise; in notify too."""
    options = {CONF_TRANSLITERATE: option}
    await add_account(hass, simulator, people=PEOPLE, options=options)
    await act(hass, "send_sms", phones=["Мама Ира"], message="Течет", **field)
    data = {"entity_id": "notify.mama_ira", "message": "Течет"}
    await hass.services.async_call("notify", "send_message", data, blocking=True)
    assert [order.text for order in simulator.orders] == [sent, "Techet" if option else "Течет"]


async def test_end_of_a_yaml_block(hass: HomeAssistant, simulator: Simulator) -> None:
    """Exactly 70 letters and the line break of a YAML block are one part."""
    await add_account(hass, simulator)
    await act(hass, "send_sms", phones=[PAPA], message="Ж" * 70 + "\n")
    assert [order.text for order in simulator.orders] == ["Ж" * 70]
    estimate = await act(hass, "estimate_cost", phones=[PAPA], message="Ж" * 70 + " \n")
    assert estimate["parts"] == 1


# Senders.


@pytest.mark.parametrize(
    ("option", "field", "used"),
    [
        (None, None, None),
        ("test", None, "test"),
        ("test", "INFORM", "INFORM"),
        (None, " INFORM ", "INFORM"),
        ("test", "", "test"),
        ("test", "  ", None),
    ],
)
async def test_sender(
    hass: HomeAssistant,
    simulator: Simulator,
    option: str | None,
    field: str | None,
    used: str | None,
) -> None:
    """The field's sender, else the option's, else the account's own default."""
    await add_account(hass, simulator, options={CONF_SENDER: option} if option else None)
    fields: dict[str, Any] = {} if field is None else {"sender": field}
    await act(hass, "send_sms", phones=[PAPA], message=TEXT, **fields)
    assert simulator.calls("send")[0].params.get("from") == used
    simulator.assert_clean()


@pytest.mark.parametrize("word", ["GOLOS", "GOLOSM", "FLASHCALL", "golos", " FlashCall "])
@pytest.mark.parametrize("where", ["field", "option"])
async def test_senders_that_call(
    hass: HomeAssistant, simulator: Simulator, where: str, word: str
) -> None:
    """Words that would make a call of a message are no senders."""
    await add_account(hass, simulator, options={CONF_SENDER: word} if where == "option" else None)
    fields: dict[str, Any] = {"sender": word} if where == "field" else {}
    error = await refused(act(hass, "send_sms", phones=[PAPA], message=TEXT, **fields))
    assert error.translation_key == "invalid_sender"
    assert simulator.requests == []


@pytest.mark.parametrize("fields", [{"two_way": True}, {"sender": "2WAY"}, {"sender": " 2way"}])
async def test_two_way(hass: HomeAssistant, simulator: Simulator, fields: dict[str, Any]) -> None:
    """2WAY as sender means the same as two_way."""
    await add_account(hass, simulator, options={CONF_SENDER: "test"})
    receipt = await act(hass, "send_sms", phones=[PAPA], message=TEXT, **fields)
    assert receipt["messages"][0]["kind"] == "two_way"
    assert [order.kind for order in simulator.orders] == [Kind.TWO_WAY]
    assert simulator.calls("send")[0].params["from"] == "2WAY"


# When.


@pytest.mark.parametrize(
    ("zone", "given", "utc"),
    [
        ("Europe/Moscow", "2031-01-01 12:00:00", "2031-01-01 09:00:00"),
        ("Europe/Berlin", "2031-07-01T12:00", "2031-07-01 10:00:00"),
        ("Europe/Berlin", "2031-01-01T12:00", "2031-01-01 11:00:00"),
        ("Europe/Moscow", "2031-01-01T12:00:00+12:00", "2031-01-01 00:00:00"),
        ("Europe/Moscow", "2031-01-01T12:00:00Z", "2031-01-01 12:00:00"),
        ("Asia/Kathmandu", "2031-01-01 12:00:00", "2031-01-01 06:15:00"),
        ("Europe/Moscow", datetime(2031, 1, 1, 12), "2031-01-01 09:00:00"),  # noqa: DTZ001
        ("Europe/Moscow", datetime(2031, 1, 1, 12, tzinfo=UTC), "2031-01-01 12:00:00"),
    ],
)
@pytest.mark.parametrize("action", ["send_sms", "call"])
async def test_send_at(
    hass: HomeAssistant, simulator: Simulator, action: str, zone: str, given: Any, utc: str
) -> None:
    """Whatever zone a time is given in, it goes out in UTC; without one it is Home Assistant's."""
    await hass.config.async_set_time_zone(zone)
    await add_account(hass, simulator)
    receipt = await act(hass, action, phones=[PAPA], message=TEXT, send_at=given)
    assert simulator.calls("send")[0].params["send_datetime"] == utc
    assert receipt["messages"][0]["status"] == "scheduled"


@pytest.mark.parametrize("back", [timedelta(0), timedelta(seconds=1), timedelta(days=300)])
async def test_past(hass: HomeAssistant, simulator: Simulator, back: timedelta) -> None:
    """Nothing is sent in the past."""
    await add_account(hass, simulator)
    past = (dt_util.utcnow() - back).isoformat()
    error = await refused(alarm(hass, PAPA, send_at=past))
    assert error.translation_key == "time_passed"
    assert simulator.requests == []


@pytest.mark.parametrize(
    ("given", "minutes"),
    [
        ("00:01:00", "1"),
        ({"hours": 24}, "1440"),
        (90, "1"),
        ("01:30:59", "90"),
        (59, None),
        ({"hours": 24, "seconds": 1}, None),
        (0, None),
        (-60, None),
        (float("inf"), None),
    ],
)
@pytest.mark.parametrize("action", ["send_sms", "call", "flash_call"])
async def test_time_to_live(
    hass: HomeAssistant, simulator: Simulator, action: str, given: Any, minutes: str | None
) -> None:
    """A minute to a day."""
    await add_account(hass, simulator)
    fields: dict[str, Any] = {} if action == "flash_call" else {"message": TEXT}
    sending = act(hass, action, phones=[PAPA], time_to_live=given, **fields)
    if minutes is None:
        with pytest.raises(vol.Invalid):
            await sending
        assert simulator.requests == []
    else:
        await sending
        assert simulator.calls("send")[0].params["ttl"] == minutes


async def test_options_of_the_account(hass: HomeAssistant, simulator: Simulator) -> None:
    """Latin letters and the partner's number are the account's choice; a send may say otherwise."""
    options = {"transliterate": True, "referrer": "5671"}
    await add_account(hass, simulator, people=PEOPLE, options=options)
    # A block of YAML ends in a line break, which is not worth sending.
    await act(hass, "send_sms", phones=[PAPA], message="Привет\n")
    await act(hass, "send_sms", phones=[PAPA], message="Привет", transliterate=False)
    assert [order.text for order in simulator.orders] == ["Privet", "Привет"]
    assert [request.params["r"] for request in simulator.requests] == ["5671", "5671"]
