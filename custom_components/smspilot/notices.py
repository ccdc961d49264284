"""The repair issues of an account as a set: raised by key and by what they are about."""

from collections.abc import Callable
from datetime import datetime
import hashlib
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_point_in_utc_time

from .const import DOMAIN
from .runtime.trail import async_trace

# Those of this file's set; alarms and triggers have their own.
ISSUES: Final = (
    "account_blocked",
    "action_sender_refused",
    "assist_limit",
    "code_guessed",
    "daily_limit",
    "in_doubt",
    "inbound_address",
    "inbound_list_capped",
    "inbound_list_fails",
    "interrupted",
    "ip_not_allowed",
    "low_balance",
    "no_money",
    "notify_name_taken",
    "pushes_unconfirmed",
    "rate_limit",
    "sender_refused",
    "test_mode",
    "text_refused",
)
# Those that a form of ours can solve.
FIXABLE: Final = ("sender_refused", "text_refused")
# With any of these an alarm does not go out.
STOPPING: Final = (
    "account_blocked",
    "action_sender_refused",
    "ip_not_allowed",
    "no_money",
    "sender_refused",
    "text_refused",
)


class Notices:
    """The notices of an account, each gone by a clock of its own where it has one."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._clocks: dict[str, CALLBACK_TYPE] = {}

    @callback
    def raise_(
        self,
        key: str,
        about: str = "",
        *,
        text: str | None = None,
        until: datetime | None = None,
        data: dict[str, str] | None = None,
        **placeholders: str,
    ) -> None:
        """Raise a notice about something: a sender, a kind of text, a number; or raise it anew.

        `text` is the key of its words where they are others, and `until` when it is over.
        """
        issue_id = self._id(key, about)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            data={"entry_id": self._entry.entry_id, **(data or {})},
            is_fixable=key in FIXABLE,
            severity=ir.IssueSeverity.ERROR if key in STOPPING else ir.IssueSeverity.WARNING,
            translation_key=text or key,
            translation_placeholders={"account": self._entry.title, **placeholders},
        )
        async_trace(self._hass, self._entry.entry_id, "notice raised", notice=key)
        self._stop(issue_id)
        if until:
            self._clocks[issue_id] = async_track_point_in_utc_time(
                self._hass, self._ender(key, about), until
            )

    def is_raised(self, key: str, about: str = "") -> bool:
        """Return whether there is such a notice."""
        registry = ir.async_get(self._hass)
        return registry.async_get_issue(DOMAIN, self._id(key, about)) is not None

    @callback
    def solve(self, key: str, about: str = "") -> None:
        """Take a notice back."""
        issue_id = self._id(key, about)
        self._stop(issue_id)
        ir.async_delete_issue(self._hass, DOMAIN, issue_id)

    @callback
    def clear(self) -> None:
        """Take all notices back."""
        for stop in self._clocks.values():
            stop()
        self._clocks.clear()
        async_clear_issues(self._hass, self._entry)

    def _ender(self, key: str, about: str) -> Callable[[datetime], None]:
        @callback
        def end(_now: datetime) -> None:
            self._clocks.pop(self._id(key, about), None)
            self.solve(key, about)

        return end

    def _stop(self, issue_id: str) -> None:
        if stop := self._clocks.pop(issue_id, None):
            stop()

    def _id(self, key: str, about: str) -> str:
        # Ids are stored, and seen: no number or name stands in one.
        suffix = f"_{hashlib.sha256(about.encode()).hexdigest()[:8]}" if about else ""
        return f"{key}_{self._entry.entry_id}{suffix}"


@callback
def async_clear_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget all issues of an account."""
    ours = tuple(f"{key}_{entry.entry_id}" for key in ISSUES)
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(ours):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
