"""The options of an account as one typed value, with every default in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self
from weakref import WeakKeyDictionary

from homeassistant.config_entries import ConfigEntry

from .const import (
    CONF_DAILY_LIMIT,
    CONF_DEBUG_EMAIL,
    CONF_INBOUND_INTERVAL,
    CONF_LONG_TEXTS,
    CONF_LOW_BALANCE,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_RATE_LIMIT,
    CONF_REFERRER,
    CONF_SENDER,
    CONF_TEST_MODE,
    CONF_TRANSLITERATE,
    CONF_TWO_WAY_TEMPLATE,
    CONF_VERIFY_PUSHES,
)

DEFAULT_TEMPLATE = "{message}"


class LongTexts(StrEnum):
    """What is done with a text of more parts than allowed."""

    CUT = "cut"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of an account; money in RUB.

    `max_parts` 0 means the API's maximum, a limit of 0 means no limit, and `inbound_interval`
    (seconds) None means automatic and 0 means push only.
    """

    sender: str | None = None
    test_mode: bool = False
    message_template: str = DEFAULT_TEMPLATE
    two_way_template: str = DEFAULT_TEMPLATE
    max_parts: int = 0
    long_texts: LongTexts = LongTexts.CUT
    transliterate: bool = False
    referrer: str | None = None
    verify_pushes: bool = True
    inbound_interval: int | None = None
    low_balance: Decimal = Decimal(50)
    daily_limit: Decimal = Decimal(500)
    rate_limit: int = 30
    debug_email: str | None = None

    @classmethod
    def from_entry(cls, entry: ConfigEntry) -> Options:
        """Return the options of an entry, with defaults for those that are not set."""
        stored, options = _READ.get(entry, (None, None))
        # An entry whose options change gets a new mapping.
        if options is None or stored is not entry.options:
            options = cls.from_stored(entry.options)
            _READ[entry] = entry.options, options
        return options

    @classmethod
    def from_stored(cls, options: Mapping[str, Any]) -> Self:
        """Return options from the mapping that an entry stores."""
        default = cls()
        interval = options.get(CONF_INBOUND_INTERVAL)
        return cls(
            sender=options.get(CONF_SENDER) or None,
            test_mode=bool(options.get(CONF_TEST_MODE, default.test_mode)),
            message_template=options.get(CONF_MESSAGE_TEMPLATE) or DEFAULT_TEMPLATE,
            two_way_template=options.get(CONF_TWO_WAY_TEMPLATE) or DEFAULT_TEMPLATE,
            max_parts=int(options.get(CONF_MAX_PARTS, default.max_parts)),
            long_texts=LongTexts(options.get(CONF_LONG_TEXTS, default.long_texts)),
            transliterate=bool(options.get(CONF_TRANSLITERATE, default.transliterate)),
            referrer=options.get(CONF_REFERRER) or None,
            verify_pushes=bool(options.get(CONF_VERIFY_PUSHES, default.verify_pushes)),
            inbound_interval=None if interval is None else int(interval),
            low_balance=Decimal(str(options.get(CONF_LOW_BALANCE, default.low_balance))),
            daily_limit=Decimal(str(options.get(CONF_DAILY_LIMIT, default.daily_limit))),
            rate_limit=int(options.get(CONF_RATE_LIMIT, default.rate_limit)),
            debug_email=options.get(CONF_DEBUG_EMAIL) or None,
        )


# The mapping that an entry stores, and the options read from it: they are asked for all the time.
_READ: Final[WeakKeyDictionary[ConfigEntry, tuple[Mapping[str, Any], Options]]] = (
    WeakKeyDictionary()
)
