"""Find out whether an alarm would get through: request each step with `cost=1`, unsent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..client import ApiError, SmspilotError
from ..client.values import money
from ..const import LOGGER
from ..errors import api_text, localized
from ..runtime.journal import stored_time
from ..text.localized import async_money
from .plan import StepRecipient, entity_of
from .runner import AlarmRunner
from .sending import AlarmContext, message_of
from .sends import Purpose, Send, SendKey
from .texts import phrases

CHECK_INTERVAL: Final = timedelta(days=1)
# While the account's balance is unknown.
ACCOUNT_INTERVAL: Final = timedelta(seconds=10)
# After a check without a response.
RETRY_INTERVAL: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The result of a check: its time, the problems found, and the cost of a round in RUB."""

    at: datetime
    problems: tuple[str, ...] = ()
    round_cost: Decimal | None = None

    def as_stored(self) -> dict[str, Any]:
        """Return the value as the journal stores it."""
        cost = None if self.round_cost is None else str(self.round_cost)
        return {"at": self.at.isoformat(), "problems": list(self.problems), "cost": cost}

    @classmethod
    def from_stored(cls, data: dict[str, Any]) -> Self:
        """Read what `as_stored` returned."""
        return cls(
            at=stored_time(data["at"]),
            problems=tuple(map(str, data["problems"])),
            round_cost=money(data["cost"]),
        )


async def async_check(
    context: AlarmContext, alarm: AlarmRunner, balance: Decimal
) -> Readiness | None:
    """Return what is wrong with an alarm and what it costs; None where the API is unreachable."""
    words, problems = phrases(context.hass), list[str]()
    costs: dict[object, Decimal | None] = {}
    total: Decimal | None = Decimal(0)
    if any(entity_of(context.hass, one) is None for one in alarm.plan.sources):
        problems.append(words["problem_source_gone"])
    for number, step in enumerate(alarm.world.steps, 1):
        if not step.recipients:
            gone = words["problem_gone"]
            problems.append(words["problem_step"].format(step=number, why=gone))
        for recipient in (one for one in step.recipients if one.ours):
            kind = (recipient.channel, recipient.reference)
            if kind not in costs:
                try:
                    costs[kind] = await _cost(context, alarm, recipient, number)
                except ApiError as err:
                    costs[kind] = None
                    why = api_text(context.hass, err)
                    problems.append(words["problem_step"].format(step=number, why=why))
                except HomeAssistantError as err:
                    costs[kind] = None
                    why = localized(context.hass, err)
                    problems.append(words["problem_step"].format(step=number, why=why))
                except SmspilotError as err:
                    LOGGER.debug("An alarm cannot be checked: %s", err)
                    return None
            cost = costs[kind]
            total = None if total is None or cost is None else total + cost
    if total is not None and balance < total:
        text = words["problem_balance"]
        cost_shown, balance_shown = (async_money(context.hass, one) for one in (total, balance))
        problems.append(text.format(cost=cost_shown, balance=balance_shown))
    return Readiness(at=dt_util.utcnow(), problems=tuple(problems), round_cost=total)


async def _cost(
    context: AlarmContext, alarm: AlarmRunner, recipient: StepRecipient, number: int
) -> Decimal:
    """Return the cost of a step for one recipient."""
    key = SendKey(purpose=Purpose.STEP, lap=1, step=number - 1, recipient=recipient.reference)
    send = alarm.effects.rehearsed(
        Send(key=key, name=recipient.name, channel=recipient.channel), None
    )
    phones = recipient.ours.phones if recipient.ours else ()
    return await context.outbox.async_cost(message_of(context, send, phones))
