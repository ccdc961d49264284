"""The repair issues of an account, each identified by a key and by what it is about."""

from collections.abc import Callable
from datetime import datetime
import hashlib
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .runtime.trail import async_trace

# The keys; alarms and triggers have issues of their own.
ISSUES: Final = (
    "account_blocked",
    "action_sender_refused",
    "assist_limit",
    "code_guessed",
    "daily_limit",
    "in_doubt",
    "inbound_address",
    "inbound_in_doubt",
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
# Issues with a repair flow.
FIXABLE: Final = ("sender_refused", "text_refused")
# Issues that keep messages, and so alarms, from being sent.
STOPPING: Final = (
    "account_blocked",
    "action_sender_refused",
    "ip_not_allowed",
    "no_money",
    "sender_refused",
    "text_refused",
)
# Issues of something that happened once: nothing would raise them again after a reload.
LASTING: Final = ("code_guessed", "inbound_list_capped")

# By entry and issue, with what arguments they were raised.
_RAISED: Final[HassKey[dict[str, dict[str, dict[str, Any]]]]] = HassKey("smspilot_notices")


class Notices:
    """Raises and solves the issues of an account, some of which expire by a timer."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._timers: dict[str, CALLBACK_TYPE] = {}
        self._lasting = hass.data.setdefault(_RAISED, {}).setdefault(entry.entry_id, {})

    @callback
    def resume(self) -> None:
        """Raise again what lasts longer than a reload."""
        for arguments in list(self._lasting.values()):
            if arguments["until"] > dt_util.utcnow():
                self.raise_(**arguments)

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
        """Raise or update an issue.

        `about` is the sender, kind or number it concerns, `text` the translation key where it is
        not `key`, and `until` when the issue expires.
        """
        issue_id = self._id(key, about)
        if not self.is_raised(key, about):
            async_trace(self._hass, self._entry.entry_id, "notice raised", notice=key)
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
        self._stop_timer(issue_id)
        if key in LASTING:
            self._lasting[issue_id] = {"key": key, "about": about, "until": until, **placeholders}
        if until:
            self._timers[issue_id] = async_track_point_in_utc_time(
                self._hass, self._expiry(key, about), until
            )

    def is_raised(self, key: str, about: str = "") -> bool:
        """Return whether the issue is raised."""
        registry = ir.async_get(self._hass)
        return registry.async_get_issue(DOMAIN, self._id(key, about)) is not None

    @callback
    def solve(self, key: str, about: str = "") -> None:
        """Delete an issue."""
        issue_id = self._id(key, about)
        self._stop_timer(issue_id)
        self._lasting.pop(issue_id, None)
        ir.async_delete_issue(self._hass, DOMAIN, issue_id)

    @callback
    def clear(self) -> None:
        """Delete all issues of the account, until it is loaded again."""
        for stop in self._timers.values():
            stop()
        self._timers.clear()
        _clear(self._hass, self._entry)

    def _expiry(self, key: str, about: str) -> Callable[[datetime], None]:
        @callback
        def expire(_now: datetime) -> None:
            self._timers.pop(self._id(key, about), None)
            self.solve(key, about)

        return expire

    def _stop_timer(self, issue_id: str) -> None:
        if stop := self._timers.pop(issue_id, None):
            stop()

    def _id(self, key: str, about: str) -> str:
        # Hashed: ids are stored and shown, and must hold no number and no name.
        suffix = f"_{hashlib.sha256(about.encode()).hexdigest()[:8]}" if about else ""
        return f"{key}_{self._entry.entry_id}{suffix}"


@callback
def async_forget_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all issues of an account that is removed."""
    _clear(hass, entry)
    hass.data.get(_RAISED, {}).pop(entry.entry_id, None)


def _clear(hass: HomeAssistant, entry: ConfigEntry) -> None:
    ours = tuple(f"{key}_{entry.entry_id}" for key in ISSUES)
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(ours):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
