"""Who is sending which text to which number: only the same text waits for its turn."""

import asyncio
from collections.abc import Iterable

from homeassistant.core import HomeAssistant, callback

from ..client import Kind
from ..text.normalising import same_spacing
from .number import Number
from .record import SubmissionRecord


class Claims:
    """The numbers that messages on their way are sent to.

    No two sends of one text of one kind to one number go at a time: of two rows that are alike,
    nobody could tell whose response was lost.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Know of nothing on its way."""
        self._hass = hass
        self._claims: dict[tuple[Kind, str, str], tuple[str, asyncio.Future[None]]] = {}

    @callback
    def take(self, record: SubmissionRecord, number: Number) -> bool:
        """Return whether the number may be sent to now."""
        released = self._hass.loop.create_future()
        holder = self._claims.setdefault(_mark(record, number), (record.id, released))
        return holder[0] == record.id

    def of(self, record: SubmissionRecord, number: Number) -> asyncio.Future[None] | None:
        """Return what ends when nobody is sending the text to the number any more."""
        claim = self._claims.get(_mark(record, number))
        return claim and claim[1]

    def turns(
        self, record: SubmissionRecord, numbers: Iterable[Number]
    ) -> dict[Number, asyncio.Future[None] | None]:
        """Return what ends when it is their turn, of the numbers that wait for it."""
        return {one: self.of(record, one) for one in numbers if one.has_waited}

    @callback
    def release(self, record: SubmissionRecord, numbers: Iterable[Number]) -> None:
        """Let others send the same text to numbers."""
        for one in numbers:
            mark = _mark(record, one)
            if (claim := self._claims.get(mark)) and claim[0] == record.id:
                del self._claims[mark]
                claim[1].set_result(None)


def _mark(record: SubmissionRecord, number: Number) -> tuple[Kind, str, str]:
    return record.kind, number.digits, same_spacing(record.text)
