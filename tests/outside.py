"""A Home Assistant core in this process, without pytest: for long runs and for measurements."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp.resolver import ThreadedResolver
from aiohttp.test_utils import TestServer
from homeassistant import loader
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame, translation
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_test_home_assistant

# What the test kit does for pytest: no multicast, no port of Home Assistant's own.
_STUBS = ("async_bind", "start")


@asynccontextmanager
async def home(folder: Path) -> AsyncIterator[HomeAssistant]:
    """Run a core that finds the integration, and whose webhooks have a real address."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(
            "homeassistant.helpers.aiohttp_client._async_make_resolver", lambda *_: _Resolver()
        )
        for name in _STUBS:
            monkeypatch.setattr(f"homeassistant.components.http.HomeAssistantHTTP.{name}", _nothing)
        async with async_test_home_assistant(config_dir=str(folder)) as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            frame.async_setup(hass)
            await translation.async_load_integrations(hass, {"homeassistant"})
            hass.config.country = "RU"
            # Both have pages, and a server that runs takes no more of them.
            for component in ("notify", "webhook"):
                assert await async_setup_component(hass, component, {})
            server = TestServer(hass.http.app)
            await server.start_server()
            hass.config.external_url = str(server.make_url("")).rstrip("/")
            try:
                yield hass
            finally:
                await server.close()
                await hass.async_stop(force=True)


class _Resolver(ThreadedResolver):
    async def real_close(self) -> None:
        """Close at the end; Home Assistant shares its own, and leaves `close` empty."""


def _nothing(*_: object) -> Awaitable[None]:
    return asyncio.sleep(0)
