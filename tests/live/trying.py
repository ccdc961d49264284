"""Points of sending, asked with `cost=1` and `test=1`: nothing goes out, nothing is paid."""

from decimal import Decimal, InvalidOperation
from typing import Final

from . import shapes
from .api import Reply
from .look import FIELDS, Look, distinct, of_number
from .report import Points
from .shapes import UNSEEN

POINTS: Final = Points()
# A sender that no account has, by all odds.
_STRANGER: Final = "Zq7live"
_BAD: Final = ("7908", "7909")
_KINDS: Final = {
    "SMS": ("", ""),
    "2WAY": ("", "2WAY"),
    "voice": ("", "GOLOS"),
    "FlashCall": ("1234", "FLASHCALL"),
    "HLR": ("HLR", ""),
    "PING": ("PING", ""),
    "HLRVIP": ("HLRVIP", ""),
}


def _refused(reply: Reply, otherwise: str) -> str:
    return f"refused with {reply.code}" if reply.code else otherwise


@POINTS("cost=1", "9.9", otherwise="where it cannot be read, no cost is shown before")
async def _cost(look: Look) -> str:
    reply = await look.cost()
    return _refused(reply, shapes.figure(reply.value("cost")))


@POINTS("kinds with a price", "all", otherwise="the others cannot be ordered with this account")
async def _priced(look: Look) -> str:
    codes = {name: (await look.cost(*_of(kind))).code for name, kind in _KINDS.items()}
    refused = [f"{name} is refused with {code}" for name, code in codes.items() if code]
    return ", ".join(refused) or "all"


def _of(kind: tuple[str, str]) -> tuple[str, str, str]:
    text, sender = kind
    return text, "", sender


async def _strange_texts(look: Look) -> tuple[Reply, Reply]:
    """Ask for the price of a text that no template can fit, and test it."""
    return await look.cost(look.strange_text), await look.test(look.strange_text)


_NO_TEMPLATES: Final = "no text is refused"


@POINTS(
    "cost=1 and templates",
    "it looks at them",
    _NO_TEMPLATES,
    otherwise="an alarm that is ready may be refused when it counts: send a text once",
)
async def _cost_and_templates(look: Look) -> str:
    cost, test = await _strange_texts(look)
    if cost.code:
        return "it looks at them"
    return "it does not look at them" if test.code else _NO_TEMPLATES


@POINTS(
    "test=1 and templates",
    "it looks at them",
    _NO_TEMPLATES,
    otherwise="a rehearsal does not show that a text is refused",
)
async def _test_and_templates(look: Look) -> str:
    cost, test = await _strange_texts(look)
    if test.code:
        return "it looks at them"
    return "it does not look at them" if cost.code else _NO_TEMPLATES


@POINTS(
    "an unknown sender",
    "replaced, and sender_orig shows it",
    "refused with 115",
    "refused with 116",
    otherwise="a wrong sender is not noticed",
)
async def _stranger(look: Look) -> str:
    reply = await look.test(sender=_STRANGER)
    row = next(iter(await look.tested(_STRANGER)), {})
    if reply.code or row.get("sender") == _STRANGER:
        return _refused(reply, "taken as it is")
    shown = row.get("sender_orig") == _STRANGER
    return f"replaced, and sender_orig {'shows it' if shown else 'is empty'}"


@POINTS(
    "cost=1 and senders",
    "it looks at them",
    "no sender is refused",
    otherwise="an alarm that is ready may be refused for its sender",
)
async def _cost_and_senders(look: Look) -> str:
    if (await look.cost(sender=_STRANGER)).code:
        return "it looks at them"
    refused = (await look.test(sender=_STRANGER)).code
    return "it does not look at them" if refused else "no sender is refused"


