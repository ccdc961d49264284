"""The service and its subscribers: what becomes of messages, who writes, what is pushed."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.simulator.choices import Pushes
from tests.simulator.model import FINAL, SERVICE_NUMBER, Blocked, Order, Status
from tests.simulator.otherwise import given_id

from .base import FIGURES, PHONES, TURNS, Base

BANK: Final = "Sberbank"
FORGERY: Final = "Подделка"


class Service(Base):
    """What the service does by itself."""

    @rule(which=st.integers(0, 9), all_the_way=st.booleans(), turns=TURNS)
    def move(self, which: int, all_the_way: bool, turns: int | None) -> None:
        """Bring a message on its way."""
        on_their_way = [each for each in self.sim.orders if self._status(each) not in FINAL]
        if on_their_way:
            order = on_their_way[which % len(on_their_way)]
            step = self.sim.deliver if all_the_way else self.sim.advance
            self.run(self._beside(step(order.server_id)), turns)

    @rule(
        phone=PHONES,
        outcome=st.sampled_from([None, Status.UNDELIVERED, Status.FAILED, Status.DELIVERED]),
    )
    def phone(self, phone: str, outcome: Status | None) -> None:
        """Have a phone be off, or on again."""
        self.sim.phone(phone[1:]).outcome = outcome

    @rule(
        phone=PHONES | st.just(BANK),
        prefixed=st.booleans(),
        count=st.sampled_from([1, 1, 1, 5]),
        minutes=st.sampled_from([0, 0, 9]),
        turns=TURNS,
    )
    def receive(
        self, phone: str, prefixed: bool, count: int, minutes: int, turns: int | None
    ) -> None:
        """Send an inbound message, perhaps written some minutes ago."""
        for _ in range(count):
            self.run(self.write(phone, prefixed=prefixed, minutes=minutes), turns)

    @rule(
        mode=st.sampled_from(Pushes),
        copies=st.sampled_from([1, 1, 3]),
        delay=st.sampled_from([0.0, 0.0, 40.0]),
        backwards=st.booleans(),
    )
    def pushes(self, mode: Pushes, copies: int, delay: float, backwards: bool) -> None:
        """Have pushes come twice, late, backwards, or not at all."""
        options = self.sim.options
        options.pushes, options.push_copies = mode, copies
        options.push_delay, options.push_reversed = delay, backwards

    @rule(backwards=st.booleans(), turns=TURNS)
    def flush(self, backwards: bool, turns: int | None) -> None:
        """Make the pushes that were held."""
        self.run(self._beside(self.sim.flush_pushes(reverse=backwards)), turns)

    @precondition(lambda self: self._verified)
    @rule(ahead=st.integers(-5, 2), status=st.sampled_from(Status), turns=TURNS)
    def forge_status(self, ahead: int, status: Status, turns: int | None) -> None:
        """Push a status of a message, or of one that is not even sent."""
        FIGURES["forged"] += 1
        server_id = given_id(self.sim.next_server_id + ahead, self.sim.options.server_ids)
        fields = {"phone": "79087964781", "status": str(int(status))}
        self._push(server_id=str(server_id), **fields, turns=turns)

    @precondition(lambda self: self._verified)
    @rule(phone=PHONES, ahead=st.integers(-3, 50), turns=TURNS)
    def forge_inbound(self, phone: str, ahead: int, turns: int | None) -> None:
        """Push a forged message, also with an id that is genuine, or will be."""
        FIGURES["forged"] += 1
        fields = {"phone": phone[1:], "message": FORGERY, "user_id": "5671", "num": SERVICE_NUMBER}
        message_id = given_id(self.sim.next_inbound_id + ahead, self.sim.options.inbound_ids)
        self._push(id=str(message_id), **fields, turns=turns)

    @rule(blocked=st.booleans())
    def block(self, blocked: bool) -> None:
        """Block the account, or free it."""
        self.sim.account.blocked = Blocked() if blocked else None

    @rule(typed=st.booleans())
    def rotate(self, typed: bool) -> None:
        """Change the key; the owner enters it, now or later."""
        FIGURES["keys rotated"] += 1
        self.number += 1
        self.sim.account.apikey = f"{self.number:04}K" * 12 + "SECR"
        self.world.books.keys.add(self.sim.account.apikey)
        if typed:
            self.run(self.world.reauth())

    async def write(self, phone: str, *, prefixed: bool, minutes: int = 0) -> None:
        """Send an inbound message."""
        FIGURES["inbound"] += 1
        text = self.new_text()
        work = self.sim.receive(
            phone.removeprefix("+"),
            f"5671 {text}" if prefixed else text,
            account=None if prefixed else 5671,
            created=self.sim.now() - timedelta(minutes=minutes),
        )
        await self._beside(work)

    def _status(self, order: Order) -> Status:
        return self.sim.messages[order.server_id].status

    @property
    def _verified(self) -> bool:
        return bool(self.world.entry.options.get("verify_pushes", True))

    async def _beside(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something of the service in the background."""
        self.sim.task(work)

    def _push(self, *, turns: int | None, **fields: str) -> None:
        url = self.sim.account.inbound_url or ""
        self.run(self._beside(self.sim.pusher.call(url, "post", fields)), turns)
