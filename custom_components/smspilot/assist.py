"""Assist by SMS: a recipient's text is passed to Assist, and its answer is sent as an SMS."""

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
from .contacts.phones import country_of, masked
from .contacts.recipients import Channel, display_name, owners
from .errors import Reason, action_error, async_words, localized
from .events import SIGNAL_LIMIT
from .inbound.classify import Classified
from .options import Options
from .outbound.budget import parts_of
from .outbound.message import compose
from .outbound.targets import Target
from .runtime.trail import async_trace

# Seconds after the last order in which the next one continues its conversation.
CONVERSATION_TIMEOUT: Final = 600.0
MAX_ORDERS_PER_HOUR: Final = 10
SECONDS_PER_HOUR: Final = 3600.0
MAX_AGE: Final = DEFAULT_MAX_AGE.total_seconds()
DEFAULT_PARTS: Final = 3
# Answers may spend a fifth of the daily limit, so that forged orders leave money for alarms.
SHARE_OF_LIMIT: Final = 5


@dataclass(frozen=True, slots=True)
class Order:
    """A text to Assist, the target of its answer, and when it is too old, by the loop's clock."""

    to: Target
    text: str
    expires_at: float


class AssistResponder:
    """Carries out the orders of an account's recipients, one at a time.

    It belongs to the account, so a reload of the entry loses no order.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._hass = account.hass
        # When each number wrote, by the event loop's clock, which is never corrected.
        self._times: dict[str, deque[float]] = {}
        self._conversations: dict[str, tuple[str, float]] = {}
        self._orders: deque[Order] = deque()
        self._worker: asyncio.Task[None] | None = None
        # The day whose share was reported as spent.
        self._used_up_on: date | None = None
        self._stop_listening = account.inbox.add_listener(self._queue_order)

    @callback
    def close(self) -> None:
        """Drop the orders, and cancel the one that is being carried out."""
        self._stop_listening()
        self._orders.clear()
        if self._worker:
            self._worker.cancel()

    @callback
    def _queue_order(self, message: Classified) -> None:
        """Queue a verified, recent message of a recipient who may use Assist."""
        entry = self._account.entry
        allowed = {one.id for one in owners(entry, message.phone) if one.assist}
        if not allowed:
            return
        if reason := self._refusal(message, allowed):
            async_trace(
                self._hass,
                entry.entry_id,
                "order not taken",
                message_id=message.message_id,
                phone=masked(message.phone),
                reason=reason,
            )
            return
        left = MAX_AGE - message.age
        target = Target(message.phone, message.recipient_id)
        self._orders.append(Order(target, message.text, self._hass.loop.time() + left))
        if not self._worker:
            self._worker = self._hass.async_create_background_task(
                self._carry_out_all(), "smspilot assist"
            )

    def _refusal(self, message: Classified, allowed: set[str]) -> str | None:
        """Return why a message is no order, or None."""
        name = display_name(self._account.entry, message.phone, message.recipient_id)
        reasons = (
            (not message.verified, "not verified"),
            (not message.text.strip(), "empty"),
            (message.age > MAX_AGE, "too old"),
            (message.phone == message.service_number, "from the service's own number"),
        )
        if reason := next((reason for is_so, reason in reasons if is_so), None):
            return reason
        # Wrong PINs count too, so that they cannot all be tried.
        if not self._is_within_rate(message.phone):
            LOGGER.warning("%s has written to Assist too often within an hour", name)
            return "too often"
        if message.recipient_id not in allowed:
            return "of another recipient"
        if message.pin_ok is False:
            LOGGER.warning("A message of %s for Assist lacks their PIN", name)
            return "the PIN is wrong or missing"
        return None

    def _is_within_rate(self, phone: str) -> bool:
        """Count a message, and return whether the number has not written too often."""
        now = self._hass.loop.time()
        times = self._times.setdefault(phone, deque(maxlen=MAX_ORDERS_PER_HOUR))
        if len(times) == MAX_ORDERS_PER_HOUR and now - times[0] < SECONDS_PER_HOUR:
            return False
        times.append(now)
        return True

    async def _carry_out_all(self) -> None:
        """Carry out the queued orders."""
        try:
            while self._orders:
                await self._carry_out(self._orders.popleft())
        finally:
            self._worker = None

    async def _carry_out(self, order: Order) -> None:
        """Pass an order to Assist, and send its answer, or that it failed."""
        name = display_name(self._account.entry, order.to.phone, order.to.recipient_id)
        try:
            answer = await self._ask_agent(order)
        except Exception as err:  # noqa: BLE001 - an agent is another integration's code
            reason = str(err) if isinstance(err, AgentFailed) else type(err).__name__
            LOGGER.warning("Assist could not carry out an order of %s (%s)", name, reason)
            answer = localized(self._hass, action_error(Reason.ASSIST_FAILED))
        try:
            await self._send_answer(order, answer)
        except HomeAssistantError as err:
            LOGGER.warning("Assist's answer was not sent: %s", err)

    async def _send_answer(self, order: Order, answer: str) -> None:
        account = self._account
        parts = Options.from_entry(account.entry).max_parts or DEFAULT_PARTS
        message = compose(account.entry, Channel.SMS, answer, (order.to,), cut_at=parts)
        price = account.budget.price(message.kind, country_of(order.to.phone))
        # The price is known from the first answer on.
        estimate = (price or Decimal(0)) * parts_of(message)
        if not self._may_spend(estimate):
            return
        # Before it is sent: what is in doubt counts.
        account.budget.spend_on_answers(estimate)
        sent = await account.outbox.async_send(message, strict=True)
        if sent.cost is not None:
            account.budget.spend_on_answers(sent.cost - estimate)

    def _may_spend(self, amount: Decimal) -> bool:
        """Return whether answers may spend an amount, in RUB, today; signal once where not."""
        budget, today = self._account.budget, dt_util.now().date()
        share = budget.limit / SHARE_OF_LIMIT
        if not share or budget.spent_on_answers_today + amount <= share:
            return True
        if self._used_up_on != today:
            self._used_up_on = today
            LOGGER.warning("Assist's answers have spent their share of the daily limit")
            signal = SIGNAL_LIMIT.format(self._account.entry.entry_id)
            async_dispatcher_send(self._hass, signal, LIMIT_ASSIST, "")
        return False

    async def _ask_agent(self, order: Order) -> str:
        """Return Assist's answer to an order, in the number's conversation if that is recent."""
        phone, now = order.to.phone, self._hass.loop.time()
        if now > order.expires_at:
            raise AgentFailed("too old")
        conversation_id, last = self._conversations.get(phone, (None, now))
        if now - last > CONVERSATION_TIMEOUT:
            conversation_id = None
        answer, conversation_id = await async_ask_assist(self._hass, order.text, conversation_id)
        if conversation_id:
            self._conversations[phone] = (conversation_id, now)
        return answer or async_words(self._hass, "assist_silent")


_RESPONDERS: Final[HassKey[dict[str, AssistResponder]]] = HassKey("smspilot_assist")


@callback
def async_start_assist(account: Account) -> None:
    """Start the responder of an account, unless it has one since before a reload."""
    responders = account.hass.data.setdefault(_RESPONDERS, {})
    entry_id = account.entry.entry_id
    if entry_id in responders:
        return
    responders[entry_id] = AssistResponder(account)

    @callback
    def close() -> None:
        responders.pop(entry_id).close()

    account.on_close(close)
