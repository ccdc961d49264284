"""One order, its requests, and the truth about each message, also when answers get lost."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import timedelta
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..client import (
    ApiError,
    CallbackRefused,
    ConnectionFailed,
    DuplicateRefused,
    Kind,
    MessageRow,
    RecipientRefused,
    ResponseLost,
    ResponseTimeout,
    SendResponse,
    Smspilot,
    SmspilotError,
    Status,
)
from ..client.api import NUMBER_CHECKS, PAGE
from ..const import LOGGER
from ..contacts.phones import to_service
from .message import OutboundMessage
from .outcome import Outcome

LOOK_FIELDS: Final = ("server_id", "phone", "message", "status", "created")
# A message that the service accepted is in its list well before this.
LOOK_PAUSE: Final = 20.0
LOOKS_AFTER_LOSS: Final = 2
LOOKS_AFTER_TIMEOUT: Final = 3
# Looks that cannot be made, as long as the network is gone, before the caller is told.
FAILED_LOOKS: Final = 6
# Without a connection nothing costs: soon at first, then not too often.
RETRY_PAUSES: Final = (2.0, 4.0, 8.0, 10.0)

type Pause = Callable[[float], Awaitable[None]]
type Pair = tuple[str, str]
# Whether an id belongs to another message.
type Known = Callable[[str], bool]
# Whether a number had the order's text before.
type Had = Callable[[str], bool]


class Submission:
    """The requests of one order to some numbers; they are international without a plus."""

    def __init__(
        self,
        hass: HomeAssistant,
        client: Smspilot,
        order: OutboundMessage,
        *,
        retry_for: timedelta,
        callback: str | None,
        known: Known,
        had: Had,
        pause: Pause,
    ) -> None:
        """Take the order."""
        self._hass = hass
        self._client = client
        self._order = order
        self._retry_for = retry_for
        self._callback = callback
        self._known = known
        self._had = had
        self._pause = pause
        self.outcome = Outcome()

    async def run(self) -> Outcome:
        """Send, find out what became of it, and never send twice."""
        phones = [to_service(target.phone) for target in self._order.targets]
        await self._send(phones)
        outcome = self.outcome
        # A number the answer leaves out is as good as an answer lost.
        outcome.unknown |= {*phones} - outcome.messages.keys() - outcome.refused.keys()
        return outcome

    async def _send(self, phones: list[str], *, again: bool = False) -> None:
        try:
            await self._connected(phones)
        except (RecipientRefused, DuplicateRefused) as err:
            await self._sift(phones, err, again=again)
        except ResponseTimeout:
            # The request may still be on its way: what is absent now proves nothing.
            await self._search(phones, LOOKS_AFTER_TIMEOUT)
        except ResponseLost:
            if absent := await self._search(phones, LOOKS_AFTER_LOSS):
                await self._again(absent)
        except (ApiError, ConnectionFailed) as err:
            self.outcome.refused |= dict.fromkeys(phones, err)

    async def _again(self, phones: list[str]) -> None:
        """Send what provably did not go out, this once."""
        LOGGER.warning("The answer to a send was lost and nothing went out; sending it again")
        try:
            await self._connected(phones)
        except ResponseLost:
            await self._search(phones, LOOKS_AFTER_TIMEOUT)
        except DuplicateRefused:
            absent = await self._search(phones, LOOKS_AFTER_TIMEOUT)
            # Of several it is the error of some: whoever has it already is refused again.
            for half in halves(absent) if len(absent) > 1 else ():
                await self._again(half)
        except RecipientRefused as err:
            await self._sift(phones, err)
        except (ApiError, ConnectionFailed) as err:
            self.outcome.refused |= dict.fromkeys(phones, err)
        # Error 243 proves that the first one arrived after all.
        if doubled := self.outcome.doubled():
            await self._search(doubled, LOOKS_AFTER_TIMEOUT)

    async def _connected(self, phones: list[str]) -> None:
        """Send; while no connection can be made at all, try again for the order's time."""
        loop, pauses = self._hass.loop, iter(RETRY_PAUSES)
        until, wait = loop.time() + self._retry_for / timedelta(seconds=1), 0.0
        while True:
            asked = loop.time()
            try:
                answer = await self._request(phones)
            except CallbackRefused:
                if self._callback is None:
                    raise
                # Nothing went out, and statuses are asked for as well: an alarm needs no address.
                LOGGER.warning("SMSPILOT refuses the address for statuses; sending without it")
                self._callback = None
            except ConnectionFailed:
                wait = next(pauses, wait)
                if (left := until - loop.time()) <= 0:
                    raise
                await self._pause(min(wait, left))
            else:
                self.outcome.take(answer, asked)
                return

    async def _request(self, phones: list[str]) -> SendResponse:
        order, client = self._order, self._client
        options, send_at = order.options, order.options.send_at
        if send_at and send_at <= dt_util.utcnow():
            # It is overdue: the service refuses a time that has passed.
            send_at = None
        match order.kind:
            case Kind.HLR | Kind.PING | Kind.HLRVIP:
                return await client.check_numbers(
                    order.kind, phones, test=options.test, callback=self._callback
                )
            case Kind.FLASH_CALL:
                return await client.flash_call(
                    order.text,
                    phones[0],
                    time_to_live=options.time_to_live,
                    test=options.test,
                    callback=self._callback,
                )
            case Kind.VOICE:
                return await client.call(
                    order.text,
                    phones,
                    voice=options.voice,
                    send_at=send_at,
                    time_to_live=options.time_to_live,
                    test=options.test,
                    callback=self._callback,
                )
            case _:
                return await client.send(
                    order.text,
                    phones,
                    sender=options.sender,
                    send_at=send_at,
                    time_to_live=options.time_to_live,
                    test=options.test,
                    callback=self._callback,
                )

    async def _sift(
        self, phones: list[str], err: RecipientRefused | DuplicateRefused, *, again: bool = False
    ) -> None:
        """Find those that a list refused for some numbers' sake could have reached.

        What the service did not take all the same goes out in halves, so that the number of
        requests grows with the refused numbers, not with the list.
        """
        named = phones[0] if len(phones) == 1 else to_service(err.phone or "")
        others = [phone for phone in phones if phone != named]
        if again and isinstance(err, DuplicateRefused):
            # It may have the text from the refused list, and the service's list shows it only now.
            had = self._had(named)
            absent = await self._search(phones, 1 if had else LOOKS_AFTER_LOSS)
            if had and named in absent:
                self.outcome.refused[named] = err
            others = [phone for phone in others if phone in absent]
        else:
            if named in phones:
                self.outcome.refused[named] = err
            if others:
                others = await self._search(others, 1 if again else LOOKS_AFTER_LOSS)
        for half in halves(others):
            await self._send(half, again=True)

    async def _search(self, phones: list[str], looks: int) -> list[str]:
        """Look until all is found; return what so many looks did not show.

        Where so many looks could not be made, that is unknown, and nothing is returned.
        """
        if self._order.options.test:
            # Test messages are in no list, and cost nothing.
            return phones
        absent, done = phones, 0
        for attempt in range(looks + FAILED_LOOKS):
            if attempt:
                await self._pause(LOOK_PAUSE)
            try:
                absent = await self._look(absent)
            except SmspilotError as failed:
                LOGGER.debug("The list of recent messages cannot be read: %s", failed)
                continue
            done += 1
            if not absent or done == looks:
                return absent
        return []

    async def _look(self, phones: list[str]) -> list[str]:
        """Take what the service's list shows of the order; return what it does not."""
        taken = {message.id for message in self.outcome.messages.values()}
        found = await find(
            self._client,
            ((phone, self._order.text) for phone in phones),
            lambda server_id: self._known(server_id) or server_id in taken,
        )
        # A refused one is no message: the second try tells why.
        sent = (one for one in found.values() if one.status is not Status.FAILED)
        self.outcome.take_found(sent)
        return [phone for phone in phones if phone not in self.outcome.messages]


