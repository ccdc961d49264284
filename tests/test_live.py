"""The live check, against services whose every open question is answered otherwise."""

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
import os
from pathlib import Path
import re

from aiohttp import ClientSession
import pytest

from .e2e.config_folder import free_port
from .live.__main__ import VARIABLE, arguments, check
from .live.report import Line, hidden
from .live.shapes import UNSEEN
from .live.spending import Means
from .live.stored import ODD_TEXT, way
from .simulator import (
    DEFAULT_KEY,
    CodeStyle,
    DateHeader,
    Ids,
    Kept,
    LatePrice,
    ListedNumbers,
    Numbers,
    OddRow,
    Options,
    PseudoSenders,
    Pushes,
    Simulator,
    Stored,
    Template,
    UnknownIds,
)
from .simulator.otherwise import stored_text

ROOT = Path(__file__).parents[1]
MAMA = "79161231212"
SECRETS = ("+79087964781", MAMA, DEFAULT_KEY, "Иванов", "info@example.com", "Секрет", "5671")
WEBHOOK_ID = "5" * 64

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def lived(sim: Simulator) -> None:
    """Give the account a past: five messages and five answers, a minute apart."""
    now = sim.now().replace(microsecond=0)
    for minutes in range(9, 4, -1):
        created = now - timedelta(minutes=minutes)
        await sim.receive(MAMA, f"5671 Секрет & {minutes}", created=created, push=False)
    for minutes, sender in zip(range(9, 4, -1), ["", "2WAY", "", "GOLOS", ""], strict=True):
        sim.clock_offset = -timedelta(minutes=minutes)
        await send_request(
            sim, send=f"Секрет & {minutes}", to=MAMA, **({"from": sender} if sender else {})
        )
    sim.clock_offset = timedelta()
    sim.unknown.clear()


async def send_request(sim: Simulator, **params: str) -> None:
    """Have the account ask for something, as another program would."""
    form = {"apikey": DEFAULT_KEY, "format": "json", **params}
    async with ClientSession() as session, session.post(sim.url, data=form) as response:
        assert response.ok


async def look(
    sim: Simulator, *words: str, says: Callable[[str], str] = lambda _: ""
) -> dict[str, Line]:
    """Look at the service, and return the lines by their names."""

    async def question(said: str) -> str:
        answer = says(said)
        if said.startswith("Answer") and not answer:
            await sim.receive(sim.account.phone, "Да")
        return f"{answer}\n"

    chosen = arguments(["--url", sim.url, "--pause=0", "--interval=0", *words])
    means = Means(question=question, patience=5, interval=0.02, callback=chosen.callback)
    lines = await check(DEFAULT_KEY, chosen, means)
    assert not isinstance(lines, str), lines
    ignored = [each for each in sim.unknown if each.name != "live_check"]
    assert not ignored
    sim.unknown.clear()
    return {each.name: each for each in lines}


@dataclass(frozen=True, kw_only=True)
class World:
    """How the service answers, and what the check must see of it."""

    options: dict[str, object]
    seen: dict[str, str]
    templates: list[Template] | None = None


