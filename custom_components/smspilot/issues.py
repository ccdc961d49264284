"""The repair issues of an account: raised on signals, and deleted when they are solved."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from .account import Account
from .assist import SHARE_OF_LIMIT
from .client import (
    AccountBlocked,
    InvalidCredentials,
    IpNotAllowed,
    NoMoney,
    SmspilotError,
)
from .const import (
    CONF_RATE_LIMIT,
    HORIZON,
    LIMIT_ASSIST,
    LOGGER,
    URL_SETTINGS,
    URL_TOP_UP,
)
from .contacts.recipients import display_name
from .coordinator import AccountCoordinator
from .errors import api_text, reason_of
from .events import (
    SIGNAL_DOUBTS,
    SIGNAL_ERROR,
    SIGNAL_GUESSED,
    SIGNAL_INBOUND_LIST,
    SIGNAL_LIMIT,
    SIGNAL_NAMES_TAKEN,
    SIGNAL_OK,
    SIGNAL_PUSH,
    ListState,
    Push,
    Success,
)
from .notices import Notices
from .options import Options
from .outbound.rate_limiter import RATE_LIMIT_PERIOD
from .sender_issues import SenderIssues
from .text.localized import async_money

# The issues that a successful request solves; a send proves more than an account request.
SOLVED_BY: Final = {
    Success.ACCOUNT: ("account_blocked", "ip_not_allowed"),
    Success.TEST: ("account_blocked", "ip_not_allowed"),
    Success.SEND: ("account_blocked", "ip_not_allowed", "no_money"),
    Success.TOP_UP: ("no_money",),
}
_BY_ERROR: Final[tuple[tuple[type[SmspilotError], str], ...]] = (
    (AccountBlocked, "account_blocked"),
    (IpNotAllowed, "ip_not_allowed"),
    (NoMoney, "no_money"),
)


class IssueReporter:
    """Raises and solves the repair issues of an account."""

    def __init__(self, account: Account, coordinator: AccountCoordinator) -> None:
        self._account = account
        self._coordinator = coordinator
        self._notices = Notices(account.hass, account.entry)
        # The limits that have refused messages, by option and number, with their values then.
        self._limited: dict[tuple[str, str], Decimal | int] = {}
        self._sender_issues = SenderIssues(account, coordinator, self._notices)

    @callback
    def start(self) -> None:
        """Follow the account's signals until the entry is unloaded."""
        entry, hass = self._account.entry, self._account.hass
        listeners: tuple[tuple[Any, Callable[..., None]], ...] = (
            (SIGNAL_ERROR, self._handle_error),
            (SIGNAL_GUESSED, self._raise_code_guessed),
            (SIGNAL_INBOUND_LIST, self._review_inbound_list),
            (SIGNAL_LIMIT, self._raise_limit),
            (SIGNAL_NAMES_TAKEN, self._review_names_taken),
            (SIGNAL_OK, self._handle_success),
            (SIGNAL_PUSH, self._review_pushes),
            (SIGNAL_DOUBTS, self._review_doubts),
        )
        for signal, listener in listeners:
            target = signal.format(entry.entry_id)
            entry.async_on_unload(async_dispatcher_connect(hass, target, listener))
        self._sender_issues.start()
        entry.async_on_unload(self._coordinator.async_add_listener(self.review))
        self._review_doubts()
        if phones := self._account.inbox.memory.publications.interrupted:
            names = ", ".join(dict.fromkeys(display_name(entry, phone) for phone in phones))
            self._notices.raise_("inbound_in_doubt", until=dt_util.utcnow() + HORIZON, names=names)
        self._notices.resume()
        # While the entry is not loaded nothing would solve them; a load raises them again.
        entry.async_on_unload(self._notices.clear)

    @callback
    def _review_doubts(self) -> None:
        """Raise or solve the notices of messages in doubt whose callers a restart has ended."""
        reconciler = self._account.outbox.reconciler
        for key, names in (
            ("in_doubt", reconciler.in_doubt),
            ("interrupted", reconciler.interrupted),
        ):
            if names:
                self._notices.raise_(key, names=names)
            else:
                self._notices.solve(key)

    @callback
    def review(self) -> None:
        """Raise and solve the notices that follow from options and amounts.

        Called whenever the coordinator updates: after sends, polls and changes of options.
        """
        options = Options.from_entry(self._account.entry)
        for (key, phone), limit in list(self._limited.items()):
            if limit != _limit(options, key):
                del self._limited[key, phone]
                self._notices.solve(key, phone)
        if options.test_mode:
            self._notices.raise_("test_mode")
        else:
            self._notices.solve("test_mode")
        info = self._coordinator.data
        if info and (balance := info.balance) is not None:
            if options.low_balance and balance < options.low_balance:
                average = self._account.budget.daily_average
                days = max(int(balance / average), 0) if average else None
                in_days = "low_balance" if self._account.budget.knows_a_week else "low_balance_new"
                today = "low_balance_today"
                text = {None: "low_balance_unknown", 0: today, 1: today}.get(days, in_days)
                amount = async_money(self._account.hass, balance)
                self._notices.raise_(
                    "low_balance", text=text, balance=amount, days=str(days), top_up_url=URL_TOP_UP
                )
            else:
                self._notices.solve("low_balance")

    @callback
    def _handle_error(self, err: SmspilotError) -> None:
        """Start reauth, or raise the notice of an error."""
        account = self._account
        if isinstance(err, InvalidCredentials):
            account.entry.async_start_reauth(account.hass)
            return
        key = next((key for kind, key in _BY_ERROR if isinstance(err, kind)), None)
        if key is None:
            return
        if key == "no_money" and not self._notices.is_raised(key):
            # The balance of the last poll cannot be the present one.
            self._coordinator.refresh_soon()
        self._notices.raise_(key, error=api_text(account.hass, err), top_up_url=URL_TOP_UP)

    @callback
    def _handle_success(self, success: Success) -> None:
        """Solve the notices that a success disproves, and end a reauth that it makes needless."""
        for key in SOLVED_BY.get(success, ()):
            self._notices.solve(key)
        hass, entry = self._account.hass, self._account.entry
        for flow in list(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
            hass.config_entries.flow.async_abort(flow["flow_id"])

    @callback
    def _raise_limit(self, option: str, phone: str) -> None:
        """Raise the notice of a limit: for an hour where it is a number's, else until midnight."""
        account = self._account
        limit = _limit(Options.from_entry(account.entry), option)
        self._limited[option, phone] = limit
        if phone:
            until, text = dt_util.utcnow() + RATE_LIMIT_PERIOD, str(limit)
        else:
            tomorrow = dt_util.start_of_local_day() + timedelta(days=1)
            # By the date: a day on which the clocks change does not have 24 hours.
            until = dt_util.as_utc(dt_util.start_of_local_day(tomorrow.date()))
            text = async_money(account.hass, Decimal(limit))
        name = display_name(account.entry, phone) if phone else ""
        self._notices.raise_(option, phone, until=until, limit=text, name=name)

    @callback
    def _review_pushes(self, push: Push) -> None:
        """Raise or solve the notices about pushes and the webhook's address."""
        push_monitor = self._account.inbox.push_monitor
        match push:
            case Push.CONFIRMED:
                self._notices.solve("pushes_unconfirmed")
                if push_monitor.proven:
                    self._notices.solve("inbound_address")
            case Push.UNCONFIRMED:
                self._notices.raise_("pushes_unconfirmed")
            case Push.MISSED if push_monitor.url:
                self._raise_address(push_monitor.url)
            case Push.ADDRESS if push_monitor.proven or not push_monitor.url:
                self._notices.solve("inbound_address")
            case Push.ADDRESS if push_monitor.url and (
                push_monitor.proven_elsewhere or self._notices.is_raised("inbound_address")
            ):
                self._raise_address(push_monitor.url)

    def _raise_address(self, url: str) -> None:
        self._notices.raise_("inbound_address", url=url, settings_url=URL_SETTINGS)

    @callback
    def _review_inbound_list(self, state: ListState, err: SmspilotError | None) -> None:
        """Raise or solve the notices that the inbound list fails or may be incomplete."""
        title, key = self._account.entry.title, "inbound_list_fails"
        match state:
            # Not where the account's poll fails too: its own error is shown then.
            case ListState.FAILING if err and self._coordinator.last_update_success:
                if not self._notices.is_raised(key):
                    LOGGER.warning(
                        "%s: the list of inbound messages cannot be read (%s); inbound messages are"
                        " not received",
                        title,
                        reason_of(err).value,
                    )
                self._notices.raise_(key, error=api_text(self._account.hass, err))
            case ListState.WORKING if self._notices.is_raised(key):
                LOGGER.warning("%s: the list of inbound messages can be read again", title)
                self._notices.solve(key)
            case ListState.CAPPED:
                until = dt_util.utcnow() + HORIZON
                self._notices.raise_("inbound_list_capped", until=until)

    @callback
    def _raise_code_guessed(self, phone: str) -> None:
        name = display_name(self._account.entry, phone)
        until = dt_util.utcnow() + HORIZON
        self._notices.raise_("code_guessed", phone, until=until, name=name)

    @callback
    def _review_names_taken(self, names: list[str]) -> None:
        """Raise or solve the notice of legacy services that another integration has registered."""
        if names:
            self._notices.raise_("notify_name_taken", names=", ".join(names))
        else:
            self._notices.solve("notify_name_taken")


def _limit(options: Options, key: str) -> Decimal | int:
    if key == LIMIT_ASSIST:
        return options.daily_limit / SHARE_OF_LIMIT
    return options.rate_limit if key == CONF_RATE_LIMIT else options.daily_limit
