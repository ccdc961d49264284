"""Ask the real service what its document leaves open: `scripts/live-check`."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import getpass
import os
import sys

import aiohttp

from . import answers, inbound, messages, paid, trying
from .api import URL, Api
from .client import read_by_ours
from .look import Look
from .pushes import Pushes
from .report import Line, line, table
from .spending import Means, spend

# Seconds without a push after which none is expected any more.
_QUIET = 0.5
VARIABLE = "SMSPILOT_API_KEY"


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/live-check",
        description="Asks the real service, with your own API key, what its document leaves open."
        " It costs nothing and prints nothing secret: paste what it prints into an issue.",
        epilog=f"The key is asked for, or taken from {VARIABLE}.",
    )
    parser.add_argument("--url", default=URL, help="another address of the API")
    parser.add_argument(
        "--mark-seen",
        action="store_true",
        help="also ask inbound=new, which marks"
        " messages as seen: other programs that ask so will miss them",
    )
    parser.add_argument(
        "--spend",
        action="store_true",
        help="also send, for money: an SMS, a question"
        " and a call, to your own number; it says first what they cost, and asks",
    )
    parser.add_argument(
        "--template",
        default="{message}",
        metavar="TEXT",
        help="what your texts look like, where the cabinet approves templates: 'Home: {message}'",
    )
    parser.add_argument(
        "--callback",
        default="",
        metavar="URL",
        help="an address that reaches --listen from the Internet: then pushes are seen too",
    )
    parser.add_argument("--listen", type=int, default=8125, metavar="PORT")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between requests")
    parser.add_argument(
        "--patience", type=float, default=180.0, help="seconds to watch a message for"
    )
    parser.add_argument("--interval", type=float, default=3.0, help="seconds between two looks")
    return parser.parse_args(words)


async def ask_owner(words: str) -> str:
    """Ask at the terminal, not in the report."""
    sys.stderr.write(words)
    sys.stderr.flush()
    return await asyncio.to_thread(sys.stdin.readline)


@asynccontextmanager
async def _pushes(options: argparse.Namespace) -> AsyncIterator[Pushes | None]:
    if not options.spend or not options.callback:
        yield None
        return
    async with Pushes.received(options.listen) as pushes:
        yield pushes


async def check(key: str, options: argparse.Namespace, means: Means) -> list[Line] | str:
    """Look at every point; a word instead where the account cannot be asked at all."""
    async with aiohttp.ClientSession() as session:
        api = Api(session, key, options.url, options.pause)
        look = Look(api, marks=options.mark_seen, template=options.template)
        if code := (await look.account()).code:
            return f"The account cannot be read: {code}"
        points = [
            *(*answers.POINTS, *trying.POINTS, *messages.POINTS, *inbound.POINTS),
        ]
        lines = [await line(point, look) for point in points]
        lines.append(await read_by_ours(session, key, options.url))
        if options.spend:
            async with _pushes(options) as pushes:
                sent = await spend(look, means)
                if sent is None:
                    sys.stderr.write("Nothing was sent.\n")
                else:
                    if pushes:
                        await pushes.quiet(max(options.interval, _QUIET))
                    lines += paid.lines(sent, pushes)
        return lines


def main() -> int:
    """Print the report."""
    options = arguments()
    key = os.environ.get(VARIABLE) or getpass.getpass("API key (it is not shown): ")
    means = Means(
        question=ask_owner,
        patience=options.patience,
        interval=options.interval,
        callback=options.callback,
    )
    sys.stderr.write("Asking; this takes about a minute …\n")
    lines = asyncio.run(check(key.strip(), options, means))
    if isinstance(lines, str):
        sys.stderr.write(f"{lines}\n")
        return 1
    sys.stdout.write(f"{table(lines)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
