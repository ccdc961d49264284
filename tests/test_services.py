"""Every action: the request it makes, to the parameter, and the response, to the field."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import DOMAIN, EVENT_MESSAGE_STATUS

from .common import MAMA, PAPA, CapturedEvents, Clock, act, add_account, person, serve_webhook
from .sending import TEXT, alarm, paid, requested
from .simulator.model import DEFAULT_KEY, Blocked, Kind
from .simulator.options import UnknownIds
from .simulator.simulator import Simulator

FIELDS = "server_id,phone,price,status,error,error_en,error_ru"
COMMON = {"apikey": DEFAULT_KEY, "format": "json"}
LATER = "2031-01-01T12:00:00+03:00"
LATER_UTC = "2031-01-01 09:00:00"

# What is given beside the number, what the request must hold, and of which kind the row is.
ACTIONS: dict[str, tuple[str, dict[str, Any], dict[str, str], str]] = {
    "sms": ("send_sms", {"message": TEXT}, {"send": TEXT}, "sms"),
    "sms, all": (
        "send_sms",
        {
            "message": TEXT,
            "sender": "test",
            "transliterate": True,
            "send_at": LATER,
            "time_to_live": "02:00:00",
            "urgent": True,
            "retry_for": 5,
            "wait": 0,
        },
        {
            "send": "Protechka!",
            "from": "test",
            "send_datetime": LATER_UTC,
            "ttl": "120",
        },
        "sms",
    ),
    "two way": (
        "send_sms",
        {"message": "Дома?", "two_way": True},
        {"send": "Дома?", "from": "2WAY"},
        "two_way",
    ),
    "call": ("call", {"message": TEXT}, {"send": TEXT, "from": "GOLOS"}, "voice"),
    "call, all": (
        "call",
        {
            "message": TEXT,
            "voice": "GOLOSM",
            "send_at": LATER,
            "time_to_live": 3600,
            "urgent": True,
            "retry_for": 0,
            "wait": 0,
        },
        {"send": TEXT, "from": "GOLOSM", "send_datetime": LATER_UTC, "ttl": "60"},
        "voice",
    ),
    "flash call": (
        "flash_call",
        {"code": "0042"},
        {"send": "0042", "from": "FLASHCALL"},
        "flash_call",
    ),
    "flash call, all": (
        "flash_call",
        {"code": "9999", "time_to_live": 60, "urgent": True, "retry_for": 0, "wait": 0},
        {"send": "9999", "from": "FLASHCALL", "ttl": "1"},
        "flash_call",
    ),
    "hlr": ("check_number", {"wait": 0}, {"send": "HLR"}, "hlr"),
    "ping": ("check_number", {"method": "ping", "wait": 0}, {"send": "PING"}, "ping"),
    "hlrvip": ("check_number", {"method": "hlrvip", "wait": 0}, {"send": "HLRVIP"}, "hlrvip"),
}


@pytest.mark.parametrize(
    ("name", "test"),
    [
        *((name, False) for name in ACTIONS),
        *((name, True) for name, given in ACTIONS.items() if given[0] != "check_number"),
    ],
)
async def test_action(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    name: str,
    test: bool,
) -> None:
    """One request, to the parameter, and the response, to the field."""
    action, fields, params, kind = ACTIONS[name]
    await serve_webhook(hass, hass_client_no_auth)
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    fields = {**fields, "test": True} if test else fields
    response = await act(hass, action, phones=[PAPA], **fields)
    (request,) = simulator.requests
    assert request.form == {
        **COMMON,
        **params,
        **({"test": "1"} if test else {}),
        "to": PAPA[1:],
        "fields": FIELDS,
        "callback": simulator.account.inbound_url,
        "callback_method": "post",
    }
    assert request.query == {}
    scheduled = "send_at" in fields
    price = 0 if test else simulator.orders[0].price
    message_id = "1000" if test else str(simulator.orders[0].server_id)
    cost = response.pop("cost")
    assert test or cost == float(price)
    price = response["messages"][0].pop("price")
    assert price == cost
    expected = {
        "packet_id": message_id,
        "balance": float(simulator.account.balance),
        "currency": "RUB",
        "cut": False,
        "messages": [
            {
                "message_id": message_id,
                "packet_id": message_id,
                "phone": PAPA,
                "recipient": "Папа",
                "kind": kind,
                "status": "scheduled" if scheduled else "accepted",
                "status_code": 3 if scheduled else 0,
                "final": False,
                "error": None,
                "test": test,
            }
        ],
    }
    if action == "flash_call":
        expected["code"] = fields["code"]
    assert response == expected


@pytest.mark.parametrize("name", ACTIONS)
async def test_without_response(hass: HomeAssistant, simulator: Simulator, name: str) -> None:
    """The response is optional, and costs nothing more."""
    action, fields, _params, _kind = ACTIONS[name]
    await add_account(hass, simulator)
    await act(hass, action, phones=[PAPA], respond=False, **fields)
    assert requested(simulator) == ["send"]


@pytest.mark.parametrize(
    "action", ["estimate_cost", "get_status", "get_account", "get_inbound", "ask"]
)
async def test_only_with_response(hass: HomeAssistant, simulator: Simulator, action: str) -> None:
    """An action that only returns data cannot be called without a response."""
    await add_account(hass, simulator)
    with pytest.raises(ServiceValidationError):
        await act(hass, action, respond=False)
    assert simulator.requests == []


# FlashCall.


@pytest.mark.parametrize("code", ["0042", 1234, "0000"])
async def test_code(hass: HomeAssistant, simulator: Simulator, code: object) -> None:
    """A code arrives as it was given, its zeros too."""
    await add_account(hass, simulator)
    response = await act(hass, "flash_call", phones=[PAPA], code=code)
    assert response["code"] == str(code)
    assert [order.text for order in simulator.orders] == [str(code)]


@pytest.mark.parametrize("code", [42, "42", "00420", "", "абвг", "00 2", "٠٠٤٢", "0042\n", "-042"])
async def test_wrong_code(hass: HomeAssistant, simulator: Simulator, code: object) -> None:
    """Anything but four digits is a mistake; what YAML took for a number is not repaired."""
    await add_account(hass, simulator)
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "flash_call", phones=[PAPA], code=code)
    assert raised.value.translation_key == "invalid_code"
    assert simulator.requests == []


async def test_random_code(hass: HomeAssistant, simulator: Simulator) -> None:
    """Without a code a random one of four digits is used, and the response has it."""
    await add_account(hass, simulator)
    codes = [(await act(hass, "flash_call", phones=[PAPA]))["code"] for _ in range(20)]
    assert [order.text for order in simulator.orders] == codes
    assert all(len(code) == 4 and code.isdecimal() for code in codes)
    assert len(set(codes)) > 1


# Number checks.


@pytest.mark.parametrize(
    ("method", "on", "status"),
    [("hlr", True, "in_service"), ("ping", False, "offline"), ("hlrvip", True, "in_service")],
)
async def test_check_waits(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, method: str, on: bool, status: str
) -> None:
    """A check waits a minute by itself, and returns as soon as it is known."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    simulator.phone(PAPA[1:]).on = on
    task = hass.async_create_background_task(
        act(hass, "check_number", phones=[PAPA], method=method), "test"
    )
    await clock.settle()
    await clock.advance(5.1)
    assert not task.done()
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(10.1)
    (row,) = (await task)["messages"]
    facts = {key: row.pop(key) for key in ("imsi", "msc", "mcc", "mnc", "cn", "net") if key in row}
    assert row == {
        "message_id": str(simulator.orders[0].server_id),
        "packet_id": str(simulator.orders[0].packet),
        "phone": PAPA,
        "recipient": None,
        "kind": method,
        "status": status,
        "status_code": 2 if on else -1,
        "final": True,
        "price": 0.15,
        "error": None if on else {"code": 602, "description": "Destination unreachable"},
        "test": False,
    }
    assert bool(facts) is (method == "hlrvip")
    assert requested(simulator) == ["send", "check", "check"]
    expected = "all" if method == "hlrvip" else FIELDS
    assert {call.params["fields"] for call in simulator.calls("check")} == {expected}


