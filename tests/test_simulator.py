"""What the simulator accepts, and what it refuses."""

from datetime import timedelta
from typing import Any

from aiohttp import ClientSession
import pytest

from tests.simulator import Blocked, Simulator, Template
from tests.simulator.customer import Ask

pytest_plugins = ("tests.simulator.asking",)

ONE = "79087964781"
TWO = "79161231212"
BLACK = "79999999999"


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


async def test_nothing_at_all(simulator: Simulator) -> None:
    async with ClientSession() as session, session.get(simulator.url) as response:
        assert await response.text() == "ERROR=10: INPUT DATA IS REQUIRED"


@pytest.mark.parametrize("code", [103, 104, 105, 106, 107, 117, 122, 242])
async def test_blocked(simulator: Simulator, ask: Ask, code: int) -> None:
    simulator.account.blocked = Blocked(code=code)

    error = (await ask(send="Hello", to=ONE))["error"]

    assert error["code"] == code
    assert (error["status"], error["status_ru"]) == (-5, "Проблемы с эл. почтой")
    # A trial account that has used up its messages may still look.
    assert ("error" in await ask(balance="rur")) is (code != 242)


async def test_address_not_allowed(simulator: Simulator, ask: Ask) -> None:
    simulator.account.allowed_ips = ["203.0.113.9"]
    assert (await ask())["error"]["code"] == 113
    simulator.account.allowed_ips = ["127.0.0.1"]
    assert (await ask())["id"] == "5671"


async def test_login(ask: Ask) -> None:
    answer = await ask(apikey=None, login="info@example.com", password="cabinet-password")
    assert answer["id"] == "5671"


async def test_private_account(simulator: Simulator, ask: Ask) -> None:
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


async def test_duplicate_guard(simulator: Simulator, ask: Ask) -> None:
    simulator.account.duplicate_guard = True
    assert "send" in await ask(send="Hello", to=ONE)
    assert (await ask(send="Hello", to=ONE))["error"]["code"] == 243
    assert "send" in await ask(send="Hello", to=TWO)
    assert "send" in await ask(send="Hello again", to=ONE)
    simulator.clock_offset = timedelta(hours=2)
    assert "send" in await ask(send="Hello", to=ONE)


async def test_senders(simulator: Simulator, ask: Ask) -> None:
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
