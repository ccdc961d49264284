"""Assist by SMS: a recipient's message is an order, and its answer one SMS."""

from collections import deque
from typing import Final

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.ulid import ulid_now

from .account import Account
from .const import DEFAULT_MAX_AGE, LOGGER
from .contacts.recipients import Channel, display_name, owners
from .inbound.classify import Classified
from .options import Options
from .outbound.message import compose
from .outbound.targets import Target

# A conversation goes on so long after its last word.
CONVERSATION: Final = 600.0
HOUR: Final = 3600.0
MAX_PER_HOUR: Final = 10
DEFAULT_PARTS: Final = 3


class AssistResponder:
    """The ear of an account."""

    def __init__(self, account: Account) -> None:
        """Listen to nobody yet."""
        self._account = account
        # When, by the loop's clock: no correction of a machine's clock moves it.
        self._heard: dict[str, deque[float]] = {}
        self._conversations: dict[str, tuple[str, float]] = {}

    @callback
    def start(self) -> None:
        """Listen to the inbox."""
        account = self._account
        account.entry.async_on_unload(account.inbox.add_listener(self._hear))

    @callback
    def _hear(self, message: Classified) -> None:
        """Obey a recipient whom the service confirms, and now."""
        account = self._account
        sharing = [one for one in owners(account.entry, message.phone) if one.assist]
        if not sharing or not message.verified or not message.text.strip():
            return
        if message.age > DEFAULT_MAX_AGE.total_seconds() or message.phone == message.service_number:
            return
        # Wrong PINs count too: whoever borrows the number does not try them all.
        if not self._admit(message.phone):
            name = display_name(account.entry, message.phone, message.recipient_id)
            LOGGER.warning("%s has written to Assist too often within an hour", name)
            return
        person = next((one for one in sharing if one.id == message.recipient_id), None)
        if not person:
            return
        if message.pin_ok is False:
            LOGGER.warning("A message of %s for Assist has not their PIN", person.name)
            return
        account.entry.async_create_background_task(
            account.hass,
            self._answer(Target(message.phone, person.id), message.text),
            "smspilot assist",
        )

    def _admit(self, phone: str) -> bool:
        now = self._account.hass.loop.time()
        times = self._heard.setdefault(phone, deque(maxlen=MAX_PER_HOUR))
        if len(times) == MAX_PER_HOUR and now - times[0] < HOUR:
            return False
        times.append(now)
        return True

    async def _answer(self, to: Target, message: str) -> None:
        """Ask the agent of the preferred pipeline, and send its answer back."""
        account = self._account
        parts = Options.from_entry(account.entry).max_parts or DEFAULT_PARTS
        try:
            if answer := await self._ask(to.phone, message):
                order = compose(account.entry, Channel.SMS, answer, (to,), cut_at=parts)
                await account.outbox.async_send(order, strict=True)
        # An agent that is gone is a ValueError.
        except (HomeAssistantError, ValueError) as err:
            LOGGER.warning("Assist's answer was not sent: %s", err)

    async def _ask(self, phone: str, message: str) -> str | None:
        hass = self._account.hass
        if "conversation" not in hass.config.components:
            LOGGER.warning("Assist is not set up, so a message for it is not answered")
            return None
        # Only where it is set up: its requirements are not ours.
        from homeassistant.components import conversation  # noqa: PLC0415
        from homeassistant.core import Context  # noqa: PLC0415

        now = hass.loop.time()
        conversation_id, last = self._conversations.get(phone, ("", now))
        if not conversation_id or now - last > CONVERSATION:
            conversation_id = ulid_now()
        result = await conversation.async_converse(
            hass,
            text=message,
            conversation_id=conversation_id,
            context=Context(),
            language=hass.config.language,
            agent_id=self._agent(),
        )
        self._conversations[phone] = (result.conversation_id or conversation_id, now)
        speech = result.response.speech.get("plain", {}).get("speech")
        return str(speech) if speech else None

    def _agent(self) -> str | None:
        """Return the agent of the preferred pipeline, or None for Home Assistant's own."""
        hass = self._account.hass
        if "assist_pipeline" not in hass.config.components:
            return None
        from homeassistant.components.assist_pipeline.pipeline import (  # noqa: PLC0415 - as above
            async_get_pipeline,
        )

        return async_get_pipeline(hass).conversation_engine
