"""The simulator's rules: who may ask, what is refused, what it costs, what is found again."""

from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
import json
from typing import Any

from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
from yarl import URL

from tests.simulator import (
    DEFAULT_KEY,
    EMULATOR_KEY,
    Blocked,
    CodeStyle,
    Facts,
    Kind,
    Simulator,
    Status,
    Template,
    UnknownIds,
)
from tests.simulator.fixtures import simulator  # noqa: F401
from tests.simulator.pricing import parts

type Ask = Callable[..., Coroutine[Any, Any, Any]]

ONE = "79087964781"
TWO = "79161231212"
BLACK = "79999999999"


@pytest.fixture
async def ask(simulator: Simulator) -> AsyncIterator[Ask]:  # noqa: F811
    async with ClientSession() as session:

        async def post(apikey: str | None = DEFAULT_KEY, **params: str) -> Any:
            data = {"format": "json", **params}
            if apikey is not None:
                data["apikey"] = apikey
            if sender := data.pop("sender", ""):
                data["from"] = sender
            async with session.post(simulator.url, data=data) as response:
                return await response.json()

        yield post


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"apikey": None}, 100),
        ({"apikey": ""}, 100),
        ({"apikey": "short"}, 101),
        ({"apikey": "A" * 64}, 102),
        ({"apikey": None, "login": "info@example.com"}, 401),
        ({"apikey": None, "login": "info@example.com", "password": "wrong"}, 400),
        ({"send": " ", "to": ONE}, 220),
        ({"send": "Hello"}, 210),
        ({"send": "Hello", "to": ""}, 210),
        ({"send": "Hello", "to": "Anna"}, 111),
        ({"send": "Hello", "to": "89087964781"}, 111),
        ({"send": "Hello", "to": "+79087964781"}, 111),
        ({"send": "Hello", "to": "7908796478"}, 215),
        ({"send": "Hello", "to": "1234567890123456"}, 215),
        ({"send": "Hello", "to": BLACK}, 212),
        ({"send": "ё" * 671, "to": ONE}, 221),
        ({"send": "Alarм", "to": ONE}, 248),
        ({"send": "Hello", "to": ONE, "send_datetime": "tomorrow"}, 250),
        ({"send": "Hello", "to": ONE, "send_datetime": "2021-12-31 10:10:00"}, 250),
        ({"send": "Hello", "to": ONE, "send_datetime": "1428397800"}, 250),
        ({"send": "Hello", "to": ONE, "callback": "sms-status.php"}, 260),
        ({"send": "Hello", "to": ONE, "callback": "http://example.com:port/"}, 260),
        ({"send": "Hello", "to": ONE, "ttl": "0"}, 270),
        ({"send": "Hello", "to": ONE, "ttl": "1441"}, 270),
        ({"send": "Hello", "to": ONE, "ttl": "an hour"}, 270),
        ({"check": ""}, 300),
        ({"check": "abc"}, 301),
        ({"check": "1,abc"}, 303),
        ({"check": "packet"}, 230),
        ({"check": "packet", "id": "abc"}, 231),
        ({"check": "packet", "id": "5"}, 304),
        ({"inbound": "yesterday"}, 500),
        ({"inbound": "2021-11-10"}, 500),
    ],
)
async def test_refusals(ask: Ask, params: dict[str, Any], code: int) -> None:
    error = (await ask(**params))["error"]

    assert int(error["code"]) == code
    assert error["description"]
    assert error["description_ru"]
    assert error["ip"] == "127.0.0.1"


async def test_nothing_at_all(simulator: Simulator) -> None:  # noqa: F811
    async with ClientSession() as session, session.get(simulator.url) as response:
        assert await response.text() == "ERROR=10: INPUT DATA IS REQUIRED"


@pytest.mark.parametrize("code", [103, 104, 105, 106, 107, 117, 122, 242])
async def test_blocked(simulator: Simulator, ask: Ask, code: int) -> None:  # noqa: F811
    simulator.account.blocked = Blocked(code=code)

    error = (await ask(send="Hello", to=ONE))["error"]

    assert error["code"] == code
    assert (error["status"], error["status_ru"]) == (-5, "Проблемы с эл. почтой")
    # A trial account that has used up its messages may still look.
    assert ("error" in await ask(balance="rur")) is (code != 242)


