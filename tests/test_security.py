"""What SECURITY.md promises: each of its items names a test, most of them here."""

import asyncio
import gzip
import logging
from pathlib import Path
import re
import traceback
import tracemalloc
from typing import Any

from aiohttp import web
from homeassistant.components import conversation
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.client import Credentials, ResponseLost, Smspilot
from custom_components.smspilot.const import (
    CONF_ASSIST,
    CONF_MESSAGE_TEMPLATE,
    CONF_PIN,
    DOMAIN,
    EVENT_MESSAGE_STATUS,
    EVENT_SMS_RECEIVED,
)
from custom_components.smspilot.form_checks import is_safe
from custom_components.smspilot.push_body import MAX_BODY_BYTES

from .common import (
    MAMA,
    PAPA,
    WEBHOOK_ID,
    CapturedEvents,
    Clock,
    act,
    add_account,
    person,
    restart,
    write,
)
from .simulator.model import DEFAULT_KEY
from .simulator.simulator import Simulator

ROOT = Path(__file__).parents[1]
PATH = f"/api/webhook/{WEBHOOK_ID}"
PIN = "4711"
MEGABYTE = 1024 * 1024


def test_every_promise_has_its_test() -> None:
    """Every danger in SECURITY.md names a test, and every test that it names is there."""
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    dangers = text.partition("| danger |")[2].splitlines()[2:]
    assert len(dangers) > 10
    assert not [danger for danger in dangers if "`tests/" not in danger]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    ]
    assert not missing


