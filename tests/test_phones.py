"""Any human form in, E.164 out."""

from typing import Any

from homeassistant.core import HomeAssistant
from hypothesis import given, strategies as st
import phonenumbers as pn
import pytest

from custom_components.smspilot.contacts.phones import (
    AmbiguousPhone,
    UnreadablePhone,
    _parse,
    from_service,
    masked,
    parse_phone,
    to_service,
)

from .common import PAPA


@pytest.mark.parametrize(
    "value",
    [
        "+7 (908) 796-47-81",
        "8 908 796-47-81",
        "79087964781",
        79087964781,
        89087964781,
        9087964781,
        "908 796 47 81",
        " 7-908-796-47-81 ",
        "+ 7.908.796.47.81",
        "\u00a0+7\u00a0908\u00a0796\u00a047\u00a081",
        "8(908)7964781",
        "＋７ 908 796 47 81",
        "810 7 908 796 47 81",
        "＋７９０８７９６４７８１",
        "+7\u202f908\u2009796\u200747\u205f81",
        "+7\t908\t796-47-81\n",
        "\u2068+7 908 796-47-81\u2069",
        "\ufeff+79087964781\u200e",
        "+7 908 7️⃣96 47 81\ufe0f".replace("\u20e3", ""),
        "\u202a+7\u00ad908\u200b7964781\u202c",
    ],
)
async def test_one_number(hass: HomeAssistant, value: str | int) -> None:
    hass.config.country = "RU"
    assert parse_phone(hass, value) == PAPA


@pytest.mark.parametrize(
    ("country", "value", "phone"),
    [
        (None, "8 908 796-47-81", PAPA),
        ("RU", "375291234567", "+375291234567"),
        ("RU", "+1 650 253 0000", "+16502530000"),
        ("BY", "8 029 123-45-67", "+375291234567"),
        ("BY", "79087964781", PAPA),
        ("DE", "0151 12345678", "+4915112345678"),
        ("DE", "+79087964781", PAPA),
        ("KZ", "8 701 123 45 67", "+77011234567"),
        # A range that is not in use yet is possible, and so not refused.
        ("RU", "+7 000 000-00-00", "+70000000000"),
        # Read as a German number it would only be possible; as a Russian one it is valid.
        ("DE", "79990000000", "+79990000000"),
    ],
)
async def test_of_a_country(
    hass: HomeAssistant, country: str | None, value: str, phone: str
) -> None:
    hass.config.country = country
    assert parse_phone(hass, value) == phone


@pytest.mark.parametrize("value", ["79087964781", 79087964781, "375291234567"])
async def test_ambiguous(hass: HomeAssistant, value: str | int) -> None:
    """Two valid numbers are as good as none, until a plus decides."""
    hass.config.country = "DE"
    with pytest.raises(AmbiguousPhone):
        parse_phone(hass, value)
    assert parse_phone(hass, f"+{value}") == f"+{value}"


async def test_known_one_of_two(hass: HomeAssistant) -> None:
    """Templates make an integer of a number; it is the one that a recipient has, or that wrote."""
    hass.config.country = "DE"
    assert parse_phone(hass, 79087964781, {PAPA}.__contains__) == PAPA
    assert parse_phone(hass, 79087964781, {"+4979087964781"}.__contains__) == "+4979087964781"
    for known in (set(), {PAPA, "+4979087964781"}):
        with pytest.raises(AmbiguousPhone):
            parse_phone(hass, 79087964781, known.__contains__)


MARKS = st.text(
    st.sampled_from("\t \u00a0\u2007\u2009\u202f\u200b\u200d\u200e\u2066\u2069\ufe0f\ufeff")
)


@given(st.lists(MARKS, min_size=13, max_size=13))
def test_marks_do_not_matter(marks: list[str]) -> None:
    """Spaces and invisible marks anywhere in a number change nothing."""
    written = "".join(mark + digit for mark, digit in zip(marks, PAPA + " ", strict=True))
    assert _parse(written, "RU") == (PAPA,)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "+",
        "Папа",
        "Sberbank",
        "900",
        900,
        "123",
        "1234567",
        "+7 908 796 47 81 доб. 5",
        "tel:+79087964781",
        "79087964781, 79161231212",
        "89087964781;89161231212",
        "+79087964781 ; 89161231212",
        "+79087964781,,89161231212",
        "+7 495 123-45-67, 22",
        "8 908 796-47-81#12",
        "+7908796478",
        "+7908796478112345",
        True,
        False,
        None,
        79087964781.0,
        ["+79087964781"],
        -1,
        pytest.param(10**5000, id="thousands of digits"),
    ],
)
async def test_no_number(hass: HomeAssistant, value: Any) -> None:
    hass.config.country = "RU"
    with pytest.raises(UnreadablePhone):
        parse_phone(hass, value)


@given(
    st.integers(900_000_0000, 999_999_9999),
    st.sampled_from(["+7 {}", "8{}", "7{}", "8 ({0:.3}) {0}"]),
)
def test_every_russian_mobile(subscriber: int, form: str) -> None:
    """Whichever way it is written, it is the same number."""
    digits = str(subscriber)
    written = form.replace("{0:.3}) {0}", f"{digits[:3]}) {digits[3:6]}-{digits[6:]}")
    assert _parse(written.format(digits), "RU") == (f"+7{digits}",)


@given(st.text(), st.sampled_from(["RU", "DE", "US"]))
def test_readable_or_not(text: str, country: str) -> None:
    """Nothing else is raised, and what is read is read again as itself."""
    try:
        readings = _parse(text.strip(), country)
    except UnreadablePhone:
        return
    for phone in readings:
        assert _parse(phone, country) == (phone,)
        assert pn.is_possible_number(pn.parse(phone))


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("79087964781", "+79087964781"),
        ("375291234567", "+375291234567"),
        ("Sberbank", "Sberbank"),
        ("MTS-Info2", "MTS-Info2"),
        ("900", "900"),
        ("", ""),
    ],
)
def test_from_service(phone: str, shown: str) -> None:
    assert from_service(phone) == shown
    assert to_service(shown) == phone


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        (PAPA, "+7908•••4781"),
        ("+375291234567", "+3752•••4567"),
        (79087964781, "79087•••4781"),
        ("+7908", "•••"),
        ("", "•••"),
        (None, "•••"),
    ],
)
def test_masked(phone: object, shown: str) -> None:
    assert masked(phone) == shown
