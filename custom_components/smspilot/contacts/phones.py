"""Phone numbers: any human form in, E.164 with the plus out."""

from collections.abc import Callable
from functools import lru_cache
import re
import unicodedata

from homeassistant.core import HomeAssistant

from ..text.normalising import visible

DEFAULT_COUNTRY = "RU"
# The shortest number with its country; what is shorter is a country's own, such as a bank's 900.
MIN_DIGITS = 7
# The plus and the most digits E.164 allows; some countries' own plans go beyond.
MAX_LENGTH = 16
# With the 8 that stands for Russia's and Kazakhstan's own code.
DOMESTIC_LENGTH = 11
# A name, or a number of which so little is left that it gives nobody away.
MAX_QUOTED_DIGITS = 4
MAX_QUOTED = 40
# What a list may write between the digits of a number.
_BETWEEN = str.maketrans("", "", " ()-")
_DIALLED = re.compile(r"8[79]\d{9}")


class UnreadablePhone(Exception):
    """No phone number."""


class AmbiguousPhone(UnreadablePhone):
    """Two numbers, one national and one international; a plus decides."""


def parse_phone(
    hass: HomeAssistant, value: object, is_known: Callable[[str], bool] | None = None
) -> str:
    """Return the number as E.164; digits without a plus may be national or international.

    Of two valid readings the one counts that `is_known`: templates make an integer of the number
    that has just written.
    """
    readings = phone_readings(hass, value)
    if len(readings) > 1 and is_known:
        readings = tuple(filter(is_known, readings)) or readings
    if len(readings) > 1:
        raise AmbiguousPhone
    return readings[0]


def phone_readings(hass: HomeAssistant, value: object) -> tuple[str, ...]:
    """Return the number as E.164, or the two that it may be."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadablePhone
    try:
        return _parse(str(value), hass.config.country or DEFAULT_COUNTRY)
    except ValueError:
        # Python writes no number of thousands of digits.
        raise UnreadablePhone from None


def from_service(phone: str) -> str:
    """Return the service's number with its plus, and a word or a short number as it is."""
    digits = phone.lstrip("+").translate(_BETWEEN)
    if not digits.isdecimal() or len(digits) < MIN_DIGITS:
        return phone
    # As it is dialled in Russia and Kazakhstan: no country's code begins with 89, none of so few
    # digits with 87.
    return f"+7{digits[1:]}" if _DIALLED.fullmatch(digits) else f"+{digits}"


def to_service(phone: str) -> str:
    """Return the number as the service wants it."""
    return phone.removeprefix("+")


def plain_digits(phone: str) -> str:
    """Return a number as digits that compare, however the API writes it.

    `8908…` is how a number of Russia and Kazakhstan is dialled at home.
    """
    digits = "".join(filter(str.isdecimal, phone))
    is_domestic = len(digits) == DOMESTIC_LENGTH and digits.startswith("8")
    return f"7{digits[1:]}" if is_domestic else digits


@lru_cache(maxsize=4096)
def country_of(phone: str) -> str:
    """Return the country of a number in E.164, on which prices depend."""
    import phonenumbers as pn  # noqa: PLC0415 - as below

    try:
        number = pn.parse(phone)
    except pn.NumberParseException:
        return ""
    return pn.region_code_for_number(number) or f"+{number.country_code}"


def masked(phone: object) -> str:
    """Return a number that may stand in a log."""
    text = str(phone)
    return f"{text[:5]}•••{text[-4:]}" if len(text) > len("+7908•••4781") - 2 else "•••"


def quotable(value: object) -> str | None:
    """Return what could not be read as an error may quote it, or None where it may be a number."""
    text = " ".join(visible(str(value)).split())
    is_number = sum(map(str.isdecimal, text)) > MAX_QUOTED_DIGITS
    return None if is_number or not text else text[:MAX_QUOTED]


# A home has tens of numbers; a thousand keeps a large list known too.
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
            # No SMS goes to one; what looks so may be a second number.
            raise UnreadablePhone
        if pn.is_possible_number_with_reason(number) == pn.ValidationResult.IS_POSSIBLE:
            form = pn.format_number(number, pn.PhoneNumberFormat.E164)
            if len(form) <= MAX_LENGTH:
                possible[form] = pn.is_valid_number(number)
    # New ranges are not in the library yet; a possible number counts where no valid one does.
    found = [form for form, valid in possible.items() if valid] or list(possible)
    if not found:
        raise UnreadablePhone
    return tuple(found)


def all_countries(home: str | None) -> list[str]:
    """Return the countries whose numbers can be read, the likeliest first."""
    import phonenumbers as pn  # noqa: PLC0415 - as above

    first = (home or DEFAULT_COUNTRY, DEFAULT_COUNTRY)
    return list(dict.fromkeys((*first, *sorted(pn.SUPPORTED_REGIONS))))


def load_country(country: str) -> None:
    """Read a country's file of the library, which it does at the first use; it blocks."""
    import phonenumbers as pn  # noqa: PLC0415 - as above

    pn.PhoneMetadata.metadata_for_region(country)