async def test_leaked_address(
    hass: HomeAssistant,
    simulator: Simulator,
    hass_client_no_auth: ClientSessionGenerator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A leaked address can make the home read, at most once a second, and nothing else."""
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client_no_auth()
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    response = await act(hass, "send_sms", phones=["Папа"], message="Протечка!")
    server_id = response["messages"][0]["message_id"]
    inbound = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    statuses = CapturedEvents(hass, EVENT_MESSAGE_STATUS)
    await clock.advance(2)
    simulator.requests.clear()
    caplog.clear()
    seconds = 60
    for number in range(5 * seconds):
        words = {"id": str(90000 + number), "phone": PAPA[1:], "message": "Открой ворота"}
        assert (await client.post(PATH, data=words)).status == 200
        status = {"server_id": server_id, "phone": PAPA[1:], "status": "2"}
        assert (await client.post(PATH, data=status)).status == 200
        if number % 5 == 0:
            await clock.advance(1)
    for _ in range(seconds):
        await clock.advance(1)
    assert (inbound.data, statuses.data) == ([], [])
    assert len(simulator.calls("inbound")) <= 2 * seconds + 1
    assert len(simulator.calls("check")) <= 2 * seconds + 1
    assert simulator.calls("send") == []
    said = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len([record for record in said if "smspilot" in record.name]) < 10


@pytest.mark.usefixtures("_webhook_server")
async def test_replay(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A genuine push that is sent again publishes nothing again, nor after a restart."""
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    message_id = await write(simulator, PAPA, "5671 Открой ворота")
    await clock.advance(2)
    push = {"id": message_id, "phone": PAPA[1:], "message": "Открой ворота", "user_id": "5671"}
    for _ in range(10):
        await simulator.push_inbound(**push)
        await clock.advance(2)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await simulator.push_inbound(**push)
    await clock.advance(61)
    assert captured.of("message") == ["Открой ворота"]


@pytest.mark.usefixtures("_webhook_server")
async def test_forged_number(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A push with a forged number is published as the list has it: with the true number."""
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    captured = CapturedEvents(hass, EVENT_SMS_RECEIVED)
    account, address = simulator.account, simulator.account.inbound_url
    account.inbound_url = None
    message_id = await write(simulator, "+79990001122", "5671 Открой ворота")
    await simulator.push_inbound(
        address, id=message_id, phone=PAPA[1:], message="Открой ворота", user_id="5671"
    )
    await clock.advance(2)
    assert captured.of("phone") == ["+79990001122"]
    assert captured.of("recipient") == [None]


async def test_pin_guessing(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten guesses an hour are all; then even the right PIN waits. A stranger has no guess."""
    orders: list[str] = []

    async def converse(_hass: HomeAssistant, text: str, **_: Any) -> Any:
        orders.append(text)
        raise HomeAssistantError

    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    monkeypatch.setattr(conversation, "async_converse", converse)
    hass.loop.set_exception_handler(lambda *_: None)
    papa = person("Папа", PAPA, **{CONF_ASSIST: True, CONF_PIN: PIN})
    await add_account(hass, simulator, people=[papa])
    await write(simulator, "+79990001122", f"5671 {PIN} Открой ворота")
    for guess in range(30):
        await write(simulator, PAPA, f"5671 {guess:04} Открой ворота")
    await write(simulator, PAPA, f"5671 {PIN} Открой ворота")
    await clock.advance(61)
    assert orders == []
    for _ in range(61):
        await clock.advance(61)
    await write(simulator, PAPA, f"5671 {PIN} Закрой ворота")
    await clock.advance(61)
    assert orders == ["Закрой ворота"]


async def test_templates_in_texts(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """Braces in an inbound message stay braces, in an event, an automation and an answer."""
    text = "{{ 7 * 7 }} {% set x = 1 %} {message} {time} %s ${HOME}"
    automation = {
        "triggers": {"trigger": "event", "event_type": EVENT_SMS_RECEIVED},
        "actions": {
            "action": "smspilot.send_sms",
            "data": {"phones": [PAPA], "message": "{{ trigger.event.data.message }}"},
        },
    }
    people = [person("Папа", PAPA)]
    await add_account(
        hass, simulator, people=people, options={CONF_MESSAGE_TEMPLATE: "Дом: {message}"}
    )
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await write(simulator, PAPA, f"5671 {text}")
    await clock.advance(61)
    assert [order.text for order in simulator.orders] == [f"Дом: {text}"]


async def test_nothing_leaks(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The key stands nowhere, and above debug no number, text, PIN or address."""
    caplog.set_level(logging.DEBUG)
    papa = person("Папа", PAPA, **{CONF_ASSIST: True, CONF_PIN: PIN})
    entry = await add_account(hass, simulator, people=[papa])
    shown: list[str] = []
    faults: list[dict[str, Any]] = [
        {"kind": kind, "when": when}
        for kind in ("reset", "html", "truncated", "other_json", "redirect")
        for when in ("before", "after")
    ]
    faults += [{"kind": "error", "code": code} for code in (100, 106, 110, 112, 212, 223, 243, 999)]
    for number, fault in enumerate(faults):
        simulator.fault(**fault, command="send", times=3)
        simulator.fault("html", command="check")
        sending = act(hass, "send_sms", phones=[PAPA], message=f"Секрет {number}", respond=False)
        try:
            await clock.finish(sending)
        except HomeAssistantError as err:
            shown.append("".join(traceback.format_exception(err)))
    await write(simulator, PAPA, "5671 0000 Секрет 99")
    await simulator.down()
    await clock.advance(61)
    with pytest.raises(HomeAssistantError) as raised:
        await clock.finish(act(hass, "send_sms", phones=[PAPA], message="Секрет", retry_for=0))
    shown.append("".join(traceback.format_exception(raised.value)))
    await simulator.up()
    assert await hass.config_entries.async_reload(entry.entry_id)
    shown.append(repr(entry.runtime_data.account.client.credentials))
    ours = [
        f"{record.name} {record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if record.levelno > logging.DEBUG and "smspilot" in record.name
    ]
    assert ours
    for line in (*ours, *shown):
        bare = re.sub(r"[\s()-]", "", line)
        assert not [secret for secret in (PAPA[1:], WEBHOOK_ID) if secret in bare], line
        assert not re.search(rf"Секрет \d|\b{PIN}\b", line), line
    # By any logger, and at any level.
    assert DEFAULT_KEY not in caplog.text
    assert not [line for line in shown if DEFAULT_KEY in line]


async def test_what_is_stored(hass: HomeAssistant, simulator: Simulator, clock: Clock) -> None:
    """A text is deleted with its result, a number a day later; no other user reads the files."""
    entry = await add_account(hass, simulator)

    def stored() -> str:
        files = list(Path(hass.config.path(".storage")).glob(f"{DOMAIN}.{entry.entry_id}*"))
        assert all(file.stat().st_mode & 0o077 == 0 for file in files)
        return "".join(file.read_text() for file in files)

    await act(hass, "send_sms", phones=[PAPA], message="Secret")
    assert "Secret" in stored()
    await restart(hass, entry, clock)
    assert "Secret" not in stored()
    assert PAPA in stored()
    await simulator.deliver(simulator.orders[0].server_id)
    await clock.advance(27 * 3600)
    await act(hass, "send_sms", phones=[MAMA], message="Another")
    await restart(hass, entry, clock)
    assert PAPA not in stored()


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://smspilot.ru/api.php", True),
        ("https://93.184.216.34/api.php", True),
        ("http://127.0.0.1:8124/api.php", True),
        ("http://[::1]:8124/api.php", True),
        ("http://192.168.1.5/api.php", True),
        ("http://10.0.0.1/api.php", True),
        ("http://localhost/api.php", True),
        ("http://smspilot.ru/api.php", False),
        ("http://93.184.216.34/api.php", False),
        ("http://127.0.0.1.example.com/api.php", False),
        ("http://localhost.example.com/api.php", False),
        ("http://127.0.0.1@example.com/api.php", False),
        ("https://key:word@example.com/api.php", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://0.0.0.0/api.php", False),
        ("http://2130706433/api.php", False),
        ("http://0x7f.1/api.php", False),
        ("//example.com/api.php", False),
        ("ftp://127.0.0.1/api.php", False),
        ("file:///etc/passwd", False),
        ("unix:///run/docker.sock", False),
        ("https:///api.php", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_addresses(address: str, safe: bool) -> None:
    """The key travels encrypted, or stays at home."""
    assert is_safe(address) is safe


@pytest.mark.usefixtures("socket_enabled")
async def test_memory_bomb(hass: HomeAssistant) -> None:
    """An answer that unpacks to half a gigabyte is refused before it is there."""
    bomb = gzip.compress(b'{"send":"' + b" " * 512 * MEGABYTE)

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api.php"
    client = Smspilot(async_get_clientsession(hass), Credentials(api_key="k"), url=url)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseLost):
            await client.balance()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        await runner.cleanup()
    assert peak < 32 * MEGABYTE


async def test_large_push(
    hass: HomeAssistant, simulator: Simulator, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A push of many megabytes is refused when a small part of it is read."""
    assert await async_setup_component(hass, "webhook", {})
    client = await hass_client_no_auth()
    await add_account(hass, simulator)
    taken = 0

    async def endless() -> Any:
        nonlocal taken
        while taken < 100 * MEGABYTE:
            taken += MAX_BODY_BYTES
            yield b"a" * MAX_BODY_BYTES
            await asyncio.sleep(0)

    try:
        response = await client.post(PATH, data=endless())
        assert response.status == 400
    except ConnectionError, OSError:
        pass
    assert taken < 16 * MEGABYTE


async def test_pattern_that_never_ends(
    hass: HomeAssistant, simulator: Simulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A pattern and a text made for it delay nothing, and are logged once."""
    options = {"from": "*", "match": "regex", "text": "(a+)+$"}
    automation = {
        "triggers": {"trigger": "smspilot.message_received", "options": options},
        "actions": {"event": "opened"},
    }
    await add_account(hass, simulator, people=[person("Папа", PAPA)])
    assert await async_setup_component(hass, "automation", {"automation": automation})
    opened = async_capture_events(hass, "opened")
    for _ in range(2):
        await write(simulator, PAPA, f"5671 {'a' * 900}!")
    await clock.advance(61)
    await hass.async_block_till_done()
    assert sum("was given up" in record.message for record in caplog.records) == 1
    await write(simulator, PAPA, "5671 aaa")
    await clock.advance(61)
    await hass.async_block_till_done()
    assert len(opened) == 1
