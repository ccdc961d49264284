"""What only a message that is paid for can show: three at most, to the owner's own number."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
import secrets
from time import monotonic
from typing import Final

from . import shapes
from .api import Json, Reply
from .look import FIELDS, Look, distinct, of_number
from .stored import ODD_TEXT

# Section 2.
_FINAL: Final = ("-2", "-1", "2")


@dataclass(slots=True, kw_only=True)
class Sent:
    """A message, and what was seen of it."""

    kind: str
    sender: str
    text: str
    # The owner's.
    number: str
    # The price that was shown before.
    cost: Decimal | None = None
    # The answer of the service, and how the rest went.
    reply: Reply | None = None
    known_ids: set[str] = field(default_factory=set)
    at: datetime | None = None
    first: Json = field(default_factory=dict)
    last: Json = field(default_factory=dict)
    statuses: list[tuple[str, float]] = field(default_factory=list)
    by_id: float | None = None
    listed: float | None = None
    answer: str = ""
    answer_row: Json = field(default_factory=dict)
    answer_seconds: float | None = None

    @property
    def rows(self) -> list[Json]:
        """Return the rows of the service's answer that are of the number, however written."""
        return distinct(of_number(self.reply.rows("send"), self.number)) if self.reply else []

    @property
    def server_id(self) -> str:
        """Return the id that was given, or nothing."""
        return str(self.rows[0].get("server_id", "")) if self.rows else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How to ask the owner, and how long to wait."""

    question: Callable[[str], Awaitable[str]]
    patience: float = 180.0
    interval: float = 3.0
    callback: str = ""


async def spend(look: Look, means: Means) -> list[Sent] | None:
    """Show the price, ask, send, and watch; None where the owner does not want to."""
    own = await look.own()
    texts = [
        Sent(number=own, kind="SMS", sender="", text=look.framed(ODD_TEXT.format(_code()))),
        Sent(
            number=own,
            kind="2WAY",
            sender="2WAY",
            text=look.framed(f"Вопрос {_code()}: ответьте да"),
        ),
        Sent(number=own, kind="call", sender="GOLOS", text=f"Это проверка номер {_code()}"),
    ]
    for each in texts:
        each.cost = await _cost(look, each)
    total = sum((each.cost or Decimal() for each in texts), Decimal())
    names = ", ".join(f"{each.kind} {each.cost} RUB" for each in texts if each.cost is not None)
    if not names:
        return texts
    said = await means.question(
        f"To your own number, the one of the cabinet that ends in {own[-2:]}: {names}; together"
        f" {total} RUB of your balance.\nType yes to send and pay: "
    )
    if said.strip().lower() != "yes":
        return None
    for each in texts:
        if each.cost is not None:
            await _send(look, means, each)
            await _ask(look, means, each)
    return texts


def _code() -> int:
    """Return what makes a text another one than last time: no duplicate guard must bite."""
    return 100 + secrets.randbelow(900)


async def _cost(look: Look, sent: Sent) -> Decimal | None:
    reply = await look.cost(sent.text, sender=sent.sender)
    sent.reply = reply
    try:
        return None if reply.code else Decimal(reply.value("cost"))
    except InvalidOperation:
        return None


async def _send(look: Look, means: Means, sent: Sent) -> None:
    """Send, and watch until nothing follows."""
    before = await look.api.ask(check="recent", fields="server_id")
    sent.known_ids = {str(row.get("server_id")) for row in before.rows("check")}
    more = {"callback": means.callback} if means.callback else {}
    sent.reply = await look.api.ask(
        send=sent.text,
        to=sent.number,
        sender=sent.sender,
        fields=",".join(FIELDS),
        **more,
    )
    sent.at = sent.reply.date or sent.reply.at
    if not sent.server_id:
        return
    begin, passed = monotonic(), 0.0
    while passed < means.patience:
        await _see(look, sent, passed)
        if sent.listed is not None and sent.by_id is not None and sent.statuses[-1][0] in _FINAL:
            return
        await asyncio.sleep(means.interval)
        passed = monotonic() - begin


async def _see(look: Look, sent: Sent, passed: float) -> None:
    """Look at a message once, by its id and in the list."""
    names = ",".join(FIELDS)
    by_id = (await look.api.ask(check=sent.server_id, fields=names)).rows("check")
    row = next((row for row in by_id if _is(row, sent) and row.get("phone")), None)
    recent = (await look.api.ask(check="recent", fields=names, limit="100")).rows("check")
    listed = next((row for row in recent if _is(row, sent)), None)
    if row and sent.by_id is None:
        sent.by_id = passed
    if listed and sent.listed is None:
        sent.listed = passed
    if found := listed or row:
        sent.first = sent.first or found
        sent.last = found
        status = shapes.code(found.get("status"))
        if not sent.statuses or sent.statuses[-1][0] != status:
            sent.statuses.append((status, passed))


def _is(row: Json, sent: Sent) -> bool:
    return str(row.get("server_id")) == sent.server_id


async def _ask(look: Look, means: Means, sent: Sent) -> None:
    """Ask the owner for what only they can see or do."""
    if not sent.server_id:
        return
    if sent.kind == "call":
        sent.answer = await means.question("Who took the call? (nobody, person, voicemail) ")
    if sent.kind != "2WAY":
        return
    known = await _inbound_ids(look)
    if (
        await means.question("Answer the question by SMS, then press Enter; or type skip: ")
    ).strip():
        return
    begin, passed = monotonic(), 0.0
    while passed < means.patience:
        rows = (await look.api.ask(inbound="all")).rows("inbound")
        if new := [row for row in rows if str(row.get("id")) not in known]:
            sent.answer_row, sent.answer_seconds = new[0], passed
            sent.answer = str(max((int(each) for each in known if each.isdecimal()), default=0))
            return
        await asyncio.sleep(means.interval)
        passed = monotonic() - begin


async def _inbound_ids(look: Look) -> set[str]:
    return {str(row.get("id")) for row in (await look.api.ask(inbound="all")).rows("inbound")}
