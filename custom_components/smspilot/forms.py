"""The schemas of the forms; `form_checks.py` validates what was entered."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.const import CONF_API_KEY, CONF_NAME, CONF_PASSWORD, CONF_URL
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .const import (
    CONF_ASSIST,
    CONF_CHANNEL,
    CONF_DAILY_LIMIT,
    CONF_DEBUG_EMAIL,
    CONF_INBOUND_INTERVAL,
    CONF_LOGIN,
    CONF_LONG_TEXTS,
    CONF_LOW_BALANCE,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_PHONES,
    CONF_PIN,
    CONF_RATE_LIMIT,
    CONF_REFERRER,
    CONF_SENDER,
    CONF_TEST_MODE,
    CONF_TRANSLITERATE,
    CONF_TWO_WAY_TEMPLATE,
    CONF_VERIFY_PUSHES,
    SECTION_ADVANCED,
)
from .contacts.recipients import Channel
from .form_checks import Form
from .options import LongTexts, Options
from .sender_choice import sender_selector

NOTHING: Final[Form] = {}
SECTION_TEMPLATES: Final = "templates"
SECTION_ORDERS: Final = "orders"
# The fields of each section; entries store them without sections.
SENDER_SECTIONS: Final = {SECTION_TEMPLATES: (CONF_MESSAGE_TEMPLATE, CONF_TWO_WAY_TEMPLATE)}
RECIPIENT_SECTIONS: Final = {SECTION_ORDERS: (CONF_ASSIST, CONF_PIN)}
OPTION_SECTIONS: Final = {
    "sending": (
        CONF_SENDER,
        CONF_TEST_MODE,
        CONF_MESSAGE_TEMPLATE,
        CONF_TWO_WAY_TEMPLATE,
        CONF_LONG_TEXTS,
        CONF_MAX_PARTS,
        CONF_TRANSLITERATE,
    ),
    "receiving": (CONF_VERIFY_PUSHES, CONF_INBOUND_INTERVAL),
    "limits": (CONF_LOW_BALANCE, CONF_DAILY_LIMIT, CONF_RATE_LIMIT),
    SECTION_ADVANCED: (CONF_REFERRER, CONF_DEBUG_EMAIL),
}
_DEFAULT: Final = Options()
# The defaults that a form shows for options that are not set.
DEFAULTS: Final = {
    CONF_MESSAGE_TEMPLATE: _DEFAULT.message_template,
    CONF_TWO_WAY_TEMPLATE: _DEFAULT.two_way_template,
    CONF_MAX_PARTS: _DEFAULT.max_parts,
    CONF_LONG_TEXTS: _DEFAULT.long_texts.value,
    CONF_LOW_BALANCE: int(_DEFAULT.low_balance),
    CONF_DAILY_LIMIT: int(_DEFAULT.daily_limit),
    CONF_RATE_LIMIT: _DEFAULT.rate_limit,
}

_SECRET: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_EMAIL: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.EMAIL, autocomplete="off"))
_TEMPLATE: Final = TextSelector(TextSelectorConfig(multiline=True))


# Without bounds, because Home Assistant's own errors are not translated.
_WHOLE: Final = NumberSelector(NumberSelectorConfig(mode=NumberSelectorMode.BOX))
_MONEY: Final = NumberSelector(
    NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any", unit_of_measurement="₽")
)
_SECONDS: Final = NumberSelector(
    NumberSelectorConfig(
        mode=NumberSelectorMode.BOX,
        translation_key=CONF_INBOUND_INTERVAL,
        unit_of_measurement="seconds",
    )
)


def credentials_schema(url: str, entered: Mapping[str, Any]) -> vol.Schema:
    """Return the schema of key, login, password and URL; entered secrets are not shown again."""
    shown = {CONF_URL: entered.get(CONF_URL, url)}
    is_used = shown[CONF_URL] != url or bool(entered.keys() & {CONF_LOGIN, CONF_PASSWORD})
    if login := entered.get(CONF_LOGIN):
        shown[CONF_LOGIN] = login
    advanced = vol.Schema(
        {
            vol.Optional(CONF_LOGIN): _EMAIL,
            vol.Optional(CONF_PASSWORD): _SECRET,
            vol.Optional(CONF_URL, default=url): TextSelector(
                TextSelectorConfig(type=TextSelectorType.URL)
            ),
        }
    )
    return vol.Schema(
        {
            vol.Optional(CONF_API_KEY): _SECRET,
            vol.Optional(
                SECTION_ADVANCED, default=dict, description={"suggested_value": shown}
            ): section(advanced, {"collapsed": not is_used}),
        }
    )


def sender_schema(senders: Iterable[str], shown: Form = NOTHING) -> vol.Schema:
    """Return the schema of sender, test mode and templates; `shown` holds the sections' values."""
    fields = _option_fields(senders)
    first = {key: fields[key] for key in (CONF_SENDER, CONF_TEST_MODE)}
    return _sectioned(first, fields, SENDER_SECTIONS, {SECTION_TEMPLATES}, shown)


