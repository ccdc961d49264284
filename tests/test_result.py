"""What a send result says: words, figures, errors; what is unknown is null."""

from datetime import UTC, datetime
from decimal import Decimal
import json

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.client import Kind, Problem, Status
from custom_components.smspilot.outbound.result import (
    MAX_NAMED,
    STATUS_WORDS,
    Row,
    error_fields,
    reasons,
    status_fields,
)

from .common import MAMA, PAPA, add_account, person
from .sending import alarm
from .simulator.simulator import Simulator

MOMENT = datetime(2026, 11, 23, 10, tzinfo=UTC)
ROW = Row(
    phone=PAPA,
    kind=Kind.TWO_WAY,
    recipient_id="someone",
    message_id="7",
    packet_id="6",
    status=Status.SENT,
    price=Decimal("3.13"),
    sent_at=MOMENT,
    due_at=MOMENT,
)

# The contract's table.
TABLE = [
    (-2, "failed", "failed", "failed", True),
    (-1, "undelivered", "not_in_service", "offline", True),
    (0, "accepted", "accepted", "accepted", False),
    (1, "sent", "sent", "sent", False),
    (2, "delivered", "in_service", "online", True),
    (3, "scheduled", "scheduled", "scheduled", False),
]


@pytest.mark.parametrize(("code", "message", "hlr", "ping", "final"), TABLE)
def test_words(code: int, message: str, hlr: str, ping: str, final: bool) -> None:
    """Each kind has its words."""
    words = dict.fromkeys(Kind, message) | {
        Kind.HLR: hlr,
        Kind.HLRVIP: hlr,
        Kind.PING: ping,
    }
    for kind, word in words.items():
        expected = {"status": word, "status_code": code, "final": final}
        assert status_fields(Status(code), kind) == expected
        assert word in STATUS_WORDS
    assert status_fields(Status(code), None)["status"] == message


@pytest.mark.parametrize(
    ("english", "russian", "language", "shown"),
    [
        ("Rejected", "Отклонено", "en", "Rejected"),
        ("Rejected", "Отклонено", "ru", "Отклонено"),
        ("Rejected", "", "ru", "Rejected"),
        ("", "Отклонено", "de", "Отклонено"),
    ],
)
def test_error(english: str, russian: str, language: str, shown: str) -> None:
    """The service's words in the language, else in the other one."""
    problem = Problem(code=603, description=english, description_ru=russian)
    assert error_fields(problem, language) == {"code": 603, "description": shown}
    assert error_fields(None, language) is None


def test_stored() -> None:
    """What waits over a restart comes back as it was."""
    stored = json.loads(json.dumps(ROW.as_stored()))
    assert Row.from_stored("7", stored) == ROW


async def test_reasons(hass: HomeAssistant, simulator: Simulator) -> None:
    """Whose and why, each reason once, people by name, bare numbers masked, not too many."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    why = Problem(code=212, description="Phone in black list", description_ru="")
    rows = [Row(phone=phone, kind=Kind.SMS, error=why) for phone in (PAPA, PAPA, MAMA)]
    rows.append(
        Row(
            phone="чушь",
            kind=Kind.SMS,
            named=True,
            error=Problem(code=None, description="No. 4 is no number", description_ru=""),
        )
    )
    rows.append(Row(phone=MAMA, kind=Kind.SMS))
    assert reasons(entry, rows, "en") == (
        "Папа, +7916•••1212: Phone in black list; No. 4 is no number; +7916•••1212: failed"
    )
    many = [Row(phone=f"+790800{n:05}", kind=Kind.SMS, error=why) for n in range(100)]
    assert reasons(entry, many, "en").count("•••") == MAX_NAMED


async def test_response_is_json(hass: HomeAssistant, simulator: Simulator) -> None:
    """Numbers are numbers, ids are text: a response goes through JSON unchanged."""
    await add_account(hass, simulator)
    response = await alarm(hass, PAPA, MAMA, "+79999999999", "чушь")
    assert json.loads(json.dumps(response)) == response
    for row in response["messages"]:
        assert row["message_id"] is None or isinstance(row["message_id"], str)
        assert row["price"] is None or isinstance(row["price"], float)


async def test_response_without_packet(hass: HomeAssistant, simulator: Simulator) -> None:
    """Older answers name no packet, cost or balance: null, and the rows' prices are spent."""
    await add_account(hass, simulator)
    simulator.options.omit = ["server_packet_id", "cost", "balance"]
    response = await alarm(hass, PAPA)
    assert response["packet_id"] is None
    assert response["messages"][0]["packet_id"] is None
    assert response["balance"] is None
    assert response["cost"] == 1.31
    state = hass.states.get("sensor.smspilot_5671_spent_today")
    assert state is not None
    assert float(state.state) == 1.31


async def test_cost_is_not_the_sum(hass: HomeAssistant, simulator: Simulator) -> None:
    """What the service charges is spent, whatever its rows add up to."""
    await add_account(hass, simulator)
    simulator.options.cost_extra = Decimal("0.40")
    response = await alarm(hass, PAPA)
    assert response["cost"] == 1.71
    await hass.async_block_till_done()
    state = hass.states.get("sensor.smspilot_5671_spent_today")
    assert state is not None
    assert float(state.state) == 1.71


@pytest.mark.parametrize("option", ["lone_object", "shuffle"])
async def test_forms_of_an_answer(hass: HomeAssistant, simulator: Simulator, option: str) -> None:
    """A lone object for a list, and rows in another order, are the same response."""
    await add_account(hass, simulator)
    setattr(simulator.options, option, True)
    phones = [PAPA] if option == "lone_object" else [PAPA, MAMA, "+79080000001"]
    response = await alarm(hass, *phones)
    assert [row["phone"] for row in response["messages"]] == phones
    sent = {row["phone"]: row["message_id"] for row in response["messages"]}
    assert sent == {f"+{order.phone}": str(order.server_id) for order in simulator.orders}
