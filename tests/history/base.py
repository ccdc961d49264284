"""The base of all rules of a history: a world to act in, and a record of what was ordered."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Final, override

from homeassistant.exceptions import HomeAssistantError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from custom_components.smspilot.const import DOMAIN
from tests.simulator.simulator import Simulator

from .dimensions import Picture
from .ledgers import Fate, Ordered, key_of
from .peace import end
from .world import ENTITIES, GRANNY, MAMA, MAMA_AT_WORK, PAPA, World

STRANGER: Final = "+79265550101"
# The figures of a run.
FIGURES: Final[Counter[str]] = Counter()
PHONES = st.sampled_from([PAPA, MAMA, MAMA_AT_WORK, GRANNY, STRANGER])
PEOPLE = st.sampled_from(sorted(ENTITIES))
# After a step: None waits until nothing is under way, a number only turns the loop so often.
TURNS = st.one_of(st.none(), st.integers(0, 80))
# Characters that a service may store in another form; they follow the number that names a text.
TAILS: Final = ("", " 🔥 Пожар", " «Ёлка» & <дом>", "  Всё  хорошо ❤️", " It's “ok” 👍🏽 ё")
# By default an action returns within `retry_for` (two minutes), two more, and a turn of the clock.
RETURNS_WITHIN: Final = 240.0 + 2.0


class Base(RuleBasedStateMachine):
    """A history that has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World()
        self.run(self.world.__aenter__())
        self.number = 0

    def run[T](self, work: Coroutine[Any, Any, T], turns: int | None = 0) -> T:
        """Do a step."""

        async def step() -> T:
            result = await work
            if turns is None:
                await self.world.settle()
            else:
                await self.world.turns(turns)
            return result

        result = self.runner.run(step())
        assert not self.world.failures, self.world.failures
        return result

    @property
    def sim(self) -> Simulator:
        """Return the service."""
        return self.world.sim

    @override
    def teardown(self) -> None:
        try:
            FIGURES.update(self.runner.run(end(self.world)))
        finally:
            self.runner.close()

    def live_in(self, picture: Picture) -> None:
        """Set the switches that the document leaves open."""
        self.run(self.world.live_in(picture), None)
        FIGURES["runs"] += 1
        FIGURES["switches"] += sum(map(bool, picture.values()))

    def text(self, number: int) -> str:
        """Return a text that is unique by its number."""
        return f"Алло {number}!{TAILS[number % len(TAILS)]}"

    def new_text(self) -> str:
        """Return a text that was not used before."""
        self.number += 1
        return self.text(self.number)

    def ordered(self, phones: list[str], text: str, *, urgent: bool = False) -> list[Ordered]:
        """Note the messages that will be ordered."""
        books, now = self.world.books, self.world.clock.ahead
        return [books.order(phone, key_of(text), now, urgent=urgent) for phone in phones]

    def act(
        self,
        action: str,
        text: str,
        phones: list[str],
        turns: int | None,
        data: dict[str, Any],
        *,
        respond: bool,
    ) -> None:
        """Call an action of ours that takes a text."""
        data = {key: value for key, value in data.items() if value}
        work = self.ordered(phones, text, urgent=bool(data.get("urgent")))
        data = {"phones": phones, "message": text} | data
        self.run(self.begin(work, DOMAIN, action, data, respond=respond), turns)

    async def begin(
        self,
        ordered: list[Ordered],
        domain: str,
        action: str,
        data: dict[str, Any],
        *,
        respond: bool = False,
    ) -> None:
        """Call an action in the background, and note its result and how long it took."""
        world = self.world
        since, within = (
            world.clock.ahead,
            RETURNS_WITHIN + data.get("wait", 0),
        )

        async def call() -> None:
            FIGURES["orders"] += len(ordered)
            await self._call(ordered, domain, action, data, respond=respond)
            # Questions to one number wait for each other.
            if action != "ask" and (lasted := world.clock.ahead - since) > within:
                world.books.wrong.append(f"LATE: {action} returned after {lasted:.0f} s")

        world.start(call())

    async def _call(
        self,
        ordered: list[Ordered],
        domain: str,
        action: str,
        data: dict[str, Any],
        *,
        respond: bool,
    ) -> None:
        # A test message is in no record.
        test = data.get("test") or self.world.entry.options.get("test_mode")
        try:
            response: Any = await self.world.hass.services.async_call(
                domain, action, data, blocking=True, return_response=respond
            )
        except HomeAssistantError as err:
            key = err.translation_key
            unknown = key in ("outcome_unknown", "account_closed")
            for each in ordered:
                # Some went out, some did not; or some orders of several.
                some = key == "partly_refused" or (len(ordered) > 1 and domain != DOMAIN)
                each.fate = Fate.UNKNOWN if unknown or some else Fate.REFUSED
            return
        if not response or "messages" not in response:
            for each in ordered:
                each.fate = Fate.REFUSED if test else Fate.TAKEN
            return
        rows = {row["phone"]: row for row in response["messages"]}
        for each in ordered:
            _note(each, rows[each.phone])


def _note(ordered: Ordered, row: dict[str, Any]) -> None:
    """Note the row of a send result."""
    if row["message_id"] and not row["test"]:
        # It may have failed while the caller waited; a row that was refused at once has no id.
        ordered.fate, ordered.message_id = Fate.TAKEN, row["message_id"]
    elif row["message_id"] or row["status"] == "failed":
        ordered.fate = Fate.REFUSED
    else:
        ordered.fate = Fate.UNKNOWN