WORLDS = {
    "odd figures": World(
        options={
            "account_figures": {"balance": "20 {} RUB", "date": "0000-00-00", "cost": "N/A"},
            "figures": {"price": "{} RUB", "error": "none", "cost": "{}"},
            "date_header": DateHeader.MISSING,
            "error_code": CodeStyle.STR,
            "error_fields": [],
            "omit": ["server_packet_id"],
            "unknown_ids": UnknownIds.ERROR,
            "unknown_ids_code": 302,
            "check_seconds": False,
            "inbound_seconds": False,
            "stored": Stored.HTML_ESCAPED,
            "inbound_stored": Stored.HTML_ESCAPED,
        },
        seen={
            "texts of messages": "HTML escapes",
            "texts of inbound messages": "HTML escapes",
            "balance": "9 9.9 a",
            "date of the account": "0000-00-00",
            "cost=1": "a/a",
            "price of a row": "9.9 a",
            "error of a good row": "none",
            "cost and the rows' prices": "no figures",
            "HTTP Date": "missing",
            "codes of errors": "text",
            "attributes of errors": "the document's",
            "attributes beside the rows": "without server_packet_id",
            "an id that is not ours": "error 302",
            "created of messages": "9999-99-99 99:99",
            "created of inbound messages": "9999-99-99 99:99",
            "a message at the bound itself": UNSEEN,
            "more bad numbers than good": "one error that names no number",
        },
    ),
    "odd lists": World(
        options={
            "numbers": Numbers.SPACED,
            "inbound_numbers": Numbers.PLUS,
            "server_ids": Ids.FALLING,
            "inbound_ids": Ids.FALLING,
            "check_newest_first": False,
            "newest_first": False,
            "rows_twice": True,
            "list_keeps_prefix": True,
            "since_inclusive": True,
            "any_list_marks_seen": True,
            "unknown_ids": UnknownIds.MISSING,
            "odd_row": OddRow.NO_NUMBER,
            "pseudo_senders": PseudoSenders.NUMBER,
            "json_numbers": True,
            "date_header": DateHeader.UNREADABLE,
        },
        seen={
            "numbers of messages": "with spaces or brackets",
            "numbers of inbound messages": "a plus and digits",
            "ids of messages": "they fall",
            "ids of inbound messages": "they fall",
            "order of messages": "oldest first",
            "order of inbound messages": "oldest first",
            "messages listed twice": "5 of 10",
            "inbound messages listed twice": "5 of 10",
            "contract number before a text": "there in 10 of 10",
            "a message at the bound itself": "listed",
            "a list marks messages as seen": "yes",
            "an id that is not ours": "no row",
            "rows of messages that make no sense": "2 of 12: without phone",
            "rows of inbound messages that make no sense": "2 of 12: without phone",
            "sender of 2WAY and calls": UNSEEN,
            "values": "numbers and text",
            "test=1": "one row of id 1000, and nothing is charged",
            "an unknown sender": "replaced, and sender_orig shows it",
            "cost and the rows' prices": "the same sum",
            "pages of messages": "they follow one another",
            "HTTP Date": "unreadable",
        },
    ),
    "no order": World(
        options={
            "shuffle": True,
            "inbound_shuffle": True,
            "server_ids": Ids.RANDOM,
            "inbound_ids": Ids.RANDOM,
            "numbers": Numbers.EIGHT,
            "odd_row": OddRow.STRING,
            "new_marks_seen": False,
            "inbound_limit": 4,
            "inbound_kept": Kept.OLDEST,
            "error_code": CodeStyle.INT,
        },
        seen={
            "order of messages": "in no order",
            "order of inbound messages": "in no order",
            "ids of messages": "in no order",
            "ids of inbound messages": "in no order",
            "numbers of messages": "8 and ten digits",
            "rows of messages that make no sense": "1 of 6: no object",
            "inbound=new marks them as seen": "no",
            "inbound=all": "4 rows, the oldest 9 min old; newer ones are cut off",
            "codes of errors": "numbers",
        },
    ),
    "a strict one": World(
        options={
            "strict_senders": True,
            "equal_counts_refused": True,
            "lone_object": True,
            "lone_inbound": True,
        },
        templates=[Template(text="Проверка")],
        seen={
            "cost=1 and templates": "it looks at them",
            "test=1 and templates": "it looks at them",
            "kinds with a price": "2WAY is refused with 227",
            "an unknown sender": "refused with 116",
            "cost=1 and senders": "it looks at them",
            "as many bad numbers as good": "refused with 215",
            "a number twice": "refused with 214",
            "a list of one message": "an object",
            "a list of one inbound message": "an object",
            "Cyrillic and Latin in one word": "refused with 248",
        },
    ),
    "one that looks only when it counts": World(
        options={
            "strict_senders": True,
            "cost_checks_texts": False,
            "cost_checks_senders": False,
            "max_parts": 20,
            "lenient_phones": True,
        },
        templates=[Template(text="Проверка")],
        seen={
            "cost=1 and templates": "it does not look at them",
            "test=1 and templates": "it looks at them",
            "cost=1 and senders": "it does not look at them",
            "a text of eleven parts": "taken",
            "a number with a plus": "taken",
            "Cyrillic and Latin in one word": "taken",
        },
    ),
    "one whose tests show nothing": World(
        options={"test_checks_texts": False, "replaced_sender_shown": False},
        templates=[Template(text="Проверка")],
        seen={
            "cost=1 and templates": "it looks at them",
            "test=1 and templates": "it does not look at them",
            "an unknown sender": "replaced, and sender_orig is empty",
            "cost=1 and senders": "no sender is refused",
        },
    ),
    "a lenient one": World(
        options={"refuse_mixed_alphabets": False, "answer_delay": 0.06, "cost_extra": Decimal(1)},
        seen={
            "cost and the rows' prices": "another sum",
            "Cyrillic and Latin in one word": "taken",
            "cost=1 and templates": "no text is refused",
            "how long an answer takes": "mostly 0.1 s, 0.1 s at most",
        },
    ),
}


