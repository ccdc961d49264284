"""Claims on a text to a number: a second send of the same text waits until the first has ended."""

import asyncio
from collections.abc import Iterable

from homeassistant.core import HomeAssistant, callback

from ..client import Kind
from ..text.normalising import same_spacing
from .number import Number
from .record import SubmissionRecord


class Claims:
    """The kinds, numbers and texts that submissions under way hold.

    Two sends of the same text at a time would make rows in the API's list that look alike: after a
    lost response it would be unknown which send a row belongs to.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._claims: dict[tuple[Kind, str, str], tuple[str, asyncio.Future[None]]] = {}

    @callback
    def take(self, record: SubmissionRecord, number: Number) -> bool:
        """Claim the record's text to a number; return whether it holds the claim."""
        released = self._hass.loop.create_future()
        holder = self._claims.setdefault(_key(record, number), (record.id, released))
        return holder[0] == record.id

    def of(self, record: SubmissionRecord, number: Number) -> asyncio.Future[None] | None:
        """Return a future that is done when the present claim is released; None without a claim."""
        claim = self._claims.get(_key(record, number))
        return claim and claim[1]

    def waited_for(
        self, record: SubmissionRecord, numbers: Iterable[Number]
    ) -> dict[Number, asyncio.Future[None] | None]:
        """Return the futures of the claims that some of the numbers wait for."""
        return {one: self.of(record, one) for one in numbers if one.has_waited}

    @callback
    def release(self, record: SubmissionRecord, numbers: Iterable[Number]) -> None:
        """Release the claims that the record holds on numbers."""
        for one in numbers:
            key = _key(record, one)
            if (claim := self._claims.get(key)) and claim[0] == record.id:
                del self._claims[key]
                claim[1].set_result(None)


def _key(record: SubmissionRecord, number: Number) -> tuple[Kind, str, str]:
    return record.kind, number.digits, same_spacing(record.text)