async def test_check_gives_up_after_a_minute(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """After a minute the rows say what is known."""
    await add_account(hass, simulator)
    sending = act(hass, "check_number", phones=[PAPA, MAMA])
    response = await clock.finish(sending, step=15.1)
    assert [row["status"] for row in response["messages"]] == ["accepted", "accepted"]
    assert len(paid(simulator)) == 1


# What costs nothing.


@pytest.mark.parametrize(
    ("fields", "cost", "parts", "encoding", "characters"),
    [
        ({"message": "Протечка!"}, 3.52, 1, "ucs2", 9),
        ({"message": "Hello"}, 3.52, 1, "gsm7", 5),
        ({"message": "x" * 161}, 7.04, 2, "gsm7", 161),
        ({"message": "Ж" * 71}, 7.04, 2, "ucs2", 71),
        ({"message": "€" * 80}, 3.52, 1, "gsm7", 160),
        ({"message": "😀" * 35}, 3.52, 1, "ucs2", 70),
        ({"message": "Протечка!", "transliterate": True}, 3.52, 1, "gsm7", 10),
        ({"message": "Дома?", "two_way": True}, 6.26, 1, "ucs2", 5),
    ],
)
async def test_estimate_cost(
    hass: HomeAssistant,
    simulator: Simulator,
    fields: dict[str, Any],
    cost: float,
    parts: int,
    encoding: str,
    characters: int,
) -> None:
    """The cost is the service's, the size is counted here; nothing is sent."""
    await add_account(hass, simulator)
    response = await act(hass, "estimate_cost", phones=[PAPA, MAMA], **fields)
    assert response == {
        "cost": cost,
        "currency": "RUB",
        "parts": parts,
        "encoding": encoding,
        "characters": characters,
    }
    (request,) = simulator.requests
    assert request.params["cost"] == "1"
    assert simulator.orders == []
    assert "callback" not in request.params


async def test_estimate_for_many(hass: HomeAssistant, simulator: Simulator) -> None:
    """A thousand numbers are priced as they would be sent."""
    await add_account(hass, simulator)
    numbers = [f"+7908{number:07}" for number in range(1000)]
    response = await act(hass, "estimate_cost", phones=[*numbers, "чушь"], message=TEXT)
    assert response["cost"] == pytest.approx(1310)
    assert requested(simulator) == ["cost", "cost"]


async def test_estimate_without_a_recipient(hass: HomeAssistant, simulator: Simulator) -> None:
    await add_account(hass, simulator)
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "estimate_cost", phones=["чушь"], message=TEXT)
    assert raised.value.translation_key == "unknown_contact"
    assert simulator.requests == []