@pytest.mark.parametrize("name", WORLDS)
async def test_world(simulator: Simulator, name: str) -> None:
    """Each line says what is the case, and what follows from it."""
    world = WORLDS[name]
    for option, value in world.options.items():
        if option in ("server_ids", "inbound_ids"):
            setattr(simulator.options, option, value)
    await lived(simulator)
    for option, value in world.options.items():
        setattr(simulator.options, option, value)
    simulator.account.templates = world.templates
    lines = await look(simulator, "--mark-seen")
    assert {each: lines[each].seen for each in world.seen} == world.seen
    for each in lines.values():
        assert each.seen == UNSEEN or each.consequence
    assert len(simulator.orders) == 5


async def test_likeliest_world(simulator: Simulator) -> None:
    """Where all is as the document has it, all is as we assume, and nothing is bought."""
    await lived(simulator)
    balance = simulator.account.balance
    lines = await look(simulator, "--mark-seen")
    otherwise = {
        each.name: each.seen for each in lines.values() if each.consequence != "as assumed"
    }
    assert otherwise == {}
    assert simulator.account.balance == balance
    assert len(simulator.orders) == 5


YES = "yes"


def agreed(said: str) -> str:
    """Answer as an owner who wants it all, and answers the question."""
    if "Type yes" in said:
        return YES
    return "person" if said.startswith("Who") else ""


async def spent(sim: Simulator, *words: str) -> dict[str, Line]:
    """Let the owner agree to pay."""
    sim.auto = 0.05
    return await look(sim, "--spend", *words, says=agreed)


async def test_spend(simulator: Simulator) -> None:
    """It says the price first, sends three messages to the owner alone, and reports each."""
    await lived(simulator)
    questions: list[str] = []

    def says(said: str) -> str:
        questions.append(said)
        return agreed(said)

    simulator.auto = 0.05
    port = free_port()
    callback = f"http://127.0.0.1:{port}/api/webhook/{WEBHOOK_ID}"
    lines = await look(
        simulator, "--spend", f"--callback={callback}", f"--listen={port}", says=says
    )
    assert (
        "ends in 81: SMS 1.31 RUB, 2WAY 3.13 RUB, call 0.50 RUB; together 4.94 RUB" in questions[0]
    )
    bought = simulator.orders[5:]
    assert [each.kind for each in bought] == ["sms", "two_way", "voice"]
    assert {each.phone for each in bought} == {simulator.account.phone}
    otherwise = {
        each.name: each.seen
        for each in lines.values()
        if each.consequence != "as assumed" and ":" in each.name
    }
    assert otherwise == {}
    assert lines["call: who took it"].seen == "person took it: status 2"
    assert lines["answer: in the list"].seen == "at once"
    assert lines["pushes"].seen == "GET, each status once, in order"


