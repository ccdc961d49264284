"""All that the service remembers, and its clock; no network here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from .changes import Changes
from .choices import OddRow
from .model import (
    EMULATOR_KEY,
    Account,
    Command,
    Inbound,
    Message,
    Order,
    Phone,
    Push,
    Request,
    Status,
    Unknown,
)
from .options import Options
from .otherwise import given_id
from .pricing import operator_of, price_list

# The number the document's examples always find in the black list.
BLACKLISTED = "79999999999"


class State:
    """Accounts, phones, messages, inbound messages, and the records of what happened."""

    def __init__(self) -> None:
        """Begin with the default account and the vendor's public emulator."""
        self.options = Options()
        self.prices = price_list()
        self.clock_offset = timedelta()
        # On top of the clock, for the HTTP `Date` header alone.
        self.date_offset = timedelta()
        self.changed = Changes()
        self.accounts: dict[int, Account] = {}
        self.phones: dict[str, Phone] = {}
        self.messages: dict[int, Message] = {}
        self.packets: dict[int, list[int]] = {}
        self.requests: list[Request] = []
        self.orders: list[Order] = []
        self.pushes: list[Push] = []
        self.unknown: list[Unknown] = []
        self.next_server_id = 182000001
        self.next_inbound_id = 12345
        # Ids to be given first, where a test wants certain ones.
        self.preset_ids: list[int] = []
        # Single messages, by id, whose rows are spoilt.
        self.odd_rows: dict[int, OddRow] = {}
        self.odd_inbound: dict[int, OddRow] = {}
        self._messages_of: dict[int, list[int]] = defaultdict(list)
        self._inbox: dict[int, Inbound] = {}
        self._inbox_of: dict[int, list[int]] = defaultdict(list)
        self._scheduled: set[int] = set()
        self._last_to: dict[str, int] = {}
        self._last_two_way_to: dict[str, int] = {}
        self._last_from: dict[str, int] = {}
        self._sent_texts: dict[tuple[int, str, str], datetime] = {}
        self.add_account()
        self.add_account(
            id=10000,
            apikey=EMULATOR_KEY,
            login="emulator@example.com",
            name="Emulator",
            balance=Decimal("20006.97"),
            emulator=True,
        )
        self.phones[BLACKLISTED] = replace(self.phone(BLACKLISTED), blacklisted=True)

    @property
    def account(self) -> Account:
        """Return the default account, the first one."""
        return next(iter(self.accounts.values()))

    @property
    def inbox(self) -> list[Inbound]:
        """Return all inbound messages, oldest first."""
        return list(self._inbox.values())

    def now(self) -> datetime:
        """Return the service's time, in UTC."""
        return datetime.now(UTC) + self.clock_offset

    def add_account(self, **values: Any) -> Account:  # any field of Account
        """Add an account, or replace the one of that id."""
        account = Account(**values)
        self.accounts[account.id] = account
        self.changed("account", account)
        return account

    def phone(self, number: str) -> Phone:
        """Return the phone of that number, as it is met for the first time where unknown."""
        if (phone := self.phones.get(number)) is None:
            operator, country = operator_of(number)
            phone = self.phones[number] = Phone(number=number, operator=operator, country=country)
        return phone

    def new_server_id(self) -> int:
        """Return an id that was not used before."""
        if self.preset_ids:
            return self.preset_ids.pop(0)
        self.next_server_id += 1
        return given_id(self.next_server_id - 1, self.options.server_ids)

    def new_inbound_id(self) -> int:
        """Return an id for an inbound message."""
        self.next_inbound_id += 1
        return given_id(self.next_inbound_id - 1, self.options.inbound_ids)

    def store(self, message: Message) -> None:
        """Keep a new message."""
        self.messages[message.server_id] = message
        self.packets.setdefault(message.packet_id, []).append(message.server_id)
        self._index(message)
        self.changed("message", message)

    def update(self, message: Message) -> None:
        """Replace a message by its newer self."""
        self.messages[message.server_id] = message
        if message.status is not Status.SCHEDULED:
            self._scheduled.discard(message.server_id)
        self.changed("message", message)

    def _index(self, message: Message) -> None:
        self._messages_of[message.account].append(message.server_id)
        if message.status is Status.FAILED:
            return
        if message.status is Status.SCHEDULED:
            self._scheduled.add(message.server_id)
        self._last_to[message.phone] = message.account
        if message.kind == "two_way":
            self._last_two_way_to[message.phone] = message.account
        self._sent_texts[message.account, message.phone, message.text] = message.created

    def messages_of(self, account: Account) -> Iterator[Message]:
        """Go through an account's messages, newest first."""
        return (self.messages[each] for each in reversed(self._messages_of[account.id]))

    def due(self) -> list[Message]:
        """Return the scheduled messages whose time has come."""
        now = self.now()
        scheduled = [self.messages[each] for each in sorted(self._scheduled)]
        return [
            each for each in scheduled if each.send_datetime is None or each.send_datetime <= now
        ]

    def sent_lately(self, account: Account, phone: str, text: str) -> bool:
        """Return whether the duplicate guard has seen this text to this number."""
        sent = self._sent_texts.get((account.id, phone, text))
        return sent is not None and self.now() - sent < self.options.duplicate_window

    def keep_inbound(self, inbound: Inbound) -> None:
        """Keep an inbound message, or its newer self."""
        if inbound.id not in self._inbox:
            self._inbox_of[inbound.account].append(inbound.id)
        self._inbox[inbound.id] = inbound
        self._last_from[inbound.phone] = inbound.account
        self.changed("inbound", inbound)

    def inbox_of(self, account: Account) -> list[Inbound]:
        """Return an account's inbound messages, oldest first."""
        return [self._inbox[each] for each in self._inbox_of[account.id]]

    def route(self, phone: str, text: str) -> tuple[Account, str] | None:
        """Return the account of an inbound message, and its text without the prefix (section 6)."""
        if (known := self._last_two_way_to.get(phone)) is not None:
            return self.accounts[known], text
        for account in self.accounts.values():
            if (rest := without_prefix(account, text)) is not None:
                return account, rest
        return next(((account, text) for account in self._tables(phone)), None)

    def _tables(self, phone: str) -> Iterable[Account]:
        """Look through outgoing messages, contacts, inbound messages, users, in this order."""
        if (known := self._last_to.get(phone)) is not None:
            yield self.accounts[known]
        yield from (each for each in self.accounts.values() if phone in each.contacts)
        if (known := self._last_from.get(phone)) is not None:
            yield self.accounts[known]
        yield from (each for each in self.accounts.values() if phone == each.phone)

    def calls(self, command: Command | str | None = None) -> list[Request]:
        """Return the requests of one command, or all."""
        return [each for each in self.requests if command in (None, each.command)]

    def assert_clean(self) -> None:
        """Fail when a parameter was sent that the service would ignore without an error."""
        if self.unknown:
            lines = "\n".join(
                f"  {each.command}: {each.name}={each.value!r} ({each.reason})"
                for each in self.unknown
            )
            raise AssertionError(f"the service would have ignored:\n{lines}")


def without_prefix(account: Account, text: str) -> str | None:
    """Return the text behind the account's number, or None where it does not begin with it."""
    prefix, _, rest = text.lstrip().partition(" ")
    return rest.lstrip() if prefix == str(account.id) and rest else None
