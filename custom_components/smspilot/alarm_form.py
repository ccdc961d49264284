"""The schema of an alarm's form."""

from collections.abc import Container, Mapping
from datetime import timedelta
from typing import Any, Final

from homeassistant.const import CONF_NAME, Platform
from homeassistant.data_entry_flow import section
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
import voluptuous as vol

from .alarms.plan import DEFAULT_WAIT, MAX_ROUNDS, Plan
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
    SECTION_AFTERWARDS,
    SECTION_ANSWERS,
    SECTION_START,
)
from .contacts.recipients import Channel

SECTIONS: Final = (SECTION_START, SECTION_ANSWERS, SECTION_AFTERWARDS)
SOURCE_DOMAINS: Final = (
    Platform.BINARY_SENSOR.value,
    "input_boolean",
    Platform.ALARM_CONTROL_PANEL.value,
)
_DEFAULT: Final = Plan(id="", name="")
_TEXT: Final = TextSelector()
_DURATION: Final = DurationSelector(DurationSelectorConfig(enable_day=False))
_ANSWERS: Final = vol.Schema(
    {
        vol.Required(CONF_TELL_OTHERS, default=True): BooleanSelector(),
        vol.Required(CONF_CODE, default=False): BooleanSelector(),
        vol.Required(CONF_PICK_UP, default=False): BooleanSelector(),
    }
)


def alarm_schema(
    labels: Mapping[str, str],
    shown: Mapping[str, Any],
    opened: Container[str] = (),
) -> vol.Schema:
    """Return the schema with the values in `shown`, some of its sections opened."""

    def folded(name: str, inner: vol.Schema) -> section:
        return section(inner, {"collapsed": name not in opened})

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
            _marker(SECTION_START, start, shown): folded(SECTION_START, start),
            vol.Optional(CONF_STEPS, default=list): _steps_selector(labels),
            vol.Required(CONF_ROUNDS, default=_DEFAULT.rounds): vol.All(rounds, vol.Coerce(int)),
            _marker(SECTION_ANSWERS, _ANSWERS, shown): folded(SECTION_ANSWERS, _ANSWERS),
            _marker(SECTION_AFTERWARDS, afterwards, shown): folded(SECTION_AFTERWARDS, afterwards),
        }
    )


def _marker(name: str, inner: vol.Schema, shown: Mapping[str, Any]) -> vol.Marker:
    """Return the key of a section with the values that it shows.

    The frontend shows only the section's suggested value, and sends other fields as empty or off.
    """
    suggested = inner({}) | shown.get(name, {})
    return vol.Required(name, default=dict, description={"suggested_value": suggested})


def _steps_selector(labels: Mapping[str, str]) -> ObjectSelector:
    """Return the list of steps; the dialog does not translate options, so it gets `labels`."""
    channel = SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=one.value, label=labels.get(one.value, one.value))
                for one in (Channel.TWO_WAY, Channel.SMS, Channel.VOICE)
            ],
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
    wait = ObjectSelectorField(selector=_DURATION)
    if "default" in ObjectSelectorField.__optional_keys__:
        # Home Assistant 2026.8 shows the field empty; a step without it has the same wait.
        wait["default"] = _clock(DEFAULT_WAIT)
    return ObjectSelector(
        ObjectSelectorConfig(
            multiple=True,
            label_field=CONF_RECIPIENTS,
            translation_key=CONF_STEPS,
            fields={
                CONF_RECIPIENTS: ObjectSelectorField(required=True, selector=_notify_selector()),
                CONF_CHANNEL: ObjectSelectorField(selector=channel),
                CONF_WAIT: wait,
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


def _clock(span: timedelta) -> dict[str, int]:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return {"hours": hours, "minutes": minutes, "seconds": seconds}
