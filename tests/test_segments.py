"""What a text costs, what a template adds, and what is left of it."""

from datetime import UTC, datetime

from homeassistant.core import HomeAssistant
from hypothesis import given, strategies as st
import pytest

from custom_components.smspilot.text.segments import (
    Encoding,
    Size,
    in_template,
    measure,
    shortened,
)
from custom_components.smspilot.text.transliteration import transliterate

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
        # Neither a character of two places nor an escape is parted.
        ("]" * 153, GSM7, 306, 3),
        ("Ж" * 66 + "🔥" + "Ж" * 66, UCS2, 134, 3),
        ("😘" * 67, UCS2, 134, 3),
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
        ("Остаток 45 ₽", "Ostatok 45 RUB"),
        ("−5 °C", "-5 C"),
        ("−5 ℃", "-5 C"),
        ("№ 5", "No 5"),
        ("`x`", "x"),
        ("2½ м²", "2 1/2 m2"),
        ("кнопка 5️⃣", "knopka 5"),
        ("≈ 3 ≤ 4", "~ 3 <= 4"),
        ("1\t2\u202f3\r\n4\x00", "1 2 3 \n4"),
    ],
)
def test_transliterate(text: str, latin: str) -> None:
    assert transliterate(text).replace("'", "").replace('"', "") == latin


@given(st.text(st.sampled_from("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЩЪЫЬЭЮЯ №«»—… ")))
def test_transliterated_text_is_narrow(text: str) -> None:
    assert measure(transliterate(text)).encoding is GSM7


@given(st.text())
def test_transliterated_text_is_plain(text: str) -> None:
    """Whatever it was, it is narrow, has no sign of a failure, and stays as it is."""
    latin = transliterate(text)
    assert measure(latin).encoding is GSM7
    assert latin.isascii()
    assert transliterate(latin) == latin
    assert latin.count("[?]") <= text.count("?")


@given(LETTERS)
def test_parts_are_never_parted_within_a_character(text: str) -> None:
    """The parts are as many as a phone needs that puts whole characters into each."""
    size = measure(text)
    wide = "{€[]}" if size.encoding is GSM7 else "🔥"
    capacity = (153 if size.encoding is GSM7 else 67) if size.parts > 1 else 160
    room, parts = 0, 0
    for character in text:
        width = 2 if character in wide else 1
        if room < width:
            room, parts = capacity, parts + 1
        room -= width
    assert size.parts == max(parts, 1)


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
        # A YAML block ends in a line break: exactly 70 letters are one part.
        ("{message}", "Ж" * 70 + "\n", "Ж" * 70),
        ("{message}.", "Протечка \r\n", "Протечка."),
        ("{message}", " а\n б", " а\n б"),
    ],
)
async def test_template(hass: HomeAssistant, template: str, message: str, text: str) -> None:
    await hass.config.async_set_time_zone("Europe/Moscow")
    assert in_template(template, message, datetime(2026, 11, 23, 9, 34, tzinfo=UTC)) == text


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
        # At a word, and without what would have joined the next one.
        ("Открыто окно, " * 12, 1, "Открыто окно, " * 4 + "Открыто окно…"),
        # An address has no word to end at.
        ("Ссылка " + "ж" * 90, 1, "Ссылка " + "ж" * 62 + "…"),
        # Characters of several parts stay whole.
        ("Ж" * 67 + "👍🏽" * 3, 1, "Ж" * 67 + "…"),
        ("Ж" * 66 + "👨‍👩‍👧", 1, "Ж" * 66 + "…"),
        ("Ж" * 67 + "🇷🇺🇷🇺", 1, "Ж" * 67 + "…"),
        ("Ж" * 65 + "🇷🇺🇷🇺", 1, "Ж" * 65 + "🇷🇺…"),
        # What is left has only Latin letters: more of them fit than in the alphabet of the rest.
        ("word " * 40 + "конец", 1, ("word " * 31).rstrip() + "..."),
    ],
)
def test_shortened(text: str, parts: int, result: str) -> None:
    assert shortened(text, parts) == result


def test_alarm_of_sixty_windows() -> None:
    """900 Cyrillic letters go out as the ten parts that the service takes."""
    text = ", ".join(f"окно {number}-й спальни" for number in range(60))
    short = shortened(text, 10)
    assert measure(short).parts == 10
    assert set(short.removesuffix("…").replace(",", "").split()) <= set(
        text.replace(",", "").split()
    )


def test_template_stays_whole() -> None:
    """The template, and what stands behind the text, are not cut off."""

    def in_template(text: str) -> str:
        return transliterate(f"Дом: {text} Ответьте 123.")

    short = shortened("Протечка в ванной. " * 50, 2, in_template)
    sent = in_template(short)
    assert measure(sent).parts == 2
    assert measure(sent).encoding is GSM7
    assert sent.startswith("Dom: Protechka")
    assert sent.endswith("... Otvet'te 123.")


WORDS = st.lists(st.text(st.sampled_from("ab{Жё🔥"), min_size=1, max_size=12), max_size=90)


@given(WORDS, st.integers(1, 5))
def test_shortened_fits(words: list[str], parts: int) -> None:
    """What is left fits and ends with a word, and no other word would."""
    text = " ".join(words)
    short = shortened(text, parts)
    assert measure(short).parts <= parts
    if short == text:
        return
    more = "..." if measure(short).encoding is GSM7 else "…"
    begin = short.removesuffix(more)
    count = len(begin.split())
    assert begin == " ".join(words[:count])
    longer = " ".join(words[: count + 1])
    assert all(measure(longer + end).parts > parts for end in ("…", "..."))


@given(LETTERS, st.integers(1, 5), st.text(st.sampled_from("a Жё"), max_size=60))
def test_any_text_is_shortened(text: str, parts: int, tail: str) -> None:
    """Whatever stands in a text and around it, the whole fits and the tail is there."""
    sent = shortened(text, parts, lambda message: message + tail) + tail
    assert measure(sent).parts <= parts
