"""A button that shows whether a recipient is reached."""

from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import SmspilotConfigEntry
from .entity import RecipientEntity, add_for_recipients
from .errors import async_words
from .events import SIGNAL_NOTIFIED

PARALLEL_UPDATES = 0

TEST_MESSAGE = ButtonEntityDescription(
    key="test_message",
    translation_key="test_message",
    entity_category=EntityCategory.CONFIG,
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmspilotConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button for each recipient."""

    def make(subentry: ConfigSubentry) -> list[Entity]:
        return [TestMessageButton(entry, subentry, TEST_MESSAGE, Platform.BUTTON)]

    add_for_recipients(entry, async_add_entities, make)


class TestMessageButton(RecipientEntity, ButtonEntity):
    """Send a short text by the recipient's channel."""

    @override
    async def async_press(self) -> None:
        """Send it; whether it arrived is told on the person's page, by a row of the logbook."""
        text = async_words(self.hass, "test_message")
        await self.account.channels.async_notify_recipient(self.recipient, text)
        signal = SIGNAL_NOTIFIED.format(self.account.entry.entry_id)
        async_dispatcher_send(self.hass, signal, self.recipient.id)
