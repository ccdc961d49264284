"""What was sent and what recipients answered, shown to administrators with an open card."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.smspilot.client import Kind as ApiKind
from custom_components.smspilot.client.api import PAGE
from custom_components.smspilot.const import CONF_CHANNEL, CONF_INBOUND_INTERVAL, CONF_PIN
from custom_components.smspilot.conversations import history
from custom_components.smspilot.conversations.lines import Line

from .common import MAMA, PAPA, Clock, act, add_account, person, rename, serve_webhook, write
from .simulator.choices import (
    DateHeader,
    Ids,
    LatePrice,
    Numbers,
    OddRow,
    PseudoSenders,
    Stored,
)
from .simulator.model import Inbound, Kind, Message, Status
from .simulator.simulator import Simulator

BABA = "+79135550001"
PEOPLE = (person("Papa", PAPA), person("Mama", MAMA, **{CONF_CHANNEL: "two_way"}))
# Nothing but the conversations reads the inbound list.
PUSHES_ONLY = {CONF_INBOUND_INTERVAL: 0}


SUBSCRIBE, MESSAGES = "smspilot/conversations/subscribe", "smspilot/conversations/messages"


class Card:
    """A card that shows the conversations."""

    def __init__(self, client: MockHAClientWebSocket, clock: Clock) -> None:
        self.client, self._clock = client, clock
        self.conversations: dict[str, dict[str, Any]] = {}
        self.problems: list[bool] = []
        self.loading: bool | None = None
        self.saw_closed = 0
        self.changes: list[dict[str, Any]] = []

    async def ask(self, kind: str, **more: Any) -> dict[str, Any]:
        """Send a command, and return its response; events that come meanwhile are kept."""
        await self.client.send_json_auto_id({"type": f"smspilot/conversations/{kind}"} | more)
        await self._clock.settle()
        while (answer := await self.client.receive_json())["type"] != "result":
            self._take_event(answer["event"])
        return dict(answer)

    async def subscribe(self, **more: Any) -> None:
        """Subscribe, and wait until everything was read."""
        answer = await self.ask("subscribe", **more)
        assert answer["success"], answer
        await self.read_events()

    async def read_events(self) -> None:
        """Read the events of the subscription that have come."""
        await self._clock.settle()
        await self.client.send_json_auto_id({"type": "ping"})
        while (answer := await self.client.receive_json())["type"] != "pong":
            self._take_event(answer["event"])

    async def messages(self, conversation: str, **more: Any) -> dict[str, Any]:
        """Return a page of a conversation."""
        answer = await self.ask("messages", conversation=conversation, **more)
        assert answer["success"], answer
        page: dict[str, Any] = answer["result"]
        return page

    def named(self, name: str) -> dict[str, Any]:
        """Return the conversation of that name."""
        (found,) = (one for one in self.conversations.values() if one["name"] == name)
        return found

    async def texts(self, name: str, **more: Any) -> list[Any]:
        """Return the texts of a page."""
        page = await self.messages(self.named(name)["id"], **more)
        return [row["text"] for row in page["messages"]]

    def _take_event(self, event: dict[str, Any]) -> None:
        self.saw_closed += event.get("closed", False)
        if "account" in event:
            self.conversations.clear()
            self.problems.append(event["problem"])
            self.loading = event["loading"]
        self.conversations |= {one["id"]: one for one in event.get("conversations", ())}
        self.changes += event.get("messages", ())


type OpenCard = Callable[..., Awaitable[Card]]


@pytest.fixture
def open_card(hass_ws_client: WebSocketGenerator, hass: HomeAssistant, clock: Clock) -> OpenCard:
    """Return a function that opens a card."""

    async def make(**more: Any) -> Card:
        card = Card(await hass_ws_client(hass), clock)
        await card.subscribe(**more)
        return card

    return make


def requested(sim: Simulator) -> list[str]:
    """Return the requests for the lists, and forget them; a delivery is followed by its id."""
    found = [f"{each.command} {each.params.get(each.command)}" for each in sim.requests]
    sim.requests.clear()
    lists = ("check all", "check recent", "inbound")
    return [re.sub(r"\d{10}", "since", each) for each in found if each.startswith(lists)]


def store(sim: Simulator, phone: str, text: str, at: datetime, **more: Any) -> Message:
    """Have the service know a message that was sent long ago."""
    server_id = sim.new_server_id()
    values: dict[str, Any] = {
        "kind": Kind.SMS,
        "sender": "INFORM",
        "status": Status.DELIVERED,
        "price": Decimal("1.31"),
        "error": 0,
    }
    message = Message(
        server_id=server_id,
        packet_id=server_id,
        account=sim.account.id,
        phone=phone[1:],
        text=text,
        sender_orig="",
        parts=1,
        created=at,
        modified=at,
        **(values | more),
    )
    sim.store(message)
    return message


def listed(sim: Simulator, phone: str, text: str, at: datetime) -> None:
    """Have the service know an inbound message from long ago."""
    message_id = sim.new_inbound_id()
    sim.keep_inbound(
        Inbound(
            id=message_id,
            account=sim.account.id,
            phone=phone.removeprefix("+"),
            num="79021121075",
            raw=text,
            text=text,
            created=at,
        )
    )


NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**more: float) -> datetime:
    return NOW - timedelta(**more)


async def test_reads(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, open_card: OpenCard
) -> None:
    """Without a card nothing is read; with any number of cards each list once a minute."""
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    await clock.advance(600)
    assert requested(simulator) == []

    first = await open_card()
    assert requested(simulator) == ["check all", "inbound all"]
    second = await open_card()
    for _ in range(20):
        await second.messages(second.named("Papa")["id"])
    await clock.advance(30)
    assert requested(simulator) == []
    await clock.advance(30)
    assert requested(simulator) == ["check recent", "inbound since"]

    await first.client.close()
    await second.client.close()
    await clock.advance(45)
    third = await open_card()
    assert requested(simulator) == []
    await clock.advance(15)
    assert requested(simulator) == ["check recent", "inbound since"]
    await third.client.close()
    await clock.advance(86_400)
    assert requested(simulator) == []
    await open_card()
    assert requested(simulator) == ["check all", "inbound all"]


async def test_what_is_shown(
    hass: HomeAssistant, simulator: Simulator, open_card: OpenCard
) -> None:
    """Both ways in order, each with its kind, price, status and reason."""
    people = (person("Papa", PAPA, **{CONF_PIN: "4711"}), PEOPLE[1])
    await add_account(hass, simulator, people=people, options=PUSHES_ONLY)
    store(simulator, PAPA, "Leak!", ago(hours=9), status=Status.UNDELIVERED, error=602)
    store(simulator, PAPA, "Leak!", ago(hours=8), kind=Kind.VOICE, sender="GOLOS")
    store(simulator, PAPA, "4821", ago(hours=7), kind=Kind.FLASH_CALL, sender="FLASHCALL")
    store(simulator, PAPA, "4822", ago(hours=6))
    # Where the list shows a check's result instead, only one of ours is known as a check.
    simulator.options.check_shows_result = False
    store(simulator, PAPA, "HLR", ago(hours=5), kind=Kind.HLR, price=Decimal("0.15"))
    store(simulator, PAPA, "Heat?", ago(hours=4), kind=Kind.TWO_WAY, sender="2WAY")
    listed(simulator, PAPA, "4711 gate", ago(hours=3, minutes=30))
    listed(simulator, PAPA, "yes", ago(hours=3))
    listed(simulator, PAPA, "and hurry", ago(hours=2))
    card = await open_card()
    rows = (await card.messages(card.named("Papa")["id"]))["messages"]

    def column(name: str) -> list[Any]:
        return [row[name] for row in rows]

    assert column("text") == [
        "Leak!", "Leak!", "••••", "••••", None, "Heat?", "gate", "yes", "and hurry"
    ]  # fmt: skip
    assert column("kind") == [
        None, "voice", "flash_call", None, "hlr", "two_way", None, None, None
    ]  # fmt: skip
    assert column("direction") == ["out"] * 6 + ["in"] * 3
    assert column("status")[:6] == [
        "undelivered", "delivered", "delivered", "delivered", "in_service", "delivered"
    ]  # fmt: skip
    assert column("price")[3:6] == [1.31, 0.15, 1.31]
    assert rows[0]["error"] == {
        "code": 602,
        "en": "Destination unreachable",
        "ru": "Абонент недоступен",
    }
    assert column("reply_to") == [None] * 7 + [{"id": rows[5]["id"], "text": "Heat?"}, None]
    assert column("time") == sorted(column("time"))
    assert card.named("Papa")["last"] == rows[-1]


async def test_as_it_happens(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    open_card: OpenCard,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """What is sent, its status, and the answer are shown at once, without a read."""
    for name in ("websocket_api", "repairs"):
        assert await async_setup_component(hass, name, {})
    await serve_webhook(hass, hass_client_no_auth)
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    card = await open_card()
    requested(simulator)
    sent = await act(hass, "send_sms", phones=["Mama"], message="Heat?", two_way=True)
    message_id = sent["messages"][0]["message_id"]
    await card.read_events()
    (shown,) = card.changes
    assert (shown["id"], shown["text"], shown["kind"]) == (f"out:{message_id}", "Heat?", "two_way")
    assert (shown["status"], shown["price"]) == ("accepted", 3.13)

    await simulator.deliver(message_id)
    await simulator.flush_pushes()
    await clock.settle()
    await card.read_events()
    assert card.changes[-1]["status"] == "delivered"

    await write(simulator, MAMA, "Yes!")
    await clock.advance(1)
    await card.read_events()
    assert card.changes[-1]["text"] == "Yes!"
    assert card.changes[-1]["reply_to"] == {"id": shown["id"], "text": "Heat?"}
    assert card.named("Mama")["last"] == card.changes[-1]
    # The push of what she wrote woke the inbox.
    assert [each for each in requested(simulator) if "check" in each] == []

    await clock.advance(60)
    await card.read_events()
    assert await card.texts("Mama") == ["Heat?", "Yes!"]


async def test_codes_are_nowhere(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, open_card: OpenCard
) -> None:
    """Neither while it is sent nor when the list shows it."""
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    card = await open_card()
    await act(hass, "flash_call", phones=["Papa"], code="4821")
    await act(hass, "check_number", phones=["Papa"], wait=0)
    await card.read_events()
    assert [row["text"] for row in card.changes] == ["••••", None]
    await clock.advance(60)
    assert await card.texts("Papa") == ["••••", None]


async def test_strangers(hass: HomeAssistant, simulator: Simulator, open_card: OpenCard) -> None:
    """A number that is not saved is a stranger's, and a sender's word cannot be texted."""
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    listed(simulator, "Sberbank", "Code 1234", ago(hours=1))
    listed(simulator, BABA, "Hello", ago(hours=2))
    card = await open_card()
    found = {
        one["name"]: (one["recipient"], one["writable"]) for one in card.conversations.values()
    }
    assert found == {
        "Papa": (True, True),
        "Mama": (True, True),
        "Sberbank": (False, False),
        BABA: (False, True),
    }
    assert await card.texts(BABA) == ["Hello"]


async def test_a_name_changes(
    hass: HomeAssistant,
    simulator: Simulator,
    open_card: OpenCard,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Recipients that are added, removed or changed are shown too."""
    assert await async_setup_component(hass, "config", {})
    entry = await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    card = await open_card()
    await rename(hass, hass_ws_client, entry, "Papa", "Father")
    await card.read_events()
    assert {one["name"] for one in card.conversations.values()} == {"Father", "Mama"}


