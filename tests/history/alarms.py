"""Alarms: they start, are acknowledged or declined, the money runs out, plans change."""

from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .alarm_books import ALARM, ALL_CLEAR, CANNOT
from .base import FIGURES, PHONES, TURNS, Base
from .world import ALARM_ENTITY, KEY, LEAK, PLANS

TAKER: Final = "Neighbour"


class Alarms(Base):
    """What happens to alarms."""

    @precondition(lambda self: self.world.has_alarm)
    @rule(by_source=st.booleans(), turns=TURNS)
    def alarm(self, by_source: bool, turns: int | None) -> None:
        """Start an alarm, or let the sensor start it."""
        FIGURES["alarms"] += 1
        self.number += 1
        key = f"{ALARM} {self.number}"
        self.world.alarms.keys.add(key)
        if by_source:
            self.run(self._leak(self.number), turns)
        else:
            self._alarm("start_alarm", {"message": f"{key}!"}, turns)

    @rule(turns=TURNS)
    def dry(self, turns: int | None) -> None:
        """Have the water stop."""
        self.run(self._set(LEAK, "off"), turns)

    @precondition(lambda self: self.world.has_alarm)
    @rule(turns=TURNS)
    def take(self, turns: int | None) -> None:
        """Acknowledge the alarm by the action."""
        self.world.alarms.takers.add(TAKER)
        self._alarm("acknowledge_alarm", {"by": TAKER}, turns, respond=False)

    @precondition(lambda self: self.world.has_alarm)
    @rule(with_message=st.booleans(), turns=TURNS)
    def all_clear(self, with_message: bool, turns: int | None) -> None:
        """End the alarm, with or without a message."""
        self.number += 1
        key = f"{ALL_CLEAR} {self.number}"
        self.world.alarms.keys.add(key)
        more = {"message": f"{key}!"} if with_message else {}
        self._alarm("end_alarm", more, turns, respond=False)

    @rule(phone=PHONES, turns=TURNS)
    def decline(self, phone: str, turns: int | None) -> None:
        """Decline the alarm by a text."""
        FIGURES["inbound"] += 1
        self.number += 1
        text = f"{CANNOT} {self.number}!"

        async def write() -> None:
            self.sim.task(self.sim.receive(phone[1:], text, account=5671))

        self.run(write(), turns)

    @rule(empty=st.booleans())
    def money(self, empty: bool) -> None:
        """Leave almost no money, or top up."""
        account, books = self.sim.account, self.world.books
        topped = Decimal("0.10") if empty else Decimal(2000)
        books.limits.top_up(topped - account.balance)
        account.balance = topped

    @precondition(lambda self: self.world.has_alarm)
    @rule(plan=st.sampled_from(PLANS), turns=TURNS)
    def plan(self, plan: dict[str, Any], turns: int | None) -> None:
        """Save the alarm with another plan."""
        self.run(self.world.change_plan(plan), turns)

    @rule(turns=TURNS)
    def remove_alarm(self, turns: int | None) -> None:
        """Remove the alarm, or add it again."""
        self.run(self.world.toggle_alarm(), turns)

    async def _leak(self, number: int) -> None:
        await self._set(KEY, str(number))
        await self._set(LEAK, "off")
        await self._set(LEAK, "on")

    async def _set(self, entity_id: str, state: str) -> None:
        self.world.hass.states.async_set(entity_id, state)

    def _alarm(
        self, action: str, more: dict[str, Any], turns: int | None, *, respond: bool = True
    ) -> None:
        data = {"alarm": ALARM_ENTITY} | more
        self.run(self.begin([], "smspilot", action, data, respond=respond), turns)
