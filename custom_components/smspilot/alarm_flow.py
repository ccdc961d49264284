"""The subentry flow of an alarm."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import TemplateError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.template import Template
from homeassistant.helpers.translation import async_get_translations
import voluptuous as vol

from .alarm_form import SECTIONS, alarm_schema
from .alarms.plan import (
    DEFAULT_WAIT,
    MAX_STEPS,
    MAX_WAIT,
    MIN_WAIT,
    entity_of,
    reference,
)
from .const import (
    CONF_CHANNEL,
    CONF_END_MESSAGE,
    CONF_FALLBACK,
    CONF_HOLD,
    CONF_MESSAGE,
    CONF_RECIPIENTS,
    CONF_REMIND,
    CONF_SOURCES,
    CONF_STEPS,
    CONF_WAIT,
    DOMAIN,
    SECTION_AFTERWARDS,
    SECTION_START,
)
from .contacts.recipients import Channel
from .form_checks import Errors, Form, flat, wrong_name
from .text.periods import period


class AlarmFlow(ConfigSubentryFlow):
    """Adds an alarm to an account, or changes one."""

    async def async_step_user(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Add an alarm."""
        return await self._form_step("user", user_input)

    async def async_step_reconfigure(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Change an alarm."""
        return await self._form_step("reconfigure", user_input)

    async def _form_step(self, step_id: str, user_input: Form | None) -> SubentryFlowResult:
        """Show the form, and store what was entered where it is valid."""
        errors: Errors = {}
        wrong_step, suggested = "–", user_input or self._known
        if user_input is not None:
            data = _as_stored(user_input)
            errors, wrong_step = self._wrong(data)
            if not errors:
                return self._save(data)
        labels = await _channel_labels(self.hass)
        # The first section of a new alarm, and those in which something is wrong.
        opened = {*errors, SECTION_START} if step_id == "user" else errors
        schema = alarm_schema(labels, suggested, opened)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            errors=errors,
            description_placeholders={"step": wrong_step},
        )

    @callback
    def _save(self, data: Form) -> SubentryFlowResult:
        hass, entry = self.hass, self._get_entry()

        def references(entities: Iterable[str]) -> list[str]:
            return [reference(hass, entry, entity_id) for entity_id in entities]

        stored = data | {
            CONF_SOURCES: references(data.get(CONF_SOURCES, ())),
            CONF_FALLBACK: references(data.get(CONF_FALLBACK, ())),
            CONF_STEPS: [
                step | {CONF_RECIPIENTS: references(_as_list(step[CONF_RECIPIENTS]))}
                for step in data[CONF_STEPS]
            ],
        }
        name = stored[CONF_NAME]
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=name, data=stored)
        return self.async_update_and_abort(
            entry, self._get_reconfigure_subentry(), title=name, data=stored
        )

    @property
    def _known(self) -> Mapping[str, Any]:
        """Return the stored values of the alarm, by section, as the form shows them."""
        if self.source == SOURCE_USER:
            return {}
        hass, subentry = self.hass, self._get_reconfigure_subentry()

        def entity_ids(references: Iterable[str]) -> list[str]:
            found = (_entity_id(hass, one) for one in references)
            return [entity_id for entity_id in found if entity_id]

        data = {**subentry.data, CONF_NAME: subentry.title}
        for key in (CONF_SOURCES, CONF_FALLBACK):
            data[key] = entity_ids(data.get(key, ()))
        data[CONF_STEPS] = [
            {**step, CONF_RECIPIENTS: entity_ids(step[CONF_RECIPIENTS])}
            for step in data.get(CONF_STEPS, ())
        ]
        fields = alarm_schema({}, {}).schema
        for name in SECTIONS:
            inner = fields[name].schema.schema
            data[name] = {key: data.pop(key) for key in map(str, inner) if key in data}
        return data

    def _wrong(self, data: Form) -> tuple[Errors, str]:
        """Return the errors of the form, and the number of the step that is wrong."""
        own_id = None if self.source == SOURCE_USER else self._reconfigure_subentry_id
        errors = wrong_name(self._get_entry(), data[CONF_NAME], own_id)
        wrong_step = "–"
        if key := self._wrong_steps(data.get(CONF_STEPS) or []):
            errors[CONF_STEPS], wrong_step = key
        if any(self._is_wrong_recipient(one, ours=False) for one in data.get(CONF_FALLBACK, ())):
            errors[SECTION_AFTERWARDS] = "invalid_fallback"
        for name in (CONF_REMIND, CONF_HOLD):
            if name in data and period(data[name]) > MAX_WAIT:
                errors[SECTION_AFTERWARDS] = "invalid_duration"
        try:
            Template(data.get(CONF_MESSAGE, ""), self.hass).ensure_valid()
        except TemplateError:
            errors[SECTION_START] = "invalid_message"
        return errors, wrong_step

    def _wrong_steps(self, steps: list[Mapping[str, Any]]) -> tuple[str, str] | None:
        """Return the error of the first wrong step, and its number, counted from 1."""
        if not steps or len(steps) > MAX_STEPS:
            return ("too_many_steps" if steps else "no_steps"), str(len(steps))
        for number, step in enumerate(steps, 1):
            if wrong := self._wrong_step(step):
                return wrong, str(number)
        return None

    def _wrong_step(self, step: Mapping[str, Any]) -> str | None:
        recipients = _as_list(step.get(CONF_RECIPIENTS))
        if not recipients:
            return "no_recipients"
        if any(self._is_wrong_recipient(one) for one in recipients):
            return "invalid_recipient"
        try:
            wait = period(step.get(CONF_WAIT, DEFAULT_WAIT))
        except vol.Invalid:
            return "invalid_wait"
        return None if MIN_WAIT <= wait <= MAX_WAIT else "invalid_wait"

    def _is_wrong_recipient(self, entity_id: str, *, ours: bool = True) -> bool:
        """Return whether an entity is no notify entity, or one of ours that is not allowed here."""
        if not entity_id.startswith(f"{Platform.NOTIFY}."):
            return True
        found = er.async_get(self.hass).async_get(entity_id)
        if found is None:
            return self.hass.states.get(entity_id) is None
        if found.platform != DOMAIN:
            return False
        return not ours or found.config_entry_id != self._get_entry().entry_id


async def _channel_labels(hass: HomeAssistant) -> dict[str, str]:
    """Return the names of the channels in Home Assistant's language; a flow knows no user's."""
    texts = await async_get_translations(hass, hass.config.language, "selector", {DOMAIN})
    path = f"component.{DOMAIN}.selector.{CONF_CHANNEL}.options."
    return {channel.value: texts[f"{path}{channel.value}"] for channel in Channel}


def _entity_id(hass: HomeAssistant, one: str) -> str | None:
    """Return the entity of a stored reference: a recipient's notify entity, or another one."""
    unique_id = f"{one}_notify"
    ours = er.async_get(hass).async_get_entity_id(Platform.NOTIFY, DOMAIN, unique_id)
    return ours or entity_of(hass, one)


def _as_stored(form: Form) -> Form:
    """Return the values without sections, empty values and outer spaces in texts."""
    data = flat(form, SECTIONS)
    for key in (CONF_NAME, CONF_MESSAGE, CONF_END_MESSAGE):
        if key in data:
            data[key] = data[key].strip()
    return {key: value for key, value in data.items() if value != "" or key == CONF_NAME}


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
