"""The machine: everything that people, the service, the network and the power can do."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, override

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from custom_components.smspilot.const import DOMAIN
from tests.simulator.model import FINAL, SERVICE_NUMBER, Blocked, Order, Status
from tests.simulator.options import CodeStyle, Pushes, UnknownIds

from .ledgers import Fate, Ordered, key_of
from .world import ENTITIES, GRANNY, MAMA, MAMA_AT_WORK, PAPA, World

# In the black list of the service's own document.
BLACKLISTED: Final = "+79999999999"
STRANGER: Final = "+79265550101"
BANK: Final = "Sberbank"
# The day of the sensor must not end within a history.
LONGEST: Final = 15 * 3600
FORGERY: Final = "Подделка"
# All that is known of a run.
FIGURES: Final[Counter[str]] = Counter()

PHONES = st.sampled_from([PAPA, MAMA, MAMA_AT_WORK, GRANNY, STRANGER])
PEOPLE = st.sampled_from(sorted(ENTITIES))
LISTS = st.lists(
    st.sampled_from([PAPA, MAMA, GRANNY, STRANGER, BLACKLISTED]),
    min_size=1,
    max_size=4,
    unique=True,
)
FIELDS = st.fixed_dictionaries(
    {
        "two_way": st.booleans(),
        "transliterate": st.booleans(),
        "urgent": st.booleans(),
        "wait": st.sampled_from([0, 0, 60]),
        "test": st.sampled_from([False, False, False, True]),
        "send_at": st.sampled_from([0, 0, 0, 300]),
        "time_to_live": st.sampled_from([0, 3600]),
    }
)
# What is asked of the service, and changes nothing.
QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("get_inbound", {"scope": "new"}),
    ("get_inbound", {"scope": "all"}),
    ("get_status", {"period": "recent"}),
    ("get_account", {}),
    ("estimate_cost", {"phones": [PAPA], "message": "Алло 0!"}),
)
# After a step: let all come to rest, or go on in the midst of it.
PACE = st.one_of(st.none(), st.integers(0, 80))
ANSWERLESS = (
    "reset",
    "html",
    "http_500",
    "http_502_html",
    "http_404_html",
    "redirect",
    "truncated",
    "empty",
    "not_utf8",
    "huge",
    "sloppy_json",
)
# Other JSON than expected; the last one takes a message and names no id.
BODIES = (
    "[]",
    "{}",
    "null",
    '{"send":[]}',
    '{"send":[{"phone":"79087964781","status":"0"}]}',
)
CODES = (101, 106, 110, 112, 113, 116, 212, 223, 241, 243, 302, 999)
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"sender": "test", "message_template": "Дом: {message}"},
    {"two_way_template": "{message} Ответьте.", "max_parts": 1},
    {"test_mode": True},
    {"rate_limit": 2},
    {"daily_limit": 12},
    {"inbound_interval": 0},
    {"inbound_interval": 5},
    {"verify_pushes": False},
)


class History(RuleBasedStateMachine):
    """A random history, and the comparison of the ledgers at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World()
        self.run(self.world.__aenter__())
        self.number = 0

    def run[T](self, work: Any, pace: int | None = 0) -> Any:
        """Do a step."""

        async def step() -> Any:
            result = await work
            if pace is None:
                await self.world.settle()
            else:
                await self.world.turns(pace)
            return result

        result = self.runner.run(step())
        assert not self.world.failures, self.world.failures
        return result

    @property
    def sim(self) -> Any:
        """Return the service."""
        return self.world.sim

    @override
    def teardown(self) -> None:
        try:
            self.runner.run(self._end())
        finally:
            self.runner.close()

    # The world

    @initialize(
        values=st.fixed_dictionaries(
            {
                "error_code": st.sampled_from(CodeStyle),
                "unknown_ids": st.sampled_from(UnknownIds),
                "equal_counts_refused": st.booleans(),
                "refused_list_sends_good": st.booleans(),
                "lone_object": st.booleans(),
                "shuffle": st.booleans(),
                "since_inclusive": st.booleans(),
                "newest_first": st.booleans(),
                "inbound_seconds": st.booleans(),
                "list_keeps_prefix": st.booleans(),
                "new_marks_seen": st.booleans(),
            }
        ),
        guard=st.booleans(),
        proven=st.booleans(),
    )
    def choose_service(self, values: dict[str, Any], guard: bool, proven: bool) -> None:
        """Choose what the document leaves open."""
        for name, value in values.items():
            setattr(self.sim.options, name, value)
        self.sim.account.duplicate_guard = guard
        if proven:
            self.run(self._receive(PAPA, prefixed=True), None)
            self.run(self.world.clock.advance(1), None)
        FIGURES["runs"] += 1

    # The way out

    @rule(
        phones=LISTS,
        people=st.lists(PEOPLE, max_size=2, unique=True),
        fields=FIELDS,
        respond=st.booleans(),
        pace=PACE,
    )
    def send(
        self,
        phones: list[str],
        people: list[str],
        fields: dict[str, Any],
        respond: bool,
        pace: int | None,
    ) -> None:
        """Send a text."""
        if fields["send_at"]:
            fields["send_at"] = dt_util.utcnow() + timedelta(seconds=fields["send_at"])
        data = fields | {"phones": phones, "recipients": people}
        numbers = dict.fromkeys([*phones, *(phone for one in people for phone in ENTITIES[one])])
        self._act("send_sms", self._text(), list(numbers), pace, data, respond=respond)

    @precondition(lambda self: self.number)
    @rule(phone=PHONES, back=st.integers(0, 3), pace=PACE)
    def repeat(self, phone: str, back: int, pace: int | None) -> None:
        """Send an earlier text again: an honest alarm that comes twice."""
        text = f"Алло {max(self.number - back, 1)}!"
        self._act("send_sms", text, [phone], pace, {}, respond=True)

    @rule(phones=LISTS, pace=PACE)
    def call(self, phones: list[str], pace: int | None) -> None:
        """Have a robot call."""
        self._act("call", self._text(), phones, pace, {}, respond=True)

    @rule(phone=PHONES, pace=PACE)
    def flash_call(self, phone: str, pace: int | None) -> None:
        """Call with a code."""
        self.number += 1
        code = f"{self.number:04}"
        work = self._ordered([phone], code)
        data = {"code": code, "phones": [phone]}
        self.run(self._begin(work, DOMAIN, "flash_call", data, respond=True), pace)

    @rule(method=st.sampled_from(["hlr", "ping", "hlrvip"]), wait=st.booleans(), pace=PACE)
    def check_number(self, method: str, wait: bool, pace: int | None) -> None:
        """Ask the operator about a number nobody else gets."""
        self.number += 1
        phone = f"+7911{self.number:07}"
        work = self._ordered([phone], method.upper())
        data = {"phones": [phone], "method": method, "wait": 60 if wait else 0}
        self.run(self._begin(work, DOMAIN, "check_number", data, respond=True), pace)

    @rule(entity=PEOPLE, title=st.booleans(), pace=PACE)
    def notify(self, entity: str, title: bool, pace: int | None) -> None:
        """Send by a notify entity."""
        text = self._text()
        work = self._ordered(list(ENTITIES[entity]), text)
        data = {"entity_id": entity, "message": text} | ({"title": "Дом"} if title else {})
        self.run(self._begin(work, "notify", "send_message", data), pace)

    @rule(entity=PEOPLE, pace=PACE)
    def press(self, entity: str, pace: int | None) -> None:
        """Press a person's button."""
        work = self._ordered(list(ENTITIES[entity]), "Home Assistant: test message")
        data = {"entity_id": f"{entity.replace('notify', 'button')}_test_message"}
        self.run(self._begin(work, "button", "press", data), pace)

    @rule(phones=LISTS, person=st.booleans(), two_way=st.booleans(), pace=PACE)
    def legacy(self, phones: list[str], person: bool, two_way: bool, pace: int | None) -> None:
        """Send by the legacy service."""
        text = self._text()
        if person:
            work = self._ordered([GRANNY], text)
            self.run(self._begin(work, "notify", "smspilot_granny", {"message": text}), pace)
        else:
            work = self._ordered(phones, text)
            data = {"message": text, "target": phones, "data": {"two_way": two_way}}
            self.run(self._begin(work, "notify", "smspilot", data), pace)

    @rule(phone=PHONES, pace=PACE)
    def ask(self, phone: str, pace: int | None) -> None:
        """Ask, and wait for the answer."""
        text = self._text()
        work = self._ordered([phone], text)
        data = {"question": text, "phones": [phone], "timeout": 120}
        self.run(self._begin(work, DOMAIN, "ask", data, respond=True), pace)

    @rule(question=st.sampled_from(QUESTIONS), pace=PACE)
    def look(self, question: tuple[str, dict[str, Any]], pace: int | None) -> None:
        """Ask the service for what it knows."""
        action, data = question
        self.run(self._begin([], DOMAIN, action, data, respond=True), pace)

    # The service

    @rule(which=st.integers(0, 9), all_the_way=st.booleans(), pace=PACE)
    def move(self, which: int, all_the_way: bool, pace: int | None) -> None:
        """Bring a message on its way."""
        on_their_way = [each for each in self.sim.orders if self._status(each) not in FINAL]
        if on_their_way:
            order = on_their_way[which % len(on_their_way)]
            step = self.sim.deliver if all_the_way else self.sim.advance
            self.run(self._beside(step(order.server_id)), pace)

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
        pace=PACE,
    )
    def receive(
        self, phone: str, prefixed: bool, count: int, minutes: int, pace: int | None
    ) -> None:
        """Have somebody write, perhaps some minutes ago."""
        for _ in range(count):
            self.run(self._receive(phone, prefixed=prefixed, minutes=minutes), pace)

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

    @rule(backwards=st.booleans(), pace=PACE)
    def flush(self, backwards: bool, pace: int | None) -> None:
        """Make the pushes that were held."""
        self.run(self._beside(self.sim.flush_pushes(reverse=backwards)), pace)

    @precondition(lambda self: self._verified)
    @rule(ahead=st.integers(-5, 2), status=st.sampled_from(Status), pace=PACE)
    def forge_status(self, ahead: int, status: Status, pace: int | None) -> None:
        """Push a status of a message, or of one that is not even sent."""
        FIGURES["forged"] += 1
        server_id = str(self.sim.next_server_id + ahead)
        self._push(server_id=server_id, phone=PAPA[1:], status=str(int(status)), pace=pace)

    @precondition(lambda self: self._verified)
    @rule(phone=PHONES, ahead=st.integers(-3, 50), pace=PACE)
    def forge_inbound(self, phone: str, ahead: int, pace: int | None) -> None:
        """Push words nobody wrote, also under an id that is genuine, or will be."""
        FIGURES["forged"] += 1
        fields = {"phone": phone[1:], "message": FORGERY, "user_id": "5671", "num": SERVICE_NUMBER}
        self._push(id=str(self.sim.next_inbound_id + ahead), **fields, pace=pace)

    # What goes wrong

    @rule(
        kind=st.sampled_from(ANSWERLESS),
        when=st.sampled_from(["before", "after"]),
        command=st.sampled_from(["send", "send", "check", "inbound", None]),
        times=st.integers(1, 3),
        skip=st.integers(0, 1),
    )
    def fault(self, kind: str, when: str, command: str | None, times: int, skip: int) -> None:
        """Spoil answers, or have requests never arrive."""
        FIGURES["faults"] += 1
        self.sim.fault(kind, when=when, command=command, times=times, skip=skip)

    @rule(
        body=st.sampled_from(BODIES),
        when=st.sampled_from(["before", "after"]),
        command=st.sampled_from(["send", "send", "check", "inbound", "account"]),
    )
    def answer_otherwise(self, body: str, when: str, command: str) -> None:
        """Answer in another form than expected."""
        FIGURES["faults"] += 1
        self.sim.fault("other_json", when=when, command=command, body=body)

    @rule(
        kind=st.sampled_from(["hang", "slow"]),
        when=st.sampled_from(["before", "after"]),
        command=st.sampled_from(["send", "send", "check", "inbound"]),
        seconds=st.sampled_from([5.0, 90.0, 400.0]),
    )
    def delay(self, kind: str, when: str, command: str, seconds: float) -> None:
        """Delay a request or its answer."""
        FIGURES["faults"] += 1
        self.sim.fault(kind, when=when, command=command, seconds=seconds)

    @rule(code=st.sampled_from(CODES), command=st.sampled_from(["send", "send", "check"]))
    def refuse(self, code: int, command: str) -> None:
        """Have the service say no."""
        FIGURES["faults"] += 1
        self.sim.fault("error", command=command, code=code)

    @rule(clear=st.booleans(), pace=PACE)
    def release(self, clear: bool, pace: int | None) -> None:
        """Let what hangs go on."""
        (self.sim.faults.clear if clear else self.sim.faults.release)()
        self.run(asyncio.sleep(0), pace)

    @rule(up=st.booleans(), pace=PACE)
    def network(self, up: bool, pace: int | None) -> None:
        """Take the network away, or give it back."""
        self.run(self.sim.up() if up else self.sim.down(), pace)

    @rule(blocked=st.booleans())
    def block(self, blocked: bool) -> None:
        """Block the account, or free it."""
        self.sim.account.blocked = Blocked() if blocked else None

    @rule(typed=st.booleans())
    def rotate(self, typed: bool) -> None:
        """Make the key another one; the owner types it, now or later."""
        FIGURES["keys rotated"] += 1
        self.number += 1
        self.sim.account.apikey = f"{self.number:04}K" * 12 + "SECR"
        self.world.books.keys.add(self.sim.account.apikey)
        if typed:
            self.run(self.world.reauth())

    @rule(pace=PACE)
    def reload(self, pace: int | None) -> None:
        """Reload the entry."""
        FIGURES["reloads"] += 1
        entry_id = self.world.entry.entry_id
        self.run(self.world.hass.config_entries.async_reload(entry_id), pace)

    @rule(options=st.sampled_from(OPTIONS), pace=PACE)
    def options(self, options: dict[str, Any], pace: int | None) -> None:
        """Save other options."""
        world = self.world

        async def save() -> None:
            world.hass.config_entries.async_update_entry(world.entry, options=options)

        self.run(save(), pace)

    @rule(channel=st.sampled_from(["sms", "two_way", "voice"]), pace=PACE)
    def person(self, channel: str, pace: int | None) -> None:
        """Save a person with another channel."""
        self.run(self.world.change_granny(channel), pace)

    @rule(seconds=st.sampled_from([-900, 0, 900]))
    def set_clock(self, seconds: float) -> None:
        """Have the machine's clock be wrong, or right again."""
        FIGURES["clocks set"] += 1
        self.world.clock.set(seconds)

    @precondition(lambda self: self.world.clock.ahead < LONGEST)
    @rule(seconds=st.sampled_from([1, 2, 5, 16, 31, 61, 61, 130, 310, 901, 3601]))
    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.run(self.world.clock.advance(seconds), None)

    @rule(
        how=st.sampled_from(["now", "now", "torn", "between"]),
        fraction=st.floats(0, 1),
        late=st.booleans(),
        pace=PACE,
    )
    def crash(self, how: str, fraction: float, late: bool, pace: int | None) -> None:
        """Pull the plug."""
        FIGURES["crashes"] += 1
        self.run(self.world.crash(how, fraction, late=late), pace)

    @rule(pace=PACE)
    def begin(self, pace: int | None) -> None:
        """End the start of Home Assistant."""
        self.run(self.world.begin(), pace)

    # How it is done

    def _status(self, order: Order) -> Status:
        return Status(self.sim.messages[order.server_id].status)

    @property
    def _verified(self) -> bool:
        return bool(self.world.entry.options.get("verify_pushes", True))

    def _text(self) -> str:
        self.number += 1
        return f"Алло {self.number}!"

    def _ordered(self, phones: list[str], text: str) -> list[Ordered]:
        books, now = self.world.books, self.world.clock.ahead
        return [books.order(phone, key_of(text), now) for phone in phones]

    def _act(
        self,
        action: str,
        text: str,
        phones: list[str],
        pace: int | None,
        data: dict[str, Any],
        *,
        respond: bool,
    ) -> None:
        data = {key: value for key, value in data.items() if value}
        work = self._ordered(phones, text)
        data = {"phones": phones, "message": text} | data
        self.run(self._begin(work, DOMAIN, action, data, respond=respond), pace)

    async def _begin(
        self,
        ordered: list[Ordered],
        domain: str,
        action: str,
        data: dict[str, Any],
        *,
        respond: bool = False,
    ) -> None:
        """Call an action beside, and write down what the caller was told."""
        hass = self.world.hass

        async def call() -> None:
            FIGURES["orders"] += len(ordered)
            # What is only tested is in nobody's ledger.
            test = data.get("test") or self.world.entry.options.get("test_mode")
            response: Any
            try:
                response = await hass.services.async_call(
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

        self.world.start(call())

    async def _receive(self, phone: str, *, prefixed: bool, minutes: int = 0) -> None:
        FIGURES["inbound"] += 1
        self.number += 1
        text = f"Алло {self.number}!"
        work = self.sim.receive(
            phone.removeprefix("+"),
            f"5671 {text}" if prefixed else text,
            account=None if prefixed else 5671,
            created=self.sim.now() - timedelta(minutes=minutes),
        )
        await self._beside(work)

    async def _beside(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let the service do something in its own time."""
        self.sim.task(work)

    def _push(self, *, pace: int | None, **fields: str) -> None:
        url = self.sim.account.inbound_url
        self.run(self._beside(self.sim.pusher.call(url, "post", fields)), pace)

    async def _end(self) -> None:
        """Make peace, wait for all that is due, and compare the ledgers."""
        world, sim = self.world, self.sim
        try:
            excused = world.books.excused(world.clock.ahead + world.clock.swing)
            await self._make_peace()
            world.books.settled()
            problems = [*world.failures, *world.books.compare(excused)]
            problems += self._compare_sensors(excused)
            sim.assert_clean()
            FIGURES["accepted"] += len(sim.orders)
            FIGURES["told"] += len(world.books.told)
            FIGURES["doubles"] += sum(each.startswith("DOUBLE") for each in problems)
            FIGURES["losses"] += sum(each.startswith("LOST") for each in problems)
            assert not problems, "\n".join(problems)
        finally:
            await world.__aexit__()

    async def _make_peace(self) -> None:
        world, sim = self.world, self.sim
        sim.faults.clear()
        await sim.up()
        sim.account.blocked = None
        sim.options.pushes, sim.options.push_delay = Pushes.ON, 0.0
        await world.begin()
        await world.clock.settle()
        if world.entry.data["api_key"] != sim.account.apikey:
            await world.reauth()
        world.hass.config_entries.async_update_entry(world.entry, options={})
        await world.clock.advance(1)
        await sim.flush_pushes()
        # Questions to one number wait for each other, and each for its answer.
        for _ in range(40 + 5 * len(world.calls)):
            await world.clock.advance(31)
            if not world.calls:
                break
        assert not world.calls, "a call never ended"
        for seconds in (401, 1, 5, 61, 130, 310, 910, 1810, 3610, 3610):
            # Also what was accepted so late that nobody waits for it any more.
            for message in list(sim.messages.values()):
                if message.status not in FINAL:
                    await sim.deliver(message.server_id)
            await world.clock.advance(seconds)

    def _compare_sensors(self, excused: list[Any]) -> list[str]:
        """Money and counts, as the owner sees them."""
        lost = sum((each.price for each in excused), Decimal(0))
        expected = {
            "spent_today": float(self.world.books.spent),
            "balance": float(self.sim.account.balance),
            "pending_messages": 0.0,
        }
        problems = []
        for name, value in expected.items():
            state = self.world.hass.states.get(f"sensor.smspilot_5671_{name}")
            told = float(state.state) if state else None
            missing = float(lost) if name == "spent_today" else 0
            if told is None or not value - missing - 0.001 <= told <= value + 0.001:
                problems.append(f"MONEY: {name} is {told} instead of {value} (less {missing})")
        return problems


def _note(ordered: Ordered, row: dict[str, Any]) -> None:
    """Write down what a receipt says of a number."""
    if row["message_id"] and not row["test"]:
        # It may have failed while the caller waited; what was refused at once is known by its id.
        ordered.fate, ordered.message_id = Fate.TAKEN, row["message_id"]
    elif row["message_id"] or row["status"] == "failed":
        ordered.fate = Fate.REFUSED
    else:
        ordered.fate = Fate.UNKNOWN