async def test_get_account(hass: HomeAssistant, simulator: Simulator) -> None:
    """The account, in one request; the balance sensor follows."""
    await add_account(hass, simulator)
    simulator.account.balance += 100
    response = await act(hass, "get_account")
    assert response == {
        "account_id": "5671",
        "name": "Иванов Сергей Николаевич",
        "email": "info@example.com",
        "phone": "+79087964781",
        "balance": 3036.81,
        "currency": "RUB",
        "tariff_id": "5",
        "default_sender": "INFORM",
        "senders": ["INFORM", "test"],
        "registered_on": "2010-06-03T09:45:41+00:00",
    }
    assert requested(simulator) == ["account"]
    await hass.async_block_till_done()
    state = hass.states.get("sensor.smspilot_5671_balance")
    assert state is not None
    assert state.state == "3036.81"


async def test_get_account_without_details(hass: HomeAssistant, simulator: Simulator) -> None:
    """What is unknown is null."""
    await add_account(hass, simulator)
    account = simulator.account
    account.name = account.email = account.phone = account.default_sender = ""
    account.senders = []
    response = await act(hass, "get_account")
    for name in ("name", "email", "phone", "default_sender"):
        assert response[name] is None
    assert response["senders"] == []


# Statuses.

BY: dict[str, dict[str, Any]] = {
    "message_ids": {"message_ids": ["182000001", 182000002]},
    "one": {"message_ids": 182000001},
    "packet_id": {"packet_id": 182000001},
    "recent": {"period": "recent"},
    "all": {"period": "all", "limit": 10, "offset": 1},
}
FORMS: dict[str, dict[str, str]] = {
    "message_ids": {"check": "182000001,182000002"},
    "one": {"check": "182000001"},
    "packet_id": {"check": "packet", "id": "182000001", "limit": "1000", "offset": "0"},
    "recent": {"check": "recent", "limit": "1000", "offset": "0"},
    "all": {"check": "all", "limit": "10", "offset": "1"},
}


