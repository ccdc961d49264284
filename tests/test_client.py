"""What the client asks, to the letter, and what it makes of every documented answer."""

import ast
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.smspilot import client as client_package
from custom_components.smspilot.client import (
    AccountInfo,
    ApiError,
    Credentials,
    Kind,
    MessageRow,
    Problem,
    RecipientRefused,
    Sender,
    SendResponse,
    Smspilot,
    Status,
)

from .simulator.examples import EXAMPLES, Example
from .simulator.model import DEFAULT_KEY, SERVICE_NUMBER, Status as SimStatus, Template
from .simulator.options import CodeStyle, Facts
from .simulator.simulator import Simulator

type Ask = Callable[[Smspilot], Awaitable[Any]]

PAPA, MAMA, BLACK = "79087964781", "79161231212", "79999999999"
FIELDS = "server_id,phone,price,status,error,error_en,error_ru"
SENT = 9316849
# So far ahead that no clock passes it.
LATER = datetime(2099, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=3)))
LATER_UTC = "2099-12-31 20:30:00"
HOME = "https://home.example/hook?fields=message"


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[Smspilot]:
    async with ClientSession() as session:
        yield Smspilot(session, Credentials(api_key=DEFAULT_KEY), url=simulator.url)


def checking(method: Kind) -> Ask:
    return lambda it: it.check_numbers(method, [PAPA, MAMA], test=True, callback=HOME)


