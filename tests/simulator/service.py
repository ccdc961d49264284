"""From a request to an answer: which account it is of, its rights, and the command."""

from collections.abc import Callable, Mapping
from typing import Final

from .answers import Answer, Refusal
from .choices import CodeStyle
from .errors import ApiError, texts
from .incoming import Call
from .model import Account, Command
from .otherwise import shown_number
from .queries import balance, check, inbound, info
from .sending import send
from .state import State

_COMMANDS: Final[Mapping[Command, Callable[[State, Account, Call], Answer]]] = {
    Command.SEND: send,
    Command.CHECK: check,
    Command.INBOUND: inbound,
    Command.BALANCE: balance,
    Command.ACCOUNT: info,
}
_KEY_LENGTH: Final = 64
# Only sending is limited by it, not reading.
_TRIAL: Final = 242


def answer(state: State, call: Call) -> Answer:
    """Answer a request."""
    try:
        account = _account(state, call)
        return _COMMANDS[call.command](state, account, call)
    except ApiError as error:
        return refusal(state, call, error)


def refusal(state: State, call: Call, error: ApiError) -> Refusal:
    """Put an error into words."""
    text, text_ru = texts(error.code)
    extra: dict[str, str | int] = {}
    if error.phone is not None and "phone" in state.options.error_fields:
        extra["phone"] = shown_number(error.phone, state.options.numbers)
    if "status" in state.options.error_fields:
        if error.status is not None:
            extra["status"] = error.status
        if error.status_ru is not None:
            extra["status_ru"] = error.status_ru
    if "ip" in state.options.error_fields:
        extra["ip"] = state.options.ip or call.remote
    return Refusal(code=error.code, text=text, text_ru=text_ru, extra=extra)


def json_code(state: State, code: int) -> str | int:
    """Return the code in the type the options ask for."""
    style = state.options.error_code
    as_text = style is CodeStyle.STR or (style is CodeStyle.DOCUMENT and code == 111)
    return str(code) if as_text else code


def _account(state: State, call: Call) -> Account:
    if not call.params:
        raise ApiError(10)
    account = _by_key(state, call) if "apikey" in call.params else _by_login(state, call)
    if account.allowed_ips and call.remote not in account.allowed_ips:
        raise ApiError(113)
    blocked = account.blocked
    if blocked and (blocked.code != _TRIAL or call.command is Command.SEND):
        raise ApiError(blocked.code, status=blocked.status, status_ru=blocked.status_ru)
    return account


def _by_key(state: State, call: Call) -> Account:
    key = call.params["apikey"]
    for account in state.accounts.values():
        if account.apikey == key and key:
            return account
    if not key:
        raise ApiError(100)
    well_formed = len(key) == _KEY_LENGTH and key.isascii() and key.isalnum()
    raise ApiError(102 if well_formed else 101)


def _by_login(state: State, call: Call) -> Account:
    if "login" not in call.params and "password" not in call.params:
        raise ApiError(100)
    login, password = call.params.get("login", ""), call.params.get("password", "")
    if not login or not password:
        raise ApiError(401)
    for account in state.accounts.values():
        if (account.login, account.password) == (login, password):
            return account
    raise ApiError(400)
