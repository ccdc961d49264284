"""The numbers that recipients, targets and phones stand for; what cannot be read is refused."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
)
import pytest

from .common import MAMA, PAPA, act, add_account, device_of, person
from .sending import TEXT, alarm
from .simulator.simulator import Simulator
from .test_message import PEOPLE, SECOND, reached, refused


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
    response = await act(hass, "send_sms", phones=phones, message=TEXT)
    assert response["messages"][0]["phone"] == PAPA
    assert simulator.calls("send")[0].params["to"] == PAPA[1:]


@pytest.mark.parametrize("name", ["Папа", "папа", "  ПАПА ", "papa"])
async def test_name_stands_for_all_numbers(
    hass: HomeAssistant, simulator: Simulator, name: str
) -> None:
    """A name is matched as a person would, and reaches all numbers in one request."""
    await add_account(hass, simulator, people=PEOPLE)
    response = await alarm(hass, name)
    assert reached(simulator) == [PAPA, SECOND]
    assert [row["recipient"] for row in response["messages"]] == ["Папа", "Папа"]
    assert len(simulator.requests) == 1


async def test_entities_and_numbers(hass: HomeAssistant, simulator: Simulator) -> None:
    """Entities, names and numbers together; a number named twice gets one, under its recipient."""
    await add_account(hass, simulator, people=PEOPLE)
    response = await act(
        hass,
        "send_sms",
        recipients=["notify.papa", "notify.mama_ira", "notify.papa"],
        phones=[MAMA, "мама_ира", 79087964781, "+79135550001", "+7 913 555-00-01"],
        message=TEXT,
    )
    assert reached(simulator) == [PAPA, SECOND, MAMA, "+79135550001"]
    names = [row["recipient"] for row in response["messages"]]
    assert names == ["Папа", "Папа", "Мама Ира", None]


async def test_bare_number_of_a_person(hass: HomeAssistant, simulator: Simulator) -> None:
    """A recipient's number is shown with the name, also when only the number was given."""
    await add_account(hass, simulator, people=PEOPLE)
    response = await alarm(hass, MAMA)
    assert response["messages"][0]["recipient"] == "Мама Ира"


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
    response = await act(hass, "send_sms", **fields)
    assert reached(simulator) == [MAMA]
    good, bad = response["messages"]
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
    response = await act(hass, "send_sms", phones=[f"{PAPA}, Мамма"], message=TEXT)
    assert [row["phone"] for row in response["messages"]] == [PAPA, "Мамма"]
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
    """Where one number is needed, a recipient stands for the first; two are a mistake."""
    await add_account(hass, simulator, people=PEOPLE)
    sending = act(hass, "flash_call", recipients=recipients, phones=phones, code="0042")
    if to:
        await sending
        assert reached(simulator) == [to]
    else:
        assert (await refused(sending)).translation_key == "one_number"
        assert simulator.requests == []
