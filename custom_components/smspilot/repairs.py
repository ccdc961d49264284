"""The repair flows for refused senders and texts."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import voluptuous as vol

from .const import CONF_SENDER, DOMAIN
from .contacts.recipients import recipients
from .form_checks import Errors, Form, filled, wrong_sender, wrong_templates
from .forms import SECTION_TEMPLATES, SENDER_SECTIONS, templates_schema
from .options import Options
from .runtime_data import SmspilotConfigEntry
from .sender_choice import sender_selector


class ChooseSender(RepairsFlow):
    """Replaces a refused sender in the account's options and in its recipients."""

    def __init__(
        self, entry: SmspilotConfigEntry, placeholders: dict[str, str] | None, sender: str
    ) -> None:
        self._entry = entry
        self._placeholders = placeholders
        self._sender = sender

    async def async_step_init(self, _input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_choose()

    async def async_step_choose(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show the form, and store the sender that was chosen."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="account_closed")
        errors: Errors = {}
        if user_input is not None:
            chosen = filled(user_input)
            errors = wrong_sender(chosen) if chosen else {CONF_SENDER: "sender_required"}
            if not errors:
                self._store_sender(chosen)
                return self.async_create_entry(data={})
        info = self._entry.runtime_data.coordinator.data
        return self.async_show_form(
            step_id="choose",
            data_schema=vol.Schema(
                {vol.Required(CONF_SENDER): sender_selector(info.senders if info else ())}
            ),
            errors=errors,
            description_placeholders=self._placeholders,
        )

    def _store_sender(self, chosen: Form) -> None:
        """Store the sender in place of the one that was refused."""
        entry, entries = self._entry, self.hass.config_entries
        if (Options.from_entry(entry).sender or "") == self._sender:
            entries.async_update_entry(entry, options={**entry.options, **chosen})
        for recipient in recipients(entry):
            if self._sender and recipient.sender == self._sender:
                subentry = entry.subentries[recipient.id]
                entries.async_update_subentry(entry, subentry, data={**subentry.data, **chosen})


class SetTemplates(RepairsFlow):
    """Sets the templates of an account whose texts must match approved ones."""

    def __init__(self, entry: SmspilotConfigEntry, placeholders: dict[str, str] | None) -> None:
        self._entry = entry
        self._placeholders = placeholders

    async def async_step_init(self, _input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_templates()

    async def async_step_templates(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show the form, and store the templates that were entered."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="account_closed")
        errors: Errors = {}
        keys = SENDER_SECTIONS[SECTION_TEMPLATES]
        if user_input is not None:
            chosen = filled(user_input)
            errors = wrong_templates(chosen)
            if not errors:
                # A cleared field removes the option.
                others = {
                    key: self._entry.options[key] for key in self._entry.options.keys() - keys
                }
                self.hass.config_entries.async_update_entry(self._entry, options=others | chosen)
                return self.async_create_entry(data={})
        stored = Options.from_entry(self._entry)
        known = dict(zip(keys, (stored.message_template, stored.two_way_template), strict=True))
        return self.async_show_form(
            step_id="templates",
            data_schema=self.add_suggested_values_to_schema(
                templates_schema(), user_input or known
            ),
            errors=errors,
            description_placeholders=self._placeholders,
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the repair flow of an issue."""
    entry = hass.config_entries.async_get_known_entry(str((data or {})["entry_id"]))
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    placeholders = issue.translation_placeholders if issue else None
    if issue and issue.translation_key == "text_refused":
        return SetTemplates(entry, placeholders)
    return ChooseSender(entry, placeholders, str((data or {}).get("sender", "")))