async def test_address_not_allowed(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.account.allowed_ips = ["203.0.113.9"]
    assert (await ask())["error"]["code"] == 113
    simulator.account.allowed_ips = ["127.0.0.1"]
    assert (await ask())["id"] == "5671"


async def test_login(ask: Ask) -> None:
    answer = await ask(apikey=None, login="info@example.com", password="cabinet-password")
    assert answer["id"] == "5671"


async def test_money_falls(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.account.balance = Decimal("3.00")

    answer = await ask(send="Hello", to=ONE)

    assert (answer["cost"], answer["balance"]) == ("1.31", "1.69")
    assert await ask(balance="rur") == {"balance": "1.69"}
    assert await ask(balance="sms") == {"balance": "1"}
    assert (await ask(send="ё" * 71, to=ONE))["error"]["code"] == 241
    simulator.options.no_money_code = 112
    assert (await ask(send="ё" * 71, to=ONE))["error"]["code"] == 112
    assert simulator.account.balance == Decimal("1.69")
    assert [each.price for each in simulator.orders] == [Decimal("1.31")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ё" * 70, 1),
        ("ё" * 71, 2),
        ("ё" * 134, 2),
        ("ё" * 135, 3),
        ("ё" * 670, 10),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
    ],
)
def test_parts(text: str, expected: int) -> None:
    assert parts(text) == expected


async def test_a_part_is_paid(ask: Ask) -> None:
    answer = await ask(send="ё" * 71, to=ONE, fields="server_id,parts,price")
    assert answer["send"] == [{"server_id": "182000001", "parts": "2", "price": "2.62"}]


async def test_more_bad_than_good(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    error = (await ask(send="Hello", to=f"{ONE},{BLACK},7908"))["error"]

    assert (error["code"], error["phone"]) == (212, BLACK)
    assert not simulator.messages
    assert not simulator.orders

    simulator.options.refused_list_sends_good = True
    assert "error" in await ask(send="Hello", to=f"{ONE},{BLACK},7908")
    assert [each.phone for each in simulator.orders] == [ONE]


async def test_as_many_bad_as_good(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    rows = (await ask(send="Hello", to=f"{ONE},{BLACK}"))["send"]
    assert [each["status"] for each in rows] == ["0", "-2"]

    simulator.options.equal_counts_refused = True
    assert (await ask(send="Hello", to=f"{ONE},{BLACK}"))["error"]["code"] == 212


async def test_refused_rows(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.phone("77010000001").supported = False
    answer = await ask(send="Hello", to=f"{ONE},{TWO},{ONE},79131437355,77010000001,1,79620488646")

    errors = {each["phone"]: each.get("error") for each in answer["send"]}
    assert errors == {
        ONE: "214",
        TWO: None,
        "79131437355": None,
        "77010000001": "213",
        "1": "215",
        "79620488646": None,
    }
    bad = answer["send"][5]
    assert bad["price"] == "0.00"
    assert bad["error_ru"] == "Неправильная длина номера телефона"
    # What was refused is found again, and was never paid.
    again = await ask(check=bad["server_id"])
    assert again["check"][0]["error"] == "215"
    assert len(simulator.orders) == 4


async def test_duplicate_guard(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.account.duplicate_guard = True
    assert "send" in await ask(send="Hello", to=ONE)
    assert (await ask(send="Hello", to=ONE))["error"]["code"] == 243
    assert "send" in await ask(send="Hello", to=TWO)
    assert "send" in await ask(send="Hello again", to=ONE)
    simulator.clock_offset = timedelta(hours=2)
    assert "send" in await ask(send="Hello", to=ONE)


async def test_private_account(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.account.templates = [
        Template(text="Дома всё хорошо"),
        Template(text=r"Вопрос: .*", regex=True, survey=True),
    ]
    assert (await ask(send="Пожар!", to=ONE))["error"] == {
        "code": 223,
        "description": "Text is an advertisement",
        "description_ru": "Защита от спама (текст не соответствует шаблону)",
        "phone": ONE,
        "ip": "127.0.0.1",
    }
    assert "send" in await ask(send="Дома всё хорошо", to=ONE)
    assert (await ask(send="Дома всё хорошо", to=ONE, sender="2WAY"))["error"]["code"] == 227
    assert "send" in await ask(send="Вопрос: да?", to=ONE, sender="2WAY")
    # Checks and calls have no template.
    assert "send" in await ask(send="HLR", to=ONE)
    assert "send" in await ask(send="1234", to=ONE, sender="FLASHCALL")


@pytest.mark.parametrize(
    ("text", "sender", "kind"),
    [
        ("Hello", "INFORM", Kind.SMS),
        ("Hello", "2WAY", Kind.TWO_WAY),
        ("Hello", "GOLOS", Kind.VOICE),
        ("Hello", "GOLOSM", Kind.VOICE),
        ("1234", "FLASHCALL", Kind.FLASH_CALL),
        ("HLR", "", Kind.HLR),
        ("PING", "", Kind.PING),
        ("HLRVIP", "", Kind.HLRVIP),
        ("hlr", "", Kind.SMS),
    ],
)
async def test_kinds(
    simulator: Simulator,  # noqa: F811
    ask: Ask,
    text: str,
    sender: str,
    kind: Kind,
) -> None:
    await ask(send=text, to=ONE, sender=sender)
    assert [each.kind for each in simulator.orders] == [kind]


async def test_senders(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    fields = "sender,sender_orig"
    assert (await ask(send="Hello", to=ONE, fields=fields))["send"] == [
        {"sender": "INFORM", "sender_orig": ""}
    ]
    assert (await ask(send="Hello", to=ONE, sender="Stranger", fields=fields))["send"] == [
        {"sender": "INFORM", "sender_orig": "Stranger"}
    ]
    simulator.options.strict_senders = True
    assert (await ask(send="Hello", to=ONE, sender="Stranger"))["error"]["code"] == 116
    assert (await ask(send="Hello", to=ONE, sender="Незнакомец"))["error"]["code"] == 115


async def test_all_fields(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.options.zone = timedelta(hours=3)
    row = (await ask(send="Hello", to=ONE, fields="all"))["send"][0]
    message = simulator.messages[int(row["server_id"])]
    assert row == {
        "server_id": "182000001",
        "phone": ONE,
        "price": "1.31",
        "status": "0",
        "sender": "INFORM",
        "sender_orig": "",
        "message": "Hello",
        "created": f"{message.created + timedelta(hours=3):%Y-%m-%d %H:%M:%S}",
        "modified": f"{message.created + timedelta(hours=3):%Y-%m-%d %H:%M:%S}",
        "send_datetime": "",
        "parts": "1",
        "country": "Россия",
        "operator": "Теле2",
        "error": "0",
        "error_en": "",
        "error_ru": "",
    }


async def test_cost_sends_nothing(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.account.balance = Decimal()
    assert await ask(send="Hello", to=f"{ONE},{TWO}", cost="1") == {"cost": "3.52"}
    assert not simulator.messages


async def test_test_mode(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    answer = await ask(send="Hello", to=f"{ONE},{TWO}", test="1")

    assert {each["server_id"] for each in answer["send"]} == {"1000"}
    assert answer["balance"] == "2936.81"
    assert not simulator.messages
    assert not simulator.orders
    (row,) = (await ask(check="1000", test="1"))["check"]
    assert (row["server_id"], row["status"]) == ("1000", "2")


async def test_emulator(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    answer = await ask(apikey=EMULATOR_KEY, send="Hello", to=ONE)

    assert answer["send"][0]["server_id"] == "10000"
    assert answer["balance"] == "20006.97"
    assert (await ask(apikey=EMULATOR_KEY, check="10000"))["check"][0]["server_id"] == "10000"
    assert not simulator.orders


async def test_scheduled(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    later = simulator.now() + timedelta(hours=1)
    await ask(send="Hello", to=ONE, send_datetime=f"{later:%Y-%m-%d %H:%M:%S}")
    await ask(send="Hello", to=ONE, send_datetime=str(int(later.timestamp())))
    assert [each["status"] for each in (await ask(check="all"))["check"]] == ["3", "3"]

    simulator.clock_offset = timedelta(hours=2)
    await ask(balance="rur")
    await simulator.changed.wait_for(
        lambda: all(each.status is Status.ACCEPTED for each in simulator.messages.values())
    )


async def test_check(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    first = (await ask(send="Hello", to=f"{ONE},{TWO}"))["send"][0]["server_id"]
    second = (await ask(send="Later", to=ONE))["send"][0]["server_id"]

    async def ids(**params: str) -> list[str]:
        return [each["server_id"] for each in (await ask(**params))["check"]]

    assert await ids(check=f"{second},{first}") == [second, first]
    assert await ids(check="packet", id=first) == [first, str(int(first) + 1)]
    assert await ids(check="all") == [second, str(int(first) + 1), first]
    assert await ids(check="all", limit="1", offset="1") == [str(int(first) + 1)]
    assert await ids(check="all", offset="9") == []
    simulator.clock_offset = timedelta(hours=25)
    assert await ids(check="recent") == []
    assert len(await ids(check="all")) == 3


async def test_rows_in_no_order(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.options.shuffle = True
    numbers = [str(79080000000 + each) for each in range(20)]
    answer = await ask(send="Hello", to=",".join(numbers))
    assert [each["phone"] for each in answer["send"]] != numbers
    pages = [await ask(check="all", limit="7", offset=str(each)) for each in (0, 7, 14)]
    found = [each["phone"] for page in pages for each in page["check"]]
    assert found != numbers
    assert sorted(found) == numbers


async def test_ids_of_nobody(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.add_account(id=7, apikey="B" * 64)
    theirs = (await ask(apikey="B" * 64, send="Hello", to=ONE))["send"][0]["server_id"]

    row = {"server_id": theirs, "phone": "", "price": "0.00", "status": "-2"}
    assert await ask(check=theirs) == {"check": [row]}
    simulator.options.unknown_ids = UnknownIds.MISSING
    assert await ask(check=theirs) == {"check": []}
    simulator.options.unknown_ids = UnknownIds.ERROR
    assert (await ask(check=theirs))["error"]["code"] == 303
    assert (await ask(check="packet", id=theirs))["error"]["code"] == 304


async def test_thousand_at_most(ask: Ask) -> None:
    for start in (0, 600):
        numbers = ",".join(str(79080000000 + start + each) for each in range(600))
        assert "send" in await ask(send="Hi", to=numbers)
    assert len((await ask(check="recent"))["check"]) == 1000
    assert len((await ask(check="recent", offset="1000"))["check"]) == 200


@pytest.mark.parametrize("facts", Facts)
async def test_hlrvip(simulator: Simulator, ask: Ask, facts: Facts) -> None:  # noqa: F811
    simulator.options.facts = facts
    phone = simulator.phone(ONE)
    phone.roaming_country, phone.roaming_operator = "Турция", "Turkcell"
    server_id = (await ask(send="HLRVIP", to=ONE))["send"][0]["server_id"]
    assert "imsi" not in (await ask(check=server_id, fields="all"))["check"][0]
    await simulator.deliver(server_id)

    row = (await ask(check=server_id, fields="all"))["check"][0]

    assert row["status"] == "2"
    match facts:
        case Facts.FIELDS:
            found = row
        case Facts.JSON:
            found = json.loads(row["message"])
        case Facts.KEY_VALUE:
            found = dict(each.split("=") for each in row["message"].split(";"))
    assert found["imsi"] == "250200000000001"
    assert (found["gcn"], found["gnet"]) == ("Турция", "Turkcell")
    assert "imsi" not in (await ask(check=server_id))["check"][0]


@pytest.mark.parametrize("style", CodeStyle)
async def test_type_of_codes(simulator: Simulator, ask: Ask, style: CodeStyle) -> None:  # noqa: F811
    simulator.options.error_code = style
    codes = [(await ask(send="Hello", to=to))["error"]["code"] for to in ("x", "7908")]
    expected: dict[CodeStyle, list[str | int]] = {
        CodeStyle.DOCUMENT: ["111", 215],
        CodeStyle.INT: [111, 215],
        CodeStyle.STR: ["111", "215"],
    }
    assert codes == expected[style]


async def test_optional_attributes(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    simulator.options.omit = ["server_packet_id", "cost"]
    simulator.options.error_fields = []
    simulator.options.lone_object = True
    answer = await ask(send="Hello", to=ONE)
    assert answer.keys() == {"send", "balance"}
    assert answer["send"]["phone"] == ONE
    assert (await ask(send="Hello", to="7908"))["error"].keys() == {
        "code",
        "description",
        "description_ru",
    }


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"send": "Hello", "to": ONE, "messages": "1"}, "messages"),
        ({"send": "Hello", "to": ONE, "tto": "60"}, "tto"),
        ({"send": "Hello", "to": ONE, "limit": "5"}, "limit"),
        ({"send": "Hello", "to": ONE, "fields": "server_id,text"}, "fields"),
        ({"send": "Hello", "to": ONE, "callback_method": "post"}, "callback_method"),
        ({"send": "Hello", "to": ONE, "callback": "http://a.example/?fields=price"}, "callback"),
        ({"send": "Hello", "to": ONE, "test": "true"}, "test"),
        ({"send": "HLR", "to": ONE, "sender": "INFORM"}, "from"),
        ({"send": "12345", "to": ONE, "sender": "FLASHCALL"}, "send"),
        ({"check": "1", "id": "1"}, "id"),
        ({"check": "all", "limit": "1001"}, "limit"),
        ({"check": "all", "callback": "http://a.example"}, "callback"),
        ({"inbound": "all", "limit": "10"}, "limit"),
        ({"balance": "rus"}, "balance"),
        ({"login": "info@example.com"}, "login"),
        ({"lang": "ru"}, "lang"),
        ({"charset": "nonsense"}, "charset"),
    ],
)
async def test_ignored_parameters_are_noticed(
    simulator: Simulator,  # noqa: F811
    ask: Ask,
    params: dict[str, str],
    name: str,
) -> None:
    # The service does not mind; we do.
    assert "error" not in await ask(**params)
    assert name in {each.name for each in simulator.unknown}
    with pytest.raises(AssertionError, match=name):
        simulator.assert_clean()
    simulator.unknown.clear()


async def test_body_that_is_no_form(simulator: Simulator) -> None:  # noqa: F811
    async with ClientSession() as session:
        answer = await session.post(simulator.url, json={"apikey": DEFAULT_KEY})
        assert await answer.text() == "ERROR=10: INPUT DATA IS REQUIRED"
    assert [each.name for each in simulator.unknown] == ["(body)"]
    simulator.unknown.clear()


TEXTS = ["Hello & + = ? %20 ёЖ 🙂", "line one\nline two\r\n\ttabbed", " spaces around ", "ё" * 670]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("method", ["get", "post"])
async def test_texts_to_the_letter(
    simulator: Simulator,  # noqa: F811
    ask: Ask,
    text: str,
    method: str,
) -> None:
    params = {"apikey": DEFAULT_KEY, "send": text, "to": ONE, "format": "json"}
    async with ClientSession() as session:
        if method == "get":
            answer = await session.get(URL(simulator.url).with_query(params))
        else:
            answer = await session.post(simulator.url, data=params)
        server_id = (await answer.json())["send"][0]["server_id"]

    assert simulator.orders[0].text == text
    assert simulator.calls("send")[0].params["send"] == text
    assert (await ask(check=server_id, fields="message"))["check"] == [{"message": text}]


@given(text=st.text(min_size=1, max_size=67).filter(str.strip))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
async def test_any_text(simulator: Simulator, text: str) -> None:  # noqa: F811
    simulator.options.refuse_mixed_alphabets = False
    simulator.orders.clear()
    params = {"apikey": DEFAULT_KEY, "send": text, "to": ONE, "format": "json"}
    async with ClientSession() as session:
        answer = await (await session.post(simulator.url, data=params)).json()
    assert "send" in answer
    assert simulator.orders[-1].text == text


async def test_charsets(simulator: Simulator) -> None:  # noqa: F811
    async def ask(query: bytes, charset: str) -> str:
        async with ClientSession() as session:
            url = URL(f"{simulator.url}?{query.decode()}", encoded=True)
            async with session.get(url) as response:
                assert response.charset == charset.lower()
                return (await response.read()).decode(charset)

    def quoted(text: str, charset: str) -> bytes:
        return "".join(f"%{each:02X}" for each in text.encode(charset)).encode()

    for charset in ("windows-1251", "UTF-16LE"):
        key = f"apikey={DEFAULT_KEY}&charset={charset}".encode()
        answer = await ask(
            key + b"&send=" + quoted("Привет", charset) + b"&to=79087964781", charset
        )
        assert answer.startswith("SUCCESS=SMS SENT 1.31/")
        assert simulator.orders[-1].text == "Привет"
        refused = await ask(key + b"&send=Hi&to=7908&lang=ru", charset)
        assert refused == "ERROR=215: Неправильная длина номера телефона"
        as_xml = await ask(key + b"&send=Hi&to=7908&format=xml", charset)
        assert as_xml.startswith(f'<?xml version="1.0" encoding="{charset}"?>')


async def test_date_header(simulator: Simulator) -> None:  # noqa: F811
    simulator.clock_offset = timedelta(days=-1)
    simulator.date_offset = timedelta(hours=1)
    async with ClientSession() as session, session.get(simulator.url) as response:
        date = parsedate_to_datetime(response.headers["Date"])
    expected = simulator.now() + timedelta(hours=1)
    assert abs(date - expected) < timedelta(seconds=5)


async def test_wrong_path(simulator: Simulator) -> None:  # noqa: F811
    async with ClientSession() as session, session.get(f"{simulator.origin}/api3.php") as response:
        assert response.status == 404
        assert "nginx" in await response.text()


async def test_records(simulator: Simulator, ask: Ask) -> None:  # noqa: F811
    await ask(send="Hello", to=ONE)
    await ask(balance="rur")

    assert [each.command for each in simulator.requests] == ["send", "balance"]
    (request,) = simulator.calls("send")
    assert request.method == "POST"
    assert not request.query
    assert request.form["apikey"] == DEFAULT_KEY
    assert request.content_type == "application/x-www-form-urlencoded"
    (order,) = simulator.orders
    assert (order.server_id, order.account, order.phone) == (182000001, 5671, ONE)
    assert (order.sender, order.text, order.price) == ("INFORM", "Hello", Decimal("1.31"))
