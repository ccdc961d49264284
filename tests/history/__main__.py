"""Run random histories: `python -m tests.history [--seed N] [--examples 20]`.

Each lives in a world of its own. `--covering 2/8` lives in a part of the fixed set of worlds in
which each pair of switches is met, once in each; `--likeliest` in nothing but the likeliest.
"""

import argparse
import logging
import secrets
import sys

from hypothesis import Verbosity, strategies as st

from .machine import LIKELIEST, pictures
from .runs import cover, figures, run


def main() -> int:
    """Run one seed, and print the figures on the last line."""
    parser = argparse.ArgumentParser(prog="history", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--examples", type=int, default=20, help="how many histories")
    parser.add_argument("--verbose", action="store_true", help="print every step")
    parser.add_argument(
        "--no-shrink", dest="shrink", action="store_false", help="do not look for a shorter one"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--likeliest", action="store_true", help="in the likeliest world only")
    which.add_argument("--covering", metavar="PART/PARTS", help="in a part of the fixed worlds")
    arguments = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    verbosity = Verbosity.debug if arguments.verbose else Verbosity.normal
    number = arguments.seed
    try:
        if arguments.covering:
            part, parts = map(int, arguments.covering.split("/"))
            cover(part, parts, number, verbosity, shrink=arguments.shrink)
        else:
            drawn = st.just(LIKELIEST) if arguments.likeliest else pictures()
            run(number, drawn, arguments.examples, verbosity, shrink=arguments.shrink)
    except Exception:
        again = f"--seed {number} --examples {arguments.examples}"
        sys.stdout.write(f"failed; again with: {again}\n{figures()}\n")
        raise
    sys.stdout.write(f"{figures()}\n")
    return 0


sys.exit(main())
