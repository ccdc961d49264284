"""The form of an alarm: one page, without YAML."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import TemplateError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    DurationSelector,
    DurationSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.template import Template
from homeassistant.helpers.translation import async_get_translations
import voluptuous as vol

from .alarms.plan import (
    DEFAULT_WAIT,
    MAX_ROUNDS,
    MAX_STEPS,
    MAX_WAIT,
    MIN_WAIT,
    Plan,
    entity_of,
    plans,
    reference,
)
from .const import (
    CONF_CHANNEL,
    CONF_CODE,
    CONF_END_MESSAGE,
    CONF_ENDS_WITH_SOURCES,
    CONF_FALLBACK,
    CONF_HOLD,
    CONF_MESSAGE,
    CONF_PICK_UP,
    CONF_RECIPIENTS,
    CONF_REMIND,
    CONF_ROUNDS,
    CONF_SOURCES,
    CONF_STEPS,
    CONF_TELL_OTHERS,
    CONF_WAIT,
    DOMAIN,
    SECTION_AFTERWARDS,
    SECTION_ANSWERS,
    SECTION_START,
)
from .contacts.recipients import Channel, recipients, same_name
from .form_checks import Errors, Form, is_name
from .text.periods import period

SECTIONS: Final = (SECTION_START, SECTION_ANSWERS, SECTION_AFTERWARDS)
SOURCE_DOMAINS: Final = (
    Platform.BINARY_SENSOR.value,
    "input_boolean",
    Platform.ALARM_CONTROL_PANEL.value,
)
_DEFAULT: Final = Plan(id="", name="")
_TEXT: Final = TextSelector()
_DURATION: Final = DurationSelector(DurationSelectorConfig(enable_day=False))


class AlarmFlow(ConfigSubentryFlow):
    """Add an alarm to an account, or change one."""

    async def async_step_user(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Add an alarm."""
        return await self._ask("user", user_input)

    async def async_step_reconfigure(self, user_input: Form | None = None) -> SubentryFlowResult:
        """Change an alarm."""
        return await self._ask("reconfigure", user_input)

    async def _ask(self, step_id: str, user_input: Form | None) -> SubentryFlowResult:
        """Show the form, and save what it says."""
        errors: Errors = {}
        wrong_step, suggested = "–", user_input or self._known
        if user_input is not None:
            data = _flat(user_input)
            errors, wrong_step = self._wrong(data)
            if not errors:
                return self._save(data)
        labels = await _channel_labels(self.hass)
        schema = alarm_schema(labels, suggested, is_new=step_id == "user")
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            errors=errors,
            description_placeholders={"step": wrong_step},
        )

    @callback
    def _save(self, data: Form) -> SubentryFlowResult:
        hass, entry = self.hass, self._get_entry()

        def remembered(entities: Iterable[str]) -> list[str]:
            return [reference(hass, entry, entity_id) for entity_id in entities]

        stored = data | {
            CONF_SOURCES: remembered(data.get(CONF_SOURCES, ())),
            CONF_FALLBACK: remembered(data.get(CONF_FALLBACK, ())),
            CONF_STEPS: [
                step | {CONF_RECIPIENTS: remembered(_listed(step[CONF_RECIPIENTS]))}
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
        """Return what is known of the alarm, in the shape of the form."""
        if self.source == SOURCE_USER:
            return {}
        hass, subentry = self.hass, self._get_reconfigure_subentry()

        def shown(references: Iterable[str]) -> list[str]:
            found = (_entity_id(hass, one) for one in references)
            return [entity_id for entity_id in found if entity_id]

        data = {**subentry.data, CONF_NAME: subentry.title}
        for key in (CONF_SOURCES, CONF_FALLBACK):
            data[key] = shown(data.get(key, ()))
        data[CONF_STEPS] = [
            {**step, CONF_RECIPIENTS: shown(step[CONF_RECIPIENTS])}
            for step in data.get(CONF_STEPS, ())
        ]
        fields = alarm_schema({}, {}, is_new=False).schema
        for name in SECTIONS:
            inner = fields[name].schema.schema
            data[name] = {key: data.pop(key) for key in map(str, inner) if key in data}
        return data

    def _wrong(self, data: Form) -> tuple[Errors, str]:
        """Return what is wrong with an answer, and with which step."""
        errors = self._wrong_name(data[CONF_NAME])
        wrong_step = "–"
        if key := self._wrong_steps(data.get(CONF_STEPS) or []):
            errors[CONF_STEPS], wrong_step = key
        if any(self._is_wrong_recipient(one, ours=False) for one in data.get(CONF_FALLBACK, ())):
            errors["base"] = "invalid_fallback"
        for name in (CONF_REMIND, CONF_HOLD):
            if name in data and period(data[name]) > MAX_WAIT:
                errors["base"] = "invalid_duration"
        try:
            Template(data.get(CONF_MESSAGE, ""), self.hass).ensure_valid()
        except TemplateError:
            errors["base"] = "invalid_message"
        return errors, wrong_step

    def _wrong_name(self, name: str) -> Errors:
        entry = self._get_entry()
        if not is_name(name):
            return {CONF_NAME: "invalid_name"}
        own_id = None if self.source == SOURCE_USER else self._reconfigure_subentry_id
        others = [(one.id, one.name) for one in recipients(entry)]
        others += [(one.id, one.name) for one in plans(entry).values()]
        taken = any(same_name(other, name) for key, other in others if key != own_id)
        return {CONF_NAME: "name_in_use"} if taken else {}

    def _wrong_steps(self, steps: list[Mapping[str, Any]]) -> tuple[str, str] | None:
        """Return what is wrong with the first step that is, and its number."""
        if not steps or len(steps) > MAX_STEPS:
            return ("too_many_steps" if steps else "no_steps"), str(len(steps))
        for number, step in enumerate(steps, 1):
            if wrong := self._wrong_step(step):
                return wrong, str(number)
        return None

    def _wrong_step(self, step: Mapping[str, Any]) -> str | None:
        wanted = _listed(step.get(CONF_RECIPIENTS))
        if not wanted:
            return "no_recipients"
        if any(self._is_wrong_recipient(one) for one in wanted):
            return "invalid_recipient"
        try:
            wait = period(step.get(CONF_WAIT, DEFAULT_WAIT))
        except vol.Invalid:
            return "invalid_wait"
        return None if MIN_WAIT <= wait <= MAX_WAIT else "invalid_wait"

    def _is_wrong_recipient(self, entity_id: str, *, ours: bool = True) -> bool:
        """Return whether an entity is none that can be told, or another account's."""
        if not entity_id.startswith(f"{Platform.NOTIFY}."):
            return True
        found = er.async_get(self.hass).async_get(entity_id)
        if found is None:
            return self.hass.states.get(entity_id) is None
        if found.platform != DOMAIN:
            return False
        return not ours or found.config_entry_id != self._get_entry().entry_id


def alarm_schema(
    labels: Mapping[str, str], shown: Mapping[str, Any], *, is_new: bool
) -> vol.Schema:
    """Return the form, its sections as `shown`; a new alarm shows at once what starts it."""
    start = vol.Schema(
        {
            vol.Optional(CONF_SOURCES): EntitySelector(
                EntitySelectorConfig(
                    multiple=True,
                    filter=[EntityWithDeviceFilterSelectorConfig(domain=list(SOURCE_DOMAINS))],
                )
            ),
            vol.Optional(CONF_MESSAGE): _TEXT,
            vol.Required(CONF_ENDS_WITH_SOURCES, default=True): BooleanSelector(),
            vol.Optional(CONF_END_MESSAGE): _TEXT,
        }
    )
    answers = vol.Schema(
        {
            vol.Required(CONF_TELL_OTHERS, default=True): BooleanSelector(),
            vol.Required(CONF_CODE, default=False): BooleanSelector(),
            vol.Required(CONF_PICK_UP, default=False): BooleanSelector(),
        }
    )
    afterwards = vol.Schema(
        {
            vol.Required(CONF_REMIND, default=_clock(_DEFAULT.remind)): _DURATION,
            vol.Required(CONF_HOLD, default=_clock(_DEFAULT.hold)): _DURATION,
            vol.Optional(CONF_FALLBACK): _notify_selector(),
        }
    )
    rounds = NumberSelector(
        NumberSelectorConfig(min=1, max=MAX_ROUNDS, mode=NumberSelectorMode.BOX)
    )
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            _marker(SECTION_START, start, shown): section(start, {"collapsed": not is_new}),
            vol.Optional(CONF_STEPS, default=list): _steps_selector(labels),
            vol.Required(CONF_ROUNDS, default=_DEFAULT.rounds): vol.All(rounds, vol.Coerce(int)),
            _marker(SECTION_ANSWERS, answers, shown): section(answers, {"collapsed": True}),
            _marker(SECTION_AFTERWARDS, afterwards, shown): section(
                afterwards, {"collapsed": True}
            ),
        }
    )


