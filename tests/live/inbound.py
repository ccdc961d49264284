"""Points of the list of inbound messages."""

from datetime import timedelta
from typing import Final

from . import shapes
from .api import Json
from .look import Look
from .messages import changes, odd, twice
from .report import Points, Seen
from .shapes import UNSEEN

POINTS: Final = Points()
_FULL: Final = "9999-99-99 99:99:99"
_NEEDED: Final = ("id", "phone", "created", "text")
# A list that ends at a round number may have been cut off there.
_ROUND: Final = 50


def _time(row: Json) -> str:
    return str(row["created"])


@POINTS("inbound=all", "not cut off", otherwise="read on from its newest row")
async def _all(look: Look) -> Seen:
    rows = await look.all_inbound()
    times = [time for row in rows if (time := shapes.moment(row["created"]))]
    if not times:
        return Seen(UNSEEN, as_assumed=True)
    now = look.api.replies[-1].date or look.api.replies[-1].at
    oldest = shapes.age((now - min(times)).total_seconds())
    summary = f"{len(rows)} rows, the oldest {oldest} old"
    newer = await look.once(inbound=f"{max(times).timestamp():.0f}")
    if any(
        (time := shapes.moment(row.get("created"))) and time > max(times)
        for row in newer.rows("inbound")
    ):
        return Seen(f"{summary}; newer ones are cut off", as_assumed=False)
    if len(rows) % _ROUND == 0:
        return Seen(f"{summary}; a round number", as_assumed=False)
    return Seen(summary, as_assumed=True)


@POINTS("order of inbound messages", "newest first", "oldest first", otherwise="they are sorted")
async def _order(look: Look) -> str:
    return shapes.order(await look.all_inbound(), _time)


@POINTS("ids of inbound messages", "they grow", otherwise="nothing goes by their size")
async def _ids(look: Look) -> str:
    rows = await look.all_inbound()
    return shapes.growth((shapes.moment(row["created"]), str(row["id"])) for row in rows)


@POINTS("created of inbound messages", _FULL, otherwise="true to the minute")
async def _created(look: Look) -> str:
    return shapes.all_of(shapes.date(row["created"]) for row in await look.all_inbound())


@POINTS(
    "numbers of inbound messages",
    "7 and ten digits",
    "7 and ten digits; a word",
    otherwise="numbers are compared as numbers",
)
async def _numbers(look: Look) -> str:
    return shapes.all_of(shapes.number(row["phone"]) for row in await look.all_inbound())


@POINTS("inbound messages listed twice", "none", otherwise="each is published once")
async def _twice(look: Look) -> str:
    return twice([row["id"] for row in await look.all_inbound()])


@POINTS("rows of inbound messages that make no sense", "none", otherwise="left out and counted")
async def _odd(look: Look) -> str:
    return odd((await look.once(inbound="all")).listed("inbound"), _NEEDED)


@POINTS("a list of one inbound message", "a list", otherwise="a lone row is read too")
async def _lone(look: Look) -> str:
    times = sorted(
        {time for row in await look.all_inbound() if (time := shapes.moment(_time(row)))}
    )
    if not times:
        return UNSEEN
    before_last = times[-2] if len(times) > 1 else times[-1] - timedelta(hours=1)
    data = (await look.once(inbound=f"{before_last.timestamp():.0f}")).data
    listed = data.get("inbound")
    if isinstance(listed, list) and len(listed) != 1:
        return UNSEEN
    return "a list" if isinstance(listed, list) else "an object"


@POINTS("contract number before a text", "taken out", otherwise="we take it out ourselves")
async def _prefix(look: Look) -> str:
    contract = (await look.account()).value("id")
    texts = [str(row["text"]) for row in await look.all_inbound()]
    if not texts:
        return UNSEEN
    count = sum(text.split(" ")[0] == contract for text in texts)
    return f"there in {count} of {len(texts)}" if count else "taken out"


@POINTS("a message at the bound itself", "not listed", "listed", otherwise="each is published once")
async def _message_at_bound(look: Look) -> str:
    rows = await look.all_inbound()
    newest = max(map(_time, rows), default="")
    time = shapes.moment(newest)
    # A time without seconds is no bound to look at.
    if time is None or shapes.date(newest) != _FULL:
        return UNSEEN
    newer = await look.once(inbound=f"{time.timestamp():.0f}")
    there = any(shapes.moment(row.get("created")) == time for row in newer.rows("inbound"))
    return "listed" if there else "not listed"


@POINTS("a bound as Unix time and as a date", "the same list", otherwise="we ask by Unix time")
async def _forms(look: Look) -> str:
    rows = await look.all_inbound()
    if not rows or (time := shapes.moment(min(rows, key=_time)["created"])) is None:
        return UNSEEN
    time -= timedelta(minutes=1)
    lists = [
        {str(row.get("id")) for row in (await look.once(inbound=bound)).rows("inbound")}
        for bound in (f"{time.timestamp():.0f}", f"{time:%Y-%m-%d %H:%M:%S}")
    ]
    return "the same list" if lists[0] == lists[1] else "other lists"


@POINTS(
    "a list marks messages as seen", "no", otherwise="another program that asks new misses some"
)
async def _marks(look: Look) -> str:
    before = {str(row["id"]) for row in await look.all_inbound() if _is_new(row)}
    reply = await look.api.ask(inbound="all")
    after = {str(row.get("id")) for row in reply.rows("inbound") if _is_new(row)}
    return ("no" if before <= after else "yes") if before else UNSEEN


def _is_new(row: Json) -> bool:
    return str(row.get("seen")) == "0"


@POINTS("inbound=new marks them as seen", "yes", "no", otherwise="we never ask so by ourselves")
async def _new(look: Look) -> str:
    if not look.marks:
        return "not asked: --mark-seen asks"
    first = {str(row.get("id")) for row in (await look.api.ask(inbound="new")).rows("inbound")}
    again = {str(row.get("id")) for row in (await look.api.ask(inbound="new")).rows("inbound")}
    return ("yes" if first - again else "no") if first else UNSEEN


@POINTS(
    "texts of inbound messages", "no sign of a change", otherwise="texts are compared leniently"
)
async def _texts(look: Look) -> str:
    return changes([str(row["text"]) for row in await look.all_inbound()])
