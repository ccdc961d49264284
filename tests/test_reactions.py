"""A phone's reaction to a text is neither an order nor an answer."""

from time import process_time

from hypothesis import given, strategies as st
import pytest

from custom_components.smspilot.text.reactions import is_reaction

TEXT = "Ворота открыты. Чтобы закрыть, ответьте: открой ворота"


@pytest.mark.parametrize(
    "text",
    [
        f"Понравилось «{TEXT}»",
        f"Понравилось: «{TEXT}»",
        f"Не понравилось «{TEXT}»",
        f"Очень понравилось «{TEXT}»",
        f"Рассмешило «{TEXT}»",
        f"Отреагировал(а) 😂 на «{TEXT}»",
        f"Реакция ❤️ на «{TEXT}»",
        f"Удалено сердечко с «{TEXT}»",
        f"Выделено «{TEXT}»",
        f"Под вопросом «{TEXT}»",
        f"Liked “{TEXT}”",
        f'Liked "{TEXT}"',
        f"Loved “{TEXT}” ",
        f"Disliked “{TEXT}”",
        f"Laughed at “{TEXT}”",
        f"Emphasized “{TEXT}”",
        f"Emphasised “{TEXT}”",
        f"Questioned “{TEXT}”",
        f"Reacted 🎉 to “{TEXT}”",
        f"Reacted with ❤️ to “{TEXT}”",
        f"Removed a question mark from “{TEXT}”",
        f"Removed 👍 from “{TEXT}”",
        f"👍 to “{TEXT}”",
        f"\u200a\u200b👍🏽\u200b to \u201c\u200a{TEXT}\u200a\u201d",
        f"❤️ to “{TEXT}”",
        f"‼️ to “{TEXT}”",
        f"👍 на «{TEXT}»",
        "Liked “Open \nthe gate”",
        "Понравилось «Скажи «открой ворота» ещё раз»",
        "Понравилось «Ворота открыты. Чтобы закр…",
        "Loved “Ворота открыты…”",
    ],
)
def test_reaction(text: str) -> None:
    assert is_reaction(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "открой ворота",
        "Открой «ворота»",
        "Скажи Алисе «открой ворота»",
        "Удали «полив»",
        "Сними «охрану»",
        "Снять «охрану»",
        "Убери «полив»",
        "Выдели «ворота»",
        "«Открой ворота»",
        "Понравилось",
        "Понравилось, открой ворота",
        "Понравилось «это», открой ворота",
        "Liked it, open the gate",
        "👍",
        "👍 открой ворота",
        "👍 «открой ворота»",
        "— это «открой ворота»",
        "Да",
    ],
)
def test_no_reaction(text: str) -> None:
    assert not is_reaction(text)


@pytest.mark.parametrize(
    ("text", "ours", "is_one"),
    [
        (f"Gefällt „{TEXT}“", TEXT, True),
        (f"Вподобано «{TEXT}»", TEXT, True),
        (f"J’aime « {TEXT} »", TEXT, True),
        (f"❤️ “{TEXT}”", TEXT, True),
        ("Gefällt „Ворота открыты. Чтобы закр…“", TEXT, True),
        ("Gefällt „Да?“", "Да?", True),
        ("⁉️ to “x”", "", True),
        ("Скажи «Ворота открыты»", "Да?", False),
        ("Скажи «Ворота»", TEXT, False),
        (f"«{TEXT}»", TEXT, False),
        (f"Ответ на «{TEXT}»: да", TEXT, False),
        ("Скажи «ужин»", "", False),
    ],
)
def test_reaction_to_ours(text: str, ours: str, *, is_one: bool) -> None:
    """What quotes our own text is a reaction in any language."""
    assert is_reaction(text, ours) is is_one


@pytest.mark.parametrize("rest", [".", ". ", '". ', '"', " ", "a", "\u0301", "... "])
def test_long_texts_cost_little(rest: str) -> None:
    """A leaked webhook address can make a home read 64 KB, but not for seconds."""
    before = process_time()
    is_reaction(f'Скажи "{rest * (64 * 1024 // len(rest))}z')
    assert process_time() - before < 1


@given(st.text(min_size=1), st.sampled_from(["Понравилось «{}»", "Liked “{}”", "👍 to “{}”"]))
def test_whatever_it_quotes(text: str, reaction: str) -> None:
    """Whatever our text was, the reaction to it is one."""
    assert is_reaction(reaction.format(f"x{text}"))