async def test_administrators_only(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    """Users who are no administrators get an error."""
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    client = await hass_ws_client(hass, hass_read_only_access_token)
    for command in ({"type": SUBSCRIBE}, {"type": MESSAGES, "conversation": PAPA}):
        await client.send_json_auto_id(command)
        answer = await client.receive_json()
        assert not answer["success"]
        assert answer["error"]["code"] == "unauthorized"
    assert requested(simulator) == []


async def test_no_account(
    hass: HomeAssistant,
    simulator: Simulator,
    open_card: OpenCard,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """An account that is not there is said; one that goes closes the card."""
    entry = await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    card = await open_card(config_entry_id=entry.entry_id)
    answer = await card.ask("messages", conversation=PAPA, config_entry_id="another")
    assert answer["error"]["code"] == "not_found"
    await hass.config_entries.async_remove(entry.entry_id)
    await card.read_events()
    assert card.saw_closed == 1
    answer = await card.ask("subscribe")
    assert answer["error"]["code"] == "not_found"


async def test_service_away(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, open_card: OpenCard
) -> None:
    """A list that cannot be read is said, and costs the other nothing."""
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    listed(simulator, PAPA, "Hello", ago(hours=1))
    simulator.fault("reset", command="check")
    card = await open_card()
    assert card.problems == [False, True]
    assert await card.texts("Papa") == ["Hello"]
    store(simulator, PAPA, "Leak!", ago(minutes=1))
    await clock.advance(60)
    await card.read_events()
    assert card.problems == [False, True, False]
    assert await card.texts("Papa") == ["Hello", "Leak!"]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("shuffle", [False, True])
async def test_older_pages(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    open_card: OpenCard,
    newest_first: bool,
    shuffle: bool,
) -> None:
    """Scrolling up shows everything once, in whatever order the service lists it."""
    simulator.options.check_newest_first, simulator.options.shuffle = newest_first, shuffle
    count = 2 * PAGE + 5
    every = [f"n{number}" for number in range(count)]
    for number in range(count):
        store(simulator, PAPA, f"n{number}", ago(minutes=10 * (count - number)))
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    card = await open_card()
    assert len(requested(simulator)) <= 3
    papa, texts, order = card.named("Papa")["id"], list[str](), None
    page = await card.messages(papa, limit=500)
    if not shuffle:
        assert [row["text"] for row in page["messages"]] == every[-500:]
        assert len(requested(simulator)) == 0 if newest_first else 16
    seen: set[str] = set()
    while page["messages"] or page["more"]:
        seen |= {row["text"] for row in page["messages"]}
        texts = [row["text"] for row in page["messages"]] + texts
        if page["messages"]:
            order = page["messages"][0]["order"]
        before = {"before": order} if order else {}
        page = await card.messages(papa, limit=500, **before)
    assert len(texts) == len(seen)
    if not shuffle:
        assert texts == every
    page = await card.messages(papa, limit=500)
    assert len(page["messages"]) == 500


WORLDS: tuple[dict[str, Any], ...] = (
    {},
    {"zone": timedelta(hours=3)},
    {"zone": timedelta(hours=-5)},
    {"check_seconds": False, "inbound_seconds": False},
    {"shuffle": True, "inbound_shuffle": True, "newest_first": False},
    {"lone_object": True, "lone_inbound": True},
    {"json_numbers": True, "rows_twice": True},
    {"odd_row": OddRow.NULLS},
    {"odd_row": OddRow.ODD_DATE},
    {"odd_row": OddRow.STRING},
    {"stored": Stored.HTML_ESCAPED},
    {"stored": Stored.CUT_AT_EMOJI},
    {"numbers": Numbers.EIGHT, "inbound_numbers": Numbers.EIGHT},
    {"numbers": Numbers.SPACED, "inbound_numbers": Numbers.PLUS},
    {"server_ids": Ids.FALLING, "inbound_ids": Ids.RANDOM},
    {"pseudo_senders": PseudoSenders.NUMBER},
    {"list_keeps_prefix": True},
    {"date_header": DateHeader.MISSING},
    {"figures": {"price": "{} RUB"}},
    {"late_price": LatePrice.EMPTY},
)


@pytest.mark.parametrize("world", WORLDS, ids=str)
async def test_every_world(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    open_card: OpenCard,
    hass_client_no_auth: ClientSessionGenerator,
    world: dict[str, Any],
) -> None:
    """Whatever the document leaves open: our words as we sent them, once, before their answer."""
    for name, value in world.items():
        setattr(simulator.options, name, value)
    for name in ("websocket_api", "repairs"):
        assert await async_setup_component(hass, name, {})
    await serve_webhook(hass, hass_client_no_auth)
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    await open_card()
    text = "Heat the sauna? 🔥 & «tea», ёлки"
    sent = await act(hass, "send_sms", phones=["Mama"], message=text, two_way=True)
    await clock.advance(60)
    await simulator.deliver(sent["messages"][0]["message_id"])
    await write(simulator, MAMA, "5671 Yes!" if world.get("list_keeps_prefix") else "Yes!")
    await clock.advance(61)
    for _ in range(2):
        # A connection does not outlive a minute that is over in a moment.
        card = await open_card()
        rows = (await card.messages(card.named("Mama")["id"]))["messages"]
        assert [(row["direction"], row["text"], row["status"]) for row in rows] == [
            ("out", text, "delivered"),
            ("in", "Yes!", None),
        ]
        assert rows[0]["kind"] == "two_way"
        assert rows[1]["reply_to"] == {"id": rows[0]["id"], "text": text}
        now = datetime.now(UTC)
        ages = [now - datetime.fromisoformat(row["time"]) for row in rows]
        # No more than the clocks of a test are apart.
        assert all(abs(age) < timedelta(minutes=5) for age in ages)
        assert card.named("Mama")["last"] == rows[1]
        assert {one["name"] for one in card.conversations.values()} == {"Papa", "Mama"}
        await clock.advance(60)


async def test_no_more_than_fits(
    hass: HomeAssistant,
    simulator: Simulator,
    clock: Clock,
    open_card: OpenCard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However much there is, only so much of it is kept, the newest; and nothing on the disk."""
    monkeypatch.setattr(history, "MAX_LINES", 50)
    await add_account(hass, simulator, people=PEOPLE, options=PUSHES_ONLY)
    for number in range(200):
        store(simulator, PAPA, f"n{number}", ago(minutes=200 - number))
    await clock.advance(1)
    disk = {path: path.read_bytes() for path in Path(hass.config.config_dir).rglob("smspilot*")}
    card = await open_card()
    page = await card.messages(card.named("Papa")["id"], limit=500)
    assert [row["text"] for row in page["messages"]] == [f"n{number}" for number in range(150, 200)]
    assert not page["more"]
    await clock.advance(600)
    found = {path: path.read_bytes() for path in Path(hass.config.config_dir).rglob("smspilot*")}
    assert found == disk
    assert all(b"n199" not in content for content in found.values())


@given(st.data())
def test_answers(data: st.DataObject) -> None:
    """Each answer has one question at most, an earlier one of 72 hours, and each question one."""
    known = history.History()
    steps = data.draw(st.lists(st.tuples(st.booleans(), st.integers(0, 5000)), max_size=30))
    for number, (is_question, minutes) in enumerate(steps):
        known.add(
            Line(
                message_id=str(number),
                is_outbound=is_question,
                phone=PAPA,
                text=f"n{number}",
                at=NOW + timedelta(minutes=minutes),
                kind=ApiKind.TWO_WAY if is_question else None,
            )
        )
    rows = known.of([PAPA])
    assert len(rows) == len(steps)
    assert [row["order"] for row in rows] == sorted(row["order"] for row in rows)
    place = {row["id"]: index for index, row in enumerate(rows)}
    tied = [(row["reply_to"]["id"], row["id"]) for row in rows if row["reply_to"]]
    assert len({question for question, _ in tied}) == len(tied)
    for question, answer in tied:
        sent_at = datetime.fromisoformat(rows[place[question]]["time"])
        answered_at = datetime.fromisoformat(rows[place[answer]]["time"])
        assert timedelta(0) <= answered_at - sent_at <= timedelta(hours=72)
        # It is the newest that was open: those after it were answered before, or are too.
        between = rows[place[question] + 1 : place[answer]]
        newer = [row["id"] for row in between if row["direction"] == "out"]
        assert {*newer} <= {one for one, other in tied if place[other] < place[answer]}
