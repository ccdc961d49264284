"""The one class that talks to the service."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from .errors import InvalidResponse
from .models import (
    Account,
    InboundMessage,
    Inbox,
    Json,
    Kind,
    Message,
    Receipt,
    Sender,
    integer,
    money,
    text,
)
from .transport import Answer, Transport

# Section 2.2: no more rows than this in an answer, nor ids in a question.
PAGE: Final = 1000

RECEIPT_FIELDS: Final = ("server_id", "phone", "price", "status", "error", "error_en", "error_ru")
NUMBER_CHECKS: Final = {Kind.HLR: "HLR", Kind.PING: "PING", Kind.HLRVIP: "HLRVIP"}
SERVICE_WORDS: Final = frozenset(NUMBER_CHECKS.values())


class Smspilot(Transport):
    """An account at SMSPILOT.RU, API-1.

    Every method makes exactly one request and never repeats it. All raise `ConnectionFailed`
    where no connection was made, `AnswerLost` (`AnswerTimeout`, `InvalidResponse`) where
    it is unknown what became of the request, and an `ApiError` where the service says no.
    """

    async def send(
        self,
        message: str,
        to: Sequence[str],
        *,
        sender: str | None = None,
        send_at: datetime | None = None,
        time_to_live: timedelta | None = None,
        test: bool = False,
        callback: str | None = None,
        fields: Sequence[str] = RECEIPT_FIELDS,
    ) -> Receipt:
        """Send a text to numbers, international without a plus (section 1; 2WAY: section 7).

        `send_at` is aware; `time_to_live` 1 to 1440 minutes. A text that the service would
        take for a number check is a `ValueError`.
        """
        params = _order(message, to, sender, send_at, time_to_live, test=test)
        params["fields"] = ",".join(fields)
        return await self._buy(params, callback)

    async def cost(
        self,
        message: str,
        to: Sequence[str],
        *,
        sender: str | None = None,
        test: bool = False,
    ) -> Decimal:
        """Return what a send would cost in RUB; sends nothing (section 1.3)."""
        params = _order(message, to, sender, None, None, test=test)
        return await self.read({**params, "cost": "1"}, _amount("cost"))

    async def check_cost(self, method: Kind, to: Sequence[str]) -> Decimal:
        """Return what a check of numbers would cost in RUB; checks nothing (sections 1.3, 3)."""
        params = {"send": NUMBER_CHECKS[method], "to": ",".join(to), "cost": "1"}
        return await self.read(params, _amount("cost"))

    async def call(
        self,
        message: str,
        to: Sequence[str],
        *,
        voice: Sender = Sender.VOICE_FEMALE,
        send_at: datetime | None = None,
        time_to_live: timedelta | None = None,
        test: bool = False,
        callback: str | None = None,
    ) -> Receipt:
        """Have a robot call numbers and speak the text, Russian or English (section 4)."""
        return await self.send(
            message,
            to,
            sender=voice,
            send_at=send_at,
            time_to_live=time_to_live,
            test=test,
            callback=callback,
        )

    async def flash_call(
        self,
        code: str,
        to: str,
        *,
        time_to_live: timedelta | None = None,
        test: bool = False,
        callback: str | None = None,
    ) -> Receipt:
        """Have a number call that ends in the four digits of the code (section 5)."""
        return await self.send(
            code,
            [to],
            sender=Sender.FLASH_CALL,
            time_to_live=time_to_live,
            test=test,
            callback=callback,
        )

    async def check_numbers(
        self, method: Kind, to: Sequence[str], *, test: bool = False, callback: str | None = None
    ) -> Receipt:
        """Ask the operators about numbers: HLR, PING or HLRVIP (section 3)."""
        params = {"send": NUMBER_CHECKS[method], "to": ",".join(to)} | _test(test=test)
        params["fields"] = ",".join(RECEIPT_FIELDS)
        return await self._buy(params, callback)

    async def check(
        self, ids: Sequence[str], *, fields: Sequence[str] = ("all",), test: bool = False
    ) -> tuple[Message, ...]:
        """Return what became of messages, 1,000 ids at most (section 2.2)."""
        params = {"check": ",".join(ids), "fields": ",".join(fields)}
        return await self._check(params | _test(test=test))

    async def check_packet(
        self,
        packet_id: str,
        *,
        fields: Sequence[str] = ("all",),
        limit: int = PAGE,
        offset: int = 0,
    ) -> tuple[Message, ...]:
        """Return what became of all messages of one send (section 2.2)."""
        params = {"check": "packet", "id": packet_id} | _page(fields, limit, offset)
        return await self._check(params)

    async def check_recent(
        self, *, fields: Sequence[str] = ("all",), limit: int = PAGE, offset: int = 0
    ) -> tuple[Message, ...]:
        """Return the messages of the last day, in no stated order (section 2.2)."""
        return await self._check({"check": "recent"} | _page(fields, limit, offset))

    async def check_all(
        self, *, fields: Sequence[str] = ("all",), limit: int = PAGE, offset: int = 0
    ) -> tuple[Message, ...]:
        """Return the account's messages, in no stated order (section 2.2)."""
        return await self._check({"check": "all"} | _page(fields, limit, offset))

    async def balance(self) -> Decimal:
        """Return the balance in RUB (section 8)."""
        return await self.read({"balance": "rur"}, _amount("balance"))

    async def sms_left(self) -> int:
        """Return how many SMS the balance lasts for, about (section 8)."""
        return await self.read({"balance": "sms"}, lambda answer: _count(answer.data))

    async def account(self) -> Account:
        """Return the owner, the balance and the senders (section 9)."""
        return await self.read({}, lambda answer: Account.from_api(answer.data))

    async def inbound_since(self, since: datetime) -> Inbox:
        """Return the messages people wrote since then, in no stated order (section 6.2)."""
        return await self._inbound(str(int(since.timestamp())))

    async def inbound_new(self) -> Inbox:
        """Return the messages nobody has seen yet (section 6.2)."""
        return await self._inbound("new")

    async def inbound_all(self) -> Inbox:
        """Return all messages people wrote (section 6.2)."""
        return await self._inbound("all")

    async def _inbound(self, which: str) -> Inbox:
        read, at = await self.read_list({"inbound": which}, "inbound", _inbound_message)
        messages = tuple(filter(None, read))
        if read and not messages:
            msg = "No message of the inbound list can be read"
            raise InvalidResponse(msg)
        return Inbox(messages=messages, at=at, unreadable=len(read) - len(messages))

    async def _check(self, params: dict[str, str]) -> tuple[Message, ...]:
        messages, _at = await self.read_list(params, "check", Message.from_api)
        return messages

    async def _buy(self, params: dict[str, str], callback: str | None) -> Receipt:
        if callback:
            params |= {"callback": callback, "callback_method": "post"}
        return await self.read(params, lambda answer: Receipt.from_api(answer.data))


