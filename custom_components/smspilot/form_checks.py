"""Parses and validates what was entered in the forms."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_API_KEY, CONF_NAME, CONF_PASSWORD, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.util.network import is_loopback, is_private
import voluptuous as vol
from yarl import URL

from .alarms.plan import Plan, plans
from .client import Sender
from .const import (
    ANYONE,
    CONF_DAILY_LIMIT,
    CONF_DEBUG_EMAIL,
    CONF_INBOUND_INTERVAL,
    CONF_LOGIN,
    CONF_LOW_BALANCE,
    CONF_MAX_PARTS,
    CONF_MESSAGE_TEMPLATE,
    CONF_PIN,
    CONF_RATE_LIMIT,
    CONF_REFERRER,
    CONF_SENDER,
    CONF_TWO_WAY_TEMPLATE,
    SECTION_ADVANCED,
)
from .contacts.phones import UnreadablePhone, parse_phone
from .contacts.recipients import Recipient, recipients, same_name
from .errors import async_words
from .options import DEFAULT_TEMPLATE
from .outbound.message import MAX_PARTS
from .text.normalising import visible, without_beginning

# Seconds between reads of the inbound list.
INTERVALS: Final = range(5, 24 * 60 * 60 + 1)
MAX_RATE_LIMIT: Final = 1000
MAX_MONEY: Final = 1_000_000
KEY_LENGTH: Final = 64
# Reserved sender names, which would make a call or a 2WAY message.
SERVICE_SENDERS: Final = frozenset(Sender)

CREDENTIALS: Final = (CONF_API_KEY, CONF_LOGIN, CONF_PASSWORD)

type Form = dict[str, Any]
type Errors = dict[str, str]


def flat(form: Form, sections: Iterable[str]) -> Form:
    """Return a form's values without sections, as entries store them."""
    answers = dict(form)
    for section in sections:
        answers |= answers.pop(section, {})
    return answers


def nested(data: Mapping[str, Any], sections: Mapping[str, Iterable[str]]) -> Form:
    """Return stored values by section; those of no section stay beside."""
    inner = {key for keys in sections.values() for key in keys}
    return {
        **{key: value for key, value in data.items() if key not in inner},
        **{
            section: {key: data[key] for key in keys if key in data}
            for section, keys in sections.items()
        },
    }


def by_section(errors: Errors, sections: Mapping[str, Iterable[str]]) -> Errors:
    """Return errors under the names of their sections, because a form shows none inside them."""
    section_of = {key: section for section, keys in sections.items() for key in keys}
    # Reversed, so that the first error of a section is shown.
    return {section_of.get(key, key): error for key, error in reversed(errors.items())}


def filled(form: Form) -> Form:
    """Return the values without empty ones, outer spaces in names, and floats of whole numbers.

    What is pasted may contain invisible characters; a name keeps them for its emoji.
    """
    answers = {}
    for key, value in form.items():
        if key == CONF_NAME:
            answers[key] = value.strip()
        elif key in (CONF_SENDER, CONF_DEBUG_EMAIL, CONF_PIN, CONF_REFERRER):
            answers[key] = visible(value).strip()
        elif isinstance(value, float) and value.is_integer():
            answers[key] = int(value)
        else:
            answers[key] = value
    return {key: value for key, value in answers.items() if value != ""}


def entered(form: Form, known: Mapping[str, Any], *, keep: bool) -> Form:
    """Return credentials and URL as an entry stores them.

    A password alone belongs to the known login. With `keep` the known credentials are returned
    where none are entered.
    """
    advanced = form[SECTION_ADVANCED]
    given = {
        # A copied key may contain spaces, line breaks and invisible characters.
        CONF_API_KEY: "".join(visible(form.get(CONF_API_KEY, "")).split()),
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
    """Return whether a key may be sent to a URL: by https, or within the local network."""
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
    """Return the error of a sender's field."""
    is_wrong = data.get(CONF_SENDER, "").upper() in SERVICE_SENDERS
    return {CONF_SENDER: "invalid_sender"} if is_wrong else {}


def wrong_pin(entry: ConfigEntry, pin: str) -> Errors:
    """Return the error of a PIN that begins with the contract number, which is taken off texts."""
    is_wrong = without_beginning(pin, entry.unique_id or "") is not None
    return {CONF_PIN: "invalid_pin"} if is_wrong else {}


def wrong_options(options: Form) -> Errors:
    """Return the errors of options by field."""
    errors = wrong_sender(options) | wrong_templates(options)
    if (interval := options.get(CONF_INBOUND_INTERVAL, 0)) and interval not in INTERVALS:
        errors[CONF_INBOUND_INTERVAL] = "invalid_interval"
    for key in (CONF_LOW_BALANCE, CONF_DAILY_LIMIT):
        if not 0 <= options.get(key, 0) <= MAX_MONEY:
            errors[key] = "invalid_amount"
    for key, maximum in ((CONF_MAX_PARTS, MAX_PARTS), (CONF_RATE_LIMIT, MAX_RATE_LIMIT)):
        # A range contains no fractions.
        if options.get(key, 0) not in range(maximum + 1):
            errors[key] = f"invalid_{key}"
    if not options.get(CONF_REFERRER, "0").isdecimal():
        errors[CONF_REFERRER] = "invalid_referrer"
    try:
        vol.Any("", vol.Email())(options.get(CONF_DEBUG_EMAIL, ""))
    except vol.Invalid:
        errors[CONF_DEBUG_EMAIL] = "invalid_email"
    return errors


def wrong_templates(options: Form) -> Errors:
    """Return the errors of templates by field."""
    keys = (CONF_MESSAGE_TEMPLATE, CONF_TWO_WAY_TEMPLATE)
    wrong = (key for key in keys if "{message}" not in options.get(key, DEFAULT_TEMPLATE))
    return dict.fromkeys(wrong, "invalid_template")


def key_hint(hass: HomeAssistant, data: Form) -> str:
    """Return how a refused key differs from a valid one in its form, or an empty text."""
    key = data.get(CONF_API_KEY, "")
    letters = sum(character.isascii() and character.isalnum() for character in key)
    if not key or len(key) == letters == KEY_LENGTH:
        return ""
    counts = {"count": str(len(key)), "letters": str(letters), "length": str(KEY_LENGTH)}
    return ". " + async_words(hass, "key_hint", **counts)


def wrong_name(entry: ConfigEntry, name: str, own_id: str | None) -> Errors:
    """Return the error of the name of a recipient or an alarm, whose id is None while it is new."""
    characters = re.sub(r"[\W_]", "", name)
    if not visible(name).strip() or name == ANYONE or characters.isdecimal():
        return {CONF_NAME: "invalid_name"}
    others: list[Recipient | Plan] = [*recipients(entry), *plans(entry).values()]
    is_taken = any(same_name(one.name, name) for one in others if one.id != own_id)
    return {CONF_NAME: "name_in_use"} if is_taken else {}


def read_phones(hass: HomeAssistant, values: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the numbers as E.164, each once, and the values that are no number."""
    phones: list[str] = []
    unread: list[str] = []
    for value in filter(str.strip, map(visible, values)):
        try:
            phones.append(parse_phone(hass, value))
        except UnreadablePhone:
            unread.append(value)
    return list(dict.fromkeys(phones)), unread