@pytest.mark.parametrize("by", BY)
async def test_get_status(hass: HomeAssistant, simulator: Simulator, by: str) -> None:
    """By ids, packet or period: one request, and rows with all fields of the API."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await alarm(hass, MAMA, PAPA)
    simulator.requests.clear()
    response = await act(hass, "get_status", **BY[by])
    (request,) = simulator.requests
    params = {key: value for key, value in request.form.items() if key not in ("limit", "offset")}
    expected = {key: value for key, value in FORMS[by].items() if key not in ("limit", "offset")}
    assert params == {**COMMON, **expected, "fields": "all"}
    if "offset" in FORMS[by]:
        assert request.form["offset"] == FORMS[by]["offset"]
        assert request.form["limit"] == FORMS[by]["limit"]
    rows = {row["message_id"]: row for row in response["messages"]}
    row = rows["182000001"]
    moment = simulator.orders[0].time.replace(microsecond=0).isoformat()
    assert row == {
        "message_id": "182000001",
        "packet_id": "182000001",
        "phone": MAMA,
        "recipient": None,
        "kind": "sms",
        "status": "accepted",
        "status_code": 0,
        "final": False,
        "price": 2.21,
        "error": None,
        "test": False,
        "message": TEXT,
        "sender": "INFORM",
        "sender_original": None,
        "parts": 1,
        "country": "Россия",
        "operator": "МТС",
        "sent_at": moment,
        "changed_at": moment,
    }
    if by not in ("one", "all"):
        assert rows["182000002"]["recipient"] == "Папа"


async def test_get_status_of_others(hass: HomeAssistant, simulator: Simulator) -> None:
    """A message of another sender has no known kind; its row has the error."""
    entry = await add_account(hass, simulator)
    await act(hass, "check_number", phones=[PAPA], method="ping", wait=0)
    await simulator.advance(simulator.orders[0].server_id, -1, error=604)
    response = await act(hass, "get_status", period="recent")
    assert response["messages"][0]["status"] == "offline"
    await hass.config_entries.async_remove(entry.entry_id)
    await add_account(hass, simulator)
    response = await act(hass, "get_status", period="recent")
    (row,) = response["messages"]
    assert (row["kind"], row["packet_id"], row["status"]) == (None, None, "undelivered")
    assert row["error"] == {"code": 604, "description": "Undeliverable"}


async def test_get_status_of_what_waits(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What was scheduled days ago is known as long as it waits."""
    await add_account(hass, simulator)
    send_at = dt_util.utcnow() + timedelta(days=3)
    await act(hass, "call", phones=[PAPA], message="Пора", send_at=send_at)
    await clock.advance(timedelta(days=2).total_seconds())
    await act(hass, "send_sms", phones=[PAPA], message="Другое")
    response = await act(hass, "get_status", message_ids=[simulator.orders[0].server_id])
    (row,) = response["messages"]
    assert (row["kind"], row["status"]) == ("voice", "scheduled")


async def test_get_status_of_unknown_ids(hass: HomeAssistant, simulator: Simulator) -> None:
    """An id that the service does not know has not failed: nothing is known of it."""
    await add_account(hass, simulator)
    (row,) = (await act(hass, "get_status", message_ids=["7"]))["messages"]
    assert row.pop("message_id") == "7"
    assert row.pop("test") is False
    assert set(row.values()) == {None}
    simulator.options.unknown_ids = UnknownIds.MISSING
    assert (await act(hass, "get_status", message_ids=["7"]))["messages"] == []
    simulator.options.unknown_ids = UnknownIds.ERROR
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "get_status", message_ids=["7"])
    assert raised.value.translation_key == "refused"
    assert (raised.value.translation_placeholders or {})["error"] == "303: Invalid IDs list"


async def test_get_status_of_many(hass: HomeAssistant, simulator: Simulator) -> None:
    """Ids are requested a page at a time; without ids there is no request."""
    await add_account(hass, simulator)
    ids = [str(number) for number in range(1, 1501)]
    first = await act(hass, "get_status", message_ids=ids)
    second = await act(hass, "get_status", message_ids=ids, offset=1000)
    found = [row["message_id"] for row in (*first["messages"], *second["messages"])]
    assert found == ids
    assert requested(simulator) == ["check", "check"]
    assert (await act(hass, "get_status", message_ids=[]))["messages"] == []
    assert len(simulator.requests) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"message_ids": ["7"], "packet_id": "7"},
        {"message_ids": ["recent"]},
        {"message_ids": ["7,8"]},
        {"packet_id": "all"},
        {"period": "today"},
        {"period": "all", "limit": 1001},
        {"period": "all", "offset": -1},
    ],
)
async def test_get_status_refused(
    hass: HomeAssistant, simulator: Simulator, fields: dict[str, Any]
) -> None:
    await add_account(hass, simulator)
    with pytest.raises(ServiceValidationError, match="data is invalid"):
        await act(hass, "get_status", **fields)
    assert simulator.requests == []


