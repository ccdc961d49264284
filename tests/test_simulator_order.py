"""What an order becomes: rows, parts, prices, money."""

from decimal import Decimal

import pytest

from tests.simulator import Kind, Simulator
from tests.simulator.customer import Ask
from tests.simulator.pricing import parts

pytest_plugins = ("tests.simulator.asking",)

ONE = "79087964781"
TWO = "79161231212"
BLACK = "79999999999"


async def test_money_falls(simulator: Simulator, ask: Ask) -> None:
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


async def test_more_bad_than_good(simulator: Simulator, ask: Ask) -> None:
    error = (await ask(send="Hello", to=f"{ONE},{BLACK},7908"))["error"]

    assert (error["code"], error["phone"]) == (212, BLACK)
    assert not simulator.messages
    assert not simulator.orders

    simulator.options.refused_list_sends_good = True
    assert "error" in await ask(send="Hello", to=f"{ONE},{BLACK},7908")
    assert [each.phone for each in simulator.orders] == [ONE]


async def test_as_many_bad_as_good(simulator: Simulator, ask: Ask) -> None:
    rows = (await ask(send="Hello", to=f"{ONE},{BLACK}"))["send"]
    assert [each["status"] for each in rows] == ["0", "-2"]

    simulator.options.equal_counts_refused = True
    assert (await ask(send="Hello", to=f"{ONE},{BLACK}"))["error"]["code"] == 212


async def test_refused_rows(simulator: Simulator, ask: Ask) -> None:
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
    simulator: Simulator,
    ask: Ask,
    text: str,
    sender: str,
    kind: Kind,
) -> None:
    await ask(send=text, to=ONE, sender=sender)
    assert [each.kind for each in simulator.orders] == [kind]


async def test_cost_sends_nothing(simulator: Simulator, ask: Ask) -> None:
    simulator.account.balance = Decimal()
    assert await ask(send="Hello", to=f"{ONE},{TWO}", cost="1") == {"cost": "3.52"}
    assert not simulator.messages
