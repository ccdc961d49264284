"""The client's exceptions, by what each proves and how a caller can react to it.

    SmspilotError
    ├── ConnectionFailed         no connection was made: the request did not go out
    ├── ResponseLost             the request may have gone out, the connection broke soon
    │   ├── ResponseTimeout      no response in time: the API may still process the request
    │   └── InvalidResponse      a prompt response that is not the API's
    │       └── UnreadableRows   none of its rows can be read: the API has processed the request
    └── ApiError                 the API refused the request, with a code (section 11)
        ├── InvalidCredentials   the user has to enter new ones
        ├── IpNotAllowed         the account's settings do not allow this address
        ├── AccountBlocked       the account may not do this, or nothing at all
        ├── NoMoney              the balance does not suffice
        ├── RecipientRefused     one number is refused
        ├── SenderRefused        the sender's name is refused
        ├── TextRefused          no template fits, or spam protection refused the text
        ├── DuplicateRefused     the same text went to the same number before
        ├── InvalidRequest       a mistake of ours or of the user's input
        │   └── CallbackRefused  the callback's address is refused
        ├── ServiceFailed        the API does not work at the moment
        └── DeliveryFailed       a result of delivery, not of a request

After `ConnectionFailed` and `ApiError` nothing was sent. After `ResponseLost` the API is no longer
processing the request, so its list of messages soon shows whether it accepted it. After
`ResponseTimeout` the list proves nothing yet: a request may be accepted later. It is raised for
our own timeout, for a gateway's (HTTP 408, 504, 524), and for any other failure that came only
after several seconds.
"""

from enum import StrEnum
from typing import override


class Fault(StrEnum):
    """What is wrong with a response that is not the API's; a key for translations."""

    HTTP_STATUS = "http_status"
    NOT_JSON = "not_json"
    OTHER_FORM = "other_form"
    TOO_LARGE = "too_large"
    UNREADABLE_LIST = "unreadable_list"


class SmspilotError(Exception):
    """The base of all errors that the client raises.

    Its arguments are a `Fault` and a detail, the name of the network's error, or the code and the
    description of an `ApiError`.
    """

    @override
    def __str__(self) -> str:
        return ": ".join(map(str, self.args))


class ConnectionFailed(SmspilotError):
    """No connection was ever made: the request provably did not go out."""


class ResponseLost(SmspilotError):
    """The request may have gone out, and no readable response came back."""


class ResponseTimeout(ResponseLost):
    """No response came before our timeout or a gateway's: the API may still process the request."""


class InvalidResponse(ResponseLost):
    """A response came that is not the API's: a HTTP error, HTML, other JSON than expected."""


class UnreadableRows(InvalidResponse):
    """None of the rows of the API's response can be read; it has processed the request."""


class ApiError(SmspilotError):
    """The API responded with an error of its own (section 11).

    `code` is the API's number, or None where it gave none; `phone` the number it names,
    international without a plus; `status` and `status_ru` say why an account is blocked (106).
    """

    def __init__(
        self,
        code: int | None,
        description: str = "",
        description_ru: str = "",
        *,
        phone: str | None = None,
        status: str | None = None,
        status_ru: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.description_ru = description_ru
        self.phone = phone
        self.status = status
        self.status_ru = status_ru


class InvalidCredentials(ApiError):
    """The key, or the login and password, are not accepted."""


class IpNotAllowed(ApiError):
    """The caller's address is not in the account's list: a setting, not a wrong key."""


class AccountBlocked(ApiError):
    """The account is blocked or restricted."""


class NoMoney(ApiError):
    """The balance does not suffice."""


class RecipientRefused(ApiError):
    """A number is refused; `phone` is set where the API names it."""


class SenderRefused(ApiError):
    """The sender's name is not allowed."""


class TextRefused(ApiError):
    """The text is refused: spam protection, or no approved template fits."""


class DuplicateRefused(ApiError):
    """The same text went to the same number a short time ago."""


class InvalidRequest(ApiError):
    """The request is wrong: a mistake of ours or of the user's input."""


class CallbackRefused(InvalidRequest):
    """The callback's address is refused; the same request without it would be accepted."""


class ServiceFailed(ApiError):
    """The API does not work at the moment."""


class DeliveryFailed(ApiError):
    """A message was not delivered; stands in rows of messages, never refuses a request."""


_CODES: tuple[tuple[type[ApiError], tuple[int, ...]], ...] = (
    (InvalidCredentials, (100, 101, 102, 400, 401)),
    (IpNotAllowed, (113,)),
    (AccountBlocked, (103, 104, 105, 106, 107, 117, 122, 242)),
    (NoMoney, (112, 241)),
    (RecipientRefused, (108, 111, *range(210, 216))),
    (SenderRefused, (115, 116, *range(200, 205), 226)),
    (TextRefused, (223, 224, 225, 227, 247, 248)),
    (DuplicateRefused, (118, 243)),
    (
        InvalidRequest,
        (*range(10, 15), 109, 220, 221, 230, 231, 240, 250, 270, 275, *range(300, 305), 500),
    ),
    (CallbackRefused, (260,)),
    (ServiceFailed, (110,)),
    (DeliveryFailed, tuple(range(600, 606))),
)
ERROR_BY_CODE = {code: error for error, codes in _CODES for code in codes}