def halves(phones: list[str]) -> Iterator[list[str]]:
    """Return both halves of a list, as far as there are some."""
    middle = len(phones) // 2
    return filter(None, (phones[:middle], phones[middle:]))


async def find(client: Smspilot, wanted: Iterable[Pair], known: Known) -> dict[Pair, MessageRow]:
    """Return the messages of the last day by number and text, but none whose id is known.

    Of several it is the newest, and one that was refused only where there is no other.
    """
    pairs = {(phone, words(text)): (phone, text) for phone, text in wanted}
    found: dict[Pair, MessageRow] = {}
    seen: set[str | None] = set()
    offset = 0
    while True:
        page = await client.check_recent(fields=LOOK_FIELDS, offset=offset)
        for message in page:
            pair = pairs.get((message.phone, words(message.message or "")))
            if pair is None and message.facts:
                # They may stand in place of the text.
                pair = pairs.get((message.phone, NUMBER_CHECKS[Kind.HLRVIP]))
            if pair is None or message.id is None or known(message.id):
                continue
            if pair not in found or _newer(message, found[pair]):
                found[pair] = message
        fresh = {message.id for message in page} - seen
        # A page that shows nothing new would be shown for ever.
        if len(page) < PAGE or not fresh:
            return found
        seen |= fresh
        offset += PAGE


def words(text: str) -> str:
    """Return a text as it compares: the service may have its own line ends and outer spaces."""
    return " ".join(text.split())


def _newer(message: MessageRow, other: MessageRow) -> bool:
    """Return whether a message counts more; ids are whole numbers that grow."""
    return _weight(message) > _weight(other)


def _weight(message: MessageRow) -> tuple[bool, int, str]:
    server_id = message.id or ""
    return (message.status is not Status.FAILED, len(server_id), server_id)
