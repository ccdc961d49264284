"""The buttons: a test message to each recipient, and the acknowledgement of each alarm."""

from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alarms.alarms import user_name
from .const import SUBENTRY_ALARM
from .entity import AlarmEntity, RecipientEntity, add_for_subentries
from .errors import async_words
from .events import SIGNAL_NOTIFIED
from .runtime_data import SmspilotConfigEntry

PARALLEL_UPDATES = 0

TEST_MESSAGE = ButtonEntityDescription(
    key="test_message",
    translation_key="test_message",
    entity_category=EntityCategory.CONFIG,
)
ACKNOWLEDGE = ButtonEntityDescription(key="acknowledge", translation_key="acknowledge")


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmspilotConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button for each recipient and each alarm."""

    def make(subentry: ConfigSubentry) -> list[Entity]:
        return [TestMessageButton(entry, subentry, TEST_MESSAGE, Platform.BUTTON)]

    def make_for_alarm(subentry: ConfigSubentry) -> list[Entity]:
        return [AcknowledgeButton(entry, subentry, ACKNOWLEDGE, Platform.BUTTON)]

    add_for_subentries(entry, async_add_entities, make)
    add_for_subentries(entry, async_add_entities, make_for_alarm, SUBENTRY_ALARM)


class TestMessageButton(RecipientEntity, ButtonEntity):
    """Sends a short text by the recipient's channel."""

    @override
    async def async_press(self) -> None:
        """Send the text; its delivery is shown in the logbook of the recipient's device."""
        text = async_words(self.hass, "test_message")
        await self.account.channels.async_notify_recipient(self.recipient, text)
        signal = SIGNAL_NOTIFIED.format(self.account.entry.entry_id)
        async_dispatcher_send(self.hass, signal, self.recipient.id)


class AcknowledgeButton(AlarmEntity, ButtonEntity):
    """Acknowledges an alarm."""

    @override
    async def async_press(self) -> None:
        """Acknowledge the run, if any, in the name of the user who presses the button."""
        user_id = self._context.user_id if self._context else None
        self.runner.acknowledge(await user_name(self.hass, user_id))