def _marker(name: str, inner: vol.Schema, shown: Mapping[str, Any]) -> vol.Marker:
    """Return the key of a section with all that it shows.

    The page looks only at what is suggested for the whole, and sends the rest as empty or off.
    """
    suggested = inner({}) | shown.get(name, {})
    return vol.Required(name, default=dict, description={"suggested_value": suggested})


def _steps_selector(labels: Mapping[str, str]) -> ObjectSelector:
    """Return the list of steps; its dialog gets no translations for the options of a select."""
    channel = SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=one.value, label=labels.get(one.value, one.value))
                for one in (Channel.TWO_WAY, Channel.SMS, Channel.VOICE)
            ],
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
    return ObjectSelector(
        ObjectSelectorConfig(
            multiple=True,
            label_field=CONF_RECIPIENTS,
            translation_key=CONF_STEPS,
            fields={
                CONF_RECIPIENTS: ObjectSelectorField(required=True, selector=_notify_selector()),
                CONF_CHANNEL: ObjectSelectorField(selector=channel),
                CONF_WAIT: ObjectSelectorField(default=_clock(DEFAULT_WAIT), selector=_DURATION),
            },
        )
    )


def _notify_selector() -> EntitySelector:
    return EntitySelector(
        EntitySelectorConfig(
            multiple=True,
            filter=[EntityWithDeviceFilterSelectorConfig(domain=Platform.NOTIFY.value)],
        )
    )


