"""Assist by SMS: what a recipient texts is an order, carried out as the app would, and answered."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .account import Account
from .assist_agent import AgentFailed, async_ask_assist
from .const import DEFAULT_MAX_AGE, LIMIT_ASSIST, LOGGER
from .contacts.phones import country_of
from .contacts.recipients import Channel, display_name, owners
from .errors import Reason, action_error, localized
from .events import SIGNAL_LIMIT
from .inbound.classify import Classified
from .options import Options
from .outbound.budget import parts_of
from .outbound.message import compose
from .outbound.targets import Target

# How long a conversation goes on after its last word. Seconds, as all of these.
CONVERSATION: Final = 600.0
HOUR: Final = 3600.0
MAX_PER_HOUR: Final = 10
# An agent that takes longer holds up everybody else's orders.
AGENT_TIMEOUT: Final = 120.0
DEFAULT_PARTS: Final = 3
# Answers may spend a fifth of the daily limit: whoever forges orders must not silence alarms.
SHARE_OF_LIMIT: Final = 5


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody texted to Assist."""

    to: Target
    text: str


class AssistResponder:
    """Carry out the orders of an account's recipients, one after the other.

    It lives as long as the account does: a reload of its entry loses no order.
    """

    def __init__(self, account: Account) -> None:
        """Listen to the inbox."""
        self._account = account
        self._hass = account.hass
        # When numbers wrote, by the loop's clock: no correction of a machine's clock moves it.
        self._times: dict[str, deque[float]] = {}
        self._conversations: dict[str, tuple[str, float]] = {}
        self._orders: deque[Order] = deque()
        self._worker: asyncio.Task[None] | None = None
        # What answers cost, on which day, and whether the day's share was found used up.
        self._spent = Decimal(0)
        self._day: date | None = None
        self._is_used_up = False
        self._stop_listening = account.inbox.add_listener(self._take)

    @callback
    def close(self) -> None:
        """Carry out nothing more."""
        self._stop_listening()
        self._orders.clear()
        if self._worker:
            self._worker.cancel()

    @callback
    def _take(self, message: Classified) -> None:
        """Take the order of a recipient whom the API confirms, and which is new."""
        account = self._account
        sharing = [one for one in owners(account.entry, message.phone) if one.assist]
        if not sharing or not message.verified or not message.text.strip():
            return
        if message.age > DEFAULT_MAX_AGE.total_seconds() or message.phone == message.service_number:
            return
        # Wrong PINs count too: whoever borrows the number does not try them all.
        if not self._admit(message.phone):
            name = display_name(account.entry, message.phone, message.recipient_id)
            LOGGER.warning("%s has written to Assist too often within an hour", name)
            return
        person = next((one for one in sharing if one.id == message.recipient_id), None)
        if not person:
            return
        if message.pin_ok is False:
            LOGGER.warning("A message of %s for Assist has not their PIN", person.name)
            return
        self._orders.append(Order(Target(message.phone, person.id), message.text))
        if not self._worker:
            self._worker = self._hass.async_create_background_task(self._work(), "smspilot assist")

    def _admit(self, phone: str) -> bool:
        now = self._hass.loop.time()
        times = self._times.setdefault(phone, deque(maxlen=MAX_PER_HOUR))
        if len(times) == MAX_PER_HOUR and now - times[0] < HOUR:
            return False
        times.append(now)
        return True

    async def _work(self) -> None:
        """Carry out orders in the order they came, until there is none."""
        try:
            while self._orders:
                await self._carry_out(self._orders.popleft())
        finally:
            self._worker = None

    async def _carry_out(self, order: Order) -> None:
        """Give an order to Assist, and send its answer back."""
        name = display_name(self._account.entry, order.to.phone, order.to.recipient_id)
        try:
            async with asyncio.timeout(AGENT_TIMEOUT):
                answer = await self._ask(order)
        # An agent may raise anything: it is somebody else's code, or somebody else's service.
        except Exception as err:  # noqa: BLE001
            reason = str(err) if isinstance(err, AgentFailed) else type(err).__name__
            LOGGER.warning("Assist could not carry out an order of %s (%s)", name, reason)
            answer = localized(self._hass, action_error(Reason.ASSIST_FAILED))
        if not answer:
            return
        try:
            await self._answer(order, answer)
        except HomeAssistantError as err:
            LOGGER.warning("Assist's answer was not sent: %s", err)

    async def _answer(self, order: Order, answer: str) -> None:
        account = self._account
        parts = Options.from_entry(account.entry).max_parts or DEFAULT_PARTS
        message = compose(account.entry, Channel.SMS, answer, (order.to,), cut_at=parts)
        price = account.budget.price(message.kind, country_of(order.to.phone))
        # The first answer tells what the others cost.
        estimate = (price or Decimal(0)) * parts_of(message)
        if not self._may_spend(estimate):
            return
        sent = await account.outbox.async_send(message, strict=True)
        self._spent += estimate if sent.cost is None else sent.cost

    def _may_spend(self, amount: Decimal) -> bool:
        """Return whether answers may spend so much more today."""
        today = dt_util.now().date()
        if today != self._day:
            self._day, self._spent, self._is_used_up = today, Decimal(0), False
        share = Options.from_entry(self._account.entry).daily_limit / SHARE_OF_LIMIT
        if not share or self._spent + amount <= share:
            return True
        if not self._is_used_up:
            self._is_used_up = True
            LOGGER.warning("Assist's answers have spent their share of the daily limit")
            signal = SIGNAL_LIMIT.format(self._account.entry.entry_id)
            async_dispatcher_send(self._hass, signal, LIMIT_ASSIST, "")
        return False

    async def _ask(self, order: Order) -> str | None:
        """Return what Assist says to an order, in the conversation that goes on."""
        phone, now = order.to.phone, self._hass.loop.time()
        conversation_id, last = self._conversations.get(phone, (None, now))
        if now - last > CONVERSATION:
            conversation_id = None
        answer, conversation_id = await async_ask_assist(self._hass, order.text, conversation_id)
        if conversation_id:
            self._conversations[phone] = (conversation_id, now)
        return answer


_RESPONDERS: Final[HassKey[dict[str, AssistResponder]]] = HassKey("smspilot_assist")


@callback
def async_start_assist(account: Account) -> None:
    """Have an account's orders carried out, from its first set-up to its end."""
    responders = account.hass.data.setdefault(_RESPONDERS, {})
    entry_id = account.entry.entry_id
    if entry_id in responders:
        return
    responders[entry_id] = AssistResponder(account)

    @callback
    def end() -> None:
        responders.pop(entry_id).close()

    account.on_close(end)
