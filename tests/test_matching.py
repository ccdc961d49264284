"""What counts as the same text, and what a search may cost."""

import asyncio
import builtins
from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from hypothesis import given, settings, strategies as st
import pytest
import voluptuous as vol

from custom_components.smspilot.text import regex_search as patterns
from custom_components.smspilot.text.matching import Match, answer_id, fits, normalised
from custom_components.smspilot.text.regex_search import (
    MAX_SEARCHED,
    Found,
    RegexSearcher,
    check_patterns,
    search,
)

# A careless pattern, and a text made to exploit it.
HOSTILE = {
    r"(a+)+$": "a" * 900 + "!",
    r"(a|aa)+$": "a" * 900 + "!",
    r"^(([a-z])+.)+[A-Z]([a-z])+$": "a" * 900 + "!" * 64_000,
    r"(\w+\s?)*$": "a" * 900 + "!",
    r"(x+x+)+y": "x" * 64_000,
    r"(.*a){20}$": "a" * 900 + "!",
    r"(a+)+\1$": "a" * 900 + "!",
    r"(.*,){11}P": ",1" * 499,
}


@pytest.mark.parametrize(
    ("text", "what_it_says"),
    [
        ("Открой ворота", "открой ворота"),
        ("  открой \n ворота\t", "открой ворота"),
        ("ОТКРОЙ ВОРОТА!!!", "открой ворота"),
        ("Открой\u00a0ворота . . .", "открой ворота"),
        ("Открой ворота…", "открой ворота"),
        ("«Ещё»", "еще"),
        ("«Да».", "да"),
        ("'", "'"),
        ("Е\u0308лка", "елка"),
        ("Е\u200d\u0308лка", "елка"),
        ("\u2068открой\u2069 \u200eво\u200dро\u200cта\ufeff", "открой ворота"),
        ("👍\ufe0f", "👍"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("🤷\u200d♂️", "🤷"),
        ("1️⃣", "1"),
        ("Don’t", "don't"),
        ("Don`t", "don't"),
        ("Да – топи", "да - топи"),
        ("Да — топи", "да - топи"),
        ("−5", "-5"),
        ("ЁЛКА", "елка"),
        ("Straße", "strasse"),
        ("Да :)", "да"),
        ("Да, топи", "да, топи"),
        ("5.5", "5.5"),
        ("50%", "50%"),
        ("*100#", "*100#"),
        ("?", "?"),
        (" ?! ", "?!"),
        ("", ""),
        (" \n", ""),
    ],
)
def test_normalised(text: str, what_it_says: str) -> None:
    assert normalised(text) == what_it_says


INVISIBLE = (
    "\u00ad\u034f\u061c\u180b\u200b\u200c\u200d\u200e\u2060\u2066\u2069\ufe0f\ufeff\U000e0101"
)


@given(
    st.sampled_from(["открой ворота", "да", "👍", "❤ тебя", "don't", "5-й «дом»"]),
    st.lists(st.text(st.sampled_from(INVISIBLE), max_size=3), min_size=20, max_size=20),
)
def test_invisible_characters_say_nothing(text: str, marks: list[str]) -> None:
    """Wherever they stand, it is the same text."""
    pairs = zip(text.ljust(len(marks)), marks, strict=True)
    written = "".join(mark + character for character, mark in pairs)
    assert normalised(written) == normalised(text)


@given(st.text())
def test_normalised_twice_changes_nothing(text: str) -> None:
    assert normalised(f" {text.upper().lower()} ") == normalised(text.upper().lower())


@pytest.mark.parametrize(
    ("message", "texts", "match", "result"),
    [
        ("Открой!", ["открой"], Match.EQUALS, True),
        ("открой ворота", ["открой"], Match.EQUALS, False),
        ("закрой", ["открой", "Закрой."], Match.EQUALS, True),
        ("ещё", ["Еще"], Match.EQUALS, True),
        ("?", ["?"], Match.EQUALS, True),
        ("!", ["?"], Match.EQUALS, False),
        ("", ["?"], Match.EQUALS, False),
        ("Мама,  ОТКРОЙ   ворота, пожалуйста", ["открой ворота."], Match.CONTAINS, True),
        ("Закрой", ["открой"], Match.CONTAINS, False),
        ("Ёлка горит", ["елка"], Match.CONTAINS, True),
        (".", ["открой"], Match.CONTAINS, False),
        ("«Да»", ['"да"'], Match.EQUALS, True),
        ("«Да»", ["да"], Match.EQUALS, True),
        ("да", ["„Да“"], Match.EQUALS, True),
        ("Скажи „да“", ["«да»"], Match.CONTAINS, True),
        # What shows nothing is no part of anything.
        ("Закрой", ["\u200d"], Match.CONTAINS, False),
        ("\u200d", ["\ufe0f"], Match.EQUALS, False),
    ],
)
def test_fits(message: str, texts: list[str], match: Match, result: bool) -> None:
    assert fits(message, texts, match) is result


ANSWERS = [
    ("any", ["{something} пожалуйста"]),
    ("yes", ["Да", "Топи.", "Хорошо[, топи]", "[да] топи[те] (баню|печь) [на {minutes} минут]"]),
    ("no", ["Нет", "Не надо", "Ещё рано"]),
    ("broken", ["(да", "скобка]", "Как {знать", "100 (сто)"]),
]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Да", "yes"),
        (" ДА!! ", "yes"),
        ("топи", "yes"),
        ("Не  надо.", "no"),
        ("еще рано", "no"),
        ("хорошо", "yes"),
        ("Хорошо топи!", "yes"),
        ("Хорошо, топи!", "yes"),
        ("Топи баню", "yes"),
        ("Да топите печь на 40 минут", "yes"),
        ("Да топи печь на минут", None),
        ("топибаню", None),
        ("Да топи", None),
        ("Свари борщ пожалуйста", "any"),
        ("пожалуйста", None),
        ("(да", "broken"),
        ("100 (сто)", "broken"),
        ("Как {знать", "broken"),
        ("да нет", None),
        ("", None),
        ("?", None),
    ],
)
def test_answer_id(text: str, key: str | None) -> None:
    assert answer_id(text, ANSWERS) == key


