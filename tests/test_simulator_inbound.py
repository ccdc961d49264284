"""Messages from people: routed, pushed, listed."""

from datetime import UTC, datetime, timedelta

from tests.simulator import Simulator
from tests.simulator.customer import Ask, Customer

pytest_plugins = ("tests.simulator.asking",)

PHONE = "79087964781"


async def test_inbound_push(simulator: Simulator, customer: Customer) -> None:
    simulator.add_account(id=12345, apikey="B" * 64, inbound_url=customer.url)
    simulator.next_inbound_id = 54321

    await simulator.receive(PHONE, "12345 restart server alfa", num="79533984570")

    form = {
        "phone": PHONE,
        "message": "restart server alfa",
        "user_id": "12345",
        "id": "54321",
        "num": "79533984570",
    }
    body = f"phone={PHONE}&message=restart%20server%20alfa&user_id=12345&id=54321&num=79533984570"
    assert customer.wire == [("POST /sms-status.php", body)]
    assert customer.got == [("POST", "/sms-status.php", {}, form)]
    await simulator.receive(PHONE, "without a push", push=False)
    assert len(customer.got) == 1


async def test_routing(simulator: Simulator, ask: Ask) -> None:
    second = simulator.add_account(id=77, apikey="B" * 64, phone="79990000000")

    async def routed(phone: str, text: str) -> tuple[int, str] | None:
        message = await simulator.receive(phone, text)
        return (message.account, message.text) if message else None

    # No account has texted this phone, and no number stands before the text.
    assert await routed("Sberbank", "code 1234") is None
    assert await routed("79131437355", "5671") is None
    assert await routed("79131437355", "77 open the gate") == (77, "open the gate")
    # It has written before.
    assert await routed("79131437355", "thanks") == (77, "thanks")
    # A user of the service, by the phone of the account.
    assert await routed("79990000000", "hello") == (77, "hello")
    second.contacts.append("Sberbank")
    assert await routed("Sberbank", "code 1234") == (77, "code 1234")
    # An outgoing SMS wins over those, the prefix over it, and a 2WAY message over all.
    await ask(send="Hello", to="79131437355")
    assert await routed("79131437355", "hello") == (5671, "hello")
    assert await routed("79131437355", "77 hello") == (77, "hello")
    await ask(send="Hello", to="79131437355", sender="2WAY")
    assert await routed("79131437355", "77 hello") == (5671, "77 hello")


async def test_inbound_list(simulator: Simulator, ask: Ask) -> None:
    start = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
    for minutes, text in enumerate(("one", "two", "three")):
        await simulator.receive(
            PHONE, f"5671 {text}", created=start + timedelta(minutes=minutes), push=False
        )

    async def texts(what: str) -> list[str]:
        return [each["text"] for each in (await ask(inbound=what))["inbound"]]

    assert await texts("all") == ["three", "two", "one"]
    assert await texts("2026-11-23 12:01:00") == ["three"]
    assert await texts(str(int(start.timestamp()))) == ["three", "two"]
    simulator.options.since_inclusive = True
    assert await texts("2026-11-23 12:01:00") == ["three", "two"]
    simulator.options.newest_first = False
    simulator.options.inbound_limit = 2
    assert await texts("new") == ["one", "two"]
    assert await texts("new") == ["three"]
    assert await texts("new") == []
    assert [each["seen"] for each in (await ask(inbound="all"))["inbound"]] == ["1", "1"]
    simulator.options.list_keeps_prefix = True
    assert await texts("all") == ["5671 one", "5671 two"]
