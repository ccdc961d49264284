"""A message on its way: when it is looked at, and which news of it are news."""

import asyncio
from dataclasses import dataclass
from typing import Final

from ..client import Status
from .result import NUMBER_CHECKS, Row

# How old a message is when it is looked at; number checks are answered within seconds.
MESSAGE_AGES: Final = (15, 30, 60, 120, 300)
CHECK_AGES: Final = (5, 15, 30, 45, 60, 90, 120, 300)
MAX_LOOK_INTERVAL: Final = 3600

_RANK: Final = {Status.SCHEDULED: 0, Status.ACCEPTED: 1, Status.SENT: 2}


@dataclass(slots=True)
class Waiting:
    """A message that has no final status yet, and who waits for it.

    `due` is by the loop's clock, which the correction of a machine's clock does not move;
    `odd` is an id that the service cannot read.
    """

    row: Row
    due: float
    futures: frozenset[asyncio.Future[None]] = frozenset()
    odd: bool = False

    def next_look(self, now: float) -> float:
        """Return in how many seconds it is looked at next."""
        ages = CHECK_AGES if self.row.kind in NUMBER_CHECKS else MESSAGE_AGES
        age = now - self.due
        if age < 0:
            return min(ages[0] - age, MAX_LOOK_INTERVAL)
        # Beyond the table ever rarer: when it is twice as old. A timer may be early by a trifle.
        return next((look - age for look in ages if look > age + 1), min(age, MAX_LOOK_INTERVAL))


def follows(status: Status, present: Status) -> bool:
    """Return whether a status is news: nothing follows a final one.

    A status that a newer API adds is none: nobody can say where it stands among the others.
    """
    if present.final:
        return False
    return status.final or _RANK.get(status, -1) > _RANK.get(present, -1)
