"""Points of any answer, and of the account."""

from collections.abc import Iterable
from datetime import timedelta
import re
from statistics import median
from typing import Final

from . import shapes
from .look import Look
from .report import Points, Seen
from .shapes import UNSEEN

POINTS: Final = Points()
ACCOUNT: Final = (
    *("id", "tariff_id", "email", "name", "phone", "balance", "date", "default_sender", "senders"),
)
_OPTIONAL: Final = frozenset({"ip", "phone", "status", "status_ru"})
# Longer, and the machine's clock or the service's is wrong.
_CLOSE: Final = timedelta(minutes=1)
_SOON: Final = 5.0


async def _errors(look: Look) -> Iterable[str]:
    """Provoke two errors that cost nothing, and return their codes."""
    replies = [await look.once(check="x"), await look.once(inbound="yesterday")]
    return [reply.code for reply in replies]


@POINTS("HTTP status of errors", "200", otherwise="errors are shown as broken answers")
async def _status(look: Look) -> str:
    await _errors(look)
    return shapes.all_of(str(reply.status) for reply in look.api.replies if reply.error)


@POINTS("content type", "application/json; charset=utf-8", otherwise="JSON is read all the same")
async def _content_type(look: Look) -> str:
    header = (await look.account()).headers.get("Content-Type", "none").lower()
    usual = re.fullmatch(r"none|(application|text)/[a-z]+(; ?charset=[a-z0-9-]{1,12})?", header)
    return header if usual else "another"


@POINTS(
    "HTTP Date",
    "true to the minute",
    otherwise="times go by it where it can be read, else by this machine",
)
async def _date(look: Look) -> str:
    reply = await look.account()
    if "Date" not in reply.headers:
        return "missing"
    if (date := reply.date) is None:
        return "unreadable"
    apart = (date - reply.at).total_seconds()
    if abs(apart) < _CLOSE.total_seconds():
        return "true to the minute"
    where = "ahead of" if apart > 0 else "behind"
    return f"{shapes.age(abs(apart))} {where} this machine"


@POINTS("how long an answer takes", "less than 5 s", otherwise="each message is that much later")
async def _seconds(look: Look) -> Seen:
    took = [reply.seconds for reply in look.api.replies]
    return Seen(f"mostly {median(took):.1f} s, {max(took):.1f} s at most", max(took) < _SOON)


@POINTS("an unknown parameter", "ignored", otherwise="a new one of ours may be refused")
async def _unknown(look: Look) -> str:
    reply = await look.api.ask(balance="rur", live_check="1")
    return f"error {reply.code}" if reply.code else "ignored"


@POINTS("a wrong path", "HTTP 404", otherwise="a mistyped address gets another error")
async def _path(look: Look) -> str:
    return (await look.api.ask(url=look.api.url.replace("api.php", "none.php"))).code or "answered"


@POINTS("codes of errors", "text", "numbers", "numbers and text", otherwise="shown without a code")
async def _codes(look: Look) -> str:
    await _errors(look)
    return shapes.kinds(reply.error.get("code") for reply in look.api.replies if reply.error)


@POINTS("check=x", "error 301", "error 303", otherwise="the error is shown in the service's words")
async def _bad_id(look: Look) -> str:
    code = (await look.once(check="x")).code
    return f"error {code}" if code else "no error"


@POINTS("inbound=yesterday", "error 500", otherwise="shown as a fault of the service, not of ours")
async def _bad_date(look: Look) -> str:
    code = (await look.once(inbound="yesterday")).code
    return f"error {code}" if code else "no error"


@POINTS("attributes of errors", "the document's", otherwise="none is needed but the code")
async def _attributes(look: Look) -> Seen:
    await _errors(look)
    found = {name for reply in look.api.replies for name in reply.error}
    words = shapes.names(found - _OPTIONAL, ("code", "description", "description_ru"))
    there = ", ".join(sorted(found & _OPTIONAL - {"phone"}))
    return Seen(f"{words}, with {there}" if there else words, words == "the document's")


@POINTS("values", "text", otherwise="numbers are read like texts")
async def _values(look: Look) -> str:
    return shapes.kinds((await look.account()).data.values())


@POINTS("attributes of the account", "the document's", otherwise="what is missing is not shown")
async def _account(look: Look) -> str:
    return shapes.names((await look.account()).data, ACCOUNT)


@POINTS("balance", "9.9", otherwise="where it cannot be read, the sensor is unknown")
async def _balance(look: Look) -> str:
    return shapes.figure((await look.account()).value("balance"))


@POINTS("balance=rur", "the account's balance", otherwise="the sensor shows either")
async def _rubles(look: Look) -> str:
    reply = await look.once(balance="rur")
    if reply.code:
        return f"error {reply.code}"
    same = reply.value("balance") == (await look.account()).value("balance")
    return "the account's balance" if same else "another figure"


@POINTS("balance=sms", "9", otherwise="the sensor of SMS left is unknown")
async def _left(look: Look) -> str:
    reply = await look.once(balance="sms")
    return f"error {reply.code}" if reply.code else shapes.figure(reply.value("balance"))


@POINTS("date of the account", "9999-99-99 99:99:99", otherwise="it is shown nowhere important")
async def _registered(look: Look) -> str:
    return shapes.date((await look.account()).value("date"))


@POINTS("senders", "names", "names and numbers", otherwise="the list of senders is empty")
async def _senders(look: Look) -> str:
    senders = (await look.account()).value("senders").split(",")
    numbers = {name.strip().isdecimal() for name in senders if name.strip()}
    found = {frozenset({True}): "numbers", frozenset({False}): "names"}
    return found.get(frozenset(numbers), "names and numbers" if numbers else UNSEEN)
