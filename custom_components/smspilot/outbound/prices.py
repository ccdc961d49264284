"""What messages would cost, as the API says: read where an estimate may pass the limit."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from itertools import batched
from typing import Final

from ..client import DuplicateRefused, RecipientRefused, Smspilot
from ..client.models import NUMBER_CHECKS
from ..contacts.phones import plain_digits, to_service
from .message import OutboundMessage
from .number import Number, halves
from .request import MAX_NUMBERS
from .timing import NUMBERS_WITHOUT_EXTRA_TIME

# Seconds for all requests, so that no caller waits long for prices: more than the client takes to
# connect, because without a connection a send is retried.
PRICE_TIMEOUT: Final = 30.0
# Seconds more for each number beyond the tenth: the API may refuse a list again and again.
EXTRA_TIME_PER_NUMBER: Final = 2.0
# The same object for all, because thousands of them may be kept for an hour.
ZERO: Final = Decimal(0)

type Unpermitted = tuple[OutboundMessage, Sequence[Number]]


async def async_cost(client: Smspilot, message: OutboundMessage, phones: Sequence[str]) -> Decimal:
    """Return what a message to numbers would cost by the API, in RUB; sends nothing."""
    to, options = [to_service(phone) for phone in phones], message.options
    if message.kind in NUMBER_CHECKS:
        return await client.check_cost(message.kind, to)
    return await client.cost(message.text, to, sender=options.sender, test=options.test)


async def async_prices(
    client: Smspilot, unpermitted: Sequence[Unpermitted]
) -> dict[Number, Decimal]:
    """Return the price of each number, in RUB, or raise `TimeoutError` or the client's errors."""
    prices: dict[Number, Decimal] = {}
    more = max(sum(len(numbers) for _, numbers in unpermitted) - NUMBERS_WITHOUT_EXTRA_TIME, 0)
    async with asyncio.timeout(PRICE_TIMEOUT + more * EXTRA_TIME_PER_NUMBER):
        for message, numbers in unpermitted:
            prices |= await _async_prices(client, message, numbers)
    return prices


async def _async_prices(
    client: Smspilot, message: OutboundMessage, numbers: Sequence[Number]
) -> dict[Number, Decimal]:
    """Return each number's average price, in RUB; numbers that the API refuses cost 0."""
    prices: dict[Number, Decimal] = dict.fromkeys(numbers, ZERO)
    batches = [list(batch) for batch in batched(numbers, MAX_NUMBERS, strict=False)]
    while batches:
        batch = batches.pop()
        try:
            cost = await async_cost(client, message, [one.target.phone for one in batch])
        except (RecipientRefused, DuplicateRefused) as err:
            # Leave out the number that the refusal names, or find it by halving the batch.
            named = plain_digits(err.phone or "")
            others = [one for one in batch if one.digits != named]
            if len(others) == len(batch):
                batches += halves(batch) if len(batch) > 1 else []
            elif others:
                batches.append(others)
        else:
            prices |= dict.fromkeys(batch, cost / len(batch))
    return prices
