"""What the forms ask for, and what is wrong with an answer."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
import re
from typing import Any, Final

from homeassistant.const import CONF_API_KEY, CONF_NAME, CONF_PASSWORD, CONF_URL
from homeassistant.core import HomeAssistant
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
from homeassistant.util.network import is_loopback, is_private
import voluptuous as vol
from yarl import URL

from .client import Sender
from .const import (
    ANYONE,
    CONF_ASSIST,
    CONF_CHANNEL,
    CONF_DAILY_LIMIT,
    CONF_DEBUG_EMAIL,
    CONF_INBOUND_INTERVAL,
    CONF_LOGIN,
    CONF_LOW_BALANCE,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_PHONES,
    CONF_PIN,
    CONF_RATE_LIMIT,
    CONF_SENDER,
    CONF_TEST_MODE,
    CONF_TWO_WAY_TEMPLATE,
    CONF_VERIFY_PUSHES,
    DEFAULT_DAILY_LIMIT,
    DEFAULT_LOW_BALANCE,
    DEFAULT_RATE_LIMIT,
    DEFAULT_TEMPLATE,
    SECTION_ADVANCED,
)
from .contacts.phones import UnreadablePhone, parse_phone
from .contacts.recipients import Channel

# The service refuses longer texts: ten parts are 670 Cyrillic letters.
MAX_PARTS: Final = 10
# More often would only load the service, and less often than a day is as good as never.
INTERVALS: Final = range(5, 24 * 60 * 60 + 1)
MAX_PER_HOUR: Final = 1000
MAX_MONEY: Final = 1_000_000
# In place of a sender these make a call, or a message that can be answered.
SERVICE_SENDERS: Final = frozenset(Sender)

CREDENTIALS: Final = (CONF_API_KEY, CONF_LOGIN, CONF_PASSWORD)
# What an option is worth while it is not set, so far as a field can show it.
DEFAULTS: Final = {
    CONF_MESSAGE_TEMPLATE: DEFAULT_TEMPLATE,
    CONF_TWO_WAY_TEMPLATE: DEFAULT_TEMPLATE,
    CONF_MAX_PARTS: 0,
    CONF_LOW_BALANCE: DEFAULT_LOW_BALANCE,
    CONF_DAILY_LIMIT: DEFAULT_DAILY_LIMIT,
    CONF_RATE_LIMIT: DEFAULT_RATE_LIMIT,
}

type Form = dict[str, Any]
type Errors = dict[str, str]

_SECRET: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_TEMPLATE: Final = TextSelector(TextSelectorConfig(multiline=True))
_MONEY: Final = NumberSelector(
    NumberSelectorConfig(
        min=0, max=MAX_MONEY, step=0.01, mode=NumberSelectorMode.BOX, unit_of_measurement="₽"
    )
)


def _whole(most: int) -> vol.All:
    return _as_whole(NumberSelectorConfig(min=0, max=most, mode=NumberSelectorMode.BOX))


def _as_whole(config: NumberSelectorConfig) -> vol.All:
    return vol.All(NumberSelector(config), vol.Coerce(int))


_INTERVAL: Final = _as_whole(
    NumberSelectorConfig(
        min=0,
        max=INTERVALS[-1],
        mode=NumberSelectorMode.BOX,
        translation_key=CONF_INBOUND_INTERVAL,
        unit_of_measurement="seconds",
    )
)


def credentials_schema(url: str, entered: Mapping[str, Any]) -> vol.Schema:
    """Return the form of key, login and password; secrets that were entered are not repeated."""
    shown = {CONF_URL: entered.get(CONF_URL, url)}
    if login := entered.get(CONF_LOGIN):
        shown[CONF_LOGIN] = login
    advanced = vol.Schema(
        {
            vol.Optional(CONF_LOGIN): TextSelector(
                TextSelectorConfig(type=TextSelectorType.EMAIL, autocomplete="off")
            ),
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
            ): section(advanced, {"collapsed": not entered.keys() & {CONF_LOGIN, CONF_PASSWORD}}),
        }
    )


def sender_schema(senders: Iterable[str]) -> vol.Schema:
    """Return the form of what an account begins with."""
    return vol.Schema(
        {
            vol.Optional(CONF_SENDER): sender_selector(senders),
            vol.Required(CONF_TEST_MODE, default=False): BooleanSelector(),
        }
    )


def options_schema(senders: Iterable[str]) -> vol.Schema:
    """Return the form of all options; what is cleared is not set any more."""
    return sender_schema(senders).extend(
        {
            vol.Optional(CONF_MESSAGE_TEMPLATE): _TEMPLATE,
            vol.Optional(CONF_TWO_WAY_TEMPLATE): _TEMPLATE,
            vol.Optional(CONF_MAX_PARTS): _whole(MAX_PARTS),
            vol.Required(CONF_VERIFY_PUSHES, default=True): BooleanSelector(),
            vol.Optional(CONF_INBOUND_INTERVAL): _INTERVAL,
            vol.Optional(CONF_LOW_BALANCE): _MONEY,
            vol.Optional(CONF_DAILY_LIMIT): _MONEY,
            vol.Optional(CONF_RATE_LIMIT): _whole(MAX_PER_HOUR),
            vol.Optional(CONF_DEBUG_EMAIL): TextSelector(
                TextSelectorConfig(type=TextSelectorType.EMAIL, autocomplete="off")
            ),
        }
    )


def recipient_schema(senders: Iterable[str]) -> vol.Schema:
    """Return the form of a recipient."""
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_PHONES): TextSelector(
                TextSelectorConfig(type=TextSelectorType.TEL, multiple=True)
            ),
            vol.Required(CONF_CHANNEL, default=Channel.SMS.value): SelectSelector(
                SelectSelectorConfig(
                    options=[channel.value for channel in Channel],
                    translation_key=CONF_CHANNEL,
                    mode=SelectSelectorMode.LIST,
                )
            ),
            vol.Optional(CONF_SENDER): sender_selector(senders),
            vol.Required(CONF_ASSIST, default=False): BooleanSelector(),
            vol.Optional(CONF_PIN): _SECRET,
        }
    )


def sender_names(senders: Iterable[str]) -> list[str]:
    """Return the senders there are; words that make a message something else are none."""
    names = dict.fromkeys(filter(None, senders))
    return [name for name in names if name.upper() not in SERVICE_SENDERS]


def sender_selector(senders: Iterable[str]) -> SelectSelector:
    """Return the choice of a sender."""
    return SelectSelector(
        SelectSelectorConfig(
            options=sender_names(senders),
            custom_value=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def filled(form: Form) -> Form:
    """Return what was filled in: words without outer spaces, whole amounts as they are written."""
    answers = {}
    for key, value in form.items():
        if key in (CONF_NAME, CONF_SENDER, CONF_DEBUG_EMAIL, CONF_PIN):
            answers[key] = value.strip()
        elif isinstance(value, float) and value.is_integer():
            answers[key] = int(value)
        else:
            answers[key] = value
    return {key: value for key, value in answers.items() if value != ""}


def entered(form: Form, known: Mapping[str, Any], *, keep: bool) -> Form:
    """Return credentials and address as an entry keeps them.

    A password alone belongs to the known login; where nothing is given, what is known may stay.
    """
    advanced = form[SECTION_ADVANCED]
    given = {
        CONF_API_KEY: form.get(CONF_API_KEY, "").strip(),
        CONF_LOGIN: advanced.get(CONF_LOGIN, "").strip(),
        CONF_PASSWORD: advanced.get(CONF_PASSWORD, ""),
    }
    if given[CONF_PASSWORD] and not given[CONF_API_KEY]:
        given[CONF_LOGIN] = given[CONF_LOGIN] or known.get(CONF_LOGIN, "")
    if keep and not any(given.values()):
        given = {key: known.get(key, "") for key in CREDENTIALS}
    credentials = {key: value for key, value in given.items() if value}
    return {**credentials, CONF_URL: advanced[CONF_URL].strip()}


def is_complete(data: Form) -> bool:
    """Return whether there is a key, or a login with its password, and not both."""
    return data.keys() & set(CREDENTIALS) in ({CONF_API_KEY}, {CONF_LOGIN, CONF_PASSWORD})


def is_safe(address: str) -> bool:
    """Return whether a key may be sent there: encrypted, or nowhere beyond the home."""
    try:
        url = URL(address)
        host = url.host
    except ValueError:
        return False
    if not host or url.user is not None or url.password is not None:
        return False
    if url.scheme == "https":
        return True
    if url.scheme != "http":
        return False
    try:
        ip = ip_address(host)
    except ValueError:
        return host == "localhost"
    return is_loopback(ip) or is_private(ip)


def wrong_sender(data: Form) -> Errors:
    """Return what is wrong with a sender."""
    is_wrong = data.get(CONF_SENDER, "").upper() in SERVICE_SENDERS
    return {CONF_SENDER: "invalid_sender"} if is_wrong else {}


def wrong_options(options: Form) -> Errors:
    """Return what is wrong with options."""
    errors = wrong_sender(options)
    for key in (CONF_MESSAGE_TEMPLATE, CONF_TWO_WAY_TEMPLATE):
        if "{message}" not in options.get(key, DEFAULT_TEMPLATE):
            errors[key] = "invalid_template"
    if (interval := options.get(CONF_INBOUND_INTERVAL, 0)) and interval not in INTERVALS:
        errors[CONF_INBOUND_INTERVAL] = "invalid_interval"
    try:
        vol.Any("", vol.Email())(options.get(CONF_DEBUG_EMAIL, ""))
    except vol.Invalid:
        errors[CONF_DEBUG_EMAIL] = "invalid_email"
    return errors


def is_name(name: str) -> bool:
    """Return whether nobody takes the name for a number, or for anybody's."""
    letters = re.sub(r"[\W_]", "", name)
    return bool(name) and name != ANYONE and not letters.isdecimal()


def read_phones(hass: HomeAssistant, values: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the numbers as E.164, each once, and what cannot be read as one number."""
    phones: list[str] = []
    unread: list[str] = []
    for value in filter(str.strip, values):
        try:
            phones.append(parse_phone(hass, value))
        except UnreadablePhone:
            unread.append(value)
    return list(dict.fromkeys(phones)), unread
