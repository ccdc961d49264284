"""The way out: what users and automations send."""

from datetime import timedelta
from typing import Any, Final

from homeassistant.util import dt as dt_util
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from custom_components.smspilot.const import DOMAIN

from .base import PEOPLE, PHONES, STRANGER, TURNS, Base
from .world import ENTITIES, GRANNY, MAMA, PAPA

# In the black list of the service's own document.
BLACKLISTED: Final = "+79999999999"
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


class Outgoing(Base):
    """What goes out."""

    @rule(
        phones=LISTS,
        people=st.lists(PEOPLE, max_size=2, unique=True),
        fields=FIELDS,
        respond=st.booleans(),
        turns=TURNS,
    )
    def send(
        self,
        phones: list[str],
        people: list[str],
        fields: dict[str, Any],
        respond: bool,
        turns: int | None,
    ) -> None:
        """Send a text."""
        if fields["send_at"]:
            fields["send_at"] = dt_util.utcnow() + timedelta(seconds=fields["send_at"])
        data = fields | {"phones": phones, "recipients": people}
        numbers = dict.fromkeys([*phones, *(phone for one in people for phone in ENTITIES[one])])
        self.act("send_sms", self.new_text(), list(numbers), turns, data, respond=respond)

    @precondition(lambda self: self.number)
    @rule(phone=PHONES, back=st.integers(0, 3), turns=TURNS)
    def repeat(self, phone: str, back: int, turns: int | None) -> None:
        """Send an earlier text again: an honest alarm that comes twice."""
        text = self.text(max(self.number - back, 1))
        self.act("send_sms", text, [phone], turns, {}, respond=True)

    @rule(phones=LISTS, turns=TURNS)
    def call(self, phones: list[str], turns: int | None) -> None:
        """Have a robot call."""
        self.act("call", self.new_text(), phones, turns, {}, respond=True)

    @rule(phone=PHONES, turns=TURNS)
    def flash_call(self, phone: str, turns: int | None) -> None:
        """Call with a code."""
        self.number += 1
        code = f"{self.number:04}"
        work = self.ordered([phone], code)
        data = {"code": code, "phones": [phone]}
        self.run(self.begin(work, DOMAIN, "flash_call", data, respond=True), turns)

    @rule(method=st.sampled_from(["hlr", "ping", "hlrvip"]), wait=st.booleans(), turns=TURNS)
    def check_number(self, method: str, wait: bool, turns: int | None) -> None:
        """Check a number that is not used otherwise."""
        self.number += 1
        phone = f"+7911{self.number:07}"
        work = self.ordered([phone], method.upper())
        data = {"phones": [phone], "method": method, "wait": 60 if wait else 0}
        self.run(self.begin(work, DOMAIN, "check_number", data, respond=True), turns)

    @rule(entity=PEOPLE, title=st.booleans(), turns=TURNS)
    def notify(self, entity: str, title: bool, turns: int | None) -> None:
        """Send by a notify entity."""
        text = self.new_text()
        work = self.ordered(list(ENTITIES[entity]), text)
        data = {"entity_id": entity, "message": text} | ({"title": "Дом"} if title else {})
        self.run(self.begin(work, "notify", "send_message", data), turns)

    @rule(entity=PEOPLE, turns=TURNS)
    def press(self, entity: str, turns: int | None) -> None:
        """Press a person's button."""
        work = self.ordered(list(ENTITIES[entity]), "Home Assistant: test message")
        data = {"entity_id": f"{entity.replace('notify', 'button')}_test_message"}
        self.run(self.begin(work, "button", "press", data), turns)

    @rule(phones=LISTS, person=st.booleans(), two_way=st.booleans(), turns=TURNS)
    def legacy(self, phones: list[str], person: bool, two_way: bool, turns: int | None) -> None:
        """Send by the legacy service."""
        text = self.new_text()
        if person:
            work = self.ordered([GRANNY], text)
            self.run(self.begin(work, "notify", "smspilot_granny", {"message": text}), turns)
        else:
            work = self.ordered(phones, text)
            data = {"message": text, "target": phones, "data": {"two_way": two_way}}
            self.run(self.begin(work, "notify", "smspilot", data), turns)

    @rule(phone=PHONES, turns=TURNS)
    def ask(self, phone: str, turns: int | None) -> None:
        """Ask, and wait for the answer."""
        text = self.new_text()
        work = self.ordered([phone], text)
        data = {"question": text, "phones": [phone], "timeout": 120}
        self.run(self.begin(work, DOMAIN, "ask", data, respond=True), turns)

    @rule(question=st.sampled_from(QUESTIONS), turns=TURNS)
    def look(self, question: tuple[str, dict[str, Any]], turns: int | None) -> None:
        """Ask the service for what it knows."""
        action, data = question
        self.run(self.begin([], DOMAIN, action, data, respond=True), turns)