# Several accounts.


async def test_several_accounts(hass: HomeAssistant, simulator: Simulator) -> None:
    """With one loaded account none needs to be named; with two it must be."""
    simulator.add_account(id=7777, apikey="A" * 64)
    first = await add_account(hass, simulator)
    await alarm(hass, PAPA)
    second = await add_account(
        hass, simulator, account_id="7777", data={"api_key": "A" * 64, "webhook_id": "7" * 64}
    )
    with pytest.raises(ServiceValidationError):
        await alarm(hass, PAPA)
    await alarm(hass, PAPA, config_entry_id=second.entry_id)
    info = await act(hass, "get_account", config_entry_id=second.entry_id)
    assert info["account_id"] == "7777"
    await hass.config_entries.async_set_disabled_by(first.entry_id, ConfigEntryDisabler.USER)
    await alarm(hass, PAPA)
    with pytest.raises(ServiceValidationError):
        await alarm(hass, PAPA, config_entry_id=first.entry_id)
    with pytest.raises(ServiceValidationError):
        await alarm(hass, PAPA, config_entry_id="nobody")
    assert [order.account for order in simulator.orders] == [5671, 7777, 7777]


async def test_no_account(hass: HomeAssistant, simulator: Simulator) -> None:
    """The actions are there while no account is, and say so."""
    entry = await add_account(hass, simulator)
    await hass.config_entries.async_remove(entry.entry_id)
    assert hass.services.has_service(DOMAIN, "send_sms")
    with pytest.raises(ServiceValidationError):
        await alarm(hass, PAPA)


# Errors of the service.

ERRORS = [
    (100, "invalid_auth", "APIKEY is required", "Не указан API-ключ"),
    (401, "invalid_auth", "Invalid login details", "Ошибка в логине или пароле"),
    (113, "ip_not_allowed", "IP restriction", "Доступ с этого IP-адреса запрещён"),
    (
        122,
        "account_blocked",
        "Account is temporarily blocked",
        "Учётная запись временно заблокирована",
    ),
    (112, "no_money", "SMS limit", "Недостаточно средств"),
    (241, "no_money", "You don't have enough money", "Нет денег"),
    (108, "recipient_refused", "Phone is not confirmed", "Телефон не подтверждён"),
    (213, "recipient_refused", "Unsupported zone", "Оператор не поддерживается"),
    (204, "sender_refused", "FROM not found", "Отправитель не найден"),
    (
        223,
        "text_refused",
        "Text is an advertisement",
        "Защита от спама (текст не соответствует шаблону)",
    ),
    (243, "duplicate", "Loop protection", "Защита от дубликатов"),
    (118, "duplicate", "Rate limit", "Слишком частая отправка"),
    (221, "refused", "TEXT too long", "Слишком длинный текст"),
    (110, "refused", "SYSTEM ERROR", "Системная ошибка"),
    (604, "refused", "Undeliverable", "Невозможно доставить"),
    (715, "refused", "Error 715", "Ошибка 715"),
]


@pytest.mark.parametrize(("code", "key", "english", "russian"), ERRORS)
@pytest.mark.parametrize("language", ["en", "ru"])
async def test_error(
    hass: HomeAssistant,
    simulator: Simulator,
    code: int,
    key: str,
    english: str,
    russian: str,
    language: str,
) -> None:
    """What the API refuses is an error with its code and its words in Home Assistant's language."""
    hass.config.language = language
    await add_account(hass, simulator)
    simulator.fault("error", code=code, command="send")
    with pytest.raises(HomeAssistantError) as raised:
        await alarm(hass, PAPA)
    error = raised.value
    assert not isinstance(error, ServiceValidationError)
    assert error.translation_domain == DOMAIN
    assert error.translation_key == key
    words = russian if language == "ru" else english
    assert error.translation_placeholders == {"error": f"{code}: {words}"}
    assert f"{code}: {words}" in str(error)
    await hass.async_block_till_done(wait_background_tasks=True)
    # Where there is no money, the balance that is shown was wrong.
    assert requested(simulator) == (["send", "account"] if key == "no_money" else ["send"])


