"""What several points look at: asked once."""

from collections.abc import Iterable
import re
import secrets
from typing import Final

from .api import Api, Json, Reply

# Section 1.1.
FIELDS: Final = (
    *("server_id", "phone", "price", "status", "sender", "sender_orig", "message", "created"),
    *("modified", "send_datetime", "parts", "country", "operator", "error", "error_en"),
    "error_ru",
)


class Look:
    """An account looked at; `marks` allows what marks inbound messages as seen."""

    def __init__(self, api: Api, *, marks: bool = False, template: str = "{message}") -> None:
        """Know nothing but how to ask, and what the account's texts look like."""
        self.api, self.marks, self._template = api, marks, template
        self.text = self.framed("Проверка")
        # No template can fit it.
        self.strange_text = f"Проверка {secrets.token_hex(8)}"
        self._kept: dict[tuple[tuple[str, str], ...], Reply] = {}

    def framed(self, text: str) -> str:
        """Return a text as the account may send it."""
        return self._template.replace("{message}", text)

    async def once(self, **params: str) -> Reply:
        """Ask, and remember the answer."""
        key = tuple(sorted(params.items()))
        if key not in self._kept:
            self._kept[key] = await self.api.ask(**params)
        return self._kept[key]

    async def account(self) -> Reply:
        """Return the account."""
        return await self.once()

    async def own(self) -> str:
        """Return the owner's number."""
        return "".join(filter(str.isdecimal, (await self.account()).value("phone")))

    async def recent(self) -> list[Json]:
        """Return the messages of the last day."""
        reply = await self.once(check="recent", fields=",".join(FIELDS))
        return readable(reply.rows("check"), ("server_id", "phone", "status"))

    async def all_inbound(self) -> list[Json]:
        """Return the inbound messages."""
        reply = await self.once(inbound="all")
        return readable(reply.rows("inbound"), ("id", "phone", "created", "text"))

    async def test(self, text: str = "", to: str = "", sender: str = "") -> Reply:
        """Have a text go nowhere."""
        return await self._try(text, to, sender, test="1", fields=",".join(FIELDS))

    async def tested(self, sender: str = "") -> list[Json]:
        """Return the rows of a test to the owner's number."""
        reply = await self.test(sender=sender)
        return distinct(of_number(reply.rows("send"), await self.own()))

    async def cost(self, text: str = "", to: str = "", sender: str = "") -> Reply:
        """Ask for a price."""
        return await self._try(text, to, sender, cost="1")

    async def _try(self, text: str, to: str, sender: str, **more: str) -> Reply:
        send, number = text or self.text, to or await self.own()
        return await self.once(send=send, to=number, sender=sender, **more)


def distinct(rows: Iterable[Json]) -> list[Json]:
    """Return the rows without those that repeat another to the letter."""
    found: list[Json] = []
    for row in rows:
        if row not in found:
            found.append(row)
    return found


def of_number(rows: Iterable[Json], number: str) -> list[Json]:
    """Return the rows of a number, however it is written."""
    return [row for row in rows if re.sub(r"\D", "", str(row.get("phone"))).endswith(number[-10:])]


def readable(rows: Iterable[Json], names: Iterable[str]) -> list[Json]:
    """Return the rows that have what every row needs."""
    needed = tuple(names)
    return [row for row in rows if not lacking(row, needed)]


def lacking(row: Json, names: Iterable[str]) -> list[str]:
    """Return what a row has no value for; an id of 0 is none."""
    nothing = (None, "")
    return [
        name
        for name in names
        if row.get(name) in nothing or (name.endswith("id") and str(row[name]) == "0")
    ]
