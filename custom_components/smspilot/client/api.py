"""The API's methods, one request each."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from .models import (
    NUMBER_CHECKS,
    SERVICE_WORDS,
    AccountInfo,
    InboundList,
    InboundMessage,
    Kind,
    Sender,
)
from .rows import MessagePage, MessageRow, SendResponse
from .transport import Transport
from .values import Json, integer, money, price, text

# Section 2.2: no more rows than this in a response, nor ids in a request.
PAGE: Final = 1000

SEND_FIELDS: Final = "server_id,phone,price,status,error,error_en,error_ru"


class Smspilot(Transport):
    """An account at SMSPILOT.RU, API-1.

    Every method makes exactly one request and never repeats it. All raise `ConnectionFailed`
    where no connection was made, `ResponseLost` (`ResponseTimeout`, `InvalidResponse`) where it
    is unknown what became of the request, and an `ApiError` where the API refuses it.

    Numbers are international without a plus, times aware, amounts in RUB.
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
    ) -> SendResponse:
        """Send a text (section 1; 2WAY: section 7).

        `time_to_live` is 1 to 1440 minutes. Raises `ValueError` for a text that the API would take
        for a number check; `RecipientRefused`, `SenderRefused`, `TextRefused`,
        `DuplicateRefused`, `NoMoney`, `CallbackRefused` or `InvalidRequest` where it is refused.
        """
        params = _message_params(message, to, sender, send_at, time_to_live) | _test_params(test)
        return await self._send(params, callback)

    async def cost(
        self, message: str, to: Sequence[str], *, sender: str | None = None, test: bool = False
    ) -> Decimal:
        """Return what a send would cost, in RUB; sends nothing (section 1.3). Raises as `send`."""
        params = _message_params(message, to, sender, None, None) | _test_params(test)
        return await self.read({**params, "cost": "1"}, _amount_parser("cost", price))

    async def check_cost(self, method: Kind, to: Sequence[str]) -> Decimal:
        """Return what a check of numbers would cost, in RUB; checks nothing (sections 1.3, 3)."""
        params = {"send": NUMBER_CHECKS[method], "to": ",".join(to), "cost": "1"}
        return await self.read(params, _amount_parser("cost", price))

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
    ) -> SendResponse:
        """Have a robot call numbers and read out the text, Russian or English (section 4).

        Raises as `send` does.
        """
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
    ) -> SendResponse:
        """Have the API call from a number that ends in the code's four digits (section 5)."""
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
    ) -> SendResponse:
        """Order a check of numbers with their operators: HLR, PING or HLRVIP (section 3)."""
        params = {"send": NUMBER_CHECKS[method], "to": ",".join(to)} | _test_params(test)
        return await self._send(params, callback)

    async def check(
        self, ids: Sequence[str], *, fields: Sequence[str] = ("all",), test: bool = False
    ) -> tuple[MessageRow, ...]:
        """Return the statuses of messages, 1,000 ids at most (section 2.2).

        Raises `InvalidRequest` (300 to 304) where the API cannot read or does not know an id.
        """
        params = {"check": ",".join(ids), "fields": ",".join(fields)}
        return await self._check(params | _test_params(test))

    async def check_packet(
        self,
        packet_id: str,
        *,
        fields: Sequence[str] = ("all",),
        limit: int = PAGE,
        offset: int = 0,
    ) -> tuple[MessageRow, ...]:
        """Return the statuses of all messages of one send (section 2.2)."""
        params = {"check": "packet", "id": packet_id} | _page_params(fields, limit, offset)
        return await self._check(params)

    async def check_recent(
        self, *, fields: Sequence[str] = ("all",), limit: int = PAGE, offset: int = 0
    ) -> MessagePage:
        """Return the messages of the last day, in no documented order (section 2.2)."""
        params = {"check": "recent"} | _page_params(fields, limit, offset)
        listed = await self.read_rows(params, "check", MessageRow.from_api)
        return MessagePage(messages=listed.rows, unreadable=listed.unreadable)

    async def check_all(
        self, *, fields: Sequence[str] = ("all",), limit: int = PAGE, offset: int = 0
    ) -> tuple[MessageRow, ...]:
        """Return the account's messages, in no documented order (section 2.2)."""
        return await self._check({"check": "all"} | _page_params(fields, limit, offset))

    async def balance(self) -> Decimal:
        """Return the balance in RUB (section 8)."""
        return await self.read({"balance": "rur"}, _amount_parser("balance", money))

    async def sms_left(self) -> int:
        """Return about how many SMS the balance pays for (section 8)."""
        return await self.read({"balance": "sms"}, _parse_count)

    async def account(self) -> AccountInfo:
        """Return the owner, the balance and the senders (section 9).

        Raises `AccountBlocked`, with the reason in `status_ru` where the API gives it.
        """
        return await self.read({}, AccountInfo.from_api)

    async def inbound_since(self, since: datetime) -> InboundList:
        """Return the inbound messages since a time, in no documented order (section 6.2)."""
        return await self._inbound(str(int(since.timestamp())))

    async def inbound_new(self) -> InboundList:
        """Return the inbound messages that the API lists as not seen yet (section 6.2)."""
        return await self._inbound("new")

    async def inbound_all(self) -> InboundList:
        """Return all inbound messages (section 6.2)."""
        return await self._inbound("all")

    async def _inbound(self, which: str) -> InboundList:
        listed = await self.read_rows({"inbound": which}, "inbound", InboundMessage.from_api)
        return InboundList(messages=listed.rows, at=listed.response.at)

    async def _check(self, params: dict[str, str]) -> tuple[MessageRow, ...]:
        return (await self.read_rows(params, "check", MessageRow.from_api)).rows

    async def _send(self, params: dict[str, str], callback: str | None) -> SendResponse:
        params = {**params, "fields": SEND_FIELDS}
        if callback:
            params |= {"callback": callback, "callback_method": "post"}
        sent = await self.read_rows(params, "send", MessageRow.from_api)
        return SendResponse.from_api(sent.response.data, sent.rows)


def _message_params(
    message: str,
    to: Sequence[str],
    sender: str | None,
    send_at: datetime | None,
    time_to_live: timedelta | None,
) -> dict[str, str]:
    if message.strip() in SERVICE_WORDS:
        msg = "The API would take this text for a number check"
        raise ValueError(msg)
    params = {"send": text(message), "to": ",".join(to)}
    if sender:
        params["from"] = sender
    if send_at is not None:
        params["send_datetime"] = send_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if time_to_live is not None:
        params["ttl"] = str(int(time_to_live.total_seconds() // 60))
    return params


def _test_params(test: bool) -> dict[str, str]:
    return {"test": "1"} if test else {}


def _page_params(fields: Sequence[str], limit: int, offset: int) -> dict[str, str]:
    return {"fields": ",".join(fields), "limit": str(limit), "offset": str(offset)}


def _amount_parser(
    key: str, amount_of: Callable[[Any], Decimal | None]
) -> Callable[[Json], Decimal]:
    """Return a parser for the amount, in RUB, under a key of the response."""

    def parse(data: Json) -> Decimal:
        if (amount := amount_of(data[key])) is None:
            raise ValueError
        return amount

    return parse


def _parse_count(data: Json) -> int:
    if (count := integer(data["balance"])) is None:
        raise ValueError
    return count
