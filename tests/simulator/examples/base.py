"""What an example is, and the states that lead to the document's answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tests.simulator.model import Blocked, Inbound, Kind, Message, Status
from tests.simulator.simulator import Simulator

type Arrange = Callable[[Simulator], None]

# The client's address in the document's errors.
IP = "11.111.211.111"


def as_it_is(_: Simulator) -> None:
    """Change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request of the document and its answer."""

    section: str
    # Behind `api.php?`, letter for letter, unless `slip` says otherwise.
    query: str
    answer: str
    arrange: Arrange = as_it_is
    # What the document has wrong here, or leaves out.
    slip: str = ""


def together(*parts: Arrange) -> Arrange:
    """Do one after the other."""

    def arrange(sim: Simulator) -> None:
        for part in parts:
            part(sim)

    return arrange


def paid(
    *rows: tuple[int, str, str],
    balance: str,
    cost: str | None = None,
    kind: Kind = Kind.SMS,
) -> Arrange:
    """Lead to these ids, numbers and prices, this balance afterwards and this cost."""

    def arrange(sim: Simulator) -> None:
        prices = [Decimal(each) for _, _, each in rows]
        total = sum(prices, start=Decimal())
        sim.options.cost_extra = Decimal(cost) - total if cost else Decimal()
        sim.account.balance = Decimal(balance) + total + sim.options.cost_extra
        for (server_id, number, _), price in zip(rows, prices, strict=True):
            sim.preset_ids.append(server_id)
            sim.phone(number).operator = number
            sim.prices[kind][number] = price

    return arrange


def stored(*rows: tuple[int, str, str, Status]) -> Arrange:
    """Lead to messages sent before."""

    def arrange(sim: Simulator) -> None:
        for server_id, number, price, status in rows:
            now = sim.now()
            sim.store(
                Message(
                    server_id=server_id,
                    packet_id=server_id,
                    account=sim.account.id,
                    phone=number,
                    text="Hello",
                    kind=Kind.SMS,
                    sender="INFORM",
                    sender_orig="",
                    parts=1,
                    price=Decimal(price),
                    status=status,
                    error=0,
                    created=now,
                    modified=now,
                )
            )

    return arrange


def received(*rows: tuple[int, str, str, str, str, bool]) -> Arrange:
    """Lead to inbound messages: id, phone, num, text, created, seen."""

    def arrange(sim: Simulator) -> None:
        for number, phone, num, text, created, seen in rows:
            sim.keep_inbound(
                Inbound(
                    id=number,
                    account=sim.account.id,
                    phone=phone,
                    num=num,
                    raw=text,
                    text=text,
                    created=datetime.fromisoformat(created).replace(tzinfo=UTC),
                    seen=seen,
                )
            )

    return arrange


def errors(*names: str, ip: str = IP) -> Arrange:
    """Let errors carry these optional attributes only."""

    def arrange(sim: Simulator) -> None:
        sim.options.error_fields = list(names)
        sim.options.ip = ip

    return arrange


def penniless(sim: Simulator) -> None:
    """Leave no money."""
    sim.account.balance = Decimal()


def blocked(sim: Simulator) -> None:
    """Block the account."""
    sim.account.blocked = Blocked()