async def test_blocked_account(hass: HomeAssistant, simulator: Simulator) -> None:
    """The error of a blocked account has the API's own reason."""
    hass.config.language = "ru"
    await add_account(hass, simulator)
    simulator.account.blocked = Blocked()
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "get_account")
    assert raised.value.translation_key == "account_blocked"
    error = (raised.value.translation_placeholders or {})["error"]
    assert error == "106: Пользователь заблокирован за спам/ошибки (Проблемы с эл. почтой)"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("get_status", {"period": "recent"}),
        ("get_account", {}),
        ("estimate_cost", {"phones": [PAPA], "message": TEXT}),
    ],
)
@pytest.mark.parametrize(
    ("kind", "key"),
    [("html", "invalid_response"), ("reset", "cannot_connect"), ("error", "invalid_auth")],
)
async def test_question_fails(
    hass: HomeAssistant,
    simulator: Simulator,
    action: str,
    fields: dict[str, Any],
    kind: str,
    key: str,
) -> None:
    """Questions raise too, and a dead key starts a reauth, whatever request finds it out."""
    entry = await add_account(hass, simulator)
    simulator.fault(kind, code=101)
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, action, **fields)
    assert raised.value.translation_key == key
    assert len(simulator.requests) == 1
    await hass.async_block_till_done()
    flows = list(entry.async_get_active_flows(hass, {"reauth"}))
    assert bool(flows) is (kind == "error")


async def test_row_errors_in_russian(hass: HomeAssistant, simulator: Simulator) -> None:
    """Rows have errors in Home Assistant's language too, the API's and our own."""
    hass.config.language = "ru"
    await add_account(hass, simulator, options={"rate_limit": 1})
    await alarm(hass, MAMA)
    response = await alarm(hass, PAPA, "+79080000001", "+79999999999", MAMA)
    rows = {row["phone"]: row["error"] for row in response["messages"]}
    assert rows["+79999999999"] == {"code": 212, "description": "Телефон в черном списке"}
    assert rows[MAMA]["code"] is None
    assert rows[PAPA] is None


async def test_sent_without_a_word_too_much(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """From send to delivery, with pushes: one order and one read."""
    await add_account(hass, simulator, options={"inbound_interval": 0})
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await alarm(hass, PAPA)
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(15.1)
    await clock.advance(3600)
    assert requested(simulator)[:2] == ["send", "check"]
    assert set(requested(simulator)[2:]) <= {"account"}
    assert captured.of("status") == ["delivered"]
    assert [order.kind for order in simulator.orders] == [Kind.SMS]


async def test_send_at_object(hass: HomeAssistant, simulator: Simulator) -> None:
    """Templates hand over times as objects."""
    await add_account(hass, simulator)
    at = dt_util.utcnow().replace(microsecond=0) + timedelta(hours=1)
    await alarm(hass, PAPA, send_at=at)
    sent = simulator.calls("send")[0].params["send_datetime"]
    assert datetime.strptime(sent, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) == at


# Actions that a template got wrong.
WRONG: tuple[dict[str, Any], ...] = (
    {"message": None},
    {"message": []},
    {"send_at": "unknown"},
    {"send_at": ""},
    {"send_at": "0001-01-01 00:00:00+14:00"},
    {"send_at": "9999-12-31 23:59:59-12:00"},
    {"send_at": "\ud800"},
    {"retry_for": "unavailable"},
    {"wait": None},
    {"time_to_live": {"hours": "none"}},
    {"test": "unknown"},
    {"urgent": None},
    {"two_way": []},
    {"sender": None},
    {"no_such_field": 1},
)


@pytest.mark.parametrize("fields", WRONG, ids=str)
async def test_wrong_data_stops_no_script(
    hass: HomeAssistant, simulator: Simulator, fields: dict[str, Any]
) -> None:
    """Whatever a template makes of a field, `continue_on_error` goes on, and the error names it."""
    await add_account(hass, simulator)
    data = {"phones": [PAPA], "message": "Протечка!", **fields}
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "send_sms", **data)
    assert raised.value.translation_key == "invalid_data"
    assert next(iter(fields)) in (raised.value.translation_placeholders or {})["error"]
    after = {"action": "notify.persistent_notification", "data": {"message": "later"}}
    first = {"action": "smspilot.send_sms", "data": data, "continue_on_error": True}
    calls = async_mock_service(hass, "notify", "persistent_notification")
    sequence = await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA([first, after]))
    await Script(hass, sequence, "leak", "test").async_run(context=Context())
    assert len(calls) == 1
    assert simulator.calls("send") == []
