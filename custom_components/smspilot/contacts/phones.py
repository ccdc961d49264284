"""Phone numbers: read in any form that people write, returned as E.164 with the plus."""

from collections.abc import Callable
from functools import lru_cache
import re
import unicodedata

from homeassistant.core import HomeAssistant

from ..text.normalising import visible

DEFAULT_COUNTRY = "RU"
# The shortest international number; a shorter one is a short number, such as a bank's 900.
MIN_DIGITS = 7
# The plus and the 15 digits that E.164 allows; some national plans have longer numbers.
MAX_LENGTH = 16
# The length of `8…`, as a number of Russia and Kazakhstan is dialled there.
DOMESTIC_LENGTH = 11
# A text with so few digits cannot be a number that should be masked.
MAX_QUOTED_DIGITS = 4
MAX_QUOTED = 40
# Characters that the API's lists may have between the digits of a number.
_BETWEEN = str.maketrans("", "", " ()-")
_DIALLED = re.compile(r"8[79]\d{9}")


class UnreadablePhone(Exception):
    """The value is no phone number."""


class AmbiguousPhone(UnreadablePhone):
    """The digits are a valid national and another valid international number."""


def parse_phone(
    hass: HomeAssistant, value: object, is_known: Callable[[str], bool] | None = None
) -> str:
    """Return the number as E.164; digits without a plus may be national or international.

    Of two valid readings the one that `is_known` counts: a template turns `+7…` of a message's
    author into an integer.
    """
    readings = phone_readings(hass, value)
    if len(readings) > 1 and is_known:
        readings = tuple(filter(is_known, readings)) or readings
    if len(readings) > 1:
        raise AmbiguousPhone
    return readings[0]


def phone_readings(hass: HomeAssistant, value: object) -> tuple[str, ...]:
    """Return the number as E.164, or its two readings."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadablePhone
    try:
        return _parse(str(value), hass.config.country or DEFAULT_COUNTRY)
    except ValueError:
        # Python does not convert an integer of thousands of digits.
        raise UnreadablePhone from None


def from_service(phone: str) -> str:
    """Return a number of the API with a plus, and a word or a short number unchanged."""
    digits = phone.lstrip("+").translate(_BETWEEN)
    if not digits.isdecimal() or len(digits) < MIN_DIGITS:
        return phone
    # `8…` as dialled in Russia and Kazakhstan: no country code begins with 89, and numbers of the
    # codes that begin with 87 are longer.
    return f"+7{digits[1:]}" if _DIALLED.fullmatch(digits) else f"+{digits}"


def to_service(phone: str) -> str:
    """Return the number as the API takes it."""
    return phone.removeprefix("+")


def plain_digits(phone: str) -> str:
    """Return a number as international digits, for comparing numbers that the API writes.

    `8…` is how a number of Russia and Kazakhstan is dialled there.
    """
    digits = "".join(filter(str.isdecimal, phone))
    is_domestic = len(digits) == DOMESTIC_LENGTH and digits.startswith("8")
    return f"7{digits[1:]}" if is_domestic else digits


def listed_digits(phone: str) -> str | None:
    """Return the digits by which a number of the API's list is compared, None of an unreadable one.

    The list may mask numbers, or leave them out.
    """
    digits = plain_digits(phone)
    rest = phone.removeprefix("+").translate(_BETWEEN)
    return digits if rest.isascii() and rest.isdecimal() and len(digits) >= MIN_DIGITS else None


def country_of(phone: str) -> str:
    """Return the country of a number in E.164, on which prices depend."""
    # Long lists are mostly Russian mobile numbers, and no other country has these.
    return "RU" if phone.startswith("+79") else _parsed_country(phone)


@lru_cache(maxsize=4096)
def _parsed_country(phone: str) -> str:
    import phonenumbers as pn  # noqa: PLC0415 - see `_parse`

    try:
        number = pn.parse(phone)
    except pn.NumberParseException:
        return ""
    return pn.region_code_for_number(number) or f"+{number.country_code}"


def masked(phone: object) -> str:
    """Return a number masked for a log."""
    text = str(phone)
    return f"{text[:5]}•••{text[-4:]}" if len(text) > len("+7908•••4781") - 2 else "•••"


def quotable(value: object) -> str | None:
    """Return an unreadable value for an error to quote, or None where it may be a number."""
    text = " ".join(visible(str(value)).split())
    is_number = sum(map(str.isdecimal, text)) > MAX_QUOTED_DIGITS
    return None if is_number or not text else text[:MAX_QUOTED]


# A home has tens of numbers; a thousand is enough for a large list too.
@lru_cache(maxsize=1024)
def _parse(text: str, country: str) -> tuple[str, ...]:
    # Automations import this module before the requirements are installed.
    import phonenumbers as pn  # noqa: PLC0415

    text = unicodedata.normalize("NFKC", visible(text)).strip()
    if any(character.isalpha() for character in text):
        raise UnreadablePhone
    digits = "".join(character for character in text if character.isdecimal())
    readings = [(text, None)] if text.startswith("+") else [(text, country), (f"+{digits}", None)]
    possible: dict[str, bool] = {}
    for reading, region in readings:
        try:
            number = pn.parse(reading, region)
        except pn.NumberParseException:
            continue
        if number.extension:
            # An extension gets no SMS, and what looks like one may be a second number.
            raise UnreadablePhone
        if pn.is_possible_number_with_reason(number) == pn.ValidationResult.IS_POSSIBLE:
            form = pn.format_number(number, pn.PhoneNumberFormat.E164)
            if len(form) <= MAX_LENGTH:
                possible[form] = pn.is_valid_number(number)
    # The library does not know new ranges yet: where no reading is valid, a possible one counts.
    found = [form for form, valid in possible.items() if valid] or list(possible)
    if not found:
        raise UnreadablePhone
    return tuple(found)


def all_countries(home: str | None) -> list[str]:
    """Return the countries whose numbers can be read, the likeliest first."""
    import phonenumbers as pn  # noqa: PLC0415 - see `_parse`

    first = (home or DEFAULT_COUNTRY, DEFAULT_COUNTRY)
    return list(dict.fromkeys((*first, *sorted(pn.SUPPORTED_REGIONS))))


def load_country(country: str) -> None:
    """Load a country's metadata from the disk, which the library else does at the first use."""
    import phonenumbers as pn  # noqa: PLC0415 - see `_parse`

    pn.PhoneMetadata.metadata_for_region(country)
