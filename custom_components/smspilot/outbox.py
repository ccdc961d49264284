"""The way out: what was ordered, what became of it, and nothing forgotten in between."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.ulid import ulid_now

from .client import (
    AnswerLost,
    ApiError,
    Kind,
    Message,
    Problem,
    RecipientRefused,
    Smspilot,
    SmspilotError,
    Status,
)
from .const import CONF_DAILY_LIMIT, CONF_RATE_LIMIT, DEFAULT_RATE_LIMIT, LOGGER
from .dispatch import Dispatch, Outcome, find
from .doorbell import Doorbell
from .errors import Reason, failed, failure, mistake, problem
from .limits import HOUR, Limits
from .order import Addressee, Order, refused_row
from .phones import from_service, masked, to_service
from .receipt import Receipt, Row, recipient_name
from .signals import SIGNAL_BALANCE, SIGNAL_ERROR, SIGNAL_LIMIT, SIGNAL_OK
from .storage import Ledger, Table
from .tracker import Tracker

# Vendor samples send so many numbers in one request.
CHUNK: Final = 500
# `check=recent` shows a day; ids older than that never come up again.
RECENT: Final = timedelta(hours=26)
# The ids that every test message shares; the public emulator key answers with them too.
SHARED_IDS: Final = ("1000", "10000")
# What nobody knows the outcome of is looked for at these ages, in seconds, then given up.
LOOK_AGES: Final = (60, 120, 300, 600, 1200, 1800, 3600)


@dataclass(slots=True, kw_only=True)
class Intent:
    """A request that was decided on: written down before it is made."""

    id: str
    at: datetime
    kind: Kind
    text: str
    to: tuple[Addressee, ...]
    due_at: datetime
    open: bool = True
    ids: list[str] = field(default_factory=list)

    def as_stored(self) -> Table:
        """Return it as stored; a text is kept only as long as it may have to be looked for."""
        return {
            "at": self.at.isoformat(),
            "kind": self.kind.value,
            "text": self.text if self.open else "",
            "to": [[addressee.phone, addressee.recipient_id] for addressee in self.to],
            "due_at": self.due_at.isoformat(),
            "open": self.open,
            "ids": self.ids,
        }

    @classmethod
    def from_stored(cls, intent_id: str, data: Table) -> Intent:
        """Read what was stored."""
        return cls(
            id=intent_id,
            at=datetime.fromisoformat(data["at"]),
            kind=Kind(data["kind"]),
            text=str(data["text"]),
            to=tuple(Addressee(str(phone), person) for phone, person in data["to"]),
            due_at=datetime.fromisoformat(data["due_at"]),
            open=bool(data["open"]),
            ids=[str(server_id) for server_id in data["ids"]],
        )


class Outbox:
    """The orders of an account."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        client: Smspilot,
        ledger: Ledger,
        limits: Limits,
        tracker: Tracker,
        asked: Callable[[list[Row], str], None],
    ) -> None:
        """Have nothing to send yet; `asked` hears of questions that went out."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._ledger = ledger
        self._limits = limits
        self._tracker = tracker
        self._asked = asked
        self._intents: dict[str, Intent] = {}
        self._ids: dict[str, datetime] = {}
        self._busy: set[str] = set()
        self._flying: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.bell = Doorbell(hass, "smspilot lost answers", self._look)
        self._closed: Exception | None = None
        # Where the service shall push statuses; set as soon as the address is known.
        self.callback_url: str | None = None

    def restore(self, table: Table) -> None:
        """Take up what was ordered before the restart, and look for what became of it."""
        hour_ago = dt_util.utcnow() - HOUR
        for intent_id, data in table.items():
            try:
                intent = Intent.from_stored(intent_id, data)
            except LookupError, TypeError, ValueError:
                LOGGER.warning("A stored order cannot be read and is left out")
                continue
            self._intents[intent_id] = intent
            self._ids |= dict.fromkeys(intent.ids, intent.at)
            if intent.at > hour_ago and (intent.open or intent.ids):
                for addressee in intent.to:
                    self._limits.count(addressee.phone, intent.at.timestamp())
        if any(intent.open for intent in self._intents.values()):
            self.bell.ring()

    @property
    def unresolved(self) -> int:
        """Return how many orders nobody knows the outcome of."""
        return sum(intent.open for intent in self._intents.values())

    def table(self) -> Table:
        """Return the orders as they are stored."""
        return {intent.id: intent.as_stored() for intent in self._intents.values()}

    async def send(self, order: Order, refused: list[Row] | None = None) -> Receipt:
        """Send an order and return what became of each number.

        Raise where nothing went out: a mistake before any request where all numbers were refused
        here, else what the service or the network said.
        """
        if self._closed:
            raise self._closed
        rows, admitted = list(refused or ()), list[Addressee]()
        for addressee in order.to:
            if order.test or self._limits.admit(addressee.phone, urgent=order.urgent):
                admitted.append(addressee)
            else:
                rows.append(self._over_rate(addressee, order))
        if not admitted:
            raise self._nobody(rows)
        receipt = Receipt(rows=[])
        try:
            reserved = await self._limits.reserve(order, lambda: self._cost(order, admitted))
        except HomeAssistantError:
            self._release(order, admitted)
            async_dispatcher_send(
                self._hass, SIGNAL_LIMIT.format(self._entry.entry_id), CONF_DAILY_LIMIT
            )
            raise
        # The caller may be cancelled; what was ordered is seen to its end all the same.
        task = self._hass.async_create_background_task(
            self._send_all(order, admitted, receipt), "smspilot send"
        )
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._limits.settle(reserved))
        task.add_done_callback(self._done)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._closed and task.cancelled():
                raise self._closed from None
            raise
        receipt.rows += rows
        return receipt

    @callback
    def close(self, why: Exception) -> None:
        """End every send; what is on its way stays written down."""
        self._closed = why
        self.bell.close()
        for task in self._tasks:
            task.cancel()

    @callback
    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Nobody may be left to take it.
            task.exception()

    async def _send_all(self, order: Order, to: list[Addressee], receipt: Receipt) -> None:
        """Send in as few requests as the service allows."""
        error: HomeAssistantError | None = None
        chunks = [tuple(chunk) for chunk in batched(to, CHUNK, strict=False)]
        for count, chunk in enumerate(chunks, 1):
            outcome, rows = await self._send_some(order, chunk)
            receipt.rows += rows
            receipt.packet_id = receipt.packet_id or outcome.packet_id
            if outcome.cost is not None:
                receipt.cost = (receipt.cost or Decimal(0)) + outcome.cost
            receipt.balance = outcome.balance if outcome.balance is not None else receipt.balance
            if len(chunks) > 1:
                LOGGER.info("Request %s of %s is done", count, len(chunks))
            error = error or self._error(outcome)
        if error and all(row.refused for row in receipt.rows):
            raise error

    async def _send_some(
        self, order: Order, to: tuple[Addressee, ...]
    ) -> tuple[Outcome, list[Row]]:
        """Make one request, written down before and after."""
        phones = [to_service(addressee.phone) for addressee in to]
        dispatch = Dispatch(
            self._hass,
            self._client,
            order,
            callback=self.callback_url,
            known=self._ids.__contains__,
            pause=self._pause,
        )
        if order.test:
            outcome = await dispatch.run(phones)
            return outcome, self._rows(order, to, outcome)
        async with _Alone(self._flying, [(phone, order.text) for phone in phones]):
            intent = self._open(order, to)
            try:
                await self._ledger.flush()
                outcome = await dispatch.run(phones)
            finally:
                self._busy.discard(intent.id)
            rows = self._rows(order, to, outcome)
            self._settle(order, intent, outcome, rows)
            await self._ledger.flush()
        return outcome, rows

    def _open(self, order: Order, to: tuple[Addressee, ...]) -> Intent:
        """Write down what is about to be sent."""
        now = dt_util.utcnow()
        for old in [old for old in self._intents.values() if now - old.at > RECENT]:
            self._forget(old)
        intent = Intent(
            id=ulid_now(),
            at=now,
            kind=order.kind,
            text=order.text,
            to=to,
            due_at=order.send_at or now,
        )
        self._busy.add(intent.id)
        self._write(intent)
        return intent

    def _settle(self, order: Order, intent: Intent, outcome: Outcome, rows: list[Row]) -> None:
        """Write down what became of it."""
        unknown = {from_service(phone) for phone in outcome.unknown}
        sent = [row for row in rows if row.message_id]
        intent.ids = [row.message_id for row in sent if row.message_id]
        intent.open = bool(unknown)
        if intent.open:
            intent.to = tuple(one for one in intent.to if one.phone in unknown)
            self.bell.ring_in(LOOK_AGES[0])
        self._ids |= dict.fromkeys(intent.ids, intent.at)
        self._write(intent)
        for row in rows:
            if row.message_id is None and row.phone not in unknown:
                self._limits.release(row.phone)
        if not any(row.test for row in sent):
            self._limits.spend(outcome.cost or Decimal(0))
            self._limits.learn(order, max((row.price for row in sent if row.price), default=None))
        if order.kind is Kind.TWO_WAY:
            self._asked(sent, order.text)
        self._tracker.track(sent)
        if outcome.found:
            self._tracker.hurry()
        self._report(outcome)

    def _report(self, outcome: Outcome) -> None:
        """Let the account know: its balance, and whether the service did what was asked."""
        entry_id = self._entry.entry_id
        if outcome.balance is not None:
            async_dispatcher_send(self._hass, SIGNAL_BALANCE.format(entry_id), outcome.balance)
        for err in {id(err): err for err in outcome.refused.values()}.values():
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(entry_id), err)
        if any(message.id for message in outcome.messages):
            async_dispatcher_send(self._hass, SIGNAL_OK.format(entry_id), "send")

    def _rows(self, order: Order, to: tuple[Addressee, ...], outcome: Outcome) -> list[Row]:
        """Return a row a number, in the order they were named."""
        now = dt_util.utcnow()
        messages = {message.phone: message for message in outcome.messages}
        for phone in map(to_service, (addressee.phone for addressee in to)):
            if phone not in messages and phone not in outcome.refused:
                # A number the answer leaves out is as good as an answer lost.
                outcome.unknown.setdefault(phone, AnswerLost("The answer leaves a number out"))
        rows = []
        for addressee in to:
            phone = to_service(addressee.phone)
            row = Row(
                phone=addressee.phone,
                recipient_id=addressee.recipient_id,
                kind=order.kind,
                test=order.test,
                sent_at=now,
                due_at=order.send_at or now,
            )
            if message := messages.get(phone):
                self._fill(row, message, outcome)
            elif isinstance(err := outcome.refused.get(phone), ApiError):
                row.error = problem(err)
            else:
                unknown = phone in outcome.unknown
                row.status = Status.ACCEPTED if unknown else Status.FAILED
                why = self._unknown() if unknown else self._error(outcome)
                row.error = Problem(code=None, description=str(why), description_ru="")
            rows.append(row)
        return rows

    def _fill(self, row: Row, message: Message, outcome: Outcome) -> None:
        row.message_id = message.id
        row.packet_id = outcome.packet_id
        row.price, row.error = message.price, message.problem
        row.status = message.status
        row.test = row.test or message.id in SHARED_IDS
        if message.id in outcome.found and row.status.final:
            # The list of recent messages tells neither price nor error; the next check does.
            row.status = Status.ACCEPTED

    def _error(self, outcome: Outcome) -> HomeAssistantError | None:
        """Return why not everything went out."""
        for err in outcome.refused.values():
            return failed(self._hass, err)
        if outcome.unknown:
            return self._unknown()
        for message in outcome.messages:
            if message.status is Status.FAILED and (why := message.problem):
                refusal = RecipientRefused(why.code, why.description, why.description_ru)
                return failed(self._hass, refusal)
        return None

    def _unknown(self) -> HomeAssistantError:
        return failure(Reason.OUTCOME_UNKNOWN, account=self._entry.title)

    async def _look(self) -> None:
        """Look for what nobody knows the outcome of; what shows up is tracked from then on."""
        now = dt_util.utcnow()
        lost = [one for one in self._intents.values() if one.open and one.id not in self._busy]
        pairs = {(to_service(who.phone), intent.text) for intent in lost for who in intent.to}
        if not pairs:
            return
        try:
            found = await find(self._client, pairs, self._ids.__contains__)
        except SmspilotError as err:
            async_dispatcher_send(self._hass, SIGNAL_ERROR.format(self._entry.entry_id), err)
            found = {}
        for intent in lost:
            self._adopt(intent, found)
            age = (now - intent.at).total_seconds()
            if intent.open and age > LOOK_AGES[-1]:
                LOGGER.warning(
                    "Nobody knows whether a message to %s went out; SMSPILOT does not list it",
                    ", ".join(self._named(addressee) for addressee in intent.to),
                )
                intent.open = False
                self._write(intent)
            elif intent.open:
                self.bell.ring_in(next((at - age for at in LOOK_AGES if at > age), 60))
        await self._ledger.flush()

    def _adopt(self, intent: Intent, found: dict[tuple[str, str], Message]) -> None:
        """Take what the service's list shows of a lost order."""
        rows = []
        for addressee in intent.to:
            message = found.pop((to_service(addressee.phone), intent.text), None)
            if message is None or message.id is None:
                continue
            intent.ids.append(message.id)
            self._ids[message.id] = intent.at
            intent.to = tuple(one for one in intent.to if one != addressee)
            rows.append(
                Row(
                    message_id=message.id,
                    phone=addressee.phone,
                    recipient_id=addressee.recipient_id,
                    kind=intent.kind,
                    status=Status.ACCEPTED,
                    sent_at=intent.at,
                    due_at=intent.due_at,
                )
            )
        if rows:
            LOGGER.info("A message whose answer was lost did go out")
            intent.open = bool(intent.to)
            self._write(intent)
            self._tracker.track(rows)
            self._tracker.hurry()

    def _write(self, intent: Intent) -> None:
        self._intents[intent.id] = intent
        self._ledger.write("orders", intent.id, intent.as_stored())

    def _forget(self, intent: Intent) -> None:
        del self._intents[intent.id]
        self._ledger.write("orders", intent.id, None)
        for server_id in intent.ids:
            self._ids.pop(server_id, None)

    async def _cost(self, order: Order, to: list[Addressee]) -> Decimal:
        phones = [to_service(addressee.phone) for addressee in to]
        return await self._client.cost(order.text, phones, sender=order.sender)

    def _release(self, order: Order, to: list[Addressee]) -> None:
        for addressee in to:
            if not order.test:
                self._limits.release(addressee.phone)

    def _over_rate(self, addressee: Addressee, order: Order) -> Row:
        """Refuse a number that gets too much, and have it said once."""
        entry = self._entry
        async_dispatcher_send(self._hass, SIGNAL_LIMIT.format(entry.entry_id), CONF_RATE_LIMIT)
        why = mistake(
            Reason.RATE_LIMIT,
            name=self._named(addressee),
            limit=str(entry.options.get(CONF_RATE_LIMIT, DEFAULT_RATE_LIMIT)),
        )
        return refused_row(addressee.phone, order.kind, str(why), addressee.recipient_id)

    def _nobody(self, rows: list[Row]) -> HomeAssistantError:
        """Return why nobody was reached, where all were refused here."""
        reasons = "; ".join(row.error.description for row in rows if row.error)
        return mistake(Reason.NOBODY_LEFT, reasons=reasons)

    def _named(self, addressee: Addressee) -> str:
        name = recipient_name(self._entry, addressee.phone, addressee.recipient_id)
        return name or masked(addressee.phone)

    async def _pause(self, seconds: float) -> None:
        """Wait; a timer of Home Assistant's, that its close ends."""
        future = self._hass.loop.create_future()
        stop = self.bell.call_in(seconds, lambda _now: future.set_result(None))
        try:
            await future
        finally:
            stop()


class _Alone:
    """No two sends of one text to one number at a time: lost answers could not be told apart."""

    def __init__(
        self,
        flying: dict[tuple[str, str], asyncio.Future[None]],
        pairs: list[tuple[str, str]],
    ) -> None:
        self._flying = flying
        self._pairs = pairs

    async def __aenter__(self) -> None:
        while other := next((self._flying[p] for p in self._pairs if p in self._flying), None):
            await asyncio.shield(other)
        self._future = asyncio.get_running_loop().create_future()
        self._flying |= dict.fromkeys(self._pairs, self._future)

    async def __aexit__(self, *_exc: object) -> None:
        for pair in self._pairs:
            del self._flying[pair]
        self._future.set_result(None)
