"""The webhook for pushes: parse into a value, hand it on, answer at once."""

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
from .client.values import without_lone_surrogates
from .const import CONF_CLOUDHOOK_URL, DOMAIN, LOGGER
from .events import SIGNAL_PUSH, Push
from .options import Options
from .push_body import MalformedPush, async_push_fields
from .runtime.trail import async_trace
from .webhook_url import async_make_url, known_url

MAX_FIELD_LENGTH: Final = 64
# From one logged line to the next, however much nonsense comes. Seconds.
LOG_EVERY: Final = 60.0

# In place of a host.
CLOUD: Final = "cloud"
SERVED_METHODS: Final = (METH_GET, METH_HEAD, METH_POST)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPush:
    """A message is said to have another status; which one may be unreadable."""

    message_id: str
    message: MessageRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundPush:
    """Somebody is said to have written."""

    message: InboundMessage
    user_id: str
    # Whether it can be published without the list.
    is_whole: bool


class PushReceiver:
    """The webhook of an account."""

    def __init__(self, account: Account) -> None:
        """Stand in front of the account."""
        self._account = account
        self._logged = -LOG_EVERY
        self.malformed = 0

    async def handle(self, _hass: HomeAssistant, _webhook_id: str, request: Request) -> Response:
        """Answer a push; what it wakes is done afterwards."""
        # Home Assistant would log the address with a method that is not registered.
        if request.method not in SERVED_METHODS:
            served = ", ".join(SERVED_METHODS)
            return Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": served})
        try:
            push = parse(await async_push_fields(request), self._account.inbox.now)
            return Response(status=self._take(push, host_of(request)))
        except MalformedPush:
            self._count_malformed()
            self._trace("push refused", reason="malformed")
        except Exception:  # noqa: BLE001 - Home Assistant would log it with the address
            LOGGER.exception("Unexpected error with a push")
        return Response(status=HTTPStatus.BAD_REQUEST)

    @callback
    def _take(self, push: StatusPush | InboundPush | None, host: str) -> HTTPStatus:
        """Hand a push on, and return how it is answered."""
        account = self._account
        verify = Options.from_entry(account.entry).verify_pushes or not account.publisher.started
        match push:
            case StatusPush(message_id=message_id, message=message):
                self._trace("status pushed", message_id=message_id)
                if message and not verify:
                    account.deliveries.push_unverified(message)
                else:
                    status = message.status if message else Status.DELIVERED
                    account.deliveries.push(message_id, status)
            case InboundPush(user_id=user_id) if not verify and self._foreign(user_id):
                self._trace("push refused", reason="another account's")
                return HTTPStatus.FORBIDDEN
            case InboundPush(message=message, is_whole=is_whole):
                account.inbox.push(message, host, is_whole=is_whole)
        return HTTPStatus.OK

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
            allowed_methods=SUPPORTED_METHODS,
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
        account.inbox.push_monitor.host = CLOUD if is_cloud else URL(url or "").authority
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


def host_of(request: Request) -> str:
    """Return the host that a push was sent to, as it came in here."""
    # Home Assistant Cloud hands over a request of its own, which knows none.
    return request.host if isinstance(request, BaseRequest) else CLOUD


def parse(fields: Mapping[str, str], now: datetime) -> StatusPush | InboundPush | None:
    """Return what a request says, or None of an empty one; a push tells no time.

    Its id is enough: what nobody needs may be missing or odd.
    """
    if not fields:
        return None
    if _is_id(server_id := fields.get("server_id", "")):
        try:
            return StatusPush(message_id=server_id, message=MessageRow.from_api(fields))
        except ArithmeticError, LookupError, TypeError, ValueError:
            return StatusPush(message_id=server_id, message=None)
    if not _is_id(message_id := fields.get("id", "")):
        raise MalformedPush
    message = InboundMessage(
        id=message_id,
        phone=without_lone_surrogates(fields.get("phone", "")).lstrip("+")[:MAX_FIELD_LENGTH],
        service_number=without_lone_surrogates(fields.get("num", ""))[:MAX_FIELD_LENGTH],
        message=without_lone_surrogates(fields.get("message", "")),
        created=now,
        seen=False,
    )
    is_whole = bool(message.phone) and "message" in fields
    user_id = without_lone_surrogates(fields.get("user_id", ""))
    return InboundPush(message=message, user_id=user_id, is_whole=is_whole)


def _is_id(value: str) -> bool:
    return 0 < len(value) <= MAX_FIELD_LENGTH and value.isdecimal()
