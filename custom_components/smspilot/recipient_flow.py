"""The form of a recipient."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import callback

from .alarms.plan import plans
from .const import CONF_ASSIST, CONF_PHONES, CONF_PIN
from .contacts.recipients import recipients, same_name
from .form_checks import (
    Errors,
    Form,
    filled,
    flat,
    is_name,
    nested,
    read_phones,
    wrong_sender,
)
from .forms import RECIPIENT_SECTIONS, SECTION_ORDERS, recipient_schema
from .runtime_data import SmspilotConfigEntry
from .sender_choice import known_senders


class RecipientFlow(ConfigSubentryFlow):
    """Add a recipient to an account, or change one."""

    async def async_step_user(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Add a recipient."""
        return self._ask("user", user_input)

    async def async_step_reconfigure(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Change a recipient."""
        return self._ask("reconfigure", user_input)

    @callback
    def _ask(self, step_id: str, user_input: Form | None) -> SubentryFlowResult:
        """Show the form, and save what it says."""
        entry: SmspilotConfigEntry = self._get_entry()
        errors: Errors = {}
        unread: list[str] = []
        if user_input is None:
            suggested = nested(self._known, RECIPIENT_SECTIONS)
        else:
            suggested = user_input
            data = filled(flat(user_input, RECIPIENT_SECTIONS))
            phones, unread = read_phones(self.hass, data[CONF_PHONES])
            errors = self._wrong_name(data.get(CONF_NAME, "")) | wrong_sender(data)
            if unread:
                errors[CONF_PHONES] = "invalid_phone"
            elif not phones:
                errors[CONF_PHONES] = "phone_required"
            if not errors:
                return self._save(data | {CONF_PHONES: phones})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                recipient_schema(known_senders(entry), self._opened, suggested), suggested
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
        """Return what is known of the recipient."""
        if self.source == SOURCE_USER:
            # Without one the field for numbers is a button that has to be found first.
            return {CONF_PHONES: [""]}
        subentry = self._get_reconfigure_subentry()
        return {**subentry.data, CONF_NAME: subentry.title}

    @property
    def _opened(self) -> list[str]:
        """Return the sections in which something is set."""
        is_set = self._known.get(CONF_ASSIST) or self._known.get(CONF_PIN)
        return [SECTION_ORDERS] if is_set else []

    def _wrong_name(self, name: str) -> Errors:
        """Return what is wrong with a name."""
        if not is_name(name):
            return {CONF_NAME: "invalid_name"}
        own_id = None if self.source == SOURCE_USER else self._reconfigure_subentry_id
        others = [(one.id, one.name) for one in recipients(self._get_entry())]
        others += [(one.id, one.name) for one in plans(self._get_entry()).values()]
        taken = any(same_name(other, name) for key, other in others if key != own_id)
        return {CONF_NAME: "name_in_use"} if taken else {}