@pytest.mark.parametrize("answer", ["", "no", "y"])
async def test_spend_nothing(simulator: Simulator, answer: str) -> None:
    """Without a plain yes nothing is bought."""
    lines = await look(simulator, "--spend", says=lambda _: answer)
    assert simulator.orders == []
    assert "SMS: answer" not in lines


async def test_spend_refused(simulator: Simulator) -> None:
    """What is refused is not bought, and the line says so."""
    simulator.account.templates = [Template(text="Дом: .*", regex=True)]
    lines = await spent(simulator, "--template=Дом: {message}")
    assert [each.kind for each in simulator.orders] == ["sms", "voice"]
    assert simulator.orders[0].text.startswith("Дом: ")
    assert lines["2WAY"].seen == "refused with 227"


async def test_spend_elsewhere(simulator: Simulator) -> None:
    """In a service that does all of it otherwise, the lines say what."""
    await lived(simulator)
    options = simulator.options
    options.check_lag = options.inbound_lag = timedelta(seconds=0.2)
    options.check_lag_ids = True
    options.stored = Stored.EMOJI_DROPPED
    options.late_price = LatePrice.ZERO
    options.zone = timedelta(hours=3)
    options.pseudo_senders = PseudoSenders.NUMBER
    options.refused_again = True
    options.inbound_numbers = Numbers.EIGHT
    options.inbound_seconds = False
    options.push_copies = 2
    options.push_extra = {"new_one": "1"}
    options.server_ids = options.inbound_ids = Ids.FALLING
    port = free_port()
    lines = await spent(simulator, f"--callback=http://127.0.0.1:{port}/", f"--listen={port}")
    seen = {
        "SMS: answer": "2 rows, errors 0, 214",
        "SMS: its text": "without emoji",
        "SMS: in the list": "after 1 s",
        "SMS: by its id": "after 1 s",
        "answer: in the list": "after 1 s",
        "SMS: zone of created": "UTC+3",
        "SMS: its price": "known later",
        "SMS: its id": "larger than those before",
        "2WAY: sender in the list": "a number",
        "answer: its number": "8 and ten digits",
        "answer: created": "9999-99-99 99:99",
        "pushes": "GET, statuses repeated, in order, also new_one",
    }
    assert {name: lines[name].seen for name in seen} == seen


@pytest.mark.parametrize(
    ("option", "value", "seen"),
    [
        ("pushes", Pushes.OFF, "none came"),
        ("push_reversed", True, "GET, each status once, not in order"),
    ],
)
async def test_pushes(simulator: Simulator, option: str, value: object, seen: str) -> None:
    """Pushes that are missing or out of order are reported."""
    setattr(simulator.options, option, value)
    port = free_port()
    lines = await spent(simulator, f"--callback=http://127.0.0.1:{port}/", f"--listen={port}")
    assert lines["pushes"].seen == seen


@pytest.mark.parametrize(
    ("how", "line", "seen"),
    [
        (ListedNumbers.NATIONAL, "numbers of messages", "ten digits"),
        (ListedNumbers.MASKED, "numbers of messages", "masked"),
        (ListedNumbers.EMPTY, "rows of messages that make no sense", "5 of 5: without phone"),
    ],
)
async def test_listed_numbers(
    simulator: Simulator, how: ListedNumbers, line: str, seen: str
) -> None:
    """Numbers that only the list writes in another way are reported."""
    await lived(simulator)
    simulator.options.listed_numbers = how
    assert (await look(simulator))[line].seen == seen


# What cannot be seen from outside, or only with money, failures or a setting of the cabinet's.
NOT_SEEN = {
    *("refused_list_sends_good", "no_money_code", "duplicate_window", "duplicate_guards_calls"),
    *("duplicate_refuses_list", "text_errors_name_phone", "ip", "escape_slashes", "facts"),
    *("refund_undelivered", "check_shows_result", "check_limit", "check_kept", "check_lag_every"),
    *("check_lists_scheduled", "inbound_lag_every", "push_delay", "push_body", "push_timeout"),
}