def _inbound_message(row: Json) -> InboundMessage | None:
    """Return a message, or None of a row that makes no sense: it must not hide the others."""
    try:
        return InboundMessage.from_api(row)
    except ArithmeticError, LookupError, TypeError, ValueError:
        return None


def _order(
    message: str,
    to: Sequence[str],
    sender: str | None,
    send_at: datetime | None,
    time_to_live: timedelta | None,
    *,
    test: bool,
) -> dict[str, str]:
    """Return the parameters of a message."""
    if message.strip() in SERVICE_WORDS:
        msg = "The service would take this text for a number check"
        raise ValueError(msg)
    params = {"send": text(message), "to": ",".join(to)}
    if sender:
        params["from"] = sender
    if send_at is not None:
        params["send_datetime"] = send_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if time_to_live is not None:
        params["ttl"] = str(int(time_to_live.total_seconds() // 60))
    return params | _test(test=test)


def _test(*, test: bool) -> dict[str, str]:
    return {"test": "1"} if test else {}


def _page(fields: Sequence[str], limit: int, offset: int) -> dict[str, str]:
    return {"fields": ",".join(fields), "limit": str(limit), "offset": str(offset)}


def _amount(key: str) -> Callable[[Answer], Decimal]:
    """Return a parser of an amount under the key."""

    def parse(answer: Answer) -> Decimal:
        if (amount := money(answer.data[key])) is None:
            raise ValueError
        return amount

    return parse


def _count(data: Json) -> int:
    if (count := integer(data["balance"])) is None:
        raise ValueError
    return count