def options_schema(
    senders: Iterable[str], opened: Iterable[str] = (), shown: Form = NOTHING
) -> vol.Schema:
    """Return the schema of all options; `shown` holds the values, by section."""
    opened = {"sending", *opened}
    return _sectioned({}, _option_fields(senders), OPTION_SECTIONS, opened, shown)


def templates_schema() -> vol.Schema:
    """Return the schema of the templates alone."""
    fields = _option_fields(())
    return vol.Schema(dict(fields[key] for key in SENDER_SECTIONS[SECTION_TEMPLATES]))


def recipient_schema(
    senders: Iterable[str], opened: Iterable[str] = (), shown: Form = NOTHING
) -> vol.Schema:
    """Return the schema of a recipient; `shown` holds the values of its sections."""
    return _sectioned(
        {
            CONF_NAME: (vol.Required(CONF_NAME), TextSelector()),
            CONF_PHONES: (
                vol.Required(CONF_PHONES),
                TextSelector(TextSelectorConfig(type=TextSelectorType.TEL, multiple=True)),
            ),
            CONF_CHANNEL: (
                vol.Required(CONF_CHANNEL, default=Channel.SMS.value),
                SelectSelector(
                    SelectSelectorConfig(
                        options=[channel.value for channel in Channel],
                        translation_key=CONF_CHANNEL,
                        mode=SelectSelectorMode.LIST,
                    )
                ),
            ),
            CONF_SENDER: (vol.Optional(CONF_SENDER), sender_selector(senders)),
        },
        {
            CONF_ASSIST: (vol.Required(CONF_ASSIST, default=False), BooleanSelector()),
            CONF_PIN: (vol.Optional(CONF_PIN), _SECRET),
        },
        RECIPIENT_SECTIONS,
        opened,
        shown,
    )


type Fields = Mapping[str, tuple[vol.Marker, Any]]


def _sectioned(
    first: Fields,
    fields: Fields,
    sections: Mapping[str, Iterable[str]],
    opened: Iterable[str],
    shown: Form,
) -> vol.Schema:
    """Return a schema of the `first` fields and of sections, some of them opened."""
    parts: dict[vol.Marker, Any] = dict(first.values())
    for name, keys in sections.items():
        inner = vol.Schema(dict(fields[key] for key in keys))
        # The frontend shows only the section's suggested value, not its fields' defaults and
        # suggestions, and sends the other fields as empty or off.
        marker = vol.Optional(
            name, default=dict, description={"suggested_value": inner({}) | shown.get(name, {})}
        )
        parts[marker] = section(inner, {"collapsed": name not in opened})
    return vol.Schema(parts)


def _option_fields(senders: Iterable[str]) -> Fields:
    """Return the field of each option."""
    fields: dict[vol.Marker, Any] = {
        vol.Optional(CONF_SENDER): sender_selector(senders),
        vol.Required(CONF_TEST_MODE, default=False): BooleanSelector(),
        vol.Optional(CONF_MESSAGE_TEMPLATE): _TEMPLATE,
        vol.Optional(CONF_TWO_WAY_TEMPLATE): _TEMPLATE,
        vol.Required(CONF_LONG_TEXTS, default=LongTexts.CUT.value): SelectSelector(
            SelectSelectorConfig(
                options=[choice.value for choice in LongTexts],
                translation_key=CONF_LONG_TEXTS,
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Optional(CONF_MAX_PARTS): _WHOLE,
        vol.Required(CONF_TRANSLITERATE, default=False): BooleanSelector(),
        vol.Required(CONF_VERIFY_PUSHES, default=True): BooleanSelector(),
        vol.Optional(CONF_INBOUND_INTERVAL): _SECONDS,
        vol.Optional(CONF_LOW_BALANCE): _MONEY,
        vol.Optional(CONF_DAILY_LIMIT): _MONEY,
        vol.Optional(CONF_RATE_LIMIT): _WHOLE,
        vol.Optional(CONF_REFERRER): TextSelector(),
        vol.Optional(CONF_DEBUG_EMAIL): _EMAIL,
    }
    return {str(marker): (marker, selector) for marker, selector in fields.items()}
