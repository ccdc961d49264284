"""The repair issue of an automation whose trigger names a contact that does not exist."""

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..runtime.trail import async_warn_once
from .contact_filter import ContactFilter
from .phones import quotable


class UnknownContactsIssue:
    """The issue of one trigger: raised at once, deleted when all its contacts exist."""

    def __init__(self, hass: HomeAssistant, contacts: ContactFilter, owner: object) -> None:
        """Keep the trigger's contacts and its owner; only an automation gets an issue."""
        self._hass = hass
        self._contacts = contacts
        self._automation = owner if isinstance(owner, Entity) else None
        self._unknown: list[tuple[int, str]] = []
        # An automation may have several triggers, each with its own contacts.
        self._issue_id = f"unknown_contacts_{id(self):x}"

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Follow changes of recipients and their entities until the returned callback is called."""
        hass = self._hass
        stops = [
            async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_entry_changed),
            hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._async_entity_changed),
        ]
        self._async_review()

        @callback
        def stop() -> None:
            for one in stops:
                one()
            self._unknown = []
            ir.async_delete_issue(hass, DOMAIN, self._issue_id)

        return stop

    @callback
    def _async_entry_changed(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN:
            self._async_review()

    @callback
    def _async_entity_changed(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        if event.data["entity_id"].startswith("notify."):
            self._async_review()

    @callback
    def _async_review(self) -> None:
        unknown = self._contacts.unknown()
        if unknown == self._unknown:
            return
        self._unknown = unknown
        if not unknown:
            ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)
        elif self._automation:
            raising = self._async_raise(self._automation, unknown)
            self._hass.async_create_task(raising, "smspilot unknown contacts")
        else:
            names = ", ".join(quotable(name) or f"No. {place}" for place, name in unknown)
            async_warn_once(self._hass, "A trigger names contacts that are unknown: %s", names)

    async def _async_raise(self, automation: Entity, unknown: list[tuple[int, str]]) -> None:
        """Raise the issue, which names the automation and its unknown contacts."""
        hass = self._hass
        # The texts may not be cached: no account need be loaded.
        texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
        quoted, position = (
            texts[f"component.{DOMAIN}.common.{key}"] for key in ("quoted", "position")
        )
        names = (
            quoted.format(text=text)
            if (text := quotable(name))
            else position.format(position=place)
            for place, name in unknown
        )
        if unknown != self._unknown:
            # Changed while the texts were loaded.
            return
        ir.async_create_issue(
            hass,
            DOMAIN,
            self._issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="unknown_contacts",
            translation_placeholders={
                "automation": str(automation.name or automation.entity_id),
                "edit": f"/config/automation/edit/{automation.unique_id}",
                "names": ", ".join(names),
            },
        )
