"""Points that only paid messages show."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from . import shapes
from .pushes import Pushes
from .report import Line, hidden
from .shapes import UNSEEN
from .spending import Sent
from .stored import TO_THE_LETTER, way

_HALF_HOUR: Final = 1800
_TAKERS: Final = ("nobody", "person", "voicemail")


def lines(sent: Sequence[Sent], pushes: Pushes | None) -> Iterator[Line]:
    """Return a line for each thing that was seen."""
    for each in sent:
        name = each.kind
        if not each.server_id:
            code = each.reply.code if each.reply else ""
            yield _line(name, "accepted", f"refused with {code}", "it cannot be sent here")
            continue
        rows = [shapes.code(row.get("error") or 0) for row in each.rows]
        seen = "one row" if len(rows) == 1 else f"{len(rows)} rows, errors {', '.join(rows)}"
        yield _line(f"{name}: answer", "one row", seen, "the accepted row of a number counts")
        yield _line(
            f"{name}: in the list",
            "at once",
            _after(each.listed),
            "a send whose answer was lost is in doubt for that long",
        )
        yield _line(f"{name}: by its id", "at once", _after(each.by_id), "missing means unknown")
        yield _line(f"{name}: its text", TO_THE_LETTER, _text(each), "a changed text is still ours")
        yield _line(
            f"{name}: its id",
            "larger than those before",
            _id(each),
            "a new id proves nothing by itself",
        )
        yield _line(f"{name}: zone of created", "UTC", _zone(each), "its times are off by that")
        yield _line(
            f"{name}: its price",
            "known at once",
            _price(each),
            "spending is corrected once it is known",
        )
        if each.sender:
            yield _line(
                f"{name}: sender in the list",
                "as it was asked for",
                _sender(each),
                "the kind goes by what we sent",
            )
        statuses = ", ".join(f"{status} {_after(at)}" for status, at in each.statuses) or UNSEEN
        yield _line(f"{name}: statuses", "", statuses, "")
        yield from _answered(each)
    if pushes is not None:
        yield _line(
            "pushes",
            "GET, each status once, in order",
            pushes.words(),
            "repeated and late ones change nothing",
        )


def _answered(sent: Sent) -> Iterator[Line]:
    if sent.kind == "call":
        taker = sent.answer.strip().lower()
        last = sent.statuses[-1][0] if sent.statuses else UNSEEN
        seen = f"{taker if taker in _TAKERS else 'unknown who'} took it: status {last}"
        yield _line(
            "call: who took it", "", seen, "an answered call acknowledges only where pick_up is on"
        )
    if sent.kind == "2WAY" and sent.answer_seconds is not None:
        row = sent.answer_row
        newer = str(row.get("id", "")).isdecimal() and int(row["id"]) > int(sent.answer or 0)
        yield _line(
            "answer: in the list",
            "at once",
            _after(sent.answer_seconds),
            "it is looked for for 72 hours",
        )
        yield _line(
            "answer: its id",
            "larger than those before",
            "larger than those before" if newer else "not larger",
            "nothing goes by its size",
        )
        yield _line(
            "answer: its number",
            "7 and ten digits",
            shapes.number(row.get("phone", "")),
            "numbers are compared as numbers",
        )
        yield _line(
            "answer: created",
            "9999-99-99 99:99:99",
            shapes.date(row.get("created", "")),
            "true to the minute",
        )


def _line(name: str, assumed: str, seen: str, otherwise: str) -> Line:
    consequence = "" if seen == UNSEEN else "as assumed" if assumed in (seen, "") else otherwise
    return Line(name=name, assumed=assumed, seen=hidden(seen), consequence=consequence)


def _after(seconds: float | None) -> str:
    if seconds is None:
        return "not as long as we looked"
    # In the first look, whatever that took.
    return f"after {max(seconds, 1):.0f} s" if seconds else "at once"


def _text(sent: Sent) -> str:
    shown = sent.last.get("message")
    return UNSEEN if shown is None else way(sent.text, str(shown))


def _id(sent: Sent) -> str:
    known = [int(each) for each in sent.known_ids if each.isdecimal()]
    if not known or not sent.server_id.isdecimal():
        return UNSEEN
    return "larger than those before" if int(sent.server_id) > max(known) else "not larger"


def _zone(sent: Sent) -> str:
    created = shapes.moment(sent.first.get("created"))
    if created is None or sent.at is None:
        return UNSEEN
    off = timedelta(seconds=round((created - sent.at).total_seconds() / _HALF_HOUR) * _HALF_HOUR)
    hours = off.total_seconds() / 3600
    return "UTC" if not hours else f"UTC{hours:+g}"


def _price(sent: Sent) -> str:
    first, last = (str(row.get("price", "")) for row in (sent.rows[0], sent.last))
    if not sent.last:
        return UNSEEN
    if first == last:
        return "known at once"
    return "known later" if first in ("", "0", "0.00") else "another one later"


def _sender(sent: Sent) -> str:
    shown = str(sent.last.get("sender", ""))
    if shown == sent.sender:
        return "as it was asked for"
    return "a number" if shown.lstrip("+").isdecimal() else "another name"
