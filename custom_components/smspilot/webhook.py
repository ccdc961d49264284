"""The webhook for pushes: parses each into a value, passes it on, and responds at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import monotonic
from typing import Final

from aiohttp.hdrs import METH_GET, METH_HEAD, METH_POST
from aiohttp.web import BaseRequest, Request, Response
from homeassistant.components import webhook
from homeassistant.components.webhook import SUPPORTED_METHODS
from homeassistant.const import CONF_WEBHOOK_ID, EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from yarl import URL

from .account import Account
from .client import InboundMessage, MessageRow, Status
from .client.values import identifier, without_lone_surrogates
from .const import CONF_CLOUDHOOK_URL, DOMAIN, LOGGER
from .events import SIGNAL_PUSH, Push
from .options import Options
from .push_body import REPLACEMENT, MalformedPush, async_push_fields
from .runtime.trail import async_trace
from .webhook_url import async_make_url, known_url

MAX_FIELD_LENGTH: Final = 64
# Seconds between two log lines about malformed requests.
LOG_INTERVAL: Final = 60.0

# In place of a host.
CLOUD: Final = "cloud"
SERVED_METHODS: Final = (METH_GET, METH_HEAD, METH_POST)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPush:
    """The push of a message's status; `message` is None where that cannot be read."""

    message_id: str
    message: MessageRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundPush:
    """The push of an inbound message."""

    message: InboundMessage
    user_id: str
    # Whether it has all that is needed to publish it without a read of the list.
    is_whole: bool


class PushReceiver:
    """The webhook of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._logged_at = -LOG_INTERVAL
        # How many requests were no pushes, for diagnostics.
        self.malformed = 0

    async def handle(self, _hass: HomeAssistant, _webhook_id: str, request: Request) -> Response:
        """Respond to a request; the reads that a push starts are made afterwards."""
        # A method that is not registered would make Home Assistant log the webhook's address.
        if request.method not in SERVED_METHODS:
            served = ", ".join(SERVED_METHODS)
            return Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": served})
        try:
            push = parse(await async_push_fields(request), self._account.inbox.now)
            return Response(status=self._apply(push, host_of(request)))
        except MalformedPush:
            self._count_malformed()
            self._trace("push refused", reason="malformed")
        except Exception:  # noqa: BLE001 - Home Assistant would log it with the webhook's address
            LOGGER.exception("Unexpected error with a push")
        return Response(status=HTTPStatus.BAD_REQUEST)

    @callback
    def _apply(self, push: StatusPush | InboundPush | None, host: str) -> HTTPStatus:
        """Pass a push on to deliveries or the inbox, and return the status of the response."""
        account = self._account
        verify = Options.from_entry(account.entry).verify_pushes or not account.publisher.started
        match push:
            case StatusPush(message_id=message_id, message=message):
                self._trace("status pushed", message_id=message_id)
                if message and not verify:
                    account.deliveries.push_unverified(message)
                else:
                    # DELIVERED follows each status that is not final. So for one that cannot be
                    # read it always starts a read, which finds out the true one.
                    status = message.status if message else Status.DELIVERED
                    account.deliveries.push(message_id, status)
            case InboundPush(user_id=user_id) if not verify and self._is_foreign(user_id):
                self._trace("push refused", reason="another account's")
                return HTTPStatus.FORBIDDEN
            case InboundPush(message=message, is_whole=is_whole):
                account.inbox.push(message, host, is_whole=is_whole)
        return HTTPStatus.OK

    def _trace(self, step: str, **details: str | None) -> None:
        async_trace(self._account.hass, self._account.entry.entry_id, step, **details)

    @callback
    def open(self) -> None:
        """Register the webhook, and follow changes of its address until the entry is unloaded."""
        hass, entry = self._account.hass, self._account.entry
        webhook.async_register(
            hass,
            DOMAIN,
            entry.title,
            entry.data[CONF_WEBHOOK_ID],
            self.handle,
            local_only=False,
            allowed_methods=SUPPORTED_METHODS,
        )
        entry.async_on_unload(lambda: webhook.async_unregister(hass, entry.data[CONF_WEBHOOK_ID]))
        self._set_address(known_url(hass, entry.data[CONF_WEBHOOK_ID], self._cloudhook))

        @callback
        def update(_change: object = None) -> None:
            entry.async_create_background_task(hass, self._update_address(), "smspilot address")

        entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, update))
        if "cloud" in hass.config.components:
            from homeassistant.components import cloud  # noqa: PLC0415 - only where it is set up

            entry.async_on_unload(cloud.async_listen_connection_change(hass, update))
            # In the background: the cloud may have to make a cloudhook, which can take long.
            update()

    async def _update_address(self) -> None:
        """Get the webhook's address, store a new cloudhook, and apply the address."""
        hass, entry = self._account.hass, self._account.entry
        known = self._cloudhook
        url, cloudhook = await async_make_url(hass, entry.data[CONF_WEBHOOK_ID], known)
        if cloudhook and cloudhook != known:
            data = {**entry.data, CONF_CLOUDHOOK_URL: cloudhook}
            hass.config_entries.async_update_entry(entry, data=data)
        self._set_address(url)

    @property
    def _cloudhook(self) -> str | None:
        return self._account.entry.data.get(CONF_CLOUDHOOK_URL)

    @callback
    def _set_address(self, url: str | None) -> None:
        """Give the address to the client and the push monitor, and signal the change."""
        account = self._account
        account.client.push_url = url
        is_cloud = bool(url) and url == self._cloudhook
        account.inbox.push_monitor.host = CLOUD if is_cloud else URL(url or "").authority
        account.inbox.replan()
        async_dispatcher_send(
            account.hass, SIGNAL_PUSH.format(account.entry.entry_id), Push.ADDRESS
        )

    def _is_foreign(self, user_id: str) -> bool:
        return user_id not in ("", self._account.entry.unique_id)

    def _count_malformed(self) -> None:
        self.malformed += 1
        if monotonic() - self._logged_at >= LOG_INTERVAL:
            self._logged_at = monotonic()
            LOGGER.warning("Something that is no push of SMSPILOT came to the webhook")