@POINTS("test=1", "one row of id 1000, and nothing is charged", otherwise="a test may be tracked")
async def _test(look: Look) -> str:
    before = (await look.api.ask(balance="rur")).value("balance")
    names = ",".join(FIELDS)
    reply = await look.api.ask(send=look.text, to=await look.own(), test="1", fields=names)
    rows = distinct(of_number(reply.rows("send"), await look.own()))
    if reply.code or not rows:
        return _refused(reply, "no row")
    count = "one row" if len(rows) == 1 else f"{len(rows)} rows"
    server_id = str(rows[0].get("server_id"))
    name = f"id {server_id}" if server_id in ("1000", "10000") else "another id"
    paid = (await look.api.ask(balance="rur")).value("balance") != before
    return f"{count} of {name}, and {'something' if paid else 'nothing'} is charged"


@POINTS("attributes of a sent row", "the document's", otherwise="what is missing is not shown")
async def _attributes(look: Look) -> str:
    rows = await look.tested()
    return shapes.names((name for row in rows for name in row), FIELDS) if rows else UNSEEN


@POINTS("attributes beside the rows", "the document's", otherwise="shown as unknown")
async def _beside(look: Look) -> str:
    reply = await look.test()
    names = ("send", "balance", "cost", "server_packet_id")
    return UNSEEN if reply.code else shapes.names(reply.data, names)


@POINTS("price of a row", "9.9", otherwise="where it cannot be read, the price is unknown")
async def _price(look: Look) -> str:
    rows = await look.tested()
    return shapes.all_of(shapes.figure(row.get("price", "")) for row in rows)


@POINTS("error of a good row", "0", "empty", "none", otherwise="it is shown as the reason")
async def _no_error(look: Look) -> str:
    rows = await look.tested()
    values = (row.get("error", "none") for row in rows)
    return shapes.all_of(
        "empty" if value in (None, "") else str(value) if value in (0, "0", "none") else "other"
        for value in values
    )


@POINTS("cost and the rows' prices", "the same sum", otherwise="spending goes by the cost")
async def _sum(look: Look) -> str:
    reply = await look.test()
    if reply.code:
        return UNSEEN
    try:
        prices = sum((Decimal(str(row.get("price"))) for row in await look.tested()), Decimal())
        return "the same sum" if Decimal(reply.value("cost")) == prices else "another sum"
    except InvalidOperation:
        return "no figures"


@POINTS("a number with a plus", "refused with 111", "taken", otherwise="numbers are sent without")
async def _plus(look: Look) -> str:
    return _refused(await look.cost(to=f"+{await look.own()}"), "taken")


@POINTS("a number with an 8", "refused with 111", "taken", otherwise="numbers are sent with a 7")
async def _eight(look: Look) -> str:
    return _refused(await look.cost(to=f"8{(await look.own())[1:]}"), "taken")


@POINTS("as many bad numbers as good", "rows", otherwise="looked for, then sent one by one")
async def _equal(look: Look) -> str:
    return _refused(await look.test(to=f"{await look.own()},{_BAD[0]}"), "rows")


@POINTS(
    "more bad numbers than good",
    "one error that names a number",
    otherwise="the good ones are found by sending one by one",
)
async def _more(look: Look) -> str:
    reply = await look.test(to=",".join((await look.own(), *_BAD)))
    if not reply.error:
        return _refused(reply, "rows")
    return f"one error that names {'a' if reply.error.get('phone') else 'no'} number"


@POINTS("a number twice", "rows; the second refused with 214", otherwise="we never send one twice")
async def _twice(look: Look) -> str:
    number = await look.own()
    reply = await look.test(to=f"{number},{number}")
    rows = distinct(of_number(reply.rows("send"), number))
    codes = [shapes.code(row.get("error") or 0) for row in rows]
    bad = [code for code in codes if code != "0"]
    refused = f"refused with {bad[0]}" if bad else "taken too"
    return _refused(reply, f"rows; the second {refused}")


@POINTS(
    "Cyrillic and Latin in one word", "refused with 248", "taken", otherwise="shown by its code"
)
async def _mixed(look: Look) -> str:
    return _refused(await look.cost(look.framed("Прoверка")), "taken")


@POINTS("a text of eleven parts", "refused with 221", otherwise="longer texts would go out too")
async def _long(look: Look) -> str:
    return _refused(await look.cost(look.framed("Проверка. " * 70)), "taken")
