"""The repair issues of alarms, raised and deleted as the alarms' states change."""

from typing import Final

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from .account import Account
from .alarms.run import MAX_RUNS_A_DAY
from .alarms.runner import AlarmRunner
from .alarms.state import AlarmState
from .alarms.texts import phrases
from .const import DOMAIN
from .events import SIGNAL_ALARM, SIGNAL_ENTRY_UPDATED

ALARM_ISSUE_KEYS: Final = (
    "alarm_not_ready",
    "alarm_too_often",
    "alarm_unanswered",
    "alarm_waits",
)


class AlarmIssues:
    """Raises and deletes the issues of an account's alarms."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._raised: set[str] = set()

    @callback
    def start(self) -> None:
        """Follow the alarms until the entry is unloaded."""
        entry, hass = self._account.entry, self._account.hass
        for signal in (SIGNAL_ALARM, SIGNAL_ENTRY_UPDATED):
            target = signal.format(entry.entry_id)
            entry.async_on_unload(async_dispatcher_connect(hass, target, self._review))
        entry.async_on_unload(self._clear)
        self._review()

    @callback
    def _review(self, _alarm_id: str | None = None) -> None:
        current: dict[str, tuple[str, dict[str, str]]] = {}
        for alarm_id, alarm in self._account.alarms.runners.items():
            for key, placeholders in self._issues_of(alarm).items():
                current[f"{key}_{alarm_id}"] = (key, placeholders)
        for issue_id in self._raised - current.keys():
            ir.async_delete_issue(self._account.hass, DOMAIN, issue_id)
        for issue_id, (key, placeholders) in current.items():
            ir.async_create_issue(
                self._account.hass,
                DOMAIN,
                issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key=key,
                translation_placeholders=placeholders,
            )
        self._raised = {*current}

    def _issues_of(self, alarm: AlarmRunner) -> dict[str, dict[str, str]]:
        """Return the issues of an alarm in its present state, with their placeholders."""
        run, named = alarm.run, {"alarm": alarm.plan.name}
        issues: dict[str, dict[str, str]] = {}
        if alarm.problems:
            problems = "\n".join(f"- {problem}" for problem in alarm.problems)
            issues["alarm_not_ready"] = named | {"problems": problems}
        if run.state is AlarmState.UNANSWERED:
            began = dt_util.as_local(run.started_at or dt_util.utcnow())
            reached = ", ".join(one.name for one in run.reached.values()) or "–"
            facts = {"time": f"{began:%H:%M}", "message": run.message, "reached": reached}
            issues["alarm_unanswered"] = named | facts
        if run.state is AlarmState.RUNNING and run.waiting_for:
            words = phrases(self._account.hass)
            why = words.get(f"waiting_{run.waiting_for}", run.waiting_for)
            issues["alarm_waits"] = named | {"why": why}
        if run.first_step_only and run.alive:
            issues["alarm_too_often"] = named | {"limit": str(MAX_RUNS_A_DAY)}
        return issues

    @callback
    def _clear(self) -> None:
        for issue_id in self._raised:
            ir.async_delete_issue(self._account.hass, DOMAIN, issue_id)
        self._raised = set()
