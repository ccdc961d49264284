"""The webhook: a push gets its response at once, other requests are refused, nothing crashes it."""

import logging
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.smspilot.const import (
    CONF_INBOUND_INTERVAL,
    CONF_VERIFY_PUSHES,
    EVENT_MESSAGE_STATUS,
    EVENT_SMS_RECEIVED,
)

from .common import PAPA, WEBHOOK_ID, CapturedEvents, Clock, act, add_account, person, write
from .simulator import PushBody, Pushes
from .simulator.simulator import Simulator

PATH = f"/api/webhook/{WEBHOOK_ID}"
STATUS = {"server_id": "182000001", "phone": "79087964781", "status": "2", "error": "0"}
GATE = "Открой ворота"
FORM = "id=1&phone=79087964781&user_id=5671"
INBOUND = {"phone": "79087964781", "message": "on", "user_id": "5671", "id": "54321", "num": "7953"}


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({}, 200),
        (STATUS, 200),
        (INBOUND, 200),
        (INBOUND | {"user_id": "1"}, 200),
        (INBOUND | {"phone": "Sberbank"}, 200),
        (STATUS | {"message": "text", "created": "2026-11-01 10:00:00"}, 200),
        ({"hello": "world"}, 400),
        # Its id is enough to start a read; other fields may be odd.
        (STATUS | {"status": "delivered"}, 200),
        ({"server_id": "182000001"}, 200),
        (STATUS | {"server_id": ""}, 400),
        ({key: value for key, value in INBOUND.items() if key != "message"}, 200),
        ({"id": "54321"}, 200),
        (INBOUND | {"id": "abc"}, 400),
        (INBOUND | {"phone": "7" * 65}, 200),
        # Cut short, it would be a push like any other.
        ({"id": "54321", "phone": "79087964781", "message": "x" * 70_000}, 400),
        (STATUS | {"created": "9" * 30}, 200),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
async def test_answers(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    method: str,
    fields: dict[str, str],
    answer: int,
) -> None:
    """Query and form are taken alike."""
    if method == "get" and len(str(fields)) > 8000:
        pytest.skip("the server itself refuses so long a query")
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client_no_auth()
    await add_account(hass, simulator)
    if method == "get":
        response = await client.get(PATH, params=fields)
    else:
        response = await client.post(PATH, data=fields)
    assert response.status == answer


@pytest.mark.parametrize("body", [b"\xff\xfe", b"no form at all", b"&".join([b"a=1"] * 200)])
async def test_other_bodies(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
) -> None:
    """What the service would never send is refused, said once a minute, and not repeated."""
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client_no_auth()
    await add_account(hass, simulator)
    for _ in range(5):
        assert (await client.post(PATH, data=body)).status == 400
    assert sum("no push of SMSPILOT" in record.message for record in caplog.records) == 1


async def test_through_the_cloud(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_ws_client: WebSocketGenerator,
    clock: Clock,
) -> None:
    """Home Assistant Cloud hands over a request that is none of aiohttp's."""
    assert await async_setup_component(hass, "webhook", {})
    websocket = await hass_ws_client(hass)
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    message_id = await write(simulator, PAPA, "5671 Открой")
    body = f"phone=79087964781&message=x&user_id=5671&id={message_id}&num=7953"
    await websocket.send_json_auto_id(
        {
            "type": "webhook/handle",
            "webhook_id": WEBHOOK_ID,
            "method": "POST",
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            "query": "",
            "body": body,
        }
    )
    answer: dict[str, Any] = await websocket.receive_json()
    assert answer["result"]["status"] == 200
    await clock.advance(1)
    assert captured.of("message") == ["Открой"]


