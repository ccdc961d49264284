"""Fixtures of every test of the integration."""

import asyncio
from collections.abc import Callable, Iterator
import gc
from itertools import count
import logging
from pathlib import Path
import threading
from typing import Any

from homeassistant.components.http import HomeAssistantHTTP
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from hypothesis import HealthCheck, settings
import pytest
from pytest_homeassistant_custom_component.common import mock_storage
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.smspilot import coordinator
from custom_components.smspilot.runtime import disk
from custom_components.smspilot.runtime.disk import DiskThread

from .common import Clock, Hold, serve_webhook, small_hours_zone
from .draws import draw_no_constants_of_ours
from .simulator.fixtures import simulator

__all__ = ["simulator"]

# The numbers of the tests' folders.
FOLDERS = count()

# Tests that take more than some seconds.
LONGEST = (
    "tests/e2e/",
    "tests/test_worlds.py",
    "tests/test_inbox_window.py::test_worlds",
    "tests/test_load.py",
    "tests/test_history.py::test_histories",
    "tests/test_fuzz",
    "tests/alarms/test_run.py::TestMachine",
)

# A busy machine is no failure. Properties are tried with the same examples at every run, on every
# machine; `scripts/soak` draws others with `--hypothesis-profile random`.
settings.register_profile(
    "random",
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("fixed", settings.get_profile("random"), derandomize=True)
settings.load_profile("fixed")

# Seldom look for garbage in cycles: the test kit does so after each module of tests.
gc.set_threshold(20_000)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draw the same examples whatever has been imported, and format each line of the log once.

    `caplog` has all of it; the terminal, the sections of a report and a file get what they ask for.
    """
    logs: Any = config.pluginmanager.get_plugin("logging-plugin")
    for handler in (*logging.getLogger().handlers, logs.report_handler, logs.log_file_handler):
        handler.setLevel(logging.WARNING)
    if settings().derandomize:
        draw_no_constants_of_ours()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no core waits for it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    # What is there by now stays until the end, and is no garbage.
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Look for the garbage of the last tests; pytest looks five times more, and at all there is."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of the test's own; pytest's looks through those of all tests before it."""
    folder = tmp_path_factory.getbasetemp() / f"{request.function.__name__}-{next(FOLDERS)}"
    folder.mkdir()
    return folder


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Return a folder of the test's own: an account's files are real."""
    return str(tmp_path)


@pytest.fixture(scope="session")
def _stored() -> Iterator[dict[str, Any]]:
    with mock_storage() as stored:
        yield stored


@pytest.fixture
def hass_storage(_stored: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return what Home Assistant stores, in memory: by the test kit's mocks, made once."""
    assert not _stored
    yield _stored
    _stored.clear()
    for name in ("_async_load", "_async_write_data", "async_remove"):
        getattr(Store, name).reset_mock()


@pytest.fixture(autouse=True, scope="session")
def disable_http_server() -> Iterator[None]:
    """Open no port of Home Assistant's: as the test kit does, once for all tests."""

    async def open_none(*_: Any) -> None:
        """Listen to nobody."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HomeAssistantHTTP, "async_bind", open_none)
        patch.setattr(HomeAssistantHTTP, "start", open_none)
        yield


@pytest.fixture(autouse=True)
def _custom_integration(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant, where a test has one, find the integration."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in which Home Assistant has something to report to us, or an error is ours."""
    yield
    complaints = [
        record.getMessage()
        for record in (*caplog.get_records("setup"), *caplog.get_records("call"), *caplog.records)
        if record.levelno >= logging.WARNING
        and (
            "custom integration 'smspilot'" in record.getMessage()
            or (record.exc_info and record.name.startswith("custom_components.smspilot"))
        )
    ]
    assert not complaints


@pytest.fixture(autouse=True)
async def enable_event_loop_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse calls into the loop from another thread, without the rest of asyncio's debug mode.

    The test kit's fixture of this name turns that mode on, which takes a traceback of every
    callback and task: more than half of the time of all tests.
    """
    loop = asyncio.get_running_loop()
    thread = threading.get_ident()

    def checked(schedule: Callable[..., Any]) -> Callable[..., Any]:
        def schedule_here(*args: Any, **more: Any) -> Any:
            if threading.get_ident() != thread:
                raise RuntimeError("The event loop was called from another thread")
            return schedule(*args, **more)

        return schedule_here

    monkeypatch.setattr(loop, "call_soon", checked(loop.call_soon))
    monkeypatch.setattr(loop, "call_at", checked(loop.call_at))


@pytest.fixture(autouse=True)
def verify_cleanup(verify_cleanup: None) -> Iterator[None]:
    """End the disk's threads, also of journals that were not closed, before threads are counted."""
    threads: list[DiskThread] = []
    make = DiskThread.__init__

    def remember(self: DiskThread, hass: HomeAssistant) -> None:
        make(self, hass)
        threads.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DiskThread, "__init__", remember)
        yield
    for thread in threads:
        thread.stop()
    for one in threading.enumerate():
        if one.name == "smspilot disk":
            one.join(5)


@pytest.fixture(autouse=True)
def _figures_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show figures whenever they change: tests do in a moment what takes a home an hour."""
    monkeypatch.setattr(coordinator, "MIN_UPDATE_INTERVAL", 0)


@pytest.fixture(autouse=True)
def _synced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync without a delay, whose timer would outlive a journal that was not closed."""
    monkeypatch.setattr(disk, "SYNC_DELAY", 0)


@pytest.fixture
async def _webhook_server(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Let the simulator push to Home Assistant."""
    await serve_webhook(hass, hass_client_no_auth)


@pytest.fixture
async def clock(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock that moves Home Assistant's time, at no hour with midnight before it."""
    await hass.config.async_set_time_zone(small_hours_zone())
    return Clock(hass, monkeypatch)


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hold]:
    """Return what holds a write to a disk that is slow."""
    hold = Hold(monkeypatch)
    yield hold
    hold.release()
