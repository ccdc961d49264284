"""The options flow of an account."""

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_load_integrations

from .const import CONF_CLOUDHOOK_URL, DOMAIN, URL_SENDERS, URL_SETTINGS, URL_TEMPLATES
from .errors import async_words
from .form_checks import Errors, Form, by_section, filled, flat, nested, wrong_options
from .forms import DEFAULTS, OPTION_SECTIONS, options_schema
from .runtime_data import SmspilotConfigEntry
from .sender_choice import known_senders
from .webhook_url import async_make_url


class SmspilotOptionsFlow(OptionsFlow):
    """Changes the options of an account."""

    async def async_step_init(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Show all options and the webhook's address for inbound messages."""
        entry: SmspilotConfigEntry = self.config_entry
        errors: Errors = {}
        if user_input is not None:
            options = filled(flat(user_input, OPTION_SECTIONS))
            errors = by_section(wrong_options(options), OPTION_SECTIONS)
            if not errors:
                return self.async_create_entry(data=options)
        url, _ = await async_make_url(
            self.hass, entry.data[CONF_WEBHOOK_ID], entry.data.get(CONF_CLOUDHOOK_URL)
        )
        shown = user_input or nested(DEFAULTS | entry.options, OPTION_SECTIONS)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                options_schema(known_senders(entry), errors, shown), shown
            ),
            errors=errors,
            description_placeholders=await async_hints(self.hass, entry.unique_id, url),
        )


async def async_hints(
    hass: HomeAssistant, account_id: str | None, url: str | None
) -> dict[str, str]:
    """Return the placeholders of a form's texts; the address as a code block, to be copied."""
    # `async_words` needs it, and the flow may be the first to use the integration.
    await async_load_integrations(hass, {DOMAIN})
    return {
        "account": account_id or "",
        # The texts show these literally; without a value they would be missing placeholders.
        "message": "{message}",
        "time": "{time}",
        "senders_url": URL_SENDERS,
        "settings_url": URL_SETTINGS,
        "templates_url": URL_TEMPLATES,
        "address": f"```\n{url}\n```" if url else async_words(hass, "no_address"),
        "webhook_url": url or async_words(hass, "no_address"),
    }