@pytest.mark.parametrize(
    ("answers", "text", "key"),
    [
        # The first one in the list, but a plain sentence before a variant.
        ([("a", ["да"]), ("b", ["да"])], "да", "a"),
        ([("a", ["{x}"]), ("b", ["да"])], "да", "b"),
        ([("a", ["[ну] да"]), ("b", ["{x} да"])], "ну да", "a"),
        ([("a", ["да|ага"])], "ага", "a"),
        ([("a", ["((да|ага) [конечно]|[[ну] хорошо])"])], "ага конечно", "a"),
        ([("a", ["((да|ага) [конечно]|[[ну] хорошо])"])], "ну хорошо", "a"),
        ([("a", ["((да|ага) [конечно]|[[ну] хорошо])"])], "ну", None),
        ([("a", ["включи [свет] сейчас"])], "включи сейчас", "a"),
        ([("a", [])], "да", None),
        ([], "да", None),
    ],
)
def test_which_answer(answers: list[tuple[str, list[str]]], text: str, key: str | None) -> None:
    assert answer_id(text, answers) == key


@given(st.text("да [](){}|,.", max_size=40), st.text("да ,.", max_size=40))
@settings(max_examples=500)
def test_no_sentence_is_an_error(sentence: str, text: str) -> None:
    assert answer_id(text, [("a", [sentence])]) in ("a", None)


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("{a} да {b} да {c} да {d} нет", "нет " + "да " * 60_000),
        ("[а]" * 100 + "б", "а" * 64_000),
        ("([а|аа] |а)" * 50, "а " * 32_000),
    ],
)
def test_sentences_cost_little(sentence: str, text: str) -> None:
    """What may be said in a thousand ways is compared as fast as the rest."""
    assert answer_id(text, [("a", [sentence])]) is None


