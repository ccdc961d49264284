"""The door for pushes: parse into a value, hand it on, answer at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import ClientError
from aiohttp.hdrs import METH_GET, METH_POST
from aiohttp.web import BaseRequest, Request, RequestPayloadError, Response
from homeassistant.components import webhook
from homeassistant.const import CONF_WEBHOOK_ID, EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from yarl import URL

from .account import Account
from .client import InboundMessage, MessageRow
from .client.values import whole
from .const import CONF_CLOUDHOOK_URL, DOMAIN, LOGGER
from .events import SIGNAL_PUSH, Push
from .options import Options
from .runtime.trail import async_trace
from .webhook_url import async_make_url, known_url

# The longest message with all its attributes is a small part of this.
MAX_BODY_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 100
MAX_FIELD_LENGTH: Final = 64
# A flood of nonsense writes one line so often.
LOG_EVERY: Final = 60.0

# In place of a host.
CLOUD: Final = "cloud"
# Sections 2.1 and 6.1.
STATUS_FIELDS: Final = {"server_id", "phone", "status"}
INBOUND_FIELDS: Final = {"id", "phone", "message"}


class MalformedPush(Exception):
    """Nothing the service would send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPush:
    """A message is said to have another status."""

    message: MessageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundPush:
    """Somebody is said to have written."""

    message: InboundMessage
    user_id: str


class PushReceiver:
    """The webhook of an account."""

    def __init__(self, account: Account) -> None:
        """Stand in front of the account."""
        self._account = account
        self._logged = -LOG_EVERY
        self.malformed = 0

    async def handle(self, _hass: HomeAssistant, _webhook_id: str, request: Request) -> Response:
        """Answer a push; what it wakes is done afterwards."""
        account = self._account
        try:
            push = parse(await _fields(request), account.inbox.now)
        except MalformedPush:
            self._count_malformed()
            self._trace("push refused", reason="malformed")
            return Response(status=HTTPStatus.BAD_REQUEST)
        verify = Options.from_entry(account.entry).verify_pushes or not account.publisher.started
        match push:
            case StatusPush(message=message) if verify and message.id:
                self._trace("status pushed", message_id=_plain_id(message.id))
                account.deliveries.push(message.id, message.status)
            case StatusPush(message=message):
                self._trace("status pushed", message_id=_plain_id(message.id))
                account.deliveries.push_unverified(message)
            case InboundPush(user_id=user_id) if not verify and self._foreign(user_id):
                self._trace("push refused", reason="another account's")
                return Response(status=HTTPStatus.FORBIDDEN)
            case InboundPush(message=message):
                account.inbox.push(message, door_of(request))
        return Response(status=HTTPStatus.OK)

    def _trace(self, step: str, **details: str | None) -> None:
        async_trace(self._account.hass, self._account.entry.entry_id, step, **details)

    @callback
    def open(self) -> None:
        """Let pushes in at the address that is known, and follow it when it changes."""
        hass, entry = self._account.hass, self._account.entry
        webhook.async_register(
            hass,
            DOMAIN,
            entry.title,
            entry.data[CONF_WEBHOOK_ID],
            self.handle,
            local_only=False,
            allowed_methods=[METH_GET, METH_POST],
        )
        entry.async_on_unload(lambda: webhook.async_unregister(hass, entry.data[CONF_WEBHOOK_ID]))
        self._take_address(known_url(hass, entry.data[CONF_WEBHOOK_ID], self._cloudhook))

        @callback
        def changed(_news: object = None) -> None:
            entry.async_create_background_task(hass, self._find_address(), "smspilot address")

        entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, changed))
        if "cloud" in hass.config.components:
            from homeassistant.components import cloud  # noqa: PLC0415 - only where it is set up

            entry.async_on_unload(cloud.async_listen_connection_change(hass, changed))
            # It may have to be made, which takes the cloud as long as it likes.
            changed()

    async def _find_address(self) -> None:
        """Find out where the API can push to."""
        hass, entry = self._account.hass, self._account.entry
        known = self._cloudhook
        url, cloudhook = await async_make_url(hass, entry.data[CONF_WEBHOOK_ID], known)
        if cloudhook and cloudhook != known:
            data = {**entry.data, CONF_CLOUDHOOK_URL: cloudhook}
            hass.config_entries.async_update_entry(entry, data=data)
        self._take_address(url)

    @property
    def _cloudhook(self) -> str | None:
        return self._account.entry.data.get(CONF_CLOUDHOOK_URL)

    @callback
    def _take_address(self, url: str | None) -> None:
        """Tell the rooms where the API can push to."""
        account = self._account
        account.client.push_url = url
        is_cloud = bool(url) and url == self._cloudhook
        account.inbox.push_monitor.door = CLOUD if is_cloud else URL(url or "").authority
        account.inbox.replan()
        async_dispatcher_send(
            account.hass, SIGNAL_PUSH.format(account.entry.entry_id), Push.ADDRESS
        )

    def _foreign(self, user_id: str) -> bool:
        return user_id not in ("", self._account.entry.unique_id)

    def _count_malformed(self) -> None:
        self.malformed += 1
        if monotonic() - self._logged >= LOG_EVERY:
            self._logged = monotonic()
            LOGGER.warning("Something that is no push of SMSPILOT came to the webhook")


def door_of(request: Request) -> str:
    """Return the host that a push was sent to, as it came in here."""
    # Home Assistant Cloud hands over a request of its own, which knows none.
    return request.host if isinstance(request, BaseRequest) else CLOUD


def _plain_id(message_id: str | None) -> str | None:
    """Return an id that may stand on the trail: a forged push may say anything in its place."""
    return message_id if message_id and message_id.isdecimal() else None


def parse(fields: Mapping[str, str], now: datetime) -> StatusPush | InboundPush | None:
    """Return what a request says, or None of an empty one; a push tells no time."""
    if not fields:
        return None
    try:
        if fields.keys() >= STATUS_FIELDS:
            if not _short(fields["server_id"]):
                raise MalformedPush
            return StatusPush(message=MessageRow.from_api(fields))
        if fields.keys() >= INBOUND_FIELDS:
            return _inbound(fields, now)
    except ArithmeticError, LookupError, TypeError, ValueError:
        raise MalformedPush from None
    raise MalformedPush


def _inbound(fields: Mapping[str, str], now: datetime) -> InboundPush:
    message_id, phone = fields["id"], fields["phone"]
    if not _short(message_id) or not message_id.isdecimal() or not _short(phone):
        raise MalformedPush
    message = InboundMessage(
        id=message_id,
        phone=whole(phone).lstrip("+"),
        service_number=whole(fields.get("num", ""))[:MAX_FIELD_LENGTH],
        message=whole(fields["message"]),
        created=now,
        seen=False,
    )
    return InboundPush(message=message, user_id=whole(fields.get("user_id", "")))


def _short(value: str) -> bool:
    return 0 < len(value) <= MAX_FIELD_LENGTH


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of query and form."""
    # Home Assistant Cloud's request makes a new stream each time it is asked for one.
    content, body = request.content, bytearray()
    try:
        while chunk := await content.read(MAX_BODY_BYTES + 1 - len(body)):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise MalformedPush
        form = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ClientError, RequestPayloadError, OSError, ValueError:
        raise MalformedPush from None
    if body and not form:
        raise MalformedPush
    return {**request.query, **dict(form)} if request.query_string else dict(form)
