"""The config flow: adds an account, or changes the credentials and the URL of a known one."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components import webhook
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    FlowType,
    OptionsFlow,
    SubentryFlowContext,
)
from homeassistant.const import CONF_URL, CONF_WEBHOOK_ID
from homeassistant.core import callback
from homeassistant.helpers.translation import async_load_integrations

from .account import make_client
from .alarm_flow import AlarmFlow
from .client import AccountInfo, InvalidCredentials, SmspilotError
from .client.transport import URL
from .const import (
    CONF_CLOUDHOOK_URL,
    CONF_SENDER,
    DOMAIN,
    ENTRY_VERSION,
    SECTION_ADVANCED,
    SUBENTRY_ALARM,
    SUBENTRY_RECIPIENT,
    URL_SETTINGS,
)
from .errors import Reason, api_text, reason_of
from .form_checks import (
    CREDENTIALS,
    Errors,
    Form,
    by_section,
    entered,
    filled,
    flat,
    is_complete,
    is_safe,
    key_hint,
    wrong_sender,
    wrong_templates,
)
from .forms import DEFAULTS, SECTION_TEMPLATES, SENDER_SECTIONS, credentials_schema, sender_schema
from .options_flow import SmspilotOptionsFlow, async_hints
from .recipient_flow import RecipientFlow
from .runtime_data import SmspilotConfigEntry
from .webhook_url import async_delete_cloudhook, async_make_url

FLOW_ERRORS: Final = {
    Reason.ACCOUNT_BLOCKED: "account_blocked",
    Reason.CANNOT_CONNECT: "cannot_connect",
    Reason.INVALID_AUTH: "invalid_auth",
    Reason.INVALID_RESPONSE: "cannot_connect",
    Reason.IP_NOT_ALLOWED: "ip_not_allowed",
}


class SmspilotConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds an account, or changes the credentials and the URL of a known one."""

    VERSION = ENTRY_VERSION

    _account: AccountInfo
    _data: Form
    _webhook_id: str | None = None
    _webhook_url: str | None = None
    _cloudhook_url: str | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: SmspilotConfigEntry) -> OptionsFlow:
        """Return the options flow."""
        return SmspilotOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: SmspilotConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the flows of recipients and alarms."""
        return {SUBENTRY_RECIPIENT: RecipientFlow, SUBENTRY_ALARM: AlarmFlow}

    @override
    async def async_step_user(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Add an account."""
        return await self._credentials_step("user", user_input)

    async def async_step_reauth(self, _data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin reauth: the API has refused the account's credentials."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Enter new credentials."""
        return await self._credentials_step("reauth_confirm", user_input)

    async def async_step_reconfigure(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Change the credentials or the API's URL."""
        return await self._credentials_step("reconfigure", user_input)

    async def async_step_sender(self, user_input: Form | None = None) -> ConfigFlowResult:
        """Choose the sender of messages; the form also shows the webhook's address."""
        errors: Errors = {}
        if user_input is not None:
            options = filled(flat(user_input, SENDER_SECTIONS))
            wrong = wrong_sender(options) | wrong_templates(options)
            errors = by_section(wrong, SENDER_SECTIONS)
            if not errors:
                return self._create_entry(options)
        if self._webhook_id is None:
            self._webhook_id = webhook.async_generate_id()
            self._webhook_url, self._cloudhook_url = await async_make_url(
                self.hass, self._webhook_id
            )
        account = self._account
        suggested = user_input or {
            CONF_SENDER: account.default_sender,
            SECTION_TEMPLATES: {key: DEFAULTS[key] for key in SENDER_SECTIONS[SECTION_TEMPLATES]},
        }
        schema = sender_schema([account.default_sender, *account.senders], suggested)
        return self.async_show_form(
            step_id="sender",
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            errors=errors,
            description_placeholders=await async_hints(self.hass, account.id, self._webhook_url),
        )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Open the form of the first recipient next."""
        recipient = await self.hass.config_entries.subentries.async_init(
            (result["result"].entry_id, SUBENTRY_RECIPIENT),
            context=SubentryFlowContext(source=SOURCE_USER),
        )
        result["next_flow"] = (FlowType.CONFIG_SUBENTRIES_FLOW, recipient["flow_id"])
        return result

    @callback
    @override
    def async_remove(self) -> None:
        """Delete the cloudhook of a flow that was not completed."""
        if self._webhook_id and self._cloudhook_url:
            self.hass.async_create_task(async_delete_cloudhook(self.hass, self._webhook_id))

    async def _credentials_step(self, step_id: str, user_input: Form | None) -> ConfigFlowResult:
        """Show the form of credentials and URL, and check what was entered by an API request."""
        entry = self._known_entry
        known = entry.data if entry else {}
        errors: Errors = {}
        why = hint = ""
        if user_input is not None:
            data = entered(user_input, known, keep=self.source == SOURCE_RECONFIGURE)
            if not is_complete(data):
                errors["base"] = "credentials_required"
            elif not is_safe(data[CONF_URL]):
                errors["base"] = "invalid_url"
            else:
                try:
                    account = await make_client(self.hass, data).account()
                except SmspilotError as err:
                    errors["base"] = FLOW_ERRORS.get(reason_of(err), "unknown")
                    await async_load_integrations(self.hass, {DOMAIN})
                    why = api_text(self.hass, err)
                    if isinstance(err, InvalidCredentials):
                        hint = key_hint(self.hass, data)
                else:
                    return await self._accept(account, data)
        return self.async_show_form(
            step_id=step_id,
            data_schema=credentials_schema(
                known.get(CONF_URL, URL), (user_input or {}).get(SECTION_ADVANCED, {})
            ),
            errors=errors,
            description_placeholders={
                "account": entry.title if entry else "",
                "error": why,
                "hint": hint,
                "message": "{message}",
                "settings_url": URL_SETTINGS,
            },
        )

    async def _accept(self, account: AccountInfo, data: Form) -> ConfigFlowResult:
        """Store credentials that work in the known entry, or go on to the next step."""
        entry = self._known_entry
        await self.async_set_unique_id(account.id, raise_on_progress=entry is None)
        if entry:
            self._abort_if_unique_id_mismatch(
                description_placeholders={"account": entry.title, "other": account.id}
            )
            kept = {key: entry.data[key] for key in entry.data if key not in CREDENTIALS}
            if kept | data == entry.data:
                # Unchanged data would not reload the entry, whose credentials work again.
                self.hass.config_entries.async_schedule_reload(entry.entry_id)
            return self.async_update_and_abort(entry, data=kept | data)
        self._abort_if_unique_id_configured(reload_on_update=False)
        self._account, self._data = account, data
        return await self.async_step_sender()

    @callback
    def _create_entry(self, options: Form) -> ConfigFlowResult:
        data = self._data | {CONF_WEBHOOK_ID: self._webhook_id}
        if self._cloudhook_url:
            # Now the entry's, so that `async_remove` does not delete it.
            data[CONF_CLOUDHOOK_URL], self._cloudhook_url = self._cloudhook_url, None
        title = f"SMSPILOT {self._account.id}"
        return self.async_create_entry(title=title, data=data, options=options)

    @property
    def _known_entry(self) -> ConfigEntry | None:
        """Return the entry that the flow changes, None where it adds one."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None
