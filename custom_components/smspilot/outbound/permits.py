"""The limits, checked when a message goes out: a permit for each number.

A permit is taken just before the request, given back where nothing went out, and kept where that
is in doubt. So a limit also holds for messages that waited for a connection, and after a restart.
"""

from collections.abc import Awaitable, Callable, Container, Sequence
from decimal import Decimal

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from ..client import (
    ApiError,
    ResponseLost,
    ServiceFailed,
    Smspilot,
)
from ..const import CONF_DAILY_LIMIT, CONF_RATE_LIMIT, LOGGER
from ..contacts.recipients import display_name
from ..errors import Reason, action_error, validation_error
from ..events import SIGNAL_LIMIT
from ..options import Options
from ..text.localized import async_money
from .budget import Budget, total
from .message import OutboundMessage
from .number import SHARED_IDS, UNKNOWN, UNSENT, Number, Permit, Refusal, State
from .prices import ZERO, Unpermitted, async_prices
from .rate_limiter import RATE_LIMIT_PERIOD, Capacity, RateLimiter
from .record import NumberRecord, SubmissionRecord

type BeforeRead = Callable[[], Awaitable[None]]


class Permits:
    """Grants permits within an account's hourly rate limit and daily budget."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: Smspilot,
        budget: Budget,
        rate_limiter: RateLimiter,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._client = client
        self._budget = budget
        self._rate_limiter = rate_limiter

    async def async_take(self, *unpermitted: Unpermitted, before_read: BeforeRead) -> None:
        """Permit the numbers that are within the limits, and refuse those that are not.

        A number stays unchanged while permits of requests under way, which may be given back, use
        up its rate limit. The budget permits all of the messages or none; `before_read` is
        awaited before prices are read from the API. Raises `ConnectionFailed` where a price was
        needed and no connection was made; then no permit is taken.
        """
        new: list[Unpermitted] = []
        for message, numbers in unpermitted:
            permitted = [one for one in numbers if self._permit_rate(message, one)]
            if permitted and not message.options.test:
                new.append((message, permitted))
        try:
            await self._set_aside(new, before_read)
        except BaseException:
            for _message, numbers in new:
                self.give_back(numbers)
            raise

    @callback
    def give_back(self, numbers: Sequence[Number]) -> None:
        """Give back the permits of numbers to which nothing went out."""
        for one in numbers:
            if permit := one.permit:
                self._rate_limiter.remove(permit)
                self._budget.remove(permit)
                one.permit = None
            if one.state is State.PERMITTED:
                one.state = State.WANTED

    @callback
    def settle(self, message: OutboundMessage, number: Number) -> None:
        """Settle the permit of a number that is in a final state or in doubt."""
        if not (permit := number.permit):
            return
        permit.under_way = False
        match number.state:
            case State.REFUSED:
                self.give_back([number])
            case State.ACCEPTED if number.api_row and number.api_row.id in SHARED_IDS:
                self.give_back([number])
            case State.ACCEPTED if number.api_row and number.api_row.id:
                if number.api_row.price:
                    self._budget.note_price(message, permit.phone, number.api_row.price)
                    self._budget.remove(permit)
                    permit.amount = ZERO
                else:
                    # Set aside until the price is known.
                    self._budget.keep_until_priced(number.api_row.id, permit)
            case _:
                # In doubt: it counts as sent.
                pass

    @callback
    def restore(self, number: NumberRecord) -> None:
        """Restore the permit of a number that was requested before a restart."""
        if not (permit := number.permit) or number.state in UNSENT:
            return
        ago = dt_util.utcnow().timestamp() - permit.at
        # Until a machine without a clock of its own gets the time, it may be an hour behind; a time
        # further ahead is that of a clock that was wrong.
        if ago > -RATE_LIMIT_PERIOD.total_seconds():
            self._rate_limiter.add(permit, max(ago, 0.0))
        if number.state in UNKNOWN:
            self._budget.add(permit)

    @callback
    def settle_found(self, record: SubmissionRecord, ids: Container[str | None]) -> None:
        """Settle the permits of messages in doubt that were found, without their prices."""
        for one in record.numbers:
            if one.permit and one.message_id and one.message_id in ids:
                self._budget.keep_until_priced(one.message_id, one.permit)

    @callback
    def rate_refusal(self, number: Number) -> Refusal:
        """Signal and return that a number has reached its rate limit."""
        self._signal(CONF_RATE_LIMIT, number.target.phone)
        name = display_name(self._entry, number.target.phone, number.target.recipient_id)
        limit = str(Options.from_entry(self._entry).rate_limit)
        return validation_error(Reason.RATE_LIMIT, name=name, limit=limit)

    def _permit_rate(self, message: OutboundMessage, number: Number) -> bool:
        """Take a permit of the rate limiter, or refuse the number; return whether it is new."""
        if message.options.test or number.permit:
            number.mark_permitted(number.permit)
            return False
        phone = number.target.phone
        capacity = self._rate_limiter.capacity_for(phone)
        if capacity is Capacity.FREE or message.options.urgent:
            permit = Permit(phone, dt_util.utcnow().timestamp())
            self._rate_limiter.add(permit)
            number.mark_permitted(permit)
            return True
        if capacity is Capacity.NONE:
            number.mark_refused(self.rate_refusal(number))
        return False

    async def _set_aside(self, unpermitted: Sequence[Unpermitted], before_read: BeforeRead) -> None:
        """Set aside what messages may cost, or refuse them all.

        Prices are read from the API only where the estimates exceed what is left today.
        """
        estimates = {
            one: self._budget.estimate(message, one.target.phone)
            for message, numbers in unpermitted
            for one in numbers
        }
        urgent = all(message.options.urgent for message, _numbers in unpermitted)
        if urgent or not self._budget.limit or total(estimates.values()) <= self._budget.left_today:
            self._set_amounts(estimates)
            return
        refusal: Refusal | None = None
        await before_read()
        try:
            prices = await async_prices(self._client, unpermitted)
        except (ResponseLost, ServiceFailed, TimeoutError) as err:
            LOGGER.debug("The price could not be read: %s", err or type(err).__name__)
            refusal = self._unknown_price(total(estimates.values()))
        except ApiError as err:
            # The API would refuse the message for the same reason.
            refusal = err
        else:
            # Messages sent during that request may have used up the budget.
            if (cost := total(prices.values())) > self._budget.left_today:
                refusal = self._over_limit(cost)
        if refusal is None:
            self._set_amounts(prices)
            return
        if not isinstance(refusal, ApiError):
            self._signal(CONF_DAILY_LIMIT)
        for one in estimates:
            self.give_back([one])
            one.mark_refused(refusal)

    def _set_amounts(self, amounts: dict[Number, Decimal]) -> None:
        for one, amount in amounts.items():
            if one.permit:
                one.permit.amount = amount
                self._budget.add(one.permit)

    def _over_limit(self, cost: Decimal) -> Refusal:
        budget = self._budget
        return validation_error(
            Reason.DAILY_LIMIT,
            limit=async_money(self._hass, budget.limit),
            spent=async_money(self._hass, budget.spent_today),
            cost=async_money(self._hass, cost),
            left=async_money(self._hass, max(budget.left_today, ZERO)),
        )

    def _unknown_price(self, estimate: Decimal) -> Refusal:
        return action_error(
            Reason.PRICE_UNKNOWN,
            limit=async_money(self._hass, self._budget.limit),
            cost=async_money(self._hass, estimate),
            left=async_money(self._hass, max(self._budget.left_today, ZERO)),
        )

    def _signal(self, option: str, phone: str = "") -> None:
        signal = SIGNAL_LIMIT.format(self._entry.entry_id)
        async_dispatcher_send(self._hass, signal, option, phone)
