"""Format amounts and times in Home Assistant's language."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..errors import async_words

_WHOLE: Final = Decimal(1)


@callback
def async_money(hass: HomeAssistant, amount: Decimal | float) -> str:
    """Return an amount of roubles: `2,85 ₽`, `20 006,97 ₽`, `500 ₽`."""
    exact = Decimal(str(amount))
    digits = f"{exact:,.0f}" if exact % _WHOLE == 0 else f"{exact:,.2f}"
    # `amount_example` is 1,234.50 as the language writes it, with separators at 1 and -3.
    example = async_words(hass, "amount_example")
    marks = {",": example[1], ".": example[-3]}
    return async_words(hass, "money", amount="".join(marks.get(one, one) for one in digits))


@callback
def async_time(hass: HomeAssistant, moment: datetime) -> str:
    """Return a local time such as `1 января 10:00`, with the year unless it is the present one."""
    local = dt_util.as_local(moment)
    key = "date_time" if local.year == dt_util.now().year else "date_time_year"
    return async_words(
        hass,
        key,
        day=str(local.day),
        month=async_words(hass, f"month_{local.month}"),
        year=str(local.year),
        time=f"{local:%H:%M}",
    )
