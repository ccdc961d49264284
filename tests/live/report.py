"""Points that the service's document leaves open, and what was seen of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import re
from typing import Final

from .look import Look
from .shapes import UNSEEN

# What stands between lines of a report must be no number, key or id.
_SECRET: Final = re.compile(r"\d{5,}|[0-9A-Za-z]{20,}")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen, where words alone do not show whether it is as assumed."""

    words: str
    as_assumed: bool


type Looking = Callable[[Look], Awaitable[str | Seen]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Something that was never tried at the real service."""

    name: str
    assumed: tuple[str, ...]
    # What follows where it is otherwise.
    otherwise: str
    look: Looking


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A point, and what came of it."""

    name: str
    assumed: str
    seen: str
    consequence: str


class Points(list[Point]):
    """Points in the order in which they are looked at."""

    def __call__(self, name: str, *assumed: str, otherwise: str) -> Callable[[Looking], Looking]:
        """Take a function that looks at a point; any of the assumed words will do."""

        def take(look: Looking) -> Looking:
            self.append(Point(name=name, assumed=assumed, otherwise=otherwise, look=look))
            return look

        return take


async def line(point: Point, look: Look) -> Line:
    """Look at a point."""
    try:
        found = await point.look(look)
    # An answer of an unexpected form must not keep the other points from being seen.
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        found = Seen(f"the check itself failed: {type(error).__name__}", as_assumed=False)
    words = found if isinstance(found, str) else found.words
    fine = found in point.assumed if isinstance(found, str) else found.as_assumed
    consequence = "" if words == UNSEEN else "as assumed" if fine else point.otherwise
    return Line(
        name=point.name,
        assumed=" or ".join(point.assumed),
        seen=hidden(words),
        consequence=consequence,
    )


def hidden(words: str) -> str:
    """Return words without what could be a number, a key or an id: a last resort."""
    return _SECRET.sub("•••", words).replace("|", "/").replace("\n", " ")


def table(lines: list[Line]) -> str:
    """Return the lines as a table that an issue shows."""
    rows = [(each.name, each.assumed, each.seen, each.consequence) for each in lines]
    head = [("point", "assumed", "seen", "consequence"), ("---",) * 4]
    return "\n".join(f"| {' | '.join(row)} |" for row in head + rows)
