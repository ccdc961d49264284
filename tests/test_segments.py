"""What a text costs, how it is framed, and what is left of it."""

from datetime import UTC, datetime

from homeassistant.core import HomeAssistant
from hypothesis import given, strategies as st
import pytest

from custom_components.smspilot.text.segments import (
    Encoding,
    Size,
    framed,
    measure,
    shortened,
    transliterate,
)

GSM7, UCS2 = Encoding.GSM7, Encoding.UCS2
LETTERS = st.text(st.sampled_from("ab {€\n.…Жё🔥"), max_size=700)


@pytest.mark.parametrize(
    ("text", "encoding", "characters", "parts"),
    [
        ("", GSM7, 0, 1),
        ("Leak!", GSM7, 5, 1),
        ("a" * 160, GSM7, 160, 1),
        ("a" * 161, GSM7, 161, 2),
        ("a" * 306, GSM7, 306, 2),
        ("a" * 307, GSM7, 307, 3),
        ("a" * 1530, GSM7, 1530, 10),
        # Characters of the extension take two places.
        ("€" * 80, GSM7, 160, 1),
        ("€" * 81, GSM7, 162, 2),
        ("[^{}~|\\]", GSM7, 16, 1),
        ("Ж", UCS2, 1, 1),
        ("Ж" * 70, UCS2, 70, 1),
        ("Ж" * 71, UCS2, 71, 2),
        ("Ж" * 134, UCS2, 134, 2),
        ("Ж" * 135, UCS2, 135, 3),
        ("Ж" * 670, UCS2, 670, 10),
        # One letter that is not Latin makes all of them wide.
        ("a" * 70 + "Ж", UCS2, 71, 2),
        ("a" * 160 + "…", UCS2, 161, 3),
        ("🔥" * 35, UCS2, 70, 1),
        ("🔥" * 36, UCS2, 72, 2),
    ],
)
def test_measure(text: str, encoding: Encoding, characters: int, parts: int) -> None:
    assert measure(text) == Size(encoding=encoding, characters=characters, parts=parts)


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("Протечка в ванной", "Protechka v vannoi"),
        ("Щука, ёж и объём", "Shchuka, iozh i obiom"),
        ("Leak 100%", "Leak 100%"),
        ("🔥", ""),
    ],
)
def test_transliterate(text: str, latin: str) -> None:
    assert transliterate(text).replace("'", "").replace('"', "") == latin


@given(st.text(st.sampled_from("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЩЪЫЬЭЮЯ №«»—… ")))
def test_transliterated_text_is_narrow(text: str) -> None:
    assert measure(transliterate(text)).encoding is GSM7


@pytest.mark.parametrize(
    ("template", "message", "text"),
    [
        ("{message}", "Протечка", "Протечка"),
        ("Дом: {message}", "Протечка", "Дом: Протечка"),
        ("{time} {message}!", "Протечка", "12:34 Протечка!"),
        ("{message} {message}", "а", "а а"),
        # Braces of a message's own are its own.
        ("{message}", "{time} {message} {x}", "{time} {message} {x}"),
        ("{x} {message}", "а", "{x} а"),
    ],
)
async def test_framed(hass: HomeAssistant, template: str, message: str, text: str) -> None:
    await hass.config.async_set_time_zone("Europe/Moscow")
    assert framed(template, message, datetime(2026, 11, 23, 9, 34, tzinfo=UTC)) == text


@pytest.mark.parametrize(
    ("text", "parts", "result"),
    [
        ("Свет включён", 3, "Свет включён"),
        ("Ж" * 70, 1, "Ж" * 70),
        ("Ж" * 71, 1, "Ж" * 69 + "…"),
        ("Ж" * 300, 2, "Ж" * 133 + "…"),
        # The sign of a Latin text must not make it wide: half of it would go.
        ("a" * 161, 1, "a" * 157 + "..."),
        ("a" * 1000, 3, "a" * 456 + "..."),
        ("a " * 81, 1, ("a " * 79).rstrip() + "..."),
        ("🔥" * 40, 1, "🔥" * 34 + "…"),
    ],
)
def test_shortened(text: str, parts: int, result: str) -> None:
    assert shortened(text, parts) == result


@given(LETTERS, st.integers(1, 5))
def test_shortened_fits(text: str, parts: int) -> None:
    """What is left fits, and nothing more would."""
    short = shortened(text, parts)
    assert measure(short).parts <= parts
    if short != text:
        more = "..." if short.endswith("...") else "…"
        begin = short.removesuffix(more)
        assert text.startswith(begin)
        rest = text[len(begin) :]
        longer = text[: len(begin) + len(rest) - len(rest.lstrip()) + 1]
        assert measure(longer + more).parts > parts
