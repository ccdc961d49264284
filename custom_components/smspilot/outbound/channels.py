"""A text to several targets, each by the channel chosen in the recipient's form."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..client import Kind
from ..const import ATTR_SENDER, ATTR_TWO_WAY, ATTR_WAIT, CONF_CHANNEL
from ..contacts.recipients import Channel, Recipient, display_name, recipients
from ..errors import combined_error
from .message import OutboundMessage, SendOptions, compose
from .outbox import Outbox
from .result import Row
from .targets import Target, Targets, resolve_targets

type Group = tuple[Channel, str | None]


class ChannelSender:
    """Sends for notify entities and legacy notify services."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, outbox: Outbox) -> None:
        self._hass = hass
        self._entry = entry
        self._outbox = outbox

    async def async_notify_recipient(self, recipient: Recipient, message: str) -> None:
        """Send a text to all numbers of a recipient by their channel."""
        # By id: Home Assistant can rename a recipient to another's name, or to a number.
        await self.async_notify([recipient.id], message, {})

    async def async_notify(
        self, named: Iterable[object], message: str, fields: Mapping[str, Any]
    ) -> None:
        """Send a text to recipients by their channels and to numbers as SMS.

        A target that is refused raises after the text has gone out to the others.
        """
        targets = await resolve_targets(self._hass, self._entry, phones=named, apart=True)
        messages = self._messages(targets, message, fields)
        # Refused targets beside others are added to the errors below.
        refused = () if targets.to else targets.refused
        results = await self._outbox.async_send_all(messages, refused, strict=True)
        rows: list[Row] = []
        errors: list[tuple[str, HomeAssistantError]] = []
        for one, result in zip(messages, results, strict=True):
            if isinstance(result, HomeAssistantError):
                errors.append((self._names(one), result))
            elif isinstance(result, BaseException):
                raise result
            else:
                rows += result.rows
        partly = len(errors) < len(results)
        if targets.to:
            errors += (("", why) for _named, why in targets.refused)
        if errors:
            raise combined_error(self._hass, errors, partly=partly)
        await self._outbox.async_wait(rows, fields.get(ATTR_WAIT, timedelta(0)))

    def _messages(
        self, targets: Targets, text: str, fields: Mapping[str, Any]
    ) -> list[OutboundMessage]:
        """Return a message for each channel and sender."""
        messages: list[OutboundMessage] = []
        reached: set[tuple[Kind, str]] = set()
        for (channel, sender), group in self._groups(targets, fields).items():
            options = replace(SendOptions.from_fields(fields), sender=sender)
            message = compose(self._entry, channel, text, (), options)
            # A number that is named twice gets each kind of message once.
            to = tuple(one for one in group if (message.kind, one.phone) not in reached)
            reached |= {(message.kind, one.phone) for one in to}
            if to or not group:
                messages.append(replace(message, targets=to))
        return messages

    def _groups(self, targets: Targets, fields: Mapping[str, Any]) -> dict[Group, list[Target]]:
        """Return the targets by channel and sender."""
        by_id = {recipient.id: recipient for recipient in recipients(self._entry)}
        two_way = fields.get(ATTR_TWO_WAY)
        chosen = fields.get(CONF_CHANNEL) or (Channel.TWO_WAY if two_way else None)
        groups: dict[Group, dict[str, Target]] = {}
        for target in targets.to:
            recipient = by_id.get(target.recipient_id or "")
            channel = chosen or (recipient.channel if recipient else Channel.SMS)
            if two_way is False and channel is Channel.TWO_WAY:
                channel = Channel.SMS
            sender = fields.get(ATTR_SENDER) or (recipient.sender if recipient else None)
            groups.setdefault((channel, sender), {}).setdefault(target.phone, target)
        if not groups:
            # No target is left: the outbox raises the reasons for the empty message.
            groups[Channel.SMS, None] = {}
        return {group: list(targets.values()) for group, targets in groups.items()}

    def _names(self, message: OutboundMessage) -> str:
        names = (display_name(self._entry, to.phone, to.recipient_id) for to in message.targets)
        return ", ".join(dict.fromkeys(names))
