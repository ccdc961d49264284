"""Import Home Assistant, and fork one for each line: a JSON list of its folder and its console.

It is run by the Python whose Home Assistant it is, and prints the process id of each.
"""

from contextlib import suppress
import gc
import json
import os
import runpy
import sys

from homeassistant import bootstrap, runner
from homeassistant.components import conversation, hassio

# Each start imports these, and what else it imports is small. None of them starts a thread, which
# would not be forked.
__all__ = ["bootstrap", "conversation", "hassio", "runner"]


def main() -> None:
    """Fork until there are no more lines."""
    gc.freeze()
    for line in sys.stdin:
        forget_ended()
        folder, console = json.loads(line)
        if not (pid := os.fork()):
            become(folder, console)
            return
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    forget_ended()


def forget_ended() -> None:
    """Forget the homes that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def become(folder: str, console: str) -> None:
    """Do as `python -m homeassistant --skip-pip -c FOLDER >CONSOLE 2>&1` in this folder."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(console, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["homeassistant", "--skip-pip", "-c", folder]
    runpy.run_module("homeassistant", run_name="__main__", alter_sys=True)


main()
