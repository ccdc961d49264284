"""Any request to a real Home Assistant's webhook, and any content of an account's files."""

import asyncio
import gzip
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from hypothesis import given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot.const import (
    CONF_VERIFY_PUSHES,
    EVENT_MESSAGE_STATUS,
    EVENT_REPLY_RECEIVED,
    EVENT_SMS_RECEIVED,
)

from .common import MAMA, PAPA, WEBHOOK_ID, CapturedEvents, act, add_account, person, write
from .simulator.simulator import Simulator
from .test_fuzz import PUSHES, spoilt

type PushClient = TestClient[Any, Any]

PATH = f"/api/webhook/{WEBHOOK_ID}"
# What no log may show of a request.
CANARY = "канарейка"


@pytest.fixture
async def push_receiver(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> PushClient:
    caplog.set_level(logging.WARNING)
    caplog.set_level(logging.DEBUG, "custom_components.smspilot")
    assert await async_setup_component(hass, "webhook", {})
    return await hass_client_no_auth()


def check_log(caplog: pytest.LogCaptureFixture) -> None:
    """Fail on an error of ours or of Home Assistant's, and on a word of what came."""
    for record in caplog.records:
        if not record.name.startswith("aiohttp"):
            assert record.levelno < logging.ERROR, record.getMessage()
            assert CANARY not in record.getMessage()
    caplog.clear()


async def knock(push_receiver: PushClient, request: bytes) -> int | None:
    """Send bytes to Home Assistant, and return the status of what it answers."""
    reader, writer = await asyncio.open_connection(push_receiver.host, push_receiver.port)
    writer.write(request)
    writer.write_eof()
    try:
        answer = await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        return None
    finally:
        writer.close()
    return int(answer.split()[1]) if answer else None


FORMS = st.one_of(
    st.dictionaries(st.text(), st.text()),
    PUSHES,
    PUSHES.map(lambda push: push | {"message": CANARY, "phone": CANARY}),
)
ENCODED = FORMS.map(lambda form: urlencode(form, errors="replace").encode())
BODIES = st.one_of(
    ENCODED,
    ENCODED,
    FORMS.map(json.dumps).map(str.encode),
    ENCODED.map(gzip.compress),
    st.binary(max_size=300),
    st.sampled_from([b"&", b"a=1&", b"=", b"%ff"]).map(lambda piece: piece * 25_000),
    st.sampled_from([b"%", b"%ff=%zz", b"\xff=1", b"4\r\nid=1\r\n0\r\n\r\n", b"zz\r\n"]),
)
HEADERS = st.sampled_from(
    [
        *("Content-Type: application/x-www-form-urlencoded",) * 4,
        *("Content-Type: multipart/form-data; boundary=x", "Content-Type: text/plain; charset=x"),
        *("Content-Encoding: gzip", "Content-Encoding: deflate", "Content-Encoding: br"),
        *("Transfer-Encoding: chunked", "Content-Length: 1000", "Content-Length: -1", "X: \x00"),
        *("Expect: 100-continue", "Range: bytes=1-", "Upgrade: websocket"),
    ]
)
METHODS = st.sampled_from(["POST"] * 5 + ["GET"] * 3 + ["HEAD", "PUT", "OPTIONS", "X"])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Return a request to the webhook, most often one that is HTTP at least."""
    query: bytes = draw(st.just(b"") | ENCODED)
    body: bytes = draw(BODIES)
    headers: list[str] = draw(st.lists(HEADERS, max_size=2))
    if not any("Length" in header or "chunked" in header for header in headers):
        headers.append(f"Content-Length: {len(body)}")
    lines = [f"{draw(METHODS)} {PATH}?{query.decode()} HTTP/1.1", "Host: home", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@pytest.fixture(params=[True, False], ids=["verified", "taken at their word"])
async def published(
    hass: HomeAssistant,
    simulator: Simulator,
    push_receiver: PushClient,
    request: pytest.FixtureRequest,
) -> list[CapturedEvents]:
    """Return the events of an account with a pending message, pushes verified or not."""
    await add_account(
        hass,
        simulator,
        people=[person("Папа", PAPA)],
        options={CONF_VERIFY_PUSHES: request.param},
    )
    simulator.preset_ids.append(12)
    await act(hass, "send_sms", phones=[PAPA], message="Протечка!")
    events = (EVENT_SMS_RECEIVED, EVENT_MESSAGE_STATUS) if request.param else ()
    return [CapturedEvents(hass, event) for event in events]


@given(request=requests())
@settings(max_examples=200)
async def test_any_request(
    push_receiver: PushClient,
    published: list[CapturedEvents],
    caplog: pytest.LogCaptureFixture,
    request: bytes,
) -> None:
    """It gets a response, breaks and logs nothing; and verified, it is no event."""
    status = await knock(push_receiver, request)
    assert status is None or status < 500
    check_log(caplog)
    assert not any(events.data for events in published)


class Drawer:
    """An account that is put away and taken up again, its files changed in between."""

    def __init__(self, hass: HomeAssistant, sim: Simulator, entry: MockConfigEntry) -> None:
        self._hass = hass
        self._sim = sim
        self.entry = entry
        self._snapshot = Path(hass.config.path(".storage", f"smspilot.{entry.entry_id}"))
        self._journal = Path(f"{self._snapshot}.journal")
        self.tables: dict[str, Any] = {}

    async def put_away(self) -> dict[str, Any]:
        """Close the account, and return what it wrote down."""
        await self._disable(ConfigEntryDisabler.USER)
        tables: dict[str, Any] = {}
        head, *lines = self._snapshot.read_text().split("\n")
        self._head = json.loads(head)
        for name, key, row in map(json.loads, lines):
            tables.setdefault(name, {})[key] = row
        return tables

    async def take_up(self, tables: Any, *, journal: bool) -> None:
        """Start the account with these tables, as snapshot or as journal."""
        if journal and isinstance(tables, dict):
            self._snapshot.unlink()
            pairs = [(name, rows) for name, rows in tables.items() if isinstance(rows, dict)]
            lines = [[1, [name, key, row]] for name, rows in pairs for key, row in rows.items()]
            self._journal.write_text("\n".join(map(json.dumps, lines)))
        else:
            rows = [
                [name, key, row]
                for name, table in (tables.items() if isinstance(tables, dict) else ())
                for key, row in (table.items() if isinstance(table, dict) else ())
            ]
            # Tables that are none are an odd line.
            odd = [] if isinstance(tables, dict) else [tables]
            head = {**self._head, "rows": len(rows) + len(odd)}
            self._snapshot.write_text("\n".join(map(json.dumps, [head, *rows, *odd])))
        await self._disable(None)

    async def _disable(self, by: ConfigEntryDisabler | None) -> None:
        await self._hass.config_entries.async_set_disabled_by(self.entry.entry_id, by)
        await self._hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def drawer(
    hass: HomeAssistant, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> Drawer:
    """Return an account that has something of everything in its files."""
    caplog.set_level(logging.WARNING)
    entry = await add_account(hass, simulator, people=[person("Папа", PAPA)])
    drawer = Drawer(hass, simulator, entry)
    await act(hass, "send_sms", phones=[PAPA, MAMA], message="Дома?", two_way=True)
    await act(hass, "send_sms", phones=[PAPA, MAMA], message="Протечка!")
    await write(simulator, MAMA, "да")
    tables = await drawer.put_away()
    await drawer.take_up(tables, journal=False)
    drawer.tables = await drawer.put_away()
    # Whether the first message went out is unknown.
    order = next(iter(drawer.tables["orders"].values()))
    order |= {"text": "Дома?", "to": [[PAPA, None, None]], "refused": ["1"]}
    assert all(drawer.tables[name] for name in TABLES)
    return drawer


TABLES = ("orders", "messages", "days", "prices", "known", "inbox", "questions")


@given(data=st.data(), journal=st.booleans())
@settings(max_examples=80)
async def test_any_files(
    hass: HomeAssistant,
    simulator: Simulator,
    drawer: Drawer,
    caplog: pytest.LogCaptureFixture,
    data: st.DataObject,
    *,
    journal: bool,
) -> None:
    """The account starts, sends, receives and stops; what cannot be read is only logged."""
    tables = data.draw(spoilt(drawer.tables))
    captured = [
        CapturedEvents(hass, EVENT_SMS_RECEIVED),
        CapturedEvents(hass, EVENT_REPLY_RECEIVED),
    ]
    new = await write(simulator, PAPA, "да")

    await drawer.take_up(tables, journal=journal)
    assert drawer.entry.state is ConfigEntryState.LOADED
    await act(hass, "send_sms", phones=[PAPA], message="Пожар!", urgent=True)
    await drawer.put_away()

    check_log(caplog)
    times = [one["message_id"] for each in captured for one in each.data].count(new)
    # An account that has lost its place in the list begins anew, and replays no history.
    place = whole(tables) and tables.get("inbox", {}).get("cursor") is not None
    assert times == 1 or (times == 0 and not place)


def whole(tables: Any) -> bool:
    return isinstance(tables, dict) and all(isinstance(rows, dict) for rows in tables.values())