REQUESTS: dict[str, tuple[Ask, dict[str, str]]] = {
    "send": (
        lambda it: it.send("Протечка", [PAPA]),
        {"send": "Протечка", "to": PAPA, "fields": FIELDS},
    ),
    "send, all": (
        lambda it: it.send(
            "Протечка",
            [PAPA, MAMA],
            sender="INFORM",
            send_at=LATER,
            time_to_live=timedelta(minutes=90, seconds=59),
            test=True,
            callback=HOME,
        ),
        {
            "send": "Протечка",
            "to": f"{PAPA},{MAMA}",
            "from": "INFORM",
            "send_datetime": LATER_UTC,
            "ttl": "90",
            "test": "1",
            "callback": HOME,
            "callback_method": "post",
            "fields": FIELDS,
        },
    ),
    "2WAY": (
        lambda it: it.send("Дома?", [PAPA], sender=Sender.TWO_WAY),
        {"send": "Дома?", "to": PAPA, "from": "2WAY", "fields": FIELDS},
    ),
    "cost": (
        lambda it: it.cost("Протечка", [PAPA, MAMA], sender="INFORM", test=True),
        {
            "send": "Протечка",
            "to": f"{PAPA},{MAMA}",
            "from": "INFORM",
            "cost": "1",
            "test": "1",
        },
    ),
    "check cost": (
        lambda it: it.check_cost(Kind.PING, [PAPA, MAMA]),
        {"send": "PING", "to": f"{PAPA},{MAMA}", "cost": "1"},
    ),
    "call": (
        lambda it: it.call("Протечка", [PAPA]),
        {"send": "Протечка", "to": PAPA, "from": "GOLOS", "fields": FIELDS},
    ),
    "call, all": (
        lambda it: it.call(
            "Протечка",
            [PAPA, MAMA],
            voice=Sender.VOICE_MALE,
            send_at=LATER,
            time_to_live=timedelta(hours=1),
            test=True,
            callback=HOME,
        ),
        {
            "send": "Протечка",
            "to": f"{PAPA},{MAMA}",
            "from": "GOLOSM",
            "send_datetime": LATER_UTC,
            "ttl": "60",
            "test": "1",
            "callback": HOME,
            "callback_method": "post",
            "fields": FIELDS,
        },
    ),
    "flash call": (
        lambda it: it.flash_call(
            "0042", PAPA, time_to_live=timedelta(minutes=1), test=True, callback=HOME
        ),
        {
            "send": "0042",
            "to": PAPA,
            "from": "FLASHCALL",
            "ttl": "1",
            "test": "1",
            "callback": HOME,
            "callback_method": "post",
            "fields": FIELDS,
        },
    ),
    **{
        method: (
            checking(method),
            {
                "send": method.upper(),
                "to": f"{PAPA},{MAMA}",
                "test": "1",
                "callback": HOME,
                "callback_method": "post",
                "fields": FIELDS,
            },
        )
        for method in (Kind.HLR, Kind.PING, Kind.HLRVIP)
    },
    "check": (lambda it: it.check([str(SENT)]), {"check": str(SENT), "fields": "all"}),
    "check, several": (
        lambda it: it.check([str(SENT), "1000"], fields=("server_id", "phone", "status")),
        {"check": f"{SENT},1000", "fields": "server_id,phone,status"},
    ),
    "check, test": (
        lambda it: it.check(["1000"], test=True),
        {"check": "1000", "fields": "all", "test": "1"},
    ),
    "packet": (
        lambda it: it.check_packet(str(SENT)),
        {
            "check": "packet",
            "id": str(SENT),
            "fields": "all",
            "limit": "1000",
            "offset": "0",
        },
    ),
    "recent": (
        lambda it: it.check_recent(fields=("phone", "status"), limit=5, offset=10),
        {"check": "recent", "fields": "phone,status", "limit": "5", "offset": "10"},
    ),
    "all": (
        lambda it: it.check_all(limit=1, offset=1000),
        {"check": "all", "fields": "all", "limit": "1", "offset": "1000"},
    ),
    "balance": (lambda it: it.balance(), {"balance": "rur"}),
    "SMS left": (lambda it: it.sms_left(), {"balance": "sms"}),
    "account": (lambda it: it.account(), {}),
    "inbound, since": (
        lambda it: it.inbound_since(datetime(2021, 11, 10, 17, 5, tzinfo=LATER.tzinfo)),
        {"inbound": "1636553100"},
    ),
    "inbound, new": (lambda it: it.inbound_new(), {"inbound": "new"}),
    "inbound, all": (lambda it: it.inbound_all(), {"inbound": "all"}),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_request(simulator: Simulator, client: Smspilot, name: str) -> None:
    """Each method makes one POST of a form with exactly these parameters, none in the address."""
    simulator.preset_ids.append(SENT)
    await client.send("before", [PAPA])
    simulator.requests.clear()
    ask, params = REQUESTS[name]

    await ask(client)

    (request,) = simulator.requests
    assert request.method == "POST"
    assert request.content_type == "application/x-www-form-urlencoded"
    assert not request.query
    assert request.form == params | {"apikey": DEFAULT_KEY, "format": "json"}


def test_every_method_is_tested() -> None:
    """No public method is left out above."""
    public = {
        name
        for name, value in vars(Smspilot).items()
        if callable(value) and not name.startswith("_") and name != "now"
    }
    source = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    called = {
        node.func.attr
        for node in ast.walk(source)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "it"
    }
    assert public == called


async def test_common_parameters(simulator: Simulator) -> None:
    """A login instead of the key; debug and referrer go with everything."""
    async with ClientSession() as session:
        client = Smspilot(
            session,
            Credentials(login="info@example.com", password="cabinet-password"),
            url=simulator.url,
            debug="debug@example.com",
            referrer="51",
        )
        await client.balance()
    assert simulator.requests[0].form == {
        "balance": "rur",
        "login": "info@example.com",
        "password": "cabinet-password",
        "format": "json",
        "debug": "debug@example.com",
        "r": "51",
    }


@pytest.mark.parametrize(
    "text",
    [
        "Hello & + = ? %20 ёЖ 🙂",
        "one\ntwo\r\nthree\n",
        "ё" * 670,
        "€{}[]~^\\|@£$¥èé",
        "\t leading and trailing \t",
        "a=b&c=d;e#f",
        "\N{ZERO WIDTH JOINER}\N{RIGHT-TO-LEFT OVERRIDE}א",
        "hlr",
        "HLR 1",
        "'; DROP TABLE --",
    ],
)
async def test_text_to_the_letter(simulator: Simulator, client: Smspilot, text: str) -> None:
    await client.send(text, [PAPA])
    assert simulator.orders[0].text == text


async def test_half_an_emoji(simulator: Simulator, client: Smspilot) -> None:
    """A template that spells an emoji as two escapes means it; half of one cannot be sent."""
    await client.send("\ud83d\ude00 \ud83d!", [PAPA])
    assert simulator.orders[0].text == "😀 \N{REPLACEMENT CHARACTER}!"


@pytest.mark.parametrize("text", ["HLR", "PING", "HLRVIP", " HLR\n"])
async def test_text_that_buys_a_check(simulator: Simulator, client: Smspilot, text: str) -> None:
    for ask in (client.send(text, [PAPA]), client.cost(text, [PAPA]), client.call(text, [PAPA])):
        with pytest.raises(ValueError, match="number check"):
            await ask
    assert simulator.requests == []


@pytest.mark.parametrize(
    "example",
    [each for each in EXAMPLES if "format=json" in each.query],
    ids=lambda each: each.section,
)
async def test_documented_answer(simulator: Simulator, client: Smspilot, example: Example) -> None:
    """Every JSON response of the document is a value, or the error in it."""
    simulator.fault("other_json", body=example.answer)
    answer = json.loads(example.answer)
    ask = asking(example.query)
    if error := answer.get("error"):
        with pytest.raises(ApiError) as raised:
            await ask(client)
        assert raised.value.code == int(error["code"])
        assert raised.value.description == error["description"]
        assert raised.value.description_ru == error["description_ru"]
        assert raised.value.phone == error.get("phone")
        assert raised.value.status_ru == error.get("status_ru")
        return
    value = await ask(client)
    match value:
        case SendResponse():
            assert (str(value.cost), str(value.balance)) == (answer["cost"], answer["balance"])
            assert value.packet_id == answer.get("server_packet_id")
            check_rows(value.messages, answer["send"])
        case tuple():
            check_rows(value, answer["check"])
        case AccountInfo():
            assert value.senders == tuple(answer["senders"].split(","))
            assert value.name == answer["name"].strip()
        case Decimal():
            assert str(value) == answer.get("cost", answer.get("balance"))
        case int():
            assert value == int(answer["balance"])
        case _:
            texts = [row["text"] for row in answer["inbound"]]
            assert [message.message for message in value.messages] == texts


def asking(query: str) -> Ask:
    """Return the method an example's query is about."""
    commands: dict[str, Ask] = {
        "cost=1": lambda it: it.cost("Hello", [PAPA]),
        "send=": lambda it: it.send("Hello", [PAPA]),
        "check=": lambda it: it.check(["4566"]),
        "inbound=": lambda it: it.inbound_all(),
        "balance=rur": lambda it: it.balance(),
        "balance=sms": lambda it: it.sms_left(),
    }
    return next((ask for word, ask in commands.items() if word in query), lambda it: it.account())


def check_rows(messages: tuple[MessageRow, ...], rows: list[dict[str, str]]) -> None:
    assert [message.id for message in messages] == [row["server_id"] for row in rows]
    for message, row in zip(messages, rows, strict=True):
        assert message.phone == row["phone"]
        assert str(message.price) == row["price"]
        assert message.status == int(row["status"])
        refused = row.get("error", "0") != "0"
        assert (message.problem is not None) == refused
        if message.problem:
            assert message.problem.code == int(row["error"])
            assert message.problem.text("en") == row["error_en"]
            assert message.problem.text("ru") == row["error_ru"]


async def test_response(simulator: Simulator, client: Smspilot) -> None:
    """A list with a refused row: the rest went out."""
    simulator.preset_ids += [11, 12, 13]
    response = await client.send("Hello", [PAPA, MAMA, BLACK])
    assert [(row.id, row.phone, row.status) for row in response.messages] == [
        ("11", PAPA, Status.ACCEPTED),
        ("12", MAMA, Status.ACCEPTED),
        ("13", BLACK, Status.FAILED),
    ]
    assert response.messages[2].problem == Problem(
        code=212, description="Phone in black list", description_ru="Телефон в черном списке"
    )
    assert response.messages[0].problem is None
    assert response.balance == simulator.account.balance
    assert response.cost == sum(order.price for order in simulator.orders)
    assert response.packet_id == "11"
    assert isinstance(response.cost, Decimal)


async def test_majority_error(simulator: Simulator, client: Smspilot) -> None:
    """More bad numbers than good: one error, which names a number."""
    with pytest.raises(RecipientRefused) as raised:
        await client.send("Hello", [PAPA, BLACK, "7962048864"])
    assert (raised.value.code, raised.value.phone) == (212, BLACK)


@pytest.mark.parametrize("style", list(CodeStyle))
@pytest.mark.parametrize("fields", [[], ["phone", "status", "ip"]])
async def test_error_shapes(
    simulator: Simulator, client: Smspilot, style: CodeStyle, fields: list[str]
) -> None:
    """The code is a string or a number, and the rest may be missing."""
    simulator.options.error_code = style
    simulator.options.error_fields = fields
    with pytest.raises(RecipientRefused) as raised:
        await client.send("Hello", ["7962048864"])
    assert raised.value.code == 215
    assert raised.value.phone == ("7962048864" if fields else None)
    assert raised.value.status is None


async def test_older_answer(simulator: Simulator, client: Smspilot) -> None:
    simulator.options.omit = ["server_packet_id"]
    assert (await client.send("Hello", [PAPA])).packet_id is None


async def test_lone_object(simulator: Simulator, client: Smspilot) -> None:
    simulator.options.lone_object = True
    simulator.preset_ids.append(SENT)
    assert [row.phone for row in (await client.send("Hello", [PAPA])).messages] == [PAPA]
    assert [row.phone for row in await client.check([str(SENT)])] == [PAPA]


ROW = {"server_id": 11, "phone": 79087964781, "price": 1.5, "status": 0, "parts": 2, "error": 0}
ROWS: list[Any] = [
    [ROW],
    ROW,
    {"1": ROW},
    [{name: str(value) for name, value in ROW.items()}],
    [ROW | {"error": None, "error_en": None, "created": None, "sender": ""}],
    [ROW | {"phone": "+79087964781"}],
]


@pytest.mark.parametrize("rows", ROWS)
async def test_strings_and_numbers_alike(
    simulator: Simulator, client: Smspilot, rows: object
) -> None:
    """PHP writes either, and a list with gaps as an object."""
    body = {"send": rows, "balance": 20006.97, "cost": 3, "server_packet_id": 11, "error": 0}
    simulator.fault("other_json", body=json.dumps(body))
    response = await client.send("Hello", [PAPA])
    (row,) = response.messages
    assert (row.id, row.phone, row.parts) == ("11", PAPA, 2)
    assert (row.price, row.status, row.problem) == (Decimal("1.5"), Status.ACCEPTED, None)
    assert (response.balance, response.cost) == (Decimal("20006.97"), Decimal(3))
    assert response.packet_id == "11"


async def test_message_in_full(simulator: Simulator, client: Smspilot) -> None:
    """All fields of a `check`; an unknown sender was replaced."""
    simulator.preset_ids.append(SENT)
    await client.send("Hello", [PAPA], sender="Stranger")
    await simulator.advance(SENT, SimStatus.UNDELIVERED, error=604)
    (row,) = await client.check([str(SENT)])
    assert row.message == "Hello"
    assert (row.sender, row.sender_original) == ("INFORM", "Stranger")
    assert (row.parts, row.country, row.operator) == (1, "Россия", "Теле2")
    assert row.status is Status.UNDELIVERED
    assert row.status.final
    assert row.problem
    assert row.problem.code == 604
    assert row.created
    assert row.created.tzinfo is UTC
    assert row.modified
    assert row.modified >= row.created
    assert not row.facts


@pytest.mark.parametrize(
    ("status", "read"),
    [("-2", -2), (-1, -1), ("0", 0), (1, 1), ("2", 2), ("3", 3), ("7", 7), (99, 99)],
)
async def test_status(simulator: Simulator, client: Smspilot, status: object, read: int) -> None:
    """Every status of the document; one it does not know stays what it is, and is not final."""
    row = {"server_id": "1", "phone": PAPA, "status": status}
    simulator.fault("other_json", body=json.dumps({"check": [row]}))
    (message,) = await client.check(["1"])
    assert message.status == read
    assert message.status.final == (read in (-2, -1, 2))
    assert message.status.known == (read <= 3)


async def test_unknown_id(simulator: Simulator, client: Smspilot) -> None:
    """A row without a number stands for an id the service does not know."""
    (row,) = await client.check(["424242"])
    assert (row.id, row.phone, row.status) == ("424242", "", Status.FAILED)


async def test_pages(simulator: Simulator, client: Smspilot) -> None:
    simulator.preset_ids += [21, 22, 23]
    packet = (await client.send("Hello", [PAPA, MAMA, "79131437355"])).packet_id
    for page in (
        await client.check_packet(packet or "", limit=2, offset=1),
        await client.check_recent(limit=2, offset=1),
        await client.check_all(limit=2, offset=1),
    ):
        assert len(page) == 2
    assert len(await client.check_recent()) == 3


async def test_account(simulator: Simulator, client: Smspilot) -> None:
    """Outer spaces go; the senders are one string and may be numbers."""
    simulator.account.senders = ["INFORM", " test ", "79021121075", ""]
    account = await client.account()
    assert account == AccountInfo(
        id="5671",
        name="Иванов Сергей Николаевич",
        email="info@example.com",
        phone=PAPA,
        balance=Decimal("2936.81"),
        tariff_id="5",
        default_sender="INFORM",
        senders=("INFORM", "test", "79021121075"),
        registered=datetime(2010, 6, 3, 9, 45, 41, tzinfo=UTC),
    )


async def test_little_is_known_of_an_account(simulator: Simulator, client: Smspilot) -> None:
    simulator.fault("other_json", body='{"id": 5671, "balance": 0, "date": "0000-00-00 00:00:00"}')
    account = await client.account()
    assert (account.id, account.balance) == ("5671", Decimal(0))
    assert (account.senders, account.registered, account.name) == ((), None, "")


@pytest.mark.parametrize("seconds", [True, False])
async def test_inbound(simulator: Simulator, client: Smspilot, *, seconds: bool) -> None:
    """New, all and since; times with and without seconds, in UTC."""
    simulator.options.inbound_seconds = seconds
    created = datetime(2021, 9, 20, 20, 15, 30, tzinfo=UTC)
    await simulator.receive(PAPA, "Ура работает!", account=5671, created=created, push=False)
    await simulator.receive("Sberbank", "Код 1234", account=5671, push=False)

    everything = await client.inbound_all()
    old = next(each for each in everything.messages if each.phone == PAPA)
    assert old.message == "Ура работает!"
    assert old.service_number == SERVICE_NUMBER
    assert old.created == (created if seconds else created.replace(second=0))
    assert not old.seen
    assert everything.at
    assert abs(everything.at - simulator.now()) < timedelta(seconds=2)

    recent = await client.inbound_since(simulator.now() - timedelta(minutes=10))
    assert [each.phone for each in recent.messages] == ["Sberbank"]
    assert len((await client.inbound_new()).messages) == 2
    assert (await client.inbound_new()).messages == ()
    assert all(each.seen for each in (await client.inbound_all()).messages)


@pytest.mark.parametrize("body", ['{"inbound": []}', '{"inbound": null}', '{"inbound": ""}'])
async def test_nothing_inbound(simulator: Simulator, client: Smspilot, body: str) -> None:
    simulator.fault("other_json", body=body)
    assert (await client.inbound_all()).messages == ()


@pytest.mark.parametrize(
    ("created", "read"),
    [
        ("2021-09-20 20:15", datetime(2021, 9, 20, 20, 15, tzinfo=UTC)),
        ("2021-09-20 20:15:07", datetime(2021, 9, 20, 20, 15, 7, tzinfo=UTC)),
        ("2021-09-20T23:15:00+03:00", datetime(2021, 9, 20, 20, 15, tzinfo=UTC)),
        (1632168900, datetime(2021, 9, 20, 20, 15, tzinfo=UTC)),
        ("", None),
        (None, None),
        ("0000-00-00 00:00:00", None),
    ],
)
async def test_times(
    simulator: Simulator, client: Smspilot, created: object, read: datetime | None
) -> None:
    row = {"server_id": "1", "phone": PAPA, "status": "2", "created": created}
    simulator.fault("other_json", body=json.dumps({"check": [row]}))
    (message,) = await client.check(["1"])
    assert message.created == read
    assert read is None or (message.created and message.created.utcoffset() == timedelta())


@pytest.mark.parametrize("facts", list(Facts))
async def test_hlrvip_facts(simulator: Simulator, client: Smspilot, facts: Facts) -> None:
    """The extra facts come as fields, as JSON or as key=value; the document does not say which."""
    simulator.options.facts = facts
    phone = simulator.phone(PAPA)
    phone.roaming_country, phone.roaming_operator = "Турция", "Turkcell"
    simulator.preset_ids.append(SENT)
    await client.check_numbers(Kind.HLRVIP, [PAPA])
    await simulator.deliver(SENT)
    (row,) = await client.check([str(SENT)])
    assert row.status is Status.DELIVERED
    assert row.facts == {
        "imsi": "250200000000001",
        "msc": "79520001500",
        "mcc": "250",
        "mnc": "20",
        "cn": "Россия",
        "net": "Теле2",
        "gcn": "Турция",
        "gnet": "Turkcell",
    }


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ('{"net": {"a": 1}, "cn": [1], "mcc": true, "mnc": null, "imsi": 25}', {"imsi": "25"}),
        ('{"a":' * 100_000, {}),
        ("[" * 100_000, {}),
        ("{net=Tele2", {}),
        ("mcc = 250 ; mnc=\nnet=Tele=2", {"mcc": "250", "net": "Tele=2"}),
        ("[1]", {}),
        ("Протечка", {}),
    ],
    ids=range(7),
)
async def test_text_that_looks_like_facts(
    simulator: Simulator, client: Smspilot, text: str, facts: dict[str, str]
) -> None:
    """The text of a message never makes a response unreadable."""
    row = {"server_id": "1", "phone": PAPA, "status": "2", "message": text}
    simulator.fault("other_json", body=json.dumps({"check": [row]}))
    (message,) = await client.check(["1"])
    assert message.facts == facts
    assert (message.message == text) is True