async def test_any_client_gets_a_response(
    hass: HomeAssistant, simulator: Simulator, hass_ws_client: WebSocketGenerator
) -> None:
    """The service calls from anywhere, in either method."""
    assert await async_setup_component(hass, "webhook", {})
    websocket = await hass_ws_client(hass)
    await add_account(hass, simulator)
    await websocket.send_json_auto_id({"type": "webhook/list"})
    (push_receiver,) = (await websocket.receive_json())["result"]
    assert not push_receiver["local_only"]
    assert {"GET", "POST"} <= {*push_receiver["allowed_methods"]}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    method: str,
) -> None:
    """A method that is not served gives the address to no log."""
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client_no_auth()
    await add_account(hass, simulator)
    caplog.clear()
    response = await client.request(method, PATH)
    assert response.status == (200 if method == "HEAD" else 405)
    # The test's server logs each request; Home Assistant's does not.
    kept = [
        one.getMessage()
        for one in caplog.records
        if one.levelno > logging.DEBUG and one.name != "aiohttp.access"
    ]
    assert not [line for line in kept if WEBHOOK_ID in line]


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("body", list(PushBody))
@pytest.mark.parametrize("verify", [True, False])
async def test_bodies(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, body: PushBody, *, verify: bool
) -> None:
    """However a push is written, it wakes the read, or is taken at its word."""
    options = {CONF_VERIFY_PUSHES: verify, CONF_INBOUND_INTERVAL: 0}
    await add_account(hass, simulator, people=[person("Папа", PAPA)], options=options)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    simulator.options.push_body = body
    simulator.options.push_extra = {"odd": "?", "user_id": "5671"}
    await write(simulator, PAPA, "5671 Открой ворота")
    await clock.advance(2)
    assert captured.of("message") == ["Открой ворота"]


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("written", ["{}", "0{}", " {} ", "{}.0", "+{}"])
@pytest.mark.parametrize("verify", [True, False])
async def test_id_in_another_form(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    clock: Clock,
    written: str,
    *,
    verify: bool,
) -> None:
    """However an id is written, it is that message's, which is published once."""
    options = {CONF_VERIFY_PUSHES: verify, CONF_INBOUND_INTERVAL: 3600}
    await add_account(hass, simulator, people=[person("Папа", PAPA)], options=options)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    simulator.options.pushes = Pushes.OFF
    message_id = await write(simulator, PAPA, "5671 Открой ворота")
    client = await hass_client_no_auth()
    push = INBOUND | {"id": written.format(message_id), "message": "Открой ворота"}
    # A status push has an id of its own, and 0 is none.
    assert (await client.post(PATH, data=push | {"server_id": "0"})).status == 200
    await clock.advance(2)
    assert captured.of("message") == ["Открой ворота"]
    await client.post(PATH, data=push | {"id": message_id})
    await clock.advance(3601)
    assert len(captured.data) == 1


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize(
    ("body", "is_readable"),
    [
        (f"{FORM}&message=Открой ворота".encode(), True),
        (f"{FORM}&message=Открой ворота".encode("cp1251"), True),
        (f"\ufeff{FORM}&message=Открой ворота".encode(), True),
        (b'{"id": 1, "phone": "79087964781", "message": "%s"}' % GATE.encode("cp1251"), True),
        (f"{FORM}&message=".encode() + b"%98%D0%9E%D1%82%D0", False),
    ],
)
async def test_text_that_should_be_escaped(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    clock: Clock,
    body: bytes,
    *,
    is_readable: bool,
) -> None:
    """Taken at its word, a push has the text that was written; one that is garbled is read."""
    options = {CONF_VERIFY_PUSHES: False, CONF_INBOUND_INTERVAL: 0}
    await add_account(hass, simulator, people=[person("Папа", PAPA)], options=options)
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    simulator.options.pushes, simulator.next_inbound_id = Pushes.OFF, 1
    assert await write(simulator, PAPA, f"5671 {GATE}") == "1"
    client = await hass_client_no_auth()
    await client.post(PATH, data=body)
    await clock.advance(2)
    assert captured.of("message") == [GATE]
    assert captured.of("verified") == [not is_readable]


@pytest.mark.usefixtures("_webhook_server")
@pytest.mark.parametrize("body", list(PushBody))
async def test_status_bodies(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, body: PushBody
) -> None:
    """The same of a status."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    simulator.options.push_body = body
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(3)
    assert captured.of("status")[-1] == "delivered"


async def test_status_push(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    clock: Clock,
) -> None:
    """A forged status is not published; the API's own response is."""
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client_no_auth()
    await add_account(hass, simulator)
    captured = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    response = await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    server_id = response["messages"][0]["message_id"]
    await client.post(PATH, data=STATUS | {"server_id": server_id})
    await clock.advance(1)
    assert captured.data == []
    await simulator.deliver(int(server_id))
    await clock.advance(3)
    assert captured.of("status") == ["delivered"]


async def test_gone_with_the_entry(
    hass: HomeAssistant, simulator: Simulator, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A reload keeps the webhook, removal deletes it."""
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client_no_auth()
    entry = await add_account(hass, simulator)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert (await client.post(PATH, data={"hello": "world"})).status == 400
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert (await client.post(PATH, data={"hello": "world"})).status == 200


@pytest.mark.usefixtures("_webhook_server")
async def test_changed_address_reads_often(
    hass: HomeAssistant, simulator: Simulator, clock: Clock
) -> None:
    """At an address nothing was pushed to yet, the list is read every minute."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    await write(simulator, PAPA, "5671 раз")
    await clock.advance(2)
    simulator.requests.clear()
    await hass.config.async_update(external_url="https://new.example.com")
    for _ in range(5):
        await clock.advance(61)
    assert len(simulator.calls("inbound")) == 5
