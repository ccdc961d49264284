"""The people of an account, by name, number and PIN."""

from itertools import zip_longest
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smspilot.const import (
    CONF_ASSIST,
    CONF_CHANNEL,
    CONF_PHONES,
    CONF_PIN,
    CONF_SENDER,
    DOMAIN,
    EVENT_SMS_RECEIVED,
)
from custom_components.smspilot.contacts.recipients import (
    Channel,
    Recipient,
    by_name,
    owners,
    recipients,
    same_name,
)
from custom_components.smspilot.text.normalising import without_beginning

from .common import MAMA, PAPA, CapturedEvents, Clock, act, add_account, person, rename, write
from .simulator.simulator import Simulator


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Папа", "Папа", True),
        ("Папа", " папа ", True),
        ("ПАПА", "папа", True),
        # An entity id would be the same.
        ("Папа", "Papa", True),
        ("Папа (дом)", "папа дом", True),
        ("Straße", "STRASSE", True),
        ("Папа", "Мама", False),
        ("Папа", "Папа 2", False),
        # Names without any letter make no slug; they are as they are written.
        ("🔥", "🔥", True),
        ("🔥", "💧", False),
        ("🔥", "unknown", False),
        ("Unknown", "unknown", True),
        ("", "Папа", False),
    ],
)
def test_same_name(one: str, other: str, is_same: bool) -> None:
    assert same_name(one, other) is is_same
    assert same_name(other, one) is is_same


def account(*people: Any) -> MockConfigEntry:
    return MockConfigEntry(domain=DOMAIN, unique_id="5671", subentries_data=[*people])


async def test_people(hass: HomeAssistant) -> None:
    """The first added comes first, and a number may be several people's."""
    call = {CONF_CHANNEL: "voice", CONF_SENDER: "INFORM"}
    entry = account(
        person("Папа", PAPA, MAMA), person("Мама", MAMA), person("Папе позвонить", PAPA, **call)
    )
    assert [one.name for one in recipients(entry)] == ["Папа", "Мама", "Папе позвонить"]
    assert [one.name for one in owners(entry, PAPA)] == ["Папа", "Папе позвонить"]
    assert [one.name for one in owners(entry, MAMA)] == ["Папа", "Мама"]
    assert owners(entry, "+79990000000") == []
    papa, _mama, call_papa = recipients(entry)
    assert papa.phones == (PAPA, MAMA)
    assert (papa.channel, papa.sender, papa.assist, papa.pin) == (
        Channel.SMS,
        None,
        False,
        None,
    )
    assert (call_papa.channel, call_papa.sender) == (Channel.VOICE, "INFORM")
    assert by_name(entry, " мама") == _mama
    assert by_name(entry, "Mama") == _mama
    assert by_name(entry, "Сын") is None


async def test_other_subentries(hass: HomeAssistant) -> None:
    """A subentry of another type is no recipient."""
    entry = account({**person("Папа", PAPA), "subentry_type": "other"}, person("Мама", MAMA))
    assert [one.name for one in recipients(entry)] == ["Мама"]
    assert by_name(entry, "Папа") is None


