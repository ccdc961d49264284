"""What a lost response did: evidence instead of equality, and never a second message without it."""

from datetime import timedelta
from decimal import Decimal
import json
from typing import Any

from homeassistant.core import HomeAssistant
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smspilot.const import (
    CONF_DAILY_LIMIT,
    CONF_RATE_LIMIT,
    DOMAIN,
    EVENT_MESSAGE_STATUS,
)

from .common import MAMA, PAPA, CapturedEvents, Clock, act, add_account, state_of
from .sending import BABA, NOTHING, TEXT, accept, alarm, ids, once, paid, result
from .simulator import Ids, Kept, LatePrice, ListedNumbers, Numbers, OddRow, PseudoSenders, Stored
from .simulator.simulator import Simulator

# Each way of storing has something to change.
FANCY = "Протечка 💧 в «ванной» — 5 °C & ещё ❤️ воды…  всё\nплохо"


async def settled(clock: Clock, sim: Simulator, captured: CapturedEvents) -> None:
    """Deliver what went out, and let it be followed."""
    for order in sim.orders:
        await sim.deliver(order.server_id)
    for _ in range(16):
        await clock.advance(300)
    assert len(captured.data) <= len(sim.orders)


@pytest.mark.parametrize("stored", list(Stored))
@pytest.mark.parametrize("kind", ["reset", "http_502_html"])
async def test_text_is_stored_otherwise(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, stored: Stored, kind: str
) -> None:
    """However the list shows the text, it is not sent again, and its status is published."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.options.stored = stored
    simulator.fault(kind, when="after", command="send")
    sending = act(hass, "send_sms", phones=[PAPA], message=FANCY)
    found = await result(clock, sending)
    once(simulator, PAPA)
    assert len(paid(simulator)) == 1
    if found != "outcome_unknown":
        assert found[PAPA]["message_id"] == ids(simulator)[PAPA]
    await settled(clock, simulator, captured)
    assert captured.of("status") == ["delivered"]
    assert captured.of("message_id") == [ids(simulator)[PAPA]]


@pytest.mark.parametrize("method", ["hlr", "ping", "hlrvip"])
async def test_check_whose_text_is_its_result(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, method: str
) -> None:
    """A number check that the list shows with its result is followed, and not bought twice."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.options.check_shows_result = True
    fault = simulator.fault("reset", when="after", command="send")
    # The first read of the list fails, and the next one shows the result.
    simulator.fault("html", command="check")
    checking = hass.async_create_background_task(
        act(hass, "check_number", phones=[PAPA], method=method, wait=0), "test"
    )
    await clock.settle()
    assert fault.fired
    await simulator.deliver(simulator.orders[0].server_id)
    await result(clock, checking)
    for _ in range(4):
        await clock.advance(60)
    once(simulator, PAPA)
    assert len(paid(simulator)) == 1
    assert captured.of("message_id") == [ids(simulator)[PAPA]]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("http_504_html", {"when": "late", "delay": 60, "late": 30}),
        ("http_408_html", {"when": "late", "delay": 1, "late": 30}),
        ("http_524_html", {"when": "late", "delay": 1, "late": 30}),
        ("reset", {"when": "late", "delay": 55, "late": 30}),
        ("reset", {"when": "late", "late": 40}),
        ("http_502_html", {"when": "late", "late": 30}),
        ("http_500", {"when": "late", "late": 40}),
        ("truncated", {"when": "late", "late": 30}),
        ("http_504_html", {"when": "before"}),
    ],
)
async def test_accepted_after_the_response_was_lost(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, kind: str, fields: dict[str, Any]
) -> None:
    """However the response was lost, what the API accepts within the minute is not sent again."""
    await add_account(hass, simulator)
    simulator.fault(kind, command="send", **fields)
    found = await result(clock, alarm(hass, PAPA))
    assert len(paid(simulator)) == 1
    if fields["when"] == "before":
        assert found == "outcome_unknown"
        assert simulator.orders == []
    else:
        for _ in range(10):
            await clock.advance(10)
        once(simulator, PAPA)


