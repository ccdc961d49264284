"""What goes over the wire: parameters, texts, character sets, headers."""

from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

from aiohttp import ClientSession, FormData
from hypothesis import given, settings, strategies as st
import pytest
from yarl import URL

from tests.simulator import DEFAULT_KEY, Simulator
from tests.simulator.customer import Ask

pytest_plugins = ("tests.simulator.asking",)

ONE = "79087964781"
TEXTS = ["Hello & + = ? %20 ёЖ 🙂", "line one\nline two\r\n\ttabbed", " spaces around ", "ё" * 670]


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
    simulator: Simulator,
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


async def test_body_that_is_no_form(simulator: Simulator) -> None:
    async with ClientSession() as session:
        answer = await session.post(simulator.url, json={"apikey": DEFAULT_KEY})
        assert await answer.text() == "ERROR=10: INPUT DATA IS REQUIRED"
    assert [each.name for each in simulator.unknown] == ["(body)"]
    simulator.unknown.clear()


async def test_parts_instead_of_pairs(simulator: Simulator) -> None:
    """A form in parts is taken, as any PHP page takes it, and noticed."""
    form = FormData(quote_fields=False, default_to_multipart=True)
    for name, value in {"apikey": DEFAULT_KEY, "send": TEXTS[0] + TEXTS[1], "to": ONE}.items():
        form.add_field(name, value)
    async with ClientSession() as session, session.post(simulator.url, data=form) as answer:
        assert (await answer.text()).startswith("SUCCESS=SMS SENT")
    assert simulator.orders[0].text == TEXTS[0] + TEXTS[1]
    assert [each.name for each in simulator.unknown] == ["(body)"]
    simulator.unknown.clear()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("method", ["get", "post"])
async def test_texts_to_the_letter(
    simulator: Simulator,
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
@settings(max_examples=50)
async def test_any_text(simulator: Simulator, text: str) -> None:
    simulator.options.refuse_mixed_alphabets = False
    simulator.orders.clear()
    params = {"apikey": DEFAULT_KEY, "send": text, "to": ONE, "format": "json"}
    async with ClientSession() as session:
        answer = await (await session.post(simulator.url, data=params)).json()
    assert "send" in answer
    assert simulator.orders[-1].text == text


async def test_charsets(simulator: Simulator) -> None:
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


async def test_texts_in_xml(simulator: Simulator, ask: Ask) -> None:
    text = 'a < b & "c"\nёЖ 🙂\ttab\r\n'
    await ask(send=text, to=ONE)
    await simulator.receive(ONE, text, account=5671, push=False)

    async def read(**params: str) -> ET.Element:
        params |= {"apikey": DEFAULT_KEY, "format": "xml"}
        async with ClientSession() as session, session.post(simulator.url, data=params) as answer:
            return ET.fromstring(await answer.read())  # noqa: S314

    assert (await read(check="all", fields="all"))[0].attrib["message"] == text
    assert (await read(inbound="all"))[0].text == text


async def test_date_header(simulator: Simulator) -> None:
    simulator.clock_offset = timedelta(days=-1)
    simulator.date_offset = timedelta(hours=1)
    async with ClientSession() as session, session.get(simulator.url) as response:
        date = parsedate_to_datetime(response.headers["Date"])
    expected = simulator.now() + timedelta(hours=1)
    assert abs(date - expected) < timedelta(seconds=5)


async def test_wrong_path(simulator: Simulator) -> None:
    async with ClientSession() as session, session.get(f"{simulator.origin}/api3.php") as response:
        assert response.status == 404
        assert "nginx" in await response.text()


async def test_records(simulator: Simulator, ask: Ask) -> None:
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
