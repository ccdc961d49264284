"""Parts of a text, operators of a number, prices."""

from decimal import Decimal
from typing import Final

from .model import Kind

type PriceList = dict[Kind, dict[str, Decimal]]

ANY: Final = "*"
# The alphabet of a "Latin" SMS (3GPP 23.038); those of the second line take two places.
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED: Final = frozenset("^{}\\[~]|€\f")

# First digits, operator, country: just enough for prices to differ.
_PREFIXES: Final = (
    ("7908", "Теле2", "Россия"),
    ("7916", "МТС", "Россия"),
    ("7983", "МТС", "Россия"),
    ("7962", "Билайн", "Россия"),
    ("7913", "МТС", "Россия"),
    ("77", "Kcell", "Казахстан"),
    ("7", "Мегафон", "Россия"),
)


def price_list() -> PriceList:
    """Return prices by kind and operator, those of the document's examples among them."""
    checks = {ANY: Decimal("0.15"), "Билайн": Decimal("0.30")}
    return {
        Kind.SMS: {
            "Теле2": Decimal("1.31"),
            "МТС": Decimal("2.21"),
            "Билайн": Decimal("2.38"),
            "Мегафон": Decimal("2.85"),
            ANY: Decimal("4.81"),
        },
        Kind.TWO_WAY: {ANY: Decimal("3.13")},
        Kind.VOICE: {ANY: Decimal("0.50")},
        Kind.FLASH_CALL: {ANY: Decimal("0.80")},
        Kind.HLR: dict(checks),
        Kind.PING: dict(checks),
        Kind.HLRVIP: dict(checks),
    }


def price(prices: PriceList, kind: Kind, operator: str, parts: int) -> Decimal:
    """Return what one message costs."""
    of_kind = prices[kind]
    single = of_kind.get(operator, of_kind[ANY])
    return single * parts if kind in (Kind.SMS, Kind.TWO_WAY) else single


def parts(text: str) -> int:
    """Count the parts of a text: 70, then 67 a part, or in Latin 160, then 153."""
    if all(char in _GSM or char in _GSM_EXTENDED for char in text):
        length = len(text) + sum(char in _GSM_EXTENDED for char in text)
        whole, piece = 160, 153
    else:
        # A phone counts UTF-16 units: most emoji are two.
        length = len(text.encode("utf-16-le")) // 2
        whole, piece = 70, 67
    return 1 if length <= whole else -(-length // piece)


def operator_of(number: str) -> tuple[str, str]:
    """Return operator and country of a number."""
    for prefix, operator, country in _PREFIXES:
        if number.startswith(prefix):
            return operator, country
    return "Other", "Other"