async def test_renamed_in_the_list(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    hass_ws_client: WebSocketGenerator,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Home Assistant's own "Rename" of a recipient renames them everywhere."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await rename(hass, hass_ws_client, entry, "Папа", "Дед")
    await clock.settle()
    found = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert {device.name for device in found} == {"SMSPILOT 5671", "Дед"}
    assert hass.services.has_service("notify", "smspilot_ded")
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    await write(simulator, PAPA, "5671 Привет")
    await clock.advance(61)
    assert captured.of("recipient") == ["Дед"]
    response = await act(hass, "send_sms", phones=["Дед"], message="Протечка!")
    assert response["messages"][0]["recipient"] == "Дед"


@pytest.mark.parametrize("name", ["Папа", " папа ", "papa", MAMA, "8 908", "", "*"])
async def test_renamed_to_anything(
    hass: HomeAssistant, simulator: Simulator, hass_ws_client: WebSocketGenerator, name: str
) -> None:
    """Whatever Home Assistant's "Rename" makes of a name, their entities reach that person."""
    baba = "+79135550001"
    entry = await add_account(
        hass, simulator, people=[person("Папа", PAPA), person("Баба", baba, channel="voice")]
    )
    await rename(hass, hass_ws_client, entry, "Баба", name)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    target = {"entity_id": "notify.baba"}
    await hass.services.async_call(
        "notify", "send_message", {**target, "message": "Привет"}, blocking=True
    )
    await hass.services.async_call(
        "button", "press", {"entity_id": "button.baba_test_message"}, blocking=True
    )
    assert [f"+{order.phone}" for order in simulator.orders] == [baba] * 2
    assert {order.sender for order in simulator.orders} == {"GOLOS"}


def recipient(**data: Any) -> Recipient:
    (one,) = recipients(account(person("Папа", PAPA, **data)))
    return one


@pytest.mark.parametrize(
    ("pin", "message", "rest"),
    [
        ("4711", "4711 Включи свет", "Включи свет"),
        ("4711", "4711Включи свет", "Включи свет"),
        ("4711", "  4711. Включи", "Включи"),
        ("4711", "4711", ""),
        ("4711", "\u2068\ufeff 4711 Включи", "Включи"),
        ("4711", "\u200e", None),
        ("4711", "Включи свет", None),
        ("4711", "Включи 4711", None),
        ("4711", "471", None),
        ("4711", "", None),
        # The beginning of a longer number or word is not the PIN.
        ("4711", "47110 рублей", None),
        ("4711", "4711 0", "0"),
        ("дом", "домой", None),
        ("дом", "дом5", "5"),
        # A phone begins a text with a capital.
        ("сезам", "Сезам откройся", "откройся"),
        ("Сезам", "СЕЗАМ, откройся", "откройся"),
        # However it is typed or dictated, and whatever parts it from the order.
        ("4711", "4711, включи", "включи"),
        ("4711", "4711: включи", "включи"),
        ("4711", "4711-включи", "включи"),
        ("4711", "4711 — включи", "включи"),
        ("4711", "4711 -5", "-5"),
        ("4711", "４７１１ включи", "включи"),
        ("4711", "٤٧١١ включи", "включи"),
        ("4711", "47\u200b11\ufe0f включи", "включи"),
        ("47-11", "47–11 включи", "включи"),
        ("ёлка", "Елка гори", "гори"),
        ("елка", "Е\u0308лка гори", "гори"),
        ("🔑", "🔑\ufe0f включи", "включи"),
        # The beginning of an amount, a date or a time is not the PIN.
        ("4711", "4711.5 кВт", None),
        ("4711", "4711,50", None),
        ("47", "47:11", None),
        ("47", "47-11 включи", None),
        (None, "Включи", None),
        ("", "Включи", None),
        ("\u0301", "Включи", None),
    ],
)
def test_pin(pin: str | None, message: str, rest: str | None) -> None:
    assert recipient(**{CONF_ASSIST: True, CONF_PIN: pin}).without_pin(message) == rest


@given(
    st.text(st.characters(categories=("L", "Nd", "So"), codec="utf-16"), min_size=1, max_size=8),
    st.lists(st.sampled_from("\u200b\u200e\ufeff\u2060\ufe0f"), max_size=9),
)
def test_pin_with_marks(pin: str, marks: list[str]) -> None:
    """Invisible characters before, within and after it change nothing."""
    pairs = zip_longest(marks, pin, fillvalue="")
    written = "".join(mark + character for mark, character in pairs)
    assert without_beginning(f"{written} +7", pin) in ("+7", None)
    assert without_beginning(f"{written} +7", pin) == without_beginning(f"{pin} +7", pin)


def test_empty_fields() -> None:
    """What was cleared in the form is not set."""
    one = recipient(**{CONF_SENDER: "", CONF_PIN: "", CONF_PHONES: [MAMA]})
    assert (one.sender, one.pin, one.phones) == (None, None, (MAMA,))