def test_every_switch() -> None:
    """Each switch of the simulator is held against a line here, or it is said why not."""
    held = {name for world in WORLDS.values() for name in world.options}
    held |= set(re.findall(r"options\.(\w+)", Path(__file__).read_text()))
    held |= {"pushes", "push_reversed"}
    assert {option.name for option in fields(Options)} == (held - {"items"}) | NOT_SEEN
    assert not held & NOT_SEEN


@pytest.mark.parametrize("how", Stored)
def test_stored(how: Stored) -> None:
    """Each way in which a text may be stored is distinguished from the others."""
    sent = ODD_TEXT.format(123)
    words = {
        Stored.AS_SENT: "to the letter",
        Stored.EMOJI_DROPPED: "without emoji",
        Stored.EMOJI_AS_QUESTION_MARKS: "question marks for emoji",
        Stored.CUT_AT_EMOJI: "cut at the emoji",
        Stored.HTML_ESCAPED: "HTML escapes",
        Stored.NO_VARIATION_SELECTORS: "without U+FE0F",
        Stored.STRAIGHT_QUOTES: "straight quotes",
        Stored.PLAIN_YO: "е for ё",
        Stored.TRIMMED: "without outer blanks",
        Stored.BLANKS_FOLDED: "with single blanks",
        Stored.CP1251: "what Windows-1251 has",
    }
    assert way(sent, stored_text(sent, how)) == words[how]


def test_stored_otherwise() -> None:
    """Two changes at once are reported, and an unknown one is reported without the text."""
    sent = ODD_TEXT.format(123)
    assert way(sent, stored_text(sent, Stored.CUT_AT_EMOJI).strip()) == (
        "cut at the emoji, without outer blanks"
    )
    assert way(sent, " Ёлки") == f"otherwise: 5 characters of {len(sent)}, the first 4 alike"


async def test_script_prints_no_secret(simulator: Simulator) -> None:
    """All that the script prints can be pasted into an issue, whatever the service answers."""
    await lived(simulator)
    simulator.account.name = simulator.account.email = "Иванов info@example.com"
    simulator.options.odd_row = OddRow.ODD_DATE
    simulator.options.account_figures = {"balance": "Иванов {}", "date": "79161231212"}
    simulator.options.figures = {"price": f"{DEFAULT_KEY} {{}}", "error": "Секрет"}
    simulator.auto = 0.05
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(ROOT / "scripts/live-check", "--url", simulator.url, "--pause=0", "--interval=0.1"),
        *("--spend", "--mark-seen", "--patience=5", f"--listen={port}"),
        f"--callback=http://127.0.0.1:{port}/api/webhook/{WEBHOOK_ID}",
        env={**os.environ, VARIABLE: DEFAULT_KEY},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    printed, said = await process.communicate(f"{YES}\nskip\nnobody\n".encode())
    assert process.returncode == 0, said.decode()
    simulator.unknown.clear()
    assert printed.decode().count("\n| ") > 60
    texts = [each.text for each in simulator.messages.values()]
    ids = [str(each) for each in (*simulator.messages, *(one.id for one in simulator.inbox))]
    for secret in (*SECRETS, *texts, *ids, WEBHOOK_ID, simulator.account.phone):
        assert secret not in printed.decode()
        assert secret not in said.decode()
    assert len(simulator.orders) == 8


async def test_key_refused(simulator: Simulator) -> None:
    """A key that is not accepted is said, and that is all."""
    options = arguments(["--url", simulator.url, "--pause", "0"])

    async def question(_: str) -> str:
        return ""

    said = await check("WRONG", options, Means(question=question))
    assert said == "The account cannot be read: 101"
    assert len(simulator.requests) == 1


def test_hidden() -> None:
    """Whatever a point may have let through: no number, no key."""
    assert hidden("to 79087964781 and | 12:30") == "to ••• and / 12:30"
    assert DEFAULT_KEY not in hidden(f"key {DEFAULT_KEY}")