@pytest.mark.parametrize("late", [0, 10, 20, 29])
@pytest.mark.parametrize("lag", [5, 15, 29])
@pytest.mark.parametrize("kind", ["reset", "http_502_html"])
async def test_accepted_late_and_listed_late(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, kind: str, lag: int, late: int
) -> None:
    """Nor what the API lists within the minute only."""
    await add_account(hass, simulator)
    clock.service = simulator
    simulator.options.check_lag = timedelta(seconds=lag)
    simulator.fault(kind, command="send", when="late", late=late)
    await result(clock, alarm(hass, PAPA))
    for _ in range(10):
        await clock.advance(10)
    once(simulator, PAPA)


@pytest.mark.parametrize(
    "figures",
    [
        {"balance": "20 006.97"},
        {"cost": "N/A"},
        {"price": "{} RUB"},
        {"error": "none"},
        {"balance": "20 006.97", "cost": "N/A", "price": "{} RUB", "error": "none"},
        {"balance": "", "cost": "", "price": "free"},
    ],
)
async def test_odd_figures(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, figures: dict[str, str]
) -> None:
    """An accepted message is a send result, whatever its figures; what cannot be read is null."""
    await add_account(hass, simulator)
    simulator.options.figures = figures
    rows = await result(clock, alarm(hass, PAPA, MAMA))
    once(simulator, PAPA, MAMA)
    assert len(paid(simulator)) == 1
    assert {phone: row["message_id"] for phone, row in rows.items()} == ids(simulator)
    assert {row["error"] for row in rows.values()} == {None}


@pytest.mark.parametrize(
    ("server_id", "shown"),
    [
        ("9" * 5000, "9" * 5000),
        ("١٢٣", "123"),
        ("1e5", "100000"),
        ("1e999999999", "1e999999999"),
        ("a1", "a1"),
    ],
    ids=["long", "arabic", "exponent", "huge", "letters"],
)
async def test_odd_id(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, server_id: str, shown: str
) -> None:
    """An accepted message has a send result, whatever its id, and the next one too."""
    await add_account(hass, simulator)
    row = {"server_id": server_id, "phone": PAPA[1:], "price": "1.31", "status": "0"}
    simulator.fault("other_json", body=json.dumps({"send": [row]}), command="send")
    assert (await result(clock, alarm(hass, PAPA)))[PAPA]["message_id"] == shown
    await alarm(hass, MAMA)
    simulator.fault("reset", when="after", command="send")
    await result(clock, alarm(hass, BABA))
    once(simulator, MAMA, BABA)