async def test_sloppy_json(simulator: Simulator, client: Smspilot) -> None:
    """The document's slips are read; what was escaped properly beside them stays."""
    simulator.fault("sloppy_json", when="after")
    assert (await client.send("Hello", [PAPA])).messages[0].phone == PAPA
    texts = r"C:\\о \о \"ё\" \u0451 \/ \u12 \n"
    row = f'{{"server_id": "1", "phone": "{PAPA}", "status": "2", "message": "{texts}",}}'
    simulator.fault("other_json", body=f'\N{ZERO WIDTH NO-BREAK SPACE}{{"check": [{row}, \n ]}}')
    (message,) = await client.check(["1"])
    assert message.message == 'C:\\о \\о "ё" ё / \\u12 \n'


async def test_templates(simulator: Simulator, client: Smspilot) -> None:
    """A private account's text must fit; a question needs a template of its own."""
    simulator.account.templates = [Template(text="Протечка!")]
    await client.send("Протечка!", [PAPA])
    for text, sender, code in (("Пожар!", None, 223), ("Протечка!", Sender.TWO_WAY, 227)):
        with pytest.raises(client_package.TextRefused) as raised:
            await client.send(text, [PAPA], sender=sender)
        assert raised.value.code == code


async def test_service_time(simulator: Simulator, client: Smspilot) -> None:
    """The clock is the service's, from its last answer."""
    assert client.now() is None
    simulator.date_offset = timedelta(days=-400)
    await client.balance()
    now = client.now()
    assert now
    assert abs(now - simulator.now() - simulator.date_offset) < timedelta(seconds=2)


def test_imports() -> None:
    """The client needs the standard library and aiohttp, nothing else."""
    folder = Path(client_package.__file__).parent
    names = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).partition(".")[0])
    assert names - sys.stdlib_module_names == {"aiohttp"}
    code = "import sys; sys.modules['homeassistant'] = None; import client; client.Smspilot"
    subprocess.run([sys.executable, "-c", code], cwd=folder.parent, check=True)