async def found_in(hass: HomeAssistant, texts: list[str], *messages: str) -> list[Found]:
    """Return what a trigger would find."""
    found: list[Found | None] = []
    searcher = RegexSearcher(hass, texts)
    for message in messages:
        searcher.begin(message, found.append)
    await hass.async_block_till_done()
    assert len(found) == len(messages)
    return [groups for groups in found if groups is not None]


@pytest.mark.parametrize(
    ("texts", "message", "found"),
    [
        ([r"топи на (\d+)"], "Топи на 40 минут", (["40"], {})),
        ([r"ТОПИ"], "пожалуйста, топи", ([], {})),
        ([r"^топи"], "пожалуйста, топи", None),
        ([r"(да)|(нет)"], "Нет", ([None, "Нет"], {})),
        (
            [r"(?P<what>свет|баня)( на (?P<minutes>\d+))?"],
            "Баня",
            (["Баня", None, None], {"what": "Баня", "minutes": None}),
        ),
        ([r"(а)", r"(б)", r"(.)"], "бв", (["б"], {})),
        ([r"еще"], "ещё", None),
        ([r"топи\."], "топи", None),
        ([r"конец$"], "а" * MAX_SEARCHED + "конец", None),
    ],
)
async def test_search(
    hass: HomeAssistant,
    texts: list[str],
    message: str,
    found: tuple[list[str | None], Mapping[str, str | None]] | None,
) -> None:
    """A pattern may fit anywhere; only case does not matter."""
    check_patterns(texts)
    expected = [{"groups": found[0], "named_groups": found[1]}] if found else []
    assert await found_in(hass, texts, message) == expected


@pytest.mark.parametrize(
    "text", ["(", "a{2,1}", "*", "(?P<1>a)", "(?<=a+)b", r"\1", "a{99999999999999999999}", "[а"]
)
def test_bad_pattern(text: str) -> None:
    with pytest.raises(vol.Invalid, match="no regular expression"):
        check_patterns(["да", text])


@pytest.mark.parametrize(("text", "message"), HOSTILE.items(), ids=list(HOSTILE))
async def test_hostile_text_stalls_no_other(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, text: str, message: str
) -> None:
    """The home goes on while a search is made for ever, and the search is given up in time."""
    work = hass.async_create_background_task(found_in(hass, [text], message), "search")
    turns = 0
    while not work.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert await work == []
    # Forty are usual, two would be a home that stands still; the machine may be busy.
    assert turns > 5
    assert "was given up" in caplog.text
    assert message[:20] not in caplog.text


async def test_hostile_pattern_spoils_no_other(hass: HomeAssistant) -> None:
    """Another pattern still fits, and later messages are searched, in the order they came."""
    hostile = HOSTILE[r"(a+)+$"]
    found = await found_in(hass, [r"(a+)+$", r"(\d)"], "1", f"2{hostile}", hostile, "3", "4")
    assert [groups["groups"][0] for groups in found] == ["1", "2", "3", "4"]


async def test_complains_once(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> None:
    await found_in(hass, [r"(a+)+$"], *([HOSTILE[r"(a+)+$"]] * 3))
    assert caplog.text.count("was given up") == 1


def test_the_limit_is_in_the_search() -> None:
    """A search that takes too long raises, whatever calls it."""
    with pytest.raises(TimeoutError):
        search(patterns._compiled([r"(a+)+$"]), HOSTILE[r"(a+)+$"])


async def test_stopped_search_finds_nothing(hass: HomeAssistant) -> None:
    """An automation that was switched off runs no more, not even for what came before."""
    found: list[Found | None] = []
    searcher = RegexSearcher(hass, [r"(a+)+$"])
    searcher.begin(HOSTILE[r"(a+)+$"], found.append)
    searcher.begin("a", found.append)
    searcher.stop()
    await hass.async_block_till_done()
    assert found == []


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the requirements are installed, patterns are checked by Python's own syntax."""
    real_import = builtins.__import__

    def no_regex(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "regex":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_regex)
    check_patterns(["(а)"])
    with pytest.raises(vol.Invalid):
        check_patterns(["(а"])