async def test_double_within_a_half(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A number of a refused list that is refused as a double in a half of it has the text."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.account.duplicate_guard = True
    simulator.options.refused_list_sends_good = True
    bad = ["+79990000001", "+79990000002", "+79990000003", "+79990000004"]
    for phone in bad:
        simulator.phone(phone[1:]).blacklisted = True
    # The list is late: two reads show no number of the refused list.
    simulator.fault("other_json", body=NOTHING, command="check", times=2)
    rows = await result(clock, alarm(hass, PAPA, MAMA, BABA, *bad))
    once(simulator, PAPA, MAMA, BABA)
    for phone in (PAPA, MAMA, BABA):
        assert rows[phone]["status"] in ("accepted", None), rows[phone]
    await settled(clock, simulator, captured)
    assert sorted(captured.of("phone")) == sorted([PAPA, MAMA, BABA])


async def test_double_in_a_row_of_a_half(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """So is one that a row of the half's response refuses, beside others that it accepts."""
    await add_account(hass, simulator)
    simulator.account.duplicate_guard = True
    simulator.options.refused_list_sends_good = True
    # Nor does the refusal name a number.
    simulator.options.error_fields = []
    bad = ["+79990000001", "+79990000002", "+79990000003", "+79990000004", "+79990000005"]
    for phone in bad:
        simulator.phone(phone[1:]).blacklisted = True
    simulator.fault("other_json", body=NOTHING, command="check", times=2)
    first = [PAPA, bad[0], bad[1], bad[2]]
    sending = hass.async_create_background_task(alarm(hass, *first, MAMA, *bad[3:]), "test")
    await clock.settle()
    once(simulator, PAPA, MAMA)
    for phone in first:
        simulator.phone(phone[1:]).blacklisted = False
    rows = await result(clock, sending)
    once(simulator, MAMA, *first)
    assert {phone: rows[phone]["message_id"] for phone in (MAMA, *first)} == ids(simulator)


async def older(hass: HomeAssistant, sim: Simulator, phone: str) -> None:
    """Have the text of this morning, which we know nothing of, in the list."""
    sim.clock_offset = -timedelta(hours=5, minutes=7)
    await accept(hass, sim, phone)
    sim.clock_offset = timedelta()


async def test_identical_text_of_this_morning(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """It does not count as sent where this account's ids were seen to grow: it is sent."""
    await add_account(hass, simulator)
    await older(hass, simulator, PAPA)
    for text in ("Раз", "Два"):
        await act(hass, "send_sms", phones=[MAMA], message=text)
    simulator.fault("reset", when="before", command="send")
    rows = await result(clock, alarm(hass, PAPA))
    assert rows[PAPA]["message_id"] == str(simulator.orders[-1].server_id)
    assert [order.phone for order in simulator.orders].count(PAPA[1:]) == 2


@pytest.mark.parametrize(
    ("server_ids", "known"),
    [(Ids.FALLING, 0), (Ids.FALLING, 1), (Ids.FALLING, 2), (Ids.GROWING, 0), (Ids.GROWING, 1)],
)
async def test_identical_text_of_unknown_age(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, server_ids: Ids, known: int
) -> None:
    """Where nothing shows that it is older it is in doubt: neither sent again nor shown as sent."""
    await add_account(hass, simulator)
    simulator.options.server_ids = server_ids
    await older(hass, simulator, PAPA)
    for number in range(known):
        await act(hass, "send_sms", phones=[MAMA], message=f"Раз {number}")
    simulator.fault("reset", when="before", command="send")
    assert await result(clock, alarm(hass, PAPA)) == "outcome_unknown"
    assert [order.phone for order in simulator.orders].count(PAPA[1:]) == 1


@pytest.mark.parametrize(
    "listed",
    [{}, {"check_seconds": False}, {"odd_row": OddRow.NO_DATE}],
    ids=["same second", "same minute", "beside an odd row"],
)
@pytest.mark.parametrize("known", [2, 3, 4])
async def test_ids_that_only_seem_to_grow(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, listed: dict[str, Any], known: int
) -> None:
    """A smaller id that came in the same moment as greater ones is not older."""
    await add_account(hass, simulator)
    for option, value in listed.items():
        setattr(simulator.options, option, value)
    simulator.preset_ids = [*range(500, 500 + known), 77]
    for number in range(known):
        await act(hass, "send_sms", phones=[MAMA], message=f"Раз {number}")
    simulator.fault("reset", when="after", command="send")
    found = await result(clock, alarm(hass, PAPA))
    once(simulator, *[MAMA] * known, PAPA)
    assert found[PAPA]["message_id"] == "77"


@pytest.mark.parametrize("known", [2, 4])
async def test_ids_without_times(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, known: int
) -> None:
    """Where the list has no times, a few ids that grew do not make a smaller one older."""
    await add_account(hass, simulator)
    simulator.options.figures = {"created": "0000-00-00 00:00:00"}
    simulator.preset_ids = [*range(500, 500 + known), 77]
    for number in range(known):
        await act(hass, "send_sms", phones=[MAMA], message=f"Раз {number}")
    simulator.fault("reset", when="after", command="send")
    await result(clock, alarm(hass, PAPA))
    once(simulator, *[MAMA] * known, PAPA)


async def test_call_of_the_same_text(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """A call's row is not taken for an SMS that never went out."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    calling = act(hass, "call", phones=[PAPA], message=TEXT)
    lost = simulator.fault("hang", when="after", command="send")
    call = hass.async_create_background_task(calling, "test")
    await clock.settle()
    simulator.fault("reset", when="before", command="send")
    rows = await result(clock, alarm(hass, PAPA))
    lost.release()
    await call
    kinds = sorted(order.kind for order in simulator.orders)
    assert kinds == ["sms", "voice"]
    sms = next(order for order in simulator.orders if order.kind == "sms")
    assert rows[PAPA]["message_id"] == str(sms.server_id)
    await settled(clock, simulator, captured)
    assert sorted(captured.of("kind")) == ["sms", "voice"]


@pytest.mark.parametrize("senders", list(PseudoSenders))
async def test_call_and_text_both_lost(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, senders: PseudoSenders
) -> None:
    """Whatever sender the list shows of a call, an SMS that is not there does not count as sent."""
    await add_account(hass, simulator)
    simulator.options.pseudo_senders = senders
    lost = [simulator.fault("hang", when=when, command="send") for when in ("after", "before")]
    call = hass.async_create_background_task(act(hass, "call", phones=[PAPA], message=TEXT), "test")
    await clock.settle()
    found = await result(clock, alarm(hass, PAPA), step=61)
    assert [order.kind for order in simulator.orders] == ["voice"]
    assert found == "outcome_unknown"
    for one in lost:
        one.release()
    call.cancel()


async def test_number_twice_in_the_response(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """Accepted, and refused as a double of itself: accepted."""
    await add_account(hass, simulator)
    simulator.options.refused_again = True
    rows = await result(clock, alarm(hass, PAPA))
    once(simulator, PAPA)
    assert rows[PAPA]["message_id"] == ids(simulator)[PAPA]


@pytest.mark.parametrize("numbers", list(Numbers))
@pytest.mark.parametrize("lost", [False, True])
async def test_number_written_otherwise(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, numbers: Numbers, *, lost: bool
) -> None:
    """A number that the API writes as it is dialled at home is ours."""
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.options.numbers = numbers
    if lost:
        simulator.fault("reset", when="after", command="send")
    rows = await result(clock, alarm(hass, PAPA, MAMA))
    once(simulator, PAPA, MAMA)
    assert {phone: row["message_id"] for phone, row in rows.items()} == ids(simulator)
    await settled(clock, simulator, captured)
    assert sorted(captured.of("phone")) == sorted([PAPA, MAMA])


@pytest.mark.parametrize(
    "listed",
    [
        {"check_limit": 2, "check_kept": Kept.OLDEST},
        {"check_lag": timedelta(minutes=11)},
    ],
    ids=["cut off at its oldest", "minutes behind"],
)
async def test_list_that_shows_older_ones(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, listed: dict[str, Any]
) -> None:
    """A list that lacks what we know to be in it proves nothing, whatever older ones it shows."""
    await add_account(hass, simulator)
    for number in range(3):
        await act(hass, "send_sms", phones=[MAMA], message=f"Протечка {number}")
        await clock.advance(900 if number < 2 else 60)
    for option, value in listed.items():
        setattr(simulator.options, option, value)
    simulator.fault("reset", when="after", command="send")
    assert await result(clock, alarm(hass, PAPA)) == "outcome_unknown"
    assert [order.phone for order in simulator.orders].count(PAPA[1:]) == 1


async def test_list_that_lags(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A list that does not show what was accepted a moment ago proves no absence."""
    await add_account(hass, simulator)
    simulator.options.check_lag = timedelta(minutes=11)
    await act(hass, "send_sms", phones=[MAMA], message="Раз")
    await act(hass, "send_sms", phones=[MAMA], message="Два")
    simulator.fault("reset", when="after", command="send")
    assert await result(clock, alarm(hass, PAPA)) == "outcome_unknown"
    assert [order.phone for order in simulator.orders].count(PAPA[1:]) == 1


@pytest.mark.parametrize("price", [LatePrice.ZERO, LatePrice.EMPTY])
async def test_price_that_comes_later(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, price: LatePrice
) -> None:
    """It is spent once, when its price comes."""
    await add_account(hass, simulator)
    simulator.options.late_price = price
    await alarm(hass, PAPA)
    await simulator.deliver(simulator.orders[0].server_id)
    for _ in range(4):
        await clock.advance(31)
    spent = float(state_of(hass, "sensor.smspilot_5671_spent_today").state)
    assert spent == float(simulator.orders[0].price)


LOST = st.sampled_from(
    [
        ("reset", {"when": "after"}),
        ("reset", {"when": "before"}),
        ("http_500", {"when": "after"}),
        ("truncated", {"when": "after"}),
        ("html", {"when": "before"}),
        ("hang", {"when": "after"}),
        ("http_504_html", {"when": "late", "delay": 60, "late": 30}),
        ("http_502_html", {"when": "late", "late": 30}),
        ("reset", {"when": "late", "late": 40}),
    ]
)
WORLD = st.fixed_dictionaries(
    {
        "stored": st.sampled_from(list(Stored)),
        "numbers": st.sampled_from(list(Numbers)),
        "listed_numbers": st.sampled_from(list(ListedNumbers)),
        "odd_row": st.sampled_from([None, OddRow.NULL, OddRow.NO_ID, OddRow.EMPTY_NUMBER]),
        "server_ids": st.sampled_from(list(Ids)),
        "pseudo_senders": st.sampled_from(list(PseudoSenders)),
        "check_shows_result": st.booleans(),
        "refused_again": st.booleans(),
        "rows_twice": st.booleans(),
        "shuffle": st.booleans(),
        "check_seconds": st.booleans(),
        "zone": st.sampled_from([timedelta(0), timedelta(hours=3), timedelta(hours=7)]),
        "refused_list_sends_good": st.booleans(),
        "equal_counts_refused": st.booleans(),
    }
)
SENDS = st.lists(
    st.tuples(
        st.sampled_from(["sms", "two_way", "call", "check"]),
        st.sampled_from([(PAPA,), (PAPA, MAMA), (MAMA, BABA), (PAPA, MAMA, BABA)]),
        st.sampled_from([TEXT, FANCY, f"{TEXT} 💧"]),
        st.one_of(st.none(), LOST),
    ),
    min_size=1,
    max_size=3,
)


async def test_row_beside_a_doubt_of_another_kind(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """What is in doubt takes no row from a send that is still being reconciled."""
    simulator.options.pseudo_senders = PseudoSenders.DEFAULT
    await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 0, CONF_RATE_LIMIT: 0})
    simulator.fault("hang", command="send")
    question = act(hass, "send_sms", phones=[PAPA], message=TEXT, two_way=True)
    assert await result(clock, question) == "outcome_unknown"
    simulator.faults.clear()
    # Nothing of it went out; it is reconciled a minute later, during the next send.
    await clock.advance(45)
    simulator.fault("http_500", when="after", command="send")
    await result(clock, act(hass, "send_sms", phones=[PAPA], message=TEXT))
    assert len(simulator.orders) == 1


@settings(max_examples=10)
@given(world=WORLD, sends=SENDS, guard=st.booleans(), at_once=st.booleans())
async def test_never_twice(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    world: dict[str, Any],
    sends: list[tuple[str, tuple[str, ...], str, tuple[str, dict[str, Any]] | None]],
    *,
    guard: bool,
    at_once: bool,
) -> None:
    """In every world, each message reaches each number once at most, and the response is true."""
    if not hass.config_entries.async_entries(DOMAIN):
        await add_account(hass, simulator, options={CONF_DAILY_LIMIT: 0, CONF_RATE_LIMIT: 0})
    simulator.account.balance = Decimal(100_000)
    simulator.account.duplicate_guard = guard
    simulator.faults.clear()
    # By the service's clock all of it may happen in one moment.
    clock.service = None if at_once else simulator
    for name, value in world.items():
        setattr(simulator.options, name, value)
    for kind, phones, text, fault in sends:
        before = len(simulator.orders)
        if fault:
            simulator.fault(fault[0], command="send", **fault[1])
        fields: dict[str, Any] = {"phones": list(phones), "message": text}
        match kind:
            case "call":
                work = act(hass, "call", **fields)
            case "check":
                work = act(hass, "check_number", phones=list(phones), wait=0)
            case _:
                work = act(hass, "send_sms", **fields, two_way=kind == "two_way")
        rows = await result(clock, work)
        simulator.faults.clear()
        for _ in range(5):
            await clock.advance(10)
        reached = [f"+{order.phone}" for order in simulator.orders[before:]]
        assert len(reached) == len(set(reached))
        if isinstance(rows, dict):
            for phone, row in rows.items():
                # Shown as sent: it was. Shown as refused: it was not. In doubt: either.
                if row["status"] is not None:
                    assert (phone in reached) is (row["status"] != "failed"), row
