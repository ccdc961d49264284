"""The subentry flow of a recipient."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import callback

from .const import CONF_ASSIST, CONF_PHONES, CONF_PIN
from .form_checks import (
    Errors,
    Form,
    by_section,
    filled,
    flat,
    nested,
    read_phones,
    wrong_name,
    wrong_pin,
    wrong_sender,
)
from .forms import RECIPIENT_SECTIONS, SECTION_ORDERS, recipient_schema
from .runtime_data import SmspilotConfigEntry
from .sender_choice import known_senders


class RecipientFlow(ConfigSubentryFlow):
    """Adds a recipient to an account, or changes one."""

    async def async_step_user(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Add a recipient."""
        return self._form_step("user", user_input)

    async def async_step_reconfigure(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Change a recipient."""
        return self._form_step("reconfigure", user_input)

    @callback
    def _form_step(self, step_id: str, user_input: Form | None) -> SubentryFlowResult:
        """Show the form, and store what was entered where it is valid."""
        entry: SmspilotConfigEntry = self._get_entry()
        errors: Errors = {}
        unread: list[str] = []
        if user_input is None:
            suggested = nested(self._known, RECIPIENT_SECTIONS)
        else:
            suggested = user_input
            data = filled(flat(user_input, RECIPIENT_SECTIONS))
            phones, unread = read_phones(self.hass, data[CONF_PHONES])
            own_id = None if self.source == SOURCE_USER else self._reconfigure_subentry_id
            errors = wrong_name(entry, data.get(CONF_NAME, ""), own_id) | wrong_sender(data)
            errors |= wrong_pin(entry, data.get(CONF_PIN, ""))
            if unread:
                errors[CONF_PHONES] = "invalid_phone"
            elif not phones:
                errors[CONF_PHONES] = "phone_required"
            if not errors:
                return self._save(data | {CONF_PHONES: phones})
        errors = by_section(errors, RECIPIENT_SECTIONS)
        opened = {*self._opened, *errors}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                recipient_schema(known_senders(entry), opened, suggested), suggested
            ),
            errors=errors,
            description_placeholders={
                "account": entry.unique_id or "",
                "phone": ", ".join(unread),
            },
        )

    @callback
    def _save(self, data: Form) -> SubentryFlowResult:
        if self.source == SOURCE_USER:
            return self.async_create_entry(
                title=data[CONF_NAME], data=data, description_placeholders={"name": data[CONF_NAME]}
            )
        return self.async_update_and_abort(
            self._get_entry(), self._get_reconfigure_subentry(), title=data[CONF_NAME], data=data
        )

    @property
    def _known(self) -> Mapping[str, Any]:
        """Return the stored values of the recipient."""
        if self.source == SOURCE_USER:
            # An empty value opens the first field; otherwise only a button is shown.
            return {CONF_PHONES: [""]}
        subentry = self._get_reconfigure_subentry()
        return {**subentry.data, CONF_NAME: subentry.title}

    @property
    def _opened(self) -> list[str]:
        """Return the sections to be opened, because something in them is set."""
        is_set = self._known.get(CONF_ASSIST) or self._known.get(CONF_PIN)
        return [SECTION_ORDERS] if is_set else []
