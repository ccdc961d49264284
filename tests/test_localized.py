"""Words, amounts and times in the home's language; a third language is one more file."""

from datetime import UTC, datetime
from decimal import Decimal

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.smspilot.text.localized import async_money, async_time

from .common import speak


@pytest.mark.parametrize(
    ("amount", "english", "russian"),
    [
        (2.85, "2.85 ₽", "2,85 ₽"),
        (Decimal("20006.97"), "20,006.97 ₽", "20\u00a0006,97 ₽"),
        (500, "500 ₽", "500 ₽"),
        (Decimal("500.00"), "500 ₽", "500 ₽"),
        (Decimal("0.5"), "0.50 ₽", "0,50 ₽"),
        (Decimal("-1234.5"), "-1,234.50 ₽", "-1\u00a0234,50 ₽"),
        (0, "0 ₽", "0 ₽"),
    ],
)
async def test_money(
    hass: HomeAssistant, amount: Decimal | float, english: str, russian: str
) -> None:
    for language, said in (("en", english), ("ru", russian)):
        await speak(hass, language)
        assert async_money(hass, amount) == said


@pytest.mark.parametrize(
    ("moment", "english", "russian"),
    [
        (datetime(2026, 1, 1, 7, 0, tzinfo=UTC), "January 1, 10:00", "1 января 10:00"),
        (
            datetime(2019, 12, 31, 21, 30, tzinfo=UTC),
            "January 1, 2020, 00:30",
            "1 января 2020 года 00:30",
        ),
    ],
)
async def test_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    moment: datetime,
    english: str,
    russian: str,
) -> None:
    freezer.move_to("2026-11-23 09:34:00+00:00")
    await hass.config.async_set_time_zone("Europe/Moscow")
    for language, said in (("en", english), ("ru", russian)):
        await speak(hass, language)
        assert async_time(hass, moment) == said
