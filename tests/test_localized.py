"""Words, amounts and times in the home's language; a third language is one more file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
import json
from pathlib import Path
import re
from types import SimpleNamespace
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir, translation
import pytest

from custom_components.smspilot.const import DOMAIN, EVENT_MESSAGE_STATUS
from custom_components.smspilot.errors import localized
from custom_components.smspilot.logbook import async_describe_events
from custom_components.smspilot.text.localized import async_money, async_time

from .common import PAPA, act, add_account, person, speak
from .simulator.simulator import Simulator
from .triggers.common import automate, fire, unknown


@pytest.mark.parametrize(
    ("amount", "english", "russian"),
    [
        (2.85, "2.85\u00a0₽", "2,85\u00a0₽"),
        (Decimal("20006.97"), "20,006.97\u00a0₽", "20\u00a0006,97\u00a0₽"),
        (500, "500\u00a0₽", "500\u00a0₽"),
        (Decimal("500.00"), "500\u00a0₽", "500\u00a0₽"),
        (Decimal("0.5"), "0.50\u00a0₽", "0,50\u00a0₽"),
        (Decimal("-1234.5"), "-1,234.50\u00a0₽", "-1\u00a0234,50\u00a0₽"),
        (0, "0\u00a0₽", "0\u00a0₽"),
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


TRANSLATIONS = Path(__file__).parents[1] / "custom_components" / DOMAIN / "translations"


def made_up(node: Any) -> Any:
    """Return every text in a language that has only one letter, its placeholders as they are."""
    if isinstance(node, Mapping):
        return {key: made_up(value) for key, value in node.items()}
    places = re.findall(r"{\w+}", node)
    return " ".join(["ъ", *places, "ъ"])


@pytest.fixture
def language(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a third language, which is one more file and nothing else."""
    real = translation.load_json
    file = TRANSLATIONS / "tlh.json"

    def load(path: Path) -> Any:
        return made_up(json.loads(file.with_stem("en").read_text())) if path == file else real(path)

    monkeypatch.setattr(translation, "load_json", load)
    return file.stem


async def test_third_language(
    hass: HomeAssistant,
    simulator: Simulator,
    issue_registry: ir.IssueRegistry,
    language: str,
) -> None:
    """Whatever the code puts together, no word of another language is in it."""
    hass.config.language = language
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    described: dict[str, Any] = {}
    async_describe_events(hass, lambda _domain, event, row: described.update({event: row}))
    data = {
        "account_id": "5671",
        "kind": "sms",
        "recipient": "7",
        "status": "delivered",
        "price": 2.85,
        "error": None,
    }
    row = described[EVENT_MESSAGE_STATUS](SimpleNamespace(data=data))
    pressed = {"entity_id": "button.papa_test_message"}
    await hass.services.async_call("button", "press", pressed, blocking=True)
    calls = await automate(hass, "message_received", "from: [Дядя, 12345678, Папа]")
    await fire(hass, {"entry_id": entry.entry_id, "recipient": "7"})
    simulator.fault("http_502_html", command="check")
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "get_status", message_ids=["1"], limit=1)
    said = [
        row["message"],
        simulator.orders[-1].text,
        *(name.replace("Дядя", "") for name in unknown(issue_registry)),
        calls[0].data["trigger"]["description"],
        localized(hass, raised.value),
        async_time(hass, datetime(2020, 1, 1, tzinfo=UTC)),
    ]
    for text in said:
        assert set(re.findall(r"[^\W\d]+", text)) == {"ъ"}, text
