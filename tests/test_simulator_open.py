"""What the document leaves open: each switch changes what it says, and nothing else."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from aiohttp import ClientSession
import pytest

from tests.simulator import (
    DEFAULT_KEY,
    DateHeader,
    Ids,
    Kept,
    LatePrice,
    ListedNumbers,
    Numbers,
    OddRow,
    PseudoSenders,
    Simulator,
    Status,
    Stored,
    Template,
)
from tests.simulator.customer import Ask

pytest_plugins = ("tests.simulator.asking",)

ONE, TWO, FOREIGN = "79087964781", "79161231212", "77010000001"
TEXT = " Ёлка  «горит» & дымит ❤️ 🔥🚒 sos "


async def send(ask: Ask, to: str = ONE, text: str = "Hello", **more: str) -> list[dict[str, Any]]:
    """Send, and return the rows of the answer."""
    rows: list[dict[str, Any]] = (await ask(send=text, to=to, **more))["send"]
    return rows


async def listed(ask: Ask, field: str, what: str = "all", **more: str) -> list[Any]:
    """Return one field of the list of messages."""
    rows = (await ask(check=what, fields=f"server_id,{field}", **more))["check"]
    return [each[field] for each in rows]


async def texts(ask: Ask, what: str = "all") -> list[str]:
    """Return the texts of the inbound list."""
    return [each["text"] for each in (await ask(inbound=what))["inbound"]]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Stored.AS_SENT, TEXT),
        (Stored.EMOJI_DROPPED, " Ёлка  «горит» & дымит   sos "),
        (Stored.EMOJI_AS_QUESTION_MARKS, " Ёлка  «горит» & дымит ❤️ ???????? sos "),
        (Stored.CUT_AT_EMOJI, " Ёлка  «горит» & дымит ❤️ "),
        (Stored.HTML_ESCAPED, " Ёлка  «горит» &amp; дымит ❤️ 🔥🚒 sos "),
        (Stored.NO_VARIATION_SELECTORS, " Ёлка  «горит» & дымит ❤ 🔥🚒 sos "),
        (Stored.STRAIGHT_QUOTES, ' Ёлка  "горит" & дымит ❤️ 🔥🚒 sos '),
        (Stored.PLAIN_YO, " Елка  «горит» & дымит ❤️ 🔥🚒 sos "),
        (Stored.TRIMMED, "Ёлка  «горит» & дымит ❤️ 🔥🚒 sos"),
        (Stored.BLANKS_FOLDED, "Ёлка «горит» & дымит ❤️ 🔥🚒 sos"),
        (Stored.CP1251, " Ёлка  «горит» & дымит ?? ?? sos "),
    ],
)
async def test_stored_otherwise(simulator: Simulator, ask: Ask, how: Stored, expected: str) -> None:
    simulator.options.stored = simulator.options.inbound_stored = how
    simulator.account.senders.append("INFORM")
    await send(ask, text=TEXT)
    await simulator.receive(ONE, f"5671 {TEXT.strip()}")
    assert await listed(ask, "message") == [expected]
    assert (await texts(ask))[0].strip() == expected.strip()
    assert simulator.orders[0].text == TEXT


async def test_check_reports_its_result(simulator: Simulator, ask: Ask) -> None:
    (row,) = await send(ask, text="HLR")
    simulator.options.check_shows_result = True
    assert await listed(ask, "message") == ["HLR"]
    await simulator.deliver(row["server_id"])
    assert await listed(ask, "message") == ["Теле2 (Россия)"]
    simulator.options.check_shows_result = False
    assert await listed(ask, "message") == ["HLR"]


@pytest.mark.parametrize("minutes", [1, 11, 60])
async def test_list_is_late(simulator: Simulator, ask: Ask, minutes: int) -> None:
    simulator.options.check_lag = simulator.options.inbound_lag = timedelta(minutes=minutes)
    (row,) = await send(ask)
    await simulator.receive(ONE, "5671 open")

    assert await listed(ask, "server_id") == await listed(ask, "server_id", "recent") == []
    assert await texts(ask) == await texts(ask, "new") == []
    assert await listed(ask, "status", row["server_id"]) == ["0"]
    simulator.options.check_lag_ids = True
    assert await listed(ask, "status", row["server_id"]) == ["-2"]
    assert (await ask(check="packet", id=row["server_id"]))["error"]["code"] == 304

    simulator.clock_offset = timedelta(minutes=minutes)
    assert await listed(ask, "status") == await listed(ask, "status", row["server_id"]) == ["0"]
    assert await texts(ask, "new") == ["open"]


async def test_some_are_late(simulator: Simulator, ask: Ask) -> None:
    simulator.options.check_lag = simulator.options.inbound_lag = timedelta(minutes=11)
    simulator.options.check_lag_every = simulator.options.inbound_lag_every = 2
    simulator.next_server_id = simulator.next_inbound_id = 1000
    for text in ("late", "at once"):
        await send(ask, text=text)
        await simulator.receive(ONE, f"5671 {text}")
    await simulator.receive(ONE, "5671 much later", listed_after=3600)

    assert await listed(ask, "message") == await texts(ask) == ["at once"]
    simulator.clock_offset = timedelta(minutes=11)
    assert await listed(ask, "message") == await texts(ask) == ["at once", "late"]
    simulator.clock_offset = timedelta(hours=1)
    assert await texts(ask) == ["much later", "at once", "late"]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [(Kept.FIRST, ["3", "2"]), (Kept.NEWEST, ["3", "2"]), (Kept.OLDEST, ["2", "1"])],
)
async def test_capped_lists(
    simulator: Simulator, ask: Ask, kept: Kept, expected: list[str]
) -> None:
    options = simulator.options
    options.check_limit = options.inbound_limit = 2
    options.check_kept = options.inbound_kept = kept
    for text in "123":
        await send(ask, text=text)
        await simulator.receive(ONE, f"5671 {text}")

    assert await listed(ask, "message") == await texts(ask) == expected
    assert await listed(ask, "message", offset="1") == expected[1:]
    options.check_newest_first = options.newest_first = False
    assert await texts(ask) == (["1", "2"] if kept is Kept.FIRST else expected[::-1])
    assert await listed(ask, "message") == expected[::-1]


async def test_inbound_in_no_order(simulator: Simulator, ask: Ask) -> None:
    simulator.options.inbound_shuffle = True
    written = [str(each) for each in range(20)]
    for text in written:
        await simulator.receive(ONE, f"5671 {text}")
    assert await texts(ask) not in (written, written[::-1])
    assert sorted(await texts(ask)) == sorted(written)


async def test_whatever_is_listed_is_seen(simulator: Simulator, ask: Ask) -> None:
    simulator.options.any_list_marks_seen = True
    await simulator.receive(ONE, "5671 open")
    assert await texts(ask) == ["open"]
    assert await texts(ask, "new") == []


@pytest.mark.parametrize("how", OddRow)
async def test_odd_rows(simulator: Simulator, ask: Ask, how: OddRow) -> None:
    (good,) = await send(ask)
    await simulator.receive(ONE, "5671 open")
    simulator.options.odd_row = how

    odd, *rows = (await ask(check="all"))["check"]
    assert rows == [good]
    assert odd != good
    assert len((await ask(send="Hello", to=TWO))["send"]) == 2
    received = (await ask(inbound="all"))["inbound"]
    assert received[-1]["text"] == "open"
    assert len(received) == (1 if how in (OddRow.NO_STATUS, OddRow.ODD_STATUS) else 2)


async def test_single_odd_rows(simulator: Simulator, ask: Ask) -> None:
    rows = await send(ask, f"{ONE},{TWO}")
    inbound = await simulator.receive(ONE, "5671 open")
    assert inbound
    simulator.odd_rows[int(rows[1]["server_id"])] = OddRow.NO_STATUS
    simulator.odd_inbound[inbound.id] = OddRow.ODD_DATE

    second, first = (await ask(check="all"))["check"]
    assert first == rows[0]
    assert second == {name: rows[1][name] for name in ("server_id", "phone", "price")}
    (row,) = (await ask(inbound="all"))["inbound"]
    assert row["created"] == "0000-00-00 00:00:00"


async def test_lone_inbound(simulator: Simulator, ask: Ask) -> None:
    simulator.options.lone_inbound = True
    await simulator.receive(ONE, "5671 open")
    assert (await ask(inbound="all"))["inbound"]["text"] == "open"
    await simulator.receive(ONE, "5671 shut")
    assert await texts(ask) == ["shut", "open"]


async def test_odd_figures(simulator: Simulator, ask: Ask) -> None:
    patterns = {"balance": "20 006.97", "cost": "N/A", "price": "{} RUB", "error": "none"}
    simulator.options.figures = patterns
    simulator.options.account_figures = {"date": "0000-00-00", "balance": "{} р."}

    answer = await ask(send="Hello", to=ONE)

    (row,) = answer["send"]
    assert (answer["balance"], answer["cost"]) == ("20 006.97", "N/A")
    assert (row["price"], row["error"]) == ("1.31 RUB", "none")
    assert (await ask(check="all"))["check"] == [row]
    account = await ask()
    assert (account["balance"], account["date"]) == ("2935.50 р.", "0000-00-00")
    assert await ask(balance="rur") == {"balance": "2935.50 р."}


async def test_numbers_in_json(simulator: Simulator, ask: Ask) -> None:
    simulator.options.json_numbers = True
    answer = await ask(send="Hello", to=ONE)
    row = {"server_id": 182000001, "phone": 79087964781, "price": 1.31, "status": 0}
    figures = {"balance": 2935.5, "cost": 1.31, "server_packet_id": 182000001}
    assert answer == {"send": [row], **figures}


async def test_rows_twice(simulator: Simulator, ask: Ask) -> None:
    simulator.options.rows_twice = True
    first, second = await send(ask)
    await simulator.receive(ONE, "5671 open")
    assert first == second
    assert await listed(ask, "status") == ["0", "0"]
    assert await texts(ask) == ["open", "open"]


async def test_refused_as_its_own_duplicate(simulator: Simulator, ask: Ask) -> None:
    simulator.options.refused_again = True
    answer = await ask(send="Hello", to=f"{ONE},{TWO}")
    rows = [(each["phone"], each["status"], each.get("error")) for each in answer["send"]]
    assert rows == [(ONE, "0", None), (TWO, "0", None), (ONE, "-2", "214"), (TWO, "-2", "214")]
    assert answer["cost"] == "3.52"
    assert len(simulator.orders) == 2
    packet = answer["server_packet_id"]
    assert len((await ask(check="packet", id=packet))["check"]) == 4


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (ListedNumbers.AS_ELSEWHERE, ONE),
        (ListedNumbers.NATIONAL, "9087964781"),
        (ListedNumbers.MASKED, "7908***4781"),
        (ListedNumbers.EMPTY, ""),
    ],
)
async def test_numbers_of_lists(
    simulator: Simulator, ask: Ask, how: ListedNumbers, expected: str
) -> None:
    simulator.options.listed_numbers = how
    (sent,) = await send(ask, ONE)
    assert sent["phone"] == ONE
    for which in ("recent", "all"):
        assert [each["phone"] for each in (await ask(check=which))["check"]] == [expected]
    assert (await ask(check=sent["server_id"]))["check"][0]["phone"] == ONE


async def test_scheduled_is_not_listed(simulator: Simulator, ask: Ask) -> None:
    simulator.options.check_lists_scheduled = False
    (sent,) = (await ask(send="Hello", to=ONE, send_datetime="2099-01-01 10:00:00"))["send"]
    assert (await ask(check="recent"))["check"] == []
    assert (await ask(check=sent["server_id"]))["check"][0]["status"] == "3"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Numbers.PLAIN, [ONE, FOREIGN]),
        (Numbers.EIGHT, ["89087964781", "87010000001"]),
        (Numbers.PLUS, [f"+{ONE}", f"+{FOREIGN}"]),
        (Numbers.SPACED, ["+7 (908) 796-47-81", "+7 (701) 000-00-01"]),
    ],
)
async def test_numbers_rewritten(
    simulator: Simulator, ask: Ask, how: Numbers, expected: list[str]
) -> None:
    simulator.options.numbers = simulator.options.inbound_numbers = how
    rows = await send(ask, f"{ONE},{FOREIGN}")
    await simulator.receive(ONE, "5671 open")
    await simulator.receive("Sberbank", "5671 code")
    assert [each["phone"] for each in rows] == expected
    assert [each["phone"] for each in (await ask(inbound="all"))["inbound"]] == [
        "Sberbank",
        expected[0],
    ]
    simulator.phone(TWO).blacklisted = True
    assert "phone" in (await ask(send="Hello", to=TWO))["error"]
    simulator.options.error_fields = []
    assert "phone" not in (await ask(send="Hello", to=TWO))["error"]


@pytest.mark.parametrize("order", Ids)
async def test_order_of_ids(simulator: Simulator, ask: Ask, order: Ids) -> None:
    simulator.options.server_ids = simulator.options.inbound_ids = order
    sent = [int((await send(ask, text=str(each)))[0]["server_id"]) for each in range(20)]
    for each in range(20):
        await simulator.receive(ONE, f"5671 {each}")
    received = [int(each["id"]) for each in (await ask(inbound="all"))["inbound"]][::-1]
    for ids in (sent, received):
        assert len(set(ids)) == 20
        assert (ids == sorted(ids)) is (order is Ids.GROWING)
        assert (ids == sorted(ids, reverse=True)) is (order is Ids.FALLING)


@pytest.mark.parametrize(
    ("late", "first"), [(LatePrice.NO, "1.31"), (LatePrice.ZERO, "0.00"), (LatePrice.EMPTY, "")]
)
async def test_late_prices(simulator: Simulator, ask: Ask, late: LatePrice, first: str) -> None:
    simulator.options.late_price = late
    (row,) = await send(ask)
    assert row["price"] == first
    assert await ask(balance="rur") == {"balance": "2935.50"}
    await simulator.advance(row["server_id"])
    assert await listed(ask, "price") == ["1.31"]


@pytest.mark.parametrize(
    ("status", "undelivered", "balance"),
    [
        (Status.FAILED, False, "2936.81"),
        (Status.UNDELIVERED, False, "2935.50"),
        (Status.UNDELIVERED, True, "2936.81"),
        (Status.DELIVERED, True, "2935.50"),
    ],
)
async def test_refunds(
    simulator: Simulator, ask: Ask, status: Status, undelivered: bool, balance: str
) -> None:
    simulator.options.refund_undelivered = undelivered
    (row,) = await send(ask)
    await simulator.advance(row["server_id"], status)
    assert await ask(balance="rur") == {"balance": balance}
    assert await listed(ask, "price") == ["0.00" if balance == "2936.81" else "1.31"]


@pytest.mark.parametrize("shown", PseudoSenders)
async def test_pseudo_senders(simulator: Simulator, ask: Ask, shown: PseudoSenders) -> None:
    simulator.options.pseudo_senders = shown
    for sender in ("INFORM", "2WAY", "GOLOS"):
        await send(ask, sender=sender)
    expected = {
        PseudoSenders.AS_SENT: ["GOLOS", "2WAY", "INFORM"],
        PseudoSenders.NUMBER: ["79533984570", "79533984570", "INFORM"],
        PseudoSenders.DEFAULT: ["INFORM", "INFORM", "INFORM"],
    }
    assert await listed(ask, "sender") == expected[shown]


async def test_replaced_without_a_word(simulator: Simulator, ask: Ask) -> None:
    simulator.options.replaced_sender_shown = False
    (row,) = await send(ask, sender="MyHome", fields="sender,sender_orig")
    assert row == {"sender": "INFORM", "sender_orig": ""}


async def test_created_to_the_minute(simulator: Simulator, ask: Ask) -> None:
    simulator.options.check_seconds = False
    await send(ask)
    assert [len(each) for each in await listed(ask, "created")] == [16]


@pytest.mark.parametrize("command", [{"cost": "1"}, {"test": "1"}])
async def test_looks_only_when_it_sends(
    simulator: Simulator, ask: Ask, command: dict[str, str]
) -> None:
    simulator.account.templates = [Template(text="Yes")]
    assert (await ask(send="Hello", to=ONE, **command))["error"]["code"] == 223
    simulator.options.cost_checks_texts = simulator.options.test_checks_texts = False
    assert "error" not in await ask(send="Hello", to=ONE, **command)
    assert (await ask(send="Hello", to=ONE))["error"]["code"] == 223


async def test_senders_and_cost(simulator: Simulator, ask: Ask) -> None:
    simulator.options.strict_senders = True
    assert (await ask(send="Hello", to=ONE, sender="MyHome", cost="1"))["error"]["code"] == 116
    simulator.options.cost_checks_senders = False
    assert "cost" in await ask(send="Hello", to=ONE, sender="MyHome", cost="1")
    assert (await ask(send="Hello", to=ONE, sender="MyHome"))["error"]["code"] == 116


async def test_duplicate_guard(simulator: Simulator, ask: Ask) -> None:
    simulator.account.duplicate_guard = True
    await send(ask)
    answer = await ask(send="Hello", to=f"{ONE},{TWO},79131437355")
    assert [each.get("error") for each in answer["send"]] == ["243", None, None]
    assert (await ask(send="Hello", to=ONE))["error"]["code"] == 243
    simulator.options.duplicate_refuses_list = True
    error = (await ask(send="Hello", to=f"79080000001,{ONE},79080000002"))["error"]
    assert (error["code"], error["phone"]) == (243, ONE)

    await send(ask, sender="GOLOS")
    await send(ask, sender="GOLOS")
    simulator.options.duplicate_guards_calls = True
    assert (await ask(send="Hello", to=ONE, sender="GOLOS"))["error"]["code"] == 243
    simulator.clock_offset = timedelta(hours=1)
    assert len(await send(ask, f"{ONE},{TWO}")) == 2


async def test_refused_text_names_no_number(simulator: Simulator, ask: Ask) -> None:
    simulator.account.templates = []
    assert (await ask(send="Hello", to=ONE))["error"]["phone"] == ONE
    simulator.options.text_errors_name_phone = False
    assert "phone" not in (await ask(send="Hello", to=ONE))["error"]


@pytest.mark.parametrize("header", DateHeader)
async def test_date_header(simulator: Simulator, header: DateHeader) -> None:
    simulator.options.date_header = header
    data = {"apikey": DEFAULT_KEY, "balance": "rur"}
    async with ClientSession() as session, session.post(simulator.url, data=data) as response:
        found = response.headers.getall("Date", [])
    expected = {DateHeader.TRUE: 1, DateHeader.MISSING: 0, DateHeader.UNREADABLE: 1}
    assert len(found) == expected[header]
    assert (found == ["yesterday"]) is (header is DateHeader.UNREADABLE)


async def test_slow_answers(simulator: Simulator, ask: Ask) -> None:
    simulator.options.answer_delay = 0.1
    begin = simulator.now()
    await send(ask)
    assert simulator.now() - begin >= timedelta(seconds=0.1)
    assert simulator.account.balance == Decimal("2935.50")
