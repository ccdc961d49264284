"""What was sent, what came of it and what people answered, to administrators, while they look."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.smspilot.client.api import PAGE
from custom_components.smspilot.const import CONF_CHANNEL

from .common import MAMA, PAPA, Clock, act, add_account, person, rename, write
from .simulator.model import Inbound, Kind, Message, Status
from .simulator.simulator import Simulator

BABA = "+79135550001"
PEOPLE = (person("Papa", PAPA), person("Mama", MAMA, **{CONF_CHANNEL: "two_way"}))


class Looker:
    """Somebody who looks at the card."""

    def __init__(self, client: MockHAClientWebSocket, clock: Clock) -> None:
        self.client, self._clock = client, clock
        self.conversations: dict[str, dict[str, Any]] = {}
        self.problem: bool | None = None
        self.loading: bool | None = None
        self.closed = False
        self.told: list[dict[str, Any]] = []

    async def ask(self, kind: str, **more: Any) -> dict[str, Any]:
        """Send a command, and return its answer; what a subscription tells is taken on the way."""
        await self.client.send_json_auto_id({"type": f"smspilot/conversations/{kind}"} | more)
        await self._clock.settle()
        while (answer := await self.client.receive_json())["type"] != "result":
            self._hear(answer["event"])
        return dict(answer)

    async def look(self, **more: Any) -> None:
        """Subscribe, and wait until everything was read."""
        answer = await self.ask("subscribe", **more)
        assert answer["success"], answer
        await self.hear()

    async def hear(self) -> None:
        """Take whatever has been told."""
        await self._clock.settle()
        await self.client.send_json_auto_id({"type": "ping"})
        while (answer := await self.client.receive_json())["type"] != "pong":
            self._hear(answer["event"])

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

    def _hear(self, event: dict[str, Any]) -> None:
        self.closed = self.closed or event.get("closed", False)
        if "account" in event:
            self.conversations.clear()
            self.problem, self.loading = event["problem"], event["loading"]
        self.conversations |= {one["id"]: one for one in event.get("conversations", ())}
        self.told += event.get("messages", ())


@pytest.fixture
def looks(hass_ws_client: WebSocketGenerator, hass: HomeAssistant, clock: Clock) -> Any:
    """Return what makes somebody who looks."""

    async def make(**more: Any) -> Looker:
        looker = Looker(await hass_ws_client(hass), clock)
        await looker.look(**more)
        return looker

    return make


def asked(sim: Simulator) -> list[str]:
    """Return what the conversations asked of the lists, and forget it."""
    lists = ("all", "recent")
    found = [
        f"{request.command} {value}"
        for request in sim.requests
        if request.command in ("check", "inbound")
        # Deliveries are followed by id, and the inbox reads its own window.
        if (value := request.params[request.command]) in lists or request.params.get("mine")
    ]
    sim.requests.clear()
    return found


def store(sim: Simulator, phone: str, text: str, at: datetime, **more: Any) -> Message:
    """Have the service know a message that was sent long ago."""
    server_id = sim.new_server_id()
    values: dict[str, Any] = {
        "kind": Kind.SMS,
        "sender": "INFORM",
        "status": Status.DELIVERED,
        "price": Decimal("1.31"),
    }
    message = Message(
        server_id=server_id,
        packet_id=server_id,
        account=sim.account.id,
        phone=phone[1:],
        text=text,
        sender_orig="",
        parts=1,
        error=0,
        created=at,
        modified=at,
        **(values | more),
    )
    sim.store(message)
    return message


def heard(sim: Simulator, phone: str, text: str, at: datetime, **more: Any) -> Inbound:
    """Have the service know what somebody wrote long ago."""
    values = {"num": "79021121075", "raw": text, "text": text}
    message = Inbound(
        id=sim.new_inbound_id(), account=sim.account.id, phone=phone[1:], created=at, **values
    )
    sim.keep_inbound(message)
    return message


NOW = datetime.now(UTC).replace(microsecond=0)


def ago(**more: float) -> datetime:
    return NOW - timedelta(**more)
