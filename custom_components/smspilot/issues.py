"""What the owner must see to: raised when it happens, gone by itself when it is solved."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from .account import Account
from .client import (
    AccountBlocked,
    InvalidCredentials,
    IpNotAllowed,
    NoMoney,
    SenderRefused,
    SmspilotError,
    TextRefused,
)
from .const import (
    CONF_RATE_LIMIT,
    DOMAIN,
    URL_SETTINGS,
    URL_TEMPLATES,
    URL_TOP_UP,
)
from .coordinator import AccountCoordinator
from .errors import api_text
from .events import SIGNAL_ERROR, SIGNAL_LIMIT, SIGNAL_OK, SIGNAL_PUSH, Push
from .forms import sender_names
from .options import Options
from .outbound.rate_limiter import HOUR
from .text.localized import async_money

ISSUES: Final = (
    "account_blocked",
    "daily_limit",
    "inbound_address",
    "ip_not_allowed",
    "low_balance",
    "no_money",
    "pushes_unconfirmed",
    "rate_limit",
    "sender_refused",
    "test_mode",
    "text_refused",
)
# What an answer of the service proves to be over; a send proves more than a question.
SOLVED_BY: Final = {
    "account": ("account_blocked", "ip_not_allowed"),
    "test": ("account_blocked", "ip_not_allowed", "sender_refused", "text_refused"),
    "send": ("account_blocked", "ip_not_allowed", "no_money", "sender_refused", "text_refused"),
}
# Those that a form of ours can solve.
FIXABLE: Final = ("sender_refused", "text_refused")
# With any of these an alarm does not go out.
STOPPING: Final = SOLVED_BY["send"]
_BY_ERROR: Final[tuple[tuple[type[SmspilotError], str], ...]] = (
    (AccountBlocked, "account_blocked"),
    (IpNotAllowed, "ip_not_allowed"),
    (NoMoney, "no_money"),
    (SenderRefused, "sender_refused"),
    (TextRefused, "text_refused"),
)


class IssueReporter:
    """The issues of an account."""

    def __init__(self, account: Account, coordinator: AccountCoordinator) -> None:
        """Watch nothing yet."""
        self._account = account
        self._coordinator = coordinator
        # Since when, and by which limit, messages are held back.
        self._limited: dict[str, tuple[datetime, Decimal | int]] = {}
        # The balance that was reviewed last: one that has risen is a top-up.
        self._balance: Decimal | None = None

    @callback
    def start(self) -> None:
        """Watch for as long as the entry is loaded."""
        entry, hass = self._account.entry, self._account.hass
        listeners: tuple[tuple[Any, Callable[..., None]], ...] = (
            (SIGNAL_ERROR, self._failed),
            (SIGNAL_OK, self._worked),
            (SIGNAL_LIMIT, self._held_back),
            (SIGNAL_PUSH, self._announced),
        )
        for signal, listener in listeners:
            target = signal.format(entry.entry_id)
            entry.async_on_unload(async_dispatcher_connect(hass, target, listener))
        entry.async_on_unload(self._coordinator.async_add_listener(self.review))
        # Nobody would take them away while the entry is not loaded; what is still wrong comes back.
        entry.async_on_unload(self.clear)

    @callback
    def clear(self) -> None:
        """Forget all issues."""
        async_clear_issues(self._account.hass, self._account.entry)

    @callback
    def review(self) -> None:
        """Raise and forget what follows from the options and the balance."""
        options = Options.from_entry(self._account.entry)
        now = dt_util.utcnow()
        for key, (since, limit) in list(self._limited.items()):
            over = now - since > HOUR if key == CONF_RATE_LIMIT else not _same_day(now, since)
            if over or limit != _limit(options, key):
                del self._limited[key]
                self._solve(key)
        if options.test_mode:
            self._raise("test_mode")
        else:
            self._solve("test_mode")
        threshold = options.low_balance
        info = self._coordinator.data
        if info and (balance := info.balance) is not None:
            if self._balance is not None and balance > self._balance:
                self._solve("no_money")
            self._balance = balance
            if threshold and balance < threshold:
                pace = self._account.budget.daily_pace
                text = "low_balance" if pace else "low_balance_unknown"
                days = str(max(int(balance / pace), 0)) if pace else ""
                shown = async_money(self._account.hass, balance)
                self._raise("low_balance", text, balance=shown, days=days, top_up_url=URL_TOP_UP)
            else:
                self._solve("low_balance")

    @callback
    def _failed(self, err: SmspilotError) -> None:
        account = self._account
        account.errors.append((dt_util.utcnow(), err))
        if isinstance(err, InvalidCredentials):
            account.entry.async_start_reauth(account.hass)
            return
        key = next((key for kind, key in _BY_ERROR if isinstance(err, kind)), None)
        if key is None:
            return
        if key == "no_money" and not self._is_raised(key):
            # The balance that is shown cannot be the present one.
            self._coordinator.look()
        info = self._coordinator.data
        self._raise(
            key,
            error=api_text(account.hass, err),
            senders=", ".join(sender_names(info.senders if info else ())) or "–",
            message="{message}",  # in a text it would be a placeholder itself
            templates_url=URL_TEMPLATES,
            top_up_url=URL_TOP_UP,
        )

    @callback
    def _worked(self, what: str) -> None:
        for key in SOLVED_BY.get(what, ()):
            self._solve(key)
        hass, entry = self._account.hass, self._account.entry
        # Credentials that work need no new ones, which Home Assistant would ask for for ever.
        for flow in list(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
            hass.config_entries.flow.async_abort(flow["flow_id"])

    @callback
    def _held_back(self, option: str) -> None:
        if option not in self._limited:
            limit = _limit(Options.from_entry(self._account.entry), option)
            self._limited[option] = dt_util.utcnow(), limit
            is_money = option != CONF_RATE_LIMIT
            shown = async_money(self._account.hass, limit) if is_money else str(limit)
            self._raise(option, limit=shown)

    @callback
    def _announced(self, push: Push) -> None:
        push_monitor = self._account.inbox.push_monitor
        match push:
            case Push.CONFIRMED:
                self._solve("pushes_unconfirmed")
                if push_monitor.proven:
                    self._solve("inbound_address")
            case Push.UNCONFIRMED:
                self._raise("pushes_unconfirmed")
            case Push.MISSED if push_monitor.url:
                self._raise("inbound_address", url=push_monitor.url, settings_url=URL_SETTINGS)
            case Push.ADDRESS if push_monitor.proven or not push_monitor.url:
                self._solve("inbound_address")
            case Push.ADDRESS if push_monitor.url and (
                push_monitor.proven_elsewhere or self._is_raised("inbound_address")
            ):
                self._raise("inbound_address", url=push_monitor.url, settings_url=URL_SETTINGS)

    @callback
    def _raise(self, key: str, text: str | None = None, /, **placeholders: str) -> None:
        """Raise an issue, by another text than usual where there are two."""
        entry = self._account.entry
        ir.async_create_issue(
            self._account.hass,
            DOMAIN,
            f"{key}_{entry.entry_id}",
            data={"entry_id": entry.entry_id},
            is_fixable=key in FIXABLE,
            severity=ir.IssueSeverity.ERROR if key in STOPPING else ir.IssueSeverity.WARNING,
            translation_key=text or key,
            translation_placeholders={"account": entry.title, **placeholders},
        )

    def _is_raised(self, key: str) -> bool:
        issue_id = f"{key}_{self._account.entry.entry_id}"
        return ir.async_get(self._account.hass).async_get_issue(DOMAIN, issue_id) is not None

    @callback
    def _solve(self, key: str) -> None:
        issue_id = f"{key}_{self._account.entry.entry_id}"
        ir.async_delete_issue(self._account.hass, DOMAIN, issue_id)


@callback
def async_clear_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget all issues of an account."""
    for key in ISSUES:
        ir.async_delete_issue(hass, DOMAIN, f"{key}_{entry.entry_id}")


def _limit(options: Options, key: str) -> Decimal | int:
    return options.rate_limit if key == CONF_RATE_LIMIT else options.daily_limit


def _same_day(one: datetime, other: datetime) -> bool:
    return dt_util.as_local(one).date() == dt_util.as_local(other).date()
