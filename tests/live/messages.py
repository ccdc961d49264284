"""Points of the list of messages that were sent."""

from typing import Final

from . import shapes
from .api import Json
from .look import FIELDS, Look, distinct, lacking, readable
from .report import Points, Seen
from .shapes import UNSEEN

POINTS: Final = Points()
PSEUDO: Final = ("2WAY", "GOLOS", "GOLOSM", "FLASHCALL")
_NEEDED: Final = ("server_id", "phone", "status")


def place(row: Json) -> tuple[str, int]:
    """Return where a row stands in time; rows of one second by their ids."""
    return str(row.get("created", "")), _number(row["server_id"])


def _number(value: object) -> int:
    return int(str(value)) if str(value).isdecimal() else 0


@POINTS(
    "an id that is not ours",
    "a row of status -2 without a number",
    "no row",
    otherwise="missing means unknown, never failed",
)
async def _unknown(look: Look) -> str:
    reply = await look.once(check="1")
    if reply.code:
        return f"error {reply.code}"
    rows = [row for row in reply.rows("check") if str(row.get("server_id")) == "1"]
    if not rows:
        return "no row"
    number = "with" if rows[0].get("phone") else "without"
    return f"a row of status {shapes.code(rows[0].get('status'))} {number} a number"


@POINTS("check=recent", otherwise="")
async def _recent(look: Look) -> Seen:
    rows = await look.recent()
    times = [time for row in rows if (time := shapes.moment(row.get("created")))]
    now = look.api.replies[-1].date or look.api.replies[-1].at
    oldest = f", the oldest {shapes.age((now - min(times)).total_seconds())} old" if times else ""
    return Seen(f"{len(rows)} rows{oldest}", as_assumed=True)


@POINTS("order of messages", "newest first", otherwise="read to its end before a row is missed")
async def _order(look: Look) -> str:
    rows = await look.recent()
    times = shapes.order(rows, lambda row: str(row.get("created", "")))
    return shapes.order(rows, place) if times == UNSEEN else times


@POINTS("ids of messages", "they grow", otherwise="a new id proves nothing by itself")
async def _ids(look: Look) -> str:
    rows = await look.recent()
    return shapes.growth((shapes.moment(row.get("created")), str(row["server_id"])) for row in rows)


@POINTS("created of messages", "9999-99-99 99:99:99", otherwise="times are true to the minute")
async def _created(look: Look) -> str:
    return shapes.all_of(shapes.date(row.get("created")) for row in await look.recent())


@POINTS(
    "numbers of messages",
    "7 and ten digits",
    otherwise="numbers are compared as numbers; a hidden one leaves a lost message in doubt",
)
async def _numbers(look: Look) -> str:
    return shapes.all_of(shapes.number(row["phone"]) for row in await look.recent())


@POINTS("messages listed twice", "none", otherwise="each counts once")
async def _twice(look: Look) -> str:
    return twice([row["server_id"] for row in await look.recent()])


def twice(ids: list[object]) -> str:
    """Return how many rows repeat another."""
    if not ids:
        return UNSEEN
    return f"{len(ids) - len(set(ids))} of {len(ids)}" if len(set(ids)) < len(ids) else "none"


@POINTS("rows of messages that make no sense", "none", otherwise="left out and counted")
async def _odd(look: Look) -> str:
    await look.recent()
    reply = await look.once(check="recent", fields=",".join(FIELDS))
    return odd(reply.listed("check"), (*_NEEDED, "created"))


def odd(rows: list[object], needed: tuple[str, ...]) -> str:
    """Return what is wrong with which rows."""
    if not rows:
        return UNSEEN
    wrong = [
        f"without {', '.join(missing)}" if isinstance(row, dict) else "no object"
        for row in rows
        if not isinstance(row, dict) or (missing := wanting(row, needed))
    ]
    return f"{len(wrong)} of {len(rows)}: {shapes.all_of(wrong)}" if wrong else "none"


def wanting(row: Json, needed: tuple[str, ...]) -> list[str]:
    """Return the attributes of a row that are missing, or cannot be read."""
    missing = lacking(row, needed)
    for name in set(needed) - set(missing):
        value = str(row[name])
        numeric = name in ("id", "server_id", "status")
        if (numeric and not value.lstrip("-").isdecimal()) or (
            name == "created" and shapes.moment(value) is None
        ):
            missing.append(f"a readable {name}")
    return sorted(missing)


@POINTS("a list of one message", "a list", otherwise="a lone row is read too")
async def _lone(look: Look) -> str:
    if not (rows := await look.recent()):
        return UNSEEN
    data = (await look.once(check=str(rows[0]["server_id"]))).data
    return "a list" if isinstance(data.get("check"), list) else "an object"


@POINTS("pages of messages", "they follow one another", otherwise="a row may be missed")
async def _pages(look: Look) -> str:
    pages = [
        await look.once(
            check="recent", fields=",".join(_NEEDED), limit=str(limit), offset=str(offset)
        )
        for limit, offset in ((4, 0), (2, 0), (2, 2))
    ]
    whole, *parts = (
        [str(row["server_id"]) for row in distinct(readable(page.rows("check"), _NEEDED))]
        for page in pages
    )
    if len(whole) < 3:
        return UNSEEN
    return "they follow one another" if whole == parts[0] + parts[1] else "they do not"


@POINTS(
    "sender of 2WAY and calls", "as it was asked for", otherwise="the kind goes by what we sent"
)
async def _pseudo(look: Look) -> str:
    senders = {str(row.get("sender")) for row in await look.recent()}
    return "as it was asked for" if senders & set(PSEUDO) else UNSEEN


@POINTS("texts of messages", "no sign of a change", otherwise="a changed text is still ours")
async def _texts(look: Look) -> str:
    return changes([str(row.get("message", "")) for row in await look.recent()])


def changes(texts: list[str]) -> str:
    """Return signs that texts are not as they were written."""
    if not texts:
        return UNSEEN
    signs = {
        "HTML escapes": any(each in text for text in texts for each in ("&amp;", "&quot;", "&lt;")),
        "rows of question marks": any("????" in text for text in texts),
    }
    return ", ".join(sign for sign, seen in signs.items() if seen) or "no sign of a change"


@POINTS("attributes of messages", "the document's", otherwise="what is missing is not shown")
async def _attributes(look: Look) -> str:
    rows = await look.recent()
    return shapes.names((name for row in rows for name in row), FIELDS) if rows else UNSEEN