def host_of(request: Request) -> str:
    """Return the host that a push was sent to."""
    # Home Assistant Cloud passes on a request of another class, which has no host.
    return request.host if isinstance(request, BaseRequest) else CLOUD


def parse(fields: Mapping[str, str], now: datetime) -> StatusPush | InboundPush | None:
    """Return the push in a request's fields, None where there are none.

    Raises `MalformedPush` where there is no id; all other fields may be missing or malformed. A
    push has no time, so an inbound message gets `now`.
    """
    if not fields:
        return None
    if _is_id(server_id := identifier(fields.get("server_id"))):
        try:
            return StatusPush(message_id=server_id, message=MessageRow.from_api(fields))
        except ArithmeticError, LookupError, TypeError, ValueError:
            return StatusPush(message_id=server_id, message=None)
    if not _is_id(message_id := identifier(fields.get("id"))):
        raise MalformedPush
    message = InboundMessage(
        id=message_id,
        phone=without_lone_surrogates(fields.get("phone", "")).lstrip("+")[:MAX_FIELD_LENGTH],
        service_number=without_lone_surrogates(fields.get("num", ""))[:MAX_FIELD_LENGTH],
        message=without_lone_surrogates(fields.get("message", "")),
        created=now,
        seen=False,
    )
    # A text of an unknown character set is left to the list.
    is_readable = "message" in fields and REPLACEMENT not in message.message
    user_id = without_lone_surrogates(fields.get("user_id", ""))
    return InboundPush(
        message=message, user_id=user_id, is_whole=bool(message.phone) and is_readable
    )


def _is_id(value: str) -> bool:
    return 0 < len(value) <= MAX_FIELD_LENGTH and value.isdecimal()