async def _channel_labels(hass: HomeAssistant) -> dict[str, str]:
    """Return the words of the channels in the home's language; nobody knows whose page it is."""
    texts = await async_get_translations(hass, hass.config.language, "selector", {DOMAIN})
    path = f"component.{DOMAIN}.selector.{CONF_CHANNEL}.options."
    return {channel.value: texts[f"{path}{channel.value}"] for channel in Channel}


def _entity_id(hass: HomeAssistant, one: str) -> str | None:
    """Return the notify entity of one of our recipients, or what another reference means."""
    unique_id = f"{one}_notify"
    ours = er.async_get(hass).async_get_entity_id(Platform.NOTIFY, DOMAIN, unique_id)
    return ours or entity_of(hass, one)


def _flat(form: Form) -> Form:
    """Return the answer as it is stored: without sections, words without outer spaces."""
    data = {key: value for key, value in form.items() if key not in SECTIONS}
    for name in SECTIONS:
        data |= form.get(name, {})
    for key in (CONF_NAME, CONF_MESSAGE, CONF_END_MESSAGE):
        if key in data:
            data[key] = data[key].strip()
    return {key: value for key, value in data.items() if value != "" or key == CONF_NAME}


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _clock(span: timedelta) -> dict[str, int]:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return {"hours": hours, "minutes": minutes, "seconds": seconds}
