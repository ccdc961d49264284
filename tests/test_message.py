"""What a message says, to the letter, and its options; refused before it costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smspilot.const import (
    CONF_LONG_TEXTS,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_SENDER,
    CONF_TRANSLITERATE,
    CONF_TWO_WAY_TEMPLATE,
)
from custom_components.smspilot.text.segments import measure

from .common import MAMA, PAPA, act, add_account, person
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
async def test_service_words_made_by_a_template(
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
    """An empty text is a mistake, also in a template."""
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
    """A text goes out as it is; in Latin letters only where that is set."""
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
    """Texts stand in the account's template, with the local time; their own braces stay."""
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


async def test_never_in_a_template(hass: HomeAssistant, simulator: Simulator) -> None:
    """FlashCall codes and number checks stay as they are."""
    await add_account(hass, simulator, options={CONF_MESSAGE_TEMPLATE: "Дом: {message}"})
    await act(hass, "flash_call", phones=[PAPA], code="0042")
    await act(hass, "check_number", phones=[PAPA], wait=0)
    assert [order.text for order in simulator.orders] == ["0042", "HLR"]


async def test_template_counts_as_parts(hass: HomeAssistant, simulator: Simulator) -> None:
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
    response = await act(hass, "send_sms", phones=[PAPA], message=text, two_way=two_way)
    (sent,) = [order.text for order in simulator.orders]
    assert response["cut"] is True
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


# Senders


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
    response = await act(hass, "send_sms", phones=[PAPA], message=TEXT, **fields)
    assert response["messages"][0]["kind"] == "two_way"
    assert [order.kind for order in simulator.orders] == [Kind.TWO_WAY]
    assert simulator.calls("send")[0].params["from"] == "2WAY"


# Times


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
    response = await act(hass, action, phones=[PAPA], message=TEXT, send_at=given)
    assert simulator.calls("send")[0].params["send_datetime"] == utc
    assert response["messages"][0]["status"] == "scheduled"


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
        with pytest.raises(ServiceValidationError, match="data is invalid"):
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
