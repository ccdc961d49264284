"""The errors that users see, and the one table from the client's errors to them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_cached_translations

from .client import (
    AccountBlocked,
    ApiError,
    ConnectionFailed,
    DuplicateRefused,
    Fault,
    InvalidCredentials,
    InvalidResponse,
    IpNotAllowed,
    NoMoney,
    Problem,
    RecipientRefused,
    ResponseLost,
    SenderRefused,
    SmspilotError,
    TextRefused,
)
from .const import DOMAIN


class Reason(StrEnum):
    """Why something did not happen; the values are keys of translations."""

    # The API or the network
    ACCOUNT_BLOCKED = "account_blocked"
    CANNOT_CONNECT = "cannot_connect"
    DUPLICATE = "duplicate"
    INVALID_AUTH = "invalid_auth"
    INVALID_RESPONSE = "invalid_response"
    IP_NOT_ALLOWED = "ip_not_allowed"
    NO_MONEY = "no_money"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PARTLY_REFUSED = "partly_refused"
    PRICE_UNKNOWN = "price_unknown"
    RECIPIENT_REFUSED = "recipient_refused"
    REFUSED = "refused"
    SENDER_REFUSED = "sender_refused"
    TEXT_REFUSED = "text_refused"

    # Home Assistant itself
    ACCOUNT_CLOSED = "account_closed"
    ADMINISTRATORS_ONLY = "administrators_only"
    ASSIST_FAILED = "assist_failed"
    CANCELLED = "cancelled"

    # The limits of the account's options
    DAILY_LIMIT = "daily_limit"
    RATE_LIMIT = "rate_limit"

    # What the caller gave
    AMBIGUOUS_PHONE = "ambiguous_phone"
    EMPTY_MESSAGE = "empty_message"
    INVALID_CODE = "invalid_code"
    INVALID_DATA = "invalid_data"
    INVALID_PHONE = "invalid_phone"
    INVALID_SENDER = "invalid_sender"
    ALL_REFUSED = "all_refused"
    NO_TARGET = "no_target"
    ONE_ALARM = "one_alarm"
    ONE_NUMBER = "one_number"
    SERVICE_WORD = "service_word"
    TEST_QUESTION = "test_question"
    TIME_PASSED = "time_passed"
    TOO_LONG = "too_long"
    UNKNOWN_CONTACT = "unknown_contact"
    UNKNOWN_RECIPIENT = "unknown_recipient"
    UNQUOTED_ANSWER = "unquoted_answer"


class TimeOver(StrEnum):
    """Why a message was not requested in time; keys of translations like those of `Fault`.

    A `ConnectionFailed` carries it although no connection was tried: what it means for the caller
    is the same, that nothing went out.
    """

    NO_TIME = "no_time"
    SAME_TEXT = "same_text"


_REASONS: Final[tuple[tuple[type[SmspilotError], Reason], ...]] = (
    (InvalidCredentials, Reason.INVALID_AUTH),
    (IpNotAllowed, Reason.IP_NOT_ALLOWED),
    (AccountBlocked, Reason.ACCOUNT_BLOCKED),
    (NoMoney, Reason.NO_MONEY),
    (RecipientRefused, Reason.RECIPIENT_REFUSED),
    (SenderRefused, Reason.SENDER_REFUSED),
    (TextRefused, Reason.TEXT_REFUSED),
    (DuplicateRefused, Reason.DUPLICATE),
    (ApiError, Reason.REFUSED),
    (ConnectionFailed, Reason.CANNOT_CONNECT),
    (InvalidResponse, Reason.INVALID_RESPONSE),
    (ResponseLost, Reason.CANNOT_CONNECT),
)


def reason_of(err: SmspilotError) -> Reason:
    """Return the reason of a client's error."""
    return next(reason for kind, reason in _REASONS if isinstance(err, kind))


def api_text(hass: HomeAssistant, err: SmspilotError) -> str:
    """Return the API's code and description, or the network's error."""
    if isinstance(err, ApiError):
        words = problem_from_error(err).text(hass.config.language)
        return f"{err.code}: {words}" if err.code is not None else words
    match err.args:
        case (Fault() | TimeOver() as fault, *details):
            return async_words(hass, f"fault_{fault}", detail="".join(map(str, details)))
        case _:
            return str(err)


@callback
def async_words(hass: HomeAssistant, key: str, **placeholders: str) -> str:
    """Return a text of the section `common`, which Home Assistant loads with the integration."""
    texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    text = texts.get(f"component.{DOMAIN}.common.{key}", key)
    return text.format(**placeholders) if placeholders else text


def problem_from_error(err: ApiError) -> Problem:
    """Return the error for a send result, with why an account is blocked (in Russian only)."""
    why = f" ({err.status_ru})" if err.status_ru else ""
    return Problem(
        code=err.code,
        description=f"{err.description}{why}",
        description_ru=err.description_ru and f"{err.description_ru}{why}",
    )


def error_from_api(hass: HomeAssistant, err: SmspilotError) -> HomeAssistantError:
    """Return the translated error of a client's error, with that as its cause."""
    error = HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=reason_of(err).value,
        translation_placeholders={"error": api_text(hass, err)},
    )
    error.__cause__ = err
    return error


def localized(hass: HomeAssistant, err: HomeAssistantError) -> str:
    """Return the text of an error in Home Assistant's language, for use in another text."""
    texts = async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    text = texts.get(f"component.{DOMAIN}.exceptions.{err.translation_key}.message")
    return text.format(**(err.translation_placeholders or {})) if text else str(err)


def combined_error(
    hass: HomeAssistant, errors: Sequence[tuple[str, HomeAssistantError]], *, partly: bool
) -> HomeAssistantError:
    """Return one error of several, each with the names of its targets.

    `partly` says that another message went out.
    """
    texts = dict.fromkeys(localized(hass, err) for _names, err in errors)
    if not partly and len(texts) == 1:
        return errors[0][1]
    reasons = "; ".join(_reasons(hass, names, err) for names, err in errors)
    if partly or any(err.translation_key == Reason.PARTLY_REFUSED for _names, err in errors):
        return action_error(Reason.PARTLY_REFUSED, reasons=reasons)
    is_invalid = all(isinstance(err, ServiceValidationError) for _names, err in errors)
    return (validation_error if is_invalid else action_error)(Reason.ALL_REFUSED, reasons=reasons)


def _reasons(hass: HomeAssistant, names: str, err: HomeAssistantError) -> str:
    """Return an error's text for `combined_error`; a validation error names its target itself."""
    if reasons := (err.translation_placeholders or {}).get("reasons"):
        return reasons
    text = localized(hass, err)
    return text if isinstance(err, ServiceValidationError) else f"{names}: {text}"


def action_error(why: Reason, **placeholders: str) -> HomeAssistantError:
    """Return an error of an action that was valid and could not be carried out."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=why.value,
        translation_placeholders=placeholders or None,
    )


def validation_error(why: Reason, **placeholders: str) -> ServiceValidationError:
    """Return an error of what the caller gave, raised before any request."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=why.value,
        translation_placeholders=placeholders or None,
    )
