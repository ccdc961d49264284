"""Diagnostics for bug reports: counts, ages, versions and errors; no texts, names or numbers."""

from collections import Counter
from datetime import timedelta
from typing import Any

from homeassistant.const import CONF_API_KEY, CONF_PASSWORD, CONF_URL, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.loader import async_get_integration
from homeassistant.util import dt as dt_util

from .alarms.runner import AlarmRunner
from .client import ApiError, SmspilotError
from .client.transport import URL
from .const import (
    CONF_CLOUDHOOK_URL,
    CONF_DEBUG_EMAIL,
    CONF_LOGIN,
    CONF_MESSAGE_TEMPLATE,
    CONF_SENDER,
    CONF_TWO_WAY_TEMPLATE,
    DOMAIN,
)
from .contacts.recipients import Recipient, recipients
from .errors import reason_of
from .runtime.trail import async_trail
from .runtime_data import SmspilotConfigEntry

SECRET_OPTIONS = (
    CONF_DEBUG_EMAIL,
    CONF_MESSAGE_TEMPLATE,
    CONF_SENDER,
    CONF_TWO_WAY_TEMPLATE,
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SmspilotConfigEntry
) -> dict[str, Any]:
    """Return the state of an account."""
    runtime, integration = entry.runtime_data, await async_get_integration(hass, DOMAIN)
    account, info = runtime.account, runtime.coordinator.data
    now = dt_util.utcnow()
    last_push = account.inbox.push_monitor.last_push
    return {
        "version": str(integration.version),
        "entry": {
            "credentials": [
                key for key in (CONF_API_KEY, CONF_LOGIN, CONF_PASSWORD) if entry.data.get(key)
            ],
            "own_service_url": entry.data.get(CONF_URL, URL) != URL,
            "webhook": bool(entry.data.get(CONF_WEBHOOK_ID)),
            "cloudhook": bool(entry.data.get(CONF_CLOUDHOOK_URL)),
            "options": {
                key: "set" if key in SECRET_OPTIONS and value else value
                for key, value in entry.options.items()
            },
        },
        "account": {
            "available": runtime.coordinator.last_update_success and info is not None,
            "senders": len(info.senders) if info else None,
            "unreadable_rows": account.client.unreadable_rows,
        },
        "recipients": [_recipient(one) for one in recipients(entry)],
        "alarms": [_alarm(alarm) for alarm in account.alarms.runners.values()],
        "outbox": {"pending": account.deliveries.pending, "unresolved": account.outbox.unresolved},
        "inbox": {
            "address": bool(account.inbox.push_monitor.url),
            "proven": account.inbox.push_monitor.proven,
            "interval": account.inbox.interval,
            "last_push_age": last_push and int((now - last_push).total_seconds()),
            "dropped_pushes": account.inbox.push_monitor.dropped,
            "malformed_pushes": runtime.push_receiver.malformed,
        },
        "errors": [_error(err, now - at) for at, err in account.errors],
        "trail": async_trail(hass, entry.entry_id),
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: SmspilotConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return the state of an account, and the recipient of the device, if it is one's."""
    ids = {identifier.removeprefix(f"{entry.entry_id}_") for _, identifier in device.identifiers}
    recipient = next((_recipient(one) for one in recipients(entry) if one.id in ids), None)
    account = await async_get_config_entry_diagnostics(hass, entry)
    return {"recipient": recipient, **account}


def _error(err: SmspilotError, age: timedelta) -> dict[str, Any]:
    """Return the reason of an error, and its age in seconds."""
    return {
        "age": int(age.total_seconds()),
        "reason": reason_of(err).value,
        "code": err.code if isinstance(err, ApiError) else None,
    }


def _recipient(recipient: Recipient) -> dict[str, Any]:
    """Return the facts of a recipient without name and numbers."""
    return {
        "phones": len(recipient.phones),
        "channel": recipient.channel.value,
        "sender": bool(recipient.sender),
        "assist": recipient.assist,
        "pin": bool(recipient.pin),
    }


def _alarm(alarm: AlarmRunner) -> dict[str, Any]:
    """Return the facts of an alarm and its run without names and texts."""
    plan, run = alarm.plan, alarm.run
    return {
        "sources": len(plan.sources),
        "sources_on": len(alarm.sources.on),
        "steps": [
            {
                "ours": sum(not recipient.foreign for recipient in step.recipients),
                "others": sum(recipient.foreign for recipient in step.recipients),
                "wait": step.wait.total_seconds(),
            }
            for step in alarm.world.steps
        ],
        "rounds": plan.rounds,
        "code": plan.code,
        "pick_up": plan.pick_up,
        "ends_with_sources": plan.ends_with_sources,
        "fallback": len(plan.fallback),
        "problems": len(alarm.problems),
        "state": run.state.value,
        "phase": run.phase.value,
        "step": run.step + 1,
        "round": run.round,
        "lap": run.lap,
        "first_step_only": run.first_step_only,
        "waiting_for": run.waiting_for,
        "runs_today": len(run.starts),
        "sends": Counter(send.state.value for send in run.sends.values()),
    }
