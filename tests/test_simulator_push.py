"""Statuses that the simulator pushes by itself."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

from aiohttp import ClientSession
import pytest

from tests.simulator import DEFAULT_KEY, PushBody, Pushes, Simulator, Status
from tests.simulator.customer import Customer

pytest_plugins = ("tests.simulator.asking",)

PHONE = "79087964781"


async def send(sim: Simulator, callback: str = "", **params: str) -> int:
    data = {"apikey": DEFAULT_KEY, "send": "Hello", "to": PHONE, "format": "json", **params}
    if callback:
        data["callback"] = callback
    async with ClientSession() as session, session.post(sim.url, data=data) as response:
        answer: dict[str, Any] = await response.json()
    return int(answer["send"][0]["server_id"])


async def test_delivered(simulator: Simulator, customer: Customer) -> None:
    simulator.preset_ids = [182138593]
    await simulator.deliver(await send(simulator, customer.url))

    line = f"GET /sms-status.php?server_id=182138593&phone={PHONE}&status=2&error=0"
    assert customer.wire[-1] == (line, "")
    row = {"server_id": "182138593", "phone": PHONE, "error": "0"}
    assert customer.got == [
        ("GET", "/sms-status.php", row | {"status": "1"}, {}),
        ("GET", "/sms-status.php", row | {"status": "2"}, {}),
    ]
    assert [(each.status, each.body) for each in simulator.pushes] == [(200, "OK"), (200, "OK")]
    assert simulator.messages[182138593].status is Status.DELIVERED


async def test_undelivered_as_in_the_document(
    simulator: Simulator,
    customer: Customer,
) -> None:
    simulator.preset_ids = [182138593]
    await send(simulator, customer.url, callback_method="post")

    await simulator.advance(182138593, Status.UNDELIVERED)

    form = {
        "server_id": "182138593",
        "phone": PHONE,
        "status": "-1",
        "error": "604",
        "error_en": "Undeliverable",
        "error_ru": "Невозможно доставить",
    }
    assert customer.got == [("POST", "/sms-status.php", {}, form)]
    params = (
        f"server_id=182138593&phone={PHONE}&status=-1&error=604&error_en=Undeliverable"
        f"&error_ru={quote('Невозможно доставить')}"
    )
    assert customer.wire == [("POST /sms-status.php", params)]
    await send(simulator, customer.url)
    await simulator.advance(182000001, Status.UNDELIVERED)
    line = f"GET /sms-status.php?{params.replace('182138593', '182000001')}"
    assert customer.wire[-1] == (line, "")


async def test_fields_of_the_callback(simulator: Simulator, customer: Customer) -> None:
    text = "Ура & работает = 100%?"
    await simulator.advance(
        await send(simulator, f"{customer.url}?a=1&fields=message,modified", send=text)
    )
    await simulator.advance(await send(simulator, f"{customer.url}?fields=all"))

    first, second = (query for _, _, query, _ in customer.got)
    own = {"a", "fields", "server_id", "phone", "status", "error"}
    assert first.keys() == own | {"message", "modified"}
    assert first["message"] == text
    assert second.keys() == (own - {"a"}) | {
        *("message", "sender", "sender_orig", "created", "modified", "country", "operator")
    }


async def test_basic_auth(simulator: Simulator, customer: Customer) -> None:
    await simulator.advance(await send(simulator, customer.url.replace("://", "://user:password@")))
    assert customer.authorization == ["Basic dXNlcjpwYXNzd29yZA=="]


async def test_address_of_the_account(simulator: Simulator, customer: Customer) -> None:
    simulator.account.status_url, simulator.account.status_method = customer.url, "post"
    await simulator.advance(await send(simulator))
    assert customer.got[0][0] == "POST"


async def test_twice_and_backwards(simulator: Simulator, customer: Customer) -> None:
    simulator.options.push_copies = 2
    simulator.options.push_reversed = True
    await simulator.deliver(await send(simulator, customer.url))
    assert [query["status"] for _, _, query, _ in customer.got] == ["2", "2", "1", "1"]


async def test_held_and_off(simulator: Simulator, customer: Customer) -> None:
    simulator.options.pushes = Pushes.HOLD
    server_id = await send(simulator, customer.url)
    await simulator.deliver(server_id)
    assert not customer.got
    await simulator.flush_pushes(reverse=True)
    assert [query["status"] for _, _, query, _ in customer.got] == ["2", "1"]

    simulator.options.pushes = Pushes.OFF
    await simulator.deliver(await send(simulator, customer.url))
    assert len(customer.got) == 2


async def test_cut_off(simulator: Simulator, customer: Customer) -> None:
    assert simulator.options.push_timeout == 30
    simulator.options.push_timeout = 0.05
    customer.answers_after = asyncio.Event()
    await simulator.advance(await send(simulator, customer.url))
    customer.answers_after.set()
    assert simulator.pushes[0].status is None
    assert "Timeout" in simulator.pushes[0].failure


async def test_customer_is_down(simulator: Simulator) -> None:
    await simulator.advance(await send(simulator, "http://127.0.0.1:9/"))
    assert simulator.pushes[0].status is None
    assert simulator.pushes[0].failure


async def test_public_address(simulator: Simulator, customer: Customer) -> None:
    origin = customer.url.removesuffix("/sms-status.php")
    simulator.pusher.resolve = {"https://home.example": origin}
    await simulator.advance(await send(simulator, "https://home.example/api/webhook/1"))
    assert customer.got[0][1] == "/api/webhook/1"
    assert simulator.pushes[0].url == "https://home.example/api/webhook/1"


async def test_forged(simulator: Simulator, customer: Customer) -> None:
    server_id = await send(simulator, customer.url)
    push = await simulator.push_status(server_id=str(server_id), status="2", phone=PHONE, error="0")
    assert push.status == 200
    assert customer.got[0][2]["status"] == "2"
    assert simulator.messages[server_id].status is Status.ACCEPTED

    simulator.account.inbound_url = customer.url
    await simulator.push_inbound(phone=PHONE, message="open", user_id="5671", id="1", num="7")
    assert customer.got[1][3]["message"] == "open"
    assert not simulator.inbox


async def test_by_itself(simulator: Simulator, customer: Customer) -> None:
    simulator.auto = 0.02
    server_id = await send(simulator, customer.url)
    await simulator.changed.wait_for(lambda: len(simulator.pushes) == 2)
    assert [query["status"] for _, _, query, _ in customer.got] == ["1", "2"]
    assert simulator.messages[server_id].status is Status.DELIVERED


@pytest.mark.parametrize(
    ("text", "sender", "change", "end"),
    [
        ("Hello", "INFORM", {}, (2, 0)),
        ("Hello", "INFORM", {"on": False}, (-1, 600)),
        ("Hello", "GOLOS", {"refuses_calls": True}, (-1, 605)),
        ("Hello", "INFORM", {"refuses_calls": True}, (2, 0)),
        ("HLR", "", {"on": False}, (2, 0)),
        ("HLR", "", {"in_service": False}, (-1, 601)),
        ("PING", "", {"on": False}, (-1, 602)),
        ("Hello", "INFORM", {"outcome": Status.UNDELIVERED, "outcome_error": 603}, (-1, 603)),
        ("Hello", "INFORM", {"outcome": Status.FAILED, "outcome_error": 600}, (-2, 600)),
    ],
)
async def test_outcomes(
    simulator: Simulator,
    text: str,
    sender: str,
    change: dict[str, Any],
    end: tuple[int, int],
) -> None:
    for name, value in change.items():
        setattr(simulator.phone(PHONE), name, value)
    before = simulator.account.balance
    server_id = await send(simulator, send=text, **({"from": sender} if sender else {}))

    message = await simulator.deliver(server_id)

    assert (message.status, message.error) == end
    # What failed is not charged.
    assert (simulator.account.balance == before) is (end[0] == Status.FAILED)


@pytest.mark.parametrize("how", PushBody)
async def test_other_bodies(simulator: Simulator, customer: Customer, how: PushBody) -> None:
    simulator.account.inbound_url = customer.url
    simulator.options.push_body = how
    simulator.options.push_extra = {"user_id": "?", "odd": "Ёж"}
    await simulator.receive(PHONE, "5671 открой")

    ((line, body),) = customer.wire
    ((_, _, _, form),) = customer.got
    assert line == "POST /sms-status.php"
    if how is PushBody.JSON:
        form = json.loads(body)
    expected = {"phone": PHONE, "message": "открой", "user_id": "?", "id": "12345"}
    expected |= {"num": "79533984570", "odd": "Ёж"}
    if how is PushBody.CUT:
        assert form["id"] == "12345"
        assert form != expected
    else:
        assert form == expected
    await simulator.advance(await send(simulator, customer.url))
    assert customer.got[-1][2]["odd"] == "Ёж"
