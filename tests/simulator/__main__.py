"""Run the simulator by itself: `python -m tests.simulator --port 8124`."""

import argparse
import asyncio
from pathlib import Path
import signal

from .simulator import Simulator


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8124)
    parser.add_argument(
        "--control-port", type=int, help="a second port for /control/, open while the first is down"
    )
    parser.add_argument(
        "--auto",
        type=float,
        default=1.0,
        help="seconds until a message arrives; 0: on command only",
    )
    parser.add_argument("--state", type=Path, help="a file to keep the state in")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    sim = Simulator(
        host=arguments.host,
        port=arguments.port,
        control_port=arguments.control_port,
        auto=arguments.auto or None,
        state_file=arguments.state,
    )
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with sim:
        account = sim.account
        print(f"SMSPILOT simulator: {sim.url}", flush=True)
        print(f"account {account.id}, apikey {account.apikey}", flush=True)
        await stopped.wait()


asyncio.run(_run(_arguments()))
