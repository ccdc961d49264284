"""The integration's own client, without Home Assistant."""

from datetime import UTC, datetime, timedelta
import importlib.util
from pathlib import Path
import sys
from types import ModuleType
from typing import Final

import aiohttp

from .report import Line

CLIENT: Final = Path(__file__).parents[2] / "custom_components" / "smspilot" / "client"
_NAME: Final = "smspilot_client"


def ours() -> ModuleType:
    """Load the client alone: the package it lies in needs Home Assistant."""
    if _NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            _NAME, CLIENT / "__init__.py", submodule_search_locations=[str(CLIENT)]
        )
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[_NAME] = module
        spec.loader.exec_module(module)
    return sys.modules[_NAME]


async def read_by_ours(session: aiohttp.ClientSession, key: str, url: str) -> Line:
    """Have the client read everything that is free."""
    module = ours()
    client = module.Smspilot(session, module.Credentials(api_key=key), url=url)
    reads = {
        "account": client.account,
        "balance": client.balance,
        "SMS left": client.sms_left,
        "messages": client.check_recent,
        "inbound messages": lambda: client.inbound_since(datetime.now(UTC) - timedelta(days=3)),
    }
    failed = []
    for name, read in reads.items():
        try:
            await read()
        except module.SmspilotError as error:
            failed.append(f"{name} ({type(error).__name__})")
    seen = f"not {', '.join(failed)}" if failed else "all"
    return Line(
        name="read by the integration's client",
        assumed="all",
        seen=seen,
        consequence="what it cannot read does not work" if failed else "as assumed",
    )
