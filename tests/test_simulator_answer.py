"""What is found again, and the shapes an answer may take."""

from datetime import timedelta
import json

import pytest

from tests.simulator import EMULATOR_KEY, CodeStyle, Facts, Simulator, Status, UnknownIds
from tests.simulator.customer import Ask

pytest_plugins = ("tests.simulator.asking",)

ONE = "79087964781"
TWO = "79161231212"


async def test_check(simulator: Simulator, ask: Ask) -> None:
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


async def test_rows_in_no_order(simulator: Simulator, ask: Ask) -> None:
    simulator.options.shuffle = True
    numbers = [str(79080000000 + each) for each in range(20)]
    answer = await ask(send="Hello", to=",".join(numbers))
    assert [each["phone"] for each in answer["send"]] != numbers
    pages = [await ask(check="all", limit="7", offset=str(each)) for each in (0, 7, 14)]
    found = [each["phone"] for page in pages for each in page["check"]]
    assert found != numbers
    assert sorted(found) == numbers


async def test_ids_of_another_account(simulator: Simulator, ask: Ask) -> None:
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
async def test_hlrvip(simulator: Simulator, ask: Ask, facts: Facts) -> None:
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
async def test_type_of_codes(simulator: Simulator, ask: Ask, style: CodeStyle) -> None:
    simulator.options.error_code = style
    codes = [(await ask(send="Hello", to=to))["error"]["code"] for to in ("x", "7908")]
    expected: dict[CodeStyle, list[str | int]] = {
        CodeStyle.DOCUMENT: ["111", 215],
        CodeStyle.INT: [111, 215],
        CodeStyle.STR: ["111", "215"],
    }
    assert codes == expected[style]


async def test_optional_attributes(simulator: Simulator, ask: Ask) -> None:
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


async def test_all_fields(simulator: Simulator, ask: Ask) -> None:
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


async def test_scheduled(simulator: Simulator, ask: Ask) -> None:
    later = simulator.now() + timedelta(hours=1)
    await ask(send="Hello", to=ONE, send_datetime=f"{later:%Y-%m-%d %H:%M:%S}")
    await ask(send="Hello", to=ONE, send_datetime=str(int(later.timestamp())))
    assert [each["status"] for each in (await ask(check="all"))["check"]] == ["3", "3"]

    simulator.clock_offset = timedelta(hours=2)
    await ask(balance="rur")
    await simulator.changed.wait_for(
        lambda: all(each.status is Status.ACCEPTED for each in simulator.messages.values())
    )


async def test_test_mode(simulator: Simulator, ask: Ask) -> None:
    answer = await ask(send="Hello", to=f"{ONE},{TWO}", test="1")

    assert {each["server_id"] for each in answer["send"]} == {"1000"}
    assert answer["balance"] == "2936.81"
    assert not simulator.messages
    assert not simulator.orders
    (row,) = (await ask(check="1000", test="1"))["check"]
    assert (row["server_id"], row["status"]) == ("1000", "2")


async def test_emulator(simulator: Simulator, ask: Ask) -> None:
    answer = await ask(apikey=EMULATOR_KEY, send="Hello", to=ONE)

    assert answer["send"][0]["server_id"] == "10000"
    assert answer["balance"] == "20006.97"
    assert not simulator.orders
    # What the tests of a public client were answered: nothing was stored.
    row = {"server_id": "10000", "phone": "", "price": "0.00", "status": "-2"}
    assert await ask(apikey=EMULATOR_KEY, check="10000") == {"check": [row]}
    (row,) = (await ask(apikey=EMULATOR_KEY, check="10000", test="1"))["check"]
    assert (row["server_id"], row["status"]) == ("10000", "2")
